//! English.

pub(super) mod terms;

use crate::{
    answer::{
        Availability, Club, ErrorPlay, GameKind, Half, Inning, Leader, Outage, SeasonGame, SeasonSoFar,
    },
    language::Language,
    page::{
        locale::{
            Age, Doubleheader, Due, GameSides, NextGame, Phrases, ScoreLine, bracketed, cities,
            english::terms::{counted, month_day, on_day, opponent, ordinal, short_date},
            games,
            labels::PageLabels,
            roster, seasons, sentence_case,
        },
        scene::Scene,
        times::LocalTime,
    },
};
use time::{Date, macros::format_description};

pub(crate) struct English;

impl Phrases for English {
    fn language(&self) -> Language {
        Language::English
    }

    fn clock(&self, at: &LocalTime) -> String {
        let format = format_description!("[hour repr:12 padding:none]:[minute] [period]");
        format!("{} {}", at.local.format(format).unwrap_or_default(), at.zone)
    }

    fn long_date(&self, date: Date) -> String {
        let format = format_description!("[weekday], [month repr:long] [day padding:none], [year]");
        date.format(format).unwrap_or_default()
    }

    fn brief_date(&self, date: Date) -> String {
        date.format(format_description!("[month repr:short] [day padding:none]")).unwrap_or_default()
    }

    fn month(&self, date: Date) -> String {
        date.format(format_description!("[month repr:short]")).unwrap_or_default()
    }

    fn ago(&self, age: Age) -> String {
        let (count, unit) = match age {
            Age::Moments => return "less than a minute ago".into(),
            Age::Minutes(count) => (count, "minute"),
            Age::Hours(count) => (count, "hour"),
            Age::Days(count) => (count, "day"),
        };
        format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
    }

    fn errors(&self, count: u32) -> String {
        counted(count, "error")
    }

    fn games(&self, count: u32) -> String {
        counted(count, "game")
    }

    fn days(&self, count: u32) -> String {
        counted(count, "day")
    }

    fn club(&self, name: &str) -> String {
        name.to_owned()
    }

    fn pairing(&self, away: &str, home: &str) -> String {
        format!("{away} at {home}")
    }

    fn matchup(&self, game: &SeasonGame) -> String {
        let at = if game.at_home { "vs" } else { "at" };
        let second = if game.number > 1 { format!(", game {}", game.number) } else { String::new() };
        let club = |club: &Club| format!("{at} {}{second}", opponent(&club.name).trim_start_matches("the "));
        game.opponent.as_ref().map(club).unwrap_or_default()
    }

    fn against(&self, meeting: &GameSides) -> String {
        let place = match (cities::city(meeting.opponent), meeting.place) {
            _ if meeting.kind == GameKind::AllStar => return "in the All-Star Game".into(),
            (Some(city), Some(place)) if city == place && !meeting.at_home => {
                match cities::has_two_clubs(city) {
                    true => format!("in {city} against {}", opponent(meeting.opponent)),
                    false => format!("in {city}"),
                }
            }
            (_, Some(place)) => format!("against {} in {place}", opponent(meeting.opponent)),
            (_, None) => format!("against {}", opponent(meeting.opponent)),
        };
        let second = if meeting.number > 1 { format!(" in game {}", meeting.number) } else { String::new() };
        let begun = meeting.begun.map(|day| format!(" in the game of {}, resumed today", short_date(day)));
        format!("{place}{second}{}", begun.unwrap_or_default())
    }

    fn todays_games(&self, count: usize, day: Doubleheader) -> String {
        match day {
            Doubleheader::Yes => "in today's doubleheader".into(),
            Doubleheader::No => format!("in today's {count} games"),
        }
    }

    fn games_of_day(&self, count: usize, day: Doubleheader) -> String {
        match day {
            Doubleheader::Yes => "in the doubleheader".into(),
            Doubleheader::No => format!("in {count} games"),
        }
    }

    fn no_game_on(&self, date: Date) -> String {
        format!("No game on {}.", short_date(date))
    }

    fn inning(&self, Inning { number, half }: Inning) -> String {
        let half = match half {
            Half::Top => "top",
            Half::Bottom => "bottom",
            Half::Middle => "middle",
            Half::End => "end",
        };
        format!("{half} of the {}", ordinal(number.into()))
    }

