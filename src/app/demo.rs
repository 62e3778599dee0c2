//! `e6 demo`: replays a past day at many times its speed, with the same code that polls MLB.

use crate::{
    app::{
        data_source::{DataSource, ReplayPlan, RunningReplay},
        error::RunError,
        live_site::LiveSite,
        publisher::ReplayedDay,
        start::{Setup, serve},
    },
    clock::Clock,
    config::Config,
    http::access_log::LogDestination,
    mlb::{
        Client, Reply, Upstream,
        replay::{Recorded, Replay, ReplaySocket, ReplaySource, Scenario},
    },
    output::{
        self,
        format::{self, LogFormat},
    },
    page,
};
use std::{sync::Arc, time::Duration};
use time::{Date, OffsetDateTime};
use tracing::level_filters::LevelFilter;

/// Interval at which the scoreboard's line is checked for a change.
const LOOK: Duration = Duration::from_millis(200);
/// Number of checks after the replay's clock has stopped. Then the replay is over, even if a game is not.
const LAST_LOOKS: u32 = 25;
/// Longest line on a terminal, in characters: a longer one would wrap and could not be overwritten.
const WIDTH: usize = 79;
/// The terminal sequence that clears the current line.
const OVER_THE_LINE: &str = "\r\x1b[2K";

/// Replays the day that comes with e6, or any past day from MLB's records.
pub fn demo(mut setup: Setup, speed: u32, date: Option<Date>) -> Result<(), RunError> {
    if setup.config.clock.is_some() {
        let what = "the replay has a clock of its own: leave --clock (or E6_CLOCK) away";
        return Err(RunError::configuration(what));
    }
    quiet(&mut setup.config);
    setup.logging.change(setup.config.log_format, setup.config.log_level);
    let read = setup.read_config;
    setup.read_config = Box::new(move || {
        let mut config = read()?;
        quiet(&mut config);
        Ok(config)
    });
    match date {
        None => described(setup, Scenario::of_the_day(), speed),
        Some(date) => recorded(setup, speed, date),
    }
}

/// Keeps standard output for the replay's line: turns off an access log there, and logs only warnings and errors to a
/// terminal.
fn quiet(config: &mut Config) {
    if config.access_log == Some(LogDestination::Stdout) {
        config.access_log = None;
    }
    if is_on_a_terminal() && config.log_level == LevelFilter::INFO {
        config.log_level = LevelFilter::WARN;
    }
}

fn is_on_a_terminal() -> bool {
    output::stdout().is_terminal && format::present() == LogFormat::Combined
}

fn described(setup: Setup, day: Scenario, speed: u32) -> Result<(), RunError> {
    if setup.config.player.id != day.player() {
        return Err(RunError::configuration(format!(
            "the day that comes with e6 is about player {}; for another player, replay one of his days with --date",
            day.player()
        )));
    }
    play(setup, move |_| {
        let clock = Clock::racing(day.begins(), speed, day.ends());
        let replayed = ReplayedDay { about: day.about.clone(), season_note: Some(day.season_note.clone()) };
        Ok((day, clock, replayed))
    })
}

fn recorded(setup: Setup, speed: u32, date: Date) -> Result<(), RunError> {
    if date > OffsetDateTime::now_utc().date() {
        return Err(RunError::configuration(format!(
            "{date} is in the future: choose a past day with --date"
        )));
    }
    play(setup, move |config| {
        let club = club(config)?;
        let upstream = Upstream::new(config.endpoint(), &config.limits);
        let day = Recorded::new(Box::new(move |path| {
            let Reply { status, body, .. } = upstream.get(path).map_err(|refusal| refusal.what)?;
            Ok((status.as_u16(), body))
        }));
        let (begins, ends) = day.span(club, date).map_err(cannot_replay)?.ok_or_else(|| {
            RunError::new(format!("team {club} played no game on {date}: choose another day"))
        })?;
        let replayed = ReplayedDay { about: page::date(date), season_note: None };
        Ok((day, Clock::racing(begins, speed, ends), replayed))
    })
}

/// The club whose games are replayed: the configured one, or else the player's current one.
fn club(config: &Config) -> Result<u32, RunError> {
    if let Some(club) = config.player.club {
        return Ok(club);
    }
    let client = Client::new(config.endpoint(), &config.limits);
    let player = client.person(config.player.id).map_err(cannot_replay)?;
    let club = player.current_team.ok_or_else(|| {
        RunError::new(format!(
            "{} has no club at present: name the one he played for with --club",
            player.name
        ))
    })?;
    Ok(club.id)
}

/// Serves a replay. Only its port is bound before privileges are dropped.
fn play<D: ReplaySource>(
    setup: Setup,
    prepare: impl FnOnce(&Config) -> Result<(D, Clock, ReplayedDay), RunError> + 'static,
) -> Result<(), RunError> {
    let socket = ReplaySocket::bind().map_err(cannot_replay)?;
    let url = socket.url();
    let plan = ReplayPlan {
        url: url.clone(),
        begin: Box::new(move |config| {
            let (day, clock, replayed) = prepare(config)?;
            let replay = Replay::start(socket, day, clock).map_err(cannot_replay)?;
            Ok(DataSource { clock, replay: Some(RunningReplay { replayed, url, _replay: replay }) })
        }),
    };
    serve(setup, Some(plan))
}

fn cannot_replay(error: impl std::fmt::Display) -> RunError {
    RunError::new(format!("cannot replay: {error}"))
}

/// Prints inning, score and answer while the day is replayed: on a terminal on one line that is overwritten, elsewhere
/// on a new line for each change. Prints at the end that the replay is over.
pub(crate) async fn follow(site: Arc<LiveSite>, clock: Clock) {
    let (mut before, mut looks_left) = (String::new(), LAST_LOOKS);
    loop {
        let (line, is_over) = site.scoreboard();
        if line != before {
            print_line(&line);
            before = line;
        }
        looks_left -= u32::from(clock.has_stopped());
        if is_over || looks_left == 0 {
            let over = "The replay is over. The site stays as it is until e6 is stopped.";
            let begin = if is_on_a_terminal() { "\n" } else { "" };
            format::announce(&format!("{begin}{over}"), over, &[]);
            return;
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn print_line(line: &str) {
    if is_on_a_terminal() {
        let line: String = line.chars().take(WIDTH).collect();
        output::stdout().queue(format!("{OVER_THE_LINE}{line}").as_bytes());
    } else {
        format::announce(line, line, &[]);
    }
}
