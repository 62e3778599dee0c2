//! The table of settings. One row is all it takes to add one: file, environment, flags and `e6 check` read it here.

use super::{
    Colour, Config,
    mistake::{Wrong, one_of},
    tls,
};
use crate::{
    page::Words,
    web::{LogDestination, LogFormat},
};
use hyper::Uri;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The longest word on the page; the page has room for no more.
const WORD_CAP: usize = 80;
/// The longest question.
const QUESTION_CAP: usize = 200;

/// One row.
pub(super) struct Setting {
    /// Where a file has it; empty where it makes no sense in one.
    pub key: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// Its flag; empty where there is none.
    pub flag: &'static str,
    /// Takes what was typed.
    pub set: fn(&mut Config, &str) -> Result<(), Wrong>,
    /// The present value.
    pub show: fn(&Config) -> String,
}

macro_rules! word {
    ($name:ident, $variable:literal) => {
        Setting {
            key: concat!("words.", stringify!($name)),
            variable: $variable,
            flag: "",
            set: |config, text| put(&mut config.words.$name, word(text, WORD_CAP)),
            show: |config| quoted(&config.words.$name),
        }
    };
}

/// All of them.
pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        key: "player.id",
        variable: "E6_PLAYER",
        flag: "--player",
        set: |config, text| put(&mut config.player.id, id(text)),
        show: |config| config.player.id.to_string(),
    },
    Setting {
        key: "player.club",
        variable: "E6_CLUB",
        flag: "--club",
        set: |config, text| put(&mut config.player.club, id(text).map(Some)),
        show: |config| config.player.club.map_or("(his own)".into(), |club| club.to_string()),
    },
    Setting {
        key: "words.question",
        variable: "E6_QUESTION",
        flag: "",
        set: |config, text| put(&mut config.words.question, question(text)),
        show: |config| quoted(&config.words.question),
    },
    word!(yes, "E6_YES"),
    word!(no, "E6_NO"),
    word!(not_yet, "E6_NOT_YET"),
    word!(so_far, "E6_SO_FAR"),
    word!(no_game, "E6_NO_GAME"),
    word!(unknown, "E6_UNKNOWN"),
    word!(injured, "E6_INJURED"),
    word!(suspended, "E6_SUSPENDED"),
    Setting {
        key: "colours.ground",
        variable: "E6_GROUND",
        flag: "",
        set: |config, text| put(&mut config.colours.ground, colour(text)),
        show: |config| quoted(&config.colours.ground.to_string()),
    },
    Setting {
        key: "colours.accent",
        variable: "E6_ACCENT",
        flag: "",
        set: |config, text| put(&mut config.colours.accent, colour(text)),
        show: |config| quoted(&config.colours.accent.to_string()),
    },
    Setting {
        key: "site.url",
        variable: "E6_URL",
        flag: "--url",
        set: |config, text| put(&mut config.url, origin(text).map(Some)),
        show: |config| config.public_url().map_or("(not known)".into(), |url| quoted(&url)),
    },
    Setting {
        key: "listen.http",
        variable: "E6_HTTP",
        flag: "--http",
        set: |config, text| put(&mut config.listen.http, address(text)),
        show: |config| listener(config.listen.http),
    },
    Setting {
        key: "listen.https",
        variable: "E6_HTTPS",
        flag: "--https",
        set: |config, text| put(&mut config.listen.https, address(text)),
        show: |config| listener(config.listen.https),
    },
    Setting {
        key: "listen.admin",
        variable: "E6_ADMIN",
        flag: "--admin",
        set: |config, text| put(&mut config.listen.admin, admin(text)),
        show: |config| listener(config.listen.admin),
    },
    Setting {
        key: "mlb.url",
        variable: "E6_MLB_URL",
        flag: "--mlb-url",
        set: |config, text| put(&mut config.mlb_url, url(text)),
        show: |config| quoted(&config.mlb_url),
    },
    Setting {
        key: "data.dir",
        variable: "E6_DATA_DIR",
        flag: "--data-dir",
        set: |config, text| put(&mut config.data_dir, path(text).map(Some)),
        show: |config| or_none(config.data_dir.as_deref()),
    },
    Setting {
        key: "site.domains",
        variable: "E6_DOMAIN",
        flag: "--domain",
        set: |config, text| put(&mut config.domains, tls::domains(text)),
        show: |config| format!("{:?}", config.domains),
    },
    Setting {
        key: "tls.mode",
        variable: "E6_TLS",
        flag: "--tls",
        set: |config, text| put(&mut config.tls.mode, tls::Mode::parse(text)),
        show: |config| quoted(config.tls.mode.name()),
    },
    Setting {
        key: "tls.cert",
        variable: "E6_TLS_CERT",
        flag: "--tls-cert",
        set: |config, text| put(&mut config.tls.cert, path(text).map(Some)),
        show: |config| or_none(config.tls.cert.as_deref()),
    },
    Setting {
        key: "tls.key",
        variable: "E6_TLS_KEY",
        flag: "--tls-key",
        set: |config, text| put(&mut config.tls.key, path(text).map(Some)),
        show: |config| or_none(config.tls.key.as_deref()),
    },
    Setting {
        key: "tls.certs",
        variable: "E6_CERTS",
        flag: "--certs",
        set: |config, text| put(&mut config.tls.certs, path(text)),
        show: |config| quoted(&config.tls.certs.display().to_string()),
    },
    Setting {
        key: "tls.hsts",
        variable: "E6_HSTS",
        flag: "--hsts",
        set: |config, text| put(&mut config.tls.hsts, tls::hsts(text)),
        show: |config| config.tls.hsts.as_secs().to_string(),
    },
    Setting {
        key: "acme.email",
        variable: "E6_ACME",
        flag: "--acme",
        set: |config, text| put(&mut config.acme.email, tls::email(text).map(Some)),
        show: |config| config.acme.email.as_ref().map_or("(none)".into(), |email| quoted(email)),
    },
    Setting {
        key: "acme.directory",
        variable: "E6_ACME_DIRECTORY",
        flag: "--acme-directory",
        set: |config, text| put(&mut config.acme.directory, tls::directory(text)),
        show: |config| quoted(&config.acme.directory),
    },
    Setting {
        key: "",
        variable: "E6_ACME_STAGING",
        flag: "--acme-staging",
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
        set: |config, text| put(&mut config.acme.ca, path(text).map(Some)),
        show: |config| or_none(config.acme.ca.as_deref()),
    },
    Setting {
        key: "acme.challenge",
        variable: "E6_ACME_CHALLENGE",
        flag: "--acme-challenge",
        set: |config, text| put(&mut config.acme.challenge, tls::challenge(text)),
        show: |config| quoted(tls::challenge_name(config.acme.challenge)),
    },
    Setting {
        key: "log.format",
        variable: "E6_LOG_FORMAT",
        flag: "--log-format",
        set: |config, text| put(&mut config.log_format, log_format(text)),
        show: |config| quoted(if config.log_format == LogFormat::Json { "json" } else { "combined" }),
    },
    Setting {
        key: "log.access",
        variable: "E6_ACCESS_LOG",
        flag: "--access-log",
        set: |config, text| put(&mut config.access_log, access_log(text)),
        show: |config| match &config.access_log {
            None => quoted("off"),
            Some(LogDestination::Stdout) => quoted("stdout"),
            Some(LogDestination::File(path)) => quoted(&path.display().to_string()),
        },
    },
    Setting {
        key: "log.level",
        variable: "E6_LOG_LEVEL",
        flag: "--log-level",
        set: |config, text| put(&mut config.log_level, log_level(text)),
        show: |config| quoted(&config.log_level.to_string()),
    },
    Setting {
        key: "",
        variable: "E6_ASSETS",
        flag: "--assets",
        set: |config, text| put(&mut config.assets, directory(text).map(Some)),
        show: |_| String::new(),
    },
    Setting {
        key: "",
        variable: "E6_READY_FILE",
        flag: "--ready-file",
        set: |config, text| put(&mut config.ready_file, path(text).map(Some)),
        show: |_| String::new(),
    },
    Setting {
        key: "",
        variable: "E6_CLOCK",
        flag: "--clock",
        set: |config, text| put(&mut config.clock, instant(text).map(Some)),
        show: |_| String::new(),
    },
];

