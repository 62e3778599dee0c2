//! Checks what the machine provides: addresses, directories, the access log.

use crate::{
    app::{
        check::Finding,
        data_lock::DataLock,
        health::HealthCheck,
        listeners::{self, StartKind},
        places::{DATA_DIR, LOG, PID_FILE, READY_FILE, WritablePath, around, places},
    },
    atomic_file::{is_replaceable, without_path},
    config::{CertificateMode, Config, Http3Mode},
    connection::ListenerKind,
    http::access_log::{LogDestination, LogFile},
    name::Named,
    net::{listen::Address, unix_socket::UnixSocketFile},
    sandbox::is_root,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Binds every address and closes it again.
pub(crate) fn listeners(config: &Config) -> Vec<Finding> {
    let (mut found, mut for_visitors) = (Vec::new(), 0);
    for kind in ListenerKind::all() {
        for address in config.listen.of(kind) {
            let (finding, opened) = listener(kind, address, config);
            let is_for_visitors = !matches!(kind, ListenerKind::Http3 | ListenerKind::Admin);
            for_visitors += usize::from(is_for_visitors && opened == ListenAttempt::OrFails);
            found.push(finding);
        }
    }
    if for_visitors == 0 {
        let what = "no address is left for visitors: name others with --http or --https";
        found.push(Finding::error("listen", what));
    }
    found
}

/// How a start handles an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ListenAttempt {
    /// The start opens the address or fails.
    OrFails,
    /// The start goes on without the address.
    OrLeftOut,
}

fn listener(kind: ListenerKind, address: &Address, config: &Config) -> (Finding, ListenAttempt) {
    let about = format!("listen.{}", kind.name());
    let error = match bind_and_close(kind, address, config) {
        Ok(()) => {
            let port = if kind == ListenerKind::Http3 { "UDP " } else { "" };
            let what = format!("{port}{address} can be listened on");
            return (Finding::fine(about, what), ListenAttempt::OrFails);
        }
        Err(error) => error,
    };
    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
    let asked = is_taken.then(|| HealthCheck::at(kind, address, config)).flatten();
    if asked.is_some_and(|question| question.finds_e6(config)) {
        return (Finding::fine(about, format!("e6 listens on {address} already")), ListenAttempt::OrFails);
    }
    let what = listeners::cannot_listen(address, kind, &error, StartKind::First);
    if kind == ListenerKind::Http3 && config.listen.http3.mode == Http3Mode::Auto {
        let what = format!("{what}; a start goes on without HTTP/3 there");
        return (Finding::warning(about, what), ListenAttempt::OrLeftOut);
    }
    if is_taken && config.listen.defaults.contains(&kind) {
        let what = format!("{what}; a start goes on without this default address");
        return (Finding::warning(about, what), ListenAttempt::OrLeftOut);
    }
    // The service may be started with rights that this user lacks.
    let finding = match error.kind() == io::ErrorKind::PermissionDenied && !is_root() {
        true => Finding::warning(about, what),
        false => Finding::error(about, what),
    };
    (finding, ListenAttempt::OrFails)
}

/// Binds an address as a start does, and closes it. Leaves neither a socket's file behind nor directories made for it.
fn bind_and_close(kind: ListenerKind, address: &Address, config: &Config) -> io::Result<()> {
    let above = address.unix().into_iter().flat_map(|file| file.ancestors().skip(1));
    let missing: Vec<_> = above.take_while(|dir| !dir.exists()).collect();
    let bound = listeners::bind(config, kind, address, 1);
    if let (Ok(_), Some(file)) = (&bound, address.unix()) {
        drop(UnixSocketFile::at(file));
    }
    for dir in missing {
        // Fails if it was not made, or is in use by now.
        let _ = fs::remove_dir(dir);
    }
    bound.map(drop)
}

/// A directory that a start would make, and whether it can. This is tried with the rights that the start would have.
pub(crate) struct MissingDirectory {
    place: WritablePath,
    made: io::Result<()>,
}

/// The directories that a start would make before it becomes another user.
pub(crate) fn missing_directories(config: &Config) -> Vec<MissingDirectory> {
    let missing = places(config).into_iter().filter(|place| !place.dir.exists());
    missing.map(|place| MissingDirectory { made: can_write(nearest(&place.dir)), place }).collect()
}

