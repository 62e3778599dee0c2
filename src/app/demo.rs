//! `e6 demo`: a day that has been, played at many times its speed by the same code that asks MLB.

use crate::{
    app::{Failure, Setup, Show, StartError, publisher::Replayed},
    clock::Clock,
    mlb::{
        Client, Reply, Upstream,
        replay::{Recorded, Replay, Scenario},
    },
    page,
};
use time::Date;

/// Plays the day that comes with e6, or any past day from MLB's records.
///
/// # Errors
/// When there is no such day, or the server could not run.
pub fn demo(setup: Setup, speed: u32, date: Option<Date>) -> Result<(), StartError> {
    match date {
        None => described(setup, Scenario::of_the_day(), speed),
        Some(date) => recorded(setup, speed, date),
    }
}

fn described(setup: Setup, day: Scenario, speed: u32) -> Result<(), StartError> {
    if setup.config.player.id != day.player() {
        return Err(StartError::Configuration(format!(
            "the day that comes with e6 is about player {}; for another, replay a day of his with --date",
            day.player()
        )));
    }
    let clock = Clock::racing(day.begins(), speed, day.ends());
    let replayed = Replayed { about: day.about().clone(), season_note: Some(day.season_note().clone()) };
    let replay = Replay::start(day, clock).map_err(cannot_replay)?;
    crate::app::serve(setup, Show { clock, replay: Some((replayed, replay.url())) })
}

fn recorded(setup: Setup, speed: u32, date: Date) -> Result<(), StartError> {
    let config = &setup.config;
    let club = match config.player.club {
        Some(club) => club,
        None => {
            let client = Client::new(config.endpoint(), &config.limits);
            let player = client.person(config.player.id).map_err(cannot_replay)?;
            let club = player.current_team.ok_or_else(|| {
                Failure::new(format!(
                    "{} has no club at present: name the one he played for with --club",
                    player.name
                ))
            })?;
            club.id
        }
    };
    let upstream = Upstream::new(config.endpoint(), &config.limits);
    let day = Recorded::new(Box::new(move |path| {
        let Reply { status, body, .. } = upstream.get(path).map_err(|refusal| refusal.what)?;
        Ok((status.as_u16(), body))
    }));
    let (begins, ends) = day
        .span(club, date)
        .map_err(cannot_replay)?
        .ok_or_else(|| Failure::new(format!("team {club} played no game on {date}: choose another day")))?;
    let clock = Clock::racing(begins, speed, ends);
    let replay = Replay::start(day, clock).map_err(cannot_replay)?;
    let replayed = Replayed { about: page::date(date), season_note: None };
    crate::app::serve(setup, Show { clock, replay: Some((replayed, replay.url())) })
}

fn cannot_replay(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("cannot replay: {error}"))
}
