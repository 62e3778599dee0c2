//! The table of URL patterns, declared once for the router, the documentation and the tests.

use crate::{
    language::Language,
    site::{named::PageName, trace::Made},
    web::path::{self, PathForm},
};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// An exact path, a prefix ending in `*`, or one with `{day}`, `{year}` and `{language}` for a segment.
    pub pattern: &'static str,
    /// The target of its requests.
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
    DayCard,
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
        matches!(self, RouteTarget::Alive | RouteTarget::Ready | RouteTarget::Challenge | RouteTarget::Relay)
    }

    /// The event that makes the bytes of its 200.
    pub(crate) fn made(self) -> Made {
        match self {
            RouteTarget::Home
            | RouteTarget::HomeIn(_)
            | RouteTarget::Answer
            | RouteTarget::Embed(_)
            | RouteTarget::Share(_)
            | RouteTarget::Named
            | RouteTarget::DayCard
            | RouteTarget::Published => Made::Answer,
            RouteTarget::Asset => Made::Build,
            RouteTarget::Ready => Made::Start,
            RouteTarget::Challenge
            | RouteTarget::Alive
            | RouteTarget::Events
            | RouteTarget::How(_)
            | RouteTarget::Relay
            | RouteTarget::Metrics => Made::Request,
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
            RouteTarget::Answer
            | RouteTarget::Embed(_)
            | RouteTarget::Published
            | RouteTarget::DayCard
            | RouteTarget::Events => CorsScope::Everyone,
            RouteTarget::Asset if self.pattern.starts_with("/api/") => CorsScope::Everyone,
            RouteTarget::Home | RouteTarget::HomeIn(_) | RouteTarget::Named => CorsScope::EveryoneAsJson,
            _ => CorsScope::Site,
        }
    }
}

/// The path prefix of HTTP-01 tokens (RFC 8555 §8.3).
pub(crate) const CHALLENGE: &str = "/.well-known/acme-challenge/";

