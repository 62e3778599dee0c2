//! The inherited descriptors: sockets from systemd or from the old process of an upgrade, and from the old process also
//! the lock of the data directory and a socket to report readiness on.

use crate::{
    app::{
        error::RunError,
        launcher,
        listeners::{Listeners, StartKind},
    },
    config::Config,
    connection::ListenerKind,
    name::Named,
    net::{listen::BoundSocket, listen_fds::InheritedFd},
};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

/// The name of the descriptor on which the new process of an upgrade reports to the old one.
pub(crate) const PREDECESSOR: &str = "predecessor";
/// The name of the descriptor that holds the lock of the data directory.
pub(crate) const LOCK: &str = "data-lock";
/// The name of the descriptor on which the new process hands over QUIC datagrams of the old one.
pub(crate) const QUIC: &str = "quic";
/// The first byte of the report of a process that is ready; its process number follows.
pub(crate) const READY: u8 = b'!';
/// Timeout for the handoff, which the old process writes before it starts the new one.
const PATIENCE: Duration = Duration::from_secs(5);
/// Timeout for the old process to stop reading the UDP sockets, whose datagrams wait meanwhile.
const HANDOVER: Duration = Duration::from_secs(1);
const HTTPS: u16 = 443;

pub(crate) struct Inherited {
    pub sockets: Vec<BoundSocket>,
    pub lock: Option<OwnedFd>,
    /// The way to the old process for datagrams of its connections.
    pub quic: Option<OwnedFd>,
    pub old_process: Option<OldProcess>,
}

/// The old process of an upgrade. It serves until this process reports that it is ready.
pub(crate) struct OldProcess {
    pub handoff: Handoff,
    line: UnixStream,
}

/// The message from the old process of an upgrade to the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handoff {
    /// The number of the process that writes this.
    #[serde(default)]
    pub pid: Option<u32>,
    /// Number of upgrades, this one included.
    pub upgrades: u32,
    /// The files of Unix sockets that an e6 made; the last process removes them.
    pub files: Vec<PathBuf>,
    /// The configured address of each socket, in the order in which they are handed over; none if systemd made it.
    #[serde(default)]
    pub configured: Vec<Option<String>>,
    /// HTTP/3 of the old process; none if it has none.
    #[serde(default)]
    pub quic: Option<QuicHandoff>,
    /// Whether an older process had HTTP/3 and the old one tells clients to forget it.
    #[serde(default)]
    pub http3_ended: bool,
}

/// The keys and numbers by which datagrams of the old process are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QuicHandoff {
    /// The secret of the keys, as text.
    pub secret: String,
    /// The random numbers of the old process and those before it.
    pub processes: Vec<u16>,
}

impl Inherited {
    /// Whether this process takes over from another one.
    pub fn start(&self) -> StartKind {
        if self.old_process.is_some() { StartKind::Upgrade } else { StartKind::First }
    }

    /// The message of the old process; none if there is none.
    pub fn handoff(&self) -> Option<&Handoff> {
        self.old_process.as_ref().map(|old_process| &old_process.handoff)
    }

    /// The files of the old process's Unix sockets that these listeners do not use. They are removed after the
    /// handover.
    pub fn unused_files(&self, listeners: &Listeners) -> Vec<PathBuf> {
        let files = self.handoff().into_iter().flat_map(|handoff| &handoff.files);
        let is_left = |file: &&PathBuf| listeners.iter().any(|bound| bound.address.unix() == Some(file));
        files.filter(|file| !is_left(file)).cloned().collect()
    }

    /// The files of Unix sockets that systemd made and will remove.
    pub fn files_of_others(&self) -> Vec<PathBuf> {
        let ours = self.handoff().map_or(&[][..], |handoff| &handoff.files);
        let files = self.sockets.iter().filter_map(|bound| bound.address.unix());
        files.filter(|file| !ours.iter().any(|ours| ours == file)).map(Path::to_owned).collect()
    }

    pub fn read(adopted: Vec<InheritedFd>, config: &Config) -> Result<Self, RunError> {
        let mut inherited = Inherited { sockets: Vec::new(), lock: None, quic: None, old_process: None };
        for (index, InheritedFd { name, descriptor }) in adopted.into_iter().enumerate() {
            let unusable = |error: io::Error| {
                RunError::new(format!(
                    "cannot use the descriptor {index} that came with the start ({name:?}): {error}; hand over sockets named \
                     http, https, http3 or admin"
                ))
            };
            if name == LOCK {
                inherited.lock = Some(descriptor);
                continue;
            }
            if name == QUIC {
                inherited.quic = Some(descriptor);
                continue;
            }
            if name == PREDECESSOR {
                let line = UnixStream::from(descriptor);
                inherited.old_process = Some(OldProcess::receive(line).map_err(unusable)?);
                continue;
            }
            let mut bound = BoundSocket::adopted(ListenerKind::Http, descriptor).map_err(unusable)?;
            if bound.kind != ListenerKind::Http3 {
                bound.kind = kind(&name, &bound, &inherited.sockets);
            }
            inherited.sockets.push(bound);
        }
        if let Some(OldProcess { handoff, .. }) = &inherited.old_process {
            for (bound, configured) in inherited.sockets.iter_mut().zip(&handoff.configured) {
                bound.configured = configured.as_deref().and_then(|text| text.parse().ok());
            }
        }
        inherited.sockets.retain(|bound| {
            let wanted = !config.listen.of(bound.kind).is_empty();
            if !wanted {
                let (kind, address) = (bound.kind.name(), &bound.address);
                tracing::warn!(%address, "a socket was handed over for listen.{kind}, which is off: it is closed");
            }
            wanted
        });
        Ok(inherited)
    }
}

/// The kind of listener of a socket: by its name, else by its port, else the next in the order http, https, admin.
fn kind(name: &str, bound: &BoundSocket, before: &[BoundSocket]) -> ListenerKind {
    let kinds = [ListenerKind::Http, ListenerKind::Https, ListenerKind::Admin];
    let named = kinds.into_iter().find(|kind| kind.name() == name);
    let by_port =
        || bound.address.tcp().filter(|address| address.port() == HTTPS).map(|_| ListenerKind::Https);
    let next = || kinds.into_iter().find(|kind| before.iter().all(|other| other.kind != *kind));
    named.or_else(by_port).or_else(next).unwrap_or(ListenerKind::Http)
}

impl OldProcess {
    fn receive(line: UnixStream) -> io::Result<Self> {
        line.set_read_timeout(Some(PATIENCE))?;
        let mut text = String::new();
        BufReader::new(&line).read_line(&mut text)?;
        Ok(OldProcess { handoff: serde_json::from_str(&text)?, line })
    }

    /// Tells the old process why this one does not serve.
    pub fn refuse(mut self, failure: &RunError) {
        // If this fails, the old process still notices the end of this one.
        let _ = self.line.write_all(failure.to_string().as_bytes());
    }

    /// Tells the old process that this one serves, so that it drains. Waits until it no longer reads the UDP sockets.
    pub fn relieve(mut self) -> io::Result<()> {
        launcher::let_go()?;
        let pid = process::id().to_string();
        self.line.write_all(&[&[READY], pid.as_bytes()].concat())?;
        self.line.shutdown(Shutdown::Write)?;
        self.line.set_read_timeout(Some(HANDOVER))?;
        // It may have ended, or be too busy to tell. Then both read for a moment, and some handshakes take longer.
        let _ = self.line.read(&mut [0]);
        Ok(())
    }
}
