//! A certificate in two files that another program renews. Their content is polled.

use crate::{
    bounded_file::{self, SMALL},
    tls::{
        certificate::Certificate,
        resolver::{CertificateOrigin, CertificateWriter},
    },
};
use std::{fmt, fs, os::unix::fs::PermissionsExt, path::PathBuf};
use time::OffsetDateTime;

/// Interval between reads of the files. Comparing content instead of watching events also detects swapped symlinks of a
/// Kubernetes secret, network mounts and restored timestamps, for a few kilobytes from the page cache.
pub(crate) const LOOK: std::time::Duration = std::time::Duration::from_secs(5);

/// The paths of a certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The chain as PEM, leaf first.
    pub cert: PathBuf,
    /// The key as PEM: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// The reason why a pair cannot be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusablePair {
    /// Text without paths, for `/healthz`, which visitors may read.
    public: String,
    /// Text with paths, for operators.
    detailed: String,
}

impl fmt::Display for UnusablePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detailed)
    }
}

impl std::error::Error for UnusablePair {}

#[derive(PartialEq)]
struct PairContent {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl CertificateFiles {
    /// Reads and checks the pair.
    ///
    /// # Errors
    /// The unreadable file, or the reason why the pair cannot be used.
    pub fn certificate(&self) -> Result<Certificate, UnusablePair> {
        self.checked(&self.content()?)
    }

    /// Problems that an operator should fix although the pair can be served, for these names at this time.
    pub fn faults(&self, certificate: &Certificate, names: &[String], now: OffsetDateTime) -> Vec<String> {
        let mut faults = certificate.faults(names, now);
        if fs::metadata(&self.key).is_ok_and(|meta| meta.permissions().mode() & 0o007 != 0) {
            faults.push("everyone on this machine can read the key's file: chmod o= it".into());
        }
        faults
    }

    fn checked(&self, content: &PairContent) -> Result<Certificate, UnusablePair> {
        Certificate::from_pem(&content.cert, &content.key).map_err(|error| {
            let (cert, key) = (self.cert.display(), self.key.display());
            UnusablePair { public: error.to_string(), detailed: format!("{error} (in {cert} and {key})") }
        })
    }

    fn content(&self) -> Result<PairContent, UnusablePair> {
        let read = |path: &PathBuf, what| {
            bounded_file::read(path, SMALL).map_err(|error| UnusablePair {
                public: format!("cannot read the file of the {what}: {error}"),
                detailed: format!("cannot read the {what} {}: {error}", path.display()),
            })
        };
        Ok(PairContent { cert: read(&self.cert, "certificate")?, key: read(&self.key, "key")? })
    }
}

/// Serves the pair, and each new pair. The certificate in service stays if the new pair is invalid. Unless it is
/// self-signed, it also stays while it is good and the new one is expired, not valid yet, or not for the site's names.
pub(crate) struct FileWatcher {
    files: CertificateFiles,
    names: Vec<String>,
    serving: CertificateWriter,
    seen: Option<Result<PairContent, UnusablePair>>,
    newest: LastRead,
}

/// The certificate that was read last.
enum LastRead {
    /// The pair is unreadable or invalid, or was not read yet.
    Unusable,
    /// It is not served: it was not compared yet, or the one in service is better.
    Waits(Certificate),
    Served,
}

impl FileWatcher {
    pub(crate) fn new(files: CertificateFiles, names: Vec<String>, serving: CertificateWriter) -> Self {
        FileWatcher { files, names, serving, seen: None, newest: LastRead::Unusable }
    }

    /// Reads the files and checks the certificate, which can become valid or expire while its file stays the same.
    pub(crate) fn look(&mut self, now: OffsetDateTime) {
        let content = self.files.content();
        if self.seen.as_ref() != Some(&content) {
            let read = content.as_ref().map_err(Clone::clone).and_then(|content| self.files.checked(content));
            self.seen = Some(content);
            self.newest = match read {
                Ok(certificate) => LastRead::Waits(certificate),
                Err(UnusablePair { public, detailed }) => {
                    self.serving.trouble_with(Some((public, detailed)));
                    LastRead::Unusable
                }
            };
        }
        self.newest = match std::mem::replace(&mut self.newest, LastRead::Unusable) {
            LastRead::Waits(new) if self.is_worse(&new, now) => {
                let faults = new.faults(&self.names, now).join("; ");
                let end = self.serving.status().not_after.date();
                let error = format!(
                    "the new certificate is not served: {faults}; the one before it stays in service, valid until {end}"
                );
                self.serving.trouble(Some(error));
                LastRead::Waits(new)
            }
            LastRead::Waits(new) => {
                self.serving.serve(new, CertificateOrigin::Files, None);
                LastRead::Served
            }
            newest => newest,
        };
        if matches!(self.newest, LastRead::Served) {
            let faults = self.files.faults(&self.serving.certificate(), &self.names, now);
            self.serving.trouble((!faults.is_empty()).then(|| faults.join("; ")));
        }
    }