/// The routes for visitors. The first match wins.
pub const ROUTES: &[Route] = &[
    Route { pattern: "/", target: RouteTarget::Home, about: "the answer, as HTML, plain text or JSON" },
    Route {
        pattern: "/en",
        target: RouteTarget::HomeIn(Language::English),
        about: "the same, always in English",
    },
    Route {
        pattern: "/es",
        target: RouteTarget::HomeIn(Language::Spanish),
        about: "the same, always in Spanish",
    },
    Route {
        pattern: "/{day}",
        target: RouteTarget::Named,
        about: "the answer of another day, as 2023-08-09",
    },
    Route { pattern: "/{year}", target: RouteTarget::Named, about: "a season, as 2023" },
    Route {
        pattern: "/leaders",
        target: RouteTarget::Named,
        about: "who has the most errors in the major leagues",
    },
    Route { pattern: "/{day}/card.png", target: RouteTarget::DayCard, about: "a day as a picture" },
    Route {
        pattern: "/{language}/{day}",
        target: RouteTarget::Named,
        about: "a day, always in English or in Spanish",
    },
    Route { pattern: "/{language}/{year}", target: RouteTarget::Named, about: "a season, likewise" },
    Route { pattern: "/{language}/leaders", target: RouteTarget::Named, about: "the leaders, likewise" },
    Route {
        pattern: "/{language}/{day}/card.png",
        target: RouteTarget::DayCard,
        about: "a day as a picture, likewise",
    },
    Route { pattern: "/api/v1/answer", target: RouteTarget::Answer, about: "the answer as JSON" },
    Route {
        pattern: "/events",
        target: RouteTarget::Events,
        about: "the answer whenever it changes (server-sent events)",
    },
    Route {
        pattern: "/api/v1/season",
        target: RouteTarget::Published,
        about: "his season as JSON, game by game",
    },
    Route { pattern: "/feed.xml", target: RouteTarget::Published, about: "the days with an error (Atom)" },
    Route {
        pattern: "/calendar.ics",
        target: RouteTarget::Published,
        about: "his games, to subscribe to (iCalendar)",
    },
    Route { pattern: "/badge.svg", target: RouteTarget::Published, about: "the answer as a badge" },
    Route {
        pattern: "/card.png",
        target: RouteTarget::Published,
        about: "the answer as a picture, for previews in chats",
    },
    Route { pattern: "/es/card.png", target: RouteTarget::Published, about: "the same in Spanish" },
    Route {
        pattern: "/days-since-error.png",
        target: RouteTarget::Published,
        about: "the days since his last error as a sign",
    },
    Route {
        pattern: "/es/days-since-error.png",
        target: RouteTarget::Published,
        about: "the same in Spanish",
    },
    Route {
        pattern: "/favicon.svg",
        target: RouteTarget::Published,
        about: "the icon in the state's colours",
    },
    Route {
        pattern: "/embed",
        target: RouteTarget::Embed(None),
        about: "the answer as a box for other sites' pages",
    },
    Route {
        pattern: "/en/embed",
        target: RouteTarget::Embed(Some(Language::English)),
        about: "the same, always in English",
    },
    Route {
        pattern: "/es/embed",
        target: RouteTarget::Embed(Some(Language::Spanish)),
        about: "the same, always in Spanish",
    },
    Route {
        pattern: "/share",
        target: RouteTarget::Share(None),
        about: "badge, box, JSON, calendar and so on, to copy",
    },
    Route {
        pattern: "/en/share",
        target: RouteTarget::Share(Some(Language::English)),
        about: "the same, always in English",
    },
    Route {
        pattern: "/es/share",
        target: RouteTarget::Share(Some(Language::Spanish)),
        about: "the same, always in Spanish",
    },
    Route {
        pattern: "/oembed.json",
        target: RouteTarget::Published,
        about: "the box, for sites that embed links (oEmbed)",
    },
    Route { pattern: "/es/oembed.json", target: RouteTarget::Published, about: "the same in Spanish" },
    Route {
        pattern: "/api/openapi.json",
        target: RouteTarget::Asset,
        about: "what the JSON means (OpenAPI 3.1)",
    },
    Route {
        pattern: "/how",
        target: RouteTarget::How(Language::English),
        about: "how this site answers a request, with the figures of yours",
    },
    Route { pattern: "/es/how", target: RouteTarget::How(Language::Spanish), about: "the same in Spanish" },
    Route {
        pattern: "/healthz",
        target: RouteTarget::Alive,
        about: "200 while the process lives, and how its certificate is",
    },
    Route {
        pattern: "/readyz",
        target: RouteTarget::Ready,
        about: "200 while the answer is fresh, else 503",
    },
    Route {
        pattern: "/.well-known/acme-challenge/*",
        target: RouteTarget::Challenge,
        about: "proof for a CA, while it looks for it",
    },
    Route {
        pattern: "/mlb/*",
        target: RouteTarget::Relay,
        about: "MLB's replies, for other e6 servers (relay)",
    },
    Route {
        pattern: "/static/*",
        target: RouteTarget::Asset,
        about: "assets whose names change with their content",
    },
    Route { pattern: "/*", target: RouteTarget::Asset, about: "icons, robots.txt, the web manifest" },
];

/// The routes for operators, on the admin listener.
pub const ADMIN_ROUTES: &[Route] = &[
    Route {
        pattern: "/metrics",
        target: RouteTarget::Metrics,
        about: "counters, in Prometheus's text format",
    },
    Route {
        pattern: "/healthz",
        target: RouteTarget::Alive,
        about: "200 while the process lives, and how its certificate is",
    },
    Route {
        pattern: "/readyz",
        target: RouteTarget::Ready,
        about: "200 while the answer is fresh, else 503",
    },
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

    /// Whether its route has this target.
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
            ("/es", RouteTarget::HomeIn(Language::Spanish)),
            ("/api/v1/answer", RouteTarget::Answer),
            ("/api/v1/answer/", RouteTarget::Asset),
            ("/2023-08-09", RouteTarget::Named),
            ("/es/2023", RouteTarget::Named),
            ("/leaders", RouteTarget::Named),
            ("/en/leaders", RouteTarget::Named),
            ("/fr/leaders", RouteTarget::Asset),
            ("/2023-08-09/card.png", RouteTarget::DayCard),
            ("/en/2023-08-09/card.png", RouteTarget::DayCard),
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
