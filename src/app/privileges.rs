//! Gives up all rights on the machine but those that e6 needs while it runs.

use crate::{
    app::{
        error::RunError,
        places::{WritablePath, around, log_dir, marks, own},
    },
    config::{CertificateMode, Config},
    net::{
        listen::Address,
        outgoing::{OutgoingProxy, port_of},
    },
    notify::Hook,
    page::design,
    sandbox::{self, AllowedPaths},
};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Paths that the C library and our crates read while running: names and addresses, time zones, processors.
const SYSTEM: [&str; 5] = ["/etc", "/run/systemd/resolve", "/usr/share/zoneinfo", "/proc", "/sys/fs/cgroup"];
/// The file with the name servers' addresses, often a link. The network manager replaces it.
const RESOLVER: &str = "/etc/resolv.conf";
/// The file that a child's standard streams may be redirected to.
const NOWHERE: &str = "/dev/null";
/// The ports of HTTPS, and of DNS over TCP for answers that are too long for UDP.
const PORTS: [u16; 2] = [443, 53];

/// Becomes the configured user and gives up every capability. Files opened from here on are opened as that user, so
/// that they can be opened again later. The directories of `places` are made first and given to that user.
pub(crate) fn become_user(config: &Config, places: &[WritablePath]) -> Result<(), RunError> {
    if config.user.is_none() && sandbox::is_root() {
        tracing::warn!("running as root; use --user NAME to drop to an unprivileged user");
    }
    let owner = config.user.as_ref().filter(|_| sandbox::is_root());
    for place in places {
        if let Err(error) = place.make(owner) {
            let WritablePath { setting, dir, lost } = place;
            let dir = dir.display();
            tracing::warn!(%error, "{setting}: cannot make {dir}: {lost}, until {dir} can be made and e6 is started again");
        }
    }
    sandbox::become_user(config.user.as_ref()).map_err(RunError::new)
}

/// Enters the sandbox. With Landlock, the process reaches from now on only the paths and ports that `config` needs, and
/// the directories of `gone`, which are files to remove. Returns what stays in reach.
pub(crate) fn restrict(
    config: &Config,
    replay_url: Option<&str>,
    binary: &Path,
    gone: &[PathBuf],
) -> Result<Option<AllowedPaths>, RunError> {
    let allowed_paths = config.landlock.then(|| {
        let mut allowed_paths = allowed_paths(config, replay_url, binary);
        allowed_paths.write.extend(gone.iter().map(|file| around(file)));
        allowed_paths
    });
    sandbox::restrict(allowed_paths).map_err(RunError::new)
}

/// Keeps the running value of each setting whose new value needs a path or port outside the sandbox.
pub(crate) fn keep_within(allowed_paths: &AllowedPaths, config: &mut Config, running: &Config) {
    if !port(&config.mlb_url).is_some_and(|port| allowed_paths.connect.contains(&port)) {
        config.mlb_url = running.mlb_url.clone();
    }
    let is_in_reach = |proxy: &Option<OutgoingProxy>| {
        proxy.as_ref().is_none_or(|proxy| allowed_paths.connect.contains(&proxy.port()))
    };
    let proxy = &config.mlb_proxy;
    if !is_in_reach(&proxy.on_the_way)
        || proxy.credentials.as_ref().is_some_and(|file| !allowed_paths.reads(file))
    {
        config.mlb_proxy = running.mlb_proxy.clone();
    }
    let is_hook_in_reach =
        |hook: &Hook| allowed_paths.connect.contains(&hook.url.port()) && is_in_reach(&hook.proxy);
    if !config.notify.iter().all(is_hook_in_reach) {
        config.notify = running.notify.clone();
    }
    if log_dir(config).is_some_and(|place| !allowed_paths.writes(&place)) {
        config.access_log = running.access_log.clone();
    }
    let (tls, acme) = (&config.tls, &config.acme);
    let reads = |file: &Option<PathBuf>| file.as_ref().is_none_or(|file| allowed_paths.reads(file));
    let asks = || port(&acme.directory).is_some_and(|port| allowed_paths.connect.contains(&port));
    let is_within = [&tls.cert, &tls.key, &acme.ca].into_iter().all(reads)
        && (tls.mode != CertificateMode::SelfSigned || allowed_paths.writes(&tls.certs))
        && (tls.mode != CertificateMode::Acme || (asks() && is_in_reach(&acme.proxy)));
    if !is_within {
        // These settings are valid only together.
        (config.tls, config.acme) = (running.tls.clone(), running.acme.clone());
    }
}

/// The files of the configured Unix sockets, which are removed when the process ends.
fn sockets(config: &Config) -> impl Iterator<Item = &Path> {
    let listen = &config.listen;
    [&listen.http, &listen.https, &listen.admin].into_iter().flatten().filter_map(|address| match address {
        Address::Unix(path) => Some(path.as_path()),
        Address::Tcp(_) => None,
    })
}

