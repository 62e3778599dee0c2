//! The command line: commands, flags and their help. `config` turns the flags into settings.

pub(crate) mod help;
pub(crate) mod manual;

use crate::{
    app::{
        check::{Network, SettingsShown},
        control::ControlRequest,
    },
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

/// A command with its flags and arguments.
#[derive(Debug)]
pub enum Command {
    /// `e6 serve`, or `e6` alone: serve the site.
    Serve(Flags),
    /// `e6 demo`: serve the replay of a past day.
    Demo {
        /// The flags of settings.
        flags: Flags,
        /// Speed of the replay: seconds of that day per second.
        speed: u32,
        /// The day to replay; none is the one embedded in the binary.
        date: Option<Date>,
    },
    /// `e6 init`: write a settings file.
    Init {
        /// The flags of settings.
        flags: Flags,
        /// The site's domains, separated by commas; none asks for them.
        domains: Option<String>,
        /// The contact address for the CA; none asks for it.
        email: Option<String>,
    },
    /// `e6 reload` and `e6 upgrade`: send a request to the running process.
    Ask(ControlRequest, Flags),
    /// `e6 rollback`: put the previous binary back.
    Rollback(Flags),
    /// `e6 check`: check the configuration and the machine.
    Check {
        /// The flags of settings.
        flags: Flags,
        /// Whether MLB is asked.
        network: Network,
        /// The settings to print.
        shown: SettingsShown,
    },
    /// `e6 health`: check that a site answers.
    Health {
        /// The flags of settings.
        flags: Flags,
        /// The URL to request; none is the site of this configuration.
        url: Option<String>,
    },
    /// `e6 notify`: send a test to every hook.
    Notify(Flags),
    /// `e6 completions`: print a shell's completion script.
    Completions(Shell),
    /// `e6 man`: print a manual page.
    Man {
        /// The command that the page is about; none is `e6` itself.
        about: Option<String>,
        /// The directory for all pages, in place of printing one.
        dir: Option<PathBuf>,
    },
    /// `e6 routes`: print the table of URL patterns.
    Routes,
    /// `e6 limits`: print the limits.
    Limits {
        /// The flags of settings.
        flags: Flags,
        /// Print the page of the documentation instead.
        markdown: bool,
    },
    /// `e6 settings`: print every setting with its default.
    Settings {
        /// Print the page of the documentation instead.
        markdown: bool,
    },
    /// `e6 render`: write the drawings of `/how`.
    Render {
        /// The directory for the drawings.
        dir: PathBuf,
    },
}

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
    config::log_format(&flags, value("--config").map(PathBuf::from).as_deref(), &config::ProcessEnvironment)
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
    Ok(match command {
        None => Command::Serve(flags),
        Some(CommandArguments::Serve { flags }) => Command::Serve(flags),
        Some(CommandArguments::Demo { flags, speed, date }) => Command::Demo { flags, speed, date },
        Some(CommandArguments::Init { flags, domains, email }) => Command::Init { flags, domains, email },
        Some(CommandArguments::Rollback { flags }) => Command::Rollback(flags),
        Some(CommandArguments::Reload { flags }) => Command::Ask(ControlRequest::Reload, flags),
        Some(CommandArguments::Upgrade { flags }) => Command::Ask(ControlRequest::Upgrade, flags),
        Some(CommandArguments::Check { flags, offline, all }) => Command::Check {
            flags,
            network: if offline { Network::LeftAlone } else { Network::Asked },
            shown: if all { SettingsShown::All } else { SettingsShown::Changed },
        },
        Some(CommandArguments::Health { flags, at }) => Command::Health { flags, url: at },
        Some(CommandArguments::Notify { flags, test: _ }) => Command::Notify(flags),
        Some(CommandArguments::Completions { shell }) => Command::Completions(shell),
        Some(CommandArguments::Man { about, dir }) => Command::Man { about, dir },
        Some(CommandArguments::Routes) => Command::Routes,
        Some(CommandArguments::Limits { flags, markdown }) => Command::Limits { flags, markdown },
        Some(CommandArguments::Settings { markdown }) => Command::Settings { markdown },
        Some(CommandArguments::Render { dir }) => Command::Render { dir },
    })
}

/// Prints help to stdout or a usage error to stderr, and returns the exit code.
fn print_message(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX));
    let stream = if error.use_stderr() { output::stderr() } else { output::stdout() };
    let coloured = stream.has_colour() && format::present() == LogFormat::Combined;
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

/// The completion script for a shell.
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
    command: Option<CommandArguments>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum CommandArguments {
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
        #[arg(long, value_name = "N", default_value_t = 110, value_parser = clap::value_parser!(u32).range(1..=100_000))]
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
        /// The URL to request; by default, /healthz at the first address where e6 listens
        #[arg(value_name = "URL")]
        at: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
