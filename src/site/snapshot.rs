//! All resources that change with the answer, as one value that is swapped as a whole.

use crate::{
    language::{Language, PerLanguage},
    web::{
        negotiate::{FORM_FIELDS, Form},
        representation::{Caching, Representation, RepresentationFields, field},
    },
};
use hyper::{
    HeaderMap,
    header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY},
};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;

/// All pages of one answer, ready to send.
#[derive(Debug)]
pub struct Site {
    /// The home page in the language that the client prefers.
    pub(crate) home: HomePage,
    /// The home page in the language of the URL.
    pub(crate) home_in: HomePage,
    /// The JSON at its own URL.
    pub(crate) api: Representation,
    /// Resources with one form only, by path.
    pub(crate) published: HashMap<&'static str, Representation>,
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
}

/// The answer in every form and language.
#[derive(Debug)]
pub(crate) struct HomePage {
    pages: PerLanguage<PageForms>,
    json: Representation,
}

/// A page in both forms for people.
#[derive(Debug, Clone)]
pub(crate) struct PageForms {
    pub html: Representation,
    pub text: Representation,
}

/// The content of a [`Site`].
pub struct SiteContent {
    /// The home page.
    pub home: PerLanguage<PageText>,
    /// The same as JSON.
    pub json: String,
    /// The same JSON on one line.
    pub line: String,
    /// Changes when the pages do, except for their age.
    pub version: String,
    /// Resources with one form only, by path: one for each route to `RouteTarget::Published`.
    pub published: Vec<(&'static str, Representation)>,
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
}

/// A page for people, in one language and two forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageText {
    /// For browsers.
    pub html: String,
    /// For terminals and other clients.
    pub text: String,
}

impl Site {
    /// Encodes the pages.
    pub fn new(pages: SiteContent) -> Self {
        let (lasts, modified) = (pages.lasts, pages.modified);
        let json = RepresentationFields {
            caching: Caching::For(lasts),
            modified,
            ..RepresentationFields::momentary("application/json")
        };
        let api = Representation::of(pages.json.into_bytes(), &json);
        let policy = page_policy(&pages.style);
        let home_in = HomePage::new(forms(&pages.home, &policy, Caching::For(lasts), modified), &api, lasts);
        Site {
            home: home_in.in_any_language(lasts),
            home_in,
            api,
            version: pages.version,
            line: pages.line,
            published: pages.published.into_iter().collect(),
            ready_until: pages.ready_until,
            asked_at: pages.asked_at,
            asking_took: pages.asking_took,
            not_ready: error_forms(&pages.not_ready, &policy),
        }
    }
}

impl HomePage {
    /// The answer in this form and, where it is for people, in this language.
    pub(crate) fn get(&self, form: Form, language: Language) -> &Representation {
        match form {
            Form::Html => &self.pages[language].html,
            Form::Json => &self.json,
            Form::Text => &self.pages[language].text,
        }
    }

    /// The page at URLs that choose the language. Shared caches keep only the HTML.
    fn new(pages: PerLanguage<PageForms>, json: &Representation, lasts: Duration) -> Self {
        let private = Caching::Private(lasts);
        let pages = pages.map(|PageForms { html, text }| PageForms { html, text: text.kept(private) });
        HomePage { pages, json: json.varying(&FORM_FIELDS).kept(private) }
    }

    /// The page at URLs where the client chooses the language. Shared caches keep only the HTML in the first language,
    /// which is for all clients that do not prefer another.
    fn in_any_language(&self, lasts: Duration) -> Self {
        let pages = PerLanguage::of(|language| {
            let forms = self.pages[language].varying(&[ACCEPT_LANGUAGE]);
            match language == Language::ALL[0] {
                true => forms,
                false => PageForms { html: forms.html.kept(Caching::Private(lasts)), ..forms },
            }
        });
        HomePage { pages, json: self.json.varying(&[ACCEPT_LANGUAGE]) }
    }
}

impl PageForms {
    fn varying(&self, on: &[HeaderName]) -> Self {
        PageForms { html: self.html.varying(on), text: self.text.varying(on) }
    }
}

/// The forms of an error page, which is never cached. They vary on Accept-Encoding, because a client that refuses every
/// coding gets one.
pub(crate) fn error_forms(pages: &PerLanguage<PageText>, policy: &HeaderMap) -> PerLanguage<PageForms> {
    forms(pages, policy, Caching::Never, None).map(|forms| forms.varying(&[ACCEPT_ENCODING, ACCEPT_LANGUAGE]))
}

fn forms(
    pages: &PerLanguage<PageText>,
    policy: &HeaderMap,
    caching: Caching,
    modified: Option<OffsetDateTime>,
) -> PerLanguage<PageForms> {
    PerLanguage::of(|language| {
        let page = &pages[language];
        let make = |body: &str, media_type, more| {
            let fields =
                RepresentationFields { media_type, caching, modified, language: Some(language), more };
            Representation::of(body.into(), &fields).varying(&FORM_FIELDS)
        };
        PageForms {
            html: make(&page.html, "text/html; charset=utf-8", policy.clone()),
            text: make(&page.text, "text/plain; charset=utf-8", HeaderMap::new()),
        }
    })
}

impl<'a> RepresentationFields<'a> {
    /// The fields of a response that is for one request only.
    pub(crate) fn momentary(media_type: &'a str) -> Self {
        RepresentationFields {
            media_type,
            caching: Caching::Never,
            modified: None,
            language: None,
            more: HeaderMap::new(),
        }
    }
}

/// The policy of pages: they load only this site's resources. Their one inline style block is named by its hash.
pub(crate) fn page_policy(style: &str) -> HeaderMap {
    let policy = format!(
        "default-src 'none'; style-src 'self' {style}; script-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; \
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
