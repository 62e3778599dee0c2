//! The rows of the table.

use crate::{
    config::settings::{Setting, Value, kinds::*, words::*},
    limits::TakesEffect,
    page::each_word,
};

/// Rows: key in the file, variable, flag with its value (`...` for a list), field and kind, help, example of a setting
/// without a default, and the time at which a change takes effect.
macro_rules! settings {
    ($($key:expr, $variable:expr, $flag:literal, $($field:ident).+: $kind:expr, $help:literal, $example:literal, $effect:ident;)*) => {
        &[$(Setting {
            key: $key,
            variable: $variable,
            flag: $flag,
            help: $help,
            example: $example,
            takes_effect: TakesEffect::$effect,
            value: Value::Field {
                set: |config, text| ($kind.parse)(text).map(|value| config.$($field).+ = value),
                show: |config| ($kind.show)(&config.$($field).+),
                keep: |config, running| config.$($field).+.clone_from(&running.$($field).+),
            },
        },)*]
    };
}

pub(crate) const PLAYER: &[Setting] = settings! {
    "player.id", "E6_PLAYER", "--player ID", player.id: ID,
        "The player, by the number in mlb.com/player/665487", "", AtReload;
    "player.club", "E6_CLUB", "--club ID", player.club: CLUB,
        "Another club than the one MLB says he belongs to", "135", AtReload;
    "words.voice", "E6_VOICE", "", voice: VOICE,
        "\"witty\" adds a remark to the fact, \"plain\" none; in every language", "", AtReload;
};

/// The words in one language, which has its own section in the file.
macro_rules! words {
    (
        $language:ident, $section:literal, $variable:literal:
        $($name:ident $suffix:literal $kind:ident $help:literal: $english:literal, $spanish:literal;)*
    ) => {
        settings! {$(
            concat!($section, ".", stringify!($name)), concat!($variable, $suffix), "", words.$language.$name: $kind,
                $help, "", AtReload;
        )*}
    };
}

pub(crate) const ENGLISH: &[Setting] = each_word! { words! english, "words", "E6_": };
pub(crate) const SPANISH: &[Setting] = each_word! { words! spanish, "words.es", "E6_ES_": };

pub(crate) const SITE: &[Setting] = settings! {
    "colours.yes", "E6_COLOURS_YES", "", colours.yes: COLOURS, "Text and ground after an error", "", AtReload;
    "colours.no", "E6_COLOURS_NO", "", colours.no: COLOURS,
        "Without an error, once the day's games are over", "", AtReload;
    "colours.game", "E6_COLOURS_GAME", "", colours.game: COLOURS, "Before and during a game", "", AtReload;
    "colours.off", "E6_COLOURS_OFF", "", colours.off: COLOURS, "On a day without a game", "", AtReload;
    "colours.bench", "E6_COLOURS_BENCH", "", colours.bench: COLOURS,
        "While he is injured or suspended", "", AtReload;
    "colours.unknown", "E6_COLOURS_UNKNOWN", "", colours.unknown: COLOURS,
        "While MLB does not answer", "", AtReload;
    "site.url", "E6_URL", "--url URL", url: ORIGIN,
        "Where links that leave the site lead; by default https:// and the first domain", "\"https://example.org\"", AtReload;
    "site.domains", "E6_DOMAIN", "--domain NAME...", domains: DOMAINS,
        "The site's names, the canonical one first; the others redirect to it. Without any, every name is answered",
        "[\"example.org\", \"www.example.org\"]", AtReload;
    "listen.http", "E6_HTTP", "--http ADDR|unix:PATH|off...", listen.http: LISTENERS,
        "HTTP without TLS: \"ADDRESS:PORT\", \":PORT\" for every address of the machine, \"unix:/PATH\", or \"off\"", "", AtStart;
    "listen.https", "E6_HTTPS", "--https ADDR|off...", listen.https: TLS_LISTENERS,
        "HTTP/2 and HTTP/1.1 over TLS", "", AtStart;
    "listen.http3", "E6_HTTP3", "--http3 off|auto|on", listen.http3.mode: HTTP3,
        "HTTP/3 on the UDP ports beside those of listen.https: \"auto\" if they are free, telling browsers of it unless the certificate is self-signed; \"on\" in any case; or \"off\"", "", AtStart;
    "listen.http3_max_age", "E6_HTTP3_MAX_AGE", "", listen.http3.max_age: MAX_AGE,
        "How long browsers remember that the site has HTTP/3 (Alt-Svc), in seconds; 0 makes them forget it, before it is switched off", "", AtReload;
    "listen.http3_migration", "E6_HTTP3_MIGRATION", "", listen.http3.migration: FLAG,
        "Whether a connection goes on when its client changes its network", "", AtStart;
    "listen.admin", "E6_ADMIN", "--admin ADDR|unix:PATH|off...", listen.admin: LISTENERS,
        "Metrics and health for operators", "", AtStart;
    "listen.unix_mode", "E6_UNIX_MODE", "", listen.unix_mode: UNIX_MODE,
        "Who may connect to a Unix socket, as for chmod", "", AtStart;
    "mlb.url", "E6_MLB_URL", "--mlb-url URL", mlb_url: URL,
        "Base URL of MLB's Stats API, or of a relay", "", AtReload;
    "mlb.proxy", "E6_MLB_PROXY", "--mlb-proxy URL", mlb_proxy.configured: PROXY,
        "The proxy through which MLB is asked (http, https, socks5, socks5h); by default the environment's, as for curl",
        "\"http://proxy.example:3128\"", AtReload;
    "mlb.proxy_credentials", "E6_MLB_PROXY_CREDENTIALS", "", mlb_proxy.credentials: MAYBE_PATH,
        "A file with one line USER:PASSWORD for that proxy", "\"/etc/e6/proxy.credentials\"", AtReload;
    "mlb.token_file", "E6_MLB_TOKEN_FILE", "", mlb_token: TOKEN,
        "A file with the token that the relay at mlb.url asks for", "\"/etc/e6/relay.token\"", AtReload;
    "relay.token_file", "E6_RELAY_TOKEN_FILE", "", relay_token: TOKEN,
        "Relay MLB's replies under /mlb/ to servers that send the token in this file", "\"/etc/e6/relay.token\"", AtReload;
};

