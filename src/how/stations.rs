//! The stations of a request: for each what it is for in plain words, the request's facts, commands that show it, and
//! links to what would happen otherwise.

use crate::{
    how::{
        commands::{self, ShellCommand},
        facts, response,
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
            RouteOutcome::Matched => language.pick("yes", "sí"),
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
    let plain = language.pick("Your browser asks for a page.", "Tu navegador pide una página.");
    Station::new(language.pick("You", "Tú"), plain, facts::you(trace, language))
}

fn dns(trace: &Trace, language: Language) -> Station {
    let origin = trace.connection.origin.as_deref().unwrap_or_default();
    let authority = origin.split("://").nth(1).unwrap_or_default();
    let has_name = !host::is_address(crate::web::path::host_and_port(authority).0);
    let plain = language.pick(
        "A resolver turns the site's name into an address.",
        "Un servidor de nombres convierte el nombre del sitio en una dirección.",
    );
    Station {
        state: StationState::Unseen,
        commands: commands::dns(trace).into_iter().collect(),
        ..Station::new("DNS", plain, facts::dns(has_name, language))
    }
}

fn tcp(trace: &Trace, language: Language) -> Station {
    let plain = match trace.connection.ip_version {
        Some(_) if trace.connection.quic.is_some() => language.pick(
            "Your machine and this one number every packet, send lost ones again, and agree on keys at the same time.",
            "Tu máquina y esta numeran cada paquete, reenvían los perdidos y acuerdan claves al mismo tiempo.",
        ),
        Some(_) => language.pick(
            "Your machine and this one agree to number every byte, so that none is lost.",
            "Tu máquina y esta acuerdan numerar cada byte, para que ninguno se pierda.",
        ),
        None => language.pick(
            "A process on this machine passes the bytes on, without a network.",
            "Un proceso de esta máquina entrega los bytes, sin red.",
        ),
    };
    let name = match trace.connection.ip_version {
        Some(_) if trace.connection.quic.is_some() => "QUIC",
        Some(_) => "TCP",
        None => "Unix socket",
    };
    Station {
        replaces: Some("Nginx listen, Gunicorn workers"),
        commands: commands::tcp(trace).into_iter().collect(),
        ..Station::new(name, plain, facts::tcp(trace, language))
    }
}

fn tls(trace: &Trace, language: Language) -> Station {
    let plain = language.pick(
        "Both sides agree on keys, so that nobody on the way can read or change a byte.",
        "Ambos lados acuerdan claves, para que nadie en el camino pueda leer ni cambiar un byte.",
    );
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
        ..Station::new("TLS", plain, facts::tls(trace, language))
    }
}

fn http(trace: &Trace, language: Language) -> Station {
    let plain = language.pick(
        "Your browser names the path, and the forms, languages and codings that it accepts.",
        "Tu navegador nombra la ruta, y las formas, idiomas y codificaciones que acepta.",
    );
    let is_newer = ["HTTP/2.0", "HTTP/3.0"].contains(&trace.connection.protocol) && !trace.connection.proxied;
    Station {
        replaces: Some("Nginx http2, Gunicorn"),
        commands: commands::http(trace),
        links: is_newer.then(|| what_if(trace, WhatIf::Http1, language)).into_iter().collect(),
        ..Station::new("HTTP", plain, facts::http(trace, language))
    }
}

fn router(trace: &Trace, language: Language) -> Station {
    let plain = language.pick(
        "The path is compared with a table of patterns, and the first one that matches decides.",
        "La ruta se compara con una tabla de patrones, y decide el primero que coincide.",
    );
    let elsewhere = |path: &str, english, spanish| WhatIfLink {
        href: format!("{}/how?path={path}", language.prefix()),
        text: language.pick(english, spanish).into(),
    };
    Station {
        replaces: Some("Nginx location, Django urls.py"),
        commands: commands::router(trace).into_iter().collect(),
        links: vec![
            elsewhere("/nothing", "a path that is not here (404)", "una ruta que no existe (404)"),
            elsewhere(
                "/healthz/",
                "a second spelling of a path (308)",
                "otra forma de escribir una ruta (308)",
            ),
        ],
        patterns: Some(PatternTable::of(&trace.routes)),
        ..Station::new(language.pick("Router", "Rutas"), plain, facts::router(trace, language))
    }
}

fn answer(trace: &Trace, language: Language) -> Station {
    let made = trace.answer.made;
    let (name, replaces) = match made {
        Made::Build => (language.pick("File", "Archivo"), "Nginx root, collectstatic"),
        Made::Answer => (language.pick("Answer", "Respuesta"), "Django view"),
        Made::Start | Made::Request => (language.pick("Response", "Respuesta"), "Nginx return, Django view"),
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
    let data = language.pick(
        "Of MLB's data it asks: has he been charged with an error today?",
        "A los datos de MLB les pregunta: ¿le marcaron un error hoy?",
    );
    let thread = language.pick(
        "One thread asks MLB, as often as the day needs it, and no reader waits for it.",
        "Un hilo pregunta a MLB tan seguido como el día lo pide, y ningún lector lo espera.",
    );
    let api = language.pick("MLB's Stats API has the box score.", "La Stats API de MLB tiene el box score.");
    [
        Station {
            replaces: Some("Django view"),
            ..Station::new(language.pick("Check", "Revisión"), data, check)
        },
        Station {
            replaces: Some("Django view, on every visit"),
            ..Station::new(language.pick("Poller", "Consulta"), thread, poller)
        },
        Station { commands: commands::mlb(trace).into_iter().collect(), ..Station::new("MLB", api, mlb) },
    ]
}

/// The link to the same request with a change. The page itself is made for each request, so its link is about the
/// answer.
fn what_if(trace: &Trace, change: WhatIf, language: Language) -> WhatIfLink {
    let path = trace.path.as_deref().filter(|_| !trace.own).unwrap_or("/");
    WhatIfLink {
        href: format!("{}/how?path={}&if={}", language.prefix(), commands::escaped(path), change.name()),
        text: match change {
            WhatIf::Http1 => language.pick("over HTTP/1.1", "por HTTP/1.1"),
            WhatIf::NoTls => language.pick("without TLS", "sin TLS"),
            WhatIf::Unchanged => language
                .pick("nothing new since your last visit (304)", "nada nuevo desde tu última visita (304)"),
            WhatIf::Range => {
                language.pick("only the first 100 bytes (206)", "solo los primeros 100 bytes (206)")
            }
            WhatIf::Gzip => match trace.answer.coding {
                "br" => language.pick("gzip instead of br", "gzip en vez de br"),
                "zstd" => language.pick("gzip instead of zstd", "gzip en vez de zstd"),
                _ => language.pick("with gzip", "con gzip"),
            },
            WhatIf::English => language.pick("in English", "en inglés"),
            WhatIf::Spanish => language.pick("in Spanish", "en español"),
        }
        .into(),
    }
}
