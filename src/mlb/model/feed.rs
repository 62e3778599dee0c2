//! The live feed of a game.

use crate::{
    answer::{
        ErrorCount, ErrorKind, ErrorPlay, GameFeed, GameState, Half, Inning, LineScore, Participation, Score,
        TeamLine,
    },
    mlb::{
        model::{UnexpectedReply, is_in_the_field, parse},
        wire::{Boxed, Credit, Feed, Lenient, LineTeam, LineTeams, Linescore, Play, day, instant},
    },
};
use std::collections::BTreeMap;

/// `/api/v1.1/game/{pk}/feed/live`, whole or trimmed to [`FEED_FIELDS`]. Only the game and its status must be readable.
pub fn feed(json: &[u8], pk: u64, person: u32) -> Result<GameFeed, UnexpectedReply> {
    let feed: Feed = parse(json)?;
    if feed.game_pk != pk {
        return Err(UnexpectedReply(format!("asked for game {pk}, got game {}", feed.game_pk)));
    }
    let official = feed.game_data.datetime.get().and_then(|datetime| day(&datetime.official_date));
    let status = feed.game_data.status.into_status();
    let live = feed.live_data.get().unwrap_or_default();
    let line = live.linescore.get().unwrap_or_default();
    let plays = live.plays.get().unwrap_or_default().all_plays;
    let plays: Vec<Play> = plays.into_iter().filter_map(Lenient::get).collect();
    let charged: Vec<ErrorPlay> = plays.iter().flat_map(|play| play.errors_of(person, pk)).collect();
    let teams = live.boxscore.get().unwrap_or_default().teams.get().unwrap_or_default();
    let lists = [teams.away, teams.home]
        .map(|team| team.get().and_then(|team| team.players.get()).unwrap_or_default());
    let (presence, errors) = fielding(&lists, person, stage(status.state, line.inning()));
    Ok(GameFeed {
        pk,
        as_of: feed.meta_data.get().and_then(|meta| meta.time_stamp),
        official,
        inning: line.inning(),
        score: line.score(),
        line: line.line_score(),
        presence,
        errors: match errors {
            Some(errors) => ErrorCount::Read(errors),
            None => ErrorCount::AtLeast(charged.len() as u32),
        },
        last_play: plays.iter().rev().find_map(|play| play.about.end_time.as_deref().and_then(instant)),
        plays: charged,
        status,
    })
}

/// `fields=` of the live feed: the allow-list of keys, at every depth, that [`feed`] reads.
pub const FEED_FIELDS: &str = "gamePk,metaData,timeStamp,gameData,datetime,officialDate,status,abstractGameState,codedGameState,\
    detailedState,reason,liveData,plays,allPlays,result,description,about,inning,halfInning,startTime,endTime,matchup,\
    batter,fullName,runners,credits,credit,player,id,position,abbreviation,linescore,currentInning,inningState,\
    innings,num,teams,away,home,runs,hits,boxscore,players,person,battingOrder,allPositions,stats,fielding,errors";

/// The data that a game's box score must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeedStage {
    /// Nothing yet.
    Ahead,
    /// A team that has not been in the field yet has no fielding statistics.
    FirstInning,
    /// The errors of everyone who takes part.
    Begun,
}

fn stage(state: GameState, inning: Option<Inning>) -> FeedStage {
    match state {
        GameState::Ahead | GameState::Postponed | GameState::Cancelled => FeedStage::Ahead,
        GameState::On if inning.is_none_or(|inning| inning.number == 1) => FeedStage::FirstInning,
        _ => FeedStage::Begun,
    }
}

type PlayerList = BTreeMap<String, Lenient<Boxed>>;

/// A player's part in the game, and his errors in both teams' lists: a player who was traded before the game was
/// resumed is in both. No count if a list that has or may have him cannot be read.
fn fielding(lists: &[PlayerList; 2], person: u32, stage: FeedStage) -> (Participation, Option<u32>) {
    let key = format!("ID{person}");
    let entries: Vec<(&PlayerList, &Lenient<Boxed>)> =
        lists.iter().filter_map(|list| Some((list, list.get(&key)?))).collect();
    if entries.is_empty() {
        let is_lost = stage != FeedStage::Ahead && lists.iter().any(BTreeMap::is_empty);
        return (Participation::Absent, (!is_lost).then_some(0));
    }
    let read = |(list, entry): (&PlayerList, &Lenient<Boxed>)| match entry.good() {
        Some(boxed) => (boxed.presence(list), boxed.errors(stage)),
        None => (Participation::Listed, (stage == FeedStage::Ahead).then_some(0)),
    };
    entries.into_iter().map(read).fold(
        (Participation::Absent, Some(0)),
        |(presence, sum), (other, errors)| {
            (presence.max(other), sum.zip(errors).map(|(sum, errors)| sum.saturating_add(errors)))
        },
    )
}

impl Boxed {
    fn presence(&self, list: &PlayerList) -> Participation {
        let is_posted = |entry: &Lenient<Boxed>| entry.good().is_some_and(Boxed::bats);
        match (self.in_the_field(), self.count()) {
            (Some(true) | None, Some(_)) | (Some(false), Some(1..)) => Participation::Fielded,
            _ if self.bats() || self.in_the_field().is_some() => Participation::Lineup,
            _ if list.values().any(is_posted) => Participation::Bench,
            _ => Participation::Listed,
        }
    }

