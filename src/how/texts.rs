//! The texts of `/how`, in each language.

use crate::language::Language;
use std::fmt::Display;

/// Texts: each in English and in Spanish, and after its name the values in it, if it has any.
macro_rules! texts {
    ($($name:ident $(($($value:ident),+))?: $english:literal, $spanish:literal;)*) => {
        $(texts! { @ $name $(($($value),+))?: $english, $spanish })*
    };
    (@ $name:ident: $english:literal, $spanish:literal) => {
        pub(crate) fn $name(language: Language) -> &'static str {
            language.pick($english, $spanish)
        }
    };
    (@ $name:ident($($value:ident),+): $english:literal, $spanish:literal) => {
        pub(crate) fn $name(language: Language, $($value: &dyn Display),+) -> String {
            match language {
                Language::English => format!($english),
                Language::Spanish => format!($spanish),
            }
        }
    };
}

// The request, the connection and the sources of the answer.
texts! {
    unknown_path: "an address that no site of this kind can have", "una dirección que este sitio no puede tener";
    if_http1: "What if your client offered HTTP/1.1 only?", "¿Y si tu cliente ofreciera solo HTTP/1.1?";
    if_no_tls: "What if you came without TLS?", "¿Y si vinieras sin TLS?";
    if_unchanged: "What if your client had this response already?", "¿Y si tu cliente ya tuviera esta respuesta?";
    if_range: "What if your client asked for the first 100 bytes?", "¿Y si tu cliente pidiera los primeros 100 bytes?";
    if_gzip: "What if your client accepted gzip only?", "¿Y si tu cliente aceptara solo gzip?";
    if_english: "What if your client preferred English?", "¿Y si tu cliente prefiriera inglés?";
    if_spanish: "What if your client preferred Spanish?", "¿Y si tu cliente prefiriera español?";
    asked_for(path): "You asked for {path}.", "Pediste {path}.";
    asks_about(path):
        "You ask about {path}. It was not sent: this is what would happen if you asked for it on this connection.",
        "Preguntas por {path}. No se envió: esto pasaría si la pidieras en esta conexión.";
    both_ends_by_proxy(client, server):
        "Your end of the connection is {client}, the other end is {server}, says the proxy in front of this server.",
        "Tu extremo de la conexión es {client} y el otro es {server}, según el proxy delante de este servidor.";
    both_ends(client, server): "Your end of the connection is {client}, this server's is {server}.",
        "Tu extremo de la conexión es {client}, el de este servidor es {server}.";
    address_by_proxy(client): "Your address is {client}, says the proxy in front of this server.",
        "Tu dirección es {client}, según el proxy delante de este servidor.";
    own_end(client): "Your end of the connection is {client}.", "Tu extremo de la conexión es {client}.";
    no_ends: "You came over a Unix socket, whose ends have no addresses.",
        "Llegaste por un socket Unix, cuyos extremos no tienen dirección.";
    dns_unseen: "It did so before this server heard of you. e6 cannot see that, so there is no figure.",
        "Lo hizo antes de que este servidor supiera de ti. e6 no puede verlo, así que no hay cifra.";
    no_name: "You asked for an address, so there was no name to look up.",
        "Pediste una dirección, así que no hubo nombre que buscar.";
    came_by_proxy(version):
        "You came over IPv{version} to a proxy in front of this server. e6 cannot see your network behind it.",
        "Llegaste por IPv{version} a un proxy delante de este servidor. e6 no puede ver tu red detrás de él.";
    round_trip_by_quic(shortest, smoothed):
        "A round trip between you and this server takes {shortest}: the shortest that QUIC measured on this \
         connection. Its average is {smoothed}.",
        "Una ida y vuelta entre tú y este servidor tarda {shortest}: la más corta que midió QUIC en esta conexión. Su \
         promedio es {smoothed}.";
    round_trip_by_kernel(shortest, smoothed):
        "A round trip between you and this server takes {shortest}: the shortest that the kernel measured in the last \
         minutes. Its average is {smoothed}, delays of acknowledgements included.",
        "Una ida y vuelta entre tú y este servidor tarda {shortest}: la más corta que midió el kernel en los últimos \
         minutos. Su promedio es {smoothed}, con las demoras de los acuses de recibo.";
    address_proved_first: "This server was busy, so your client had to prove its address first (Retry).",
        "Este servidor estaba ocupado, así que tu cliente tuvo que probar antes su dirección (Retry).";
    address_proved: "The handshake itself proved your client's address.",
        "El propio saludo probó la dirección de tu cliente.";
    address_changed(times): "Your address has changed since (seen {times} times), and the connection went on.",
        "Tu dirección ha cambiado desde entonces (visto {times} veces), y la conexión siguió.";
    worker_began(worker, accept):
        "The thread worker-{worker} began to serve the connection {accept} after it had accepted it.",
        "El hilo worker-{worker} empezó a atender la conexión {accept} después de aceptarla.";
    tls_by_proxy: "The proxy in front of this server uses TLS with you; its figures are not known here.",
        "El proxy delante de este servidor usa TLS contigo; aquí no se conocen sus cifras.";
    without_tls: "This connection is without TLS: anyone on the way can read it.",
        "Esta conexión va sin TLS: cualquiera en el camino puede leerla.";
    tls_cipher(version, cipher): "{version} with {cipher}.", "{version} con {cipher}.";
    tls_in_quic(version): "{version}, as a part of QUIC.", "{version}, como parte de QUIC.";
    keys_post_quantum(group): "{group} agreed on the keys. It resists quantum computers, too.",
        "{group} acordó las claves. Resiste también a las computadoras cuánticas.";
    keys_classical(group):
        "{group} agreed on the keys. A quantum computer could break it one day; newer clients offer X25519MLKEM768.",
        "{group} acordó las claves. Una computadora cuántica podría romperlo un día; los clientes más nuevos ofrecen \
         X25519MLKEM768.";
    keys_resumed: "The keys are those of an earlier session.", "Las claves son de una sesión anterior.";
    session_resumed: "It continues an earlier session of yours.", "Continúa una sesión anterior tuya.";
    session_new: "The session is new.", "La sesión es nueva.";
    server_name(name): "Your client named {name} (SNI).", "Tu cliente nombró {name} (SNI).";
    no_server_name: "Your client sent no name (SNI).", "Tu cliente no envió nombre (SNI).";
    self_signed: "This server signed its certificate itself, so your client has to be told to trust it.",
        "Este servidor firmó su propio certificado, así que hay que decirle a tu cliente que confíe en él.";
    handshake_took(handshake): "The handshake took {handshake}: its round trips, and the work of both sides.",
        "El saludo tardó {handshake}: sus idas y vueltas, y el trabajo de ambos lados.";
    only_offered(protocol): "{protocol}, the only protocol in your client's offer (ALPN).",
        "{protocol}, el único protocolo en la oferta de tu cliente (ALPN).";
    chosen_by_alpn(protocol): "{protocol}, chosen in the TLS handshake (ALPN).",
        "{protocol}, elegido en el saludo TLS (ALPN).";
    no_alpn(protocol): "{protocol}, because your client offered no protocol in the TLS handshake (ALPN).",
        "{protocol}, porque tu cliente no ofreció ningún protocolo en el saludo TLS (ALPN).";
    only_without_tls(protocol): "{protocol}, the only protocol without TLS here.",
        "{protocol}, el único protocolo sin TLS aquí.";
    protocol_of_proxy:
        "That is between the proxy and this server; e6 cannot see the protocol between you and the proxy.",
        "Eso es entre el proxy y este servidor; e6 no puede ver el protocolo entre tú y el proxy.";
    first_request(idle):
        "This is the first request on the connection. The connection was ready for {idle} before: your client's own \
         time, which is no part of the answer.",
        "Es la primera petición de la conexión, que estuvo lista {idle} antes: tiempo de tu cliente, que no es parte \
         de la respuesta.";
    later_request(request, idle):
        "This is request {request} on the connection. The one before came {idle} earlier: your client's own time, \
         which is no part of the answer.",
        "Es la petición {request} de la conexión. La anterior llegó {idle} antes: tiempo de tu cliente, que no es \
         parte de la respuesta.";
    request_id(id): "Its ID is {id}, in the response's X-Request-Id and in the log.",
        "Su ID es {id}, en X-Request-Id de la respuesta y en el registro.";
    first_pattern(pattern): "The first pattern, {pattern}: yes.", "El primer patrón, {pattern}: sí.";
    one_pattern_before(pattern): "1 pattern before, no; {pattern}, yes.", "1 patrón antes, no; {pattern}, sí.";
    patterns_before(passed, pattern): "{passed} patterns before, no; {pattern}, yes.",
        "{passed} patrones antes, no; {pattern}, sí.";
    no_pattern: "The path is invalid, so no pattern was tried.",
        "La ruta no es válida, así que no se probó ningún patrón.";
    routed_after(took): "From the end of your request's head until then: {took}.",
        "Desde el final de la cabecera de tu petición hasta ahí: {took}.";
    found_in(took): "To find it took {took}.", "Encontrarlo tardó {took}.";
    one_function: "The same function decides for all readers, each time MLB's data changes.",
        "La misma función decide para todos, cada vez que cambian los datos de MLB.";
    data_age(ago): "MLB's data is {ago} old.", "Los datos de MLB tienen {ago}.";
    no_data: "There is no data yet.", "Todavía no hay datos.";
    last_round(took): "The last round of questions took {took}. No reader waited for it.",
        "La última ronda de preguntas tardó {took}. Ningún lector la esperó.";
    no_reply: "It has not replied to this process yet.", "Todavía no ha respondido a este proceso.";
    made_at(at): "They are from {at}.", "Son del {at}.";
}