    fn standing(&self, standing: ScoreLine) -> String {
        match standing {
            ScoreLine::Ahead(ours, theirs) => format!("up {ours}–{theirs}"),
            ScoreLine::Behind(ours, theirs) => format!("down {ours}–{theirs}"),
            ScoreLine::Tied(runs) => format!("tied {runs}–{runs}"),
        }
    }

    fn status(&self, words: &str) -> String {
        words.to_owned()
    }

    fn cause(&self, words: &str) -> String {
        words.to_lowercase()
    }

    fn play(&self, play: &ErrorPlay) -> String {
        let kind = games::english_kind(play.kind);
        let inning = play.inning.map(|inning| format!(", {}", self.inning(inning))).unwrap_or_default();
        let position =
            play.position.as_ref().map(|position| format!(", playing {position}")).unwrap_or_default();
        let batter = play.batter.as_ref().map(|batter| format!(", {batter} batting")).unwrap_or_default();
        format!("{kind}{inning}{position}{batter}")
    }

    fn never_heard(&self, trouble: Outage, player: u32) -> String {
        match trouble {
            Outage::Starting => "Asking MLB. The answer is on its way.".into(),
            Outage::Unreachable => "MLB's data service can't be reached. Trying again.".into(),
            Outage::TooSlow => "MLB's data service is too slow. Trying again.".into(),
            Outage::TurnedAway => "MLB's data service isn't answering. Trying again.".into(),
            Outage::Refused => "MLB's data service refuses this server's network.".into(),
            Outage::Garbled => "MLB's data service sent an unreadable reply. Trying again.".into(),
            Outage::NoSuchPlayer => format!("MLB has no player with the number {player}."),
        }
    }

    fn charged(&self, name: &str, errors: u32, games: &str, over: bool) -> String {
        let still = if over { "" } else { ", and the day isn't over" };
        let errors = if errors == 1 { "an error".into() } else { self.errors(errors) };
        format!("{name} has {errors} {games}{still}.")
    }

    fn is_on(&self, meeting: &GameSides) -> String {
        format!("{} is on", the_game(meeting))
    }

    fn first_pitch(&self, meeting: &GameSides, at: &LocalTime, due: Due) -> String {
        let is = if due == Due::Past { " was due at" } else { ":" };
        format!("First pitch {}{is} {}{}.", self.against(meeting), self.clock(at), on_day(at))
    }

    fn goes_on(&self, meeting: &GameSides, at: Option<&LocalTime>, due: Due) -> String {
        let is = if due == Due::Past { "was due to resume" } else { "resumes" };
        let at = at.map_or("today".into(), |at| format!("at {}", self.clock(at)));
        format!("{} {is} {at}.", sentence_case(&the_game(meeting)))
    }

    fn start_unknown(&self, meeting: &GameSides) -> String {
        format!("The start time {} isn't set yet.", self.against(meeting))
    }

    fn start_delayed(&self, meeting: &GameSides, cause: Option<&str>) -> String {
        format!("The start {} is delayed{}.", self.against(meeting), bracketed(cause))
    }

    fn suspended_game(&self, meeting: &GameSides, to: Option<Date>) -> String {
        let later = to.map(|day| format!(" and resumes on {}", short_date(day))).unwrap_or_default();
        let game = sentence_case(&the_game(meeting));
        format!("{game} is suspended{later}. {}", PageLabels::of(Language::English).no_error_so_far)
    }

    fn box_unread(&self, meeting: &GameSides) -> String {
        format!("{} has begun, but its box score can't be read right now.", sentence_case(&the_game(meeting)))
    }

    fn games_unread(&self, unread: usize, games: usize) -> String {
        games::english_unread(unread, games)
    }

    fn postponed(&self, meeting: &GameSides, to: Option<Date>, cause: Option<&str>) -> String {
        let to = to.map_or(String::new(), |date| format!(" to {}", short_date(date)));
        let unset = if to.is_empty() { " The new date isn't set yet." } else { "" };
        format!("{} is postponed{to}{}.{unset}", sentence_case(&the_game(meeting)), bracketed(cause))
    }

