//! The facts about the connection and the request, in sentences.

use crate::{
    how::figures::{fit, minute, say, span},
    language::Language,
    site::trace::{ChosenBy, RouteOutcome, RouteTrace, TlsTrace, Trace, WhatIf},
};

/// Characters of a path or a name in a sentence.
const CUT: usize = 48;

pub(crate) fn path(trace: &Trace, language: Language) -> String {
    let unknown = language
        .pick("an address that no site of this kind can have", "una dirección que este sitio no puede tener");
    trace.path.as_deref().map_or_else(|| unknown.into(), |path| fit(path, CUT))
}

/// The change to the request, as a sentence.
pub(crate) fn change(what_if: WhatIf, language: Language) -> &'static str {
    match what_if {
        WhatIf::Http1 => language
            .pick("What if your client offered HTTP/1.1 only?", "¿Y si tu cliente ofreciera solo HTTP/1.1?"),
        WhatIf::NoTls => language.pick("What if you came without TLS?", "¿Y si vinieras sin TLS?"),
        WhatIf::Unchanged => language.pick(
            "What if your client had this response already?",
            "¿Y si tu cliente ya tuviera esta respuesta?",
        ),
        WhatIf::Range => language.pick(
            "What if your client asked for the first 100 bytes?",
            "¿Y si tu cliente pidiera los primeros 100 bytes?",
        ),
        WhatIf::Gzip => {
            language.pick("What if your client accepted gzip only?", "¿Y si tu cliente aceptara solo gzip?")
        }
        WhatIf::English => {
            language.pick("What if your client preferred English?", "¿Y si tu cliente prefiriera inglés?")
        }
        WhatIf::Spanish => {
            language.pick("What if your client preferred Spanish?", "¿Y si tu cliente prefiriera español?")
        }
    }
}

pub(crate) fn you(trace: &Trace, language: Language) -> Vec<String> {
    let path = path(trace, language);
    let mut facts = vec![match trace.own {
        true => say!(language, "You asked for {path}.", "Pediste {path}."),
        false => say!(
            language,
            "You ask about {path}. It was not sent: this is what would happen if you asked for it on this connection.",
            "Preguntas por {path}. No se envió: esto pasaría si la pidieras en esta conexión."
        ),
    }];
    facts.extend(trace.what_if.map(|what_if| change(what_if, language).to_owned()));
    let connection = &trace.connection;
    facts.push(match (&connection.client, &connection.server) {
        (Some(client), Some(server)) if connection.proxied => say!(
            language,
            "Your end of the connection is {client}, the other end is {server}, says the proxy in front of this server.",
            "Tu extremo de la conexión es {client} y el otro es {server}, según el proxy delante de este servidor."
        ),
        (Some(client), Some(server)) => say!(
            language,
            "Your end of the connection is {client}, this server's is {server}.",
            "Tu extremo de la conexión es {client}, el de este servidor es {server}."
        ),
        (Some(client), None) if connection.proxied => say!(
            language,
            "Your address is {client}, says the proxy in front of this server.",
            "Tu dirección es {client}, según el proxy delante de este servidor."
        ),
        (Some(client), None) => {
            say!(
                language,
                "Your end of the connection is {client}.",
                "Tu extremo de la conexión es {client}."
            )
        }
        (None, _) => say!(language, "You came over a Unix socket, whose ends have no addresses.", "Llegaste por un socket Unix, cuyos extremos no tienen dirección."),
    });
    facts
}

pub(crate) fn dns(has_name: bool, language: Language) -> Vec<String> {
    let fact = match has_name {
        true => language.pick(
            "It did so before this server heard of you. e6 cannot see that, so there is no figure.",
            "Lo hizo antes de que este servidor supiera de ti. e6 no puede verlo, así que no hay cifra.",
        ),
        false => language.pick(
            "You asked for an address, so there was no name to look up.",
            "Pediste una dirección, así que no hubo nombre que buscar.",
        ),
    };
    vec![fact.into()]
}

