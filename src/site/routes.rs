//! The table of URL patterns, declared once for the router, the documentation and the tests.

use crate::{
    language::Language,
    site::{named::PageName, trace::Made},
    web::path::{self, PathForm},
};
use Language::{English, Spanish};
use RouteTarget::{
    Alive, Answer, Asset, Challenge, DayFile, Embed, Events, Home, HomeIn, How, Metrics, Named, Published,
    Ready, Relay, Share,
};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// An exact path, a prefix ending in `*`, or one with `{day}`, `{year}` and `{language}` for a segment.
    pub pattern: &'static str,
    pub target: RouteTarget,
    pub about: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteTarget {
    /// The answer, in the form and language the client asks for. Made when the answer changes.
    Home,
    /// The answer in this language. Made when the answer changes.
    HomeIn(Language),
    /// The answer as JSON. Made when the answer changes.
    Answer,
    /// The answer of a day, a season, or the leaders. Made when it is first asked for, and again when it changes.
    Named,
    /// A file of a day: its picture, or its description for sites that embed links. Made when it is first asked for.
    DayFile,
    /// The response to a CA's HTTP-01 challenge.
    Challenge,
    /// The answer as a box for other sites' pages, in this language or the client's. Made when the answer changes.
    Embed(Option<Language>),
    /// The page with snippets to copy, in this language or the client's. Made when the answer changes.
    Share(Option<Language>),
    /// Another resource that follows from the answer, in one form. Made when the answer changes.
    Published,
    /// The process is alive; with the status of its certificate.
    Alive,
    /// Whether the answer is known and fresh.
    Ready,
    /// A file embedded when the binary was built.
    Asset,
    /// The answer, pushed as it changes.
    Events,
    /// The way of the request through the server, in this language. Made for each request.
    How(Language),
    /// MLB's reply, for another e6. Fetched on request, and cached.
    Relay,
    /// All metrics. Made for each request.
    Metrics,
}

impl RouteTarget {
    /// Whether it is served under any host and scheme: health checks, challenges and the relay.
    pub(crate) fn has_any_host(self) -> bool {
        matches!(self, Alive | Ready | Challenge | Relay)
    }

    /// The event that makes the bytes of its 200.
    pub(crate) fn made(self) -> Made {
        match self {
            Home | HomeIn(_) | Answer | Embed(_) | Share(_) | Named | DayFile | Published => Made::Answer,
            Asset => Made::Build,
            Ready => Made::Start,
            Challenge | Alive | Events | How(_) | Relay | Metrics => Made::Request,
        }
    }
}

/// The sites whose pages may read a resource (the Fetch standard).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CorsScope {
    /// This site only.
    Site,
    /// Every site: public data, and pictures that are made to be shown elsewhere.
    Everyone,
    /// Every site if the client asks for JSON, else this site only.
    EveryoneAsJson,
}

impl Route {
    /// The sites whose pages may read its responses.
    pub(crate) fn reach(&self) -> CorsScope {
        match self.target {
            Answer | Embed(_) | Published | DayFile | Events => CorsScope::Everyone,
            Asset if self.pattern.starts_with("/api/") => CorsScope::Everyone,
            Home | HomeIn(_) | Named => CorsScope::EveryoneAsJson,
            _ => CorsScope::Site,
        }
    }
}

/// The path prefix of HTTP-01 tokens (RFC 8555 §8.3).
pub(crate) const CHALLENGE: &str = "/.well-known/acme-challenge/";

const fn route(pattern: &'static str, target: RouteTarget, about: &'static str) -> Route {
    Route { pattern, target, about }
}

