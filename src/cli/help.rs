//! `-h` on one screen, and `--help` with groups, examples and exit codes.

use crate::cli::{Arguments, manual, topics};
use clap::{
    Command, CommandFactory,
    builder::{PossibleValuesParser, StyledStr},
};
use std::ffi::OsString;

/// Commands for packagers, developers and rare occasions, which `e6 -h` leaves out.
const RARE: &[&str] = &["notify", "completions", "man", "routes", "limits", "settings", "render", "help"];
/// The flags of settings that `-h` shows of a command that takes all.
const USUAL: &[&str] = &["--config", "--player", "--domain", "--http", "--https", "--acme"];
/// A command with more arguments than these takes the flags of all settings.
const MANY: usize = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HelpLength {
    /// `-h`.
    Short,
    /// `--help`.
    Long,
}

impl HelpLength {
    /// The length that a command line asks for, if it asks for help.
    pub fn of(command_line: &[OsString]) -> Self {
        if command_line.iter().any(|word| word == "-h") { HelpLength::Short } else { HelpLength::Long }
    }
}

/// The command line's definition, with help of this length.
pub(crate) fn command(length: HelpLength) -> Command {
    let finish = |command: Command| match length {
        HelpLength::Short => shortened(command),
        HelpLength::Long => {
            let end = manual::examples_and_exit_codes(command.get_name());
            command.after_help(end)
        }
    };
    let command = Arguments::command().max_term_width(100);
    finish(command).mut_subcommands(finish)
}

pub(crate) fn command_names() -> PossibleValuesParser {
    PossibleValuesParser::new(topics::names())
}

/// The definition with the usual commands and flags only, a line each.
fn shortened(command: Command) -> Command {
    let takes_all = command.get_arguments().count() > MANY;
    let is_hidden = |id: &str| takes_all && id.starts_with("--") && !USUAL.contains(&id);
    let command = command
        .mut_args(|argument| {
            let help = argument.get_help().map(|help| first_clause(help, &[':', ';', ',', '.']));
            let is_hidden = is_hidden(argument.get_id().as_str());
            let value = argument
                .get_value_names()
                .and_then(|names| names.first()?.split('|').next().map(str::to_owned));
            let argument = match value {
                Some(value) => argument.value_name(value),
                None => argument,
            };
            argument.help(help.unwrap_or_default()).help_heading(None::<&str>).hide_short_help(is_hidden)
        })
        .mut_subcommands(|command| {
            let about = command.get_about().map(|about| first_clause(about, &[';', ',']));
            let is_rare = RARE.contains(&command.get_name());
            command.about(about.unwrap_or_default()).hide(is_rare)
        });
    if command.has_subcommands() {
        command
            .disable_help_subcommand(true)
            .disable_version_flag(true)
            .override_usage("e6 [COMMAND] [OPTIONS]")
            .after_help("More: e6 --help, e6 COMMAND --help, e6 man COMMAND")
    } else {
        command
    }
}

/// The text up to the first of these marks before a space, and the default at its end.
fn first_clause(text: &StyledStr, marks: &[char]) -> String {
    let text = text.to_string();
    let (text, default) = text.split_once(" [default: ").unwrap_or((&text, ""));
    let mut ends = text.match_indices(marks).map(|(at, _)| at);
    let end = ends.find(|at| text[at + 1..].starts_with(' '));
    let clause = &text[..end.unwrap_or(text.len())];
    if default.is_empty() { clause.to_owned() } else { format!("{clause} [default: {default}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        for length in [HelpLength::Short, HelpLength::Long] {
            command(length).debug_assert();
        }
    }

    #[test]
    fn the_first_clause_ends_before_a_mark_and_keeps_the_default() {
        for (text, clause) in [
            ("One, two", "One"),
            ("127.0.0.1:80 is one", "127.0.0.1:80 is one"),
            ("One: \"a\", [default: :80]", "One [default: :80]"),
        ] {
            assert_eq!(first_clause(&text.into(), &[',', ':', '.']), clause);
        }
    }

    #[test]
    fn short_help_of_every_command_fits_one_screen() {
        let mut commands = vec![command(HelpLength::Short).term_width(80)];
        commands.extend(commands[0].clone().get_subcommands().cloned().map(|command| command.term_width(80)));
        for mut command in commands {
            let help = command.render_help().to_string();
            let lines = help.lines().count();
            assert!(lines <= 24 && help.lines().all(|line| line.chars().count() <= 80), "{lines}: {help}");
        }
    }
}
