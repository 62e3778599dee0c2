//! Checks that MLB answers every kind of request from here and knows the player, and that the clocks agree.

use crate::{
    answer::{Outage, ScheduleEntry, Zone},
    app::check::Finding,
    config::Config,
    mlb::{Client, PollError, REFUSED, WAYS_OUT},
};
use hyper::StatusCode;
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;

/// Largest difference between the clocks without a warning. A clock that is off by more starts the day at the wrong
/// time and shows wrong ages.
const TOLERANCE: Duration = Duration::from_secs(60);

/// Sends one request of each kind that a day needs, because MLB's CDN may answer some and refuse others. If MLB does
/// not answer, that is a warning: the site would run and say that it can't tell. A refusal is an error, because it does
/// not pass by itself.
pub(crate) fn mlb(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let asked = ask(config, &mut findings);
    findings.extend(asked.err().map(|refusal| failed(&refusal, config)));
    findings
}

fn ask(config: &Config, findings: &mut Vec<Finding>) -> Result<(), PollError> {
    let began = Instant::now();
    let mut client = Client::new(config.endpoint(), &config.limits);
    let (player, date) = client.dated_person(config.player.id)?;
    findings.extend(date.map(|date| clock(date, SystemTime::now())));
    let mut asked = vec!["people"];
    if let Some(id) = config.player.club.or(player.current_team.as_ref().map(|team| team.id)) {
        let team = client.team(id)?;
        // For a farm club, e6 watches the parent club's games.
        let club = team.parent.unwrap_or(id);
        let zone = team.zone.unwrap_or_else(|_| Zone::fallback());
        let now = config.clock.unwrap_or_else(OffsetDateTime::now_utc);
        let today = zone.local(now).date();
        let week = time::Duration::WEEK;
        let mut listings = client.schedule(club, today - week, today + week)?.listings;
        asked.extend(["team", "schedule"]);
        if listings.is_empty() {
            listings = client.calendar(club, today.year())?;
        }
        let has_begun = |listing: &&ScheduleEntry| listing.start.is_some_and(|start| start <= now);
        if let Some(game) = listings.iter().rfind(has_begun).or(listings.first()) {
            client.feed(game.pk, player.id)?;
            asked.push("feed");
        }
    }
    let (url, took, asked) = (&config.mlb_url, began.elapsed().as_millis(), asked.join(", "));
    let answered = format!("{url} answered within {took} ms ({asked}) and knows {}", player.name);
    findings.insert(0, Finding::fine("mlb.url", answered));
    Ok(())
}

fn failed(refusal: &PollError, config: &Config) -> Finding {
    match (refusal.trouble, refusal.status) {
        (Outage::NoSuchPlayer, _) => Finding::error(
            "player.id",
            format!("MLB has no player with the number {}: take it from mlb.com/player/…", config.player.id),
        ),
        (Outage::Refused, _) => Finding::error("mlb.url", format!("{REFUSED}: {refusal}; {WAYS_OUT}")),
        (_, Some(StatusCode::UNAUTHORIZED)) => Finding::error("mlb.token_file", refusal.to_string()),
        _ => Finding::warning(
            "mlb.url",
            format!("MLB cannot be heard: {refusal}; until it is, the site says that it can't tell"),
        ),
    }
}

/// Compares the clocks. The `Date` of a reply has whole seconds and is a little old, so a small difference is normal.
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
