//! Whether MLB can be heard, knows the player, and has the same time.

use crate::{answer::Trouble, app::check::Finding, config::Config, mlb::Client};
use std::time::{Duration, SystemTime};

/// A clock that is this far off turns the day at the wrong time, and tells wrong ages.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Asks once. Not hearing MLB is a warning: the site would run, and say that it cannot tell.
pub(crate) fn mlb(config: &Config) -> Vec<Finding> {
    let began = SystemTime::now();
    match Client::new(&config.mlb_url, &config.limits).introduction(config.player.id) {
        Ok((player, date)) => {
            let took = began.elapsed().unwrap_or_default().as_millis();
            let heard = format!("{} was heard within {took} ms and knows {}", config.mlb_url, player.name);
            [Finding::fine("mlb.url", heard)]
                .into_iter()
                .chain(date.map(|date| clock(date, SystemTime::now())))
                .collect()
        }
        Err(refusal) if matches!(refusal.trouble, Trouble::NoSuchPlayer) => vec![Finding::error(
            "player.id",
            format!(
                "MLB knows no player with the number {}: take it from mlb.com/player/…",
                config.player.id
            ),
        )],
        Err(refusal) => vec![Finding::warning(
            "mlb.url",
            format!("MLB cannot be heard: {refusal}; until it is, the site says that it can't tell"),
        )],
    }
}

/// The Date of a reply is whole seconds, and some time has passed since.
fn clock(theirs: SystemTime, ours: SystemTime) -> Finding {
    let (apart, direction) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    match apart > TOLERANCE {
        false => Finding::fine("clock", "it agrees with MLB's to the minute"),
        true => Finding::warning(
            "clock",
            format!(
                "it is {} s {direction} MLB's: set it, as with timedatectl set-ntp true",
                apart.as_secs()
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_by_more_than_a_minute() {
        let theirs = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for (seconds, said) in [
            (0, "agrees"),
            (60, "agrees"),
            (61, "61 s ahead of MLB's"),
            (-60, "agrees"),
            (-3600, "3600 s behind MLB's"),
        ] {
            let off = Duration::from_secs(i64::unsigned_abs(seconds));
            let ours = if seconds < 0 { theirs - off } else { theirs + off };
            assert!(clock(theirs, ours).what.contains(said), "{seconds}");
        }
    }
}
