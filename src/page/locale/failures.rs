//! The title and the sentence of a response that is not a success, by its status.

use crate::language::Language;

/// Each status with its texts in English and in Spanish.
macro_rules! failures {
    ($($status:tt: $english:literal, $detail:literal; $spanish:literal, $detalle:literal;)*) => {
        pub(crate) fn failure(status: u16, language: Language) -> (&'static str, &'static str) {
            match status {
                $($status => match language {
                    Language::English => ($english, $detail),
                    Language::Spanish => ($spanish, $detalle),
                },)*
            }
        }
    };
}

failures! {
    308: "Round the bases", "This page has another address.";
        "A correr las bases", "Esta página tiene otra dirección.";
    400: "Illegal pitch", "The request is malformed.";
        "Lanzamiento ilegal", "La petición está mal formada.";
    404: "Out of the park", "There is no page at this address.";
        "Fuera del parque", "No hay ninguna página en esta dirección.";
    405: "Interference", "This page can only be read.";
        "Interferencia", "Esta página solo se puede leer.";
    406: "Not in the lineup", "This page isn't available in that format.";
        "Fuera de la alineación", "Esta página no existe en ese formato.";
    412: "Tagged out", "This page has changed since you got it.";
        "Out en la base", "Esta página cambió desde que la recibiste.";
    413: "Over the wall", "Requests to this site have no body.";
        "Por encima de la barda", "Las peticiones a este sitio no llevan cuerpo.";
    414: "Way too long", "The address is longer than any on this site.";
        "Larguísima", "La dirección es más larga que cualquiera de este sitio.";
    416: "Off the plate", "The page is shorter than the part you asked for.";
        "Fuera de la zona", "La página es más corta que la parte pedida.";
    421: "Foul", "This server has no site of that name.";
        "Foul", "Este servidor no tiene un sitio con ese nombre.";
    429: "Too many pitches", "Too many requests from your address. Try again in a moment.";
        "Demasiados lanzamientos", "Demasiadas peticiones desde tu dirección. Intenta de nuevo en un momento.";
    431: "Too much windup", "The request's header is too large.";
        "Demasiado movimiento", "La cabecera de la petición es demasiado grande.";
    500: "Error on the server", "Something broke on our side. It has been logged.";
        "Error del servidor", "Algo se rompió de nuestro lado. Quedó anotado.";
    503: "Rain delay", "Too many visitors at once. Try again in a moment.";
        "Pausa por lluvia", "Hay demasiadas visitas a la vez. Intenta de nuevo en un momento.";
    _: "Foul", "There is no answer to this request.";
        "Foul", "No hay respuesta para esta petición.";
}
