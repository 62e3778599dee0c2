//! From an answer to a site: what `page` renders becomes what `web` serves.

use crate::{
    answer::{Answer, Pace, Verdict},
    clock::Clock,
    config::Config,
    page::{self, Calendar, Look},
    web::{ErrorPages, Form, How, Pages, ROUTES, Reach, Representation, Site, assets, tried},
};
use std::{fs, path::Path, time::Duration};
use time::OffsetDateTime;

/// Feed readers and calendars ask every quarter of an hour at most; caches between may save them some of that.
const FOLLOWED_LASTS: Duration = Duration::from_secs(5 * 60);

/// A day that is shown instead of today.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// "August 9, 2023: San Diego at Seattle".
    pub about: String,
    /// What is to be said of where its season comes from; none where it is MLB's.
    pub season_note: Option<String>,
}

/// How a page looks here, and what time it is.
pub struct Publisher {
    look: Look,
    clock: Clock,
    season: Memo<(String, Duration)>,
    feed: Memo<String>,
    calendar: Memo<Calendar>,
}

/// A representation, and what it was made from: made anew only when that changes, so that its date is when it did.
struct Memo<T>(Option<(T, Representation)>);

impl Publisher {
    /// With the words and colours of this configuration.
    pub fn new(config: &Config, replay: Option<Replayed>, clock: Clock) -> Self {
        let look = Look {
            words: config.words.clone(),
            ground: config.colours.ground.to_string(),
            accent: config.colours.accent.to_string(),
            stylesheet: assets::url("static/e6.css"),
            script: assets::url("static/e6.js"),
            artwork: assets::url("static/throw.svg"),
            drawings: assets::url("static/how.css"),
            url: config.public_url(),
            season_note: replay.as_ref().and_then(|replay| replay.season_note.clone()),
            replay: replay.map(|replay| replay.about),
        };
        Publisher { look, clock, season: Memo(None), feed: Memo(None), calendar: Memo(None) }
    }

    /// Everything that is served while this answer stands.
    pub fn site(&mut self, answer: &Answer) -> Site {
        let now = self.clock.now();
        let lasts = self.clock.real(lasts(answer));
        let rendered = page::render(answer, &self.look, lasts, now);
        let published = vec![
            ("/api/v1/season", self.season(rendered.season, lasts)),
            ("/feed.xml", self.feed(rendered.feed)),
            ("/calendar.ics", self.calendar(answer)),
        ];
        let stands = answer.verdict != Verdict::Unknown && !answer.stale;
        Site::new(Pages {
            html: rendered.html,
            text: rendered.text,
            not_ready: (
                page::error(503, &page::sentence(answer), &self.look).html,
                format!("not ready: {}\n", page::sentence(answer)),
            ),
            json: rendered.json,
            line: rendered.line,
            version: rendered.version,
            published,
            style: page::style_hash(&self.look),
            // Not the verdict's `changed_at`: score, inning and age are on the page too. By the system's clock, for it is
            // compared with dates that others wrote.
            modified: Some(OffsetDateTime::now_utc()),
            lasts,
            ready_until: answer.fresh_until.filter(|_| stands),
            asked_at: answer.asked_at,
            asking_took: answer.asking_took,
        })
    }

    /// What draws a request's way.
    pub fn how(&self) -> How {
        let look = self.look.clone();
        How::new(&page::style_hash(&self.look), move |trace, form| match form {
            Form::Html => page::how::html(trace, &look),
            Form::Json => page::how::json(trace),
            Form::Text => page::how::text(trace),
        })
    }

    fn season(&mut self, json: String, lasts: Duration) -> Representation {
        self.season.of((json, lasts), |(json, lasts), now| {
            Representation::published(json.clone().into_bytes(), "application/json", Reach::Here, now, *lasts)
        })
    }

    fn feed(&mut self, feed: String) -> Representation {
        self.feed.of(feed, |feed, now| {
            let feed = feed.clone().into_bytes();
            Representation::published(
                feed,
                "application/atom+xml; charset=utf-8",
                Reach::Here,
                now,
                FOLLOWED_LASTS,
            )
        })
    }

    fn calendar(&mut self, answer: &Answer) -> Representation {
        let made = self.clock.now();
        self.calendar.of(Calendar::new(answer, &self.look), |calendar, now| {
            let calendar = calendar.text(made).into_bytes();
            Representation::published(
                calendar,
                "text/calendar; charset=utf-8",
                Reach::Here,
                now,
                FOLLOWED_LASTS,
            )
        })
    }

    /// The pages for what goes wrong.
    pub fn error_pages(&self) -> ErrorPages {
        let pages = ErrorPages::STATUSES.iter().map(|&(status, detail)| {
            let page = page::error(status, detail, &self.look);
            (status, page.html, page.text)
        });
        ErrorPages::new(pages, &page::style_hash(&self.look))
    }
}

/// Writes the drawings of how the site works into a directory.
///
/// # Errors
/// Which of them could not be written, and why.
pub fn render(dir: &Path) -> Result<(), String> {
    for (name, drawing) in page::how::files(tried(ROUTES, None)) {
        let file = dir.join(name);
        fs::write(&file, drawing).map_err(|error| {
            format!("cannot write {}: {error}; name a directory that exists", file.display())
        })?;
    }
    Ok(())
}

impl<T: PartialEq> Memo<T> {
    /// By the system's clock, for its date is compared with dates that others wrote.
    fn of(&mut self, from: T, make: impl FnOnce(&T, OffsetDateTime) -> Representation) -> Representation {
        if let Some((_, made)) = self.0.as_ref().filter(|(before, _)| *before == from) {
            return made.clone();
        }
        let made = make(&from, OffsetDateTime::now_utc());
        self.0.insert((from, made)).1.clone()
    }
}

/// How long an answer can be kept without being asked for again: half of what the poller takes to notice a change.
fn lasts(answer: &Answer) -> Duration {
    if answer.verdict == Verdict::Unknown || answer.stale {
        return Duration::from_secs(5);
    }
    Duration::from_secs(match answer.pace {
        Pace::Live => 5,
        Pace::Soon => 30,
        Pace::Settling => 60,
        Pace::Idle => 300,
    })
}
