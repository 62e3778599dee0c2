//! Asking: one request at a time, each with deadlines and a size cap, each reply judged.

use crate::{
    answer::{Availability, Club, GameBox, Listing, Player, Season, Trouble, Zone},
    heartbeat::Pulse,
    limits::Limits,
    mlb::model::{self, Surprise},
};
use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use time::Date;
use ureq::http::{StatusCode, Uri, header};

/// However long MLB asks us to wait, look again after this.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(60 * 60);
/// MLB's terms allow individual, non-bulk use: say who asks.
const USER_AGENT: &str = concat!("e6/", env!("CARGO_PKG_VERSION"), " (a fan site about one player)");

/// Asks MLB's Stats API.
pub struct Client {
    agent: ureq::Agent,
    base: String,
    body_cap: u64,
    pulse: Pulse,
    /// Games whose trimmed feed lacked something, so that the whole is asked for at once.
    whole: BTreeSet<u64>,
    /// The last replies that came with an entity tag, newest last: asked for again, MLB need not send them twice.
    tagged: Mutex<Vec<Tagged>>,
}

/// How many replies are kept for their entity tags: those of one round and its paths that change with the day.
const TAGGED_CAP: usize = 12;

struct Tagged {
    path: String,
    etag: String,
    body: Vec<u8>,
}

/// What was replied.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// How long MLB asked us to wait.
    pub retry_after: Option<Duration>,
    /// When it was made, by MLB's clock.
    pub date: Option<SystemTime>,
    /// Its body, decoded.
    pub body: Vec<u8>,
}

/// No usable reply, and whose fault that looks like.
#[derive(Debug)]
pub struct Refusal {
    /// As much as a visitor is told.
    pub trouble: Trouble,
    /// The status, where there was one and it was not 200.
    pub status: Option<StatusCode>,
    /// How long MLB asked us to wait.
    pub retry_after: Option<Duration>,
    /// What happened, to which request: for the log.
    pub what: String,
}

impl Client {
    /// A client for the API at this base URL (no trailing slash).
    pub fn new(base: impl Into<String>, limits: &Limits) -> Self {
        let base = base.into();
        let mut config = ureq::Agent::config_builder()
            .timeout_connect(Some(limits.mlb_connect))
            .timeout_recv_response(Some(limits.mlb_head()))
            .timeout_global(Some(limits.mlb_total))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(USER_AGENT);
        if is_loopback(&base) {
            // A proxy from the environment leads outside; a replay is in here.
            config = config.proxy(None);
        }
        Client {
            agent: config.build().new_agent(),
            base,
            body_cap: limits.mlb_body,
            pulse: Pulse::default(),
            whole: BTreeSet::new(),
            tagged: Mutex::default(),
        }
    }

    /// Beats with each question.
    pub fn alive_by(self, pulse: Pulse) -> Self {
        Client { pulse, ..self }
    }

    /// Whoever asks goes on.
    pub(crate) fn beat(&self) {
        self.pulse.beat();
    }

    /// The player and the club he belongs to.
    pub fn player(&self, id: u32) -> Result<Player, Refusal> {
        self.introduction(id).map(|(player, _)| player)
    }

    /// The player, and what time it is at MLB; none if it does not say.
    pub fn introduction(&self, id: u32) -> Result<(Player, Option<SystemTime>), Refusal> {
        let path = format!("/api/v1/people/{id}?hydrate=currentTeam");
        self.ask_dated(&path, |json| model::player(json, id)).map_err(|refusal| match refusal.status {
            Some(StatusCode::NOT_FOUND) => Refusal { trouble: Trouble::NoSuchPlayer, ..refusal },
            _ => refusal,
        })
    }

    /// A club and the clock of its home ballpark.
    pub fn club(&self, id: u32) -> Result<(Club, Zone), Refusal> {
        self.ask(&format!("/api/v1/teams/{id}?hydrate=venue(timezone)"), |json| model::club(json, id))
    }

    /// The games of a club listed from one day to another.
    pub fn schedule(&self, club: u32, from: Date, to: Date) -> Result<Vec<Listing>, Refusal> {
        let path = format!("/api/v1/schedule?sportId=1&teamId={club}&startDate={from}&endDate={to}");
        self.ask(&path, model::schedule)
    }

    /// All games of a club in a year, trimmed to what is read: the whole is megabytes.
    pub fn calendar(&self, club: u32, year: i32) -> Result<Vec<Listing>, Refusal> {
        let days = format!("startDate={year}-01-01&endDate={year}-12-31");
        let path =
            format!("/api/v1/schedule?sportId=1&teamId={club}&{days}&fields={}", model::SCHEDULE_FIELDS);
        self.ask(&path, model::schedule)
    }

    /// The All-Star Game, if it is this day.
    pub fn all_star_game(&self, day: Date) -> Result<Vec<Listing>, Refusal> {
        let path = format!("/api/v1/schedule?sportId=1&gameType=A&startDate={day}&endDate={day}");
        self.ask(&path, model::schedule)
    }

    /// A player's status on a club's roster; none if the roster does not list him.
    pub fn availability(&self, club: u32, person: u32) -> Result<Option<Availability>, Refusal> {
        let path = format!("/api/v1/teams/{club}/roster?rosterType=40Man");
        self.ask(&path, |json| model::availability(json, person))
    }

