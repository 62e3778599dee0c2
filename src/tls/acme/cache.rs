//! The state that outlives the process: account key, certificate, and times of orders. Only its owner can read it.

use crate::{
    bounded_file::{self, SMALL},
    hash,
    tls::{
        acme::{Ca, error::AcmeFailure},
        certificate::{Certificate, replace},
    },
};
use rustls_acme::acme::Account;
use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
};
use time::OffsetDateTime;

pub(crate) struct Cache {
    dir: PathBuf,
    account: PathBuf,
    certificate: PathBuf,
    orders: PathBuf,
}

impl Cache {
    /// The cache for this CA. Creates nothing yet.
    pub(crate) fn new(ca: &Ca) -> Self {
        let host = ca.directory.split('/').nth(2).unwrap_or_default().replace(':', "-");
        let dir = ca.dir.join(format!("{host}-{}", mark(&ca.directory)));
        Cache {
            account: dir.join(format!("account-{}.key", mark(&ca.email))),
            certificate: dir.join("certificate.pem"),
            orders: dir.join("orders.json"),
            dir,
        }
    }

    pub(crate) fn certificate(&self) -> Result<Option<Certificate>, AcmeFailure> {
        let unusable = |error: &dyn std::fmt::Display| {
            tracing::warn!(file = %self.certificate.display(), "mend it, or remove it to order another");
            AcmeFailure::disk("the kept certificate cannot be used, and none is ordered meanwhile", error)
        };
        match bounded_file::read(&self.certificate, SMALL) {
            Ok(pem) => Certificate::from_pem(&pem, &pem).map(Some).map_err(|error| unusable(&error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(&error)),
        }
    }

    /// Keeps a certificate with its key.
    pub(crate) fn keep(&self, pem: &str) -> Result<(), AcmeFailure> {
        self.write(&self.certificate, pem.as_bytes()).map_err(|error| {
            AcmeFailure::disk("cannot keep the new certificate: a restart would order another", error)
        })
    }

    /// The account's key, PKCS#8; made on first use.
    pub(crate) fn account_key(&self) -> io::Result<Vec<u8>> {
        match bounded_file::read(&self.account, SMALL) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Account::generate_key_pair();
                self.write(&self.account, &key)?;
                Ok(key)
            }
            read => read,
        }
    }

    /// Times of the orders that were refused, or had not ended when the process did.
    pub(crate) fn orders(&self) -> io::Result<Vec<OffsetDateTime>> {
        match bounded_file::read(&self.orders, SMALL) {
            Ok(bytes) => {
                let seconds: Vec<i64> = serde_json::from_slice(&bytes)?;
                Ok(seconds
                    .into_iter()
                    .filter_map(|at| OffsetDateTime::from_unix_timestamp(at).ok())
                    .collect())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Writes the times of orders: before an order, so that not even a crash during it gets around the gate.
    pub(crate) fn set_orders(&self, orders: &[OffsetDateTime]) -> io::Result<()> {
        let seconds: Vec<_> = orders.iter().map(|at| at.unix_timestamp()).collect();
        self.write(&self.orders, serde_json::to_string(&seconds)?.as_bytes())
    }

    fn write(&self, path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        if fs::metadata(&self.dir)?.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(&self.dir, fs::Permissions::from_mode(0o700))?;
        }
        replace(path, bytes, 0o600)
    }
}

/// A short hash that tells texts apart in file names.
fn mark(text: &str) -> String {
    hash::hex(text.as_bytes(), 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::acme::ChallengeType;
    use crate::tls::certificate::SelfSignedPem;
    use std::path::Path;

    fn cache(dir: &Path, directory: &str, email: &str) -> Cache {
        Cache::new(&Ca {
            directory: directory.into(),
            email: email.into(),
            root: None,
            challenge: ChallengeType::TlsAlpn01,
            proxy: None,
            dir: dir.join("acme"),
        })
    }

    #[test]
    fn what_is_kept_is_read_again_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), "https://ca.example:14000/dir", "me@example.org");
        assert!(cache.certificate().unwrap().is_none() && cache.orders().unwrap().is_empty());
        let key = cache.account_key().unwrap();
        assert_eq!(cache.account_key().unwrap(), key);
        let pair = SelfSignedPem::fresh(&["example.org".into()], time::Duration::days(90)).unwrap();
        cache.keep(&format!("{}\n{}", pair.key, pair.chain)).unwrap();
        assert_eq!(cache.certificate().unwrap().unwrap().names, ["example.org"]);
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        cache.set_orders(&[now]).unwrap();
        assert_eq!(cache.orders().unwrap(), [now]);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&cache.dir), 0o700);
        for file in fs::read_dir(&cache.dir).unwrap() {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
        fs::set_permissions(&cache.dir, fs::Permissions::from_mode(0o755)).unwrap();
        cache.set_orders(&[]).unwrap();
        assert_eq!(mode(&cache.dir), 0o700);
    }

    #[test]
    fn another_ca_and_another_account_are_kept_apart() {
        let dir = tempfile::tempdir().unwrap();
        let production = cache(dir.path(), "https://ca.example/dir", "me@example.org");
        assert_ne!(production.dir, cache(dir.path(), "https://ca.example/staging", "me@example.org").dir);
        let key = production.account_key().unwrap();
        assert_ne!(
            cache(dir.path(), "https://ca.example/dir", "you@example.org").account_key().unwrap(),
            key
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_the_same_as_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let cache = cache(dir.path(), "https://ca.example/dir", "me@example.org");
        cache.keep("not a certificate").unwrap();
        let said = cache.certificate().unwrap_err().to_string();
        assert!(said.starts_with("the kept certificate cannot be used"), "{said}");
        fs::write(&cache.orders, "[1, 2").unwrap();
        assert!(cache.orders().is_err());
        // Not even root can read a directory as a file.
        fs::remove_file(&cache.certificate).unwrap();
        fs::create_dir(&cache.certificate).unwrap();
        assert!(cache.certificate().is_err());
    }
}
