//! The table of settings. One row is all it takes to add one: file, environment, flags and `e6 check` read it here.

pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod output;
pub(crate) mod proxy;
pub(crate) mod question;
pub(crate) mod relay;
pub(crate) mod security;
pub(crate) mod tls;

use crate::config::{
    Config,
    mistake::{Wrong, one_of},
};
use std::path::{Path, PathBuf};

/// One row.
pub(crate) struct Setting {
    /// Where a file has it; empty where it makes no sense in one.
    pub key: &'static str,
    /// Its environment variable.
    pub variable: &'static str,
    /// Its flag; empty where there is none.
    pub flag: &'static str,
    /// When a change of it takes effect.
    pub takes_effect: TakesEffect,
    /// Takes what was typed.
    pub set: fn(&mut Config, &str) -> Result<(), Wrong>,
    /// The present value.
    pub show: fn(&Config) -> String,
}

/// When a change of a setting takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TakesEffect {
    /// At a reload.
    AtReload,
    /// When the process is started again. A reload keeps the value of the running configuration, by this function.
    AtStart(fn(&mut Config, &Config)),
}

/// All of them, in the order in which they are shown.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    [
        question::SETTINGS,
        listen::SETTINGS,
        relay::SETTINGS,
        proxy::SETTINGS,
        tls::SETTINGS,
        security::SETTINGS,
        output::SETTINGS,
        limits::SETTINGS,
    ]
    .into_iter()
    .flatten()
}

fn put<T>(slot: &mut T, value: Result<T, Wrong>) -> Result<(), Wrong> {
    value.map(|value| *slot = value)
}

fn truth(text: &str) -> Result<bool, Wrong> {
    one_of(text, "truth value", &[("true", true), ("false", false)])
}

fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return Err(Wrong::new("it is empty", "write a path"));
    }
    Ok(PathBuf::from(text))
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn or_none(path: Option<&Path>) -> String {
    path.map_or("(none)".into(), |path| quoted(&path.display().to_string()))
}
