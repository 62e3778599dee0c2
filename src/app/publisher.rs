//! Turns an answer into a site: renders it with `page` and makes the representations that `site` serves.

use crate::{
    answer::{Answer, Pace, Verdict},
    app::day_pages::{DayPages, RenderedPages},
    clock::Clock,
    config::Config,
    language::PerLanguage,
    mlb::DayRequests,
    page::{self, Theme, design},
    site::{
        assets,
        errors::ErrorPages,
        routes::ROUTES,
        service::{HowPage, ProcessStart},
        snapshot::{Site, SiteFacts},
    },
    web::{
        coding::Effort,
        negotiate::Form,
        representation::{Lifetime, Publication, Representation},
    },
};
use std::{collections::HashMap, fs, path::Path, sync::Arc, time::Duration};
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
    pub theme: Arc<Theme>,
    clock: Clock,
    /// The pages of days and seasons that were rendered for earlier answers.
    rendered: Arc<RenderedPages>,
    /// The last representation of each path, with the text that it was made from.
    published: HashMap<&'static str, (String, Representation)>,
}

/// Cache lifetime of JSON and images: how far they may lag behind the page.
const MINUTE: Duration = Duration::from_secs(60);
/// Cache lifetime of the feed and the calendar, whose clients ask every 15 minutes at most.
const MINUTES: Duration = Duration::from_secs(5 * 60);

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
            url: config.url.clone(),
            season_note: replay.as_ref().and_then(|replay| replay.season_note.clone()),
            replay: replay.map(|replay| replay.about),
            design: design::changed(),
        };
        let rendered = Arc::new(RenderedPages::new(config.limits.day_pages));
        Publisher { theme: Arc::new(theme), clock, rendered, published: HashMap::new() }
    }

    /// The same publisher with the files of another one, which it makes again only where they change.
    pub fn with_files_of(self, before: &mut Publisher) -> Self {
        Publisher { published: std::mem::take(&mut before.published), ..self }
    }

    /// Whether both render the same pages for an answer.
    pub fn looks_like(&self, other: &Publisher) -> bool {
        self.theme == other.theme
    }

    /// The site until the next answer. Without pictures if there is a receiver for `pictures`: requests for them wait
    /// until its sender is dropped.
    pub fn site(
        &mut self,
        answer: &Answer,
        pictures: Option<watch::Receiver<()>>,
        effort: Effort,
        day_requests: &Arc<DayRequests>,
    ) -> Site {
        let lasts = self.clock.real(lasts(answer));
        let mut content = page::render(answer, &self.theme, lasts, self.clock.now());
        let files: Vec<_> = std::mem::take(&mut content.files)
            .into_iter()
            .filter_map(|(path, source)| {
                Some((path, self.file(path, source, answer, pictures.is_none(), effort)?))
            })
            .collect();
        let stands = answer.verdict != Verdict::Unknown && !answer.stale;
        let facts = SiteFacts {
            named: Arc::new(DayPages {
                theme: self.theme.clone(),
                style: content.style.clone(),
                clock: self.clock,
                answer: Arc::new(answer.clone()),
                requests: day_requests.clone(),
                rendered: self.rendered.clone(),
            }),
            pictures,
            ready_until: answer.fresh_until.filter(|_| stands),
            asked_at: answer.asked_at,
            asking_took: answer.asking_took,
        };
        // Not of the verdict's `changed_at`, because score, inning and age are on the page too.
        let publication = Publication { effort, ..Publication::now(Lifetime::Changing(lasts)) };
        Site::new(content, files, publication, facts)
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

    /// Makes a file's representation only when its source has changed, so that its date is that of the change; none if
    /// it is a picture that is not drawn yet or cannot be drawn.
    fn file(
        &mut self,
        path: &'static str,
        source: String,
        answer: &Answer,
        with_pictures: bool,
        effort: Effort,
    ) -> Option<Representation> {
        if let Some((before, made)) = self.published.get(path)
            && *before == source
        {
            return Some(made.clone());
        }
        let (media_type, lasts) = match path.rsplit('.').next() {
            Some("xml") => ("application/atom+xml; charset=utf-8", MINUTES),
            Some("ics") => ("text/calendar; charset=utf-8", MINUTES),
            Some("svg") => ("image/svg+xml", MINUTE),
            Some("png") => ("image/png", MINUTE),
            Some("ico") => ("image/x-icon", MINUTE),
            _ => ("application/json", MINUTE),
        };
        let body = match media_type {
            "image/png" if with_pictures => page::png(&source)?,
            "image/x-icon" if with_pictures => page::ico(&page::png(&source)?),
            "image/png" | "image/x-icon" => return None,
            // The source is without the date.
            _ if path == "/calendar.ics" => {
                page::calendar(answer, &self.theme, self.clock.now()).into_bytes()
            }
            _ => source.clone().into_bytes(),
        };
        let publication = Publication { effort, ..Publication::now(Lifetime::Changing(lasts)) };
        let made = Representation::published(body, media_type, publication);
        if effort != Effort::None {
            self.published.insert(path, (source, made.clone()));
        }
        Some(made)
    }

    pub fn error_pages(&self) -> ErrorPages {
        let page = |&status: &u16| (status, page::error(status, &self.theme));
        let pages = ErrorPages::STATUSES.iter().map(page);
        ErrorPages::new(pages, &page::style_hash(&self.theme))
    }
}

/// Writes the drawings of how the site works into a directory.
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
