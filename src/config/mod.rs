//! The configuration: flags, environment, e6.toml and defaults, in this order of precedence, become one valid
//! [`Config`], or a list of every mistake with its place and fix.

/// Declares settings, each with its default.
macro_rules! defaults {
    (
        $(#[$of_struct:meta])*
        pub struct $type:ident { $($(#[$about:meta])* pub $name:ident: $of:ty = $default:expr,)* }
    ) => {
        $(#[$of_struct])*
        pub struct $type { $($(#[$about])* pub $name: $of,)* }

        impl Default for $type {
            fn default() -> Self {
                $type { $($name: $default,)* }
            }
        }
    };
}

pub(crate) mod environment;
pub(crate) mod flags;
pub(crate) mod mistake;
pub(crate) mod reference;
pub(crate) mod settings;
pub(crate) mod source;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub use crate::config::environment::{Environment, ProcessEnvironment};
pub use crate::config::flags::Flags;
pub use crate::config::mistake::{ConfigErrors, SettingPlace};
pub use crate::config::source::{load, load_despite_mistakes};
pub use crate::config::tls::{AcmeSettings, CertificateMode, TlsSettings};

use crate::{
    config::settings::Setting,
    connection::ListenerKind,
    http::access_log::LogDestination,
    language::PerLanguage,
    limits::{Limits, TakesEffect},
    mlb::{Endpoint, Token},
    name::{Named, named},
    net::{listen::Address, outgoing::OutgoingProxy},
    notify::Hook,
    output::format::LogFormat,
    page::{Colours, Voice, Words},
    sandbox::User,
    web::trusted_proxies::TrustedProxies,
};
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::Duration,
};
use time::OffsetDateTime;
use toml::de::DeValue;
use tracing::level_filters::LevelFilter;

/// The settings file if no other is named.
const DEFAULT_FILE: &str = "e6.toml";
/// The variable that names another file; it is not a setting.
const FILE_VARIABLE: &str = "E6_CONFIG";
/// Name of the pid file in the runtime directory, else in the data directory.
const PID_FILE: &str = "e6.pid";

defaults! {
    /// The configuration, validated.
    #[derive(Debug, Clone, PartialEq)]
    pub struct Config {
        /// The settings file; the default one need not exist.
        pub file: PathBuf = DEFAULT_FILE.into(),
        /// Fernando Tatis Jr. (mlb.com/player/665487), whose errors this site was made for.
        pub player: PlayerChoice = PlayerChoice { id: 665_487, club: None },
        pub words: PerLanguage<Words> = PerLanguage::of(Words::of),
        pub voice: Voice = Voice::default(),
        pub colours: Colours = Colours::default(),
        /// The site's public origin, without a slash at the end; none if neither it nor a domain is configured.
        pub url: Option<String> = None,
        pub listen: ListenAddresses = ListenAddresses::default(),
        /// The reverse proxies that are trusted to name the client.
        pub proxies: TrustedProxies = TrustedProxies::default(),
        /// Base URL of MLB's Stats API, without a trailing slash.
        pub mlb_url: String = "https://statsapi.mlb.com".into(),
        /// The token for the relay at `mlb_url`; none if that is MLB itself.
        pub mlb_token: Option<Token> = None,
        /// The token that clients of our relay send; none turns the relay off.
        pub relay_token: Option<Token> = None,
        /// The outgoing proxy for requests to MLB.
        pub mlb_proxy: MlbProxy = MlbProxy::default(),
        /// The hooks that are notified of a change of the answer.
        pub notify: Vec<Hook> = Vec::new(),
        /// The directory for the last good state; none saves no state.
        pub data_dir: Option<PathBuf> = None,
        /// The site's names, in lower case, the canonical one first; without any, every name is answered.
        pub domains: Vec<String> = Vec::new(),
        /// The user the process switches to once it listens; none keeps the present user.
        pub user: Option<User> = None,
        /// Whether the process then confines itself with Landlock.
        pub landlock: bool = true,
        /// TLS and the source of certificates.
        pub tls: TlsSettings = TlsSettings::default(),
        /// The CA for certificates by ACME.
        pub acme: AcmeSettings = AcmeSettings::default(),
        /// A directory to read assets from instead of the embedded ones.
        pub assets: Option<PathBuf> = None,
        /// The file to write once serving.
        pub ready_file: Option<PathBuf> = None,
        /// The pid file, if it is not in its default place.
        pub pid_file: Option<PathBuf> = None,
        /// The service's runtime directory, from systemd.
        pub runtime_dir: Option<PathBuf> = None,
        /// The start of the site's clock; none is the system's clock.
        pub clock: Option<OffsetDateTime> = None,
        pub log_format: LogFormat = LogFormat::Combined,
        /// The destination of the access log; none turns it off.
        pub access_log: Option<LogDestination> = Some(LogDestination::Stdout),
        /// The least severe level that is logged.
        pub log_level: LevelFilter = LevelFilter::INFO,
        /// The limits on peers and on MLB.
        pub limits: Limits = Limits::of_this_machine(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerChoice {
    /// MLB's person id.
    pub id: u32,
    /// MLB's team id, in place of the player's own club.
    pub club: Option<u32>,
}

/// The outgoing proxy for requests to MLB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MlbProxy {
    /// The configured proxy; none is the environment's.
    pub configured: Option<OutgoingProxy>,
    /// The file with the user and password for it.
    pub credentials: Option<PathBuf>,
    /// The proxy in use, from these settings and the environment; none connects directly.
    pub on_the_way: Option<OutgoingProxy>,
}

defaults! {
    /// The addresses to listen on; an empty list turns a kind of listener off.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ListenAddresses {
        /// HTTP/1.1 without TLS. A port that needs no privilege.
        pub http: Vec<Address> = loopback(8080),
        /// HTTP/2 and HTTP/1.1 over TLS; TCP only.
        pub https: Vec<Address> = loopback(8443),
        pub http3: Http3Settings = Http3Settings::default(),
        /// Metrics and health for operators. The port is outside 9100 to 9999, where Prometheus exporters have their
        /// defaults (node_exporter: 9100), and below the range of ports of outgoing connections.
        pub admin: Vec<Address> = loopback(8606),
        /// The mode of Unix sockets, as in `chmod`. Owner and group: a reverse proxy on this machine connects as a
        /// member of the group.
        pub unix_mode: u32 = 0o660,
        /// The kinds of listener at their default addresses. If one of these is in use, e6 starts without it.
        pub defaults: Vec<ListenerKind> = ListenerKind::all().collect(),
    }
}

defaults! {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Http3Settings {
        pub mode: Http3Mode = Http3Mode::Auto,
        /// Time for which a browser remembers from `Alt-Svc` that the site has HTTP/3; zero makes it forget. The
        /// default is that of RFC 7838 §3.1.
        pub max_age: Duration = Duration::from_secs(24 * 60 * 60),
        /// Whether a connection stays open when its client's address changes.
        pub migration: bool = true,
    }
}

named! {
    /// Whether HTTP/3 is on, and whether responses advertise it (`Alt-Svc`).
    pub enum Http3Mode {
        Off = "off",
        /// On if its ports are free; advertised unless the certificate is self-signed.
        Auto = "auto",
        /// On, or e6 does not start; advertised.
        On = "on",
    }
}

/// The site is not on the internet by default.
fn loopback(port: u16) -> Vec<Address> {
    vec![Address::Tcp((Ipv4Addr::LOCALHOST, port).into())]
}

impl ListenAddresses {
    pub fn of(&self, kind: ListenerKind) -> &[Address] {
        match kind {
            ListenerKind::Http => &self.http,
            ListenerKind::Https => &self.https,
            ListenerKind::Http3 if self.http3.mode == Http3Mode::Off => &[],
            ListenerKind::Http3 => &self.https,
            ListenerKind::Admin => &self.admin,
        }
    }
}

impl Config {
    /// The defaults, with the directories that the environment names.
    pub fn defaults(environment: &dyn Environment) -> Self {
        Config {
            data_dir: default_data_dir(environment),
            runtime_dir: directory(environment, "RUNTIME_DIRECTORY"),
            ..Config::default()
        }
    }

    /// The contact URL in the User-Agent of requests to others: the site, or else the page of the player.
    pub fn contact(&self) -> String {
        self.url.clone().unwrap_or_else(|| format!("https://www.mlb.com/player/{}", self.player.id))
    }

    /// The endpoint of MLB's Stats API, with token, contact and proxy.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            url: self.mlb_url.clone(),
            token: self.mlb_token.clone(),
            // MLB's terms allow individual, non-bulk use.
            contact: self.contact(),
            proxy: self.mlb_proxy.on_the_way.clone(),
        }
    }

    /// The path of the pid file; none without a directory for it.
    pub fn pid_file(&self) -> Option<PathBuf> {
        let usual = || Some(self.runtime_dir.as_ref().or(self.data_dir.as_ref())?.join(PID_FILE));
        self.pid_file.clone().or_else(usual)
    }

    /// The keys of settings whose values differ from those in force.
    pub fn waiting(&self, in_force: &Config) -> Vec<&'static str> {
        let differs = |setting: &&Setting| setting.show(self) != setting.show(in_force);
        settings::all().filter(differs).map(|setting| setting.key).collect()
    }

    /// This configuration, with the running process's values of settings that take effect at a start.
    pub fn keeping(&self, running: &Config) -> Self {
        let mut config = self.clone();
        for setting in settings::all().filter(|setting| setting.takes_effect == TakesEffect::AtStart) {
            setting.keep(&mut config, running);
        }
        config
    }

    /// Every setting that a file can hold, with its current value, in the order of the file.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let rows = settings::all().filter(|setting| !setting.key.is_empty());
        rows.map(|setting| (setting.key, setting.show(self))).collect()
    }
}

/// The settings file that is named by `--config` or the environment, or the default one.
pub fn settings_file(file: Option<&Path>, environment: &dyn Environment) -> PathBuf {
    named_file(file, environment).unwrap_or_else(|| DEFAULT_FILE.into())
}

fn named_file(file: Option<&Path>, environment: &dyn Environment) -> Option<PathBuf> {
    file.map(Path::to_owned).or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from))
}

/// The place of a setting, or of the first one in a section, in the order of the file.
pub(crate) fn position(key: &str) -> usize {
    let is_it = |setting: &Setting| {
        setting.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    settings::all().position(is_it).unwrap_or(usize::MAX)
}

/// The data directory after a switch of user, who cannot read root's home (Filesystem Hierarchy Standard).
const SYSTEM_DATA_DIR: &str = "/var/lib/e6";

/// The service's state directory, from systemd, else the user's (XDG Base Directory).
fn default_data_dir(environment: &dyn Environment) -> Option<PathBuf> {
    directory(environment, "STATE_DIRECTORY")
        .or_else(|| directory(environment, "XDG_STATE_HOME").map(|home| home.join("e6")))
        .or_else(|| directory(environment, "HOME").map(|home| home.join(".local/state/e6")))
}

/// The directory in a variable. systemd may list several; the first is used.
fn directory(environment: &dyn Environment, variable: &str) -> Option<PathBuf> {
    let named = environment.get(variable)?;
    named.split(':').next().filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

/// A value as typed in a flag: text, a whole number, a list of these, or a boolean if the current value is one.
fn scalar(value: &DeValue, present: &str) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Array(values) if !values.is_empty() => {
            let values: Option<Vec<_>> = values.iter().map(|value| scalar(value.get_ref(), "")).collect();
            Some(values?.join(","))
        }
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) if matches!(present, "true" | "false") => Some(value.to_string()),
        _ => None,
    }
}
