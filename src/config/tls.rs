//! Names and certificates: what was typed becomes a source of certificates, or what is missing is said.

use crate::{
    config::{
        Config, Environment, SYSTEM_DATA_DIR,
        mistake::{InvalidValue, one_of},
    },
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

/// Beside the working directory, where a developer finds it.
const DEFAULT_CERTS: &str = "certs";
/// Five minutes: long enough to be noticed when HTTPS breaks, short enough to go back.
const DEFAULT_HSTS: Duration = Duration::from_secs(5 * 60);

/// How TLS is spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct TlsSettings {
    /// Where certificates come from.
    pub mode: CertificateMode,
    /// PEM, leaf first; for `files`.
    pub cert: Option<PathBuf>,
    /// PEM; for `files`.
    pub key: Option<PathBuf>,
    /// Where the self-signed certificate is kept.
    pub certs: PathBuf,
    /// How long browsers are told to insist on HTTPS for the site's domains (RFC 6797); zero does not tell them.
    pub hsts: Duration,
}

/// Where certificates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateMode {
    /// A CA that this process asks.
    Acme,
    /// Two files that somebody else renews.
    Files,
    /// This process.
    SelfSigned,
    /// Nowhere: another proxy speaks TLS.
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

    /// As it is typed.
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

/// Whom this process asks for certificates, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct AcmeSettings {
    /// Whom the CA may write to; naming it chooses this way.
    pub email: Option<String>,
    /// The CA's directory.
    pub directory: String,
    /// The CA's own root; else the web's.
    pub ca: Option<PathBuf>,
    /// How names are proven.
    pub challenge: ChallengeType,
}

impl Default for AcmeSettings {
    fn default() -> Self {
        AcmeSettings {
            email: None,
            directory: LETS_ENCRYPT_PRODUCTION_DIRECTORY.into(),
            ca: None,
            challenge: ChallengeType::TlsAlpn01,
        }
    }
}

const CHALLENGES: [(&str, ChallengeType); 2] =
    [("tls-alpn-01", ChallengeType::TlsAlpn01), ("http-01", ChallengeType::Http01)];

pub(crate) fn challenge(text: &str) -> Result<ChallengeType, InvalidValue> {
    one_of(text, "challenge", &CHALLENGES)
}

/// As it is typed.
pub(crate) fn challenge_name(challenge: ChallengeType) -> &'static str {
    CHALLENGES.iter().find(|(_, known)| *known == challenge).map_or("", |(name, _)| name)
}

impl Config {
    /// What follows from what was typed, where it was left open: `typed` tells which keys were.
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
            // A CA comes to the usual ports, and whoever names a domain wants to be found there.
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

    /// Where certificates come from; none without TLS.
    ///
    /// # Errors
    /// What has to be typed besides.
    pub fn source(&self) -> Result<Option<CertificateSource>, String> {
        match (self.tls.mode, self.listen.https.first()) {
            (CertificateMode::Off, Some(https)) => Err(format!(
                "tls.mode is off, so nothing can listen on {https}: turn listen.https off as well"
            )),
            (CertificateMode::Acme | CertificateMode::Files, None) => {
                Err("listen.https is off, so it would be shown to nobody: turn it on, or type --tls off"
                    .into())
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
            return Err("a CA has to know for which name: --domain NAME, or site.domains".into());
        }
        let email = self.acme.email.clone().ok_or("a CA wants an address: --acme EMAIL, or acme.email")?;
        let data = self.data_dir.as_ref();
        let dir = data.ok_or("the certificate has to be kept: --data-dir DIR, or data.dir")?.join("acme");
        if self.acme.challenge == ChallengeType::Http01 && self.listen.http.is_empty() {
            return Err("the challenge http-01 comes to listen.http, which is off: turn it on".into());
        }
        let AcmeSettings { directory, ca, challenge, .. } = self.acme.clone();
        let ca = Ca { directory, email, root: ca, challenge, dir };
        match ca.client() {
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

/// A directory that is asked over TLS; in clear only on this machine.
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

/// DNS names as a client sends them: lower-case, ASCII, at least one. Several are parted by commas.
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
