//! A certificate that somebody else renews: two files, watched by their content.

use crate::tls::{
    certificate::Certificate,
    resolver::{Origin, Serving},
};
use std::{convert::Infallible, fs, os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc};
use time::OffsetDateTime;

/// How often the files are read. By content, not by events: that sees a Kubernetes secret's symlinks change places, a
/// network mount and a restored time stamp as well, for a few kilobytes from the page cache.
const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// Where the pair lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// PEM, leaf first.
    pub cert: PathBuf,
    /// PEM: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Both files' content.
#[derive(PartialEq)]
struct Content {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    /// Reads and checks the pair.
    ///
    /// # Errors
    /// Which file cannot be read, or why the pair cannot be used.
    pub fn certificate(&self) -> Result<Certificate, String> {
        self.checked(&self.content()?)
    }

    /// What an operator should mend though the pair can be served, for these names at this time.
    pub fn faults(&self, certificate: &Certificate, names: &[String], now: OffsetDateTime) -> Vec<String> {
        let mut faults = certificate.faults(names, now);
        if fs::metadata(&self.key).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0) {
            faults.push("everyone on this machine can read the key's file: chmod o= it".into());
        }
        faults
    }

    fn checked(&self, content: &Content) -> Result<Certificate, String> {
        Certificate::from_pem(&content.cert, &content.key).map_err(|error| error.to_string())
    }

    fn content(&self) -> Result<Content, String> {
        let read = |path, what| {
            fs::read::<&PathBuf>(path).map_err(|error| format!("cannot read the file of the {what}: {error}"))
        };
        Ok(Content { cert: read(&self.cert, "certificate")?, key: read(&self.key, "key")? })
    }
}

/// Serves the pair, and each new pair that is valid; a bad one is said, and the one before it stays.
pub(crate) struct Watched {
    files: Files,
    names: Vec<String>,
    serving: Arc<Serving>,
    seen: Option<Result<Content, String>>,
}

impl Watched {
    pub(crate) fn new(files: Files, names: Vec<String>, serving: Arc<Serving>) -> Self {
        Watched { files, names, serving, seen: None }
    }

    pub(crate) async fn run(mut self) -> Infallible {
        loop {
            tokio::time::sleep(LOOK).await;
            self.look();
        }
    }

    /// Reads the files; does something only when they have changed.
    pub(crate) fn look(&mut self) {
        let content = self.files.content();
        if self.seen.as_ref() == Some(&content) {
            return;
        }
        let certificate =
            content.as_ref().map_err(Clone::clone).and_then(|content| self.files.checked(content));
        match certificate {
            Ok(certificate) => {
                let faults = self.files.faults(&certificate, &self.names, OffsetDateTime::now_utc());
                self.serving.serve(certificate, Origin::Files, None);
                self.serving.trouble((!faults.is_empty()).then(|| faults.join("; ")));
            }
            Err(error) => self.serving.trouble(Some(error)),
        }
        self.seen = Some(content);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::SelfSigned;
    use std::{os::unix::fs::symlink, path::Path};

    fn pair(name: &str) -> SelfSigned {
        SelfSigned::fresh(&[name.into()], time::Duration::days(90)).unwrap()
    }

    fn put(dir: &Path, pair: &SelfSigned) {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("tls.crt"), &pair.chain).unwrap();
        fs::write(dir.join("tls.key"), &pair.key).unwrap();
        fs::set_permissions(dir.join("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn watched(dir: &Path, name: &str) -> (Watched, Arc<Serving>) {
        let expiry = prometheus::IntGauge::new("expiry", "of the certificate").unwrap();
        let serving = Arc::new(Serving::new(pair("first").certificate().unwrap(), Origin::Files, expiry));
        let files = Files { cert: dir.join("tls.crt"), key: dir.join("tls.key") };
        (Watched::new(files, vec![name.into()], serving.clone()), serving)
    }

    #[test]
    fn a_new_pair_is_served_and_a_bad_one_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let (mut watched, serving) = watched(dir.path(), "a.example");
        let mut look = || {
            watched.look();
            let status = serving.status();
            (status.origin, status.names.join(","), status.last_error.clone().unwrap_or_default())
        };
        let (origin, names, error) = look();
        assert_eq!((origin, names.as_str()), (Origin::SelfSigned, "first"));
        assert!(error.starts_with("cannot read "), "{error}");
        put(dir.path(), &pair("a.example"));
        assert_eq!(look(), (Origin::Files, "a.example".into(), String::new()));
        fs::write(dir.path().join("tls.key"), &pair("b.example").key).unwrap();
        let (_, names, error) = look();
        assert_eq!(names, "a.example");
        assert!(error.ends_with("the key belongs to another certificate"), "{error}");
        put(dir.path(), &pair("b.example"));
        let (_, names, error) = look();
        assert_eq!(
            (names.as_str(), error.as_str()),
            ("b.example", "the certificate is not for a.example but for b.example")
        );
        fs::set_permissions(dir.path().join("tls.key"), fs::Permissions::from_mode(0o644)).unwrap();
        put(dir.path(), &pair("a.example"));
        fs::set_permissions(dir.path().join("tls.key"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(look().2.starts_with("everyone on this machine can read the key's file"));
    }

    #[test]
    fn a_kubernetes_secret_changes_by_a_symlink() {
        let dir = tempfile::tempdir().unwrap();
        for version in ["..1", "..2"] {
            put(&dir.path().join(version), &pair(&format!("v{version}.example").replace("..", "")));
        }
        symlink("..1", dir.path().join("..data")).unwrap();
        for file in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{file}"), dir.path().join(file)).unwrap();
        }
        let (mut watched, serving) = watched(dir.path(), "v1.example");
        watched.look();
        assert_eq!(serving.status().names, ["v1.example"]);
        symlink("..2", dir.path().join("..data_tmp")).unwrap();
        fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).unwrap();
        watched.look();
        assert_eq!(serving.status().names, ["v2.example"]);
    }
}
