//! A setting for each limit.

use crate::{
    config::{Config, mistake::InvalidValue, settings::Setting},
    limits::{LIMITS, Limit},
};

pub(crate) fn settings() -> impl Iterator<Item = Setting> {
    LIMITS.iter().map(Setting::limit)
}

pub(crate) fn set(config: &mut Config, limit: &Limit, text: &str) -> Result<(), InvalidValue> {
    let Limit { default, unit, range, set, .. } = limit;
    match text.parse() {
        Ok(amount) if range.contains(&amount) => {
            set(&mut config.limits, amount);
            Ok(())
        }
        _ => {
            let (least, most) = (range.start(), range.end());
            Err(InvalidValue::new(
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
    fn a_limit_is_set_within_its_range_and_not_outside() {
        for (setting, limit) in settings().zip(LIMITS) {
            let mut config = Config::defaults(&crate::config::ProcessEnvironment);
            let least = limit.range.start().to_string();
            assert!(setting.set(&mut config, &least).is_ok(), "{}", setting.key);
            assert_eq!(setting.show(&config), least, "{}", setting.key);
            for wrong in ["", "ten", "-1", "1.5", "10s", &(limit.range.end() + 1).to_string()] {
                assert!(setting.set(&mut config, wrong).is_err(), "{} {wrong}", setting.key);
            }
        }
    }
}