    /// Whether the certificate in service is good and not self-signed, and this one is not good.
    fn is_worse(&self, new: &Certificate, now: OffsetDateTime) -> bool {
        let is_ours = self.serving.status().origin == CertificateOrigin::SelfSigned;
        !is_ours && !new.is_good(&self.names, now) && self.serving.certificate().is_good(&self.names, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::certificate::SelfSignedPem;
    use std::{os::unix::fs::symlink, path::Path, sync::Arc};

    fn pair(name: &str) -> SelfSignedPem {
        SelfSignedPem::fresh(&[name.into()], time::Duration::days(90)).unwrap()
    }

    fn put(dir: &Path, pair: &SelfSignedPem) {
        fs::create_dir_all(dir).unwrap();
        fs::write(dir.join("tls.crt"), &pair.chain).unwrap();
        fs::write(dir.join("tls.key"), &pair.key).unwrap();
        fs::set_permissions(dir.join("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn watched(dir: &Path, name: &str) -> (FileWatcher, CertificateWriter) {
        let first = pair("first").certificate().unwrap();
        let serving = CertificateWriter::of_a_test(first, CertificateOrigin::Files);
        let files = CertificateFiles { cert: dir.join("tls.crt"), key: dir.join("tls.key") };
        (FileWatcher::new(files, vec![name.into()], serving.clone()), serving)
    }

    #[test]
    fn a_new_pair_is_served_and_a_bad_one_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let (mut watched, serving) = watched(dir.path(), "a.example");
        let mut look = || {
            watched.look(OffsetDateTime::now_utc());
            let status = serving.status();
            (status.origin, status.names.join(","), status.last_error.clone().unwrap_or_default())
        };
        let (origin, names, error) = look();
        assert_eq!((origin, names.as_str()), (CertificateOrigin::SelfSigned, "first"));
        assert!(error.starts_with("cannot read "), "{error}");
        put(dir.path(), &pair("a.example"));
        assert_eq!(look(), (CertificateOrigin::Files, "a.example".into(), String::new()));
        fs::write(dir.path().join("tls.key"), &pair("b.example").key).unwrap();
        let (_, names, error) = look();
        assert_eq!(names, "a.example");
        assert!(error.ends_with("the key belongs to another certificate"), "{error}");
        put(dir.path(), &pair("b.example"));
        let (_, names, error) = look();
        assert_eq!(names, "a.example");
        assert!(
            error.contains("not served: the certificate is not for a.example but for b.example"),
            "{error}"
        );
        fs::set_permissions(dir.path().join("tls.key"), fs::Permissions::from_mode(0o644)).unwrap();
        put(dir.path(), &pair("a.example"));
        fs::set_permissions(dir.path().join("tls.key"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(look().2.starts_with("everyone on this machine can read the key's file"));
    }

    #[test]
    fn a_good_certificate_gives_way_to_a_worse_one_only_when_its_own_time_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let (mut watched, serving) = watched(dir.path(), "a.example");
        let now = OffsetDateTime::now_utc();
        put(dir.path(), &pair("a.example"));
        watched.look(now);
        let lasting = |days| SelfSignedPem::fresh(&["a.example".into()], time::Duration::days(days)).unwrap();
        let good = serving.certificate();
        let is_good = || Arc::ptr_eq(&serving.certificate(), &good);
        // Not valid yet by a clock that is two days behind, and expired in 50 days.
        put(dir.path(), &lasting(50));
        watched.look(now - time::Duration::days(2));
        assert!(!is_good(), "neither is valid by this clock");
        put(dir.path(), &pair("a.example"));
        watched.look(now);
        let good = serving.certificate();
        let is_good = || Arc::ptr_eq(&serving.certificate(), &good);
        for (name, pair, after) in [
            ("expired", lasting(50), 60),
            ("for another name", pair("b.example"), 60),
            ("for another name", pair("b.example"), 88),
        ] {
            put(dir.path(), &pair);
            watched.look(now + time::Duration::days(after));
            assert!(is_good(), "{name}");
            let error = serving.status().last_error.clone().unwrap_or_default();
            assert!(error.contains("stays in service"), "{name}: {error}");
        }
        // The files are unchanged; time has passed.
        watched.look(now + time::Duration::days(91));
        assert!(!is_good(), "it has expired too");
        put(dir.path(), &lasting(200));
        watched.look(now + time::Duration::days(91));
        assert_eq!(serving.status().last_error, None);
    }

    #[test]
    fn a_certificate_that_is_not_valid_yet_is_served_once_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (mut watched, serving) = watched(dir.path(), "a.example");
        let now = OffsetDateTime::now_utc();
        put(dir.path(), &pair("a.example"));
        watched.look(now);
        let good = serving.certificate();
        let later = SelfSignedPem::between(
            &["a.example".into()],
            now + time::Duration::HOUR,
            now + time::Duration::days(9),
        );
        put(dir.path(), &later.unwrap());
        watched.look(now);
        assert!(Arc::ptr_eq(&serving.certificate(), &good));
        let error = serving.status().last_error.clone().unwrap_or_default();
        assert!(error.contains("is not valid before"), "{error}");
        watched.look(now + 2 * time::Duration::HOUR);
        assert!(!Arc::ptr_eq(&serving.certificate(), &good));
    }

    #[test]
    fn a_kubernetes_secret_changes_by_a_symlink() {
        let dir = tempfile::tempdir().unwrap();
        for version in ["..1", "..2"] {
            put(&dir.path().join(version), &pair("v.example"));
        }
        symlink("..1", dir.path().join("..data")).unwrap();
        for file in ["tls.crt", "tls.key"] {
            symlink(format!("..data/{file}"), dir.path().join(file)).unwrap();
        }
        let (mut watched, serving) = watched(dir.path(), "v.example");
        watched.look(OffsetDateTime::now_utc());
        assert_eq!(serving.status().names, ["v.example"]);
        let first = serving.certificate();
        symlink("..2", dir.path().join("..data_tmp")).unwrap();
        fs::rename(dir.path().join("..data_tmp"), dir.path().join("..data")).unwrap();
        watched.look(OffsetDateTime::now_utc());
        assert!(!Arc::ptr_eq(&serving.certificate(), &first));
    }
}
