//! The answer for programs. Documented in assets/api/openapi.json; fields are added at the end, never changed.

use crate::{
    answer::{
        Answer, Availability, ErrorKind, ErrorPlay, Game, GameState, Half, Inning, Leader, Player,
        ScheduleEntry, SeasonGame, SeasonSoFar, Side, SinceError, Streak, TeamLine, Verdict,
    },
    page::{LocalizedTheme, Theme, season_page, times},
};
use serde::Serialize;
use time::Date;

/// All names of verdicts.
pub const VERDICTS: [&str; 5] = ["yes", "no", "not_yet", "no_game", "unknown"];

/// The verdict's name for programs.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes(_) => "yes",
        Verdict::No => "no",
        Verdict::NotYet => "not_yet",
        Verdict::NoGame => "no_game",
        Verdict::Unknown => "unknown",
    }
}

/// The answer for programs.
pub(crate) struct Json {
    /// Indented, for responses.
    pub pretty: String,
    /// On one line, for events.
    pub line: String,
    /// The same without the time MLB was asked: it stays the same while nothing happens.
    pub undated: String,
}

/// Renders an answer for programs.
pub(crate) fn json(answer: &Answer, localized: LocalizedTheme) -> Json {
    let mut body = AnswerBody {
        verdict: verdict(answer.verdict),
        errors: answer.verdict.errors(),
        date: answer.day.to_string(),
        stale: answer.stale,
        asked_at: answer.asked_at.map(times::machine),
        changed_at: answer.changed_at.map(times::machine),
        answer: localized.word(answer),
        reason: localized.sentence(answer),
        player: PlayerBody::new(&answer.player),
        games: answer.games.iter().map(GameBody::new).collect(),
        plays: answer.plays.iter().map(PlayBody::new).collect(),
        plays_complete: answer.plays_complete,
        taken_back: answer.taken_back,
        availability: match answer.availability {
            Availability::Unknown | Availability::Other(_) => "unknown",
            Availability::Active => "active",
            Availability::Injured(_) => "injured",
            Availability::Suspended => "suspended",
            Availability::Away(_) => "away",
        },
        season: answer.season.as_ref().map(SeasonBody::new),
        time_zone: answer.zone.name(),
        replay: localized.replay().is_some(),
        since_error: answer.since_error.as_ref().map(SinceErrorBody::new),
        next_game: answer.next_game.as_ref().map(|next| NextGameBody::new(next, answer.day)),
        error_rank: answer
            .leaders
            .as_ref()
            .and_then(|leaders| leaders.player.as_ref())
            .map(|player| RankBody { rank: player.rank, tied: player.is_tied }),
    };
    let line = |body: &AnswerBody| serde_json::to_string(body).unwrap_or_default();
    let (pretty, dated) = (pretty(&body), line(&body));
    body.asked_at = None;
    Json { pretty, line: dated, undated: line(&body) }
}

/// The season, game by game, without the time MLB was asked: it stays the same while nothing happens.
pub(crate) fn season(answer: &Answer, theme: &Theme) -> String {
    pretty(&SeasonPage {
        player: PlayerBody::new(&answer.player),
        date: answer.day.to_string(),
        stale: answer.stale,
        season: answer.season.as_ref().map(SeasonBody::new),
        log: answer.season.iter().flat_map(|season| &season.games).map(LogEntry::new).collect(),
        replay: theme.replay.is_some(),
        by_position: season_page::by_position(answer)
            .into_iter()
            .map(|(position, sum)| PositionBody { position, games: sum.games, errors: sum.errors })
            .collect(),
        by_opponent: season_page::by_opponent(answer)
            .into_iter()
            .map(|(club, sum)| OpponentBody {
                opponent: ClubBody { id: club.id, name: &club.name },
                games: sum.games,
                errors: sum.errors,
            })
            .collect(),
    })
}

/// The players with the most errors, and the player's rank.
pub(crate) fn leaders(answer: &Answer, theme: &Theme) -> String {
    let leaders = answer.leaders.as_ref();
    pretty(&LeadersPage {
        year: leaders.map(|leaders| leaders.year),
        player: leaders.and_then(|leaders| leaders.player.as_ref()).map(LeaderBody::new),
        leaders: leaders.into_iter().flat_map(|leaders| &leaders.top).map(LeaderBody::new).collect(),
        replay: theme.replay.is_some(),
    })
}

/// Strings, numbers and lists of them: nothing here can fail to serialize.
fn pretty(body: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(body).unwrap_or_default();
    json.push('\n');
    json
}

