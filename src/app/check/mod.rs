//! `e6 check`: what a start with this configuration on this machine would come to, found out by trying.

pub(crate) mod certificates;
pub(crate) mod machine;
pub(crate) mod upstream;

use crate::{
    config::Config,
    sandbox::{self, is_root},
};
use std::fmt;

/// Whether others are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// MLB is.
    Asked,
    /// Nobody is.
    LeftAlone,
}

/// Everything that was tried.
pub struct Report(Vec<Finding>);

/// What came of one thing.
pub(crate) struct Finding {
    grade: Grade,
    /// Where it can be changed: a setting, or a part of the machine.
    about: &'static str,
    /// A sentence: what is so, and what to do if it is not as it should be.
    what: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    Fine,
    /// The site would run and be right.
    Warning,
    /// It would not start, or not be right.
    Error,
}

/// Tries what a start would do: as root what root would do, and the rest as the user that it would become.
pub fn check(config: &Config, network: Network) -> Report {
    let mut found = machine::listeners(config);
    let missing = machine::missing_directories(config);
    match &config.user {
        Some(user) if is_root() => {
            if let Err(why) = sandbox::become_user(Some(user)) {
                found.push(Finding::error("security.user", why));
                return Report(found);
            }
        }
        Some(user) if !user.is_present() => found.push(Finding::warning(
            "security.user",
            format!("only root can become {}, or see what it could: run e6 check as root", user.name),
        )),
        None if is_root() => found.push(Finding::warning(
            "security.user",
            "root serves visitors: better type --user NAME, of a user that owns nothing else",
        )),
        _ => {}
    }
    found.extend(certificates::certificates(config));
    found.extend(machine::directories(config, missing));
    found.extend(machine::access_log(config));
    if network == Network::Asked {
        found.extend(upstream::mlb(config));
    }
    Report(found)
}

impl Report {
    /// Whether the site would start and be right.
    pub fn is_good(&self) -> bool {
        self.count(Grade::Error) == 0
    }

    /// What is as it should be goes to standard output, the rest to standard error.
    pub fn print(&self) {
        for finding in &self.0 {
            match finding.grade {
                Grade::Fine => println!("{finding}"),
                Grade::Warning | Grade::Error => eprintln!("{finding}"),
            }
        }
        let count = |grade, what: &str| match self.count(grade) {
            0 => None,
            1 => Some(format!("1 {what}")),
            many => Some(format!("{many} {what}s")),
        };
        let troubles: Vec<_> =
            [count(Grade::Error, "error"), count(Grade::Warning, "warning")].into_iter().flatten().collect();
        match troubles.is_empty() {
            true => println!("all is well"),
            false => eprintln!("{}", troubles.join(", ")),
        }
    }

    fn count(&self, grade: Grade) -> usize {
        self.0.iter().filter(|finding| finding.grade == grade).count()
    }
}

impl Finding {
    fn fine(about: &'static str, what: impl Into<String>) -> Self {
        Finding { grade: Grade::Fine, about, what: what.into() }
    }

    fn warning(about: &'static str, what: impl Into<String>) -> Self {
        Finding { grade: Grade::Warning, about, what: what.into() }
    }

    fn error(about: &'static str, what: impl Into<String>) -> Self {
        Finding { grade: Grade::Error, about, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grade = match self.grade {
            Grade::Fine => "fine",
            Grade::Warning => "warning",
            Grade::Error => "error",
        };
        write!(f, "{grade:<8} {:<14} {}", self.about, self.what)
    }
}
