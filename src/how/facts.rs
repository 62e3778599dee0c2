//! The facts about the connection and the request, in sentences.

use crate::{
    how::{
        figures::{fit, minute, span},
        texts,
    },
    language::Language,
    site::trace::{ChosenBy, RouteOutcome, RouteTrace, TlsTrace, Trace, WhatIf},
};

/// Characters of a path or a name in a sentence.
const CUT: usize = 48;

pub(crate) fn path(trace: &Trace, language: Language) -> String {
    let unknown = texts::unknown_path(language);
    trace.path.as_deref().map_or_else(|| unknown.into(), |path| fit(path, CUT))
}

/// The change to the request, as a sentence.
pub(crate) fn change(what_if: WhatIf, language: Language) -> &'static str {
    match what_if {
        WhatIf::Http1 => texts::if_http1(language),
        WhatIf::NoTls => texts::if_no_tls(language),
        WhatIf::Unchanged => texts::if_unchanged(language),
        WhatIf::Range => texts::if_range(language),
        WhatIf::Gzip => texts::if_gzip(language),
        WhatIf::English => texts::if_english(language),
        WhatIf::Spanish => texts::if_spanish(language),
    }
}

pub(crate) fn you(trace: &Trace, language: Language) -> Vec<String> {
    let path = path(trace, language);
    let mut facts = vec![match trace.own {
        true => texts::asked_for(language, &path),
        false => texts::asks_about(language, &path),
    }];
    facts.extend(trace.what_if.map(|what_if| change(what_if, language).to_owned()));
    let connection = &trace.connection;
    facts.push(match (&connection.client, &connection.server) {
        (Some(client), Some(server)) if connection.proxied => {
            texts::both_ends_by_proxy(language, &client, &server)
        }
        (Some(client), Some(server)) => texts::both_ends(language, &client, &server),
        (Some(client), None) if connection.proxied => texts::address_by_proxy(language, &client),
        (Some(client), None) => texts::own_end(language, &client),
        (None, _) => texts::no_ends(language).to_owned(),
    });
    facts
}

pub(crate) fn dns(has_name: bool, language: Language) -> Vec<String> {
    vec![if has_name { texts::dns_unseen(language) } else { texts::no_name(language) }.into()]
}

pub(crate) fn tcp(trace: &Trace, language: Language) -> Vec<String> {
    let (connection, spent) = (&trace.connection, &trace.microseconds);
    let mut facts = Vec::new();
    match (connection.ip_version, connection.proxied) {
        (Some(version), false) => facts.push(format!("IPv{version}.")),
        (Some(version), true) => facts.push(texts::came_by_proxy(language, &version)),
        (None, _) => {}
    }
    if let (Some(shortest), Some(smoothed)) = (spent.round_trip, spent.smoothed_round_trip) {
        let [shortest, smoothed] = [shortest, smoothed].map(|micros| span(micros, language));
        facts.push(match &connection.quic {
            Some(_) => texts::round_trip_by_quic(language, &shortest, &smoothed),
            None => texts::round_trip_by_kernel(language, &shortest, &smoothed),
        });
    }
    if let Some(quic) = &connection.quic {
        let proved = match quic.address_validated {
            true => texts::address_proved_first(language),
            false => texts::address_proved(language),
        };
        facts.push(proved.into());
        if quic.migrations > 0 {
            facts.push(texts::address_changed(language, &quic.migrations));
        }
    }
    facts.push(texts::worker_began(language, &connection.worker, &span(spent.accept, language)));
    facts
}