pub(crate) const SERVER: &[Setting] = settings! {
    "proxy.trusted", "E6_TRUSTED", "--trusted NETWORK|unix...", proxies.peers: TRUSTED,
        "Proxies in front that are believed when they name the client: networks, addresses, and \"unix\" for Unix sockets", "", AtReload;
    "proxy.protocol", "E6_PROXY_PROTOCOL", "", proxies.protocol: FLAG,
        "Connections of these proxies begin with a PROXY protocol header, version 1 or 2", "", AtReload;
    "proxy.field", "E6_PROXY_FIELD", "", proxies.field: FORWARDED,
        "The field that names the client: \"x-forwarded-for\" (with X-Forwarded-Proto), \"forwarded\" (RFC 7239), or \"off\"", "", AtReload;
    "tls.mode", "E6_TLS", "--tls acme|files|self-signed|off", tls.mode: CERTIFICATES,
        "Where certificates come from; \"off\" if another proxy terminates TLS", "", AtReload;
    "tls.cert", "E6_TLS_CERT", "--tls-cert FILE", tls.cert: MAYBE_PATH,
        "Certificate chain as PEM, leaf first; read again when it changes", "\"/etc/e6/tls.crt\"", AtReload;
    "tls.key", "E6_TLS_KEY", "--tls-key FILE", tls.key: MAYBE_PATH,
        "Its private key as PEM (PKCS#8, PKCS#1 or SEC1)", "\"/etc/e6/tls.key\"", AtReload;
    "tls.certs", "E6_CERTS", "--certs DIR", tls.certs: PATH,
        "Where the self-signed certificate is kept", "", AtReload;
    "tls.hsts", "E6_HSTS", "--hsts SECONDS", tls.hsts: HSTS,
        "How long browsers insist on HTTPS for the domains, in seconds; raise it once all is well", "", AtReload;
    "acme.email", "E6_ACME", "--acme EMAIL", acme.email: EMAIL,
        "Get certificates for the domains from a CA, on ports 80 and 443, as this address", "\"you@example.org\"", AtReload;
    "acme.directory", "E6_ACME_DIRECTORY", "--acme-directory URL", acme.directory: ACME_DIRECTORY,
        "The CA's ACME directory", "", AtReload;
    "", "E6_ACME_STAGING", "--acme-staging", acme.directory: STAGING,
        "Ask Let's Encrypt's staging CA: generous limits, certificates that no browser trusts", "", AtReload;
    "acme.ca", "E6_ACME_CA", "--acme-ca FILE", acme.ca: MAYBE_PATH,
        "Another CA's own root as PEM", "\"/etc/e6/root.pem\"", AtReload;
    "acme.challenge", "E6_ACME_CHALLENGE", "--acme-challenge tls-alpn-01|http-01", acme.challenge: CHALLENGE,
        "How the CA sees that a name leads here: tls-alpn-01 on port 443, http-01 on port 80", "", AtReload;
    "security.user", "E6_USER", "--user NAME", user: USER,
        "The user that e6 becomes once it listens, when started as root; the state is then in /var/lib/e6", "\"e6\"", AtStart;
    "security.landlock", "E6_LANDLOCK", "", landlock: FLAG,
        "Confine the process with Landlock; false where that is in the way", "", AtStart;
    "data.dir", "E6_DATA_DIR", "--data-dir DIR", data_dir: MAYBE_PATH,
        "Where the last good state is kept; by default $STATE_DIRECTORY, $XDG_STATE_HOME/e6 or ~/.local/state/e6",
        "\"/var/lib/e6\"", AtStart;
    "log.format", "E6_LOG_FORMAT", "--log-format combined|json", log_format: LOG_FORMAT,
        "Format of log lines; combined is that of Apache and nginx", "", AtReload;
    "log.access", "E6_ACCESS_LOG", "--access-log stdout|off|FILE", access_log: ACCESS_LOG,
        "Where the access log goes; a file is opened again on SIGUSR1", "", AtReload;
    "log.level", "E6_LOG_LEVEL", "--log-level LEVEL", log_level: LOG_LEVEL,
        "How much is logged: error, warn, info, debug or trace", "", AtReload;
    "", "E6_ASSETS", "--assets DIR", assets: ASSETS,
        "Serve assets from this directory in place of the embedded ones, while designing", "", AtReload;
    "", "E6_READY_FILE", "--ready-file FILE", ready_file: MAYBE_PATH,
        "Write pid and bound addresses to this file once serving", "", AtStart;
    "", "E6_PID_FILE", "--pid-file FILE", pid_file: MAYBE_PATH,
        "Write the pid to this file, for reload and upgrade; by default e6.pid in $RUNTIME_DIRECTORY or the data directory", "", AtStart;
    "", "E6_CLOCK", "--clock RFC3339", clock: TIME, "Start the site's clock at this time", "", AtStart;
};
