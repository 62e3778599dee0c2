//! Commands and flags. Here is only what was typed; `config` decides what it means.

use crate::{
    app::{
        check::{Network, Shown},
        control::Asked,
    },
    config,
    output::{
        self,
        format::{self, LogFormat},
    },
};
use clap::{Args, CommandFactory, Parser, Subcommand};
pub use clap_complete::Shell;
use std::{ffi::OsString, io, path::PathBuf, process::ExitCode};
use time::{Date, macros::format_description};
use tracing::Level;

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Answer the question, today.
    Serve(Flags),
    /// Answer it for a day that has been.
    Demo {
        /// As for `Serve`.
        flags: Flags,
        /// Seconds of that day in one second.
        speed: u32,
        /// Which day; none is the one that comes with e6.
        date: Option<Date>,
    },
    /// Ask a running process something.
    Ask(Asked, Flags),
    /// Say what a start would come to.
    Check {
        /// As for `Serve`.
        flags: Flags,
        /// Whether others are asked.
        network: Network,
        /// Which settings are shown.
        shown: Shown,
    },
    /// Say whether a site lives.
    Health {
        /// As for `Serve`.
        flags: Flags,
        /// Where it is; none is where the configuration has it.
        url: Option<String>,
    },
    /// Write what a shell needs to complete the command line.
    Completions(Shell),
    /// Write the manual page.
    Man,
    /// Say which URL is answered by what.
    Routes,
    /// Say what a peer can make us hold, and for how long.
    Limits {
        /// As for `Serve`.
        flags: Flags,
        /// As the page of the documentation.
        markdown: bool,
    },
    /// Draw how the site works.
    Render {
        /// Where the drawings go.
        dir: PathBuf,
    },
}

/// How lines should look, as far as can be told before the command line is parsed: errors in it are lines too.
pub fn log_format(command_line: &[OsString]) -> LogFormat {
    let value = |flag: &str| {
        let mut words = command_line.iter().skip(1).map(|word| word.to_string_lossy());
        words.find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned())).or_else(|| {
            let mut words = command_line.iter().skip(1).skip_while(|word| *word != flag);
            words.nth(1).map(|word| word.to_string_lossy().into_owned())
        })
    };
    let flags: Vec<_> = value("--log-format").map(|format| ("--log-format", format)).into_iter().collect();
    config::log_format(&flags, value("--config").map(PathBuf::from).as_deref(), &config::Process)
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// The exit code, where there is no command to perform: help or a usage error has been printed.
pub fn parse(command_line: Vec<OsString>) -> Result<Command, ExitCode> {
    let Typed { command, flags } = Typed::try_parse_from(command_line).map_err(|error| told(&error))?;
    Ok(match command {
        None => Command::Serve(flags),
        Some(TypedCommand::Serve { flags }) => Command::Serve(flags),
        Some(TypedCommand::Demo { flags, speed, date }) => Command::Demo { flags, speed, date },
        Some(TypedCommand::Reload { flags }) => Command::Ask(Asked::Reload, flags),
        Some(TypedCommand::Upgrade { flags }) => Command::Ask(Asked::Upgrade, flags),
        Some(TypedCommand::Check { flags, offline, all }) => Command::Check {
            flags,
            network: if offline { Network::LeftAlone } else { Network::Asked },
            shown: if all { Shown::All } else { Shown::Changed },
        },
        Some(TypedCommand::Health { flags, at }) => Command::Health { flags, url: at },
        Some(TypedCommand::Completions { shell }) => Command::Completions(shell),
        Some(TypedCommand::Man) => Command::Man,
        Some(TypedCommand::Routes) => Command::Routes,
        Some(TypedCommand::Limits { flags, markdown }) => Command::Limits { flags, markdown },
        Some(TypedCommand::Render { dir }) => Command::Render { dir },
    })
}

/// Prints help to standard output, a usage error to standard error.
fn told(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
    let stream = if error.use_stderr() { output::stderr() } else { output::stdout() };
    let coloured = stream.has_colour() && format::present() == LogFormat::Combined;
    let text = error.render();
    let text = if coloured { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        match format::present() {
            LogFormat::Combined => format::report(Level::ERROR, text.trim_end()),
            LogFormat::Json => format::report(Level::ERROR, &lines.collect::<Vec<_>>().join(" ")),
        }
    } else if let Err(error) = stream.print(&text) {
        format::report(Level::ERROR, &format!("e6: cannot write to standard output: {error}"));
        return ExitCode::FAILURE;
    }
    code
}

