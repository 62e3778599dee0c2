//! The API client: one request at a time, with each reply checked.

use crate::{
    answer::{Availability, GameFeed, Leaders, Outage, Schedule, ScheduleEntry, Season},
    limits::Limits,
    mlb::{
        json,
        model::{self, PlayerProfile, TeamProfile, UnexpectedReply},
        question::Question,
        relay::Relay,
        upstream::{Endpoint, PollError, Reply, Upstream},
    },
    threads::Heartbeat,
};
use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime},
};
use time::{Date, Month};
use ureq::http::StatusCode;

pub struct Client {
    upstream: Upstream,
    /// The relay of this process, which asks MLB for its own poller, too.
    relay: Option<Arc<Relay>>,
    heartbeat: Heartbeat,
    /// The form of feed to request, for games whose trimmed feed lacked something.
    feeds: BTreeMap<u64, FeedForm>,
    /// The greatest age of a reply about games since the last [`Client::take_age`].
    age: Cell<Duration>,
}

/// The form of a live feed to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeedForm {
    Whole,
    /// The whole feed lacks the same.
    Trimmed,
}

impl Client {
    pub fn new(endpoint: Endpoint, limits: &Limits) -> Self {
        Client {
            upstream: Upstream::new(endpoint, limits),
            relay: None,
            heartbeat: Heartbeat::default(),
            feeds: BTreeMap::new(),
            age: Cell::default(),
        }
    }

    /// Asks this relay instead of MLB.
    pub fn through(self, relay: Option<Arc<Relay>>) -> Self {
        Client { relay, ..self }
    }

    /// Beats this heartbeat with each request.
    pub fn alive_by(self, heartbeat: Heartbeat) -> Self {
        Client { heartbeat, ..self }
    }

    pub(crate) fn beat(&self) {
        self.heartbeat.beat();
    }

    /// The greatest age at receipt of the replies about games since the last call.
    pub(crate) fn take_age(&self) -> Duration {
        self.age.take()
    }

    /// A player's profile, with the teams he is with.
    pub fn person(&self, id: u32) -> Result<PlayerProfile, PollError> {
        self.dated_person(id).map(|(person, _)| person)
    }

    /// A player's profile, and the time of the reply by MLB's clock; none if the reply has no date.
    pub fn dated_person(&self, id: u32) -> Result<(PlayerProfile, Option<SystemTime>), PollError> {
        let asked = self.ask_dated(&Question::person(id), |json| model::person(json, id));
        asked.map_err(|refusal| match refusal.status {
            Some(StatusCode::NOT_FOUND) => PollError { trouble: Outage::NoSuchPlayer, ..refusal },
            _ => refusal,
        })
    }

    pub fn team(&self, id: u32) -> Result<TeamProfile, PollError> {
        self.ask(&Question::team(id), |json| model::team(json, id))
    }

    /// The games of a club listed from one day to another.
    pub fn schedule(&self, club: u32, from: Date, to: Date) -> Result<Schedule, PollError> {
        let schedule = self.ask(&Question::schedule(club, from, to), model::schedule)?;
        Ok(Schedule { clubs: vec![club], ..schedule })
    }

    /// All games of a club in a year, trimmed to the fields that are read: a whole reply is megabytes.
    pub fn calendar(&self, club: u32, year: i32) -> Result<Vec<ScheduleEntry>, PollError> {
        let day = |month, day| Date::from_calendar_date(year, month, day);
        let (Ok(from), Ok(to)) = (day(Month::January, 1), day(Month::December, 31)) else {
            return Ok(Vec::new());
        };
        self.ask(&Question::calendar(club, from, to), model::schedule).map(|schedule| schedule.listings)
    }

    pub fn all_star_game(&self, day: Date) -> Result<Vec<ScheduleEntry>, PollError> {
        self.ask(&Question::all_star_game(day), model::schedule).map(|schedule| schedule.listings)
    }

    /// A player's status on a club's roster; none if the roster does not list him.
    pub fn availability(&self, club: u32, person: u32) -> Result<Option<Availability>, PollError> {
        self.ask(&Question::roster(club), |json| model::availability(json, person))
    }

    /// A player's fielding log of a season.
    pub fn season(&self, person: u32, year: i32) -> Result<Season, PollError> {
        self.ask(&Question::season(person, year), |json| model::season(json, year))
    }

    /// The players with the most errors of a season, and this player's rank.
    pub fn leaders(&self, person: u32, year: i32) -> Result<Leaders, PollError> {
        self.ask(&Question::leaders(year), |json| model::leaders(json, year, person))
    }

    /// The live feed of a game, trimmed to the fields that are read. If something is missing, the whole feed is
    /// requested; if it is there, only the whole feed is requested from then on.
    pub fn feed(&mut self, pk: u64, person: u32) -> Result<GameFeed, PollError> {
        let read = |json: &[u8]| model::feed(json, pk, person);
        match self.feeds.get(&pk) {
            Some(FeedForm::Whole) => return self.ask(&Question::whole_feed(pk), read),
            Some(FeedForm::Trimmed) => return self.ask(&Question::feed(pk), read),
            None => {}
        }
        // A reply that is not JSON would not be JSON as a whole feed either.
        let lacking = |json: &[u8]| match read(json) {
            Err(lack) if json::parse(json).is_ok() => Ok(Err(lack)),
            read => read.map(Ok),
        };
        let (trimmed, what) = match self.ask(&Question::feed(pk), lacking)? {
            Ok(game) if game.errors.is_read() => return Ok(game),
            Ok(game) => (Some(game), String::from("the box score has no readable count of his errors")),
            Err(UnexpectedReply(what)) => (None, what),
        };
        tracing::warn!(game = pk, what, "the trimmed feed lacks something: asking for the whole");
        let whole = self.ask(&Question::whole_feed(pk), read);
        match (whole, trimmed) {
            (Ok(game), trimmed) if game.errors.is_read() || trimmed.is_none() => {
                self.feeds.insert(pk, FeedForm::Whole);
                Ok(game)
            }
            (Ok(_), Some(game)) => {
                self.feeds.insert(pk, FeedForm::Trimmed);
                Ok(game)
            }
            (Err(_), Some(game)) => Ok(game),
            (whole, _) => whole,
        }
    }

    fn ask<T>(
        &self,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, UnexpectedReply>,
    ) -> Result<T, PollError> {
        self.ask_dated(question, read).map(|(answer, _)| answer)
    }

    fn ask_dated<T>(
        &self,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, UnexpectedReply>,
    ) -> Result<(T, Option<SystemTime>), PollError> {
        self.beat();
        let path = question.as_str();
        let Reply { date, freshness, body, .. } = match &self.relay {
            Some(relay) => relay.ask_blocking(question)?,
            None => self.upstream.get_ok(path)?,
        };
        let garbled = |UnexpectedReply(what)| self.upstream.error(Outage::Garbled, path, &what);
        let answer = read(&body).map_err(garbled)?;
        if question.is_about_games() {
            self.age.set(self.age.get().max(freshness.age));
        }
        Ok((answer, date))
    }
}
