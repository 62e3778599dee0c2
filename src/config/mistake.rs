//! A mistake: where, what, and what to do.

use std::{fmt, path::PathBuf};

/// Everything wrong with what was typed, at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Where it was typed.
    pub place: SettingPlace,
    /// What is wrong.
    pub what: String,
    /// What to type instead.
    pub mend: String,
}

/// Where something was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingPlace {
    /// In a file, on a line (from 1).
    File(PathBuf, usize),
    /// In an environment variable.
    Variable(String),
    /// In a flag.
    Flag(String),
    /// In several together.
    Everywhere,
}

/// What is wrong with a value, and what to type instead.
pub(crate) struct InvalidValue {
    pub what: String,
    pub mend: String,
}

impl InvalidValue {
    pub(crate) fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        InvalidValue { what: what.into(), mend: mend.into() }
    }

    pub(crate) fn at(self, place: SettingPlace) -> ConfigError {
        ConfigError { place, what: self.what, mend: self.mend }
    }
}

/// The value that goes by this name.
pub(crate) fn one_of<T: Copy>(text: &str, what: &str, known: &[(&str, T)]) -> Result<T, InvalidValue> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
        InvalidValue::new(format!("{text:?} is no {what}"), format!("write {}", names.join(" or ")))
    })
}

/// The known name most like what was typed.
pub(crate) fn nearest<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known
        .map(|name| (strsim::damerau_levenshtein(typed, name), name))
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .min();
    near.map(|(_, name)| name)
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            SettingPlace::File(path, line) => write!(f, "{}:{line}: ", path.display())?,
            SettingPlace::Variable(name) => write!(f, "{name}: ")?,
            SettingPlace::Flag(name) => write!(f, "{name}: ")?,
            SettingPlace::Everywhere => {}
        }
        write!(f, "{}: {}", self.what, self.mend)
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            writeln!(f, "{mistake}")?;
        }
        let count = self.0.len();
        write!(f, "{count} mistake{}; nothing was started", if count == 1 { "" } else { "s" })
    }
}

impl std::error::Error for ConfigErrors {}
