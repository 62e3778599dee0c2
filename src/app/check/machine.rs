//! What this machine has to give: addresses, directories, the access log.

use crate::{
    app::{check::Finding, health::Question},
    config::{Config, Mode},
    connection::Listener,
    http::access_log::{LogDestination, LogFile},
    net::{listen::Address, unix_socket::SocketFile},
    sandbox::is_root,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Binds every address, and lets it go.
pub(crate) fn listeners(config: &Config) -> Vec<Finding> {
    let listen = &config.listen;
    let doors =
        [(Listener::Http, &listen.http), (Listener::Https, &listen.https), (Listener::Admin, &listen.admin)];
    let each = |(kind, addresses): (Listener, &Vec<Address>)| {
        addresses.iter().map(|address| listener(kind, address, config)).collect::<Vec<_>>()
    };
    doors.into_iter().flat_map(each).collect()
}

fn listener(kind: Listener, address: &Address, config: &Config) -> Finding {
    let about = match kind {
        Listener::Http => "listen.http",
        Listener::Https => "listen.https",
        Listener::Admin => "listen.admin",
    };
    let error = match crate::net::listen::bind(kind, address, 1, config.listen.unix_mode) {
        Ok(bound) => {
            if let Address::Unix(path) = address {
                // It goes with the socket.
                drop(SocketFile::at(path));
            }
            drop(bound);
            return Finding::fine(about, format!("{address} can be listened on"));
        }
        Err(error) => error,
    };
    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
    let asked = is_taken.then(|| Question::at(kind, address, config)).flatten();
    if asked.is_some_and(|question| question.ask(config).is_ok_and(|reply| reply.is_e6)) {
        return Finding::fine(about, format!("e6 listens on {address} already"));
    }
    let what = crate::app::listeners::cannot_listen(address, kind, &error);
    // Whoever starts the service may be given what this user lacks.
    match error.kind() == io::ErrorKind::PermissionDenied && !is_root() {
        true => Finding::warning(about, what),
        false => Finding::error(about, what),
    }
}

/// What has to be written.
struct Place {
    about: &'static str,
    dir: PathBuf,
    /// What becomes of the site if it cannot be.
    consequence: Option<&'static str>,
}

fn places(config: &Config) -> Vec<Place> {
    let data = config.data_dir.clone().map(|dir| Place {
        about: "data.dir",
        dir,
        // Certificates are kept there too: a CA locks out who asks at every start.
        consequence: (config.tls.mode != Mode::Acme).then_some("a restart will begin without an answer"),
    });
    let is_self_signed = config.tls.mode == Mode::SelfSigned && !config.listen.https.is_empty();
    let certs = is_self_signed.then(|| Place {
        about: "tls.certs",
        dir: config.tls.certs.clone(),
        consequence: Some("every start will make another certificate"),
    });
    data.into_iter().chain(certs).collect()
}

/// Those that the start would make, before it becomes another user.
pub(crate) fn missing_directories(config: &Config) -> Vec<Finding> {
    places(config).into_iter().filter(|place| !place.dir.exists()).map(Place::tried).collect()
}

/// Those that are there, as the user who writes to them.
pub(crate) fn directories(config: &Config) -> Vec<Finding> {
    let there = places(config).into_iter().filter(|place| place.dir.exists()).map(Place::tried);
    let none = config.data_dir.is_none().then(|| {
        let what = "there is none, so a restart begins without an answer: name one with --data-dir";
        Finding::warning("data.dir", what)
    });
    there.chain(none).collect()
}

impl Place {
    fn tried(self) -> Finding {
        let Place { about, dir, consequence } = self;
        let shown = dir.display();
        match (can_write(&dir), consequence) {
            (Ok(()), _) if dir.exists() => Finding::fine(about, format!("{shown} can be written")),
            (Ok(()), _) => Finding::fine(about, format!("{shown} can be made")),
            (Err(error), Some(consequence)) => {
                Finding::warning(about, format!("cannot write {shown}: {error}; {consequence}"))
            }
            (Err(error), None) => Finding::error(
                about,
                format!(
                    "cannot write {shown}: {error}; certificates have to be kept: name another with --data-dir"
                ),
            ),
        }
    }
}

/// Makes a file in it and removes it; where there is no directory, in the nearest above.
fn can_write(dir: &Path) -> io::Result<()> {
    let dir = std::path::absolute(dir)?;
    let nearest = dir.ancestors().find(|dir| dir.exists()).unwrap_or(&dir);
    tempfile::tempfile_in(nearest).map(drop)
}

/// Opens it. A file that was not there is not left behind.
pub(crate) fn access_log(config: &Config) -> Option<Finding> {
    let destination = config.access_log.clone()?;
    let LogDestination::File(path) = &destination else { return None };
    let (path, is_new) = (path.clone(), !path.exists());
    let shown = path.display();
    Some(match LogFile::open(destination) {
        Ok(file) => {
            drop(file);
            if is_new {
                let _ = fs::remove_file(&path);
            }
            Finding::fine("log.access", format!("{shown} can be written"))
        }
        Err(error) => Finding::error(
            "log.access",
            format!("cannot write {shown}: {error}; choose another file with --access-log, or \"off\""),
        ),
    })
}