fn allowed_paths(config: &Config, replay_url: Option<&str>, binary: &Path) -> AllowedPaths {
    let mut allowed_paths = AllowedPaths { execute: sandbox::code(), ..AllowedPaths::default() };
    // An upgrade executes the binary that is there by then.
    allowed_paths.execute.insert(around(binary));
    allowed_paths.read.extend(SYSTEM.map(PathBuf::from));
    let assets = config.assets.clone();
    allowed_paths.read.extend(assets.iter().map(|dir| design::directory(dir)));
    allowed_paths.read.extend(assets);
    let credentials = config.mlb_proxy.credentials.as_ref();
    let files = [
        Some(&config.file),
        config.tls.cert.as_ref(),
        config.tls.key.as_ref(),
        config.acme.ca.as_ref(),
        credentials,
    ];
    let secrets = config.notify.iter().map(|hook| &hook.secret);
    let tokens = secrets.chain([&config.mlb_token, &config.relay_token]).flatten().map(|token| &token.file);
    let urls = config.notify.iter().filter_map(|hook| hook.url_file.as_ref());
    let files = files.into_iter().flatten().chain(tokens).chain(urls).map(PathBuf::as_path);
    for file in files.chain([Path::new(RESOLVER)]) {
        allowed_paths.read.insert(around(file));
        // Certbot and Kubernetes make these files links to files in other directories.
        allowed_paths.read.extend(fs::canonicalize(file).ok().map(|real| around(&real)));
    }
    // The parent directories: a directory that was removed and made again, or a volume that was mounted again, is
    // another directory to Landlock.
    allowed_paths.write.extend(own(config).map(|dir| around(&dir)));
    allowed_paths.write.extend(log_dir(config));
    allowed_paths.write.extend(marks(config));
    allowed_paths.write.extend(sockets(config).map(around));
    allowed_paths.write.insert(NOWHERE.into());
    allowed_paths.connect = ports(config, replay_url);
    allowed_paths
}

fn port(url: &str) -> Option<u16> {
    url.parse().ok().map(|url| port_of(&url))
}

fn ports(config: &Config, replay_url: Option<&str>) -> BTreeSet<u16> {
    let mut ports = BTreeSet::from(PORTS);
    ports.extend(port(&config.mlb_url));
    ports.extend(replay_url.and_then(port));
    ports.extend(port(&config.acme.directory).filter(|_| config.tls.mode == CertificateMode::Acme));
    ports.extend(config.notify.iter().map(|hook| hook.url.port()));
    let proxies = [&config.mlb_proxy.on_the_way, &config.acme.proxy].into_iter();
    let proxies = proxies.chain(config.notify.iter().map(|hook| &hook.proxy));
    ports.extend(proxies.flatten().map(OutgoingProxy::port));
    ports
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, load};

    /// An environment in which every `https://` URL has a proxy, except those of MLB.
    struct Proxied;

    impl Environment for Proxied {
        fn get(&self, name: &str) -> Option<String> {
            let variables = [("HOME", "/h"), ("HTTPS_PROXY", "proxy.example:3128"), ("NO_PROXY", "mlb.com")];
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        }

        fn names(&self) -> Vec<String> {
            Vec::new()
        }
    }

    fn config(flags: &[(&'static str, &str)]) -> Config {
        let flags: Vec<_> = flags.iter().map(|&(flag, value)| (flag, value.to_owned())).collect();
        load(&flags, None, &Proxied).unwrap()
    }

    #[test]
    fn the_sandbox_allows_the_ports_of_a_ca_and_of_the_proxy_before_it() {
        let acme = [("--domain", "example.org"), ("--acme", "you@example.org")];
        let elsewhere = [&acme[..], &[("--acme-directory", "http://127.0.0.1:14000/dir")]].concat();
        assert_eq!(ports(&config(&[]), None), PORTS.into());
        assert_eq!(ports(&config(&acme), None), [443, 53, 3128].into());
        assert_eq!(ports(&config(&elsewhere), None), [443, 53, 14_000].into());
    }

    #[test]
    fn a_reload_keeps_a_ca_whose_proxy_is_out_of_reach() {
        let running = config(&[]);
        let mut written = config(&[("--domain", "example.org"), ("--acme", "you@example.org")]);
        // All that it needs but the proxy's port.
        let mut allowed_paths = allowed_paths(&written, None, Path::new("/usr/bin/e6"));
        let mut within = written.clone();
        keep_within(&allowed_paths, &mut within, &running);
        assert_eq!((&within.tls, &within.acme), (&written.tls, &written.acme));
        allowed_paths.connect.remove(&3128);
        keep_within(&allowed_paths, &mut written, &running);
        assert_eq!((written.tls, written.acme), (running.tls, running.acme));
    }
}
