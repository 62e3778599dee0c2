//! Names and certificates: what was typed becomes a source of certificates, or what is missing is said.

use super::{
    Config, Listeners,
    mistake::{Wrong, one_of},
};
use crate::edge::{Files, Source};
use std::{path::PathBuf, time::Duration};

/// Beside the working directory, where a developer finds it.
const DEFAULT_CERTS: &str = "certs";
/// Five minutes: long enough to be noticed when HTTPS breaks, short enough to go back.
const DEFAULT_HSTS: Duration = Duration::from_secs(5 * 60);

/// How TLS is spoken.
#[derive(Debug, Clone, PartialEq)]
pub struct Tls {
    /// Where certificates come from.
    pub mode: Mode,
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
pub enum Mode {
    /// Two files that somebody else renews.
    Files,
    /// This process.
    SelfSigned,
    /// Nowhere: another proxy speaks TLS.
    Off,
}

impl Mode {
    const NAMES: [(&str, Mode); 3] =
        [("files", Mode::Files), ("self-signed", Mode::SelfSigned), ("off", Mode::Off)];

    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        one_of(text, "way to get certificates", &Self::NAMES)
    }

    /// As it is typed.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, mode)| *mode == self).map_or("", |(name, _)| name)
    }
}

impl Default for Tls {
    fn default() -> Self {
        Tls { mode: Mode::SelfSigned, cert: None, key: None, certs: DEFAULT_CERTS.into(), hsts: DEFAULT_HSTS }
    }
}

impl Config {
    /// What follows from what was typed, where it was left open: `typed` tells which keys were.
    pub(super) fn derive(&mut self, typed: impl Fn(&str) -> bool) {
        if !typed("tls.mode") && (self.tls.cert.is_some() || self.tls.key.is_some()) {
            self.tls.mode = Mode::Files;
        }
        if self.tls.mode == Mode::Off && !typed("listen.https") {
            self.listen.https = None;
        }
    }

    /// Where certificates come from; none without TLS.
    ///
    /// # Errors
    /// What has to be typed besides.
    pub fn source(&self) -> Result<Option<Source>, String> {
        let Listeners { https, .. } = self.listen;
        match (self.tls.mode, https) {
            (Mode::Off, Some(https)) => Err(format!(
                "tls.mode is off, so nothing can listen on {https}: turn listen.https off as well"
            )),
            (_, None) => Ok(None),
            (Mode::SelfSigned, _) => Ok(Some(Source::SelfSigned(self.tls.certs.clone()))),
            (Mode::Files, _) => match (&self.tls.cert, &self.tls.key) {
                (Some(cert), Some(key)) => {
                    Ok(Some(Source::Files(Files { cert: cert.clone(), key: key.clone() })))
                }
                _ => Err("certificates from files need two: name both tls.cert and tls.key".into()),
            },
        }
    }
}

/// DNS names as a client sends them: lower-case, ASCII, at least one. Several are parted by commas.
pub(super) fn domains(text: &str) -> Result<Vec<String>, Wrong> {
    let names = text.split(',').map(|name| name.trim().to_ascii_lowercase());
    names
        .map(|name| {
            let valid = rustls::pki_types::DnsName::try_from(name.as_str()).is_ok() && !name.ends_with('.');
            match valid && name.parse::<std::net::IpAddr>().is_err() {
                true => Ok(name),
                false => Err(Wrong::new(
                    format!("{name:?} is no domain name"),
                    "write names like \"example.org, www.example.org\", in ASCII (xn--…), without port or *",
                )),
            }
        })
        .collect()
}

/// Seconds, up to two years.
pub(super) fn hsts(text: &str) -> Result<Duration, Wrong> {
    match text.parse() {
        Ok(seconds @ 0..=63_072_000) => Ok(Duration::from_secs(seconds)),
        _ => Err(Wrong::new(
            format!("{text:?} is no number of seconds up to two years"),
            "write 300 at first, 31536000 once all is well, or 0 for none",
        )),
    }
}
