//! Every question that e6 asks MLB, as path and query. The client and the relay know no others.

use crate::mlb::model;
use std::{fmt, sync::LazyLock};
use time::Date;

/// One question: a path and query below the base URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question(String);

/// `{id}` stands for a number, `{date}` for a day, `{year}` for a year and `{time}` for a timecode of a feed.
static TEMPLATES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let feed = FEED.replace("{fields}", model::FEED_FIELDS);
    let whole = WHOLE_FEED.to_owned();
    let timed = [format!("{feed}&timecode={{time}}"), format!("{whole}?timecode={{time}}")];
    let plain = [PERSON, TEAM, SCHEDULE, ALL_STAR_GAME, ROSTER, SEASON].map(String::from);
    plain
        .into_iter()
        .chain([
            CALENDAR.replace("{fields}", model::SCHEDULE_FIELDS),
            LEADERS.replace("{fields}", model::LEADERS_FIELDS),
            feed,
            whole,
        ])
        .chain(timed)
        .collect()
});

const PERSON: &str = "/api/v1/people/{id}?hydrate=currentTeam,rosterEntries";
const TEAM: &str = "/api/v1/teams/{id}?hydrate=venue(timezone)";
const SCHEDULE: &str = "/api/v1/schedule?sportId=1&teamId={id}&startDate={date}&endDate={date}";
const CALENDAR: &str =
    "/api/v1/schedule?sportId=1&teamId={id}&startDate={date}&endDate={date}&fields={fields}";
const ALL_STAR_GAME: &str = "/api/v1/schedule?sportId=1&gameType=A&startDate={date}&endDate={date}";
const ROSTER: &str = "/api/v1/teams/{id}/roster?rosterType=40Man";
const SEASON: &str = "/api/v1/people/{id}/stats?stats=gameLog&group=fielding&season={year}";
const LEADERS: &str = "/api/v1/stats/leaders?leaderCategories=errors&statGroup=fielding&leaderGameTypes=R&playerPool=ALL&\
    sportId=1&season={year}&limit=500&fields={fields}";
const FEED: &str = "/api/v1.1/game/{id}/feed/live?fields={fields}";
const WHOLE_FEED: &str = "/api/v1.1/game/{id}/feed/live";

impl Question {
    /// A player and the club he belongs to.
    pub fn person(id: u32) -> Self {
        fill(PERSON, &[("{id}", &id)])
    }

    /// A club and the time zone of its ballpark.
    pub fn team(id: u32) -> Self {
        fill(TEAM, &[("{id}", &id)])
    }

    /// The games of a club from one day to another.
    pub fn schedule(club: u32, from: Date, to: Date) -> Self {
        fill(SCHEDULE, &[("{id}", &club), ("{date}", &from), ("{date}", &to)])
    }

    /// The same, trimmed to the fields that are read.
    pub fn calendar(club: u32, from: Date, to: Date) -> Self {
        fill(
            CALENDAR,
            &[("{id}", &club), ("{date}", &from), ("{date}", &to), ("{fields}", &model::SCHEDULE_FIELDS)],
        )
    }

    pub fn all_star_game(day: Date) -> Self {
        fill(ALL_STAR_GAME, &[("{date}", &day), ("{date}", &day)])
    }

    pub fn roster(club: u32) -> Self {
        fill(ROSTER, &[("{id}", &club)])
    }

    pub fn season(person: u32, year: i32) -> Self {
        fill(SEASON, &[("{id}", &person), ("{year}", &year)])
    }

    /// The players with the most errors of a season: more than ever have one, so that the player is among them.
    pub fn leaders(year: i32) -> Self {
        fill(LEADERS, &[("{year}", &year), ("{fields}", &model::LEADERS_FIELDS)])
    }

    /// A game's live feed, trimmed to the fields that are read.
    pub fn feed(game: u64) -> Self {
        fill(FEED, &[("{id}", &game), ("{fields}", &model::FEED_FIELDS)])
    }

    /// A game's live feed as a whole.
    pub fn whole_feed(game: u64) -> Self {
        fill(WHOLE_FEED, &[("{id}", &game)])
    }

