//! The title and the sentence of a response that is not a success, by its status.

use crate::language::Language;

pub(crate) fn failure(status: u16, language: Language) -> (&'static str, &'static str) {
    match language {
        Language::English => english(status),
        Language::Spanish => spanish(status),
    }
}

fn english(status: u16) -> (&'static str, &'static str) {
    match status {
        308 => ("Round the bases", "This page has another address."),
        400 => ("Illegal pitch", "The request is malformed."),
        404 => ("Out of the park", "There is no page at this address."),
        405 => ("Interference", "This page can only be read."),
        406 => ("Not in the lineup", "This page isn't available in that format."),
        412 => ("Tagged out", "This page has changed since you got it."),
        413 => ("Over the wall", "Requests to this site have no body."),
        414 => ("Way too long", "The address is longer than any on this site."),
        416 => ("Off the plate", "The page is shorter than the part you asked for."),
        421 => ("Foul", "This server has no site of that name."),
        429 => ("Too many pitches", "Too many requests from your address. Try again in a moment."),
        431 => ("Too much windup", "The request's header is too large."),
        500 => ("Error on the server", "Something broke on our side. It has been logged."),
        503 => ("Rain delay", "Too many visitors at once. Try again in a moment."),
        _ => ("Foul", "There is no answer to this request."),
    }
}

fn spanish(status: u16) -> (&'static str, &'static str) {
    match status {
        308 => ("A correr las bases", "Esta página tiene otra dirección."),
        400 => ("Lanzamiento ilegal", "La petición está mal formada."),
        404 => ("Fuera del parque", "No hay ninguna página en esta dirección."),
        405 => ("Interferencia", "Esta página solo se puede leer."),
        406 => ("Fuera de la alineación", "Esta página no existe en ese formato."),
        412 => ("Out en la base", "Esta página cambió desde que la recibiste."),
        413 => ("Por encima de la barda", "Las peticiones a este sitio no llevan cuerpo."),
        414 => ("Larguísima", "La dirección es más larga que cualquiera de este sitio."),
        416 => ("Fuera de la zona", "La página es más corta que la parte pedida."),
        421 => ("Foul", "Este servidor no tiene un sitio con ese nombre."),
        429 => (
            "Demasiados lanzamientos",
            "Demasiadas peticiones desde tu dirección. Intenta de nuevo en un momento.",
        ),
        431 => ("Demasiado movimiento", "La cabecera de la petición es demasiado grande."),
        500 => ("Error del servidor", "Algo se rompió de nuestro lado. Quedó anotado."),
        503 => ("Pausa por lluvia", "Hay demasiadas visitas a la vez. Intenta de nuevo en un momento."),
        _ => ("Foul", "No hay respuesta para esta petición."),
    }
}
