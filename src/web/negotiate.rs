//! Proactive negotiation (RFC 9110 §12): quality values, media types, languages, content codings.

use crate::{language::Language, web::coding::Coding};
use hyper::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName},
};

/// The forms in which the answer can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people with a browser.
    Html,
    /// For programs.
    Json,
    /// For people with a terminal.
    Text,
}

/// What a browser, a program or a terminal asks for with Accept. Only a client that names a type gets HTML or JSON:
/// `*/*` alone is curl and friends.
pub fn form(headers: &HeaderMap) -> Form {
    let mut best = (Form::Text, 0);
    let named = [("text/html", Form::Html), ("application/json", Form::Json), ("text/plain", Form::Text)];
    for (range, quality) in elements(headers, ACCEPT) {
        let form = named.iter().find(|(name, _)| range.eq_ignore_ascii_case(name.as_bytes()));
        if let Some((_, form)) = form.filter(|_| quality > best.1) {
            best = (*form, quality);
        }
    }
    best.0
}

/// The most welcome language by Accept-Language (RFC 9110 §12.5.4), of equals the one named first; a range of any region
/// means the language (RFC 4647 §3.4). Who wants none of them gets the first.
pub fn language(headers: &HeaderMap) -> Language {
    let mut best = (Language::ALL[0], 0);
    let mut any = 0;
    let mut named = [false; Language::ALL.len()];
    for (range, quality) in elements(headers, ACCEPT_LANGUAGE) {
        let primary = range.split(|byte| *byte == b'-').next().unwrap_or_default();
        if primary == b"*" {
            any = quality;
        }
        for language in Language::ALL {
            if primary.eq_ignore_ascii_case(language.tag().as_bytes()) {
                named[language as usize] = true;
                if quality > best.1 {
                    best = (language, quality);
                }
            }
        }
    }
    let unnamed = Language::ALL.into_iter().find(|language| !named[*language as usize]);
    unnamed.filter(|_| any > best.1).unwrap_or(best.0)
}

/// How welcome each content coding is (RFC 9110 §12.5.3), in thousandths; 0 is not acceptable.
#[derive(Debug, Default)]
pub struct Codings {
    named: [Option<u16>; Coding::ALL.len()],
    any: Option<u16>,
}

impl Codings {
    /// As Accept-Encoding has it.
    pub fn accepted(headers: &HeaderMap) -> Self {
        let mut codings = Codings::default();
        for (token, quality) in elements(headers, ACCEPT_ENCODING) {
            if token == b"*" {
                codings.any = Some(quality);
            }
            let known =
                Coding::ALL.iter().position(|coding| token.eq_ignore_ascii_case(coding.token().as_bytes()));
            if let Some(index) = known {
                codings.named[index] = Some(quality);
            }
        }
        codings
    }

    /// Of one coding.
    pub fn quality(&self, coding: Coding) -> u16 {
        let unnamed = match coding {
            // Acceptable unless refused, and the least wished for.
            Coding::Identity => self.any.filter(|quality| *quality == 0).or(Some(1)),
            _ => self.any,
        };
        self.named[coding as usize].or(unnamed).unwrap_or(0)
    }
}

/// The elements of a list-valued field with their weights in thousandths. One with a malformed weight is passed over.
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&[u8], u16)> {
    let values = headers.get_all(name).into_iter().map(|value| value.as_bytes());
    values.flat_map(|value| value.split(|byte| *byte == b',')).filter_map(|element| {
        let mut parts = element.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let token = parts.next().filter(|token| !token.is_empty())?;
        let weight =
            parts.find_map(|parameter| parameter.strip_prefix(b"q=").or(parameter.strip_prefix(b"Q=")));
        Some((token, weight.map_or(Some(1000), thousandths)?))
    })
}

/// `qvalue` of RFC 9110 §12.4.2: 0 to 1 with at most three decimals.
fn thousandths(weight: &[u8]) -> Option<u16> {
    let (whole, decimals) = match weight {
        [whole] | [whole, b'.'] => (whole, &[][..]),
        [whole, b'.', decimals @ ..] if decimals.len() <= 3 => (whole, decimals),
        _ => return None,
    };
    let digit = |index: usize| match decimals.get(index) {
        None => Some(0),
        Some(digit) => digit.is_ascii_digit().then(|| u16::from(digit - b'0')),
    };
    let fraction = digit(0)? * 100 + digit(1)? * 10 + digit(2)?;
    match whole {
        b'0' => Some(fraction),
        b'1' if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_form_follows_what_accept_names() {
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        for (accept, form_expected) in [
            (chromium, Form::Html),
            ("*/*", Form::Text),
            ("", Form::Text),
            ("application/json", Form::Json),
            ("application/json, text/plain, */*", Form::Json),
            ("text/html;q=0.5, application/json", Form::Json),
            ("text/html;q=0", Form::Text),
            ("TEXT/HTML", Form::Html),
            ("text/plain, text/html", Form::Text),
        ] {
            assert_eq!(form(&with(ACCEPT, accept)), form_expected, "{accept}");
        }
        assert_eq!(form(&HeaderMap::new()), Form::Text);
    }

    #[test]
    fn the_language_follows_what_is_wished_for_most() {
        use Language::{English, Spanish};
        for (accept, expected) in [
            ("es", Spanish),
            ("es-MX", Spanish),
            ("ES-419, en;q=0.9", Spanish),
            ("en-US,en;q=0.9,es;q=0.8", English),
            ("en;q=0.5, es;q=0.51", Spanish),
            ("es, en", Spanish),
            ("en, es", English),
            ("fr, es;q=0.3, en;q=0.2", Spanish),
            ("fr", English),
            ("", English),
            ("*", English),
            ("*, en;q=0", Spanish),
            ("*;q=0.1, en;q=0.2", English),
            ("en;q=0.1, *", Spanish),
            ("es;q=0, *;q=0.5", English),
            ("es;q=0", English),
            ("est", English),
            ("es;q=2, en;q=0.1", English),
        ] {
            assert_eq!(language(&with(ACCEPT_LANGUAGE, accept)), expected, "{accept}");
        }
        assert_eq!(language(&HeaderMap::new()), English);
    }

    #[test]
    fn a_coding_is_as_welcome_as_the_client_says() {
        for (accept, coding, expected) in [
            ("gzip, br", Coding::Brotli, 1000),
            ("gzip;q=0.5", Coding::Gzip, 500),
            ("gzip;q=0.123", Coding::Gzip, 123),
            ("gzip;q=0.1234", Coding::Gzip, 0),
            ("*;q=0.3", Coding::Zstd, 300),
            ("*, br;q=0", Coding::Brotli, 0),
            ("identity;q=0", Coding::Identity, 0),
            ("*;q=0", Coding::Identity, 0),
            ("*;q=0, identity", Coding::Identity, 1000),
            ("br", Coding::Identity, 1),
            ("", Coding::Gzip, 0),
            ("x-gzip", Coding::Gzip, 0),
        ] {
            let codings = Codings::accepted(&with(ACCEPT_ENCODING, accept));
            assert_eq!(codings.quality(coding), expected, "{accept} {coding:?}");
        }
        for malformed in ["br;q=2", "br;q=1.5", "br;q=0.1234", "br;q=.5", "br;q=0.-1", "br;q=", ";q=1"] {
            let codings = Codings::accepted(&with(ACCEPT_ENCODING, malformed));
            assert_eq!(codings.quality(Coding::Brotli), 0, "{malformed}");
        }
    }
}
