//! A certificate chain with its key: read from PEM, checked, and described.

use crate::{atomic_file, tls::pem};
use rustls::{crypto::aws_lc_rs, pki_types::ServerName, server::ParsedCertificate, sign::CertifiedKey};
use std::{error::Error, io, path::Path, sync::Arc};
use time::{Duration, OffsetDateTime};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// A certificate that expires within this time is reported, because renewal by hand needs some days.
const NEAR: Duration = Duration::days(14);

/// A certificate chain with its private key, ready to serve.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Chain and key, for the handshake.
    pub key: Arc<CertifiedKey>,
    /// The DNS names and IP addresses in its subject alternative name, if clients can read them: they stop at a name of
    /// a kind that they do not know.
    pub names: Vec<String>,
    pub not_before: OffsetDateTime,
    pub not_after: OffsetDateTime,
}

impl Certificate {
    /// Reads a PEM chain, leaf first, and a PEM key: PKCS#8, PKCS#1 or SEC1.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let chain =
            pem::certificates(chain).map_err(|error| format!("the certificate is no PEM: {error}"))?;
        let key = pem::private_key(key)?;
        let leaf = chain.first().ok_or("there is no certificate in it")?;
        let (_, parsed) =
            parse_x509_certificate(leaf).map_err(|error| format!("the certificate is damaged: {error}"))?;
        let names = parsed.subject_alternative_name()?.map(|names| &names.value.general_names);
        let names: Vec<_> = names.into_iter().flatten().filter_map(name).collect();
        let (not_before, not_after) =
            (parsed.validity().not_before.to_datetime(), parsed.validity().not_after.to_datetime());
        let key =
            CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(
                |error| match error {
                    rustls::Error::InconsistentKeys(_) => "the key belongs to another certificate".into(),
                    error => format!("certificate and key cannot be used: {error}"),
                },
            )?;
        let mut certificate = Certificate { key: Arc::new(key), names: Vec::new(), not_before, not_after };
        let is_covered = |name: &String| certificate.covers(&name.replacen('*', "any", 1));
        certificate.names = names.into_iter().filter(is_covered).collect();
        Ok(certificate)
    }

    /// Whether a client that connects to this name accepts the certificate (RFC 9525).
    pub fn covers(&self, name: &str) -> bool {
        let leaf = self.key.end_entity_cert().and_then(ParsedCertificate::try_from);
        match (leaf, ServerName::try_from(name)) {
            (Ok(leaf), Ok(name)) => rustls::client::verify_server_name(&leaf, &name).is_ok(),
            _ => false,
        }
    }

    /// Whether it is valid at this time and for each of these names.
    pub fn is_good(&self, names: &[String], now: OffsetDateTime) -> bool {
        (self.not_before..=self.not_after).contains(&now) && names.iter().all(|name| self.covers(name))
    }

    /// Its problems for these names at this time, as sentences.
    pub fn faults(&self, names: &[String], now: OffsetDateTime) -> Vec<String> {
        let mut faults = Vec::new();
        let (begin, end) = (self.not_before.date(), self.not_after.date());
        if now < self.not_before {
            faults.push(format!("the certificate is not valid before {begin}"));
        } else if now > self.not_after {
            faults.push(format!("the certificate has expired on {end}: renew it"));
        } else if now > self.not_after - NEAR && self.not_after - self.not_before > NEAR {
            faults.push(format!("the certificate expires on {end}: renew it"));
        }
        let own = if self.names.is_empty() { String::from("no name") } else { self.names.join(", ") };
        for name in names.iter().filter(|name| !self.covers(name)) {
            faults.push(format!("the certificate is not for {name} but for {own}"));
        }
        faults
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(octets) => match octets.len() {
            4 => Some(std::net::IpAddr::from(<[u8; 4]>::try_from(*octets).ok()?).to_string()),
            _ => Some(std::net::IpAddr::from(<[u8; 16]>::try_from(*octets).ok()?).to_string()),
        },
        _ => None,
    }
}

/// A self-signed certificate: chain and key as PEM.
pub(crate) struct SelfSignedPem {
    pub chain: String,
    pub key: String,
}

