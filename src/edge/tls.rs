//! TLS: one provider, one server configuration, and a certificate for localhost made on first start.

use crate::connection::Tls;
use rustls::{
    HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    error::Error,
    fs,
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use time::{Duration, OffsetDateTime};

/// How long a self-signed certificate lasts: the longest that Apple's clients accept from a private issuer.
const SELF_SIGNED_LASTS: Duration = Duration::days(825);
/// It is made anew on a start this long before its end.
const SELF_SIGNED_RENEWAL: Duration = Duration::days(30);

/// A certificate chain with its key, ready to serve, and where it came from.
pub struct Certificate {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    /// For people: "self-signed, certs/cert.pem".
    pub source: String,
}

/// The certificate for localhost in this directory, made there if it is missing or old. What cannot be read is left
/// alone: then, and where nothing can be written, one is made for this run only.
///
/// # Errors
/// Only when no key can be made at all.
pub fn certificate(dir: &Path) -> Result<Certificate, Box<dyn Error>> {
    let files = Files { cert: dir.join("cert.pem"), key: dir.join("key.pem") };
    let (pair, source) = match files.read() {
        Ok(pair) if !files.are_old() => (pair, format!("self-signed, {}", files.cert.display())),
        Err(error) if !is_missing(&*error) => {
            tracing::warn!(
                %error, cert = %files.cert.display(), key = %files.key.display(),
                "cannot use this certificate: serving one made for this run; mend or remove the two files"
            );
            (Pair::fresh()?, String::from("self-signed, for this run only"))
        }
        _ => {
            let pair = Pair::fresh()?;
            match files.write(&pair) {
                Ok(()) => (pair, format!("self-signed, new, {}", files.cert.display())),
                Err(error) => {
                    tracing::warn!(%error, dir = %dir.display(), "cannot keep the new certificate: browsers will ask again after a restart");
                    (pair, String::from("self-signed, for this run only"))
                }
            }
        }
    };
    Ok(Certificate { config: Arc::new(pair.server_config()?), source })
}

/// What a finished handshake agreed on.
pub(super) fn agreed(session: &ServerConnection) -> Tls {
    Tls {
        version: match session.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
            _ => "TLSv1.2",
        },
        group: session.negotiated_key_exchange_group().and_then(|group| group.name().as_str()),
        resumed: session.handshake_kind() == Some(HandshakeKind::Resumed),
    }
}

struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<Pair, Box<dyn Error>> {
        let pair = Pair { cert: fs::read_to_string(&self.cert)?, key: fs::read_to_string(&self.key)? };
        pair.server_config()?;
        Ok(pair)
    }

    fn are_old(&self) -> bool {
        let written = fs::metadata(&self.cert).and_then(|meta| meta.modified());
        let age = written.map(|at| OffsetDateTime::now_utc() - OffsetDateTime::from(at));
        age.is_ok_and(|age| age > SELF_SIGNED_LASTS - SELF_SIGNED_RENEWAL)
    }

    fn write(&self, pair: &Pair) -> io::Result<()> {
        let dir = self.cert.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(dir)?;
        replace(dir, &self.key, &pair.key, 0o600)?;
        replace(dir, &self.cert, &pair.cert, 0o644)
    }
}

fn replace(dir: &Path, path: &Path, pem: &str, mode: u32) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(dir)?;
    file.write_all(pem.as_bytes())?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn is_missing(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// Certificate and key as PEM.
struct Pair {
    cert: String,
    key: String,
}

impl Pair {
    fn fresh() -> Result<Self, Box<dyn Error>> {
        let key = rcgen::KeyPair::generate()?;
        let mut params =
            rcgen::CertificateParams::new(["localhost", "127.0.0.1", "::1"].map(String::from).to_vec())?;
        let now = OffsetDateTime::now_utc();
        // Clocks of clients are sometimes behind.
        (params.not_before, params.not_after) =
            (now - Duration::DAY, now + SELF_SIGNED_LASTS - Duration::DAY);
        params.distinguished_name.push(rcgen::DnType::CommonName, "e6 on localhost");
        Ok(Pair { cert: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
    }

    /// TLS 1.3 and 1.2, HTTP/2 before HTTP/1.1, stateless tickets, no early data. Fails when certificate and key do not
    /// belong together.
    fn server_config(&self) -> Result<ServerConfig, Box<dyn Error>> {
        let chain = CertificateDer::pem_slice_iter(self.cert.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new()?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_start_makes_a_certificate_and_the_second_uses_it() {
        let dir = tempfile::tempdir().unwrap();
        assert!(certificate(dir.path()).unwrap().source.contains("new"));
        let cert = fs::read(dir.path().join("cert.pem")).unwrap();
        assert!(!certificate(dir.path()).unwrap().source.contains("new"));
        assert_eq!(fs::read(dir.path().join("cert.pem")).unwrap(), cert);
        let mode = fs::metadata(dir.path().join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_pair_that_does_not_match_is_left_alone_and_not_served() {
        let dir = tempfile::tempdir().unwrap();
        certificate(dir.path()).unwrap();
        let strangers = Pair::fresh().unwrap();
        fs::write(dir.path().join("key.pem"), &strangers.key).unwrap();
        assert!(certificate(dir.path()).unwrap().source.contains("this run only"));
        assert_eq!(fs::read_to_string(dir.path().join("key.pem")).unwrap(), strangers.key);
    }
}
