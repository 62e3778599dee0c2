//! A page in all of its forms and languages, ready to send.

use crate::{
    language::{Language, PerLanguage},
    site::{common_fields::of_page, policy::page_policy},
    web::{
        negotiate::{self, FORM_FIELDS, Form},
        representation::{Caching, Field, Lifetime, Publication, Representation, RepresentationFields},
    },
};
use hyper::{
    HeaderMap,
    header::{ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName},
};

/// The media type of text with escape sequences.
const ANSI: &str = "text/x-ansi; charset=utf-8";

/// A page in every form and language.
#[derive(Debug)]
pub struct Page {
    /// At the URL without a language, in the language that the client prefers.
    in_any_language: NegotiatedForms,
    /// At the URLs with a language.
    in_language: NegotiatedForms,
}

/// All forms of a page: as texts, as `page` renders them, or ready to send.
#[derive(Debug, Default)]
pub struct PageContent<T = String> {
    pub pages: PerLanguage<PageForms<T>>,
    /// The same for terminals; none if the page has only the plain text.
    pub terminal: Option<PerLanguage<TerminalForms<T>>>,
    /// The same for programs.
    pub json: T,
}

/// The forms of a page that are ready to send.
type NegotiatedForms = PageContent<Representation>;

/// A page for browsers only, at URLs that choose the language and at one where the client does.
#[derive(Debug)]
pub(crate) struct LanguagePage {
    chosen: PerLanguage<Representation>,
    preferred: PerLanguage<Representation>,
}

/// A page for people, in one language and two forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageForms<T = Representation> {
    pub html: T,
    /// For terminals and other clients.
    pub text: T,
}

pub type PageText = PageForms<String>;

/// The answer for terminals, in one language and three forms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TerminalForms<T = Representation> {
    /// The text with escape sequences.
    pub colour: T,
    pub line: T,
    /// One line with escape sequences.
    pub colour_line: T,
}

impl Page {
    /// Encodes a page. `style` is the CSP source of its one inline style block (`'sha256-…'`).
    pub fn new(content: &PageContent, style: &str, publication: Publication) -> Self {
        let in_language = NegotiatedForms::new(content, style, publication);
        Page { in_any_language: in_language.in_any_language(publication.lifetime), in_language }
    }

    /// The form that the URL or else the client asks for, in this language or, without one, in the language that the
    /// client prefers.
    pub(crate) fn get(
        &self,
        query: Option<&str>,
        language: Option<Language>,
        headers: &HeaderMap,
    ) -> &Representation {
        let form = negotiate::form(headers);
        match language {
            Some(language) => self.in_language.get(query, form, language),
            None => self.in_any_language.get(query, form, negotiate::language(headers)),
        }
    }

    /// The bytes of its bodies, which its URLs share.
    pub fn size(&self) -> usize {
        let NegotiatedForms { pages, terminal, json } = &self.in_language;
        let pages =
            Language::ALL.into_iter().flat_map(|language| [&pages[language].html, &pages[language].text]);
        let terminal = terminal.iter().flat_map(|terminal| {
            Language::ALL.into_iter().flat_map(|language| {
                let TerminalForms { colour, line, colour_line } = &terminal[language];
                [colour, line, colour_line]
            })
        });
        pages.chain(terminal).chain([json]).map(Representation::size).sum()
    }
}

impl NegotiatedForms {
    /// The page in the form that the URL or else the client asks for, and where it is for people, in this language.
    fn get(&self, query: Option<&str>, form: Form, language: Language) -> &Representation {
        let page = &self.pages[language];
        let terminal = self.terminal.as_ref().map(|terminal| &terminal[language]);
        match (asked_by(query), form, terminal) {
            (HomeQuery { one_line: true, colour: true }, _, Some(terminal)) => &terminal.colour_line,
            (HomeQuery { one_line: true, colour: false }, _, Some(terminal)) => &terminal.line,
            (HomeQuery { colour: true, .. }, Form::Text, Some(terminal))
            | (_, Form::Ansi, Some(terminal)) => &terminal.colour,
            (_, Form::Html, _) => &page.html,
            (_, Form::Json, _) => &self.json,
            (_, Form::Text | Form::Ansi, _) => &page.text,
        }
    }

    /// The page at URLs that choose the language. Shared caches keep only the HTML.
    fn new(content: &PageContent, style: &str, publication: Publication) -> Self {
        let private = Caching::Private(publication.lifetime);
        let make = |body: &str, media_type, language, more: Vec<Field>| {
            let fields = RepresentationFields {
                caching: private,
                language,
                more,
                ..RepresentationFields::published(media_type, publication)
            };
            Representation::of(body.into(), fields)
        };
        let pages = forms(&content.pages, &page_policy(style), Some(publication))
            .map(|PageForms { html, text }| PageForms { html, text: text.with_caching(private) });
        let terminal = |terminal: &PerLanguage<TerminalForms<String>>| {
            PerLanguage::of(|language| {
                let make =
                    |body: &str, media_type| make(body, media_type, Some(language), of_page(false).collect());
                let TerminalForms { colour, line, colour_line } = &terminal[language];
                // The line's form follows from its URL alone.
                TerminalForms {
                    colour: make(colour, ANSI).varying(&FORM_FIELDS),
                    line: make(line, "text/plain; charset=utf-8"),
                    colour_line: make(colour_line, ANSI),
                }
            })
        };
        let json = make(&content.json, "application/json", None, of_page(true).collect());
        NegotiatedForms {
            pages,
            terminal: content.terminal.as_ref().map(terminal),
            json: json.varying(&FORM_FIELDS),
        }
    }

