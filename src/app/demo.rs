//! `e6 demo`: a day that has been, played at many times its speed by the same code that asks MLB.

use crate::{
    app::{DataSource, ReplayPlan, RunError, Setup, StartError, live_site::LiveSite, publisher::ReplayedDay},
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

/// How often the line on the terminal is written anew, if it has changed.
const LOOK: Duration = Duration::from_millis(200);
/// From the end of the replay's clock until it is over, whatever was heard.
const LAST_LOOKS: u32 = 25;
/// A longer line would not be rewritten, but scroll.
const WIDTH: usize = 79;
/// What a terminal needs to write over a line.
const OVER_THE_LINE: &str = "\r\x1b[2K";

/// Plays the day that comes with e6, or any past day from MLB's records.
///
/// # Errors
/// When there is no such day, or the server could not run.
pub fn demo(mut setup: Setup, speed: u32, date: Option<Date>) -> Result<(), StartError> {
    if setup.config.clock.is_some() {
        let what = "the replay has a clock of its own: leave --clock (or E6_CLOCK) away";
        return Err(StartError::Configuration(what.into()));
    }
    quiet(&mut setup.config);
    setup.logging.change(setup.config.log_format, setup.config.log_level);
    let read = setup.read_again;
    setup.read_again = Box::new(move || {
        let mut config = read()?;
        quiet(&mut config);
        Ok(config)
    });
    match date {
        None => described(setup, Scenario::of_the_day(), speed),
        Some(date) => recorded(setup, speed, date),
    }
}

/// Standard output is for the line of the replay, and a terminal for nothing but that and troubles.
fn quiet(config: &mut Config) {
    if config.access_log == Some(LogDestination::Stdout) {
        config.access_log = None;
    }
    if is_on_a_terminal() && config.log_level == LevelFilter::INFO {
        config.log_level = LevelFilter::WARN;
    }
}

fn is_on_a_terminal() -> bool {
    output::stdout().is_terminal() && format::present() == LogFormat::Combined
}

fn described(setup: Setup, day: Scenario, speed: u32) -> Result<(), StartError> {
    if setup.config.player.id != day.player() {
        return Err(StartError::Configuration(format!(
            "the day that comes with e6 is about player {}; for another, replay a day of his with --date",
            day.player()
        )));
    }
    play(setup, move |_| {
        let clock = Clock::racing(day.begins(), speed, day.ends());
        let replayed =
            ReplayedDay { about: day.about().clone(), season_note: Some(day.season_note().clone()) };
        Ok((day, clock, replayed))
    })
}

fn recorded(setup: Setup, speed: u32, date: Date) -> Result<(), StartError> {
    if date > OffsetDateTime::now_utc().date() {
        return Err(StartError::Configuration(format!(
            "{date} is in the future: choose a day that has been with --date"
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

/// The club whose day it is.
fn club(config: &Config) -> Result<u32, StartError> {
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

/// Serves while a day is played. Only the port is bound before privileges are dropped.
fn play<D: ReplaySource>(
    setup: Setup,
    prepare: impl FnOnce(&Config) -> Result<(D, Clock, ReplayedDay), StartError> + 'static,
) -> Result<(), StartError> {
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
    crate::app::serve(setup, Some(plan))
}

fn cannot_replay(error: impl std::fmt::Display) -> RunError {
    RunError::new(format!("cannot replay: {error}"))
}

/// A replay that is being shown; it ends when this is dropped.
pub struct RunningReplay {
    /// What is replayed.
    pub replayed: ReplayedDay,
    /// Where it is asked instead of MLB.
    pub url: String,
    _replay: Replay,
}

/// Tells how the day goes, with inning, score and answer: on a terminal on one line that is written anew, elsewhere on a
/// line for each change; and in the end that it is over.
pub(crate) async fn follow(site: Arc<LiveSite>, clock: Clock) {
    let (mut before, mut looks_left) = (String::new(), LAST_LOOKS);
    loop {
        let (line, is_over) = site.scoreboard();
        if line != before {
            tell(&line);
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

fn tell(line: &str) {
    if is_on_a_terminal() {
        let line: String = line.chars().take(WIDTH).collect();
        output::stdout().queue(format!("{OVER_THE_LINE}{line}").as_bytes());
    } else {
        format::announce(line, line, &[]);
    }
}
