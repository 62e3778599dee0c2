//! An upgrade: starts the binary that is on disk now with this process's sockets. Once the new process reports that it
//! is ready, it serves and this process drains.

use crate::{
    app::{
        control::ControlRequest,
        error::RunError,
        inherited::{Handoff, LOCK, PREDECESSOR, QUIC, QuicHandoff, READY},
        launcher,
        process::Process,
        resources::Resources,
        run::Running,
        systemd,
    },
    name::Named,
    net::{
        listen::BoundSocket,
        listen_fds::{COUNT_VARIABLE, FIRST, NAMES_VARIABLE, PID_VARIABLE},
        udp::datagram_line::DatagramLine,
    },
};
use command_fds::{CommandFdExt, FdMapping};
use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Write},
    os::{
        fd::OwnedFd,
        unix::{fs::MetadataExt, net},
    },
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus, Stdio},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    time::{Instant, sleep, timeout_at},
};

/// Timeout for the new process to be ready. It does not wait for the network, so a slower process is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// The longest report of a new process, in bytes.
const REST_CAP: u64 = 4096;
/// Interval for checking whether a process that closed its socket has ended.
const LOOK: Duration = Duration::from_millis(10);

/// The binary and the arguments of this process. An upgrade starts the new process with the same ones.
pub(crate) struct Executable {
    binary: PathBuf,
    arguments: Vec<OsString>,
}

impl Executable {
    /// The file that an upgrade executes.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// Keeps the path as it was typed: a link in it may lead to a newer binary by the time of an upgrade.
    pub fn of_this_process() -> Result<Self, RunError> {
        let mut arguments = env::args_os();
        let typed = PathBuf::from(arguments.next().unwrap_or_default());
        let binary = match typed.components().count() {
            0 | 1 if !typed.is_absolute() => in_path(&typed),
            _ => std::path::absolute(&typed).ok(),
        };
        let binary = binary.filter(|binary| binary.is_file()).map_or_else(env::current_exe, Ok);
        let binary = binary.map_err(RunError::cannot("tell where this binary is"))?;
        Ok(Executable { binary, arguments: arguments.collect() })
    }
}

/// The time at which the binary of this process was put in place: the last change of its file's place, owner or
/// content.
pub(crate) fn placed_at() -> Option<OffsetDateTime> {
    let file = fs::metadata("/proc/self/exe").ok()?;
    OffsetDateTime::from_unix_timestamp(file.ctime()).ok()
}

fn in_path(name: &Path) -> Option<PathBuf> {
    let dirs = env::var_os("PATH")?;
    env::split_paths(&dirs).map(|dir| dir.join(name)).find(|path| path.is_file())
}

impl Running {
    /// Starts the new process; none, and the outcome is told, if that fails.
    pub fn begin_upgrade(&mut self) -> Option<NewProcess> {
        systemd::reloading();
        let binary = self.process.executable.binary().display().to_string();
        let request = self.request();
        match NewProcess::start(&self.process, request) {
            Ok(started) => {
                tracing::info!(%binary, "starting the new process");
                Some(started)
            }
            Err(error) => {
                self.go_on(request, format!("cannot start {binary}: {error}"));
                None
            }
        }
    }

    /// Ends the new process and goes on, with the reload that waits.
    pub fn upgrade_failed(&mut self, new_process: NewProcess, why: String) {
        let NewProcess { request, reload_waits, .. } = new_process;
        drop(new_process);
        self.go_on(request, why);
        if reload_waits {
            self.reload();
        }
    }

    /// Tells that there was no upgrade.
    fn go_on(&mut self, request: u64, why: String) {
        tracing::error!("no upgrade, this process goes on: {why}");
        self.sign_files();
        systemd::ready();
        self.tell(ControlRequest::Upgrade, request, false, vec![why]);
    }

    /// The new process may have written its own number into the lock and the pid file already.
    fn sign_files(&mut self) {
        self.process.resources.sign_lock();
        self.restore_pid_file();
    }

    /// Ends the new process, because this process stops, and refuses the reload that waits.
    pub fn upgrade_stopped(&mut self, new_process: NewProcess, signal: &str) {
        let NewProcess { request, reload_waits, .. } = new_process;
        drop(new_process);
        self.sign_files();
        let why = format!("{signal} stopped the process {}", process::id());
        self.tell(ControlRequest::Upgrade, request, false, vec![why.clone()]);
        if reload_waits {
            self.tell(ControlRequest::Reload, self.request(), false, vec![why]);
        }
    }

    /// Refuses an upgrade while another one is under way. The same request may come twice.
    pub fn refuse_second_upgrade(&self, under_way: &NewProcess) {
        let request = self.request();
        if request != under_way.request {
            let why = "an upgrade is under way: try again when it has ended".to_owned();
            self.tell(ControlRequest::Upgrade, request, false, vec![why]);
        }
    }
}

fn handoff(Process { start, resources, http3, http3_ended, .. }: &Process) -> Handoff {
    let Resources { listeners, socket_files, .. } = resources;
    let configured = |bound: &BoundSocket| bound.configured.as_ref().map(ToString::to_string);
    Handoff {
        pid: Some(process::id()),
        upgrades: start.upgrades + 1,
        files: socket_files.iter().map(|file| file.path().to_owned()).collect(),
        configured: listeners.iter().map(configured).collect(),
        quic: http3.as_ref().map(|http3| QuicHandoff {
            secret: http3.secret.to_text(),
            processes: http3.steering.processes(),
        }),
        http3_ended: *http3_ended,
    }
}

