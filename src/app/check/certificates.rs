//! Where certificates come from, whether they can, and how long the present one lasts.

use crate::{
    app::check::Finding,
    config::Config,
    tls::{CertificateSource, acme::ChallengeType, certificate::Certificate},
};
use time::OffsetDateTime;

pub(crate) fn certificates(config: &Config) -> Vec<Finding> {
    let source = match config.source() {
        Err(why) => return vec![Finding::error("tls", why)],
        Ok(None) => return vec![Finding::fine("tls", "TLS is off: another proxy has to speak it")],
        Ok(Some(source)) => source,
    };
    let mut found = vec![Finding::fine("tls", explained(&source, config))];
    match source.present() {
        Ok(None) => found.push(Finding::fine("certificate", "there is none yet: the start sees to it")),
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
        // One that is made for the run only does for a machine, not for its visitors.
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
            "Certificates for {} come from {} and renew themselves; it looks for proof on {}; what it gives is kept in {}",
            config.domains.join(", "),
            ca.directory,
            match ca.challenge {
                ChallengeType::TlsAlpn01 => "port 443 of each name, which has to lead to listen.https",
                ChallengeType::Http01 => "port 80 of each name, which has to lead to listen.http",
            },
            ca.dir.display()
        ),
        CertificateSource::SelfSigned(dir) => format!(
            "The certificate is signed by itself and kept in {}: browsers warn; for one that they trust, type --domain NAME \
             --acme EMAIL, or --tls-cert and --tls-key",
            dir.display()
        ),
        CertificateSource::Files(files) => {
            format!("The certificate is read from {}; new ones are served as they come", files.cert.display())
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
