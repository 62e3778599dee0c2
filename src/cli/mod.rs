//! The command line: commands, flags and their help. `config` turns the flags into settings.

pub(crate) mod help;
pub(crate) mod manual;
pub(crate) mod topics;

use crate::{
    config::{self, Flags},
    output::{
        self,
        format::{self, LogFormat},
    },
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
pub use clap_complete::Shell;
use std::{ffi::OsString, path::PathBuf, process::ExitCode};
use time::{Date, macros::format_description};
use tracing::Level;

/// The log format of a command line that is not parsed yet, because usage errors are printed in this format too.
pub fn log_format(command_line: &[OsString]) -> LogFormat {
    let value = |flag: &str| {
        let mut words = command_line.iter().skip(1).map(|word| word.to_string_lossy());
        words.find_map(|word| Some(word.strip_prefix(flag)?.strip_prefix('=')?.to_owned())).or_else(|| {
            let mut words = command_line.iter().skip(1).skip_while(|word| *word != flag);
            words.nth(1).map(|word| word.to_string_lossy().into_owned())
        })
    };
    let flags: Vec<_> = value("--log-format").map(|format| ("--log-format", format)).into_iter().collect();
    let file = value("--config").map(PathBuf::from);
    config::load_despite_mistakes(&flags, file.as_deref(), &config::ProcessEnvironment).log_format
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// The exit code, if help or a usage error was printed instead.
pub fn parse(command_line: Vec<OsString>) -> Result<Command, ExitCode> {
    let matches = help::command(help::HelpLength::of(&command_line)).try_get_matches_from(command_line);
    let Arguments { command, flags } = matches
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .map_err(|error| print_message(&error))?;
    Ok(command.unwrap_or(Command::Serve { flags }))
}

/// Prints help to stdout or a usage error to stderr, and returns the exit code.
fn print_message(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
    let stream = if error.use_stderr() { output::stderr() } else { output::stdout() };
    let coloured = stream.has_colour && format::present() == LogFormat::Combined;
    let text = error.render();
    let text = if coloured { text.ansi().to_string() } else { text.to_string() };
    if error.use_stderr() {
        match format::present() {
            // The text begins with `error:`, as every report does.
            LogFormat::Combined => output::stderr().queue(format!("{}\n", text.trim_end()).as_bytes()),
            LogFormat::Json => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let text = lines.collect::<Vec<_>>().join(" ");
                format::report(Level::ERROR, text.strip_prefix("error: ").unwrap_or(&text));
            }
        }
    } else if let Err(error) = stream.print(&text) {
        format::report(Level::ERROR, &format!("cannot write to standard output: {error}"));
        return ExitCode::FAILURE;
    }
    code
}

pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "e6", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[derive(Parser)]
#[command(
    name = "e6",
    version = crate::BUILD,
    about = "Does Tatis Jr. have an error today? The whole website, in one binary.",
    args_conflicts_with_subcommands = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

/// A command with its flags and arguments. The comments are its help.
#[derive(Subcommand)]
pub enum Command {
    /// Serve the site (the default command)
    Serve {
        #[command(flatten)]
        flags: Flags,
    },
    /// Write a commented settings file for a domain; never replace a file
    Init {
        #[command(flatten)]
        flags: Flags,
        /// The site's domain, or several separated by commas, the canonical one first; without it, e6 asks
        #[arg(value_name = "DOMAIN")]
        domains: Option<String>,
        /// The contact address for the CA of the certificates; without it, e6 asks
        #[arg(value_name = "EMAIL")]
        email: Option<String>,
    },
    /// Serve the replay of a past day, from before the first pitch to the last out
    Demo {
        #[command(flatten)]
        flags: Flags,
        /// Speed of the replay: seconds of that day per second
        #[arg(long, value_name = "N", default_value_t = 110, value_parser = clap::value_parser!(u32).range(1..=100_000), allow_negative_numbers = true)]
        speed: u32,
        /// The day to replay, from MLB's records (needs a network); without it, August 9, 2023, from this binary
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
        date: Option<Date>,
    },
    /// Check the configuration and this machine; print every mistake, or the findings and the changed settings
    Check {
        #[command(flatten)]
        flags: Flags,
        /// Do not connect to MLB
        #[arg(long)]
        offline: bool,
        /// Print every setting, not only those that differ from their default
        #[arg(long)]
        all: bool,
    },
    /// Reload the configuration of the running e6; if it is invalid, list the mistakes, keep the old one, exit with 2
    Reload {
        #[command(flatten)]
        flags: Flags,
    },
    /// Replace the running e6 with the binary on disk, without downtime
    Upgrade {
        #[command(flatten)]
        flags: Flags,
    },
    /// Put the previous binary back, without downtime; again, and the newer one comes back
    Rollback {
        #[command(flatten)]
        flags: Flags,
    },
    /// Check that the site answers; exit with 0, or with 1 and the reason
    Health {
        #[command(flatten)]
        flags: Flags,
        /// The URL to request, or unix:/PATH; by default, /healthz at the first address where e6 listens
        #[arg(value_name = "URL")]
        url: Option<String>,
    },
    /// Send a test to every webhook of the configuration; exit with 0 if all accept it, else with 1
    Notify {
        #[command(flatten)]
        flags: Flags,
        /// Confirm that a test is sent
        #[arg(long, required = true)]
        test: bool,
    },
    /// Print the completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page of e6 or of a command
    Man {
        /// The command
        #[arg(value_name = "COMMAND", value_parser = help::command_names())]
        about: Option<String>,
        /// Write the pages of all commands to this directory instead
        #[arg(long, value_name = "DIR", conflicts_with = "about")]
        dir: Option<PathBuf>,
    },
    /// Print the table of URL patterns, in the order of matching
    Routes,
    /// Print every limit with its value, its default and what it prevents
    Limits {
        #[command(flatten)]
        flags: Flags,
        /// Print the page of the documentation (Markdown) instead
        #[arg(long)]
        markdown: bool,
    },
    /// Print every setting with its default, as a settings file
    Settings {
        /// Print the page of the documentation (Markdown) instead
        #[arg(long)]
        markdown: bool,
    },
    /// Write two drawings as SVG files: the way of a request, and the way to production
    Render {
        /// The directory; existing files with the same names are replaced
        dir: PathBuf,
    },
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
        .map_err(|_| "write a day like 2023-08-09".to_owned())
}
