//! The stations of a request: for each what it is for in plain words, the request's facts, commands that show it, and
//! links to what would happen otherwise.

use crate::{
    how::{
        commands::{self, ShellCommand},
        facts, response, texts,
    },
    language::Language,
    name::{Named, named},
    site::trace::{Made, RouteOutcome, RouteTrace, Trace, WhatIf},
    web::host,
};
use std::ops::Range;

pub(crate) struct Station {
    pub name: &'static str,
    pub state: StationState,
    /// Its purpose, in plain words.
    pub plain: &'static str,
    pub facts: Vec<String>,
    /// The names of its counterparts on the site that this one replaces.
    pub replaces: Option<&'static str>,
    pub commands: Vec<ShellCommand>,
    pub links: Vec<WhatIfLink>,
    /// The table of patterns, if this station tries them.
    pub patterns: Option<PatternTable>,
}

named! {
    /// Whether the request came by a station, with the class of its base in the picture.
    pub(crate) enum StationState {
        Passed = "passed",
        Skipped = "skipped",
        /// The station is where no server can see it.
        Unseen = "beyond",
    }
}

/// A link to the same page for a request that differs.
pub(crate) struct WhatIfLink {
    pub href: String,
    pub text: String,
}

/// The table of patterns, and the part of it around the one that matched.
pub(crate) struct PatternTable {
    pub all: Vec<RouteTrace>,
    /// The pattern that matched and its neighbours.
    pub near: Range<usize>,
}

impl PatternTable {
    fn of(routes: &[RouteTrace]) -> Self {
        let matched = routes.iter().position(|route| route.outcome == RouteOutcome::Matched);
        let near = matched.map_or(0..0, |matched| matched.saturating_sub(1)..(matched + 2).min(routes.len()));
        PatternTable { all: routes.to_vec(), near }
    }

    pub fn near(&self) -> &[RouteTrace] {
        &self.all[self.near.clone()]
    }
}

impl RouteTrace {
    /// "yes", "no", or nothing if it was not tried.
    pub(crate) fn word(&self, language: Language) -> &'static str {
        match self.outcome {
            RouteOutcome::Matched => texts::yes(language),
            RouteOutcome::Passed => "no",
            RouteOutcome::NotTried => "",
        }
    }
}

impl Station {
    fn new(name: &'static str, plain: &'static str, facts: Vec<String>) -> Self {
        Station {
            name,
            state: StationState::Passed,
            plain,
            facts,
            replaces: None,
            commands: Vec::new(),
            links: Vec::new(),
            patterns: None,
        }
    }
}

/// The stations of a request, in order.
pub(crate) fn of(trace: &Trace, language: Language) -> Vec<Station> {
    let mut stations = vec![
        you(trace, language),
        dns(trace, language),
        tcp(trace, language),
        tls(trace, language),
        http(trace, language),
        router(trace, language),
        answer(trace, language),
    ];
    if trace.answer.made == Made::Answer {
        stations.extend(sources(trace, language));
    }
    stations
}

fn you(trace: &Trace, language: Language) -> Station {
    Station::new(texts::you(language), texts::you_plain(language), facts::you(trace, language))
}

fn dns(trace: &Trace, language: Language) -> Station {
    let origin = trace.connection.origin.as_deref().unwrap_or_default();
    let authority = origin.split("://").nth(1).unwrap_or_default();
    let has_name = !host::is_address(crate::web::path::host_and_port(authority).0);
    Station {
        state: StationState::Unseen,
        commands: commands::dns(trace).into_iter().collect(),
        ..Station::new("DNS", texts::dns_plain(language), facts::dns(has_name, language))
    }
}

fn tcp(trace: &Trace, language: Language) -> Station {
    let (name, plain) = match trace.connection.ip_version {
        Some(_) if trace.connection.quic.is_some() => ("QUIC", texts::quic_plain(language)),
        Some(_) => ("TCP", texts::tcp_plain(language)),
        None => ("Unix socket", texts::unix_plain(language)),
    };
    Station {
        replaces: Some("Nginx listen, Gunicorn workers"),
        commands: commands::tcp(trace).into_iter().collect(),
        ..Station::new(name, plain, facts::tcp(trace, language))
    }
}

