//! The command line's flags, made from the table of settings.

use crate::config::settings::{self, Setting};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};
use std::path::PathBuf;

/// The flag that names the settings file; the only one that is not a setting.
const CONFIG: &str = "--config";
/// The flag that sets a limit: a limit has no flag of its own.
pub(crate) const LIMIT: &str = "--limit";

#[derive(Debug, Default)]
pub struct Flags {
    pub config: Option<PathBuf>,
    /// The flags of settings, with their values as text.
    pub typed: Vec<(&'static str, String)>,
}

/// Commands that need a part of the settings, with the groups and the flags that they take. The others take all.
const PARTS: &[(&str, &[&str])] = &[
    ("init", &[]),
    ("reload", CONTROL),
    ("upgrade", CONTROL),
    ("rollback", CONTROL),
    ("health", &["Listen", "HTTPS", "--domain", "--pid-file", "--data-dir"]),
    ("notify", &["Site"]),
    ("limits", &["Limits"]),
];
/// The flags that say where the pid file of the running e6 is.
const CONTROL: &[&str] = &["--pid-file", "--data-dir"];
/// The flags that every command with settings takes.
const ALWAYS: &[&str] = &["--log-format", "--log-level"];

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new(CONFIG)
            .long(long(CONFIG))
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help("Settings file; by default e6.toml, if it exists");
        let part = PARTS.iter().find(|(name, _)| *name == command.get_name()).map(|(_, part)| *part);
        let is_taken = |flag: &str, group: &str| {
            part.is_none_or(|part| part.contains(&flag) || part.contains(&group)) || ALWAYS.contains(&flag)
        };
        let taken = flags().filter(|setting| is_taken(setting.flag_name(), setting.group()));
        let command = taken.map(argument).fold(command.arg(file), Command::arg);
        if is_taken(LIMIT, "Limits") { command.arg(limit()) } else { command }
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Flags::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.config = matches.get_one(CONFIG).cloned();
        self.typed =
            flags().filter_map(|setting| Some((setting.flag_name(), typed(setting, matches)?))).collect();
        let limits = matches.try_get_many::<String>(LIMIT).ok().flatten();
        self.typed.extend(limits.into_iter().flatten().map(|limit| (LIMIT, limit.clone())));
        Ok(())
    }
}

fn flags() -> impl Iterator<Item = &'static Setting> {
    settings::all().filter(|setting| !setting.flag.is_empty())
}

fn long(flag: &'static str) -> &'static str {
    flag.trim_start_matches('-')
}

fn argument(setting: &'static Setting) -> Arg {
    let name = setting.flag_name();
    let argument = Arg::new(name).long(long(name)).help_heading(setting.group());
    let argument = argument.help(match setting.default() {
        Some(default) => format!("{} [default: {}]", setting.help, default.trim_matches('"')),
        None => setting.help.to_owned(),
    });
    match setting.flag.split_once(' ') {
        None => argument.action(ArgAction::SetTrue),
        // A negative number gets the error of its setting.
        Some((_, value)) => match value.strip_suffix("...") {
            Some(item) => argument.value_name(item).action(ArgAction::Append),
            None => argument.value_name(value).allow_negative_numbers(true),
        },
    }
}

fn limit() -> Arg {
    Arg::new(LIMIT)
        .long(long(LIMIT))
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .help_heading("Limits")
        .help(
            "Set a limit, as in the section [limits] of e6.toml; `e6 limits` lists them with their defaults",
        )
}

/// The typed value; those of a list separated by commas. None also if the command does not take the flag.
fn typed(setting: &Setting, matches: &ArgMatches) -> Option<String> {
    let name = setting.flag_name();
    if name == setting.flag {
        let is_set = matches.try_get_one(name).ok().flatten().copied().unwrap_or(false);
        return is_set.then(|| "true".to_owned());
    }
    let values: Vec<String> = matches.try_get_many(name).ok().flatten()?.cloned().collect();
    Some(values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Flags {
        let matches = Flags::augment_args(Command::new("e6")).try_get_matches_from(line).unwrap();
        Flags::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn a_list_is_joined_a_switch_is_true_and_a_value_is_as_typed() {
        let flags = parsed(&[
            "e6",
            "--http",
            ":80,:81",
            "--http",
            "unix:/a",
            "--acme-staging",
            "--player",
            "7",
            "--config",
            "f",
        ]);
        assert_eq!(flags.config, Some("f".into()));
        let mut typed = flags.typed;
        typed.sort();
        let expected = [("--acme-staging", "true"), ("--http", ":80,:81,unix:/a"), ("--player", "7")];
        assert_eq!(typed, expected.map(|(flag, value)| (flag, value.to_owned())));
    }

    #[test]
    fn a_command_takes_its_own_flags_and_no_other() {
        for (name, taken, refused) in [
            ("reload", "--pid-file", "--player"),
            ("health", "--http", "--player"),
            ("notify", "--player", "--http"),
            ("limits", "--limit", "--domain"),
            ("init", "--config", "--pid-file"),
            ("serve", "--limit", "--nothing"),
        ] {
            let command = Flags::augment_args(Command::new(name));
            let takes = |flag| command.clone().try_get_matches_from([name, flag, "x"]).is_ok();
            assert!(takes(taken) && !takes(refused), "{name}");
        }
    }

    #[test]
    fn a_value_is_given_once() {
        let command = Flags::augment_args(Command::new("e6"));
        assert!(command.try_get_matches_from(["e6", "--player", "7", "--player", "8"]).is_err());
    }
}