/// The script that this shell needs to complete the command line.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Typed::command(), "e6", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// One manual page for all commands, in roff.
///
/// # Errors
/// When it cannot be made.
pub fn man() -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Typed::command()).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[derive(Parser)]
#[command(
    name = "e6",
    version = crate::BUILD,
    about = "Does Tatis Jr. have an error today? The whole website, in one binary.",
    after_help = "Exit codes: 0 fine, 1 failure while running, 2 usage or configuration.",
    args_conflicts_with_subcommands = true
)]
struct Typed {
    #[command(subcommand)]
    command: Option<TypedCommand>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum TypedCommand {
    /// Serve the site (also what `e6` alone does)
    Serve {
        #[command(flatten)]
        flags: Flags,
    },
    /// Replay a day, from before the first pitch to the last out
    Demo {
        #[command(flatten)]
        flags: Flags,
        /// How many seconds of that day pass in one second
        #[arg(long, value_name = "N", default_value_t = 110, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        speed: u32,
        /// Any past day, from MLB's own records (needs a network); without it August 9, 2023, from this binary
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        date: Option<Date>,
    },
    /// Check configuration and machine: list every mistake, or what a start would meet and the settings that were changed
    Check {
        #[command(flatten)]
        flags: Flags,
        /// Do not ask MLB
        #[arg(long)]
        offline: bool,
        /// Show every setting, not only those that differ from their default
        #[arg(long)]
        all: bool,
    },
    /// Have a running e6 read its configuration again; exit code 2 lists the mistakes for which it did not
    Reload {
        #[command(flatten)]
        flags: Flags,
    },
    /// Have a running e6 give way to the binary that is on disk now, without a pause
    Upgrade {
        #[command(flatten)]
        flags: Flags,
    },
    /// Ask the site whether it lives: exit code 0, or 1 and what is wrong
    Health {
        #[command(flatten)]
        flags: Flags,
        /// Where it is; without it, the first address where it listens
        #[arg(value_name = "URL")]
        at: Option<String>,
    },
    /// Print what a shell needs to complete this command line
    Completions { shell: Shell },
    /// Print the manual page
    Man,
    /// Print the table of URL patterns, in the order in which they are tried
    Routes,
    /// Print every limit: in force, by default, and what it stops
    Limits {
        #[command(flatten)]
        flags: Flags,
        /// The page of the documentation instead
        #[arg(long)]
        markdown: bool,
    },
    /// Write the two drawings of /how, as SVG and for Graphviz
    Render {
        /// Where to; files of these names are replaced
        dir: PathBuf,
    },
}

/// Flags of every command, as text.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// Plain HTTP, on one address or several; default 127.0.0.1:8080
    #[arg(long, value_name = "ADDR|unix:PATH|off")]
    http: Vec<String>,
    /// HTTP/2 and HTTP/1.1 over TLS; default 127.0.0.1:8443
    #[arg(long, value_name = "ADDR|off")]
    https: Vec<String>,
    /// Metrics and health, for operators; default 127.0.0.1:8606
    #[arg(long, value_name = "ADDR|unix:PATH|off")]
    admin: Vec<String>,
    /// A proxy in front that is believed when it names the client: a network, an address, or unix
    #[arg(long, value_name = "NETWORK|unix")]
    trusted: Vec<String>,
    /// Where links that leave the site lead, for previews in chats; default https:// and the first domain
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Whose errors: the number in mlb.com/player/665487
    #[arg(long, value_name = "ID")]
    player: Option<String>,
    /// Another club than his own
    #[arg(long, value_name = "ID")]
    club: Option<String>,
    /// Where MLB's Stats API is asked
    #[arg(long, value_name = "URL")]
    mlb_url: Option<String>,
    /// Where the last good state is kept
    #[arg(long, value_name = "DIR")]
    data_dir: Option<String>,
    /// The site's name, the canonical one first; others redirect to it
    #[arg(long, value_name = "NAME")]
    domain: Vec<String>,
    /// Get certificates for it from Let's Encrypt, as this address, on ports 80 and 443
    #[arg(long, value_name = "EMAIL")]
    acme: Option<String>,
    /// Try that out: certificates that no browser trusts, with generous limits
    #[arg(long)]
    acme_staging: bool,
    /// Get them from another CA
    #[arg(long, value_name = "URL")]
    acme_directory: Option<String>,
    /// That CA's own root, as PEM
    #[arg(long, value_name = "FILE")]
    acme_ca: Option<String>,
    /// How the CA sees that the name leads here; default tls-alpn-01
    #[arg(long, value_name = "tls-alpn-01|http-01")]
    acme_challenge: Option<String>,
    /// Where certificates come from; default self-signed
    #[arg(long, value_name = "acme|files|self-signed|off")]
    tls: Option<String>,
    /// Certificate chain as PEM, leaf first; read again when it changes
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Its key as PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Where the self-signed certificate is kept; default certs
    #[arg(long, value_name = "DIR")]
    certs: Option<String>,
    /// How long browsers shall insist on HTTPS; default 300
    #[arg(long, value_name = "SECONDS")]
    hsts: Option<String>,
    /// Become this user once listening, when started as root
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// A file of settings; default e6.toml, if there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve assets from here instead of the embedded ones, while designing
    #[arg(long, value_name = "DIR")]
    assets: Option<String>,
    /// Start the site's clock at this time
    #[arg(long, value_name = "RFC3339")]
    clock: Option<String>,
    /// Write pid and bound addresses here once serving
    #[arg(long, value_name = "PATH")]
    ready_file: Option<String>,
    /// Write the pid here while serving, for reload and upgrade; default e6.pid in $RUNTIME_DIRECTORY or --data-dir
    #[arg(long, value_name = "FILE")]
    pid_file: Option<String>,
    /// How log lines look
    #[arg(long, value_name = "combined|json")]
    log_format: Option<String>,
    /// Where the access log goes; a file is opened again on SIGUSR1
    #[arg(long, value_name = "stdout|off|FILE")]
    access_log: Option<String>,
    /// How much is logged: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Flags {
    /// The flags that were typed, by name.
    pub fn typed(&self) -> Vec<(&'static str, String)> {
        let list = |values: &[String]| (!values.is_empty()).then(|| values.join(","));
        let staging = self.acme_staging.then(|| "true".to_owned());
        let all = [
            ("--http", &list(&self.http)),
            ("--https", &list(&self.https)),
            ("--admin", &list(&self.admin)),
            ("--trusted", &list(&self.trusted)),
            ("--url", &self.url),
            ("--player", &self.player),
            ("--club", &self.club),
            ("--mlb-url", &self.mlb_url),
            ("--data-dir", &self.data_dir),
            ("--domain", &list(&self.domain)),
            ("--acme", &self.acme),
            ("--acme-staging", &staging),
            ("--acme-directory", &self.acme_directory),
            ("--acme-ca", &self.acme_ca),
            ("--acme-challenge", &self.acme_challenge),
            ("--tls", &self.tls),
            ("--tls-cert", &self.tls_cert),
            ("--tls-key", &self.tls_key),
            ("--certs", &self.certs),
            ("--hsts", &self.hsts),
            ("--user", &self.user),
            ("--assets", &self.assets),
            ("--clock", &self.clock),
            ("--ready-file", &self.ready_file),
            ("--pid-file", &self.pid_file),
            ("--log-format", &self.log_format),
            ("--access-log", &self.access_log),
            ("--log-level", &self.log_level),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "write a day like 2023-08-09".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Typed::command().debug_assert();
    }

    #[test]
    fn every_flag_reaches_a_setting() {
        let command = Typed::command();
        let flags = command.get_arguments().filter_map(|argument| {
            let name = argument.get_long().filter(|name| *name != "config")?;
            Some(if argument.get_action().takes_values() {
                format!("--{name}=x")
            } else {
                format!("--{name}")
            })
        });
        let flags: Vec<_> = flags.collect();
        let typed = Typed::try_parse_from([String::from("e6")].iter().chain(&flags)).unwrap().flags.typed();
        assert_eq!(typed.len(), flags.len());
    }
}