/// The routes for visitors. The first match wins.
pub const ROUTES: &[Route] = &[
    route("/", Home, "the answer, as HTML, plain text or JSON"),
    route("/en", HomeIn(English), "the same, always in English"),
    route("/es", HomeIn(Spanish), "the same, always in Spanish"),
    route("/{day}", Named, "the answer of another day, as 2023-08-09"),
    route("/{year}", Named, "a season, as 2023"),
    route("/leaders", Named, "who has the most errors in the major leagues"),
    route("/{day}/card.png", DayFile, "a day as a picture"),
    route("/{day}/oembed.json", DayFile, "a day, for sites that embed links (oEmbed)"),
    route("/{language}/{day}", Named, "a day, always in English or in Spanish"),
    route("/{language}/{year}", Named, "a season, likewise"),
    route("/{language}/leaders", Named, "the leaders, likewise"),
    route("/{language}/{day}/card.png", DayFile, "a day as a picture, likewise"),
    route("/{language}/{day}/oembed.json", DayFile, "a day, for sites that embed links, likewise"),
    route("/api/v1/answer", Answer, "the answer as JSON"),
    route("/events", Events, "the answer whenever it changes (server-sent events)"),
    route("/api/v1/season", Published, "his season as JSON, game by game"),
    route("/feed.xml", Published, "the days with an error (Atom)"),
    route("/calendar.ics", Published, "his games, to subscribe to (iCalendar)"),
    route("/badge.svg", Published, "the answer as a badge"),
    route("/card.png", Published, "the answer as a picture, for previews in chats"),
    route("/es/card.png", Published, "the same in Spanish"),
    route("/days-since-error.png", Published, "the days since his last error as a sign"),
    route("/es/days-since-error.png", Published, "the same in Spanish"),
    route("/favicon.svg", Published, "the icon in the state's colours"),
    route("/favicon.ico", Published, "the same for older browsers"),
    route("/apple-touch-icon.png", Published, "the same for home screens"),
    route("/icon-*", Published, "the same for the web manifest, of 192 and 512 pixels"),
    route("/favicon-*", Published, "the icon of each state"),
    route("/embed", Embed(None), "the answer as a box for other sites' pages"),
    route("/en/embed", Embed(Some(English)), "the same, always in English"),
    route("/es/embed", Embed(Some(Spanish)), "the same, always in Spanish"),
    route("/share", Share(None), "badge, box, JSON, calendar and so on, to copy"),
    route("/en/share", Share(Some(English)), "the same, always in English"),
    route("/es/share", Share(Some(Spanish)), "the same, always in Spanish"),
    route("/oembed.json", Published, "the box, for sites that embed links (oEmbed)"),
    route("/es/oembed.json", Published, "the same in Spanish"),
    route("/api/openapi.json", Asset, "what the JSON means (OpenAPI 3.1)"),
    route("/how", How(English), "how this site answers a request, with the figures of yours"),
    route("/es/how", How(Spanish), "the same in Spanish"),
    route("/healthz", Alive, "200 while the process lives, and how its certificate is"),
    route("/readyz", Ready, "200 while the answer is fresh, else 503"),
    route("/.well-known/acme-challenge/*", Challenge, "proof for a CA, while it looks for it"),
    route("/mlb/*", Relay, "MLB's replies, for other e6 servers (relay)"),
    route("/static/*", Asset, "assets whose names change with their content"),
    route("/*", Asset, "robots.txt, the web manifest"),
];

/// The routes for operators, on the admin listener.
pub const ADMIN_ROUTES: &[Route] = &[
    route("/metrics", Metrics, "counters, in Prometheus's text format"),
    route("/healthz", Alive, "200 while the process lives, and how its certificate is"),
    route("/readyz", Ready, "200 while the answer is fresh, else 503"),
];

/// The path of a request and its route, looked up once.
#[derive(Debug)]
pub struct RoutedPath {
    pub(crate) form: PathForm,
    /// The route of its canonical form; none if no row matches or the path is invalid.
    pub(crate) route: Option<&'static Route>,
    /// The number of the route in the table; the table's length if there is none.
    pub(crate) number: usize,
}

