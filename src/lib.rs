//! Does Tatis Jr. have an error today? The whole website in one binary.
//!
//! ```text
//! visitor ──TCP, UDP──▶ http ──request──▶ site ──route──▶ static asset   (rendered when the binary was built)
//!                        │                  │
//!  certificates ◀────────┘                  └──────────▶ dynamic page   (rendered when the answer changed)
//!                                                             ▲
//!                                                             │ publishes
//!                                   MLB Stats API ──▶ mlb ──▶ answer
//! ```
//!
//! Assets are rendered when the binary is built, pages when the answer changes. A visitor's request renders nothing,
//! except for `/how`, which describes that request.
//!
//! Modules import each other only downwards in the order in which they are declared below.

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

#[macro_use]
#[path = "page/template.rs"]
mod template;
// The macro `template!`.
include!(concat!(env!("OUT_DIR"), "/template.rs"));

mod cli;

mod app;
mod config;

mod notify;

mod how;
mod page;
mod site;

mod mlb;

mod answer;

mod http;
mod net;
mod tls;
mod web;

mod sandbox;

mod atomic_file;
mod bounded_file;
mod clock;
mod connection;
mod descriptor;
mod hash;
mod language;
mod lifecycle;
mod limits;
mod memory;
mod metrics;
mod name;
mod output;
mod per_worker;
mod sync;
mod threads;

#[cfg(all(test, feature = "shuttle"))]
mod interleavings;

use crate::{
    app::{
        ask::CommandTurn,
        check::{Network, SettingsShown},
        control::ControlRequest,
        error::RunError,
        logging::{self, Logging},
        start::{Setup, serve},
    },
    config::{Config, ConfigErrors, Flags},
    output::{FinishOnDrop, format},
};
use std::{ffi::OsString, io, path::PathBuf, process::ExitCode, time::Duration};
use tracing::Level;

/// The parts that the benchmarks and the integration tests use. Not an API.
#[doc(hidden)]
pub mod internals {
    pub use crate::{
        connection::{ConnectionInfo, ListenerKind},
        http::access_log::{AccessLog, LogDestination, LogFile},
        limits::{Limits, take_all_descriptors},
        output::format::LogFormat,
        site::{assets::url as asset_url, routes::ROUTES, sample, service::Service},
    };
}

/// Version, commit and compiler of this binary.
pub const BUILD: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD_COMMIT"), ", ", env!("BUILD_RUSTC"), ")");

/// Exit code for a usage error or an invalid configuration.
const EXIT_MISTAKE: u8 = 2;
/// Exit code for a failure while running.
const EXIT_FAILURE: u8 = 1;

/// Timeout for the outcome of a reload or an upgrade: the timeout of an upgrade, and a margin.
const OUTCOME_TIMEOUT: Duration = Duration::from_secs(15);

