//! The facts about the response, in sentences.

use crate::{
    how::{
        facts,
        figures::{bytes, fit, listed, say, span},
    },
    language::Language,
    page::locale::failures::failure,
    site::trace::{Made, ResponseTrace, Trace},
};

/// The station's plain words: when the bytes were made.
pub(crate) fn made(made: Made, language: Language) -> &'static str {
    match made {
        Made::Build => language.pick(
            "The bytes were made when the binary was built, and are sent as they are.",
            "Los bytes se hicieron al compilar el binario, y se envían tal cual.",
        ),
        Made::Answer => language.pick(
            "The bytes were made when the answer was last updated, once for all readers.",
            "Los bytes se hicieron cuando se actualizó la respuesta, una vez para todos.",
        ),
        Made::Start => language.pick(
            "The bytes were made when the process started.",
            "Los bytes se hicieron cuando arrancó el proceso.",
        ),
        Made::Request => language.pick(
            "The bytes were made for this request alone; the rest of the site is ready before anyone asks.",
            "Los bytes se hicieron solo para esta petición; el resto del sitio está listo antes de que alguien pregunte.",
        ),
    }
}

pub(crate) fn answer(trace: &Trace, language: Language) -> Vec<String> {
    let answer = &trace.answer;
    let mut facts = vec![status(answer, language)];
    facts.extend(match answer.made {
        Made::Build | Made::Answer | Made::Start => facts::made_at(trace, language),
        Made::Request => None,
    });
    facts.extend(coding(answer, language));
    if let Some(range) = &answer.content_range {
        facts.push(say!(language, "It is a part of the body: {range}.", "Es una parte del cuerpo: {range}."));
    }
    if let Some(content) = &answer.language {
        facts.push(say!(language, "Its language: {content}.", "Su idioma: {content}."));
    }
    if let Some(caching) = &answer.cache_control {
        facts.push(say!(language, "For caches: {caching}.", "Para las cachés: {caching}."));
    }
    facts.push(match trace.microseconds.answer {
        Some(took) => {
            let took = span(took, language);
            say!(language, "To choose it took {took}.", "Elegirla tardó {took}.")
        }
        None => say!(
            language,
            "The response's Server-Timing field says how long it took to make, this sentence included.",
            "El campo Server-Timing de la respuesta dice cuánto tardó en hacerse, con esta frase."
        ),
    });
    facts
}

/// "404, Out of the park."
fn status(answer: &ResponseTrace, language: Language) -> String {
    let status = answer.status;
    match (&answer.location, status) {
        (Some(to), _) => {
            let to = fit(to, 48);
            say!(language, "Status {status}: ask for {to} instead.", "Estado {status}: hay que pedir {to}.")
        }
        (None, 200) => say!(language, "Status {status}: here it is.", "Estado {status}: aquí está."),
        (None, 206) => {
            say!(language, "Status {status}: here is that part.", "Estado {status}: aquí está esa parte.")
        }
        (None, 304) => say!(
            language,
            "Status {status}: what you have is still right, so no body is sent.",
            "Estado {status}: lo que tienes sigue bien, así que no se envía cuerpo."
        ),
        _ => {
            let (_, detail) = failure(status, language);
            say!(language, "Status {status}: {detail}", "Estado {status}: {detail}")
        }
    }
}

fn coding(answer: &ResponseTrace, language: Language) -> Option<String> {
    let after = answer.bytes_after.filter(|_| answer.status != 206)?;
    let size = bytes(after);
    let offered: Vec<_> = answer.acceptable.iter().copied().filter(|coding| *coding != "identity").collect();
    let offered = listed(&offered, language);
    Some(match (answer.coding, offered.is_empty(), answer.bytes_before) {
        ("identity", ..) if answer.made == Made::Request => say!(
            language,
            "{size}, not compressed, because they are made for one request.",
            "{size}, sin comprimir, porque se hacen para una sola petición."
        ),
        ("identity", true, _) => say!(
            language,
            "{size}, not compressed: your client accepts no coding that e6 has.",
            "{size}, sin comprimir: tu cliente no acepta ninguna codificación que e6 tenga."
        ),
        ("identity", false, _) => say!(
            language,
            "{size}, not compressed, though your client accepts {offered}: that would save too little.",
            "{size}, sin comprimir, aunque tu cliente acepta {offered}: ahorraría muy poco."
        ),
        (chosen, _, before) => {
            let before = before.unwrap_or(after);
            let saved = 100 * before.saturating_sub(after) / before.max(1);
            let before = bytes(before);
            say!(
                language,
                "{size} as {chosen} instead of {before}: {saved} % less. Your client accepts {offered}.",
                "{size} en {chosen} en vez de {before}: {saved} % menos. Tu cliente acepta {offered}."
            )
        }
    })
}
