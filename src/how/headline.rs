//! The question and its answer, above everything else.

use crate::{
    how::{
        facts,
        figures::{say, span},
    },
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
                true => say!(language, "What handles this request?", "¿Qué atiende esta petición?"),
                false => say!(
                    language,
                    "What handles a request for {path}?",
                    "¿Qué atiende una petición de {path}?"
                ),
            },
            answer: language.pick(
                "The simple answer is e6. The complete answer is also e6.",
                "La respuesta simple es e6. La respuesta completa también es e6.",
            ),
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
            (_, true) => language.pick(
                "The rest is the way by the proxy in front, which e6 cannot see.",
                "El resto es el camino por el proxy de adelante, que e6 no puede ver.",
            ),
            (None, false) => language.pick(
                "No network took part: you came over a Unix socket.",
                "No hubo red: llegaste por un socket Unix.",
            ),
            (Some(_), false) => language.pick(
                "The kernel has not measured the network yet.",
                "El kernel todavía no ha medido la red.",
            ),
        };
        return say!(language, "In {own}. {rest}", "En {own}. {rest}");
    };
    let network_name = match is_near(trace) {
        true => language.pick("The network", "La red"),
        false => language.pick("The internet", "Internet"),
    };
    // A handshake is work of both sides, too.
    let is_handshake_in = trace.opened_connection() && trace.tls.is_some();
    match (trace.own, is_handshake_in) {
        (true, false) => say!(
            language,
            "In {own}. {network_name} took the other {network}.",
            "En {own}. {network_name} tardó los otros {network}."
        ),
        (true, true) => say!(
            language,
            "In {own}. {network_name} and the TLS handshake took the other {network}.",
            "En {own}. {network_name} y el saludo TLS tardaron los otros {network}."
        ),
        (false, _) => say!(
            language,
            "It would take {own}. {network_name} would take the other {network}.",
            "Tardaría {own}. {network_name} tardaría los otros {network}."
        ),
    }
}

/// Whether the client is on this machine or its local network.
fn is_near(trace: &Trace) -> bool {
    let client = trace.connection.client.as_ref().and_then(|client| client.parse::<SocketAddr>().ok());
    client.is_some_and(|client| !crate::net::socket::is_global(client.ip()))
}