    /// The page at URLs where the client chooses the language.
    fn in_any_language(&self, lifetime: Lifetime) -> Self {
        let on = [ACCEPT_LANGUAGE];
        let pages = PerLanguage::of(|language| {
            let PageForms { html, text } = &self.pages[language];
            PageForms { html: preferred(html, language, lifetime), text: text.varying(&on) }
        });
        let terminal = self.terminal.as_ref().map(|terminal| {
            terminal.as_ref().map(|TerminalForms { colour, line, colour_line }| TerminalForms {
                colour: colour.varying(&on),
                line: line.varying(&on),
                colour_line: colour_line.varying(&on),
            })
        });
        NegotiatedForms { pages, terminal, json: self.json.varying(&on) }
    }
}

impl LanguagePage {
    pub(super) fn new(
        html: &PerLanguage<String>,
        more: impl IntoIterator<Item = Field>,
        publication: Publication,
    ) -> Self {
        let more: Vec<_> = more.into_iter().collect();
        let chosen = PerLanguage::of(|language| {
            let fields = RepresentationFields {
                language: Some(language),
                more: more.clone(),
                ..RepresentationFields::published("text/html; charset=utf-8", publication)
            };
            Representation::of(html[language].as_bytes().into(), fields)
        });
        let preferred =
            PerLanguage::of(|language| preferred(&chosen[language], language, publication.lifetime));
        LanguagePage { chosen, preferred }
    }

    /// The page in this language, or else in the one that the client prefers.
    pub(crate) fn get(&self, language: Option<Language>, headers: &HeaderMap) -> &Representation {
        match language {
            Some(language) => &self.chosen[language],
            None => &self.preferred[negotiate::language(headers)],
        }
    }
}

/// A page for browsers that prefer its language. Shared caches keep only the one in the first language, which is for
/// all clients that do not prefer another.
fn preferred(page: &Representation, language: Language, lifetime: Lifetime) -> Representation {
    let page = page.varying(&[ACCEPT_LANGUAGE]);
    if language == Language::ALL[0] { page } else { page.with_caching(Caching::Private(lifetime)) }
}

/// The form that the query of the home page asks for. Every other query is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct HomeQuery {
    /// `format=1`: one line.
    one_line: bool,
    /// `color`: escape sequences in plain text.
    colour: bool,
}

fn asked_by(query: Option<&str>) -> HomeQuery {
    let mut asked = HomeQuery::default();
    for parameter in query.unwrap_or_default().split('&') {
        match parameter {
            "format=1" => asked.one_line = true,
            "color" | "color=" | "color=1" => asked.colour = true,
            _ => {}
        }
    }
    asked
}

impl PageForms {
    fn varying(&self, on: &[HeaderName]) -> Self {
        PageForms { html: self.html.varying(on), text: self.text.varying(on) }
    }
}

/// The forms of an error page, which is never cached. They vary on Accept-Encoding, because a client that refuses every
/// coding gets one.
pub(crate) fn error_forms(pages: &PerLanguage<PageText>, policy: &[Field]) -> PerLanguage<PageForms> {
    forms(pages, policy, None).map(|forms| forms.varying(&[ACCEPT_ENCODING, ACCEPT_LANGUAGE]))
}

/// The forms of a page that is published, or of an error page.
fn forms(
    pages: &PerLanguage<PageText>,
    policy: &[Field],
    publication: Option<Publication>,
) -> PerLanguage<PageForms> {
    PerLanguage::of(|language| {
        let page = &pages[language];
        let make = |body: &str, media_type, policy: &[Field]| {
            // The route of a request decides which pages may read an error.
            let common = publication.map(|_| of_page(false));
            let more = policy.iter().cloned().chain(common.into_iter().flatten()).collect();
            let with = |fields| RepresentationFields { language: Some(language), more, ..fields };
            let made = match publication {
                Some(publication) => Representation::of(
                    body.into(),
                    with(RepresentationFields::published(media_type, publication)),
                ),
                // Error pages are short, rare and many: in every coding they would cost more than all other pages.
                None => {
                    Representation::single(body.into(), with(RepresentationFields::momentary(media_type)))
                }
            };
            made.varying(&FORM_FIELDS)
        };
        PageForms {
            html: make(&page.html, "text/html; charset=utf-8", policy),
            text: make(&page.text, "text/plain; charset=utf-8", &[]),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_one_line_or_for_colour_and_is_ignored_otherwise() {
        for (query, one_line, colour) in [
            (None, false, false),
            (Some(""), false, false),
            (Some("format=1"), true, false),
            (Some("color"), false, true),
            (Some("color=1"), false, true),
            (Some("a=b&format=1&color"), true, true),
            (Some("color=0"), false, false),
            (Some("format=2"), false, false),
            (Some("format=1x"), false, false),
            (Some("utm_source=color"), false, false),
        ] {
            assert_eq!(asked_by(query), HomeQuery { one_line, colour }, "{query:?}");
        }
    }
}
