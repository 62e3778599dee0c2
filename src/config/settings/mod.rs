//! The table of settings. A new setting needs a row in `table.rs` and the use of its value: the file, the variables,
//! the flags, `--help`, `e6 check`, reloads and the documentation are made from the table.

pub(crate) mod hooks;
pub(crate) mod kinds;
pub(crate) mod table;
pub(crate) mod values;
pub(crate) mod words;

use crate::{
    config::{Config, mistake::InvalidValue},
    limits::{LIMITS, Limit, TakesEffect},
};
use std::{fmt::Display, sync::LazyLock};

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Setting {
    /// Section and name in the file; empty if a file cannot hold it.
    pub key: &'static str,
    pub variable: &'static str,
    /// The flag as in a usage line: with its value, and `...` after a value that may come several times, separated by
    /// commas or by repeating the flag. Empty if there is none.
    pub flag: &'static str,
    /// The purpose in one sentence, without a full stop.
    pub help: &'static str,
    /// A value as the file has it, for the documentation of a setting without a default.
    pub example: &'static str,
    pub takes_effect: TakesEffect,
    value: Value,
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
            table::PLAYER,
            table::ENGLISH,
            table::SPANISH,
            table::SITE,
            hooks::URLS,
            hooks::SETTINGS,
            table::SERVER,
        ];
        sections.concat().into_iter().chain(LIMITS.iter().map(Setting::limit)).collect()
    });
    ALL.iter()
}

impl Setting {
    /// The setting of a limit. Its texts are leaked, because the table is never dropped.
    fn limit(limit: &'static Limit) -> Self {
        let help = match limit.unit {
            "s" => format!("{}, in seconds", limit.what),
            unit @ ("bytes" | "bytes/s" | "requests/s") => format!("{}, in {unit}", limit.what),
            // The description names the unit already.
            _ => limit.what.to_owned(),
        };
        Setting {
            key: format!("limits.{}", limit.name).leak(),
            variable: format!("E6_LIMIT_{}", limit.name.to_uppercase()).leak(),
            flag: "",
            help: help.leak(),
            example: "",
            takes_effect: limit.takes_effect,
            value: Value::Limit(limit),
        }
    }

    /// The flag with its dashes, without its value; empty if there is none.
    pub fn flag_name(&self) -> &'static str {
        self.flag.split_once(' ').map_or(self.flag, |(name, _)| name)
    }

    /// The heading of the flag in the help.
    pub fn group(&self) -> &'static str {
        match self.key.split('.').next().unwrap_or_default() {
            "player" | "words" | "colours" | "site" => "Site",
            "listen" | "proxy" => "Listen",
            "tls" | "acme" => "HTTPS",
            "" if self.flag == "--acme-staging" => "HTTPS",
            "log" => "Logs",
            "limits" => "Limits",
            _ => "Advanced",
        }
    }

    /// Parses a typed value into the configuration.
    pub fn set(&self, config: &mut Config, text: &str) -> Result<(), InvalidValue> {
        match self.value {
            Value::Field { set, .. } => set(config, text),
            Value::Limit(limit) => set_limit(config, limit, text),
        }
    }

    /// The default value, as the file has it; none without a default, or if it depends on the environment.
    pub fn default(&self) -> Option<String> {
        static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);
        let value = match self.value {
            // Not what this machine's descriptors allow.
            Value::Limit(limit) => limit.default.to_string(),
            Value::Field { show, .. } => show(&DEFAULTS),
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

fn set_limit(config: &mut Config, limit: &Limit, text: &str) -> Result<(), InvalidValue> {
    let Limit { default, unit, range, set, .. } = limit;
    match text.parse() {
        Ok(amount) if range.contains(&amount) => {
            set(&mut config.limits, amount);
            Ok(())
        }
        _ => {
            let (least, most) = (range.start(), range.end());
            let unit = if *unit == "s" { "seconds" } else { unit };
            Err(InvalidValue::new(
                format!("{text:?} is no number of {unit} from {least} to {most}"),
                format!("write one like {default}"),
            ))
        }
    }
}

/// The value as text in quotes.
fn quoted(value: &(impl Display + ?Sized)) -> String {
    format!("{:?}", value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_set_within_its_range_and_not_outside() {
        for (setting, limit) in LIMITS.iter().map(Setting::limit).zip(LIMITS) {
            let mut config = Config::default();
            let least = limit.range.start().to_string();
            assert!(setting.set(&mut config, &least).is_ok(), "{}", setting.key);
            assert_eq!(setting.show(&config), least, "{}", setting.key);
            for wrong in ["", "ten", "-1", "1.5", "10s", &(limit.range.end() + 1).to_string()] {
                assert!(setting.set(&mut config, wrong).is_err(), "{} {wrong}", setting.key);
            }
        }
    }
}
