//! All resources that change with the answer, as one value that is swapped as a whole.

use crate::{
    language::PerLanguage,
    site::{
        common_fields::of_page,
        named::NamedPages,
        page::{LanguagePage, Page, PageContent, PageForms, PageText, TerminalText, error_forms},
        policy::{embed_policy, page_policy},
    },
    web::representation::{Caching, Lifetime, Representation, RepresentationFields},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::watch;

/// All pages of one answer, ready to send.
#[derive(Debug)]
pub struct Site {
    /// The home page.
    pub(crate) home: Page,
    /// The pages of days, seasons and leaders.
    pub(crate) named: Arc<dyn NamedPages>,
    /// The box for other sites' pages.
    pub(crate) embed: LanguagePage,
    /// The page with snippets to copy.
    pub(crate) share: LanguagePage,
    /// The JSON at its own URL.
    pub(crate) api: Representation,
    /// Resources with one form only, by path.
    pub(crate) published: HashMap<&'static str, Representation>,
    /// Closed once the pictures have been drawn, in the site that replaces this one; none if this one has them.
    pub(crate) pictures: Option<watch::Receiver<()>>,
    /// The time until which `/readyz` responds 200; none if it does not.
    pub(crate) ready_until: Option<OffsetDateTime>,
    /// Changes when the pages do, except for their age.
    pub(crate) version: String,
    /// The JSON on one line.
    pub(crate) line: String,
    /// The time at which MLB made the answer's data.
    pub(crate) asked_at: Option<OffsetDateTime>,
    pub(crate) asking_took: Option<Duration>,
    pub(crate) not_ready: PerLanguage<PageForms>,
    /// The page of a day or a season that is being looked up.
    pub(crate) looking_up: PerLanguage<PageForms>,
}

/// The content of a [`Site`].
pub struct SiteContent {
    /// The home page.
    pub home: PerLanguage<PageText>,
    /// The same for terminals.
    pub terminal: PerLanguage<TerminalText>,
    /// The box for other sites' pages.
    pub embed: PerLanguage<String>,
    /// The CSP source of the box's inline style block.
    pub embed_style: String,
    /// The page with snippets to copy.
    pub share: PerLanguage<String>,
    /// The pages of days and seasons.
    pub named: Arc<dyn NamedPages>,
    /// The same as JSON.
    pub json: String,
    /// The same JSON on one line.
    pub line: String,
    /// Changes when the pages do, except for their age.
    pub version: String,
    /// Resources with one form only, by path: one for each route to `RouteTarget::Published`.
    pub published: Vec<(&'static str, Representation)>,
    /// Closed once the pictures have been drawn, in the site that replaces this one; none if this one has them.
    pub pictures: Option<watch::Receiver<()>>,
    /// The CSP source of the page's one inline style block (`'sha256-…'`).
    pub style: String,
    /// The time of their last modification.
    pub modified: Option<OffsetDateTime>,
    /// The time for which caches may keep them.
    pub lasts: Duration,
    /// The time until which `/readyz` responds 200; none if it does not.
    pub ready_until: Option<OffsetDateTime>,
    /// The time at which MLB made the answer's data; none if it was never read.
    pub asked_at: Option<OffsetDateTime>,
    /// The duration of the last poll; none if this process has not polled successfully yet.
    pub asking_took: Option<Duration>,
    /// The page of `/readyz` otherwise.
    pub not_ready: PerLanguage<PageText>,
    /// The page of a day or a season that is being looked up.
    pub looking_up: PerLanguage<PageText>,
}

impl Site {
    /// Encodes the pages.
    pub fn new(content: SiteContent) -> Self {
        let (lifetime, modified) = (Lifetime::Changing(content.lasts), content.modified);
        let json = RepresentationFields {
            caching: Caching::For(lifetime),
            modified,
            more: of_page(true).collect(),
            ..RepresentationFields::momentary("application/json")
        };
        let policy = page_policy(&content.style);
        let home = Page::new(PageContent {
            pages: &content.home,
            terminal: Some(&content.terminal),
            json: &content.json,
            style: &content.style,
            modified,
            lifetime,
        });
        Site {
            home,
            named: content.named,
            embed: LanguagePage::new(
                &content.embed,
                embed_policy(&content.embed_style, content.lasts).into_iter().chain(of_page(true)),
                content.lasts,
                modified,
            ),
            share: LanguagePage::new(
                &content.share,
                policy.iter().cloned().chain(of_page(false)),
                content.lasts,
                modified,
            ),
            api: Representation::of(content.json.into_bytes(), json),
            version: content.version,
            line: content.line,
            published: content
                .published
                .into_iter()
                .map(|(path, file)| (path, file.with(of_page(true))))
                .collect(),
            pictures: content.pictures,
            ready_until: content.ready_until,
            asked_at: content.asked_at,
            asking_took: content.asking_took,
            not_ready: error_forms(&content.not_ready, &policy),
            looking_up: error_forms(&content.looking_up, &policy),
        }
    }
}