// The response.
texts! {
    made_by_build: "The bytes were made when the binary was built, and are sent as they are.",
        "Los bytes se hicieron al compilar el binario, y se envían tal cual.";
    made_by_answer: "The bytes were made when the answer was last updated, once for all readers.",
        "Los bytes se hicieron cuando se actualizó la respuesta, una vez para todos.";
    made_by_start: "The bytes were made when the process started.", "Los bytes se hicieron cuando arrancó el proceso.";
    made_by_request: "The bytes were made for this request alone; the rest of the site is ready before anyone asks.",
        "Los bytes se hicieron solo para esta petición; el resto del sitio está listo antes de que alguien pregunte.";
    range(range): "It is a part of the body: {range}.", "Es una parte del cuerpo: {range}.";
    content_language(content): "Its language: {content}.", "Su idioma: {content}.";
    caching(caching): "For caches: {caching}.", "Para las cachés: {caching}.";
    chosen_in(took): "To choose it took {took}.", "Elegirla tardó {took}.";
    server_timing: "The response's Server-Timing field says how long it took to make, this sentence included.",
        "El campo Server-Timing de la respuesta dice cuánto tardó en hacerse, con esta frase.";
    moved(status, to): "Status {status}: ask for {to} instead.", "Estado {status}: hay que pedir {to}.";
    here_it_is(status): "Status {status}: here it is.", "Estado {status}: aquí está.";
    here_is_part(status): "Status {status}: here is that part.", "Estado {status}: aquí está esa parte.";
    still_right(status): "Status {status}: what you have is still right, so no body is sent.",
        "Estado {status}: lo que tienes sigue bien, así que no se envía cuerpo.";
    failure(status, detail): "Status {status}: {detail}", "Estado {status}: {detail}";
    not_worth_coding(size): "{size}, not compressed, because they are made for one request.",
        "{size}, sin comprimir, porque se hacen para una sola petición.";
    no_common_coding(size): "{size}, not compressed: your client accepts no coding that e6 has.",
        "{size}, sin comprimir: tu cliente no acepta ninguna codificación que e6 tenga.";
    saves_too_little(size, offered):
        "{size}, not compressed, though your client accepts {offered}: that would save too little.",
        "{size}, sin comprimir, aunque tu cliente acepta {offered}: ahorraría muy poco.";
    coded(size, chosen, before, saved, offered):
        "{size} as {chosen} instead of {before}: {saved} % less. Your client accepts {offered}.",
        "{size} en {chosen} en vez de {before}: {saved} % menos. Tu cliente acepta {offered}.";
}

