//! Proactive negotiation (RFC 9110 §12): quality values, media types, languages, content codings.

use crate::{language::Language, web::coding::Coding};
use hyper::{
    HeaderMap,
    header::{ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, USER_AGENT},
};
use std::cmp::Reverse;

/// The request fields that the form depends on.
pub(crate) const FORM_FIELDS: [HeaderName; 2] = [ACCEPT, USER_AGENT];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For people with a browser.
    Html,
    /// For programs.
    Json,
    /// For people with a terminal.
    Text,
    /// The same with escape sequences, for clients that name it.
    Ansi,
}

/// Programs that print a response on a terminal, by their products in User-Agent (RFC 9110 §10.1.5).
const TERMINAL_CLIENTS: [&str; 16] = [
    "aria2",
    "curl",
    "fetch",
    "ftp",
    "httpie",
    "httpie-go",
    "hurl",
    "libfetch",
    "lwp-request",
    "NetBSD-ftp",
    "nushell",
    "PowerShell",
    "wget",
    "wget2",
    "WindowsPowerShell",
    "xh",
];

/// The precision with which a range of Accept matches a media type, the most exact last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Match {
    Refused,
    None,
    Any,
    Type,
    Exact,
}

/// The rank of a form: the quality, precision and position of the most exact range that matches it.
type Rank = (u16, Match, Reverse<usize>);

/// The form that Accept prefers: by quality, then by the more exact range, then by position (RFC 9110 §12.5.1). A tie,
/// as with `*/*`, gives plain text to terminal clients and HTML to all others.
pub fn form(headers: &HeaderMap) -> Form {
    const FORMS: [(Form, &str, &str); 4] = [
        (Form::Html, "text", "text/html"),
        (Form::Text, "text", "text/plain"),
        (Form::Json, "application", "application/json"),
        (Form::Ansi, "text", "text/x-ansi"),
    ];
    let mut found = [(Match::None, 0, Reverse(0)); FORMS.len()];
    for (position, (range, quality)) in elements(headers, ACCEPT).enumerate() {
        for ((form, kind, name), best) in FORMS.into_iter().zip(&mut found) {
            let matched = (matched(range, kind, name), quality, Reverse(position));
            if matched.0 > Match::None {
                *best = matched.max(*best);
            }
            // The range is the first one that ranks highest: none after it changes that.
            if matched.0 == Match::Exact && quality == 1000 {
                return form;
            }
        }
    }
    let [html, text, json, ansi] = found.map(|(matched, quality, position)| -> Rank {
        let is_refused = matched > Match::None && quality == 0;
        if is_refused { (0, Match::Refused, Reverse(0)) } else { (quality, matched, position) }
    });
    let best_for_people = html.max(text);
    if ansi > best_for_people.max(json) {
        return Form::Ansi;
    }
    if json > best_for_people {
        return Form::Json;
    }
    let is_text = if html == text { is_terminal_client(headers) } else { text > html };
    if is_text { Form::Text } else { Form::Html }
}

/// The precision with which a range matches a media type of this kind and name.
fn matched(range: &[u8], kind: &str, name: &str) -> Match {
    match range {
        b"*/*" => Match::Any,
        _ if range.eq_ignore_ascii_case(name.as_bytes()) => Match::Exact,
        [start @ .., b'/', b'*'] if start.eq_ignore_ascii_case(kind.as_bytes()) => Match::Type,
        _ => Match::None,
    }
}

