//! `deploy/deploy`: another binary for a running e6, and the way back.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    ports::free_port,
    server::{PATIENCE, PID_FILE, Server},
    tools,
};
use std::{
    fs,
    io::Write,
    net::TcpStream,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/deploy");

/// A machine where e6 is installed and runs.
struct Machine {
    server: Server,
    _mlb: FakeMlb,
}

impl Machine {
    fn new() -> Self {
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
        let dir = tempfile::tempdir().unwrap();
        fs::copy(tools::e6(), dir.path().join("e6")).unwrap();
        // Scripts stand in for binaries, and Landlock would not allow their shell.
        let settings = format!("[mlb]\nurl = \"{}\"\n[security]\nlandlock = false\n", mlb.url());
        fs::write(dir.path().join("e6.toml"), settings).unwrap();
        let mut command = Command::new("./e6");
        command.current_dir(dir.path()).env_clear().env("HOME", dir.path());
        command.envs([("PATH", &*path()), ("E6_CLOCK", EVENING)]);
        let server = Server::start_by(command, dir, &[]);
        server.wait_for_verdict("yes");
        Machine { server, _mlb: mlb }
    }

    fn installed(&self) -> PathBuf {
        self.server.path("e6")
    }

    /// The script, with this machine's paths. What stands in for systemd starts the installed binary.
    fn script(&self) -> Command {
        let start = self.server.path("start");
        fs::write(
            &start,
            format!(
                "#!/bin/sh\ncd {0} && E6_CLOCK={EVENING} setsid ./e6 --http 127.0.0.1:0 --https off --admin off >>started 2>&1 </dev/null &\n",
                self.server.path(".").display()
            ),
        )
        .unwrap();
        fs::set_permissions(&start, fs::Permissions::from_mode(0o755)).unwrap();
        let mut command = Command::new(SCRIPT);
        command
            .env_clear()
            .envs([("HOME", self.server.path(".")), ("TMPDIR", self.server.path("."))])
            .envs([("PATH", &*path()), ("DEPLOY_SUDO", ""), ("DEPLOY_WAIT", "15")])
            .envs([("DEPLOY_BIN", self.installed()), ("DEPLOY_CONFIG", self.server.path("e6.toml"))])
            .envs([("DEPLOY_PID_FILE", self.server.path(PID_FILE)), ("DEPLOY_START", start)]);
        command
    }

    /// Whether the running process executes this file's bytes.
    fn runs(&self, binary: &Path) -> bool {
        let running = self.server.found().map(|pid| fs::read(format!("/proc/{pid}/exe")));
        running.is_some_and(|running| running.is_ok_and(|bytes| bytes == fs::read(binary).unwrap()))
    }
}

impl Drop for Machine {
    /// An upgraded process is no child of the test.
    fn drop(&mut self) {
        if let Some(pid) = self.server.found().filter(|pid| *pid != self.server.pid()) {
            let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
        }
    }
}

fn path() -> String {
    std::env::var("PATH").unwrap()
}

/// A working binary that differs from the installed one: bytes after the end of a program do not matter.
fn other_binary(dir: &TempDir) -> PathBuf {
    let path = dir.path().join("e6-other");
    fs::copy(tools::e6(), &path).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"another build").unwrap();
    path
}

/// A binary that accepts the configuration and the commands, and runs this instead of serving.
fn broken_binary(dir: &TempDir, instead: &str) -> PathBuf {
    let path = dir.path().join("e6-broken");
    let real = tools::e6();
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in check|upgrade|health|--version) exec {real} \"$@\";; esac\n{instead}\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn output(command: &mut Command) -> (Option<i32>, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_good_binary_takes_over_and_the_previous_one_comes_back_on_request() {
    let machine = Machine::new();
    let dir = tempfile::tempdir().unwrap();
    let other = other_binary(&dir);
    let (code, said) = output(machine.script().arg(&other));
    assert_eq!(code, Some(0), "{said}\n{}", machine.server.stderr());
    assert!(machine.runs(&other));
    assert_eq!(machine.server.api()["verdict"], "yes");

    let (code, said) = output(machine.script().arg("--rollback"));
    assert_eq!(code, Some(0), "{said}");
    assert!(machine.runs(Path::new(tools::e6())));
    assert_eq!(machine.server.api()["verdict"], "yes");
}

#[test]
fn a_binary_that_does_not_get_ready_is_rolled_back_while_the_old_process_serves() {
    let machine = Machine::new();
    let dir = tempfile::tempdir().unwrap();
    let first = machine.server.found();
    let (code, said) = output(machine.script().arg(broken_binary(&dir, "exit 1")));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("rolled back"), "{said}");
    assert_eq!(machine.server.found(), first);
    assert!(machine.runs(&machine.installed()), "the installed binary is the running one");
    assert_eq!(machine.server.api()["verdict"], "yes");
}

#[test]
fn a_binary_that_does_not_accept_the_configuration_changes_nothing() {
    let machine = Machine::new();
    let dir = tempfile::tempdir().unwrap();
    fs::write(machine.server.path("e6.toml"), "[mlb]\nurl = 5\n").unwrap();
    let (code, said) = output(machine.script().arg(other_binary(&dir)));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("mlb.url") && said.contains("nothing was changed"), "{said}");
    assert!(machine.runs(&machine.installed()));
    assert!(!machine.server.path("e6.before").exists());
}

