//! The URL of a page with an answer, and the pages before and after it.

use crate::language::Language;
use time::Date;

/// The place of a page on the site.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The path without a language; empty for the home page.
    path: String,
    /// The paths of the pages before and after it, likewise.
    previous: Option<String>,
    next: Option<String>,
}

impl Place {
    pub fn day(day: Date, (previous, next): (Option<Date>, Option<Date>)) -> Self {
        let path = |day: Date| format!("/{day}");
        Place { path: path(day), previous: previous.map(path), next: next.map(path) }
    }

    pub fn season(year: i32, previous: Option<i32>, next: Option<i32>) -> Self {
        let path = |year: i32| format!("/{year}");
        Place { path: path(year), previous: previous.map(path), next: next.map(path) }
    }

    pub fn leaders() -> Self {
        Place { path: "/leaders".into(), ..Place::default() }
    }

    /// Whether it is the page that follows the present answer.
    pub(crate) fn is_home(&self) -> bool {
        self.path.is_empty()
    }

    /// The path of the page in a language, for search engines and previews, which ask for no language and get the
    /// default at the path without one.
    pub(crate) fn in_language(&self, language: &Language) -> String {
        match self.is_home() {
            true => language.home().into(),
            false => format!("{}{}", language.prefix(), self.path),
        }
    }

    /// The path of the page in the language that the client prefers.
    pub(crate) fn in_any_language(&self) -> &str {
        if self.is_home() { "/" } else { &self.path }
    }

    /// The path of the page in this language whatever the client prefers.
    pub(crate) fn fixed(&self, language: &Language) -> String {
        format!("/{}{}", language.tag(), self.path)
    }

    /// The path of a file that belongs to the page: its card, or its description for sites that embed links.
    pub(crate) fn file(&self, language: &Language, name: &str) -> String {
        format!("{}{}/{name}", language.prefix(), self.path)
    }

    pub(crate) fn previous(&self, language: &Language) -> Option<String> {
        self.previous.as_ref().map(|path| format!("{}{path}", language.prefix()))
    }

    pub(crate) fn next(&self, language: &Language) -> Option<String> {
        self.next.as_ref().map(|path| format!("{}{path}", language.prefix()))
    }
}