/// Whether User-Agent names a terminal client. Comments are skipped, because crawlers name other products there.
fn is_terminal_client(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    let mut depth = 0_usize;
    let mut without_comments = agent.split(|char| {
        let was_outside = depth == 0;
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !was_outside || depth > 0 || char == ' '
    });
    without_comments.any(|product| {
        let name = product.split('/').next().unwrap_or_default();
        TERMINAL_CLIENTS.iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

/// The preferred language by Accept-Language (RFC 9110 §12.5.4), of equals the one named first. A range with a region
/// matches the language (RFC 4647 §3.4). A client that accepts none of ours gets the first.
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

/// The quality of each content coding (RFC 9110 §12.5.3), in thousandths; 0 is not acceptable.
#[derive(Debug, Default)]
pub struct Codings {
    named: [Option<u16>; Coding::ALL.len()],
    any: Option<u16>,
}

impl Codings {
    /// Reads Accept-Encoding.
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

    pub fn quality(&self, coding: Coding) -> u16 {
        let unnamed = match coding {
            // Acceptable unless refused, and the least preferred.
            Coding::Identity => self.any.filter(|quality| *quality == 0).or(Some(1)),
            _ => self.any,
        };
        self.named[coding as usize].or(unnamed).unwrap_or(0)
    }
}

/// The elements of a list-valued field with their weights in thousandths. One with a malformed weight is skipped.
pub(crate) fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&[u8], u16)> {
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
    fn the_form_follows_what_accept_prefers() {
        use Form::{Ansi, Html, Json, Text};
        let chromium = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
        // For a browser, a crawler or a library, and for curl.
        for (accept, browser, curl) in [
            (chromium, Html, Html),
            ("*/*", Html, Text),
            ("", Html, Text),
            ("text/*", Html, Text),
            ("image/png, */*;q=0.1", Html, Text),
            ("image/png", Html, Text),
            ("application/json", Json, Json),
            ("application/*", Json, Json),
            ("application/json, text/plain, */*", Json, Json),
            ("application/json, */*;q=0.5", Json, Json),
            ("application/json;q=0.5, */*", Html, Text),
            ("text/html;q=0.5, application/json", Json, Json),
            ("text/html;q=0.5, */*", Text, Text),
            ("text/html;q=0", Text, Text),
            ("text/html;q=0, text/*", Text, Text),
            ("text/plain;q=0", Html, Html),
            ("text/plain;q=0, */*", Html, Html),
            ("TEXT/HTML", Html, Html),
            ("text/html;level=1", Html, Html),
            ("text/plain", Text, Text),
            ("text/plain;q=0.9, text/html;q=0.8", Text, Text),
            ("text/plain;q=0.8, */*", Html, Html),
            ("text/plain, text/html", Text, Text),
            ("text/html, text/plain", Html, Html),
            ("text/plain, */*", Text, Text),
            ("text/x-ansi", Ansi, Ansi),
            ("text/x-ansi, */*;q=0.5", Ansi, Ansi),
            ("text/x-ansi;q=0.5, */*", Html, Text),
            ("text/x-ansi;q=0.5, text/*", Html, Text),
            ("text/html;q=2, text/plain;q=0.1", Text, Text),
        ] {
            let mut headers = with(ACCEPT, accept);
            assert_eq!(form(&headers), browser, "{accept}");
            headers.insert(USER_AGENT, HeaderValue::from_static("curl/8.14.1"));
            assert_eq!(form(&headers), curl, "curl: {accept}");
        }
        assert_eq!(form(&HeaderMap::new()), Html);
    }

    #[test]
    fn a_terminal_client_is_known_by_its_product() {
        for agent in [
            "curl/8.14.1",
            "Wget/1.25.0",
            "Wget",
            "wget2/2.2.0",
            "HTTPie/3.2.4",
            "xh/0.24.1",
            "fetch libfetch/2.0",
            "OpenBSD ftp",
            "aria2/1.37.0",
            "lwp-request/6.78 libwww-perl/6.78",
            "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.26100.4202",
            "Mozilla/5.0 (Linux; Debian GNU/Linux 13 (trixie); en-US) PowerShell/7.5.1",
        ] {
            assert_eq!(form(&with(USER_AGENT, agent)), Form::Text, "{agent}");
        }
        for agent in [
            "",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
            "SomeBot/1.0 (like curl/8.0; Wget/1.0) Gecko",
            "SomeBot/1.0 (curl/8.0",
            "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
            "libcurl-agent/1.0",
            "curly/1.0",
            "\u{ff}curl/8.0",
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, HeaderValue::from_bytes(agent.as_bytes()).unwrap());
            assert_eq!(form(&headers), Form::Html, "{agent}");
        }
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
