//! Pages of days, seasons and leaders, which are made when they are first asked for.

use crate::{language::Language, site::page::Page, web::representation::Representation};
use std::{fmt, net::IpAddr, pin::Pin, sync::Arc, time::Duration};
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

/// A part of a page that has a URL of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PagePart {
    /// The page itself, in all its forms.
    Page,
    /// The picture for previews of links, as PNG.
    Card(Language),
    /// The description for sites that embed links (oEmbed).
    Oembed(Language),
}

/// The pages of days, seasons and leaders.
pub trait NamedPages: fmt::Debug + Send + Sync {
    /// The content for a client, whose address is none if it is unknown.
    fn get(&self, named: PageName, part: PagePart, client: Option<IpAddr>) -> NamedContent;
    /// The content that was made last, although the facts have changed since.
    fn latest(&self, named: PageName, part: PagePart) -> Option<NamedResource>;
}

/// The state of a part of a page.
pub enum NamedContent {
    Made(NamedResource),
    /// It is being rendered, on another thread.
    Rendering(RenderingPage),
    /// It is being looked up; a client should ask again after this time.
    LookingUp(Duration),
    Missing,
}

/// Resolves once a page is rendered; to nothing if it cannot be.
pub type RenderingPage = Pin<Box<dyn Future<Output = Option<NamedResource>> + Send>>;

/// A part of a page, ready to send.
#[derive(Debug, Clone)]
pub enum NamedResource {
    /// In all forms.
    Page(Arc<Page>),
    /// In one form.
    File(Representation),
}

/// A site without such pages.
#[derive(Debug)]
pub struct NoNamedPages;

impl NamedPages for NoNamedPages {
    fn get(&self, _: PageName, _: PagePart, _: Option<IpAddr>) -> NamedContent {
        NamedContent::Missing
    }

    fn latest(&self, _: PageName, _: PagePart) -> Option<NamedResource> {
        None
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

/// The language, the page, and the part of it that a path names.
pub(crate) fn parse(path: &str) -> Option<(Option<Language>, PageName, PagePart)> {
    let path = path.strip_prefix('/')?;
    let with_prefix =
        |language: Language| Some((Some(language), path.strip_prefix(language.tag())?.strip_prefix('/')?));
    let (language, rest) = Language::ALL.into_iter().find_map(with_prefix).unwrap_or((None, path));
    let (segment, file) = rest.split_once('/').unwrap_or((rest, ""));
    // A file has one form only, in the default language at the URL without one.
    let of_file = language.unwrap_or(Language::ALL[0]);
    let part = match file {
        "" => PagePart::Page,
        "card.png" => PagePart::Card(of_file),
        "oembed.json" => PagePart::Oembed(of_file),
        _ => return None,
    };
    Some((language, PageName::parse(segment)?, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn a_path_names_a_page_in_one_way() {
        let day = PageName::Day(date!(2023 - 08 - 09));
        for (path, expected) in [
            ("/2023-08-09", Some((None, day, PagePart::Page))),
            ("/es/2023-08-09", Some((Some(Language::Spanish), day, PagePart::Page))),
            ("/en/2023", Some((Some(Language::English), PageName::Season(2023), PagePart::Page))),
            (
                "/es/2023-08-09/card.png",
                Some((Some(Language::Spanish), day, PagePart::Card(Language::Spanish))),
            ),
            ("/2023-08-09/oembed.json", Some((None, day, PagePart::Oembed(Language::English)))),
            ("/2023-08-09/card.svg", None),
            ("/es/leaders", Some((Some(Language::Spanish), PageName::Leaders, PagePart::Page))),
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
