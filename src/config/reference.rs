//! The documentation of the settings, made from their table: a file with every default, and a page.

use crate::{
    config::settings::{self, Setting, hooks::HOOK},
    limits::TakesEffect,
};
use std::fmt::Write;

/// The sections of the file, with their descriptions.
const SECTIONS: &[(&str, &str)] = &[
    ("player", "the player in the question"),
    ("words", "the words on the page, in English"),
    ("words.es", "the words on the page, in Spanish"),
    ("colours", ""),
    ("site", "the site's name and address on the internet"),
    ("listen", "addresses; several in a list"),
    ("mlb", "MLB's Stats API"),
    ("relay", "answers other e6 servers in MLB's place"),
    (HOOK, "a webhook that is told of a change of the answer; one section for each"),
    ("proxy", "load balancers and reverse proxies in front"),
    ("tls", ""),
    ("acme", "certificates from a CA, renewed by e6"),
    ("security", ""),
    ("data", ""),
    ("log", ""),
    ("limits", "limits on peers and on MLB; `e6 limits` explains each"),
];

/// The column where comments of the file begin, unless the value is longer.
const COLUMN: usize = 28;
/// Maximum length of a line with a comment after its value.
const WIDTH: usize = 120;

/// A settings file with every setting and its default.
pub fn file() -> String {
    let header = "# Every setting of e6 with its default; this file is `e6 settings`. Copy what you change to ./e6.toml, or name your file\n\
         # with --config. Flags beat E6_* variables, which beat this file. `e6 check` lists every mistake.\n";
    lines(header, |setting, name| match setting.default() {
        Some(value) => format!("{name} = {value}"),
        None => format!("# {name} = {}", setting.example),
    })
}

/// A settings file with these keys and values. Every other setting is a comment with its default.
pub fn starting_file(values: &[(&str, String)]) -> String {
    let header = "# The settings of e6, written by `e6 init`. A line that begins with # has the default: remove the # to change it.\n\
                  # `e6 check` lists every mistake, and `e6 reload` has the running e6 read this file again.\n";
    lines(header, |setting, name| match values.iter().find(|(key, _)| *key == setting.key) {
        Some((_, value)) => format!("{name} = {value}"),
        None => format!("# {name} = {}", setting.default().unwrap_or_else(|| setting.example.into())),
    })
}

/// A settings file with these lines, in its sections.
fn lines(header: &str, line: impl Fn(&Setting, &str) -> String) -> String {
    let mut file = header.to_owned();
    let mut present = "";
    for setting in settings::all() {
        let Some((section, name)) = setting.key.rsplit_once('.') else { continue };
        if section != present {
            present = section;
            let about = SECTIONS.iter().find(|(known, _)| *known == section).map_or("", |(_, about)| about);
            let header = if section == HOOK { "# [[notify]]".into() } else { format!("[{section}]") };
            let _ = writeln!(file, "\n{}", commented(&header, about));
        }
        let _ = writeln!(file, "{}", commented(&line(setting, name), setting.help));
    }
    file
}

/// The line with its comment after it, or above it if one line would be too long.
fn commented(line: &str, comment: &str) -> String {
    if comment.is_empty() {
        return line.to_owned();
    }
    let together = format!("{line:<COLUMN$} # {comment}");
    if together.chars().count() <= WIDTH { together } else { format!("# {comment}:\n{line}") }
}

/// The page of the documentation, as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Settings\n\nThis page is `e6 settings --markdown`. A flag beats its variable, which beats the file (`e6.toml`, or the one that\n\
         `--config FILE` or `E6_CONFIG` names), which beats the default. `e6 check` lists every mistake, or the settings that differ from\n\
         their default. A reload (`e6 reload`, SIGHUP) takes all of them but those of which the table says *start*.\n\n\
         | in the file | flag | variable | default | from | what |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    let code =
        |text: &str| if text.is_empty() { String::new() } else { format!("`{}`", text.replace('|', "\\|")) };
    for setting in settings::all() {
        let from = if setting.takes_effect == TakesEffect::AtStart { "start" } else { "reload" };
        let default = setting.default().unwrap_or_default();
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {from} | {} |",
            code(setting.key),
            code(setting.flag_name()),
            code(setting.variable),
            code(&default),
            setting.help
        );
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_the_table() {
        assert_eq!(include_str!("e6.example.toml"), file(), "run: e6 settings > src/config/e6.example.toml");
        assert_eq!(
            include_str!("../../docs/settings.md"),
            markdown(),
            "run: e6 settings --markdown > docs/settings.md"
        );
    }

    #[test]
    fn every_setting_has_a_help_and_a_default_or_an_example() {
        for setting in settings::all() {
            assert!(!setting.help.is_empty() && !setting.help.ends_with('.'), "{}", setting.variable);
            let is_shown =
                setting.key.is_empty() || setting.default().is_some() || !setting.example.is_empty();
            assert!(is_shown, "{}", setting.key);
        }
    }
}
