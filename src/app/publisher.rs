//! Turns an answer into a site: renders it with `page` and makes the representations that `site` serves.

use crate::{
    answer::{Answer, Pace, Verdict},
    app::day_pages::{DayPages, RenderedPages},
    clock::Clock,
    config::Config,
    language::PerLanguage,
    mlb::DayRequests,
    page::{self, Calendar, Notice, Theme},
    site::{
        assets,
        errors::ErrorPages,
        routes::ROUTES,
        service::{HowPage, ProcessStart},
        snapshot::{Site, SiteContent},
    },
    web::{
        negotiate::Form,
        representation::{Lifetime, Representation},
    },
};
use std::{collections::HashMap, fs, path::Path, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::watch;

/// The past day that a replay shows.
#[derive(Debug, Clone)]
pub struct ReplayedDay {
    /// "August 9, 2023: San Diego at Seattle".
    pub about: PerLanguage<String>,
    /// A note on the source of its season; none if the source is MLB.
    pub season_note: Option<PerLanguage<String>>,
}

/// Renders answers with the theme of a configuration and the site's clock.
pub struct Publisher {
    theme: Arc<Theme>,
    clock: Clock,
    /// The pages of days and seasons that were rendered for earlier answers.
    rendered: Arc<RenderedPages>,
    /// The last representation of each path, with the text that it was made from.
    published: HashMap<&'static str, (String, Representation)>,
}

/// A resource of one form.
struct PublishedFile {
    path: &'static str,
    media_type: &'static str,
    lasts: Duration,
}

/// Cache lifetime of JSON and images: how far they may lag behind the page.
const MINUTE: Duration = Duration::from_secs(60);
/// Cache lifetime of the feed and the calendar, whose clients ask every 15 minutes at most.
const MINUTES: Duration = Duration::from_secs(5 * 60);

const SEASON: PublishedFile =
    PublishedFile { path: "/api/v1/season", media_type: "application/json", lasts: MINUTE };
const FEED: PublishedFile =
    PublishedFile { path: "/feed.xml", media_type: "application/atom+xml; charset=utf-8", lasts: MINUTES };
const CALENDAR: PublishedFile =
    PublishedFile { path: "/calendar.ics", media_type: "text/calendar; charset=utf-8", lasts: MINUTES };
const BADGE: PublishedFile = PublishedFile { path: "/badge.svg", media_type: "image/svg+xml", lasts: MINUTE };
const CARDS: PerLanguage<PublishedFile> =
    PerLanguage { english: card("/card.png"), spanish: card("/es/card.png") };
const SIGNS: PerLanguage<PublishedFile> =
    PerLanguage { english: card("/days-since-error.png"), spanish: card("/es/days-since-error.png") };
const FAVICON: PublishedFile =
    PublishedFile { path: "/favicon.svg", media_type: "image/svg+xml", lasts: MINUTE };

const OEMBED: PerLanguage<PublishedFile> =
    PerLanguage { english: oembed("/oembed.json"), spanish: oembed("/es/oembed.json") };

const fn oembed(path: &'static str) -> PublishedFile {
    PublishedFile { path, media_type: "application/json", lasts: MINUTE }
}

const fn card(path: &'static str) -> PublishedFile {
    PublishedFile { path, media_type: "image/png", lasts: MINUTE }
}

impl Publisher {
    /// A publisher with the words and colours of this configuration.
    pub fn new(config: &Config, replay: Option<ReplayedDay>, clock: Clock) -> Self {
        let theme = Theme {
            words: config.words.clone(),
            voice: config.voice,
            colours: config.colours,
            stylesheet: assets::url("static/e6.css"),
            script: assets::url("static/e6.js"),
            copy_script: assets::url("static/copy.js"),
            font: assets::url("static/archivo.woff2"),
            drawings: assets::url("static/how.css"),
            url: config.public_url(),
            season_note: replay.as_ref().and_then(|replay| replay.season_note.clone()),
            replay: replay.map(|replay| replay.about),
        };
        let rendered = Arc::new(RenderedPages::new(config.limits.day_pages));
        Publisher { theme: Arc::new(theme), clock, rendered, published: HashMap::new() }
    }

    /// Whether both render the same pages for an answer.
    pub fn looks_like(&self, other: &Publisher) -> bool {
        self.theme == other.theme
    }

    /// The answer on one line, for operators.
    pub fn in_a_line(&self, answer: &Answer) -> String {
        page::in_a_line(answer, &self.theme)
    }

    /// The change from one answer to the next, on one line for operators; none if both say the same.
    pub fn change(&self, before: &Answer, after: &Answer) -> Option<String> {
        page::change(before, after, &self.theme)
    }

    /// The answer as a message to hooks.
    pub fn notices(&self, answer: &Answer) -> PerLanguage<Notice> {
        page::notice(answer, &self.theme)
    }

    /// The day's games on one line, for the replay on a terminal.
    pub fn scoreboard(&self, answer: &Answer) -> String {
        page::scoreboard(answer, &self.theme)
    }

    /// The site with everything that is served until the next answer.
    pub fn site(&mut self, answer: &Answer, day_requests: &Arc<DayRequests>) -> Site {
        self.site_with(answer, None, day_requests)
    }

    /// The same without pictures. Requests for them wait until the sender of `drawn` is dropped.
    pub fn site_without_pictures(
        &mut self,
        answer: &Answer,
        drawn: watch::Receiver<()>,
        day_requests: &Arc<DayRequests>,
    ) -> Site {
        self.site_with(answer, Some(drawn), day_requests)
    }

    fn site_with(
        &mut self,
        answer: &Answer,
        pictures: Option<watch::Receiver<()>>,
        day_requests: &Arc<DayRequests>,
    ) -> Site {
        let now = self.clock.now();
        let lasts = self.clock.real(lasts(answer));
        let rendered = page::render(answer, &self.theme, lasts, now);
        let calendar = Calendar::new(answer, &self.theme);
        let undated = calendar.text(OffsetDateTime::UNIX_EPOCH);
        let as_it_is = |text: &str| Some(text.into());
        let draw = |svg: &str| if pictures.is_none() { page::png(svg) } else { None };
        let published = [
            self.publish(SEASON, rendered.season, as_it_is),
            self.publish(FEED, rendered.feed, as_it_is),
            self.publish(CALENDAR, undated, |_| Some(calendar.text(now).into())),
            self.publish(OEMBED.english, rendered.oembed.english, as_it_is),
            self.publish(OEMBED.spanish, rendered.oembed.spanish, as_it_is),
            self.publish(BADGE, rendered.badge, as_it_is),
            self.publish(CARDS.english, rendered.card.english, draw),
            self.publish(CARDS.spanish, rendered.card.spanish, draw),
            self.publish(SIGNS.english, rendered.sign.english, draw),
            self.publish(SIGNS.spanish, rendered.sign.spanish, draw),
            self.publish(FAVICON, rendered.favicon, as_it_is),
        ];
        let stands = answer.verdict != Verdict::Unknown && !answer.stale;
        Site::new(SiteContent {
            home: rendered.pages,
            terminal: rendered.terminal,
            embed: rendered.embed,
            embed_style: page::embed_style_hash(&self.theme),
            share: rendered.share,
            looking_up: page::looking_up(&self.theme),
            named: Arc::new(DayPages {
                theme: self.theme.clone(),
                style: page::style_hash(&self.theme),
                clock: self.clock,
                answer: Arc::new(answer.clone()),
                requests: day_requests.clone(),
                rendered: self.rendered.clone(),
            }),
            not_ready: page::not_ready(answer, &self.theme),
            json: rendered.json,
            line: rendered.line,
            version: rendered.version,
            published: published.into_iter().flatten().collect(),
            pictures,
            style: page::style_hash(&self.theme),
            // Not the verdict's `changed_at`, because score, inning and age are on the page too. By the system's clock,
            // because it is compared with dates from other programs.
            modified: Some(OffsetDateTime::now_utc()),
            lasts,
            ready_until: answer.fresh_until.filter(|_| stands),
            asked_at: answer.asked_at,
            asking_took: answer.asking_took,
        })
    }

    /// The page that describes how the reader's own request was answered.
    pub fn how(&self, process_start: ProcessStart) -> HowPage {
        let theme = self.theme.clone();
        HowPage::new(&page::style_hash(&self.theme), process_start, move |trace, form, language| match form {
            Form::Html => crate::how::html(trace, &theme, language),
            Form::Json => crate::how::json(trace),
            Form::Text | Form::Ansi => crate::how::text(trace, language),
        })
    }

    /// Makes a representation only when its source text has changed, so that its date is that of the change; none if it
    /// cannot be made.
    fn publish(
        &mut self,
        resource: PublishedFile,
        from: String,
        make: impl FnOnce(&str) -> Option<Vec<u8>>,
    ) -> Option<(&'static str, Representation)> {
        let PublishedFile { path, media_type, lasts } = resource;
        if let Some((before, made)) = self.published.get(path)
            && *before == from
        {
            return Some((path, made.clone()));
        }
        // By the system's clock, because it is compared with dates from other programs.
        let (body, modified) = (make(&from)?, OffsetDateTime::now_utc());
        let made = Representation::published(body, media_type, modified, Lifetime::Changing(lasts));
        self.published.insert(path, (from, made.clone()));
        Some((path, made))
    }

    pub fn error_pages(&self) -> ErrorPages {
        let page = |&status: &u16| (status, page::error(status, &self.theme));
        let pages = ErrorPages::STATUSES.iter().map(page);
        ErrorPages::new(pages, &page::style_hash(&self.theme))
    }
}

/// Writes the drawings of how the site works into a directory.
///
/// # Errors
/// A sentence that names the file that cannot be written, and the reason.
pub fn render(dir: &Path) -> Result<(), String> {
    for (name, drawing) in crate::how::files(ROUTES.iter().map(|route| route.pattern)) {
        let file = dir.join(name);
        fs::write(&file, drawing).map_err(|error| {
            format!("cannot write {}: {error}; name a directory that exists", file.display())
        })?;
    }
    Ok(())
}

/// Cache lifetime of an answer: half of the time that the poller takes to notice a change.
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