// The stations: names, plain words and links.
texts! {
    yes: "yes", "sí";
    you_plain: "Your browser asks for a page.", "Tu navegador pide una página.";
    you: "You", "Tú";
    dns_plain: "A resolver turns the site's name into an address.",
        "Un servidor de nombres convierte el nombre del sitio en una dirección.";
    quic_plain:
        "Your machine and this one number every packet, send lost ones again, and agree on keys at the same time.",
        "Tu máquina y esta numeran cada paquete, reenvían los perdidos y acuerdan claves al mismo tiempo.";
    tcp_plain: "Your machine and this one agree to number every byte, so that none is lost.",
        "Tu máquina y esta acuerdan numerar cada byte, para que ninguno se pierda.";
    unix_plain: "A process on this machine passes the bytes on, without a network.",
        "Un proceso de esta máquina entrega los bytes, sin red.";
    tls_plain: "Both sides agree on keys, so that nobody on the way can read or change a byte.",
        "Ambos lados acuerdan claves, para que nadie en el camino pueda leer ni cambiar un byte.";
    http_plain: "Your browser names the path, and the forms, languages and codings that it accepts.",
        "Tu navegador nombra la ruta, y las formas, idiomas y codificaciones que acepta.";
    router_plain: "The path is compared with a table of patterns, and the first one that matches decides.",
        "La ruta se compara con una tabla de patrones, y decide el primero que coincide.";
    router: "Router", "Rutas";
    file: "File", "Archivo";
    answer: "Answer", "Respuesta";
    response: "Response", "Respuesta";
    check_plain: "Of MLB's data it asks: has he been charged with an error today?",
        "A los datos de MLB les pregunta: ¿le marcaron un error hoy?";
    poller_plain: "One thread asks MLB, as often as the day needs it, and no reader waits for it.",
        "Un hilo pregunta a MLB tan seguido como el día lo pide, y ningún lector lo espera.";
    mlb_plain: "MLB's Stats API has the box score.", "La Stats API de MLB tiene el box score.";
    check: "Check", "Revisión";
    poller: "Poller", "Consulta";
    over_http1: "over HTTP/1.1", "por HTTP/1.1";
    link_no_tls: "without TLS", "sin TLS";
    link_unchanged: "nothing new since your last visit (304)", "nada nuevo desde tu última visita (304)";
    link_range: "only the first 100 bytes (206)", "solo los primeros 100 bytes (206)";
    gzip_not_br: "gzip instead of br", "gzip en vez de br";
    gzip_not_zstd: "gzip instead of zstd", "gzip en vez de zstd";
    with_gzip: "with gzip", "con gzip";
    link_missing: "a path that is not here (404)", "una ruta que no existe (404)";
    link_respelled: "a second spelling of a path (308)", "otra forma de escribir una ruta (308)";
    in_english: "in English", "en inglés";
    in_spanish: "in Spanish", "en español";
}

