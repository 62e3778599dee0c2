//! Domains, TLS and ACME: the settings, and the source of certificates that follows from them.

use crate::{
    config::{Config, Environment, SYSTEM_DATA_DIR},
    name::{Named, named},
    net::outgoing::OutgoingProxy,
    tls::{
        CertificateSource,
        acme::{Ca, ChallengeType},
        files::CertificateFiles,
    },
};
use rustls_acme::acme::LETS_ENCRYPT_PRODUCTION_DIRECTORY;
use std::{
    net::{Ipv6Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

defaults! {
    #[derive(Debug, Clone, PartialEq)]
    pub struct TlsSettings {
        pub mode: CertificateMode = CertificateMode::SelfSigned,
        /// The certificate chain as PEM, leaf first; for `files`.
        pub cert: Option<PathBuf> = None,
        /// The private key as PEM; for `files`.
        pub key: Option<PathBuf> = None,
        /// The directory of the self-signed certificate: in the working directory, where a developer finds it.
        pub certs: PathBuf = "certs".into(),
        /// `max-age` of `Strict-Transport-Security` for the site's domains (RFC 6797); zero omits the field. Five
        /// minutes: long enough to notice that HTTPS is broken, short enough to go back to HTTP.
        pub hsts: Duration = Duration::from_secs(5 * 60),
    }
}

named! {
    pub enum CertificateMode {
        Acme = "acme",
        /// Two files that another program renews.
        Files = "files",
        /// This process, which signs its own.
        SelfSigned = "self-signed",
        /// None: a reverse proxy terminates TLS.
        Off = "off",
    }
}

defaults! {
    /// The CA for certificates by ACME, and the challenge.
    #[derive(Debug, Clone, PartialEq)]
    pub struct AcmeSettings {
        /// The contact address for the CA. If it is set, the default mode is `acme`.
        pub email: Option<String> = None,
        pub directory: String = LETS_ENCRYPT_PRODUCTION_DIRECTORY.into(),
        /// The CA's own root as PEM; none uses the public roots.
        pub ca: Option<PathBuf> = None,
        pub challenge: ChallengeType = ChallengeType::TlsAlpn01,
        /// The environment's proxy for requests to the CA; none connects directly.
        pub proxy: Option<OutgoingProxy> = None,
    }
}

impl Config {
    /// Derives settings that were not typed from those that were; `typed` tells whether a key was.
    pub(crate) fn derive(&mut self, typed: impl Fn(&str) -> bool, environment: &dyn Environment) {
        self.url = self.url.take().or_else(|| self.domains.first().map(|domain| format!("https://{domain}")));
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
        ca.own_roots().map_err(|error| {
            let root = ca.root.iter().map(|root| format!(" {}", root.display())).collect::<String>();
            format!("acme.ca{root} cannot be used ({error}): name a PEM file of the CA's root")
        })?;
        Ok(ca)
    }
}