/// Checks every directory, as the user who writes to it.
pub(crate) fn directories(config: &Config, missing: Vec<MissingDirectory>) -> Vec<Finding> {
    let there = |place: &WritablePath| missing.iter().all(|missing| missing.place != *place);
    // The access log has its own check, because it is enough that its file can be written.
    let tried = |place: &WritablePath| there(place) && place.setting != LOG;
    let mut found: Vec<_> =
        places(config).into_iter().filter(tried).map(|place| present(place, config)).collect();
    found.extend(missing.into_iter().map(|MissingDirectory { place, made }| {
        let passable = || fs::metadata(nearest(&place.dir).join(".")).map(drop);
        match made.and_then(|()| passable()) {
            Ok(()) => Finding::fine(place.setting, format!("{} can be made", place.dir.display())),
            Err(error) => unwritable(place, &error, config),
        }
    }));
    if config.data_dir.is_none() {
        let what = "there is none, so a restart begins without an answer: name one with --data-dir";
        found.push(Finding::warning(DATA_DIR, what));
    }
    found
}

fn present(place: WritablePath, config: &Config) -> Finding {
    let shown = place.dir.display();
    let holder = (place.setting == DATA_DIR).then(|| DataLock::holder(&place.dir)).flatten();
    let file = match place.setting {
        PID_FILE => config.pid_file(),
        READY_FILE => config.ready_file.clone(),
        _ => None,
    };
    let replaceable = || file.as_deref().map_or(Ok(()), is_replaceable);
    match (holder, can_write(&place.dir).and_then(|()| replaceable())) {
        (Some(pid), _) => {
            let which = pid.map_or(String::new(), |pid| format!(" (process {pid})"));
            Finding::fine(
                DATA_DIR,
                format!("the running e6{which} uses {shown}; a second one would not start"),
            )
        }
        (None, Ok(())) => Finding::fine(place.setting, format!("{shown} can be written")),
        (None, Err(error)) => unwritable(place, &error, config),
    }
}

/// The finding for a directory that cannot be written: an error if the start would fail, or if certificates from a CA
/// have to be kept, because a CA locks out a client that orders one at every start.
fn unwritable(
    WritablePath { setting, dir, lost }: WritablePath,
    error: &io::Error,
    config: &Config,
) -> Finding {
    let what = format!("cannot write {}: {error}", dir.display());
    let is_error = match setting {
        DATA_DIR if config.tls.mode == CertificateMode::Acme => {
            let what = format!("{what}; certificates have to be kept: name another with --data-dir");
            return Finding::error(setting, what);
        }
        PID_FILE => config.pid_file.is_some(),
        LOG | READY_FILE => true,
        _ => false,
    };
    if is_error {
        Finding::error(setting, what)
    } else {
        Finding::warning(setting, format!("{what}; {lost}"))
    }
}

/// The directory itself if it exists, else its nearest ancestor that exists.
fn nearest(dir: &Path) -> PathBuf {
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    dir.ancestors().find(|dir| dir.exists()).unwrap_or(&dir).to_owned()
}

/// Tries to make an unnamed file in the directory.
fn can_write(dir: impl AsRef<Path>) -> io::Result<()> {
    tempfile::tempfile_in(dir).map(drop).map_err(without_path)
}

/// The hooks, by their hosts. They are not told of a check.
pub(crate) fn hooks(config: &Config) -> Option<Finding> {
    let hosts: Vec<_> = config.notify.iter().map(|hook| hook.url.to_string()).collect();
    let hosts = (!hosts.is_empty()).then(|| hosts.join(", "))?;
    Some(match &config.data_dir {
        Some(_) => {
            Finding::fine("notify.url", format!("told of changes: {hosts}; e6 notify --test tries them"))
        }
        None => Finding::warning(
            "notify.url",
            format!(
                "told of changes: {hosts}; name a --data-dir, or a restart will not know which they were told"
            ),
        ),
    })
}

/// Opens the access log, unless its directory is missing: [`directories`] reports that. A file that did not exist
/// before is removed again.
pub(crate) fn access_log(config: &Config) -> Option<Finding> {
    let destination = config.access_log.clone()?;
    let LogDestination::File(path) = &destination else { return None };
    let (path, is_new) = (path.clone(), !path.exists());
    if !around(&path).exists() {
        return None;
    }
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