impl SelfSignedPem {
    /// A new certificate for these names, valid from a day ago, because some clients' clocks are behind.
    pub(crate) fn fresh(names: &[String], lasts: Duration) -> Result<Self, rcgen::Error> {
        let begin = OffsetDateTime::now_utc() - Duration::DAY;
        SelfSignedPem::between(names, begin, begin + lasts)
    }

    /// A certificate for these names, valid from `begin` to `end`.
    pub(crate) fn between(
        names: &[String],
        begin: OffsetDateTime,
        end: OffsetDateTime,
    ) -> Result<Self, rcgen::Error> {
        let key = rcgen::KeyPair::generate()?;
        let mut params = rcgen::CertificateParams::new(names.to_vec())?;
        (params.not_before, params.not_after) = (begin, end);
        params.distinguished_name = rcgen::DistinguishedName::new();
        let common = names.first().map_or("e6", String::as_str);
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("e6 on {common}"));
        Ok(SelfSignedPem { chain: params.self_signed(&key)?.pem(), key: key.serialize_pem() })
    }

    pub(crate) fn certificate(&self) -> Result<Certificate, Box<dyn Error + Send + Sync>> {
        Certificate::from_pem(self.chain.as_bytes(), self.key.as_bytes())
    }
}

/// Replaces a file atomically. The error names no path, because visitors may read it.
pub(crate) fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    atomic_file::replace(path, bytes, mode).map_err(|error| error.kind().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(names: &[&str]) -> Certificate {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        SelfSignedPem::fresh(&names, Duration::days(90)).unwrap().certificate().unwrap()
    }

    #[test]
    fn a_certificate_tells_its_names_and_its_end() {
        let certificate = made(&["example.org", "*.example.net", "127.0.0.1", "::1"]);
        assert_eq!(certificate.names, ["example.org", "*.example.net", "127.0.0.1", "::1"]);
        let left = certificate.not_after - OffsetDateTime::now_utc();
        assert!((Duration::days(88)..Duration::days(90)).contains(&left), "{left}");
        for (name, covered) in [
            ("example.org", true),
            ("EXAMPLE.org", true),
            ("a.example.net", true),
            ("127.0.0.1", true),
            ("www.example.org", false),
            ("example.net", false),
            ("not a name", false),
        ] {
            assert_eq!(certificate.covers(name), covered, "{name}");
        }
    }

    #[test]
    fn faults_are_said_in_words() {
        let certificate = made(&["example.org"]);
        let faults = |name: &str, after: Duration| {
            certificate.faults(&[name.to_owned()], OffsetDateTime::now_utc() + after).join("; ")
        };
        for (name, after, said) in [
            ("example.org", 0, ""),
            ("example.org", -3, "is not valid before"),
            ("example.org", 80, "expires on"),
            ("example.org", 91, "has expired on"),
            ("www.example.org", 0, "is not for www.example.org but for example.org"),
        ] {
            let faults = faults(name, Duration::days(after));
            assert!(if said.is_empty() { faults.is_empty() } else { faults.contains(said) }, "{faults}");
        }
    }

    #[test]
    fn a_short_lived_certificate_is_no_fault_all_its_life() {
        let pair = SelfSignedPem::fresh(&["example.org".into()], Duration::days(6)).unwrap();
        let faults = pair.certificate().unwrap().faults(&[], OffsetDateTime::now_utc() + Duration::days(2));
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn chain_and_key_must_belong_together() {
        let [one, other] =
            [(); 2].map(|()| SelfSignedPem::fresh(&["example.org".into()], Duration::days(9)).unwrap());
        let error = |chain: &str, key: &str| {
            Certificate::from_pem(chain.as_bytes(), key.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(error(&one.chain, &other.key), "the key belongs to another certificate");
        assert_eq!(error("", &one.key), "there is no certificate in it");
        assert!(error(&one.chain, "").starts_with("the key is no PEM"));
        let damaged = one.chain.replacen("MII", "AAA", 1);
        assert!(error(&damaged, &one.key).starts_with("the certificate is damaged"));
    }
}
