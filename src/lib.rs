//! Does Tatis Jr. have an error today? The whole website in one binary.
//!
//! ```text
//! visitor ──TCP──▶ edge ──request──▶ web ──route──▶ static asset   (made when the binary was built)
//!                   │                  │
//!  certificates ◀───┘                  └──────────▶ dynamic page   (made when the answer changed)
//!                                                        ▲
//!                                                        │ publishes
//!                              MLB Stats API ──▶ mlb ──▶ answer
//! ```
//!
//! Static and dynamic differ only in when their bytes are made; nothing is rendered because somebody reads it, but for
//! `/how`, which is about its reader. The modules import each other only downwards in the order in which they stand below.

mod check;
pub mod cli;
pub mod config;
pub mod demo;
pub mod server;

pub mod publisher;

pub mod edge;
pub mod web;

pub mod page;

pub mod mlb;

pub mod answer;
pub mod clock;
pub mod connection;
pub mod lifecycle;
pub mod limits;
pub mod trace;

use clock::Clock;
use config::Config;
use server::Show;
use std::process::ExitCode;
use web::LogFormat;

/// Version, commit and compiler of this binary.
pub const BUILD: &str =
    concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD_COMMIT"), ", ", env!("BUILD_RUSTC"), ")");

/// Usage or configuration.
const EXIT_MISTAKE: u8 = 2;
/// A failure while running.
const EXIT_FAILURE: u8 = 1;

/// Does what was asked for; the exit code says how it went.
pub fn run(command: cli::Command) -> ExitCode {
    match perform(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

fn perform(command: cli::Command) -> Result<(), ExitCode> {
    match command {
        cli::Command::Serve(flags) => live(&configured(&flags)?).map_err(failed)?,
        cli::Command::Demo { flags, speed, date } => {
            demo::demo(&configured(&flags)?, speed, date).map_err(failed)?;
        }
        cli::Command::Check(flags) => {
            let config = configured(&flags)?;
            print!("{}", config.table());
            check::certificates(&config).map_err(mistaken)?;
        }
        cli::Command::Routes => print!("{}", web::table()),
        cli::Command::Limits { markdown: true, .. } => print!("{}", limits::markdown()),
        cli::Command::Limits { flags, markdown: false } => print!("{}", configured(&flags)?.limits.table()),
        cli::Command::Render { dir } => publisher::render(&dir).map_err(failed)?,
    }
    Ok(())
}

/// The configuration, with what every command under it needs in place. Mistakes have been told.
fn configured(flags: &cli::Flags) -> Result<Config, ExitCode> {
    // How many connections there may be depends on it.
    limits::take_all_descriptors();
    let config = config::load(&flags.typed(), flags.config.as_deref(), &config::Process).map_err(mistaken)?;
    // One provider for everything: set before the first client or server asks for it. Set already means the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    start_logging(&config);
    Ok(config)
}

fn mistaken(mistakes: impl std::fmt::Display) -> ExitCode {
    eprintln!("{mistakes}");
    ExitCode::from(EXIT_MISTAKE)
}

fn failed(failure: impl std::fmt::Display) -> ExitCode {
    eprintln!("e6: {failure}");
    ExitCode::from(EXIT_FAILURE)
}

fn live(config: &Config) -> Result<(), server::Failure> {
    let clock = config.clock.map_or(Clock::System, Clock::starting_at);
    server::serve(config, Show { clock, mlb_url: config.mlb_url.clone(), replay: None })
}

/// Log lines go to standard error; standard output belongs to what was asked for.
fn start_logging(config: &Config) {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(config.log_level)
        .with_target(false)
        // It would be said on standard error, which is what cannot be written: a full disk would end threads.
        .log_internal_errors(false);
    // A second start in one process keeps the first.
    let _ = match config.log_format {
        LogFormat::Combined => log.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}
