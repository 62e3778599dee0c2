//! `e6 check`: tries what a start with this configuration on this machine would do, and reports the findings.

pub(crate) mod certificates;
pub(crate) mod machine;
pub(crate) mod upstream;

use crate::{
    app::process::ReadConfig,
    config::{self, Config, Environment, mistake::ConfigError},
    name::{Named, named},
    output::{
        self,
        format::{self, LogFormat},
    },
    page::{LEAST_CONTRAST, PageState},
    sandbox::{self, User, is_root},
};
use std::{borrow::Cow, fmt, io};
use tracing::Level;

/// Whether the check sends requests to MLB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// It sends requests to MLB.
    Asked,
    /// It sends none.
    LeftAlone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingsShown {
    /// Settings that differ from their default.
    Changed,
    All,
}

pub struct CheckReport(Vec<Finding>);

/// The result of one step of the check.
pub(crate) struct Finding {
    severity: Severity,
    /// The setting, or the part of the machine, that the finding is about.
    about: Cow<'static, str>,
    /// A sentence: the finding, and what to do if there is a problem.
    what: String,
}

named! {
    pub(crate) enum Severity {
        Fine = "fine",
        /// The site would run and be correct.
        Warning = "warning",
        /// The site would not start, or not be correct.
        Error = "error",
    }
}

/// Tries what a start would do: first as root, if this is root, and then as the configured user.
/// `read_config` reads the configuration again.
pub fn check(config: &Config, network: Network, read_config: &ReadConfig) -> CheckReport {
    let mut found = findings(config, network, read_config);
    found.sort_by_key(Finding::position);
    CheckReport(found)
}

fn findings(config: &Config, network: Network, read_config: &ReadConfig) -> Vec<Finding> {
    let mut found = machine::listeners(config);
    let missing = machine::missing_directories(config);
    match &config.user {
        Some(user) if is_root() => {
            if let Err(why) = sandbox::become_user(Some(user)) {
                found.push(Finding::error("security.user", why));
                return found;
            }
            found.extend(unreadable_again(user, read_config));
        }
        Some(user) if !user.is_present() => found.push(Finding::warning(
            "security.user",
            format!("only root can become {} and test its rights: run e6 check as root", user.name),
        )),
        None if is_root() => found.push(Finding::warning(
            "security.user",
            "root serves visitors: use --user NAME to drop to an unprivileged user",
        )),
        _ => {}
    }
    found.extend(pale_colours(config));
    found.extend(certificates::certificates(config));
    found.extend(machine::directories(config, missing));
    found.extend(machine::access_log(config));
    found.extend(machine::hooks(config));
    if network == Network::Asked {
        found.extend(upstream::mlb(config));
    }
    found
}

/// Warnings about files of the configuration that root can read at a start, and the user cannot later.
fn unreadable_again(user: &User, read_config: &ReadConfig) -> Vec<Finding> {
    let mistakes = read_config().map_or_else(|mistakes| mistakes.0, |_| Vec::new());
    let warning = |mistake: ConfigError| {
        let what =
            format!("e6 reload and e6 upgrade will fail, because {} reads this again: {mistake}", user.name);
        Finding::warning("security.user", what)
    };
    mistakes.into_iter().map(warning).collect()
}

/// Warnings about pairs of colours whose text is hard to read.
fn pale_colours(config: &Config) -> impl Iterator<Item = Finding> {
    PageState::all().filter_map(|state| {
        let (key, pair) = (format!("colours.{}", state.name()), config.colours.of(state));
        let contrast = pair.contrast();
        (contrast < LEAST_CONTRAST).then(|| {
            let what = format!(
                "{pair} has a contrast of {:.1}:1, which is hard to read: choose colours with at least {LEAST_CONTRAST}:1 (WCAG AA)",
                (contrast * 10.0).floor() / 10.0
            );
            Finding::warning(key, what)
        })
    })
}

impl CheckReport {
    /// Whether the site would start and be correct.
    pub fn is_good(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// Prints the findings in the order of the configuration file, then the settings. Warnings and errors go to
    /// standard error, the rest to standard output.
    pub fn print(&self, config: &Config, shown: SettingsShown) -> io::Result<()> {
        for finding in &self.0 {
            finding.print()?;
        }
        let count = |severity, what: &str| match self.count(severity) {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let troubles: Vec<_> = [count(Severity::Error, "error"), count(Severity::Warning, "warning")]
            .into_iter()
            .flatten()
            .collect();
        match troubles.is_empty() {
            true => format::answer("all is well", "all is well", &[])?,
            false => {
                let level = if self.is_good() { Level::WARN } else { Level::ERROR };
                let troubles = troubles.join(", ");
                print_trouble(level, &troubles, &troubles, &[])?;
            }
        }
        print_settings(config, shown, &config::ProcessEnvironment)
    }

    fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl Finding {
    fn fine(about: impl Into<Cow<'static, str>>, what: impl Into<String>) -> Self {
        Finding { severity: Severity::Fine, about: about.into(), what: what.into() }
    }

    fn warning(about: impl Into<Cow<'static, str>>, what: impl Into<String>) -> Self {
        Finding { severity: Severity::Warning, about: about.into(), what: what.into() }
    }

    fn error(about: impl Into<Cow<'static, str>>, what: impl Into<String>) -> Self {
        Finding { severity: Severity::Error, about: about.into(), what: what.into() }
    }
}

impl Finding {
    /// The position in the configuration file. A finding that is not about a setting takes that of a related one.
    fn position(&self) -> usize {
        config::position(match &*self.about {
            "certificate" => "tls.mode",
            "clock" => "mlb.url",
            about => about,
        })
    }

    fn print(&self) -> io::Result<()> {
        let fields = [("about", (*self.about).into())];
        let (text, message) = (self.to_string(), self.what.as_str());
        let level = match self.severity {
            Severity::Fine => return format::answer(&text, message, &fields),
            Severity::Warning => Level::WARN,
            Severity::Error => Level::ERROR,
        };
        let name = self.severity.name();
        let coloured = format::coloured(name, level, output::stderr().has_colour);
        print_trouble(level, &text.replacen(name, &coloured, 1), message, &fields)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<8} {:<14} {}", self.severity.name(), self.about, self.what)
    }
}

fn print_trouble(
    level: Level,
    text: &str,
    message: &str,
    fields: &[(&str, serde_json::Value)],
) -> io::Result<()> {
    output::stderr().print(&match format::present() {
        LogFormat::Combined => format!("{text}\n"),
        LogFormat::Json => format::object(level, message, fields),
    })
}

fn print_settings(config: &Config, shown: SettingsShown, environment: &dyn Environment) -> io::Result<()> {
    let (settings, defaults) = (config.settings(), Config::defaults(environment).settings());
    let is_shown = |index: &usize| shown == SettingsShown::All || settings[*index].1 != defaults[*index].1;
    let indices: Vec<_> = (0..settings.len()).filter(is_shown).collect();
    let title = match (shown, indices.len()) {
        (SettingsShown::All, _) => "\nevery setting:",
        (SettingsShown::Changed, 0) => "\nevery setting has its default value; `e6 check --all` shows them",
        (SettingsShown::Changed, _) => {
            "\nsettings that differ from their default (`e6 check --all` shows every one):"
        }
    };
    if format::present() == LogFormat::Combined {
        output::stdout().print(&format!("{title}\n"))?;
    }
    for index in indices {
        let (key, value) = &settings[index];
        let fields = [("setting", (*key).into()), ("value", value.as_str().into())];
        format::answer(&format!("{key:<28} {value}"), "setting", &fields)?;
    }
    Ok(())
}
