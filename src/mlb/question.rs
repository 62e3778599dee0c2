//! Every question that e6 asks MLB, as path and query. The client and the relay know no others.

use crate::mlb::{
    json::day,
    model::{FEED_FIELDS, LEADERS_FIELDS, SCHEDULE_FIELDS},
};
use std::fmt;
use time::{Date, Duration};

/// The parameters that list what a reply has: the fields that are read, and what is added to it. A question has at most
/// one of them, as its last one.
const LISTS: [&str; 2] = ["fields=", "hydrate="];
/// The longest span of days in a question: a year's calendar, with some days of the next.
const SPAN_CAP: Duration = Duration::days(400);

/// One question: a path and query below the base URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question(String);

impl Question {
    /// A player and the club he belongs to.
    pub fn person(id: u32) -> Self {
        Question(format!("/api/v1/people/{id}?hydrate=currentTeam,rosterEntries"))
    }

    /// A club and the time zone of its ballpark.
    pub fn team(id: u32) -> Self {
        Question(format!("/api/v1/teams/{id}?hydrate=venue(timezone)"))
    }

    /// The games of a club from one day to another.
    pub fn schedule(club: u32, from: Date, to: Date) -> Self {
        Question(format!("/api/v1/schedule?sportId=1&teamId={club}&startDate={from}&endDate={to}"))
    }

    /// The same, trimmed to the fields that are read.
    pub fn calendar(club: u32, from: Date, to: Date) -> Self {
        Question(format!("{}&fields={SCHEDULE_FIELDS}", Question::schedule(club, from, to)))
    }

    pub fn all_star_game(day: Date) -> Self {
        Question(format!("/api/v1/schedule?sportId=1&gameType=A&startDate={day}&endDate={day}"))
    }

    pub fn roster(club: u32) -> Self {
        Question(format!("/api/v1/teams/{club}/roster?rosterType=40Man"))
    }

    pub fn season(person: u32, year: i32) -> Self {
        Question(format!("/api/v1/people/{person}/stats?stats=gameLog&group=fielding&season={year}"))
    }

    /// The players with the most errors of a season: more than ever have one, so that the player is among them.
    pub fn leaders(year: i32) -> Self {
        Question(format!(
            "/api/v1/stats/leaders?leaderCategories=errors&statGroup=fielding&leaderGameTypes=R&playerPool=ALL&\
             sportId=1&season={year}&limit=500&fields={LEADERS_FIELDS}"
        ))
    }

    /// A game's live feed, trimmed to the fields that are read.
    pub fn feed(game: u64) -> Self {
        Question(format!("{}?fields={FEED_FIELDS}", Question::whole_feed(game)))
    }

    /// A game's live feed as a whole.
    pub fn whole_feed(game: u64) -> Self {
        Question(format!("/api/v1.1/game/{game}/feed/live"))
    }

    /// The question with this path and query; none if e6 asks no such question.
    pub fn parse(text: &str) -> Option<Self> {
        // Each question with the values in this text: the text is one of them, or none.
        let after = |name: &str| text.split_once(name).map(|(_, rest)| rest);
        let number =
            |name: &str| after(name)?.split(|byte: char| !byte.is_ascii_digit()).next()?.parse().ok();
        let (person, team, club) = (number("/people/"), number("/teams/"), number("&teamId="));
        let game = number("/game/").map(u64::from);
        let year =
            number("&season=").filter(|year| (1000..=9999).contains(year)).map(|year: u32| year as i32);
        let date = |name: &str| day(after(name)?.get(..10)?);
        let span = date("&startDate=").zip(date("&endDate="));
        let span = span.filter(|(from, to)| (Duration::ZERO..=SPAN_CAP).contains(&(*to - *from)));
        let questions = [
            person.map(Question::person),
            person.zip(year).map(|(person, year)| Question::season(person, year)),
            team.map(Question::team),
            team.map(Question::roster),
            club.zip(span).map(|(club, (from, to))| Question::schedule(club, from, to)),
            club.zip(span).map(|(club, (from, to))| Question::calendar(club, from, to)),
            span.map(|(day, _)| Question::all_star_game(day)),
            year.map(Question::leaders),
            game.map(Question::feed),
            game.map(Question::whole_feed),
        ];
        let is_it = |question: &Question| match rest_of(text, question) {
            Some("") => true,
            Some(rest) => {
                let joint = if question.0.contains('?') { '&' } else { '?' };
                game.is_some() && rest.strip_prefix(joint).is_some_and(is_timecode)
            }
            None => false,
        };
        questions.into_iter().flatten().find(is_it).map(|_| Question(text.to_owned()))
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

/// The text after this question; none if the text asks another one. The list may be another one: that of another
/// version of e6, so that a relay and its clients need not be upgraded at once.
fn rest_of<'a>(text: &'a str, question: &Question) -> Option<&'a str> {
    let of_list = |name: &'static str| question.0.split_once(name).map(|(before, _)| (before, name));
    let Some((before, name)) = LISTS.into_iter().find_map(of_list) else {
        return text.strip_prefix(question.as_str());
    };
    let list = text.strip_prefix(before)?.strip_prefix(name)?;
    let end = list.find(|letter: char| !letter.is_ascii_alphanumeric() && !",()".contains(letter));
    let (names, rest) = list.split_at(end.unwrap_or(list.len()));
    (!names.is_empty()).then_some(rest)
}

/// Whether this is the parameter for the state of a feed at a time, as `timecode=20240703_013000`.
fn is_timecode(parameter: &str) -> bool {
    let code = parameter.strip_prefix("timecode=");
    code.and_then(|code| code.split_once('_')).is_some_and(|(day, time)| {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (day.len(), time.len()) == (8, 6) && is_digits(day) && is_digits(time)
    })
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
    fn the_lists_of_another_version_are_a_question_too() {
        let day = date!(2026 - 07 - 02);
        for question in [
            Question::calendar(135, day, day),
            Question::leaders(2026),
            Question::feed(717_055),
            Question::person(665_487),
            Question::team(135),
        ] {
            let (before, name) =
                LISTS.iter().find_map(|name| Some((question.as_str().split_once(name)?.0, name))).unwrap();
            let other = format!("{before}{name}gamePk,liveData,newName2(inner)");
            assert_eq!(Question::parse(&other).unwrap().as_str(), other);
        }
        let timed = "/api/v1.1/game/717055/feed/live?fields=gamePk&timecode=20240703_013000";
        assert!(Question::parse(timed).is_some());
    }

    #[test]
    fn nothing_else_is_a_question() {
        for other in [
            "",
            "/",
            "/api/v1/people/665487",
            "/api/v1/people/665487?hydrate=",
            "/api/v1/people/665487/stats?hydrate=stats",
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
            "/api/v1.1/game/717055/feed/live?fields=",
            "/api/v1.1/game/717055/feed/live?fields=gamePk&fields=liveData",
            "/api/v1.1/game/717055/feed/live?fields=gamePk/../../x",
            "/api/v1.1/game/717055/feed/live?fields=game%50k",
            "/api/v1/people/665487?hydrate=currentTeam,rosterEntries&fields=people",
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
