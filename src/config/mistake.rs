//! Mistakes in the configuration: the place, the problem and the fix.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub place: SettingPlace,
    /// The problem.
    pub what: String,
    /// The fix.
    pub hint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingPlace {
    /// A file as a whole.
    File(PathBuf),
    /// A line of a file, from 1.
    Line(PathBuf, usize),
    Variable(String),
    Flag(String),
    /// No single place: several settings contradict each other.
    Everywhere,
}

/// The problem with a value and the fix, without the place.
pub(crate) struct InvalidValue {
    pub what: String,
    pub hint: String,
}

impl InvalidValue {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Self {
        InvalidValue { what: what.into(), hint: hint.into() }
    }

    pub(crate) fn at(self, place: SettingPlace) -> ConfigError {
        ConfigError { place, what: self.what, hint: self.hint }
    }
}

/// The fix for a file that cannot be read: the right to read it if that is missing, else `other`.
pub(crate) fn reading_hint(file: &Path, error: &io::Error, other: impl Into<String>) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            let file = file.display();
            format!("let a group of e6's user read it: chgrp GROUP {file} && chmod g+r {file}")
        }
        _ => other.into(),
    }
}

/// The value named `text` in `known`.
pub(crate) fn one_of<T: Copy>(text: &str, what: &str, known: &[(&str, T)]) -> Result<T, InvalidValue> {
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| {
        let names: Vec<_> = known.iter().map(|(name, _)| format!("{name:?}")).collect();
        InvalidValue::new(format!("{text:?} is no {what}"), format!("write {}", names.join(" or ")))
    })
}

/// The known name closest to the typed one; none if all are too different.
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
            SettingPlace::File(path) => write!(f, "{}: ", path.display())?,
            SettingPlace::Line(path, line) => write!(f, "{}:{line}: ", path.display())?,
            SettingPlace::Variable(name) | SettingPlace::Flag(name) => write!(f, "{name}: ")?,
            SettingPlace::Everywhere => {}
        }
        write!(f, "{}: {}", self.what, self.hint)
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
