//! Commands and flags. Here is only what was typed; `config` decides what it means.

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
use clap::{CommandFactory, Parser, Subcommand};
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
    Ask(ControlRequest, Flags),
    /// Say what a start would come to.
    Check {
        /// As for `Serve`.
        flags: Flags,
        /// Whether others are asked.
        network: Network,
        /// Which settings are shown.
        shown: SettingsShown,
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
    /// Print every setting with its default.
    Settings {
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
    config::log_format(&flags, value("--config").map(PathBuf::from).as_deref(), &config::ProcessEnvironment)
}

/// Reads the command line, the program's name first.
///
/// # Errors
/// The exit code, where there is no command to perform: help or a usage error has been printed.
pub fn parse(command_line: Vec<OsString>) -> Result<Command, ExitCode> {
    let Arguments { command, flags } =
        Arguments::try_parse_from(command_line).map_err(|error| told(&error))?;
    Ok(match command {
        None => Command::Serve(flags),
        Some(CommandArguments::Serve { flags }) => Command::Serve(flags),
        Some(CommandArguments::Demo { flags, speed, date }) => Command::Demo { flags, speed, date },
        Some(CommandArguments::Reload { flags }) => Command::Ask(ControlRequest::Reload, flags),
        Some(CommandArguments::Upgrade { flags }) => Command::Ask(ControlRequest::Upgrade, flags),
        Some(CommandArguments::Check { flags, offline, all }) => Command::Check {
            flags,
            network: if offline { Network::LeftAlone } else { Network::Asked },
            shown: if all { SettingsShown::All } else { SettingsShown::Changed },
        },
        Some(CommandArguments::Health { flags, at }) => Command::Health { flags, url: at },
        Some(CommandArguments::Completions { shell }) => Command::Completions(shell),
        Some(CommandArguments::Man) => Command::Man,
        Some(CommandArguments::Routes) => Command::Routes,
        Some(CommandArguments::Limits { flags, markdown }) => Command::Limits { flags, markdown },
        Some(CommandArguments::Settings { markdown }) => Command::Settings { markdown },
        Some(CommandArguments::Render { dir }) => Command::Render { dir },
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
    clap_complete::generate(shell, &mut Arguments::command(), "e6", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// One manual page for all commands, in roff.
///
/// # Errors
/// When it cannot be made.
pub fn man() -> io::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
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
struct Arguments {
    #[command(subcommand)]
    command: Option<CommandArguments>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum CommandArguments {
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
    /// Print every setting with its default, as a settings file
    Settings {
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
