//! Checks the certificate source: where certificates come from, whether that works, and when the current one expires.

use crate::{
    app::check::Finding,
    config::Config,
    tls::{CertificateSource, acme::ChallengeType, certificate::Certificate},
};
use time::OffsetDateTime;

pub(crate) fn certificates(config: &Config) -> Vec<Finding> {
    let source = match config.source() {
        Err(why) => return vec![Finding::error("tls", why)],
        Ok(None) => return vec![Finding::fine("tls", "TLS is off: a proxy in front has to terminate it")],
        Ok(Some(source)) => source,
    };
    let mut found = vec![Finding::fine("tls", explained(&source, config))];
    match source.present() {
        Ok(None) => found.push(Finding::fine("certificate", "there is none yet: e6 gets one when it starts")),
        Ok(Some(certificate)) => {
            found.push(Finding::fine("certificate", lasting(&certificate)));
            let faults = match &source {
                CertificateSource::Files(files) => {
                    files.faults(&certificate, &config.domains, OffsetDateTime::now_utc())
                }
                _ => certificate.faults(&config.domains, OffsetDateTime::now_utc()),
            };
            found.extend(faults.into_iter().map(|fault| Finding::warning("certificate", fault)));
        }
        // A certificate that a start makes for itself is enough for this machine, but not for visitors.
        Err(why) => found.push(match source {
            CertificateSource::SelfSigned(_) => Finding::warning("certificate", why),
            CertificateSource::Acme(_) | CertificateSource::Files(_) => Finding::error("certificate", why),
        }),
    }
    found
}

fn explained(source: &CertificateSource, config: &Config) -> String {
    match source {
        CertificateSource::Acme(ca) => format!(
            "Certificates for {} come from {} and renew themselves; the CA validates on {}; certificates are kept in {}",
            config.domains.join(", "),
            ca.directory,
            match ca.challenge {
                ChallengeType::TlsAlpn01 => "port 443 of each name, which has to lead to listen.https",
                ChallengeType::Http01 => "port 80 of each name, which has to lead to listen.http",
            },
            ca.dir.display()
        ),
        CertificateSource::SelfSigned(dir) => format!(
            "The certificate is signed by itself and kept in {}: browsers warn; for one that they trust, use --domain NAME \
             --acme EMAIL, or --tls-cert and --tls-key",
            dir.display()
        ),
        CertificateSource::Files(files) => {
            format!("The certificate is read from {}; e6 serves renewed ones", files.cert.display())
        }
    }
}

fn lasting(certificate: &Certificate) -> String {
    let left = certificate.not_after - OffsetDateTime::now_utc();
    format!(
        "for {}, until {}, {} days from now",
        certificate.names.join(", "),
        certificate.not_after.date(),
        left.whole_days()
    )
}
