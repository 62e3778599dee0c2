//! How TLS is spoken, and where certificates come from.

use crate::config::{
    mistake::Wrong,
    settings::{Setting, TakesEffect, or_none, path, put, quoted},
    tls,
};

pub(crate) const SETTINGS: &[Setting] = &[
    Setting {
        key: "tls.mode",
        variable: "E6_TLS",
        flag: "--tls",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.tls.mode, tls::Mode::parse(text)),
        show: |config| quoted(config.tls.mode.name()),
    },
    Setting {
        key: "tls.cert",
        variable: "E6_TLS_CERT",
        flag: "--tls-cert",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.tls.cert, path(text).map(Some)),
        show: |config| or_none(config.tls.cert.as_deref()),
    },
    Setting {
        key: "tls.key",
        variable: "E6_TLS_KEY",
        flag: "--tls-key",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.tls.key, path(text).map(Some)),
        show: |config| or_none(config.tls.key.as_deref()),
    },
    Setting {
        key: "tls.certs",
        variable: "E6_CERTS",
        flag: "--certs",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.tls.certs, path(text)),
        show: |config| quoted(&config.tls.certs.display().to_string()),
    },
    Setting {
        key: "tls.hsts",
        variable: "E6_HSTS",
        flag: "--hsts",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.tls.hsts, tls::hsts(text)),
        show: |config| config.tls.hsts.as_secs().to_string(),
    },
    Setting {
        key: "acme.email",
        variable: "E6_ACME",
        flag: "--acme",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.acme.email, tls::email(text).map(Some)),
        show: |config| config.acme.email.as_ref().map_or("(none)".into(), |email| quoted(email)),
    },
    Setting {
        key: "acme.directory",
        variable: "E6_ACME_DIRECTORY",
        flag: "--acme-directory",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.acme.directory, tls::directory(text)),
        show: |config| quoted(&config.acme.directory),
    },
    Setting {
        key: "",
        variable: "E6_ACME_STAGING",
        flag: "--acme-staging",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| match text {
            "true" => put(&mut config.acme.directory, Ok(tls::LETS_ENCRYPT_STAGING_DIRECTORY.into())),
            _ => Err(Wrong::new(format!("{text:?} is not \"true\""), "leave it away to ask the real CA")),
        },
        show: |_| String::new(),
    },
    Setting {
        key: "acme.ca",
        variable: "E6_ACME_CA",
        flag: "--acme-ca",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.acme.ca, path(text).map(Some)),
        show: |config| or_none(config.acme.ca.as_deref()),
    },
    Setting {
        key: "acme.challenge",
        variable: "E6_ACME_CHALLENGE",
        flag: "--acme-challenge",
        takes_effect: TakesEffect::AtReload,
        set: |config, text| put(&mut config.acme.challenge, tls::challenge(text)),
        show: |config| quoted(tls::challenge_name(config.acme.challenge)),
    },
];
