//! The manual: a page for e6 and one for each command, in roff. The help shows the same examples and exit codes.

use crate::{
    cli::{
        help::{self, HelpLength},
        topics::{TOPICS, Topic, names, topic},
    },
    config::settings::{self, Setting},
};
use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};
use std::{
    fs,
    io::{self, Write},
    path::Path,
};

/// The end of a command's help.
pub(crate) fn examples_and_exit_codes(name: &str) -> String {
    let Some(topic) = topic(name) else { return String::new() };
    let mut text = String::from("Examples:\n");
    for (what, line) in topic.examples {
        text += &format!("  # {what}\n  {line}\n");
    }
    text += &format!("\nExit codes:\n  0  Success\n  1  {}\n  2  {}", topic.failure, topic.mistake);
    if name != "e6" {
        text += &format!("\n\nManual: e6 man {name}");
    }
    text
}

/// The page of a command, or of e6 itself.
pub fn page(about: Option<&str>) -> io::Result<String> {
    let whole = help::command(HelpLength::Long);
    let command = match about {
        None => whole,
        Some(name) => {
            let found = whole.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such command"))?;
            // As in `git-log(1)`.
            found.version(crate::BUILD).bin_name(format!("e6 {name}")).display_name(format!("e6-{name}"))
        }
    };
    let mut page = Vec::new();
    render(about.unwrap_or("e6"), command.after_help(""), &mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Writes every page to a directory, as `e6.1`, `e6-serve.1` and so on.
pub fn write_all(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    fs::write(dir.join("e6.1"), page(None)?)?;
    names().try_for_each(|name| fs::write(dir.join(format!("e6-{name}.1")), page(Some(name))?))
}

fn render(name: &str, command: Command, page: &mut dyn Write) -> io::Result<()> {
    let variables = environment(&command);
    let has_commands = command.has_subcommands();
    let man = Man::new(command).manual("e6").source(concat!("e6 ", env!("CARGO_PKG_VERSION")));
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if has_commands {
        man.render_subcommands_section(page)?;
    }
    let Some(topic) = topic(name) else { return Ok(()) };
    let codes = [("0", "Success."), ("1", topic.failure), ("2", topic.mistake)];
    list("EXIT STATUS", &codes).to_writer(page)?;
    let none = [("None", "This command reads and writes no files of its own.")];
    list("FILES", if topic.files.is_empty() { &none } else { topic.files }).to_writer(page)?;
    list("SIGNALS", topic.signals).to_writer(page)?;
    let variables: Vec<_> = variables.iter().map(|(name, help)| (&**name, &**help)).collect();
    list("ENVIRONMENT", &variables).to_writer(page)?;
    examples(topic).to_writer(page)?;
    see_also(name).to_writer(page)
}

/// The variables that the flags of a command stand for, and others that it reads.
fn environment(command: &Command) -> Vec<(String, String)> {
    let has = |flag: &str| command.get_arguments().any(|argument| argument.get_id() == flag);
    let mut variables = Vec::new();
    if has("--config") {
        variables.push(("E6_CONFIG".to_owned(), "The settings file, as --config.".to_owned()));
    }
    let settings = settings::all().filter(|setting| !setting.variable.is_empty());
    let is_of_flag = |setting: &&Setting| match setting.flag_name() {
        "" => has("--access-log") || setting.variable.starts_with("E6_LIMIT_") && has("--limit"),
        flag => has(flag),
    };
    let of_flags = settings.filter(is_of_flag);
    variables.extend(of_flags.map(|setting| (setting.variable.to_owned(), format!("{}.", setting.help))));
    if !has("--log-format") {
        variables.push(("E6_LOG_FORMAT".into(), "The format of errors: combined or json.".into()));
    }
    variables
        .push(("NO_COLOR".into(), "If it is not empty, nothing is coloured, even on a terminal.".into()));
    if has("--mlb-proxy") {
        for (name, help) in [
            ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "The outgoing proxy, as for curl."),
            (
                "STATE_DIRECTORY, RUNTIME_DIRECTORY",
                "The data directory and that of the pid file, from systemd.",
            ),
            ("XDG_STATE_HOME, HOME", "Where the data directory is, if nothing else names it."),
            (
                "LISTEN_FDS, LISTEN_FDNAMES, NOTIFY_SOCKET, WATCHDOG_USEC",
                "Sockets and supervision, from systemd.",
            ),
        ] {
            variables.push((name.into(), help.into()));
        }
    }
    variables
}

fn list(heading: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", [heading]);
    for (term, text) in rows {
        roff.control("TP", []).text([bold(*term)]).text([roman(*text)]);
    }
    roff
}

fn examples(topic: &Topic) -> Roff {
    let mut roff = Roff::default();
    roff.control("SH", ["EXAMPLES"]);
    for (what, line) in topic.examples {
        roff.control("PP", []).text([roman(format!("{what}:"))]);
        roff.control("PP", []).control("RS", ["4"]).control("EX", []);
        roff.text([roman(*line)]);
        roff.control("EE", []).control("RE", []);
    }
    roff
}

fn see_also(name: &str) -> Roff {
    let mut roff = Roff::default();
    let others = TOPICS.iter().map(|topic| topic.name).filter(|other| *other != name);
    let pages = others.map(|name| if name == "e6" { "e6(1)".into() } else { format!("e6-{name}(1)") });
    roff.control("SH", ["SEE ALSO"]).text([roman(pages.collect::<Vec<_>>().join(", "))]);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn every_command_has_a_topic_and_every_topic_a_command() {
        let command = crate::cli::Arguments::command();
        let commands: Vec<_> =
            command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        let mut topics: Vec<_> = names().map(str::to_owned).collect();
        let mut sorted = commands.clone();
        sorted.sort();
        topics.sort();
        assert_eq!(topics, sorted);
    }

    #[test]
    fn every_example_is_a_valid_command_line() {
        for topic in TOPICS {
            for (_, line) in topic.examples {
                let parts = line.split("&&").flat_map(|part| part.split('|'));
                let ours =
                    parts.filter_map(|part| part.trim().trim_start_matches("sudo ").strip_prefix("e6"));
                for arguments in ours {
                    let words = arguments.split('>').next().unwrap_or_default().split_whitespace();
                    let typed = ["e6"].into_iter().chain(words);
                    let parsed = help::command(HelpLength::Long).try_get_matches_from(typed);
                    assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
                }
            }
        }
    }

    #[test]
    fn every_page_has_every_section() {
        for about in [None].into_iter().chain(names().map(Some)) {
            let page = page(about).unwrap();
            for section in ["NAME", "SYNOPSIS", "EXIT STATUS", "FILES", "SIGNALS", "ENVIRONMENT", "EXAMPLES"]
            {
                let heading = [format!(".SH {section}\n"), format!(".SH \"{section}\"\n")];
                let (_, rest) = heading.iter().find_map(|line| page.split_once(line.as_str())).unwrap();
                let text = rest.split(".SH").next().unwrap();
                assert!(text.trim().len() > 3, "{about:?} {section}: {page}");
            }
        }
    }
}
