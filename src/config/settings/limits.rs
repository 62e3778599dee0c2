//! What a peer can make us hold, and for how long: a setting for each limit.

use crate::{
    config::{
        Config,
        mistake::Wrong,
        settings::{Setting, TakesEffect},
    },
    limits::{LIMITS, Limit},
};

macro_rules! limit {
    ($name:ident, $variable:literal) => {
        limit!($name, $variable, TakesEffect::AtReload)
    };
    ($name:ident, $variable:literal, AtStart) => {
        limit!(
            $name,
            $variable,
            TakesEffect::AtStart(|config, running| keep(config, running, row(stringify!($name))))
        )
    };
    ($name:ident, $variable:literal, $takes_effect:expr) => {
        Setting {
            key: concat!("limits.", stringify!($name)),
            variable: $variable,
            flag: "",
            takes_effect: $takes_effect,
            set: |config, text| set(config, row(stringify!($name)), text),
            show: |config| row(stringify!($name)).map_or(0, |limit| (limit.get)(&config.limits)).to_string(),
        }
    };
}

pub(crate) const SETTINGS: &[Setting] = &[
    limit!(connections, "E6_LIMIT_CONNECTIONS"),
    limit!(address_connections, "E6_LIMIT_ADDRESS_CONNECTIONS"),
    limit!(handshake, "E6_LIMIT_HANDSHAKE"),
    limit!(head, "E6_LIMIT_HEAD"),
    limit!(idle, "E6_LIMIT_IDLE"),
    limit!(age, "E6_LIMIT_AGE"),
    limit!(requests, "E6_LIMIT_REQUESTS"),
    limit!(request, "E6_LIMIT_REQUEST"),
    limit!(event_stream, "E6_LIMIT_EVENT_STREAM"),
    limit!(stall, "E6_LIMIT_STALL"),
    limit!(stall_rate, "E6_LIMIT_STALL_RATE"),
    limit!(head_size, "E6_LIMIT_HEAD_SIZE"),
    limit!(head_fields, "E6_LIMIT_HEAD_FIELDS"),
    limit!(target_size, "E6_LIMIT_TARGET_SIZE"),
    limit!(h2_streams, "E6_LIMIT_H2_STREAMS"),
    limit!(h2_window, "E6_LIMIT_H2_WINDOW"),
    limit!(h2_pending_resets, "E6_LIMIT_H2_PENDING_RESETS"),
    limit!(h2_local_resets, "E6_LIMIT_H2_LOCAL_RESETS"),
    limit!(address_rate, "E6_LIMIT_ADDRESS_RATE"),
    limit!(address_burst, "E6_LIMIT_ADDRESS_BURST"),
    limit!(event_streams, "E6_LIMIT_EVENT_STREAMS"),
    limit!(address_event_streams, "E6_LIMIT_ADDRESS_EVENT_STREAMS"),
    limit!(drain, "E6_LIMIT_DRAIN"),
    limit!(mlb_connect, "E6_LIMIT_MLB_CONNECT", AtStart),
    limit!(mlb_total, "E6_LIMIT_MLB_TOTAL", AtStart),
    limit!(mlb_body, "E6_LIMIT_MLB_BODY", AtStart),
    limit!(relay_entries, "E6_LIMIT_RELAY_ENTRIES", AtStart),
    limit!(relay_bytes, "E6_LIMIT_RELAY_BYTES", AtStart),
];

fn row(name: &str) -> Option<&'static Limit> {
    LIMITS.iter().find(|limit| limit.name == name)
}

fn keep(config: &mut Config, running: &Config, limit: Option<&Limit>) {
    if let Some(Limit { get, set, .. }) = limit {
        set(&mut config.limits, get(&running.limits));
    }
}

fn set(config: &mut Config, limit: Option<&Limit>, text: &str) -> Result<(), Wrong> {
    let Some(Limit { default, unit, range, set, .. }) = limit else { return Ok(()) };
    match text.parse() {
        Ok(amount) if range.contains(&amount) => {
            set(&mut config.limits, amount);
            Ok(())
        }
        _ => {
            let (least, most) = (range.start(), range.end());
            Err(Wrong::new(
                format!("{text:?} is no number of {} from {least} to {most}", spelled_out(unit)),
                format!("write one like {default}"),
            ))
        }
    }
}

fn spelled_out(unit: &str) -> &str {
    if unit == "s" { "seconds" } else { unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_setting_that_sets_it() {
        assert_eq!(SETTINGS.len(), LIMITS.len());
        for (setting, limit) in SETTINGS.iter().zip(LIMITS) {
            assert_eq!(setting.key, format!("limits.{}", limit.name));
            assert_eq!(setting.variable, format!("E6_LIMIT_{}", limit.name.to_uppercase()));
            let mut config = Config::defaults(&crate::config::Process);
            let least = limit.range.start().to_string();
            assert!((setting.set)(&mut config, &least).is_ok(), "{}", setting.key);
            assert_eq!((setting.show)(&config), least, "{}", setting.key);
            for wrong in ["", "ten", "-1", "1.5", "10s", &(limit.range.end() + 1).to_string()] {
                assert!((setting.set)(&mut config, wrong).is_err(), "{} {wrong}", setting.key);
            }
        }
    }
}
