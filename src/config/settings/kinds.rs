//! The kinds of values: how each is read from text and written into a file.

use crate::{
    config::{
        CertificateMode, Http3Mode,
        mistake::{InvalidValue, one_of},
        settings::{
            quoted,
            values::{
                access_log, acme_directory, addresses, directory, domains, email, hsts, id, instant,
                listeners, log_level, max_age, mlb_proxy, mode, origin, over_tls, path, token, trusted,
                trusted_names, url, user,
            },
        },
    },
    http::access_log::LogDestination,
    mlb::Token,
    name::Named,
    net::{listen::Address, outgoing::OutgoingProxy},
    output::format::LogFormat,
    sandbox::User,
    tls::acme::ChallengeType,
    web::trusted_proxies::{ForwardedField, TrustedPeers},
};
use rustls_acme::acme::LETS_ENCRYPT_STAGING_DIRECTORY;
use std::{fmt::Display, path::PathBuf, time::Duration};
use time::OffsetDateTime;
use tracing::level_filters::LevelFilter;

pub(crate) struct Kind<T> {
    pub parse: fn(&str) -> Result<T, InvalidValue>,
    /// The value as the file has it; in parentheses if it is none.
    pub show: fn(&T) -> String,
}

pub(crate) const FLAG: Kind<bool> = Kind {
    parse: |text| one_of(text, "truth value", &[("true", true), ("false", false)]),
    show: bool::to_string,
};
pub(crate) const ID: Kind<u32> = Kind { parse: id, show: u32::to_string };
pub(crate) const CLUB: Kind<Option<u32>> = Kind {
    parse: |text| id(text).map(Some),
    show: |club| club.map_or("(his own)".into(), |club| club.to_string()),
};
pub(crate) const PATH: Kind<PathBuf> = Kind { parse: path, show: |path| quoted(&path.display()) };
pub(crate) const MAYBE_PATH: Kind<Option<PathBuf>> = Kind {
    parse: |text| path(text).map(Some),
    show: |path| or_none(path.as_ref().map(|path| path.display())),
};
pub(crate) const ASSETS: Kind<Option<PathBuf>> =
    Kind { parse: |text| directory(text).map(Some), show: MAYBE_PATH.show };
pub(crate) const TOKEN: Kind<Option<Token>> = Kind {
    parse: |text| token(text).map(Some),
    show: |token| or_none(token.as_ref().map(|token| token.file.display())),
};
pub(crate) const ORIGIN: Kind<Option<String>> = Kind {
    parse: |text| origin(text).map(Some),
    show: |url| url.as_ref().map_or("(not known)".into(), quoted),
};
pub(crate) const URL: Kind<String> = Kind { parse: url, show: quoted };
pub(crate) const DOMAINS: Kind<Vec<String>> = Kind { parse: domains, show: |names| format!("{names:?}") };
pub(crate) const LISTENERS: Kind<Vec<Address>> =
    Kind { parse: |text| addresses(text, Ok), show: |all| listeners(all) };
pub(crate) const TLS_LISTENERS: Kind<Vec<Address>> =
    Kind { parse: |text| addresses(text, over_tls), show: |all| listeners(all) };
pub(crate) const HTTP3: Kind<Http3Mode> =
    Kind { parse: |text| one_of(text, "mode of HTTP/3", Http3Mode::NAMES), show: name_of };
pub(crate) const MAX_AGE: Kind<Duration> = Kind { parse: max_age, show: |age| age.as_secs().to_string() };
pub(crate) const UNIX_MODE: Kind<u32> =
    Kind { parse: mode, show: |mode| quoted(&format_args!("{mode:04o}")) };
pub(crate) const PROXY: Kind<Option<OutgoingProxy>> =
    Kind { parse: |text| mlb_proxy(text).map(Some), show: |proxy| or_none(proxy.as_ref()) };
pub(crate) const TRUSTED: Kind<TrustedPeers> = Kind { parse: trusted, show: trusted_names };
pub(crate) const FORWARDED: Kind<ForwardedField> =
    Kind { parse: |text| one_of(text, "field", ForwardedField::NAMES), show: name_of };
pub(crate) const CERTIFICATES: Kind<CertificateMode> =
    Kind { parse: |text| one_of(text, "way to get certificates", CertificateMode::NAMES), show: name_of };
pub(crate) const HSTS: Kind<Duration> = Kind { parse: hsts, show: MAX_AGE.show };
pub(crate) const EMAIL: Kind<Option<String>> =
    Kind { parse: |text| email(text).map(Some), show: |email| or_none(email.as_ref()) };
pub(crate) const ACME_DIRECTORY: Kind<String> = Kind { parse: acme_directory, show: URL.show };
pub(crate) const STAGING: Kind<String> = Kind {
    parse: |text| match text {
        "true" => Ok(LETS_ENCRYPT_STAGING_DIRECTORY.into()),
        _ => Err(InvalidValue::new(format!("{text:?} is not \"true\""), "omit it to use the production CA")),
    },
    show: |_| String::new(),
};
pub(crate) const CHALLENGE: Kind<ChallengeType> =
    Kind { parse: |text| one_of(text, "challenge", ChallengeType::NAMES), show: name_of };
pub(crate) const USER: Kind<Option<User>> =
    Kind { parse: |name| user(name).map(Some), show: |user| or_none(user.as_ref().map(|user| &user.name)) };
pub(crate) const LOG_FORMAT: Kind<LogFormat> =
    Kind { parse: |text| one_of(text, "log format", LogFormat::NAMES), show: name_of };
pub(crate) const ACCESS_LOG: Kind<Option<LogDestination>> = Kind {
    parse: access_log,
    show: |destination| match destination {
        None => quoted("off"),
        Some(LogDestination::Stdout) => quoted("stdout"),
        Some(LogDestination::File(path)) => quoted(&path.display()),
    },
};
pub(crate) const LOG_LEVEL: Kind<LevelFilter> = Kind { parse: log_level, show: quoted };
pub(crate) const TIME: Kind<Option<OffsetDateTime>> =
    Kind { parse: |text| instant(text).map(Some), show: |at| or_none(at.as_ref()) };

/// The name of a value, in quotes.
pub(crate) fn name_of<T: Named>(value: &T) -> String {
    quoted(value.name())
}

/// The value in quotes, or that there is none.
pub(crate) fn or_none(value: Option<impl Display>) -> String {
    value.map_or("(none)".into(), |value| quoted(&value))
}
