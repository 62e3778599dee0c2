//! All resources that change with the answer, as one value that is swapped as a whole.

use crate::{
    language::PerLanguage,
    site::{
        common_fields::of_page,
        named::NamedPages,
        page::{LanguagePage, Page, PageContent, PageForms, PageText, error_forms},
        policy::{embed_policy, page_policy},
    },
    web::representation::{Publication, Representation, RepresentationFields},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use time::OffsetDateTime;
use tokio::sync::watch;

/// All pages of one answer, ready to send.
#[derive(Debug)]
pub struct Site {
    pub(crate) home: Page,
    pub(crate) embed: LanguagePage,
    pub(crate) share: LanguagePage,
    /// The JSON at its own URL.
    pub(crate) api: Representation,
    /// Resources with one form only, by path.
    pub(crate) published: HashMap<&'static str, Representation>,
    pub(crate) not_ready: PerLanguage<PageForms>,
    pub(crate) looking_up: PerLanguage<PageForms>,
    pub(crate) version: String,
    pub(crate) line: String,
    pub(crate) facts: SiteFacts,
}

/// The texts of a [`Site`], as `page` renders them from one answer.
#[derive(Debug, Default)]
pub struct SiteContent {
    pub home: PageContent,
    /// The home page's JSON on one line.
    pub line: String,
    /// Changes with the pages, except for their age. An open page compares it with the id of an event.
    pub version: String,
    /// The box for other sites' pages.
    pub embed: PerLanguage<String>,
    /// The page with snippets to copy.
    pub share: PerLanguage<String>,
    /// The page of `/readyz` while the answer cannot be trusted.
    pub not_ready: PerLanguage<PageText>,
    /// The page of a day or a season that is being looked up.
    pub looking_up: PerLanguage<PageText>,
    /// The CSP source of the inline style block of every page but the box (`'sha256-…'`).
    pub style: String,
    /// The CSP source of the box's inline style block.
    pub embed_style: String,
    /// The resources with one form, by path: one for each route to `RouteTarget::Published`. A PNG is given as the SVG
    /// that it is drawn from.
    pub files: Vec<(&'static str, String)>,
}

/// The facts of a [`Site`] beside its texts.
#[derive(Debug)]
pub struct SiteFacts {
    /// The pages of days, seasons and leaders.
    pub named: Arc<dyn NamedPages>,
    /// Closed once the pictures have been drawn, in the site that replaces this one; none if this one has them.
    pub pictures: Option<watch::Receiver<()>>,
    /// The time until which `/readyz` responds 200; none if it does not.
    pub ready_until: Option<OffsetDateTime>,
    /// The time at which MLB made the answer's data; none if it was never read.
    pub asked_at: Option<OffsetDateTime>,
    /// The duration of the last poll; none if this process has not polled successfully yet.
    pub asking_took: Option<Duration>,
}

impl Site {
    /// Encodes the pages.
    pub fn new(
        content: SiteContent,
        published: impl IntoIterator<Item = (&'static str, Representation)>,
        publication: Publication,
        facts: SiteFacts,
    ) -> Self {
        let policy = page_policy(&content.style);
        let embed_policy =
            embed_policy(&content.embed_style, publication.lifetime).into_iter().chain(of_page(true));
        let share_policy = policy.iter().cloned().chain(of_page(false));
        let json = RepresentationFields {
            more: of_page(true).collect(),
            ..RepresentationFields::published("application/json", publication)
        };
        Site {
            home: Page::new(&content.home, &content.style, publication),
            embed: LanguagePage::new(&content.embed, embed_policy, publication),
            share: LanguagePage::new(&content.share, share_policy, publication),
            api: Representation::of(content.home.json.into_bytes(), json),
            published: published.into_iter().map(|(path, file)| (path, file.with(of_page(true)))).collect(),
            not_ready: error_forms(&content.not_ready, &policy),
            looking_up: error_forms(&content.looking_up, &policy),
            version: content.version,
            line: content.line,
            facts,
        }
    }
}