    /// The question with this path and query; none if e6 asks no such question.
    pub fn parse(path_and_query: &str) -> Option<Self> {
        let asked = |template: &String| is_of(template, path_and_query);
        TEMPLATES.iter().any(asked).then(|| Question(path_and_query.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the day's answer rests on the reply. Any other reply may be older.
    pub fn is_about_games(&self) -> bool {
        let is_calendar = self.0.contains("&fields=");
        (self.0.starts_with("/api/v1/schedule?") && !is_calendar) || self.0.starts_with("/api/v1.1/game/")
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Puts each value in the place of the first placeholder of its kind.
fn fill(template: &str, values: &[(&str, &dyn fmt::Display)]) -> Question {
    let filled = values.iter().fold(template.to_owned(), |filled, (placeholder, value)| {
        filled.replacen(placeholder, &value.to_string(), 1)
    });
    Question(filled)
}

/// The longest span of days in a question: a year's calendar, with some days of the next.
const SPAN_CAP: time::Duration = time::Duration::days(400);

/// Whether a text is this template with values in the places of its placeholders, and nothing else.
fn is_of(template: &str, text: &str) -> bool {
    let mut text = text;
    let mut from = None;
    let mut parts = template.split('{');
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    text = rest;
    for part in parts {
        let Some((placeholder, literal)) = part.split_once('}') else { return false };
        let end = text
            .find(|char: char| !(char.is_ascii_digit() || b"-_".contains(&(char as u8))))
            .unwrap_or(text.len());
        let (value, rest) = text.split_at(end);
        let Some(rest) = rest.strip_prefix(literal) else { return false };
        if !is_value(placeholder, value) {
            return false;
        }
        if placeholder == "date" {
            let Some(day) = crate::mlb::wire::day(value) else { return false };
            let from = *from.get_or_insert(day);
            if !(time::Duration::ZERO..=SPAN_CAP).contains(&(day - from)) {
                return false;
            }
        }
        text = rest;
    }
    text.is_empty()
}

fn is_value(placeholder: &str, value: &str) -> bool {
    let shaped = |shape: &str| {
        shape.len() == value.len()
            && shape.bytes().zip(value.bytes()).all(|(shape, byte)| match shape {
                b'0' => byte.is_ascii_digit(),
                other => byte == other,
            })
    };
    match placeholder {
        "id" => {
            !value.starts_with('0')
                && value.bytes().all(|byte| byte.is_ascii_digit())
                && value.parse::<u32>().is_ok()
        }
        "date" => shaped("0000-00-00"),
        "year" => shaped("0000"),
        "time" => shaped("00000000_000000"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn every_question_is_recognised_as_one() {
        let day = date!(2026 - 07 - 02);
        for question in [
            Question::person(665_487),
            Question::team(135),
            Question::schedule(135, day, day),
            Question::calendar(135, day, day),
            Question::all_star_game(day),
            Question::roster(135),
            Question::season(665_487, 2026),
            Question::leaders(2026),
            Question::feed(717_055),
            Question::whole_feed(717_055),
        ] {
            assert_eq!(Question::parse(question.as_str()), Some(question.clone()), "{question}");
            assert!(!question.as_str().contains(['{', '}']), "{question}");
        }
        let timed = format!("{}&timecode=20240703_013000", Question::feed(717_055));
        assert!(Question::parse(&timed).is_some());
    }

    #[test]
    fn nothing_else_is_a_question() {
        for other in [
            "",
            "/",
            "/api/v1/people/665487",
            "/api/v1/people/665487?hydrate=stats",
            "/api/v1/people/665487?hydrate=currentTeam&x=1",
            "/api/v1/people/?hydrate=currentTeam,rosterEntries",
            "/api/v1/people/0665487?hydrate=currentTeam,rosterEntries",
            "/api/v1/people/-1?hydrate=currentTeam,rosterEntries",
            "/api/v1/people/99999999999?hydrate=currentTeam,rosterEntries",
            "/api/v1/people/1/../2?hydrate=currentTeam,rosterEntries",
            "/api/v1/teams?sportId=1",
            "/api/v1/stats/leaders?leaderCategories=errors&season=2026",
            "/api/v1/teams/135/roster?rosterType=active",
            "/api/v1/schedule?sportId=1&teamId=135&startDate=2026-07-02&endDate=2026-13-02",
            "/api/v1/schedule?sportId=1&teamId=135&startDate=2026-07-02",
            "/api/v1/schedule?sportId=1&teamId=135&startDate=2026-07-02&endDate=2026-07-01",
            "/api/v1/schedule?sportId=1&teamId=135&startDate=1900-07-02&endDate=2026-07-01",
            "/api/v1.1/game/717055/feed/live?fields=gamePk",
            "/api/v1.1/game/717055/feed/live/diffPatch",
            "/api/v1.1/game/717055/feed/live?timecode=now",
            "//api/v1/teams/135?hydrate=venue(timezone)",
            "/api/v1/teams/135?hydrate=venue%28timezone%29",
            "http://elsewhere/api/v1/teams/135?hydrate=venue(timezone)",
        ] {
            assert_eq!(Question::parse(other), None, "{other}");
        }
    }
}
