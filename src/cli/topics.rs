//! The sections of the manual that the command line itself does not tell: examples, exit codes, files and signals.

/// The sections of a manual page beside the flags of its command.
pub(crate) struct Topic {
    pub name: &'static str,
    /// Descriptions and command lines.
    pub examples: &'static [(&'static str, &'static str)],
    /// The reason for each exit code but 0.
    pub failure: &'static str,
    pub mistake: &'static str,
    pub files: &'static [(&'static str, &'static str)],
    pub signals: &'static [(&'static str, &'static str)],
}

const USAGE: &str = "A wrong command line, or an invalid configuration.";
/// A command that prints something.
const PRINTING: Topic = Topic {
    name: "",
    examples: &[],
    failure: "The table cannot be written.",
    mistake: "A wrong command line.",
    files: &[],
    signals: ENDS,
};
const ENDS: &[(&str, &str)] = &[("SIGINT, SIGTERM", "End the command.")];
const SETTINGS_FILE: (&str, &str) =
    ("e6.toml", "The settings, if no other file is named. It need not exist.");
const PID_FILE: (&str, &str) = (
    "/run/e6/e6.pid, /var/lib/e6/e6.pid, ~/.local/state/e6/e6.pid",
    "The process number of the running e6: in the service's runtime directory, else in the data directory. Beside it, \
     e6.pid.json has its addresses and the outcomes of the last reload and upgrade, and e6.pid.request the request of a \
     command that waits.",
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

pub(crate) const TOPICS: &[Topic] = &[
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
        failure: "No running e6 was found, or it ended or did not report an outcome within 15 s.",
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
        failure: "No running e6 was found, another upgrade is under way, or the new process did not become ready. The old one goes on.",
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
        ..PRINTING
    },
    Topic {
        name: "man",
        examples: &[
            ("The page of e6", "e6 man | man -l -"),
            ("The page of a command", "e6 man upgrade | man -l -"),
            ("All pages", "e6 man --dir man1"),
        ],
        failure: "A page cannot be written.",
        ..PRINTING
    },
    Topic { name: "routes", examples: &[("The URL patterns", "e6 routes")], ..PRINTING },
    Topic {
        name: "limits",
        examples: &[
            ("The limits of a server", "e6 limits --config /etc/e6/e6.toml"),
            ("With another value", "e6 limits --limit connections=2000"),
        ],
        mistake: USAGE,
        files: &[SETTINGS_FILE],
        ..PRINTING
    },
    Topic {
        name: "settings",
        examples: &[("A file to copy from", "e6 settings > e6.example.toml")],
        failure: "The file cannot be written.",
        ..PRINTING
    },
    Topic {
        name: "render",
        examples: &[("The drawings of the README", "e6 render .github")],
        failure: "A drawing cannot be written.",
        files: &[(
            "request-path.svg, production.svg",
            "The drawings, in the directory. Existing ones are replaced.",
        )],
        ..PRINTING
    },
];

/// The names of the commands, without `e6` itself.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|topic| topic.name).filter(|name| *name != "e6")
}

pub(crate) fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}
