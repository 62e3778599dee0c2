//! What was typed (flags > environment > e6.toml > defaults) becomes one valid [`Config`], or a list of every mistake
//! with its place and the mend.

pub(crate) mod flags;
pub(crate) mod mistake;
pub(crate) mod reference;
pub(crate) mod settings;
pub(crate) mod source;
#[cfg(test)]
mod tests;
pub(crate) mod tls;

pub use crate::config::flags::Flags;
pub use crate::config::mistake::{ConfigError, ConfigErrors, SettingPlace};
pub use crate::config::source::{Environment, ProcessEnvironment, load, log_format, pid_file};
pub use crate::config::tls::{AcmeSettings, CertificateMode, TlsSettings};

use crate::{
    config::settings::Setting,
    connection::ListenerKind,
    http::access_log::LogDestination,
    language::PerLanguage,
    limits::{Limits, TakesEffect},
    mlb::{Endpoint, Token},
    net::{listen::Address, outgoing::OutgoingProxy},
    output::format::LogFormat,
    page::Words,
    sandbox::User,
    web::trusted_proxies::TrustedProxies,
};
use std::{fmt, net::SocketAddr, path::PathBuf};
use time::OffsetDateTime;
use tracing::level_filters::LevelFilter;

/// Fernando Tatis Jr. (mlb.com/player/665487): the question this site began with.
const DEFAULT_PLAYER: u32 = 665_487;
/// Loopback, so that nothing is on the internet before somebody says so; ports that need no privilege.
const DEFAULT_HTTP: &str = "127.0.0.1:8080";
/// As above, with TLS.
const DEFAULT_HTTPS: &str = "127.0.0.1:8443";
/// For operators on the machine itself. Prometheus's list of default port allocations gives 9100 to node_exporter and most of
/// 9100 to 9999 to others; 8606 is not on it, and below the ports that systems give to outgoing connections.
const DEFAULT_ADMIN: &str = "127.0.0.1:8606";
/// The owner and his group, which a proxy on this machine is put into.
const DEFAULT_UNIX_MODE: u32 = 0o660;
/// The public API.
const DEFAULT_MLB_URL: &str = "https://statsapi.mlb.com";
/// In the runtime directory, else in the data directory.
const PID_FILE: &str = "e6.pid";
/// The club's brown.
const DEFAULT_GROUND: Colour = Colour([0x2f, 0x24, 0x1d]);
/// The club's gold.
const DEFAULT_ACCENT: Colour = Colour([0xff, 0xc4, 0x25]);

/// Everything that can be configured, valid.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The file that settings were read from, or would have been.
    pub file: PathBuf,
    /// Who the question is about.
    pub player: PlayerChoice,
    /// The words on the page.
    pub words: PerLanguage<Words>,
    /// The colours of the page.
    pub colours: Colours,
    /// Where the site is on the internet, if it is not at the first of `domains`: an origin without a slash at the end.
    pub url: Option<String>,
    /// Where to listen.
    pub listen: ListenAddresses,
    /// The proxies that are believed.
    pub proxies: TrustedProxies,
    /// Base URL of MLB's Stats API, without a trailing slash.
    pub mlb_url: String,
    /// What the relay at `mlb_url` asks for; none where MLB itself is asked.
    pub mlb_token: Option<SharedToken>,
    /// What those bring whom the relay answers; none turns the relay off.
    pub relay_token: Option<SharedToken>,
    /// The proxy on the way there.
    pub mlb_proxy: MlbProxy,
    /// Where the last good state is kept; none keeps nothing.
    pub data_dir: Option<PathBuf>,
    /// The site's names, in lower case, the canonical one first; none is any name.
    pub domains: Vec<String>,
    /// Whom the process becomes once it listens; none stays who it is.
    pub user: Option<User>,
    /// Whether it closes itself in with Landlock then.
    pub landlock: bool,
    /// How TLS is spoken.
    pub tls: TlsSettings,
    /// Whom this process asks for certificates.
    pub acme: AcmeSettings,
    /// A directory to read assets from instead of the embedded ones.
    pub assets: Option<PathBuf>,
    /// What to write once serving.
    pub ready_file: Option<PathBuf>,
    /// Where this process is to be found, if not in its usual place.
    pub pid_file: Option<PathBuf>,
    /// What systemd gives a service for files that go with it.
    pub runtime_dir: Option<PathBuf>,
    /// Where the site's clock starts; none is the system's clock.
    pub clock: Option<OffsetDateTime>,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Where the access log goes; none is off.
    pub access_log: Option<LogDestination>,
    /// How much is logged.
    pub log_level: LevelFilter,
    /// What a peer can make us hold, and for how long.
    pub limits: Limits,
}

/// A token and the file it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedToken {
    /// The file.
    pub file: PathBuf,
    /// The token.
    pub token: Token,
}

/// Who the question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayerChoice {
    /// MLB's person id.
    pub id: u32,
    /// MLB's team id, instead of the club he belongs to.
    pub club: Option<u32>,
}

/// The proxy through which MLB is asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MlbProxy {
    /// The configured one; none is the environment's.
    pub configured: Option<OutgoingProxy>,
    /// A file with user and password for it.
    pub credentials: Option<PathBuf>,
    /// What follows from these and the environment; none asks directly.
    pub on_the_way: Option<OutgoingProxy>,
}

/// Two colours; everything else follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colours {
    /// Text on light paper, and the browser's frame.
    pub ground: Colour,
    /// Highlights, and the verdict on dark paper.
    pub accent: Colour,
}