#[derive(Serialize)]
struct AnswerBody<'a> {
    verdict: &'static str,
    errors: u32,
    date: String,
    stale: bool,
    asked_at: Option<String>,
    changed_at: Option<String>,
    answer: &'a str,
    reason: String,
    player: PlayerBody<'a>,
    games: Vec<GameBody<'a>>,
    plays: Vec<PlayBody<'a>>,
    plays_complete: bool,
    taken_back: u32,
    availability: &'static str,
    season: Option<SeasonBody>,
    time_zone: &'a str,
    replay: bool,
    since_error: Option<SinceErrorBody>,
    next_game: Option<NextGameBody<'a>>,
    error_rank: Option<RankBody>,
}

#[derive(Serialize)]
struct RankBody {
    rank: u32,
    tied: bool,
}

#[derive(Serialize)]
struct SeasonPage<'a> {
    player: PlayerBody<'a>,
    date: String,
    stale: bool,
    season: Option<SeasonBody>,
    log: Vec<LogEntry<'a>>,
    replay: bool,
    by_position: Vec<PositionBody<'a>>,
    by_opponent: Vec<OpponentBody<'a>>,
}

#[derive(Serialize)]
struct PositionBody<'a> {
    position: &'a str,
    games: u32,
    errors: u32,
}

#[derive(Serialize)]
struct OpponentBody<'a> {
    opponent: ClubBody<'a>,
    games: u32,
    errors: u32,
}

#[derive(Serialize)]
struct LeadersPage<'a> {
    year: Option<i32>,
    player: Option<LeaderBody<'a>>,
    leaders: Vec<LeaderBody<'a>>,
    replay: bool,
}

#[derive(Serialize)]
struct LeaderBody<'a> {
    rank: u32,
    tied: bool,
    id: u32,
    name: &'a str,
    team: &'a str,
    errors: u32,
}

#[derive(Serialize)]
struct LogEntry<'a> {
    id: u64,
    date: String,
    number: u8,
    opponent: Option<ClubBody<'a>>,
    home: bool,
    errors: u32,
}

#[derive(Serialize)]
struct ClubBody<'a> {
    id: u32,
    name: &'a str,
}

#[derive(Serialize)]
struct PlayerBody<'a> {
    id: u32,
    name: &'a str,
    team: Option<&'a str>,
}

#[derive(Serialize)]
struct GameBody<'a> {
    id: u64,
    state: &'static str,
    status: &'a str,
    away: SideBody<'a>,
    home: SideBody<'a>,
    start: Option<String>,
    venue: &'a str,
    number: u8,
    inning: Option<u8>,
    half: Option<&'static str>,
    errors: u32,
    line: Option<LineBody<'a>>,
}

#[derive(Serialize)]
struct LineBody<'a> {
    away: TeamLineBody<'a>,
    home: TeamLineBody<'a>,
}

#[derive(Serialize)]
struct TeamLineBody<'a> {
    innings: &'a [Option<u32>],
    runs: Option<u32>,
    hits: Option<u32>,
    errors: Option<u32>,
}

#[derive(Serialize)]
struct NextGameBody<'a> {
    id: u64,
    date: String,
    days: i64,
    start: Option<String>,
    away: &'a str,
    home: &'a str,
    venue: &'a str,
}

#[derive(Serialize)]
struct SinceErrorBody {
    last_error: Option<String>,
    days: u32,
    games: u32,
    at_least: bool,
    longest_clean_streak: Option<StreakBody>,
    longest_at_least: bool,
}

#[derive(Serialize)]
struct SideBody<'a> {
    id: u32,
    name: &'a str,
    runs: Option<u32>,
}

#[derive(Serialize)]
struct PlayBody<'a> {
    game: u64,
    inning: Option<u8>,
    half: Option<&'static str>,
    kind: &'static str,
    position: Option<&'a str>,
    batter: Option<&'a str>,
    text: &'a str,
    position_number: Option<u8>,
    scoring: String,
}

#[derive(Serialize)]
struct SeasonBody {
    year: i32,
    games: usize,
    errors: u32,
    last_error: Option<String>,
    days_since_error: Option<u32>,
    games_since_error: Option<u32>,
    longest_clean_streak: Option<StreakBody>,
    on_pace_for: Option<u32>,
    complete: bool,
}

#[derive(Serialize)]
struct StreakBody {
    games: u32,
    from: String,
    to: String,
}

impl<'a> LeaderBody<'a> {
    fn new(leader: &'a Leader) -> Self {
        let Leader { id, name, club, errors, rank, is_tied } = leader;
        LeaderBody { rank: *rank, tied: *is_tied, id: *id, name, team: club, errors: *errors }
    }
}