#[test]
fn a_server_that_dies_during_the_deployment_is_started_again_with_the_previous_binary() {
    let machine = Machine::new();
    let dir = tempfile::tempdir().unwrap();
    let pid_file = machine.server.path(PID_FILE);
    let kill = format!("kill -KILL \"$(cat {})\"; exit 1", pid_file.display());
    let (code, said) = output(machine.script().arg(broken_binary(&dir, &kill)));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("rolled back"), "{said}");
    assert!(machine.runs(Path::new(tools::e6())), "{said}");
}

#[test]
fn two_deployments_do_not_mix() {
    let machine = Machine::new();
    let dir = tempfile::tempdir().unwrap();
    let slow = broken_binary(&dir, "exec sleep 5");
    let mut first = machine.script().arg(&slow).stderr(Stdio::null()).spawn().unwrap();
    machine.server.wait_until("the first deployment has begun", || machine.server.path("e6.before").exists());
    let (code, said) = output(machine.script().arg(other_binary(&dir)));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("another deployment is in progress"), "{said}");
    assert_eq!(first.wait().unwrap().code(), Some(1));
}

#[test]
fn a_missing_argument_prints_the_usage() {
    let (code, said) = output(&mut Command::new(SCRIPT));
    assert_eq!(code, Some(2));
    assert!(said.contains("deploy/deploy BINARY [USER@HOST]"), "{said}");
}

/// OpenSSH's server on loopback, for the user of the test.
struct Sshd {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl Sshd {
    fn start() -> Self {
        let sshd = tools::find("sshd");
        let dir = tempfile::tempdir().unwrap();
        for name in ["host", "user"] {
            let mut keygen = Command::new("ssh-keygen");
            let made = keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(dir.path().join(name));
            assert!(made.status().unwrap().success());
        }
        fs::rename(dir.path().join("user.pub"), dir.path().join("authorized")).unwrap();
        let port = free_port();
        let path = dir.path().display();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {path}/host\nAuthorizedKeysFile {path}/authorized\nStrictModes no\n\
             PidFile none\nUsePAM no\nPasswordAuthentication no\n"
        );
        fs::write(dir.path().join("sshd_config"), config).unwrap();
        if Command::new("id").arg("-u").output().unwrap().stdout == b"0\n" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let child = Command::new(sshd)
            .args(["-D", "-e", "-f"])
            .arg(dir.path().join("sshd_config"))
            .stderr(fs::File::create(dir.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = fs::read_to_string(dir.path().join("log")).unwrap();
            assert!(Instant::now() < deadline, "sshd does not listen: {log}");
            thread::sleep(Duration::from_millis(20));
        }
        Sshd { child, dir, port }
    }

    /// The options that lead to it.
    fn options(&self) -> String {
        let path = self.dir.path().display();
        format!(
            "-p {} -i {path}/user -o StrictHostKeyChecking=no -o UserKnownHostsFile={path}/known",
            self.port
        )
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs sshd"]
fn a_binary_is_deployed_over_ssh() {
    let (machine, sshd) = (Machine::new(), Sshd::start());
    let dir = tempfile::tempdir().unwrap();
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let host = format!("{}@127.0.0.1", user.trim());
    let other = other_binary(&dir);
    let over_ssh = |what: &Path| {
        let mut command = machine.script();
        command.env("DEPLOY_SSH", sshd.options()).env_remove("HOME").arg(what).arg(&host);
        command
    };
    let (code, said) = output(&mut over_ssh(&other));
    assert_eq!(code, Some(0), "{said}");
    assert!(machine.runs(&other), "{said}");
    let (code, said) = output(&mut over_ssh(&broken_binary(&dir, "exit 1")));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("rolled back") && machine.runs(&other), "{said}");
    let (code, said) = output(&mut over_ssh(Path::new("--rollback")));
    assert_eq!(code, Some(0), "{said}");
}

#[test]
#[ignore = "needs sshd"]
fn a_lost_connection_does_not_stop_the_deployment() {
    let (machine, sshd) = (Machine::new(), Sshd::start());
    let dir = tempfile::tempdir().unwrap();
    let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let slow = broken_binary(&dir, "sleep 3; exit 1");
    let mut command = machine.script();
    command.env("DEPLOY_SSH", sshd.options()).arg(&slow).arg(format!("{}@127.0.0.1", user.trim()));
    let log = fs::File::create(dir.path().join("deployment")).unwrap();
    let mut deployment = command.stdin(Stdio::null()).stderr(log).spawn().unwrap();
    machine.server.wait_until("the binary is installed", || {
        fs::read(machine.installed()).is_ok_and(|bytes| bytes == fs::read(&slow).unwrap())
    });
    deployment.kill().unwrap();
    deployment.wait().unwrap();
    let real = fs::read(tools::e6()).unwrap();
    machine.server.wait_until("the previous binary is back", || {
        fs::read(machine.installed()).is_ok_and(|bytes| bytes == real)
    });
    assert_eq!(machine.server.api()["verdict"], "yes");
}
