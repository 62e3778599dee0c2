//! Domains, TLS and ACME: the settings, and the source of certificates that follows from them.

use crate::{
    config::{
        Config, Environment, SYSTEM_DATA_DIR,
        mistake::{InvalidValue, one_of},
    },
    net::outgoing::OutgoingProxy,
    tls::{
        CertificateSource,
        acme::{Ca, ChallengeType},
        files::CertificateFiles,
    },
};
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
pub(crate) use rustls_acme::acme::LETS_ENCRYPT_STAGING_DIRECTORY;
use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

/// In the working directory, where a developer finds it.
const DEFAULT_CERTS: &str = "certs";
/// Five minutes: long enough to notice that HTTPS is broken, short enough to go back to HTTP.
const DEFAULT_HSTS: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Clone, PartialEq)]
pub struct TlsSettings {
    pub mode: CertificateMode,
    /// The certificate chain as PEM, leaf first; for `files`.
    pub cert: Option<PathBuf>,
    /// The private key as PEM; for `files`.
    pub key: Option<PathBuf>,
    /// The directory of the self-signed certificate.
    pub certs: PathBuf,
    /// `max-age` of `Strict-Transport-Security` for the site's domains (RFC 6797); zero omits the field.
    pub hsts: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateMode {
    Acme,
    /// Two files that another program renews.
    Files,
    /// This process, which signs its own.
    SelfSigned,
    /// None: a reverse proxy terminates TLS.
    Off,
}

impl CertificateMode {
    const NAMES: [(&str, CertificateMode); 4] = [
        ("acme", CertificateMode::Acme),
        ("files", CertificateMode::Files),
        ("self-signed", CertificateMode::SelfSigned),
        ("off", CertificateMode::Off),
    ];

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        one_of(text, "way to get certificates", &Self::NAMES)
    }

    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

impl Default for TlsSettings {
    fn default() -> Self {
        TlsSettings {
            mode: CertificateMode::SelfSigned,
            cert: None,
            key: None,
            certs: DEFAULT_CERTS.into(),
            hsts: DEFAULT_HSTS,
        }
    }
}

/// The CA for certificates by ACME, and the challenge.
#[derive(Debug, Clone, PartialEq)]
pub struct AcmeSettings {
    /// The contact address for the CA. If it is set, the default mode is `acme`.
    pub email: Option<String>,
    pub directory: String,
    /// The CA's own root as PEM; none uses the public roots.
    pub ca: Option<PathBuf>,
    pub challenge: ChallengeType,
    /// The environment's proxy for requests to the CA; none connects directly.
    pub proxy: Option<OutgoingProxy>,
}

impl Default for AcmeSettings {
    fn default() -> Self {
        AcmeSettings {
            email: None,
            directory: LETS_ENCRYPT_PRODUCTION_DIRECTORY.into(),
            ca: None,
            challenge: ChallengeType::TlsAlpn01,
            proxy: None,
        }
    }
}

const CHALLENGES: [(&str, ChallengeType); 2] =
    [("tls-alpn-01", ChallengeType::TlsAlpn01), ("http-01", ChallengeType::Http01)];

pub(crate) fn challenge(text: &str) -> Result<ChallengeType, InvalidValue> {
    one_of(text, "challenge", &CHALLENGES)
}

pub(crate) fn challenge_name(challenge: ChallengeType) -> &'static str {
    CHALLENGES.iter().find(|(_, known)| *known == challenge).map_or("", |(name, _)| name)
}