fn tls(trace: &Trace, language: Language) -> Station {
    let state = match (&trace.tls, trace.connection.scheme) {
        (Some(_), _) => StationState::Passed,
        (None, "https") => StationState::Unseen,
        (None, _) => StationState::Skipped,
    };
    let can_do_without = trace.tls.is_some() && trace.connection.clear_origin.is_some();
    let links = can_do_without.then(|| what_if(trace, WhatIf::NoTls, language));
    Station {
        state,
        replaces: Some("Nginx ssl_certificate, certbot"),
        commands: commands::tls(trace).into_iter().collect(),
        links: links.into_iter().collect(),
        ..Station::new("TLS", texts::tls_plain(language), facts::tls(trace, language))
    }
}

fn http(trace: &Trace, language: Language) -> Station {
    let is_newer = ["HTTP/2.0", "HTTP/3.0"].contains(&trace.connection.protocol) && !trace.connection.proxied;
    Station {
        replaces: Some("Nginx http2, Gunicorn"),
        commands: commands::http(trace),
        links: is_newer.then(|| what_if(trace, WhatIf::Http1, language)).into_iter().collect(),
        ..Station::new("HTTP", texts::http_plain(language), facts::http(trace, language))
    }
}

fn router(trace: &Trace, language: Language) -> Station {
    let elsewhere = |path: &str, text: &str| WhatIfLink {
        href: format!("{}/how?path={path}", language.prefix()),
        text: text.into(),
    };
    Station {
        replaces: Some("Nginx location, Django urls.py"),
        commands: commands::router(trace).into_iter().collect(),
        links: vec![
            elsewhere("/nothing", texts::link_missing(language)),
            elsewhere("/healthz/", texts::link_respelled(language)),
        ],
        patterns: Some(PatternTable::of(&trace.routes)),
        ..Station::new(texts::router(language), texts::router_plain(language), facts::router(trace, language))
    }
}

fn answer(trace: &Trace, language: Language) -> Station {
    let made = trace.answer.made;
    let (name, replaces) = match made {
        Made::Build => (texts::file(language), "Nginx root, collectstatic"),
        Made::Answer => (texts::answer(language), "Django view"),
        Made::Start | Made::Request => (texts::response(language), "Nginx return, Django view"),
    };
    let mut changes = vec![WhatIf::Unchanged, WhatIf::Range];
    if trace.answer.coding != "gzip" {
        changes.push(WhatIf::Gzip);
    }
    changes.push(match trace.answer.language.as_deref().unwrap_or(language.tag()) {
        "es" => WhatIf::English,
        _ => WhatIf::Spanish,
    });
    Station {
        replaces: Some(replaces),
        commands: commands::answer(trace).into_iter().collect(),
        links: changes.into_iter().map(|change| what_if(trace, change, language)).collect(),
        ..Station::new(name, response::made(made, language), response::answer(trace, language))
    }
}

fn sources(trace: &Trace, language: Language) -> [Station; 3] {
    let [check, poller, mlb] = facts::sources(trace, language);
    let [check, poller, mlb] = [
        Station::new(texts::check(language), texts::check_plain(language), check),
        Station::new(texts::poller(language), texts::poller_plain(language), poller),
        Station::new("MLB", texts::mlb_plain(language), mlb),
    ];
    [
        Station { replaces: Some("Django view"), ..check },
        Station { replaces: Some("Django view, on every visit"), ..poller },
        Station { commands: commands::mlb(trace).into_iter().collect(), ..mlb },
    ]
}

/// The link to the same request with a change. The page itself is made for each request, so its link is about the
/// answer.
fn what_if(trace: &Trace, change: WhatIf, language: Language) -> WhatIfLink {
    let path = trace.path.as_deref().filter(|_| !trace.own).unwrap_or("/");
    WhatIfLink {
        href: format!("{}/how?path={}&if={}", language.prefix(), commands::escaped(path), change.name()),
        text: match change {
            WhatIf::Http1 => texts::over_http1(language),
            WhatIf::NoTls => texts::link_no_tls(language),
            WhatIf::Unchanged => texts::link_unchanged(language),
            WhatIf::Range => texts::link_range(language),
            WhatIf::Gzip => match trace.answer.coding {
                "br" => texts::gzip_not_br(language),
                "zstd" => texts::gzip_not_zstd(language),
                _ => texts::with_gzip(language),
            },
            WhatIf::English => texts::in_english(language),
            WhatIf::Spanish => texts::in_spanish(language),
        }
        .into(),
    }
}
