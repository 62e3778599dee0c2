//! The directories that e6 writes to. They are made while e6 still has the rights to make them.

use crate::{
    config::{CertificateMode, Config},
    http::access_log::LogDestination,
    sandbox::{self, User},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) const DATA_DIR: &str = "data.dir";
pub(crate) const LOG: &str = "log.access";
/// The flags of the files by which other programs find this process.
pub(crate) const PID_FILE: &str = "--pid-file";
pub(crate) const READY_FILE: &str = "--ready-file";

/// A directory that e6 writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WritablePath {
    pub setting: &'static str,
    pub dir: PathBuf,
    /// The consequence if e6 cannot write to it.
    pub lost: &'static str,
}

pub(crate) fn places(config: &Config) -> Vec<WritablePath> {
    let place = |setting, lost| move |dir| WritablePath { setting, dir, lost };
    let data = place(
        DATA_DIR,
        match config.tls.mode {
            CertificateMode::Acme => {
                "no certificate will be ordered from the CA, and a restart will begin without an answer"
            }
            _ => "a restart will begin without an answer",
        },
    );
    let log = place(LOG, "the access log cannot be written");
    let pid_file = place(PID_FILE, "e6 reload, e6 upgrade and e6 health do not find this process");
    let ready_file = place(READY_FILE, "programs that wait for the ready file are not notified");
    let is_data = |dir: &Path| {
        config.data_dir.as_ref().is_some_and(|data| std::path::absolute(data).ok().as_deref() == Some(dir))
    };
    [
        config.data_dir.clone().map(data),
        certs(config).map(place("tls.certs", "every start will make another certificate")),
        log_dir(config).filter(|dir| !is_special(dir)).map(log),
        config.pid_file().map(|file| around(&file)).filter(|dir| !is_data(dir)).map(pid_file),
        config.ready_file.as_deref().map(|file| ready_file(around(file))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl WritablePath {
    /// Makes the directory, owned by `owner` if there is one. An existing directory is left as it is.
    pub fn make(&self, owner: Option<&User>) -> io::Result<()> {
        sandbox::make_dir(&self.dir, owner)
    }
}

/// The directories that only e6 uses.
pub(crate) fn own(config: &Config) -> impl Iterator<Item = PathBuf> {
    [config.data_dir.clone(), certs(config)].into_iter().flatten()
}

fn certs(config: &Config) -> Option<PathBuf> {
    let is_used = config.tls.mode == CertificateMode::SelfSigned && !config.listen.https.is_empty();
    is_used.then(|| config.tls.certs.clone())
}

/// The path that the access log needs to write to: its directory, because log rotation renames the file and e6 makes a
/// new one; the path itself if it is a pipe, a terminal or the like.
pub(crate) fn log_dir(config: &Config) -> Option<PathBuf> {
    let Some(LogDestination::File(path)) = &config.access_log else { return None };
    Some(if is_special(path) { path.clone() } else { around(path) })
}

fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// The directories of the ready file and the pid file.
pub(crate) fn marks(config: &Config) -> impl Iterator<Item = PathBuf> {
    [config.ready_file.clone(), config.pid_file()].into_iter().flatten().map(|file| around(&file))
}

/// The directory that contains the path; the path itself if that directory is `/`.
pub(crate) fn around(path: &Path) -> PathBuf {
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
    fn the_directory_around_a_path_is_never_the_whole_machine() {
        for (path, expected) in
            [("/var/lib/e6", "/var/lib"), ("/data", "/data"), ("/etc/e6/e6.toml", "/etc/e6"), ("/", "/")]
        {
            assert_eq!(around(Path::new(path)), Path::new(expected));
        }
        assert_eq!(around(Path::new("e6.toml")), std::env::current_dir().unwrap());
    }

    #[test]
    fn every_directory_that_is_written_is_named_by_its_setting() {
        let mut config = Config {
            data_dir: Some("/data/a/b".into()),
            access_log: Some(LogDestination::File("/log/e6/access.log".into())),
            pid_file: Some("/run/e6/x.pid".into()),
            ready_file: Some("/run/ready/e6.json".into()),
            ..Config::default()
        };
        let named: Vec<_> =
            places(&config).into_iter().map(|WritablePath { setting, dir, .. }| (setting, dir)).collect();
        let expected = [
            ("data.dir", "/data/a/b"),
            ("tls.certs", "certs"),
            ("log.access", "/log/e6"),
            ("--pid-file", "/run/e6"),
            ("--ready-file", "/run/ready"),
        ];
        assert_eq!(named, expected.map(|(setting, dir)| (setting, PathBuf::from(dir))));
        config.access_log = Some(LogDestination::File("/dev/null".into()));
        assert!(
            places(&config).iter().all(|place| place.setting != "log.access"),
            "a device needs no directory"
        );
    }
}