impl<'a> PlayerBody<'a> {
    fn new(player: &'a Player) -> Self {
        let team = player.club.as_ref().map(|club| club.name.as_str());
        PlayerBody { id: player.id, name: &player.name, team }
    }
}

impl<'a> LogEntry<'a> {
    fn new(game: &'a SeasonGame) -> Self {
        LogEntry {
            id: game.pk,
            date: game.date.to_string(),
            number: game.number,
            opponent: game.opponent.as_ref().map(|club| ClubBody { id: club.id, name: &club.name }),
            home: game.at_home,
            errors: game.errors,
        }
    }
}

impl SeasonBody {
    fn new(season: &SeasonSoFar) -> Self {
        let last = season.last_error;
        SeasonBody {
            year: season.year,
            games: season.games.len(),
            errors: season.errors,
            last_error: last.map(|last| last.date.to_string()),
            days_since_error: last.map(|last| last.days),
            games_since_error: last.map(|last| last.games),
            longest_clean_streak: season.longest_clean.map(StreakBody::new),
            on_pace_for: season.on_pace_for,
            complete: season.is_complete,
        }
    }
}

impl<'a> GameBody<'a> {
    fn new(game: &'a Game) -> Self {
        let feed = game.feed.as_ref();
        let score = feed.and_then(|feed| feed.score);
        let side = |side: &'a Side, runs: Option<u32>| SideBody {
            id: side.club.id,
            name: &side.club.name,
            runs: runs.or(side.runs),
        };
        let inning = feed.and_then(|feed| feed.inning);
        GameBody {
            id: game.listing.pk,
            state: match game.state() {
                GameState::Ahead => "ahead",
                GameState::On => "on",
                GameState::Suspended => "suspended",
                GameState::Over => "over",
                GameState::Postponed => "postponed",
                GameState::Cancelled => "cancelled",
                GameState::Unknown => "unknown",
            },
            status: game.status_words(),
            away: side(&game.listing.away, score.map(|score| score.away)),
            home: side(&game.listing.home, score.map(|score| score.home)),
            start: game.listing.start.map(times::machine),
            venue: &game.listing.venue,
            number: game.listing.number,
            inning: inning.map(|inning| inning.number),
            half: inning.map(half),
            errors: game.errors(),
            line: feed.and_then(|feed| feed.line.as_ref()).map(|line| LineBody {
                away: TeamLineBody::new(&line.away),
                home: TeamLineBody::new(&line.home),
            }),
        }
    }
}

impl<'a> TeamLineBody<'a> {
    fn new(line: &'a TeamLine) -> Self {
        TeamLineBody { innings: &line.innings, runs: line.runs, hits: line.hits, errors: line.errors }
    }
}

impl<'a> NextGameBody<'a> {
    fn new(next: &'a ScheduleEntry, today: Date) -> Self {
        NextGameBody {
            id: next.pk,
            date: next.official.to_string(),
            days: (next.official - today).whole_days(),
            start: next.start.map(times::machine),
            away: &next.away.club.name,
            home: &next.home.club.name,
            venue: &next.venue,
        }
    }
}

impl SinceErrorBody {
    fn new(since: &SinceError) -> Self {
        SinceErrorBody {
            last_error: since.last.map(|date| date.to_string()),
            days: since.days,
            games: since.games,
            at_least: since.at_least,
            longest_clean_streak: since.record.map(StreakBody::new),
            longest_at_least: since.record_at_least,
        }
    }
}

impl StreakBody {
    fn new(streak: Streak) -> Self {
        StreakBody { games: streak.games, from: streak.from.to_string(), to: streak.to.to_string() }
    }
}

impl<'a> PlayBody<'a> {
    fn new(play: &'a ErrorPlay) -> Self {
        PlayBody {
            game: play.game,
            inning: play.inning.map(|inning| inning.number),
            half: play.inning.map(half),
            kind: match play.kind {
                ErrorKind::Fielding => "fielding",
                ErrorKind::Throwing => "throwing",
                ErrorKind::MissedCatch => "missed_catch",
                ErrorKind::DroppedBall => "dropped_ball",
                ErrorKind::Foul => "foul",
                ErrorKind::CatcherInterference => "catcher_interference",
                ErrorKind::Interference => "interference",
                ErrorKind::ShiftViolation => "shift_violation",
                ErrorKind::Other => "other",
            },
            position: play.position.as_deref(),
            batter: play.batter.as_deref(),
            text: &play.text,
            position_number: play.position_number(),
            scoring: play.scoring(),
        }
    }
}

fn half(inning: Inning) -> &'static str {
    match inning.half {
        Half::Top => "top",
        Half::Bottom => "bottom",
        Half::Middle => "middle",
        Half::End => "end",
    }
}