fn put<T>(slot: &mut T, value: Result<T, Wrong>) -> Result<(), Wrong> {
    value.map(|value| *slot = value)
}

fn id(text: &str) -> Result<u32, Wrong> {
    let mend = "write the number from the address of his or its page, as in mlb.com/player/665487";
    match text.parse() {
        Ok(0) | Err(_) => Err(Wrong::new(format!("{text:?} is no id"), mend)),
        Ok(id) => Ok(id),
    }
}

fn word(text: &str, cap: usize) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "write what the page should say"));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new("it has a control character", "write it on one line, as plain text"));
    }
    match text.chars().count() {
        length if length > cap => {
            Err(Wrong::new(format!("it has {length} characters"), format!("write at most {cap}")))
        }
        _ => Ok(text.to_owned()),
    }
}

fn question(text: &str) -> Result<String, Wrong> {
    let question = word(text, QUESTION_CAP)?;
    if question.replace("{player}", "").contains(['{', '}']) {
        let example = Words::default().question;
        return Err(Wrong::new(
            "{player} is the only placeholder",
            format!("write something like {example:?}"),
        ));
    }
    Ok(question)
}

fn colour(text: &str) -> Result<Colour, Wrong> {
    let wrong = || Wrong::new(format!("{text:?} is no colour"), "write one like \"#2f241d\"");
    let digits = text.strip_prefix('#').ok_or_else(wrong)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let value = u32::from_str_radix(digits, 16).map_err(|_| wrong())?;
    match digits.len() {
        6 => Ok(Colour([16, 8, 0].map(|shift| (value >> shift) as u8))),
        3 => Ok(Colour([8, 4, 0].map(|shift| (value >> shift & 0xf) as u8 * 0x11))),
        _ => Err(wrong()),
    }
}