pub(crate) fn tcp(trace: &Trace, language: Language) -> Vec<String> {
    let (connection, spent) = (&trace.connection, &trace.microseconds);
    let (worker, accept) = (connection.worker, span(spent.accept, language));
    let mut facts = Vec::new();
    match (connection.ip_version, connection.proxied) {
        (Some(version), false) => facts.push(format!("IPv{version}.")),
        (Some(version), true) => facts.push(say!(
            language,
            "You came over IPv{version} to a proxy in front of this server. e6 cannot see your network behind it.",
            "Llegaste por IPv{version} a un proxy delante de este servidor. e6 no puede ver tu red detrás de él."
        )),
        (None, _) => {}
    }
    if let (Some(shortest), Some(smoothed)) = (spent.round_trip, spent.smoothed_round_trip) {
        let [shortest, smoothed] = [shortest, smoothed].map(|micros| span(micros, language));
        facts.push(match &connection.quic {
            Some(_) => say!(
                language,
                "A round trip between you and this server takes {shortest}: the shortest that QUIC measured on this \
                 connection. Its average is {smoothed}.",
                "Una ida y vuelta entre tú y este servidor tarda {shortest}: la más corta que midió QUIC en esta \
                 conexión. Su promedio es {smoothed}."
            ),
            None => say!(
                language,
                "A round trip between you and this server takes {shortest}: the shortest that the kernel measured in the \
                 last minutes. Its average is {smoothed}, delays of acknowledgements included.",
                "Una ida y vuelta entre tú y este servidor tarda {shortest}: la más corta que midió el kernel en los \
                 últimos minutos. Su promedio es {smoothed}, con las demoras de los acuses de recibo."
            ),
        });
    }
    if let Some(quic) = &connection.quic {
        facts.push(
            match quic.address_validated {
                true => language.pick(
                    "This server was busy, so your client had to prove its address first (Retry).",
                    "Este servidor estaba ocupado, así que tu cliente tuvo que probar antes su dirección (Retry).",
                ),
                false => language.pick(
                    "The handshake itself proved your client's address.",
                    "El propio saludo probó la dirección de tu cliente.",
                ),
            }
            .into(),
        );
        if quic.migrations > 0 {
            let times = quic.migrations;
            facts.push(say!(
                language,
                "Your address has changed since (seen {times} times), and the connection went on.",
                "Tu dirección ha cambiado desde entonces (visto {times} veces), y la conexión siguió."
            ));
        }
    }
    facts.push(say!(
        language,
        "The thread worker-{worker} began to serve the connection {accept} after it had accepted it.",
        "El hilo worker-{worker} empezó a atender la conexión {accept} después de aceptarla."
    ));
    facts
}

pub(crate) fn tls(trace: &Trace, language: Language) -> Vec<String> {
    let Some(tls) = &trace.tls else {
        let fact = match trace.connection.scheme {
            "https" => language.pick(
                "The proxy in front of this server uses TLS with you; its figures are not known here.",
                "El proxy delante de este servidor usa TLS contigo; aquí no se conocen sus cifras.",
            ),
            _ => language.pick(
                "This connection is without TLS: anyone on the way can read it.",
                "Esta conexión va sin TLS: cualquiera en el camino puede leerla.",
            ),
        };
        return vec![fact.into()];
    };
    let version = version(tls);
    let mut facts = vec![match &tls.cipher {
        Some(cipher) => say!(language, "{version} with {cipher}.", "{version} con {cipher}."),
        None => say!(language, "{version}, as a part of QUIC.", "{version}, como parte de QUIC."),
    }];
    // QUIC does not tell the key exchange, and whether a session was resumed.
    let is_known = tls.cipher.is_some();
    facts.extend(is_known.then(|| match (tls.group, tls.post_quantum) {
        (Some(group), true) => say!(
            language,
            "{group} agreed on the keys. It resists quantum computers, too.",
            "{group} acordó las claves. Resiste también a las computadoras cuánticas."
        ),
        (Some(group), false) => say!(
            language,
            "{group} agreed on the keys. A quantum computer could break it one day; newer clients offer X25519MLKEM768.",
            "{group} acordó las claves. Una computadora cuántica podría romperlo un día; los clientes más nuevos ofrecen \
             X25519MLKEM768."
        ),
        (None, _) => say!(language, "The keys are those of an earlier session.", "Las claves son de una sesión anterior."),
    }));
    facts.extend(is_known.then(|| {
        match tls.resumed {
            true => language
                .pick("It continues an earlier session of yours.", "Continúa una sesión anterior tuya."),
            false => language.pick("The session is new.", "La sesión es nueva."),
        }
        .into()
    }));
    facts.push(match &tls.server_name {
        Some(name) => {
            let name = fit(name, CUT);
            say!(language, "Your client named {name} (SNI).", "Tu cliente nombró {name} (SNI).")
        }
        None => say!(language, "Your client sent no name (SNI).", "Tu cliente no envió nombre (SNI)."),
    });
    if tls.self_signed {
        facts.push(
            say!(language, "This server signed its certificate itself, so your client has to be told to trust it.", "Este servidor firmó su propio certificado, así que hay que decirle a tu cliente que confíe en él."),
        );
    }
    if let Some(handshake) = trace.microseconds.handshake {
        let handshake = span(handshake, language);
        facts.push(say!(
            language,
            "The handshake took {handshake}: its round trips, and the work of both sides.",
            "El saludo tardó {handshake}: sus idas y vueltas, y el trabajo de ambos lados."
        ));
    }
    facts
}

