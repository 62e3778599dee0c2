//! Pages of days, seasons and leaders, which are made when they are first asked for.

use crate::{language::Language, site::page::Page, web::representation::Representation};
use std::{fmt, sync::Arc, time::Duration};
use time::{Date, macros::format_description};

/// A page beside the home page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageName {
    /// A day: `2023-08-09`.
    Day(Date),
    /// A season: `2023`.
    Season(i32),
    /// The players with the most errors: `leaders`.
    Leaders,
}

pub trait NamedPages: fmt::Debug + Send + Sync {
    fn page(&self, named: PageName) -> NamedContent<Arc<Page>>;

    /// The picture of a day for previews of links, as PNG.
    fn card(&self, day: Date, language: Language) -> NamedContent<Representation>;
}

/// The content of a page, in one form or all.
#[derive(Debug)]
pub enum NamedContent<T> {
    /// It is known.
    Made(T),
    /// It is being looked up; a client should ask again after this time.
    LookingUp(Duration),
    /// There is none.
    Missing,
}

/// A site without such pages.
#[derive(Debug)]
pub struct NoNamedPages;

impl NamedPages for NoNamedPages {
    fn page(&self, _: PageName) -> NamedContent<Arc<Page>> {
        NamedContent::Missing
    }

    fn card(&self, _: Date, _: Language) -> NamedContent<Representation> {
        NamedContent::Missing
    }
}

impl<T> NamedContent<T> {
    pub(crate) fn map<U>(self, make: impl FnOnce(T) -> U) -> NamedContent<U> {
        match self {
            NamedContent::Made(found) => NamedContent::Made(make(found)),
            NamedContent::LookingUp(wait) => NamedContent::LookingUp(wait),
            NamedContent::Missing => NamedContent::Missing,
        }
    }
}

impl PageName {
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        match segment.len() {
            4 if is_digits(segment) => segment.parse().ok().map(PageName::Season),
            7 if segment == "leaders" => Some(PageName::Leaders),
            10 => Date::parse(segment, format_description!("[year]-[month]-[day]")).ok().map(PageName::Day),
            _ => None,
        }
    }
}

/// The language, the page, and the rest of a path that names one.
pub(crate) fn parse(path: &str) -> Option<(Option<Language>, PageName, &str)> {
    let path = path.strip_prefix('/')?;
    let with_prefix =
        |language: Language| Some((Some(language), path.strip_prefix(language.tag())?.strip_prefix('/')?));
    let (language, rest) = Language::ALL.into_iter().find_map(with_prefix).unwrap_or((None, path));
    let (segment, rest) = rest.split_once('/').unwrap_or((rest, ""));
    Some((language, PageName::parse(segment)?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_path_names_a_page_in_one_way() {
        let day = PageName::Day(date!(2023 - 08 - 09));
        for (path, expected) in [
            ("/2023-08-09", Some((None, day, ""))),
            ("/es/2023-08-09", Some((Some(Language::Spanish), day, ""))),
            ("/en/2023", Some((Some(Language::English), PageName::Season(2023), ""))),
            ("/es/2023-08-09/card.png", Some((Some(Language::Spanish), day, "card.png"))),
            ("/es/leaders", Some((Some(Language::Spanish), PageName::Leaders, ""))),
            ("/2023-8-9", None),
            ("/2023-02-29", None),
            ("/2023-08-9", None),
            ("/+023-08-09", None),
            ("/-2023-08-0", None),
            ("/+023", None),
            ("/23", None),
            ("/20230", None),
            ("/fr/2023", None),
            ("/es2023", None),
            ("/", None),
        ] {
            assert_eq!(parse(path), expected, "{path}");
        }
    }
}