// The question and the answer.
texts! {
    what_handles_this: "What handles this request?", "¿Qué atiende esta petición?";
    what_handles(path): "What handles a request for {path}?", "¿Qué atiende una petición de {path}?";
    simple_answer: "The simple answer is e6. The complete answer is also e6.",
        "La respuesta simple es e6. La respuesta completa también es e6.";
    rest_by_proxy: "The rest is the way by the proxy in front, which e6 cannot see.",
        "El resto es el camino por el proxy de adelante, que e6 no puede ver.";
    no_network: "No network took part: you came over a Unix socket.", "No hubo red: llegaste por un socket Unix.";
    not_measured: "The kernel has not measured the network yet.", "El kernel todavía no ha medido la red.";
    sum(own, rest): "In {own}. {rest}", "En {own}. {rest}";
    network: "The network", "La red";
    internet: "The internet", "Internet";
    sum_network(own, network_name, network): "In {own}. {network_name} took the other {network}.",
        "En {own}. {network_name} tardó los otros {network}.";
    sum_handshake(own, network_name, network):
        "In {own}. {network_name} and the TLS handshake took the other {network}.",
        "En {own}. {network_name} y el saludo TLS tardaron los otros {network}.";
    sum_supposed(own, network_name, network): "It would take {own}. {network_name} would take the other {network}.",
        "Tardaría {own}. {network_name} tardaría los otros {network}.";
}