impl Config {
    /// Derives settings that were not typed from those that were; `typed` tells whether a key was.
    pub(crate) fn derive(&mut self, typed: impl Fn(&str) -> bool, environment: &dyn Environment) {
        self.listen.defaults.retain(|kind| !typed(&format!("listen.{}", kind.name())));
        if !typed("tls.mode") {
            if self.tls.cert.is_some() || self.tls.key.is_some() {
                self.tls.mode = CertificateMode::Files;
            } else if self.acme.email.is_some() {
                self.tls.mode = CertificateMode::Acme;
            }
        }
        if self.tls.mode == CertificateMode::Acme {
            // The CA and the visitors of a domain connect to the default ports.
            let everywhere = |port| vec![SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port).into()];
            if !typed("listen.http") {
                self.listen.http = everywhere(80);
            }
            if !typed("listen.https") {
                self.listen.https = everywhere(443);
            }
        }
        if self.user.is_some() && !typed("data.dir") && environment.get("STATE_DIRECTORY").is_none() {
            self.data_dir = Some(SYSTEM_DATA_DIR.into());
        }
        if self.tls.mode == CertificateMode::Off && !typed("listen.https") {
            self.listen.https.clear();
        }
    }

    /// The source of certificates; none without TLS.
    pub fn source(&self) -> Result<Option<CertificateSource>, String> {
        match (self.tls.mode, self.listen.https.first()) {
            (CertificateMode::Off, Some(https)) => Err(format!(
                "tls.mode is off, so nothing can listen on {https}: turn listen.https off as well"
            )),
            (CertificateMode::Acme | CertificateMode::Files, None) => {
                Err("listen.https is off, so no client would see it: turn it on, or type --tls off".into())
            }
            (_, None) => Ok(None),
            (CertificateMode::Acme, _) => self.ca().map(|ca| Some(CertificateSource::Acme(ca))),
            (CertificateMode::SelfSigned, _) => {
                Ok(Some(CertificateSource::SelfSigned(self.tls.certs.clone())))
            }
            (CertificateMode::Files, _) => match (&self.tls.cert, &self.tls.key) {
                (Some(cert), Some(key)) => Ok(Some(CertificateSource::Files(CertificateFiles {
                    cert: cert.clone(),
                    key: key.clone(),
                }))),
                _ => Err("certificates from files need two: name both tls.cert and tls.key".into()),
            },
        }
    }
}

impl Config {
    fn ca(&self) -> Result<Ca, String> {
        if self.domains.is_empty() {
            return Err("no domain to get it for: use --domain NAME or site.domains".into());
        }
        let email = self.acme.email.clone().ok_or("no email for the CA: use --acme EMAIL or acme.email")?;
        let data = self.data_dir.as_ref();
        let dir = data.ok_or("no directory to keep it in: use --data-dir DIR or data.dir")?.join("acme");
        if self.acme.challenge == ChallengeType::Http01 && self.listen.http.is_empty() {
            return Err("the challenge http-01 needs listen.http, which is off: turn it on".into());
        }
        let AcmeSettings { directory, ca, challenge, proxy, .. } = self.acme.clone();
        let ca = Ca { directory, email, root: ca, challenge, proxy, dir };
        match ca.own_roots() {
            Ok(_) => Ok(ca),
            Err(error) => Err(format!("acme.ca cannot be used ({error}): name a PEM file of the CA's root")),
        }
    }
}

pub(crate) fn email(text: &str) -> Result<String, InvalidValue> {
    let valid = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    match valid && text.chars().all(|c| c.is_ascii_graphic() && c != ',') {
        true => Ok(text.to_owned()),
        false => {
            Err(InvalidValue::new(format!("{text:?} is no address"), "write one like \"you@example.org\""))
        }
    }
}

/// The URL of an ACME directory, with TLS unless it is on this machine.
pub(crate) fn directory(text: &str) -> Result<String, InvalidValue> {
    let uri = text.parse::<hyper::Uri>().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let valid = match uri.as_ref().and_then(|uri| uri.scheme_str()) {
        Some("https") => !host.is_empty(),
        Some("http") => ["localhost", "127.0.0.1", "[::1]"].contains(&host),
        _ => false,
    };
    match valid {
        true => Ok(text.to_owned()),
        false => Err(InvalidValue::new(
            format!("{text:?} is no ACME directory"),
            format!("write its URL, like {LETS_ENCRYPT_PRODUCTION_DIRECTORY:?}"),
        )),
    }
}

/// DNS names as a client sends them: lower-case, ASCII, at least one, separated by commas.
pub(crate) fn domains(text: &str) -> Result<Vec<String>, InvalidValue> {
    let mut names = Vec::new();
    for name in text.split(',').map(|name| name.trim().to_ascii_lowercase()) {
        let valid = rustls::pki_types::DnsName::try_from(name.as_str()).is_ok() && !name.ends_with('.');
        if !valid || name.parse::<IpAddr>().is_ok() {
            return Err(InvalidValue::new(
                format!("{name:?} is no domain name"),
                "write names like \"example.org, www.example.org\", in ASCII (xn--…), without port or *",
            ));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Seconds, up to two years.
pub(crate) fn hsts(text: &str) -> Result<Duration, InvalidValue> {
    match text.parse() {
        Ok(seconds @ 0..=63_072_000) => Ok(Duration::from_secs(seconds)),
        _ => Err(InvalidValue::new(
            format!("{text:?} is no number of seconds up to two years"),
            "write 300 at first, 31536000 once all is well, or 0 for none",
        )),
    }
}