/// An sRGB colour, printed as `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// Where to listen; nowhere is off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAddresses {
    /// HTTP/1.1 in clear.
    pub http: Vec<Address>,
    /// HTTP/2 and HTTP/1.1 over TLS; TCP only.
    pub https: Vec<Address>,
    /// For operators.
    pub admin: Vec<Address>,
    /// Who may connect to a Unix socket, as in `chmod`.
    pub unix_mode: u32,
    /// Kinds of listener that have their default addresses: nobody misses one that is taken.
    pub defaults: Vec<ListenerKind>,
}

impl ListenAddresses {
    /// Those of this kind.
    pub fn of(&self, kind: ListenerKind) -> &[Address] {
        match kind {
            ListenerKind::Http => &self.http,
            ListenerKind::Https => &self.https,
            ListenerKind::Admin => &self.admin,
        }
    }
}

impl Config {
    /// What holds where nothing was typed.
    pub fn defaults(environment: &dyn Environment) -> Self {
        let address = |text: &str| text.parse::<SocketAddr>().ok().into_iter().map(Address::Tcp).collect();
        Config {
            file: source::DEFAULT_FILE.into(),
            player: PlayerChoice { id: DEFAULT_PLAYER, club: None },
            words: PerLanguage::of(Words::of),
            colours: Colours { ground: DEFAULT_GROUND, accent: DEFAULT_ACCENT },
            url: None,
            listen: ListenAddresses {
                http: address(DEFAULT_HTTP),
                https: address(DEFAULT_HTTPS),
                admin: address(DEFAULT_ADMIN),
                unix_mode: DEFAULT_UNIX_MODE,
                defaults: ListenerKind::ALL.to_vec(),
            },
            proxies: TrustedProxies::default(),
            mlb_url: DEFAULT_MLB_URL.into(),
            mlb_token: None,
            relay_token: None,
            mlb_proxy: MlbProxy::default(),
            data_dir: default_data_dir(environment),
            domains: Vec::new(),
            user: None,
            landlock: true,
            tls: TlsSettings::default(),
            acme: AcmeSettings::default(),
            assets: None,
            ready_file: None,
            pid_file: None,
            runtime_dir: directory(environment, "RUNTIME_DIRECTORY"),
            clock: None,
            log_format: LogFormat::Combined,
            access_log: Some(LogDestination::Stdout),
            log_level: LevelFilter::INFO,
            limits: Limits::of_this_machine(),
        }
    }

    /// Where links that leave the site lead, as an origin without a slash at the end; none if nobody said.
    pub fn public_url(&self) -> Option<String> {
        self.url.clone().or_else(|| self.domains.first().map(|domain| format!("https://{domain}")))
    }

    /// Where MLB's Stats API is asked, and as whom.
    pub fn endpoint(&self) -> Endpoint {
        // MLB's terms allow individual, non-bulk use: say who asks, or else about whom.
        let player = || format!("https://www.mlb.com/player/{}", self.player.id);
        let token = self.mlb_token.as_ref().map(|shared| shared.token.clone());
        Endpoint {
            url: self.mlb_url.clone(),
            token,
            contact: self.public_url().unwrap_or_else(player),
            proxy: self.mlb_proxy.on_the_way.clone(),
        }
    }

    /// Where a running process is to be found; none where it has no place to write.
    pub fn pid_file(&self) -> Option<PathBuf> {
        let usual = || Some(self.runtime_dir.as_ref().or(self.data_dir.as_ref())?.join(PID_FILE));
        self.pid_file.clone().or_else(usual)
    }

    /// The settings that this configuration has and the one in force has not.
    pub fn waiting(&self, in_force: &Config) -> Vec<&'static str> {
        let differs = |setting: &&Setting| setting.show(self) != setting.show(in_force);
        settings::all().filter(differs).map(|setting| setting.key).collect()
    }

    /// This configuration, but settings that take effect at a start as the running process has them.
    pub fn keeping(&self, running: &Config) -> Self {
        let mut config = self.clone();
        for setting in settings::all().filter(|setting| setting.takes_effect == TakesEffect::AtStart) {
            setting.keep(&mut config, running);
        }
        config
    }

    /// Every setting that a file can hold, with its present value, in the order of the file.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let rows = settings::all().filter(|setting| !setting.key.is_empty());
        rows.map(|setting| (setting.key, setting.show(self))).collect()
    }
}

/// The place of a setting, or of the first one in a section, in the order of the file.
pub(crate) fn position(key: &str) -> usize {
    let is_it = |setting: &Setting| {
        setting.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    settings::all().position(is_it).unwrap_or(usize::MAX)
}

/// Where a user that a root process becomes keeps state (Filesystem Hierarchy Standard): root's own home is closed to it.
const SYSTEM_DATA_DIR: &str = "/var/lib/e6";

/// What systemd gives a service, else the user's place for state (XDG Base Directory).
fn default_data_dir(environment: &dyn Environment) -> Option<PathBuf> {
    directory(environment, "STATE_DIRECTORY")
        .or_else(|| directory(environment, "XDG_STATE_HOME").map(|home| home.join("e6")))
        .or_else(|| directory(environment, "HOME").map(|home| home.join(".local/state/e6")))
}

/// A directory that a variable names; systemd may name several, of which the first is the one.
fn directory(environment: &dyn Environment, variable: &str) -> Option<PathBuf> {
    let named = environment.get(variable)?;
    named.split(':').next().filter(|dir| !dir.is_empty()).map(PathBuf::from)
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}