    /// The player's errors; none if he took part and they cannot be read.
    fn errors(&self, stage: FeedStage) -> Option<u32> {
        let is_due = match (stage, self.in_the_field()) {
            (FeedStage::Ahead | FeedStage::FirstInning, _) => {
                self.has_odd_count() && stage != FeedStage::Ahead
            }
            // A designated hitter need not have fielding statistics.
            (FeedStage::Begun, Some(in_the_field)) => in_the_field || self.has_odd_count(),
            (FeedStage::Begun, None) => self.bats() || self.has_odd_count(),
        };
        self.count().or((!is_due).then_some(0))
    }

    fn bats(&self) -> bool {
        self.batting_order.good().is_some()
    }

    fn count(&self) -> Option<u32> {
        self.stats.good()?.fielding.good()?.errors.as_ref()?.good().copied()
    }

    /// Whether there is a count that is not a number.
    fn has_odd_count(&self) -> bool {
        let errors = self.stats.good().and_then(|stats| stats.fielding.good()?.errors.as_ref());
        errors.is_some_and(|errors| errors.good().is_none())
    }

    /// Whether any of his positions is in the field; none if there is no list of them.
    fn in_the_field(&self) -> Option<bool> {
        let positions = self.all_positions.good().filter(|positions| !positions.is_empty())?;
        Some(
            positions.iter().any(|position| {
                position.good().is_none_or(|position| is_in_the_field(&position.abbreviation))
            }),
        )
    }
}

impl Linescore {
    fn inning(&self) -> Option<Inning> {
        let half = match self.inning_state.as_deref()? {
            "Top" => Half::Top,
            "Middle" => Half::Middle,
            "Bottom" => Half::Bottom,
            "End" => Half::End,
            _ => return None,
        };
        Some(Inning { number: self.current_inning?, half })
    }

    fn score(&self) -> Option<Score> {
        let teams = self.teams.good()?;
        Some(Score { away: *teams.away.runs.good()?, home: *teams.home.runs.good()? })
    }

    /// The line score; none if there is neither an inning nor a total.
    fn line_score(&self) -> Option<LineScore> {
        let innings = self.innings.good().into_iter().flatten().filter_map(Lenient::good);
        let innings: BTreeMap<usize, &LineTeams> = innings
            .filter(|inning| (1..=INNINGS_AT_MOST).contains(&inning.num))
            .map(|inning| (inning.num, &inning.teams))
            .collect();
        let last = innings.keys().next_back().copied().unwrap_or(0);
        let totals = self.teams.good();
        let line = |side: fn(&LineTeams) -> &LineTeam| {
            let total = totals.map(side);
            TeamLine {
                innings: (1..=last)
                    .map(|num| innings.get(&num).and_then(|teams| side(teams).runs.good().copied()))
                    .collect(),
                runs: total.and_then(|total| total.runs.good().copied()),
                hits: total.and_then(|total| total.hits.good().copied()),
                errors: total.and_then(|total| total.errors.good().copied()),
            }
        };
        let line = LineScore { away: line(|teams| &teams.away), home: line(|teams| &teams.home) };
        (line != LineScore::default()).then_some(line)
    }
}

/// Limit on the innings of a line score: far more than the 26 of the longest game.
const INNINGS_AT_MOST: usize = 50;

impl Play {
    fn errors_of(&self, person: u32, game: u64) -> Vec<ErrorPlay> {
        self.runners
            .iter()
            .filter_map(Lenient::good)
            .flat_map(|runner| runner.credits.iter().flatten())
            .filter_map(Lenient::good)
            .filter(|credit| credit.player.id == person)
            .filter_map(|credit| Some(self.error(credit, error_kind(&credit.credit)?, game)))
            .collect()
    }

    fn error(&self, credit: &Credit, kind: ErrorKind, game: u64) -> ErrorPlay {
        let half = match self.about.half_inning.as_deref() {
            Some("top") => Some(Half::Top),
            Some("bottom") => Some(Half::Bottom),
            _ => None,
        };
        ErrorPlay {
            game,
            inning: half.zip(self.about.inning).map(|(half, number)| Inning { number, half }),
            at: [&self.about.end_time, &self.about.start_time]
                .into_iter()
                .find_map(|time| instant(time.as_deref()?)),
            kind,
            position: credit
                .position
                .as_ref()
                .and_then(Lenient::good)
                .map(|position| position.abbreviation.clone()),
            batter: self.matchup.good().and_then(|matchup| matchup.batter.full_name.clone()),
            text: self.result.description.clone().unwrap_or_default(),
        }
    }
}

/// The kind of error of a fielder's credit; none for a credit that is not an error.
fn error_kind(credit: &str) -> Option<ErrorKind> {
    match credit {
        "f_fielding_error" => Some(ErrorKind::Fielding),
        "f_throwing_error" => Some(ErrorKind::Throwing),
        "f_foul_error" => Some(ErrorKind::Foul),
        "f_defensive_shift_violation_error" => Some(ErrorKind::ShiftViolation),
        _ if credit.contains("missed_catch") => Some(ErrorKind::MissedCatch),
        _ if credit.contains("dropped_ball") => Some(ErrorKind::DroppedBall),
        _ if credit.contains("catcher_interf") => Some(ErrorKind::CatcherInterference),
        _ if credit.starts_with("f_interf") => Some(ErrorKind::Interference),
        _ => credit.ends_with("_error").then_some(ErrorKind::Other),
    }
}

#[cfg(test)]
mod tests;
