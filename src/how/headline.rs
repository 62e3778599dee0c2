//! The question and its answer, above everything else.

use crate::{
    how::{facts, figures::span, texts},
    language::Language,
    site::trace::Trace,
};
use std::net::SocketAddr;

pub(crate) struct Headline {
    pub question: String,
    pub answer: &'static str,
    /// The request's own sum.
    pub sum: String,
}

impl Headline {
    pub fn of(trace: &Trace, language: Language) -> Self {
        let path = facts::path(trace, language);
        Headline {
            question: match trace.own {
                true => texts::what_handles_this(language).to_owned(),
                false => texts::what_handles(language, &path),
            },
            answer: texts::simple_answer(language),
            sum: sum(trace, language),
        }
    }
}

/// "In 16 µs. The internet took the other 69 ms."
fn sum(trace: &Trace, language: Language) -> String {
    let spent = &trace.microseconds;
    let own = span(spent.own, language);
    let Some(network) = spent.network.map(|micros| span(micros, language)) else {
        let rest = match (&trace.connection.client, trace.connection.proxied) {
            (_, true) => texts::rest_by_proxy(language),
            (None, false) => texts::no_network(language),
            (Some(_), false) => texts::not_measured(language),
        };
        return texts::sum(language, &own, &rest);
    };
    let network_name = if is_near(trace) { texts::network(language) } else { texts::internet(language) };
    // A handshake is work of both sides, too.
    let is_handshake_in = trace.opened_connection() && trace.tls.is_some();
    match (trace.own, is_handshake_in) {
        (true, false) => texts::sum_network(language, &own, &network_name, &network),
        (true, true) => texts::sum_handshake(language, &own, &network_name, &network),
        (false, _) => texts::sum_supposed(language, &own, &network_name, &network),
    }
}

/// Whether the client is on this machine or its local network.
fn is_near(trace: &Trace) -> bool {
    let client = trace.connection.client.as_ref().and_then(|client| client.parse::<SocketAddr>().ok());
    client.is_some_and(|client| !crate::net::socket::is_global(client.ip()))
}