    fn cancelled(&self, meeting: &GameSides, cause: Option<&str>) -> String {
        format!("{} is cancelled{}.", sentence_case(&the_game(meeting)), bracketed(cause))
    }

    fn next_game(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String {
        let at = at.map(|at| format!(", {}{}", self.clock(at), on_day(at))).unwrap_or_default();
        format!("No game today. Next: {}, {}{at}.", self.against(meeting), short_date(date))
    }

    fn absence(&self, name: &str, availability: &Availability, farm_club: Option<&str>) -> Option<String> {
        roster::english(availability, farm_club).map(|status| format!("{name} {status}."))
    }

    fn season_over(&self, figures: Option<(u32, u32)>, next: Option<(Date, NextGame)>) -> String {
        let figures =
            figures.map(|(errors, games)| format!(": {} in {}", self.errors(errors), self.games(games)));
        let next = match next {
            Some((date, NextGame::Spring)) => format!("{}, spring training", month_day(date)),
            Some((date, NextGame::Game(meeting))) => {
                format!("{}, {}", month_day(date), self.against(&meeting))
            }
            None => "not announced yet".into(),
        };
        format!("The season is over{}. Next game: {next}.", figures.unwrap_or_default())
    }

    fn about_day(&self, date: Date) -> String {
        format!("This is about {}.", short_date(date))
    }

    fn taken_back(&self, errors: u32) -> String {
        let errors = if errors == 1 { "an error".into() } else { self.errors(errors) };
        format!("The official scorer took {errors} back: earlier today, this page said otherwise.")
    }

    fn scene(&self, scene: Scene) -> &'static str {
        match scene {
            Scene::Stands => {
                "The throw lands in the stands. Fans raise their arms; the fielder holds his head."
            }
            Scene::Glove => "The fielder holds up the ball in his glove.",
            Scene::Diamond => "The ball is on the diamond, and the stands are full.",
            Scene::Rain => "Rain falls on the field. Fans sit under umbrellas.",
            Scene::Tarp => "The tarp is on the field, and the stands are empty.",
            Scene::Night => "The empty park at night: moon, stars and a tumbleweed.",
            Scene::Bench => "A glove lies on the bench.",
            Scene::Fence => "The ball flies over the fence. The fielder watches.",
        }
    }

    fn joke(&self, club: Option<&str>) -> String {
        let fan = club.map_or("hometown", cities::nickname);
        format!("Sailing home, if you ask a {fan} fan. Into the seats, if you ask anyone else.")
    }

    fn rank(&self, leader: &Leader) -> String {
        match (leader.rank, leader.is_tied) {
            (1, false) => "leads the major leagues in errors".into(),
            (1, true) => "tied for the lead in errors in the major leagues".into(),
            (rank, true) => format!("tied for {} in errors in the major leagues", ordinal(rank)),
            (rank, false) => format!("{} in errors in the major leagues", ordinal(rank)),
        }
    }

    fn place(&self, rank: u32) -> String {
        ordinal(rank)
    }

    fn season(&self, season: &SeasonSoFar) -> String {
        seasons::english(season)
    }

    fn span(&self, from: Date, to: Date) -> String {
        format!("{} to {}", self.brief_date(from), self.brief_date(to))
    }

    fn record(&self, games: &str, span: &str, at_least: bool) -> String {
        let record = if at_least { "Longest known run" } else { "Record" };
        format!("{record}: {games}, {span}")
    }

    fn next_on_sign(&self, meeting: &GameSides, date: Date, at: Option<&LocalTime>) -> String {
        let kind = if meeting.kind == GameKind::Spring { ", spring training" } else { "" };
        let at = at.map(|at| format!(", {}{}", self.clock(at), on_day(at))).unwrap_or_default();
        format!("{}, {}{kind}{at}", month_day(date), self.against(meeting))
    }

    fn in_games(&self, count: u32) -> String {
        format!("in {}", self.games(count))
    }
}

fn the_game(meeting: &GameSides) -> String {
    match meeting.begun {
        _ if meeting.kind == GameKind::AllStar => "the All-Star Game".into(),
        Some(day) => {
            let against = English.against(&GameSides { begun: None, ..*meeting });
            format!("the game of {} {against}", short_date(day))
        }
        None => format!("the game {}", English.against(meeting)),
    }
}
