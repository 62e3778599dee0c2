//! The manual: a page for e6 and one for each command, in roff. The help shows the same examples and exit codes.

use crate::{
    cli::help::{self, HelpLength},
    config::{self, SettingText},
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

/// The sections of a manual page beside the flags of its command.
struct Topic {
    name: &'static str,
    /// Descriptions and command lines.
    examples: &'static [(&'static str, &'static str)],
    /// The reason for each exit code but 0.
    failure: &'static str,
    mistake: &'static str,
    files: &'static [(&'static str, &'static str)],
    signals: &'static [(&'static str, &'static str)],
}

const USAGE: &str = "A wrong command line, or an invalid configuration.";
const ENDS: &[(&str, &str)] = &[("SIGINT, SIGTERM", "End the command.")];
const SETTINGS_FILE: (&str, &str) =
    ("e6.toml", "The settings, if no other file is named. It need not exist.");
const PID_FILE: (&str, &str) = (
    "/run/e6/e6.pid, /var/lib/e6/e6.pid, ~/.local/state/e6/e6.pid",
    "The process number of the running e6: in the service's runtime directory, else in the data directory. Beside it, \
     e6.pid.json has its addresses and the outcome of the last reload or upgrade.",
);
const PREVIOUS: (&str, &str) =
    ("/usr/local/bin/e6.before", "The previous binary, which an upgrade keeps beside the new one.");
const SERVER_FILES: &[(&str, &str)] = &[
    SETTINGS_FILE,
    (
        "/var/lib/e6, ~/.local/state/e6",
        "The data directory: the last answer, certificates from a CA and its account, messages that wait for webhooks.",
    ),
    ("certs/", "The self-signed certificate, unless --certs names another directory."),
    PID_FILE,
];
const SERVER_SIGNALS: &[(&str, &str)] = &[
    ("SIGHUP", "Read the settings again, as `e6 reload`."),
    ("SIGUSR1", "Open the file of the access log again, after its rotation."),
    ("SIGUSR2", "Start the binary that is on disk now and let it take over, as `e6 upgrade`."),
    (
        "SIGINT, SIGTERM",
        "Accept no more connections, finish the open requests within limits.drain (25 s), and exit. A second one ends e6 at once.",
    ),
];

const TOPICS: &[Topic] = &[
    Topic {
        name: "e6",
        examples: &[
            ("Serve on this machine, at http://127.0.0.1:8080", "e6"),
            ("A game day in two minutes, without a network", "e6 demo"),
            (
                "Serve a domain, with certificates from Let's Encrypt",
                "sudo e6 --domain example.org --acme you@example.org --user e6",
            ),
            ("The same, with a settings file", "e6 init example.org you@example.org && sudo e6 --user e6"),
        ],
        failure: "e6 could not start: an address is in use, or another e6 has the data directory.",
        mistake: USAGE,
        files: SERVER_FILES,
        signals: SERVER_SIGNALS,
    },
    Topic {
        name: "serve",
        examples: &[
            ("Serve on this machine, at http://127.0.0.1:8080", "e6 serve"),
            ("The question about another player", "e6 serve --player 660271"),
            (
                "Behind a reverse proxy on this machine",
                "e6 serve --tls off --http unix:/run/e6/e6.sock --trusted unix",
            ),
            ("Another limit", "e6 serve --limit connections=2000 --limit drain=10"),
        ],
        failure: "e6 could not start: an address is in use, or another e6 has the data directory.",
        mistake: USAGE,
        files: SERVER_FILES,
        signals: SERVER_SIGNALS,
    },
    Topic {
        name: "init",
        examples: &[
            ("Settings for a domain in ./e6.toml", "e6 init example.org you@example.org"),
            (
                "For two names, in another file",
                "e6 init --config /etc/e6/e6.toml example.org,www.example.org you@example.org",
            ),
        ],
        failure: "The file exists, or cannot be written.",
        mistake: "A wrong command line, or an invalid domain or address.",
        files: &[(
            "e6.toml",
            "The file that is written, if no other is named. An existing one is left as it is.",
        )],
        signals: ENDS,
    },
    Topic {
        name: "demo",
        examples: &[
            ("August 9, 2023, in about two minutes", "e6 demo"),
            ("Another day, from MLB's records", "e6 demo --date 2024-07-02"),
            ("Design: styles, scripts and pictures from a directory", "e6 demo --assets assets"),
        ],
        failure: "The demo could not start, or MLB has no records of the day.",
        mistake: USAGE,
        files: &[SETTINGS_FILE, PID_FILE],
        signals: SERVER_SIGNALS,
    },
    Topic {
        name: "check",
        examples: &[
            ("The settings of a server", "sudo e6 check --config /etc/e6/e6.toml"),
            ("Every setting, without a request to MLB", "e6 check --offline --all"),
        ],
        failure: "The findings cannot be written.",
        mistake: "There are errors: e6 would not start, or its answer would be wrong.",
        files: SERVER_FILES,
        signals: ENDS,
    },
    Topic {
        name: "reload",
        examples: &[("The e6 of the systemd unit", "sudo e6 reload --pid-file /run/e6/e6.pid")],
        failure: "No running e6 was found, or it did not report an outcome within 15 s.",
        mistake: "The new settings are invalid. e6 keeps the old ones.",
        files: &[SETTINGS_FILE, PID_FILE],
        signals: &[("SIGHUP", "This command sends it to the running e6."), ENDS[0]],
    },
    Topic {
        name: "upgrade",
        examples: &[(
            "A new binary for the e6 of the systemd unit",
            "sudo install e6 /usr/local/bin/e6.new && sudo mv /usr/local/bin/e6.new /usr/local/bin/e6 && sudo e6 upgrade --pid-file /run/e6/e6.pid",
        )],
        failure: "No running e6 was found, or the new process did not become ready. The old one goes on.",
        mistake: USAGE,
        files: &[SETTINGS_FILE, PID_FILE, PREVIOUS],
        signals: &[("SIGUSR2", "This command sends it to the running e6."), ENDS[0]],
    },
    Topic {
        name: "rollback",
        examples: &[
            ("The e6 of the systemd unit", "sudo e6 rollback --pid-file /run/e6/e6.pid"),
            (
                "If the new binary does not even run",
                "sudo /usr/local/bin/e6.before rollback --pid-file /run/e6/e6.pid",
            ),
        ],
        failure: "There is no previous binary, or it did not become ready. The binaries are as before.",
        mistake: USAGE,
        files: &[SETTINGS_FILE, PID_FILE, PREVIOUS],
        signals: &[("SIGUSR2", "This command sends it to the running e6."), ENDS[0]],
    },
    Topic {
        name: "health",
        examples: &[
            ("The e6 of these settings", "e6 health --config /etc/e6/e6.toml"),
            ("A site elsewhere", "e6 health https://example.org"),
        ],
        failure: "The site does not answer, or says that it is ill.",
        mistake: USAGE,
        files: &[SETTINGS_FILE, PID_FILE],
        signals: ENDS,
    },
    Topic {
        name: "notify",
        examples: &[("Try every hook", "e6 notify --test --config /etc/e6/e6.toml")],
        failure: "A hook did not accept the test.",
        mistake: "A wrong command line, an invalid configuration, or no hook in it.",
        files: &[SETTINGS_FILE],
        signals: ENDS,
    },
    Topic {
        name: "completions",
        examples: &[
            ("bash", "e6 completions bash | sudo tee /etc/bash_completion.d/e6"),
            ("fish", "e6 completions fish > ~/.config/fish/completions/e6.fish"),
        ],
        failure: "The script cannot be written.",
        mistake: "A wrong command line.",
        files: &[],
        signals: ENDS,
    },
    Topic {
        name: "man",
        examples: &[
            ("The page of e6", "e6 man | man -l -"),
            ("The page of a command", "e6 man upgrade | man -l -"),
            ("All pages", "e6 man --dir man1"),
        ],
        failure: "A page cannot be written.",
        mistake: "A wrong command line.",
        files: &[],
        signals: ENDS,
    },
    Topic {
        name: "routes",
        examples: &[("The URL patterns", "e6 routes")],
        failure: "The table cannot be written.",
        mistake: "A wrong command line.",
        files: &[],
        signals: ENDS,
    },
    Topic {
        name: "limits",
        examples: &[
            ("The limits of a server", "e6 limits --config /etc/e6/e6.toml"),
            ("With another value", "e6 limits --limit connections=2000"),
        ],
        failure: "The table cannot be written.",
        mistake: USAGE,
        files: &[SETTINGS_FILE],
        signals: ENDS,
    },
    Topic {
        name: "settings",
        examples: &[("A file to copy from", "e6 settings > e6.example.toml")],
        failure: "The file cannot be written.",
        mistake: "A wrong command line.",
        files: &[],
        signals: ENDS,
    },
    Topic {
        name: "render",
        examples: &[("The drawings of the README", "e6 render .github")],
        failure: "A drawing cannot be written.",
        mistake: "A wrong command line.",
        files: &[(
            "request-path.svg, production.svg",
            "The drawings, in the directory. Existing ones are replaced.",
        )],
        signals: ENDS,
    },
];

/// The names of the commands, without `e6` itself.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|topic| topic.name).filter(|name| *name != "e6")
}

/// The end of a command's help.
pub(crate) fn examples_and_exit_codes(name: &str) -> String {
    let Some(topic) = topic(name) else { return String::new() };
    let mut text = String::from("Examples:\n");
    for (what, line) in topic.examples {
        text += &format!("  # {what}\n  {line}\n");
    }
    text + "\nExit codes:\n"
        + &format!("  0  Success\n  1  {}\n  2  {}", topic.failure, topic.mistake)
        + if name == "e6" { "" } else { "\n\nManual: e6 man " }
        + if name == "e6" { "" } else { topic.name }
}

fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// The page of a command, or of e6 itself.
///
/// # Errors
/// If the page cannot be rendered.
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
///
/// # Errors
/// If a file cannot be written.
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
    let settings = config::setting_texts().filter(|setting| !setting.variable.is_empty());
    let is_of_flag = |setting: &SettingText| match setting.flag {
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