/// The new process of an upgrade. It is killed if this is dropped before it is ready.
pub(crate) struct NewProcess {
    /// The launcher, which ends with the new process; or the new process itself, if its binary knows no launcher.
    child: Child,
    line: UnixStream,
    deadline: Instant,
    /// The way of QUIC datagrams from the new process; none without HTTP/3.
    datagrams: Option<DatagramLine>,
    is_ready: bool,
    /// The number of the command's request.
    pub request: u64,
    /// Whether a reload was requested meanwhile: the process that serves after the upgrade does it.
    pub reload_waits: bool,
}

impl NewProcess {
    /// Starts the new process. Must be called within a tokio runtime.
    fn start(process: &Process, request: u64) -> io::Result<Self> {
        let Process { executable, resources, .. } = process;
        let handoff = handoff(process);
        let (mut ours, theirs) = net::UnixStream::pair()?;
        writeln!(ours, "{}", serde_json::to_string(&handoff)?)?;
        ours.set_nonblocking(true)?;
        let (mut names, mut descriptors) = (vec![PREDECESSOR], vec![OwnedFd::from(theirs)]);
        if let Some(lock) = &resources.lock {
            names.push(LOCK);
            descriptors.push(lock.share()?);
        }
        let mut datagrams = None;
        if handoff.quic.is_some() {
            let (ours, theirs) = DatagramLine::pair()?;
            datagrams = Some(ours);
            names.push(QUIC);
            descriptors.push(theirs);
        }
        for bound in resources.listeners.iter() {
            names.push(bound.kind.name());
            descriptors.push(bound.again()?.socket.into());
        }
        let mapped = descriptors.into_iter().zip(FIRST..);
        let mapped = mapped.map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd }).collect();
        let child = Command::new(&executable.binary)
            .args(&executable.arguments)
            .env(COUNT_VARIABLE, names.len().to_string())
            .env(NAMES_VARIABLE, names.join(":"))
            .env(launcher::VARIABLE, launcher::WANTED)
            // These variables are about this process.
            .env_remove(PID_VARIABLE)
            .env_remove("WATCHDOG_PID")
            .stdin(Stdio::null())
            .fd_mappings(mapped)
            .map_err(io::Error::other)?
            .spawn()?;
        let (line, deadline) = (UnixStream::from_std(ours)?, Instant::now() + PATIENCE);
        Ok(NewProcess { child, line, deadline, datagrams, is_ready: false, request, reload_waits: false })
    }

    /// Waits until the new process serves, and returns its number. By then the launcher has ended, so that the new
    /// process can be the supervisor's child. The wait may be cancelled and started again.
    pub async fn ready(&mut self) -> Result<u32, String> {
        let mut word = [0];
        match timeout_at(self.deadline, self.line.read(&mut word)).await {
            Ok(Ok(1)) if word == [READY] => {
                self.is_ready = true;
                // A binary from before the launcher existed sends no number.
                let pid = self.rest().await;
                Ok(self.set_free(pid.trim().parse().ok()))
            }
            Ok(Ok(1)) => {
                let why = [&word[..], self.rest().await.as_bytes()].concat();
                Err(format!("the new process refused: {}", String::from_utf8_lossy(&why)))
            }
            Ok(_) => Err(match timeout_at(self.deadline, ended(&mut self.child)).await {
                Ok(Ok(status)) => {
                    format!("the new process ended before it was ready ({status}): see its log")
                }
                Ok(Err(error)) => format!("the new process ended before it was ready: {error}"),
                Err(_) => "the new process hung up before it was ready: it is not e6".into(),
            }),
            Err(_) => Err(format!("the new process was not ready within {} s", PATIENCE.as_secs())),
        }
    }

    /// Whether the new process reads the UDP sockets from now on. One without HTTP/3 has closed its end of the line.
    pub fn takes_over_http3(&self) -> bool {
        self.datagrams.as_ref().is_some_and(|datagrams| !datagrams.is_closed())
    }

    /// Tells the new process that this one no longer reads the UDP sockets. Returns the way of the datagrams that
    /// belong to connections of this process; none without HTTP/3.
    pub fn hand_over(mut self) -> Option<DatagramLine> {
        // The byte has room in the empty socket. A process that does not wait for it reads already.
        let _ = self.line.try_write(&[READY]);
        self.datagrams.take()
    }

    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let _ = timeout_at(self.deadline, (&mut self.line).take(REST_CAP).read_to_end(&mut bytes)).await;
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Ends the launcher, if there is one, so that the new process gets another parent.
    fn set_free(&mut self, pid: Option<u32>) -> u32 {
        match pid {
            Some(pid) if pid != self.child.id() => {
                self.end();
                pid
            }
            _ => self.child.id(),
        }
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process without blocking the thread, which also handles signals.
async fn ended(child: &mut Child) -> io::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None => sleep(LOOK).await,
        }
    }
}

impl Drop for NewProcess {
    fn drop(&mut self) {
        if !self.is_ready {
            self.end();
        }
    }
}
