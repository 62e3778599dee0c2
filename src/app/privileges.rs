//! What of the machine a site needs while it runs, and giving up the rest.

use crate::{
    app::Failure,
    config::{Config, Mode},
    http::access_log::LogDestination,
    net::listen::Address,
    sandbox::{self, Reach, User},
};
use hyper::Uri;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Names and their addresses, time zones, processors: what the C library and ours look up while running.
const SYSTEM: [&str; 5] = ["/etc", "/run/systemd/resolve", "/usr/share/zoneinfo", "/proc", "/sys/fs/cgroup"];
/// Where a name server's address really stands; whoever manages the network replaces it.
const RESOLVER: &str = "/etc/resolv.conf";
/// What a child's standard streams may lead to.
const NOWHERE: &str = "/dev/null";
/// HTTPS, and DNS where an answer is too long for UDP.
const PORTS: [u16; 2] = [443, 53];

/// Gives up everything that `config` does not need any more once its addresses are bound, and says what is in force. What
/// is opened from here on is opened as the one who runs, so that it can be opened again later.
///
/// # Errors
/// When a directory cannot be made, or the system refuses.
pub(crate) fn restrict(config: &Config, mlb_url: &str, binary: &Path) -> Result<Option<Reach>, Failure> {
    match &config.user {
        Some(user) if sandbox::is_root() => make_dirs(config, user)?,
        None if sandbox::is_root() => {
            tracing::warn!("running as root: better type --user NAME, of a user that owns nothing else");
        }
        _ => {}
    }
    let reach = config.landlock.then(|| reach(config, mlb_url, binary));
    let in_force = sandbox::restrict(config.user.as_ref(), reach).map_err(Failure)?;
    tracing::info!("{in_force}");
    Ok(in_force.reach())
}

/// Takes back what leads out of reach, and names it: it has to wait for the next start.
pub(crate) fn keep_within(reach: &Reach, config: &mut Config, running: &Config) -> Vec<&'static str> {
    let mut waiting = Vec::new();
    if !port(&config.mlb_url).is_some_and(|port| reach.connect.contains(&port)) {
        config.mlb_url = running.mlb_url.clone();
        waiting.push("mlb.url");
    }
    if log(config).is_some_and(|place| !reach.writes(&place)) {
        config.access_log = running.access_log.clone();
        waiting.push("log.access");
    }
    let (tls, acme) = (&config.tls, &config.acme);
    let reads = |file: &Option<PathBuf>| file.as_ref().is_none_or(|file| reach.reads(file));
    let asks = || port(&acme.directory).is_some_and(|port| reach.connect.contains(&port));
    let out_of_reach = [
        ("tls.cert", !reads(&tls.cert)),
        ("tls.key", !reads(&tls.key)),
        ("tls.certs", tls.mode == Mode::SelfSigned && !reach.writes(&tls.certs)),
        ("acme.ca", !reads(&acme.ca)),
        ("acme.directory", tls.mode == Mode::Acme && !asks()),
    ];
    let named = waiting.len();
    waiting.extend(out_of_reach.into_iter().filter(|(_, is_so)| *is_so).map(|(key, _)| key));
    if waiting.len() > named {
        // One without the others would be a mistake.
        (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
    }
    waiting
}

/// What the user could not make. Made and handed over; what is there already is its owner's.
fn make_dirs(config: &Config, user: &User) -> Result<(), Failure> {
    own(config).chain(log(config)).chain(marks(config)).try_for_each(|dir| {
        user.own_dir(&dir).map_err(|error| {
            Failure(format!("cannot make {} for {}: {error}; make it by hand", dir.display(), user.name))
        })
    })
}

/// The directories that are its own.
fn own(config: &Config) -> impl Iterator<Item = PathBuf> {
    let certs = (config.tls.mode == Mode::SelfSigned).then(|| config.tls.certs.clone());
    [config.data_dir.clone(), certs].into_iter().flatten()
}

/// Where the access log is written: the file's directory, for it is moved away and made anew. A pipe, a terminal or the
/// like is written where it is.
fn log(config: &Config) -> Option<PathBuf> {
    let Some(LogDestination::File(path)) = &config.access_log else { return None };
    let special = fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir());
    Some(if special { path.clone() } else { around(path) })
}

/// Where those who look for the process find it.
fn marks(config: &Config) -> impl Iterator<Item = PathBuf> {
    [config.ready_file.clone(), config.pid_file()].into_iter().flatten().map(|file| around(&file))
}

/// The files of Unix sockets, which go with the process.
fn sockets(config: &Config) -> impl Iterator<Item = &Path> {
    let listen = &config.listen;
    [&listen.http, &listen.https, &listen.admin].into_iter().flatten().filter_map(|address| match address {
        Address::Unix(path) => Some(path.as_path()),
        Address::Tcp(_) => None,
    })
}

fn reach(config: &Config, mlb_url: &str, binary: &Path) -> Reach {
    let mut reach = Reach { execute: sandbox::code(), ..Reach::default() };
    // An upgrade executes what is there by then.
    reach.execute.insert(around(binary));
    reach.read.extend(SYSTEM.map(PathBuf::from));
    reach.read.extend(config.assets.clone());
    let files =
        [Some(&config.file), config.tls.cert.as_ref(), config.tls.key.as_ref(), config.acme.ca.as_ref()];
    for file in files.into_iter().flatten().map(PathBuf::as_path).chain([Path::new(RESOLVER)]) {
        reach.read.insert(around(file));
        // Links: Let's Encrypt's certbot and Kubernetes keep the files elsewhere.
        reach.read.extend(fs::canonicalize(file).ok().map(|real| around(&real)));
    }
    // What stands around them: a directory that was removed, or a volume that was away, comes back as another.
    reach.write.extend(own(config).map(|dir| around(&dir)));
    reach.write.extend(log(config));
    reach.write.extend(marks(config));
    reach.write.extend(sockets(config).map(around));
    reach.write.insert(NOWHERE.into());
    reach.connect = ports(config, mlb_url);
    reach
}

fn port(url: &str) -> Option<u16> {
    let uri: Uri = url.parse().ok()?;
    uri.port_u16().or(Some(if uri.scheme_str() == Some("http") { 80 } else { 443 }))
}

fn ports(config: &Config, mlb_url: &str) -> BTreeSet<u16> {
    let mut ports = BTreeSet::from(PORTS);
    ports.extend(port(mlb_url));
    ports.extend(port(&config.acme.directory).filter(|_| config.tls.mode == Mode::Acme));
    // Where the environment names one, MLB is asked through it.
    ports.extend(ureq::Proxy::try_from_env().map(|proxy| proxy.port()));
    ports
}

/// The directory in which this lies. Never all there is: then it is the thing itself.
fn around(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_: io::Error| path.to_owned());
    match path.parent() {
        Some(dir) if dir.parent().is_some() => dir.to_owned(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_path_is_never_the_whole_machine() {
        for (path, expected) in
            [("/var/lib/e6", "/var/lib"), ("/data", "/data"), ("/etc/e6/e6.toml", "/etc/e6"), ("/", "/")]
        {
            assert_eq!(around(Path::new(path)), Path::new(expected));
        }
        assert_eq!(around(Path::new("e6.toml")), std::env::current_dir().unwrap());
    }
}