    /// His fielding log of a season. Not understanding it is no failure.
    pub fn season(&self, person: u32, year: i32) -> Result<Option<Season>, Refusal> {
        let path = format!("/api/v1/people/{person}/stats?stats=gameLog&group=fielding&season={year}");
        self.ask(&path, |json| Ok(model::season(json, year)))
    }

    /// The live feed of a game, trimmed to what is read; whole, once, if the trimmed one lacks something.
    pub fn feed(&mut self, pk: u64, person: u32) -> Result<GameBox, Refusal> {
        let whole = format!("/api/v1.1/game/{pk}/feed/live");
        let read = |json: &[u8]| model::feed(json, pk, person);
        if self.whole.contains(&pk) {
            return self.ask(&whole, read);
        }
        let trimmed = format!("{whole}?fields={}", model::FEED_FIELDS);
        // What is no JSON at all would not be more of it as a whole.
        let lacking = |json: &[u8]| match read(json) {
            Err(lack) if model::is_json(json) => Ok(Err(lack)),
            read => read.map(Ok),
        };
        match self.ask(&trimmed, lacking)? {
            Ok(game) => Ok(game),
            Err(Surprise(what)) => {
                tracing::warn!(game = pk, what, "the trimmed feed lacks something: asking for the whole");
                let game = self.ask(&whole, read)?;
                self.whole.insert(pk);
                Ok(game)
            }
        }
    }

    /// One GET, whatever comes of it. What MLB says has not changed (304) is told as it was (200).
    pub fn get(&self, path: &str) -> Result<Reply, Refusal> {
        self.beat();
        let known = self.forget(path);
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(known) = &known {
            request = request.header(header::IF_NONE_MATCH, &known.etag);
        }
        let mut response = request.call().map_err(|error| self.failed(path, &error))?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let (retry_after, etag) =
            (text(header::RETRY_AFTER).and_then(retry_after), text(header::ETAG).map(String::from));
        let date = text(header::DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let (mut status, mut etag) = (response.status(), etag);
        let body = match known {
            Some(known) if status == StatusCode::NOT_MODIFIED => {
                (status, etag) = (StatusCode::OK, Some(known.etag));
                known.body
            }
            _ => response
                .body_mut()
                .with_config()
                .limit(self.body_cap)
                .read_to_vec()
                .map_err(|error| self.failed(path, &error))?,
        };
        if let Some(etag) = etag.filter(|_| status == StatusCode::OK) {
            self.remember(Tagged { path: path.into(), etag, body: body.clone() });
        }
        Ok(Reply { status, retry_after, date, body })
    }

    fn failed(&self, path: &str, error: &ureq::Error) -> Refusal {
        Refusal {
            trouble: match error {
                ureq::Error::Timeout(_) => Trouble::TooSlow,
                ureq::Error::BodyExceedsLimit(_) => Trouble::Garbled,
                _ => Trouble::Unreachable,
            },
            status: None,
            retry_after: None,
            what: format!("{}{path}: {error}", self.base),
        }
    }

    fn forget(&self, path: &str) -> Option<Tagged> {
        let mut tagged = self.tagged.lock().unwrap_or_else(PoisonError::into_inner);
        let index = tagged.iter().position(|known| known.path == path)?;
        Some(tagged.remove(index))
    }

    fn remember(&self, reply: Tagged) {
        let mut tagged = self.tagged.lock().unwrap_or_else(PoisonError::into_inner);
        if tagged.len() == TAGGED_CAP {
            tagged.remove(0);
        }
        tagged.push(reply);
    }

    fn ask<T>(&self, path: &str, read: impl Fn(&[u8]) -> Result<T, Surprise>) -> Result<T, Refusal> {
        self.ask_dated(path, read).map(|(answer, _)| answer)
    }

    fn ask_dated<T>(
        &self,
        path: &str,
        read: impl Fn(&[u8]) -> Result<T, Surprise>,
    ) -> Result<(T, Option<SystemTime>), Refusal> {
        let Reply { status, retry_after, date, body } = self.get(path)?;
        if status != StatusCode::OK {
            return Err(Refusal {
                trouble: Trouble::TurnedAway,
                status: Some(status),
                retry_after,
                what: format!("{}{path}: MLB replied {status}", self.base),
            });
        }
        read(&body).map(|answer| (answer, date)).map_err(|Surprise(what)| Refusal {
            trouble: Trouble::Garbled,
            status: None,
            retry_after: None,
            what: format!("{}{path}: {what}", self.base),
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

fn is_loopback(base: &str) -> bool {
    let uri = base.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// RFC 9110 §10.2.3: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    let wait = match value.trim().parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(value.trim()).ok()?;
            until.duration_since(SystemTime::now()).ok()?
        }
    };
    Some(wait.min(RETRY_AFTER_CAP))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_capped() {
        assert_eq!(retry_after("120"), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("999999"), Some(RETRY_AFTER_CAP));
        assert_eq!(retry_after("Fri, 31 Dec 2100 23:59:59 GMT"), Some(RETRY_AFTER_CAP));
        assert_eq!(retry_after("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(retry_after("soon"), None);
    }
}