/// `ADDRESS:PORT`, `localhost:PORT`, `:PORT` for every address of the machine, or `off`.
fn address(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    if text == "off" {
        return Ok(None);
    }
    let spelled_out = match text.split_once(':') {
        Some(("", port)) => format!("[::]:{port}"),
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    spelled_out.parse().map(Some).map_err(|_| {
        let port = text.parse::<u16>().map_or("8080".into(), |port| port.to_string());
        let mend = format!(
            "write an address and a port like \"127.0.0.1:{port}\", \":{port}\" for every address of this machine, or \"off\""
        );
        Wrong::new(format!("{text:?} is no address to listen on"), mend)
    })
}

fn admin(text: &str) -> Result<Option<SocketAddr>, Wrong> {
    match address(text)? {
        Some(public) if !public.ip().is_loopback() => Err(Wrong::new(
            format!("{public} can be reached from other machines"),
            "write a loopback address like \"127.0.0.1:9100\", or \"off\"",
        )),
        admin => Ok(admin),
    }
}

fn url(text: &str) -> Result<String, Wrong> {
    let valid = text.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    match valid {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => {
            Err(Wrong::new(format!("{text:?} is no base URL"), "write one like \"https://statsapi.mlb.com\""))
        }
    }
}

/// A base URL without a path: this site is all there is at its address.
fn origin(text: &str) -> Result<String, Wrong> {
    let mend = "write where the site is, like \"https://example.org\"";
    let url = url(text).map_err(|wrong| Wrong::new(wrong.what, mend))?;
    let uri: Uri = url.parse().map_err(|_| Wrong::new(format!("{text:?} is no base URL"), mend))?;
    let plain =
        uri.path() == "/" && !uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if plain { Ok(url) } else { Err(Wrong::new(format!("{text:?} is more than an address"), mend)) }
}

fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "write a path"));
    }
    Ok(PathBuf::from(text))
}

fn directory(text: &str) -> Result<PathBuf, Wrong> {
    let dir = path(text)?;
    match dir.is_dir() {
        true => Ok(dir),
        false => Err(Wrong::new(format!("{text:?} is no directory"), "name one laid out like assets/")),
    }
}

fn instant(text: &str) -> Result<OffsetDateTime, Wrong> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| Wrong::new(format!("{text:?} is no time"), "write one like 2023-08-10T01:40:00Z"))
}

fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    one_of(text, "log format", &[("combined", LogFormat::Combined), ("json", LogFormat::Json)])
}

fn access_log(text: &str) -> Result<Option<LogDestination>, Wrong> {
    match text {
        "off" => Ok(None),
        "stdout" => Ok(Some(LogDestination::Stdout)),
        _ => path(text).map(|path| Some(LogDestination::File(path))),
    }
}

fn log_level(text: &str) -> Result<tracing::level_filters::LevelFilter, Wrong> {
    text.parse().map_err(|_| {
        Wrong::new(
            format!("{text:?} is no log level"),
            "write \"error\", \"warn\", \"info\", \"debug\" or \"trace\"",
        )
    })
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn or_none(path: Option<&Path>) -> String {
    path.map_or("(none)".into(), |path| quoted(&path.display().to_string()))
}

fn listener(address: Option<SocketAddr>) -> String {
    quoted(&address.map_or("off".into(), |address| address.to_string()))
}
