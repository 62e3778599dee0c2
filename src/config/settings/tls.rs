//! The settings of TLS and of the source of certificates.

use crate::config::{
    mistake::InvalidValue,
    settings::{Setting, or_none, path, put, quoted},
    tls,
};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("tls.mode", "E6_TLS")
        .help("Where certificates come from; \"off\" if another proxy terminates TLS")
        .flag("--tls", "acme|files|self-signed|off")
        .field(
            |config, text| put(&mut config.tls.mode, tls::CertificateMode::parse(text)),
            |config| quoted(config.tls.mode.name()),
        ),
    Setting::new("tls.cert", "E6_TLS_CERT")
        .help("Certificate chain as PEM, leaf first; read again when it changes")
        .flag("--tls-cert", "FILE")
        .example("\"/etc/e6/tls.crt\"")
        .field(
            |config, text| put(&mut config.tls.cert, path(text).map(Some)),
            |config| or_none(config.tls.cert.as_deref()),
        ),
    Setting::new("tls.key", "E6_TLS_KEY")
        .help("Its private key as PEM (PKCS#8, PKCS#1 or SEC1)")
        .flag("--tls-key", "FILE")
        .example("\"/etc/e6/tls.key\"")
        .field(
            |config, text| put(&mut config.tls.key, path(text).map(Some)),
            |config| or_none(config.tls.key.as_deref()),
        ),
    Setting::new("tls.certs", "E6_CERTS")
        .help("Where the self-signed certificate is kept")
        .flag("--certs", "DIR")
        .field(
            |config, text| put(&mut config.tls.certs, path(text)),
            |config| quoted(&config.tls.certs.display().to_string()),
        ),
    Setting::new("tls.hsts", "E6_HSTS")
        .help(
            "How long browsers insist on HTTPS for the domains, in seconds; raise it once \
            all is well",
        )
        .flag("--hsts", "SECONDS")
        .field(
            |config, text| put(&mut config.tls.hsts, tls::hsts(text)),
            |config| config.tls.hsts.as_secs().to_string(),
        ),
    Setting::new("acme.email", "E6_ACME")
        .help(
            "Get certificates for the domains from a CA, on ports 80 and 443, as this \
            address",
        )
        .flag("--acme", "EMAIL")
        .example("\"you@example.org\"")
        .field(
            |config, text| put(&mut config.acme.email, tls::email(text).map(Some)),
            |config| config.acme.email.as_ref().map_or("(none)".into(), |email| quoted(email)),
        ),
    Setting::new("acme.directory", "E6_ACME_DIRECTORY")
        .help("The CA's ACME directory")
        .flag("--acme-directory", "URL")
        .field(
            |config, text| put(&mut config.acme.directory, tls::directory(text)),
            |config| quoted(&config.acme.directory),
        ),
    Setting::new("", "E6_ACME_STAGING")
        .help(
            "Ask Let's Encrypt's staging CA: generous limits, certificates that no browser \
            trusts",
        )
        .switch("--acme-staging")
        .write_only(|config, text| match text {
            "true" => put(&mut config.acme.directory, Ok(tls::LETS_ENCRYPT_STAGING_DIRECTORY.into())),
            _ => Err(InvalidValue::new(
                format!("{text:?} is not \"true\""),
                "omit it to use the production CA",
            )),
        }),
    Setting::new("acme.ca", "E6_ACME_CA")
        .help("Another CA's own root as PEM")
        .flag("--acme-ca", "FILE")
        .example("\"/etc/e6/root.pem\"")
        .field(
            |config, text| put(&mut config.acme.ca, path(text).map(Some)),
            |config| or_none(config.acme.ca.as_deref()),
        ),
    Setting::new("acme.challenge", "E6_ACME_CHALLENGE")
        .help(
            "How the CA sees that a name leads here: tls-alpn-01 on port 443, http-01 on \
            port 80",
        )
        .flag("--acme-challenge", "tls-alpn-01|http-01")
        .field(
            |config, text| put(&mut config.acme.challenge, tls::challenge(text)),
            |config| quoted(tls::challenge_name(config.acme.challenge)),
        ),
];