/// Runs the command of a command line, the program's name first, and returns the exit code.
pub fn run(command_line: impl Iterator<Item = OsString>) -> ExitCode {
    // Writes the remaining output at the end, also after a panic.
    let _finish = FinishOnDrop;
    logging::log_panics();
    let command_line: Vec<_> = command_line.collect();
    format::set(cli::log_format(&command_line));
    match cli::parse(command_line).and_then(perform) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

fn perform(command: cli::Command) -> Result<(), ExitCode> {
    match command {
        cli::Command::Serve { flags } => {
            run_launcher()?;
            serve(set_up(flags)?, None).map_err(not_started)?;
        }
        cli::Command::Demo { flags, speed, date } => {
            run_launcher()?;
            crate::app::demo::demo(set_up(flags)?, speed, date).map_err(not_started)?;
        }
        cli::Command::Check { flags, offline, all } => {
            let Setup { config, read_config, .. } = set_up(flags)?;
            let network = if offline { Network::LeftAlone } else { Network::Asked };
            let shown = if all { SettingsShown::All } else { SettingsShown::Changed };
            let report = crate::app::check::check(&config, network, &read_config);
            report.print(&config, shown).map_err(unprinted)?;
            if !report.is_good() {
                return Err(ExitCode::from(EXIT_MISTAKE));
            }
        }
        cli::Command::Init { flags, domains, email } => init(&flags, domains, email)?,
        cli::Command::Reload { flags } => ask(ControlRequest::Reload, &flags)?,
        cli::Command::Upgrade { flags } => ask(ControlRequest::Upgrade, &flags)?,
        cli::Command::Rollback { flags } => {
            let done = crate::app::rollback::rollback(pid_file(&flags).as_deref(), OUTCOME_TIMEOUT);
            let done = done.map_err(failed)?;
            format::answer(&done, &done, &[]).map_err(unprinted)?;
        }
        cli::Command::Health { flags, url } => {
            let lives = crate::app::health::health(&set_up(flags)?.config, url.as_deref()).map_err(failed)?;
            format::answer(&lives, &lives, &[]).map_err(unprinted)?;
        }
        cli::Command::Notify { flags, test: _ } => notify_hooks(&set_up(flags)?.config)?,
        cli::Command::Completions { shell } => print(&cli::completions(shell))?,
        cli::Command::Man { dir: Some(dir), .. } => cli::manual::write_all(&dir).map_err(|error| {
            failed(format!("cannot write the manual pages to {}: {error}; name another --dir", dir.display()))
        })?,
        cli::Command::Man { about, dir: None } => {
            print(&cli::manual::page(about.as_deref()).map_err(failed)?)?;
        }
        cli::Command::Settings { markdown: true } => print(&config::reference::markdown())?,
        cli::Command::Settings { markdown: false } => print(&config::reference::file())?,
        cli::Command::Routes => print(&crate::site::routes::table())?,
        cli::Command::Limits { markdown: true, .. } => print(&limits::markdown())?,
        cli::Command::Limits { flags, markdown: false } => print(&set_up(flags)?.config.limits.table())?,
        cli::Command::Render { dir } => crate::app::publisher::render(&dir).map_err(failed)?,
    }
    Ok(())
}

/// Writes a settings file.
fn init(flags: &Flags, domains: Option<String>, email: Option<String>) -> Result<(), ExitCode> {
    let file = config::settings_file(flags.config.as_deref(), &config::ProcessEnvironment);
    let written = crate::app::init::init(&file, domains, email).map_err(not_started)?;
    format::answer(&written, &written, &[]).map_err(unprinted)
}

/// The pid file of a process that was started with these flags, even if its settings have mistakes by now.
fn pid_file(flags: &Flags) -> Option<PathBuf> {
    let environment = &config::ProcessEnvironment;
    config::load_despite_mistakes(&flags.typed, flags.config.as_deref(), environment).pid_file()
}

/// Sends a request to the running e6 and prints the outcome.
fn ask(asked: ControlRequest, flags: &Flags) -> Result<(), ExitCode> {
    let path = pid_file(flags)
        .ok_or_else(|| failed("it is not known where the pid file is: --pid-file FILE, or --data-dir DIR"))?;
    let outcome = match asked {
        ControlRequest::Reload => {
            CommandTurn::take(asked, &path, OUTCOME_TIMEOUT).and_then(|turn| turn.ask(OUTCOME_TIMEOUT))
        }
        ControlRequest::Upgrade => crate::app::rollback::upgrade(&path, OUTCOME_TIMEOUT),
    };
    let outcome = outcome.map_err(failed)?;
    let level = if outcome.done { Level::INFO } else { Level::ERROR };
    outcome.said.iter().for_each(|line| format::report(level, line));
    match (outcome.done, asked) {
        (true, _) => Ok(()),
        (false, ControlRequest::Reload) => Err(ExitCode::from(EXIT_MISTAKE)),
        (false, ControlRequest::Upgrade) => Err(ExitCode::from(EXIT_FAILURE)),
    }
}

/// Sends a test to every hook.
fn notify_hooks(config: &Config) -> Result<(), ExitCode> {
    if config.notify.is_empty() {
        return Err(report_mistakes("no hook is configured; add [[notify]] with its url to e6.toml"));
    }
    match crate::app::notifier::test(config).map_err(unprinted)? {
        true => Ok(()),
        false => Err(ExitCode::from(EXIT_FAILURE)),
    }
}

/// Does the launcher's work if this process was started as one; the error is then its exit code.
fn run_launcher() -> Result<(), ExitCode> {
    match crate::app::launcher::launch() {
        Ok(None) => Ok(()),
        Ok(Some(code)) => Err(ExitCode::from(code)),
        Err(error) => Err(failed(format!("cannot start the new process of an upgrade: {error}"))),
    }
}

/// Loads the configuration and prepares the process for the command. Mistakes are printed.
fn set_up(flags: Flags) -> Result<Setup, ExitCode> {
    // The limit on connections is derived from the limit on descriptors.
    limits::take_all_descriptors();
    // Comes before the first file is opened, which could take the number of an inherited descriptor.
    let adopted = crate::net::listen_fds::adopt().map_err(|error| {
        failed(format!(
            "cannot use the descriptors that LISTEN_FDS announces: {error}; unset it, or hand them over"
        ))
    })?;
    // The settings name files with secrets, which are read with them.
    crate::sandbox::forbid_core_dumps().map_err(failed)?;
    let config = read(&flags).map_err(report_mistakes)?;
    // The only TLS provider, installed before the first client or server needs it. An error means that it is installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let logging = Logging::start(config.log_format, config.log_level);
    Ok(Setup { config, adopted, logging, read_config: Box::new(move || read(&flags)) })
}

fn read(flags: &Flags) -> Result<Config, ConfigErrors> {
    config::load(&flags.typed, flags.config.as_deref(), &config::ProcessEnvironment)
}

fn report_mistakes(mistakes: impl std::fmt::Display) -> ExitCode {
    format::report(Level::ERROR, &mistakes.to_string());
    ExitCode::from(EXIT_MISTAKE)
}

fn failed(failure: impl std::fmt::Display) -> ExitCode {
    format::report(Level::ERROR, &failure.to_string());
    ExitCode::from(EXIT_FAILURE)
}

fn print(text: &str) -> Result<(), ExitCode> {
    output::stdout().print(text).map_err(unprinted)
}

fn unprinted(error: io::Error) -> ExitCode {
    failed(format!("cannot write to standard output: {error}"))
}

fn not_started(error: RunError) -> ExitCode {
    let code = failed(&error);
    if error.is_about_configuration { ExitCode::from(EXIT_MISTAKE) } else { code }
}
