//! Everything that changes when the answer does, as one value that is swapped as a whole.

use super::negotiate::Form;
use super::representation::{Caching, Fields, Representation, field};
use hyper::{
    HeaderMap,
    header::{CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY},
};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;

/// All pages of one answer, ready to send.
#[derive(Debug)]
pub struct Site {
    pub(super) html: Representation,
    pub(super) text: Representation,
    /// JSON at `/`, chosen by Accept.
    pub(super) json: Representation,
    /// JSON at its own URL.
    pub(super) api: Representation,
    /// What has one form only, by path.
    pub(super) published: HashMap<&'static str, Representation>,
    /// Until when the answer is one to stand behind.
    pub(super) ready_until: Option<OffsetDateTime>,
    /// Changes with what programs are told, and with nothing else.
    pub(super) version: String,
    /// What programs are told, on one line.
    pub(super) line: String,
    /// When the world was last asked for it.
    pub(super) asked_at: Option<OffsetDateTime>,
    pub(super) asking_took: Option<Duration>,
    pub(super) not_ready: (Representation, Representation),
}

/// What a site is made of.
pub struct Pages {
    /// The page.
    pub html: String,
    /// The same for a terminal.
    pub text: String,
    /// The same for a program.
    pub json: String,
    /// The same on one line.
    pub line: String,
    /// Changes when `json` does.
    pub version: String,
    /// What has one form only, by path: one for each route to [`Target::Published`](super::Target::Published).
    pub published: Vec<(&'static str, Representation)>,
    /// The CSP source of the page's one inline style block (`'sha256-…'`).
    pub style: String,
    /// When these pages became what they are.
    pub modified: Option<OffsetDateTime>,
    /// How long caches may keep it.
    pub lasts: Duration,
    /// Until when `/readyz` says yes; none if this answer is none to stand behind.
    pub ready_until: Option<OffsetDateTime>,
    /// When the world was last asked for it; none if never.
    pub asked_at: Option<OffsetDateTime>,
    /// How long that took; none if this process has not asked with success.
    pub asking_took: Option<Duration>,
    /// What `/readyz` says otherwise, as HTML and as text.
    pub not_ready: (String, String),
}

impl Site {
    /// The answer in this form.
    pub(super) fn home(&self, form: Form) -> &Representation {
        match form {
            Form::Html => &self.html,
            Form::Json => &self.json,
            Form::Text => &self.text,
        }
    }

    /// Encodes the pages.
    pub fn new(pages: Pages) -> Self {
        let caching = Caching::For(pages.lasts);
        let make = |body: String, media_type, vary, more| {
            Representation::of(
                body.into_bytes(),
                &Fields { media_type, caching, modified: pages.modified, vary, more },
            )
        };
        let (plain, json) = ("text/plain; charset=utf-8", "application/json");
        Site {
            html: make(pages.html, "text/html; charset=utf-8", Some("accept"), page_policy(&pages.style)),
            text: make(pages.text, plain, Some("accept"), HeaderMap::new()),
            api: make(pages.json.clone(), json, None, HeaderMap::new()),
            version: pages.version,
            line: pages.line,
            json: make(pages.json, json, Some("accept"), HeaderMap::new()),
            published: pages.published.into_iter().collect(),
            ready_until: pages.ready_until,
            asked_at: pages.asked_at,
            asking_took: pages.asking_took,
            not_ready: error_forms(pages.not_ready, &pages.style),
        }
    }
}

/// The two forms of what is not a success, never to be kept.
pub(super) fn error_forms((html, text): (String, String), style: &str) -> (Representation, Representation) {
    let negotiated = |media_type| Fields { vary: Some("accept"), ..Fields::momentary(media_type) };
    let html_fields = Fields { more: page_policy(style), ..negotiated("text/html; charset=utf-8") };
    (
        Representation::of(html.into_bytes(), &html_fields),
        Representation::of(text.into_bytes(), &negotiated("text/plain; charset=utf-8")),
    )
}

impl<'a> Fields<'a> {
    /// The fields of what is true for one moment only.
    pub(super) fn momentary(media_type: &'a str) -> Self {
        Fields { media_type, caching: Caching::Never, modified: None, vary: None, more: HeaderMap::new() }
    }
}

/// A page may load what this site serves and nothing else; its one inline style block is named by its hash.
pub(super) fn page_policy(style: &str) -> HeaderMap {
    let policy = format!(
        "default-src 'none'; style-src 'self' {style}; script-src 'self'; img-src 'self'; connect-src 'self'; \
         manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderMap::from_iter([
        (CONTENT_SECURITY_POLICY, field(&policy)),
        (REFERRER_POLICY, field("strict-origin-when-cross-origin")),
        (HeaderName::from_static("cross-origin-opener-policy"), field("same-origin")),
        (
            HeaderName::from_static("permissions-policy"),
            field("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        ),
    ])
}