impl RoutedPath {
    /// Looks up a path, canonical or not, in a table.
    pub(crate) fn of(table: &'static [Route], path: &str) -> Self {
        let form = path::read(path);
        let number = match &form {
            PathForm::Canonical => position(table, path),
            PathForm::Means(canonical) => position(table, canonical),
            PathForm::Garbled => None,
        };
        let number = number.unwrap_or(table.len());
        RoutedPath { form, route: table.get(number), number }
    }

    pub(crate) fn is_for(&self, target: RouteTarget) -> bool {
        self.route.is_some_and(|route| route.target == target)
    }
}

/// The number of the first row of this table that matches a path. A pattern with placeholders begins with one.
fn position(table: &[Route], path: &str) -> Option<usize> {
    let first = path.split('/').nth(1).unwrap_or_default();
    let is_filled_in = first.starts_with(|letter: char| letter.is_ascii_digit())
        || Language::ALL.iter().any(|language| first == language.tag());
    table.iter().position(|route| match route.pattern.strip_suffix('*') {
        Some(prefix) => path.starts_with(prefix),
        None if route.pattern.starts_with("/{") => is_filled_in && matches(route.pattern, path),
        None => path == route.pattern,
    })
}

/// Whether a path has the segments of a pattern.
fn matches(pattern: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let matches = pattern.split('/').all(|expected| {
        let segment = segments.next();
        match expected {
            "{day}" => segment.is_some_and(|text| matches!(PageName::parse(text), Some(PageName::Day(_)))),
            "{year}" => {
                segment.is_some_and(|text| matches!(PageName::parse(text), Some(PageName::Season(_))))
            }
            "{language}" => Language::ALL.iter().any(|language| segment == Some(language.tag())),
            expected => segment == Some(expected),
        }
    });
    matches && segments.next().is_none()
}

/// Both tables, for people.
pub fn table() -> String {
    let rows = |routes: &[Route]| {
        let row = |route: &Route| format!("  {:<31} {}\n", route.pattern, route.about);
        routes.iter().map(row).collect::<String>()
    };
    format!("Visitors, first match wins:\n{}\nOperators:\n{}", rows(ROUTES), rows(ADMIN_ROUTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_with_placeholders_begins_with_one() {
        for route in ROUTES.iter().chain(ADMIN_ROUTES) {
            assert_eq!(route.pattern.contains('{'), route.pattern.starts_with("/{"), "{}", route.pattern);
        }
    }

    #[test]
    fn the_first_matching_pattern_wins() {
        for (path, target) in [
            ("/", RouteTarget::Home),
            ("/es", RouteTarget::HomeIn(Spanish)),
            ("/api/v1/answer", RouteTarget::Answer),
            ("/api/v1/answer/", RouteTarget::Asset),
            ("/2023-08-09", RouteTarget::Named),
            ("/es/2023", RouteTarget::Named),
            ("/leaders", RouteTarget::Named),
            ("/en/leaders", RouteTarget::Named),
            ("/fr/leaders", RouteTarget::Asset),
            ("/2023-08-09/card.png", RouteTarget::DayFile),
            ("/en/2023-08-09/card.png", RouteTarget::DayFile),
            ("/es/2023-08-09/oembed.json", RouteTarget::DayFile),
            ("/2023-08-09/more", RouteTarget::Asset),
            ("/2023/card.png", RouteTarget::Asset),
            ("/fr/2023", RouteTarget::Asset),
            ("/2023-02-29", RouteTarget::Asset),
            ("/healthz", RouteTarget::Alive),
            ("/static/e6.css", RouteTarget::Asset),
            ("/robots.txt", RouteTarget::Asset),
        ] {
            assert_eq!(position(ROUTES, path).map(|row| ROUTES[row].target), Some(target), "{path}");
        }
        assert_eq!(position(ROUTES, "*"), None);
        assert!(RoutedPath::of(ROUTES, "//healthz/").is_for(RouteTarget::Alive));
        assert!(RoutedPath::of(ROUTES, "/%2f").route.is_none());
        assert_eq!(position(ADMIN_ROUTES, "/"), None);
    }
}