pub(crate) fn http(trace: &Trace, language: Language) -> Vec<String> {
    let connection = &trace.connection;
    let protocol = protocol(trace);
    let mut facts = vec![match connection.chosen_by {
        ChosenBy::Alpn if trace.what_if == Some(WhatIf::Http1) => say!(
            language,
            "{protocol}, the only protocol in your client's offer (ALPN).",
            "{protocol}, el único protocolo en la oferta de tu cliente (ALPN)."
        ),
        ChosenBy::Alpn => say!(
            language,
            "{protocol}, chosen in the TLS handshake (ALPN).",
            "{protocol}, elegido en el saludo TLS (ALPN)."
        ),
        ChosenBy::NoAlpn => say!(
            language,
            "{protocol}, because your client offered no protocol in the TLS handshake (ALPN).",
            "{protocol}, porque tu cliente no ofreció ningún protocolo en el saludo TLS (ALPN)."
        ),
        ChosenBy::Clear => say!(
            language,
            "{protocol}, the only protocol without TLS here.",
            "{protocol}, el único protocolo sin TLS aquí."
        ),
    }];
    if connection.proxied {
        facts.push(
            say!(language, "That is between the proxy and this server; e6 cannot see the protocol between you and the proxy.", "Eso es entre el proxy y este servidor; e6 no puede ver el protocolo entre tú y el proxy."),
        );
    }
    let (request, idle) = (connection.request, span(connection.idle_ms * 1e3, language));
    match request {
        // The client opens another connection, or e6 sees only the proxy's.
        _ if trace.what_if.is_some() || connection.proxied => {}
        1 => facts.push(say!(
            language,
            "This is the first request on the connection. The connection was ready for {idle} before: your client's \
             own time, which is no part of the answer.",
            "Es la primera petición de la conexión, que estuvo lista {idle} antes: tiempo de tu cliente, que no es parte \
             de la respuesta."
        )),
        _ => facts.push(say!(
            language,
            "This is request {request} on the connection. The one before came {idle} earlier: your client's own time, \
             which is no part of the answer.",
            "Es la petición {request} de la conexión. La anterior llegó {idle} antes: tiempo de tu cliente, que no es \
             parte de la respuesta."
        )),
    }
    let id = &trace.request_id;
    facts.push(say!(
        language,
        "Its ID is {id}, in the response's X-Request-Id and in the log.",
        "Su ID es {id}, en X-Request-Id de la respuesta y en el registro."
    ));
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
            0 => say!(language, "The first pattern, {pattern}: yes.", "El primer patrón, {pattern}: sí."),
            1 => {
                say!(language, "1 pattern before, no; {pattern}, yes.", "1 patrón antes, no; {pattern}, sí.")
            }
            _ => say!(
                language,
                "{passed} patterns before, no; {pattern}, yes.",
                "{passed} patrones antes, no; {pattern}, sí."
            ),
        },
        None => say!(
            language,
            "The path is invalid, so no pattern was tried.",
            "La ruta no es válida, así que no se probó ningún patrón."
        ),
    }];
    facts.push(match trace.own {
        true => say!(
            language,
            "From the end of your request's head until then: {took}.",
            "Desde el final de la cabecera de tu petición hasta ahí: {took}."
        ),
        false => say!(language, "To find it took {took}.", "Encontrarlo tardó {took}."),
    });
    facts
}

/// The facts about the sources of the answer: the check, the poller, MLB.
pub(crate) fn sources(trace: &Trace, language: Language) -> [Vec<String>; 3] {
    let mlb = &trace.mlb;
    let check = language.pick(
        "The same function decides for all readers, each time MLB's data changes.",
        "La misma función decide para todos, cada vez que cambian los datos de MLB.",
    );
    let poller = match mlb.seconds_ago {
        Some(seconds) => {
            let ago = span(seconds * 1e6, language);
            say!(language, "MLB's data is {ago} old.", "Los datos de MLB tienen {ago}.")
        }
        None => say!(language, "There is no data yet.", "Todavía no hay datos."),
    };
    let took = match mlb.took_ms {
        Some(took) => {
            let took = span(took * 1e3, language);
            say!(
                language,
                "The last round of questions took {took}. No reader waited for it.",
                "La última ronda de preguntas tardó {took}. Ningún lector la esperó."
            )
        }
        None => say!(
            language,
            "It has not replied to this process yet.",
            "Todavía no ha respondido a este proceso."
        ),
    };
    [vec![check.into()], vec![poller], vec![took]]
}

/// The time at which the bytes were made.
pub(crate) fn made_at(trace: &Trace, language: Language) -> Option<String> {
    let at = trace.answer.made_at.map(minute)?;
    Some(say!(language, "They are from {at}.", "Son del {at}."))
}
