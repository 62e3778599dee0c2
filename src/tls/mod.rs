//! TLS certificates: their sources, the one that is served, and its renewal.
//!
//! A certificate is served from the first handshake on: the last good one, else a self-signed one. The current problem,
//! if any, is in `resolver::CertificateStatus`.

pub(crate) mod acme;
pub(crate) mod any_certificate;
pub(crate) mod certificate;
pub(crate) mod config;
pub(crate) mod files;
pub(crate) mod owner;
pub(crate) mod pem;
pub(crate) mod resolver;
pub(crate) mod self_signed;

use crate::tls::{acme::Ca, certificate::Certificate, files::CertificateFiles, resolver::CertificateOrigin};
use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    Acme(Ca),
    /// Files that another program renews.
    Files(CertificateFiles),
    /// This process: a self-signed certificate for this machine, kept in this directory.
    SelfSigned(PathBuf),
}

impl CertificateSource {
    pub(crate) fn origin(&self) -> CertificateOrigin {
        match self {
            CertificateSource::Acme(_) => CertificateOrigin::Acme,
            CertificateSource::Files(_) => CertificateOrigin::Files,
            CertificateSource::SelfSigned(_) => CertificateOrigin::SelfSigned,
        }
    }

    /// The certificate that a start would serve; none if there is none yet.
    pub fn present(&self) -> Result<Option<Certificate>, String> {
        match self {
            CertificateSource::Acme(ca) => ca.kept(),
            CertificateSource::Files(files) => {
                files.certificate().map(Some).map_err(|error| error.to_string())
            }
            CertificateSource::SelfSigned(dir) => self_signed::present(dir),
        }
    }
}
