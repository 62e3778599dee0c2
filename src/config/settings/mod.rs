//! The table of settings. A new setting needs a row here and the use of its value: the file, the variables, the flags,
//! `--help`, `e6 check`, reloads and the documentation are made from the table.

pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod notify;
pub(crate) mod output;
pub(crate) mod proxy;
pub(crate) mod question;
pub(crate) mod relay;
pub(crate) mod security;
pub(crate) mod tls;

use crate::{
    config::{
        Config,
        mistake::{InvalidValue, one_of},
        source::NoVariables,
    },
    limits::{Limit, TakesEffect},
};
use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
};

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// Section and name in the file; empty if a file cannot hold it.
    pub key: &'static str,
    pub variable: &'static str,
    /// The flag with its dashes; empty if there is none.
    pub flag: &'static str,
    pub shape: Shape,
    /// The purpose in one sentence, without a full stop.
    pub help: &'static str,
    /// A value as the file has it, for the documentation of a setting without a default.
    pub example: &'static str,
    pub takes_effect: TakesEffect,
    value: Value,
}

/// The values that a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One value, with this placeholder in the help.
    One(&'static str),
    /// Several values, separated by commas or by repeating the flag.
    List(&'static str),
    /// No value.
    Switch,
}

/// Parser and printer of a setting's value.
#[derive(Clone, Copy)]
enum Value {
    Field {
        set: fn(&mut Config, &str) -> Result<(), InvalidValue>,
        show: fn(&Config) -> String,
        /// Copies the value from the second configuration to the first.
        keep: fn(&mut Config, &Config),
    },
    Limit(&'static Limit),
}

/// Every setting, in the order of the file.
pub(crate) fn all() -> impl Iterator<Item = &'static Setting> {
    static ALL: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        let sections = [
            question::PLAYER,
            question::VOICE,
            question::ENGLISH,
            question::SPANISH,
            question::COLOURS,
            listen::SETTINGS,
            relay::SETTINGS,
            notify::SETTINGS,
            proxy::SETTINGS,
            tls::SETTINGS,
            security::SETTINGS,
            output::SETTINGS,
        ];
        sections.concat().into_iter().chain(limits::settings()).collect()
    });
    ALL.iter()
}

impl Setting {
    const fn new(key: &'static str, variable: &'static str) -> Self {
        Setting {
            key,
            variable,
            flag: "",
            shape: Shape::One(""),
            help: "",
            example: "",
            takes_effect: TakesEffect::AtReload,
            value: Value::Field { set: |_, _| Ok(()), show: |_| String::new(), keep: |_, _| () },
        }
    }

    /// The setting of a limit. Its texts are leaked, because the table is never dropped.
    fn limit(limit: &'static Limit) -> Self {
        let help = match limit.unit {
            "s" => format!("{}, in seconds", limit.what),
            unit @ ("bytes" | "bytes/s" | "requests/s") => format!("{}, in {unit}", limit.what),
            // The description names the unit already.
            _ => limit.what.to_owned(),
        };
        Setting {
            variable: format!("E6_LIMIT_{}", limit.name.to_uppercase()).leak(),
            help: help.leak(),
            takes_effect: limit.takes_effect,
            value: Value::Limit(limit),
            ..Setting::new(format!("limits.{}", limit.name).leak(), "")
        }
    }

    const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    const fn flag(mut self, flag: &'static str, value: &'static str) -> Self {
        (self.flag, self.shape) = (flag, Shape::One(value));
        self
    }

    const fn list(mut self, flag: &'static str, value: &'static str) -> Self {
        (self.flag, self.shape) = (flag, Shape::List(value));
        self
    }

    const fn switch(mut self, flag: &'static str) -> Self {
        (self.flag, self.shape) = (flag, Shape::Switch);
        self
    }

    const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    const fn at_start(mut self, keep: fn(&mut Config, &Config)) -> Self {
        self.takes_effect = TakesEffect::AtStart;
        self.value = Value::Field { set: |_, _| Ok(()), show: |_| String::new(), keep };
        self
    }

    const fn field(
        mut self,
        set: fn(&mut Config, &str) -> Result<(), InvalidValue>,
        show: fn(&Config) -> String,
    ) -> Self {
        if let Value::Field { keep, .. } = self.value {
            self.value = Value::Field { set, show, keep };
        }
        self
    }

    /// A setting that a file cannot hold, and that is never printed.
    const fn write_only(self, set: fn(&mut Config, &str) -> Result<(), InvalidValue>) -> Self {
        self.field(set, |_| String::new())
    }

    /// Parses a typed value into the configuration.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<(), InvalidValue> {
        match self.value {
            Value::Field { set, .. } => set(config, text),
            Value::Limit(limit) => limits::set(config, limit, text),
        }
    }

    /// The default value, as the file has it; none without a default, or if it depends on the environment.
    pub fn default(&self) -> Option<String> {
        let value = match self.value {
            Value::Limit(limit) => limit.default.to_string(),
            Value::Field { show, .. } => {
                static DEFAULTS: LazyLock<Config> = LazyLock::new(|| Config::defaults(&NoVariables));
                show(&DEFAULTS)
            }
        };
        (!value.is_empty() && !value.starts_with('(') && value != "[]").then_some(value)
    }

    /// Copies the value from the running configuration.
    pub fn keep(&self, config: &mut Config, running: &Config) {
        match self.value {
            Value::Field { keep, .. } => keep(config, running),
            Value::Limit(limit) => (limit.set)(&mut config.limits, (limit.get)(&running.limits)),
        }
    }

    /// The current value, as the file has it.
    pub fn show(&self, config: &Config) -> String {
        match self.value {
            Value::Field { show, .. } => show(config),
            Value::Limit(limit) => (limit.get)(&config.limits).to_string(),
        }
    }
}

fn put<T>(slot: &mut T, value: Result<T, InvalidValue>) -> Result<(), InvalidValue> {
    value.map(|value| *slot = value)
}

fn truth(text: &str) -> Result<bool, InvalidValue> {
    one_of(text, "truth value", &[("true", true), ("false", false)])
}

fn path(text: &str) -> Result<PathBuf, InvalidValue> {
    if text.is_empty() {
        return Err(InvalidValue::new("it is empty", "write a path"));
    }
    Ok(PathBuf::from(text))
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn or_none(path: Option<&Path>) -> String {
    path.map_or("(none)".into(), |path| quoted(&path.display().to_string()))
}
