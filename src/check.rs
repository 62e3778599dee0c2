//! What `e6 check` says beyond the settings: where certificates come from, and whether they can.

use crate::{
    config::Config,
    edge::{Challenge, Files, Source},
};
use time::OffsetDateTime;

/// Explains the certificates on standard output, with warnings on standard error.
///
/// # Errors
/// Why there would be none.
pub fn certificates(config: &Config) -> Result<(), String> {
    match config.source()? {
        None => println!("\nTLS is off: another proxy has to speak it."),
        Some(Source::Acme(ca)) => println!(
            "\nCertificates for {} come from {} and renew themselves. It looks for proof on {}; what it gives is kept in {}.",
            config.domains.join(", "),
            ca.directory,
            match ca.challenge {
                Challenge::TlsAlpn01 => "port 443 of each name, which has to lead to listen.https",
                Challenge::Http01 => "port 80 of each name, which has to lead to listen.http",
            },
            ca.dir.display()
        ),
        Some(Source::SelfSigned(dir)) => println!(
            "\nThe certificate is signed by itself and kept in {}: browsers warn. For one that they trust: --domain NAME \
             --acme EMAIL, or --tls-cert and --tls-key.",
            dir.display()
        ),
        Some(Source::Files(files)) => of_files(&files, &config.domains)?,
    }
    Ok(())
}

fn of_files(files: &Files, names: &[String]) -> Result<(), String> {
    let certificate = files.certificate()?;
    println!(
        "\nThe certificate for {} is read from files and ends on {}; new ones are served as they come.",
        certificate.names.join(", "),
        certificate.not_after.date()
    );
    for fault in files.faults(&certificate, names, OffsetDateTime::now_utc()) {
        eprintln!("warning: {fault}");
    }
    Ok(())
}