// The bar.
texts! {
    bar_exchange: "request and response, a round trip", "petición y respuesta, una ida y vuelta";
    bar_opening: "TCP, a round trip", "TCP, una ida y vuelta";
    bar_waiting: "waiting for a thread", "espera de un hilo";
    bar_handshake: "TLS handshake", "saludo TLS";
    network_missing: "The network is missing: e6 cannot see it from here.",
        "Falta la red: e6 no puede verla desde aquí.";
    blink: "a blink, 150 ms", "un parpadeo, 150 ms";
    throw: "a throw from right field, 2 s", "un tiro desde el derecho, 2 s";
}

// The way to production.
texts! {
    release: "Release", "Versión";
    tagged(release): "Tagged {release}.", "Con la etiqueta {release}.";
    deploy: "Deploy", "Despliegue";
    put_in_place: "One file was put in place on this machine.", "Un solo archivo llegó a esta máquina.";
    commit_changed(subject, commit): "“{subject}” ({commit}). The binary was built from files that had changed since.",
        "«{subject}» ({commit}). El binario se compiló de archivos que habían cambiado desde entonces.";
    commit(subject, commit): "“{subject}” ({commit}).", "«{subject}» ({commit}).";
    built(version, rustc, target):
        "e6 {version}, by {rustc} for {target}: one file with every asset in it. It keeps no date of its own.",
        "e6 {version}, por {rustc} para {target}: un archivo con todo adentro. No guarda fecha propia.";
    build: "Build", "Compilación";
    took_over: " It took over from the process before without downtime.", " Relevó al proceso anterior sin pausa.";
    upgrades(count): " It is the last of {count} upgrades without downtime.",
        " Es la última de {count} actualizaciones sin pausa.";
    start: "Start", "Arranque";
    answered_one(upgrades): "The process has answered 1 request since.{upgrades}",
        "El proceso ha respondido 1 petición desde entonces.{upgrades}";
    answered(answered, upgrades): "The process has answered {answered} requests since.{upgrades}",
        "El proceso ha respondido {answered} peticiones desde entonces.{upgrades}";
    under_a_minute: "Less than a minute", "Menos de un minuto";
    one_minute: "1 minute", "1 minuto";
    minutes(minutes): "{minutes} minutes", "{minutes} minutos";
    this_byte: "This byte", "Este byte";
    commit_to_byte(age): "{age} from the commit to this byte.", "{age} desde el commit hasta este byte.";
}

// The page for terminals.
texts! {
    way_to_production: "The way to production", "El camino a producción";
    other_paths(about): "{about}?path=/static/… explains another path; Accept: application/json gives data.",
        "{about}?path=/static/… explica otra ruta; Accept: application/json da datos.";
    this_site: "this site", "este sitio";
    replaced_site: "the site it replaces", "el sitio que reemplaza";
}