pub(crate) fn tls(trace: &Trace, language: Language) -> Vec<String> {
    let Some(tls) = &trace.tls else {
        let fact = match trace.connection.scheme {
            "https" => texts::tls_by_proxy(language),
            _ => texts::without_tls(language),
        };
        return vec![fact.into()];
    };
    let version = version(tls);
    let mut facts = vec![match &tls.cipher {
        Some(cipher) => texts::tls_cipher(language, &version, &cipher),
        None => texts::tls_in_quic(language, &version),
    }];
    // QUIC does not tell the key exchange, and whether a session was resumed.
    if tls.cipher.is_some() {
        facts.push(match (tls.group, tls.post_quantum) {
            (Some(group), true) => texts::keys_post_quantum(language, &group),
            (Some(group), false) => texts::keys_classical(language, &group),
            (None, _) => texts::keys_resumed(language).to_owned(),
        });
        let resumed = tls.resumed.then(|| texts::session_resumed(language));
        facts.push(resumed.unwrap_or_else(|| texts::session_new(language)).into());
    }
    facts.push(match &tls.server_name {
        Some(name) => texts::server_name(language, &fit(name, CUT)),
        None => texts::no_server_name(language).to_owned(),
    });
    facts.extend(tls.self_signed.then(|| texts::self_signed(language).to_owned()));
    let took = trace.microseconds.handshake.map(|handshake| span(handshake, language));
    facts.extend(took.map(|took| texts::handshake_took(language, &took)));
    facts
}

pub(crate) fn http(trace: &Trace, language: Language) -> Vec<String> {
    let connection = &trace.connection;
    let protocol = protocol(trace);
    let mut facts = vec![match connection.chosen_by {
        ChosenBy::Alpn if trace.what_if == Some(WhatIf::Http1) => texts::only_offered(language, &protocol),
        ChosenBy::Alpn => texts::chosen_by_alpn(language, &protocol),
        ChosenBy::NoAlpn => texts::no_alpn(language, &protocol),
        ChosenBy::Clear => texts::only_without_tls(language, &protocol),
    }];
    if connection.proxied {
        facts.push(texts::protocol_of_proxy(language).to_owned());
    }
    let (request, idle) = (connection.request, span(connection.idle_ms * 1e3, language));
    match request {
        // The client opens another connection, or e6 sees only the proxy's.
        _ if trace.what_if.is_some() || connection.proxied => {}
        1 => facts.push(texts::first_request(language, &idle)),
        _ => facts.push(texts::later_request(language, &request, &idle)),
    }
    facts.push(texts::request_id(language, &trace.request_id));
    facts
}

/// The protocol's common name: "HTTP/2".
pub(crate) fn protocol(trace: &Trace) -> &'static str {
    let protocol = trace.connection.protocol;
    protocol.strip_suffix(".0").filter(|short| *short != "HTTP/1").unwrap_or(protocol)
}

fn version(tls: &TlsTrace) -> String {
    tls.version.replace("TLSv", "TLS ")
}

pub(crate) fn router(trace: &Trace, language: Language) -> Vec<String> {
    let passed = trace.routes.iter().filter(|tried| tried.outcome == RouteOutcome::Passed).count();
    let matched = trace.routes.iter().find(|tried| tried.outcome == RouteOutcome::Matched);
    let took = span(trace.microseconds.route, language);
    let mut facts = vec![match matched {
        // The table describes its rows in English.
        Some(RouteTrace { pattern, .. }) => match passed {
            0 => texts::first_pattern(language, &pattern),
            1 => texts::one_pattern_before(language, &pattern),
            _ => texts::patterns_before(language, &passed, &pattern),
        },
        None => texts::no_pattern(language).to_owned(),
    }];
    facts.push(match trace.own {
        true => texts::routed_after(language, &took),
        false => texts::found_in(language, &took),
    });
    facts
}

/// The facts about the sources of the answer: the check, the poller, MLB.
pub(crate) fn sources(trace: &Trace, language: Language) -> [Vec<String>; 3] {
    let poller = match trace.mlb.seconds_ago {
        Some(seconds) => texts::data_age(language, &span(seconds * 1e6, language)),
        None => texts::no_data(language).to_owned(),
    };
    let mlb = match trace.mlb.took_ms {
        Some(took) => texts::last_round(language, &span(took * 1e3, language)),
        None => texts::no_reply(language).to_owned(),
    };
    [texts::one_function(language).to_owned(), poller, mlb].map(|fact| vec![fact])
}

/// The time at which the bytes were made.
pub(crate) fn made_at(trace: &Trace, language: Language) -> Option<String> {
    trace.answer.made_at.map(|at| texts::made_at(language, &minute(at)))
}
