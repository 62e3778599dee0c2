//! Targets, Range, Accept and its relatives, and preconditions.

use crate::{
    fuzzing::{SERVICE, at_once, connection, fields, first_line},
    language::Language,
    site::{
        routes::{ROUTES, RoutedPath},
        sample,
    },
    web::{
        coding::Coding,
        negotiate::{self, Form},
        path::{self, PathForm},
        precondition::{self, PreconditionResult},
        representation::{
            Caching, Lifetime, Representation, RepresentationFields, http_date, parse_http_date,
        },
        respond::{FullResponse, respond},
    },
};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    HeaderMap, Method, Request, StatusCode, Uri,
    header::{
        ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HOST,
        HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE,
        LOCATION, RANGE,
    },
};
use percent_encoding::percent_decode_str;
use std::{sync::LazyLock, time::Duration};
use time::{OffsetDateTime, macros::datetime};

const MODIFIED: OffsetDateTime = datetime!(2024-07-03 12:00 UTC);

/// A path and perhaps a query. Its canonical form means the same and is one; a redirect leads to it and nowhere else.
pub fn target(input: &[u8]) {
    let Ok(text) = str::from_utf8(input) else { return };
    let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
    if let PathForm::Means(canonical) = path::read(path) {
        assert_eq!(path::read(&canonical), PathForm::Canonical);
        assert!(canonical.starts_with('/') && !canonical.starts_with("//"), "{canonical} is no path of ours");
        assert_eq!(meaning(path), meaning(&canonical));
        assert_eq!(
            RoutedPath::of(ROUTES, path).route.map(|route| route.pattern),
            RoutedPath::of(ROUTES, &canonical).route.map(|route| route.pattern)
        );
    }
    let reference = path::reference(path, query);
    assert!(HeaderValue::from_str(&reference).is_ok() && reference.is_ascii());
    let (path_of, query_of) =
        reference.split_once('?').map_or((&*reference, None), |(path, query)| (path, Some(query)));
    assert_eq!(path::reference(path_of, query_of), reference, "a reference has nothing left to escape");
    assert_eq!((decoded(path_of), query_of.map(decoded)), (decoded(path), query.map(decoded)));
    let Some((status, location)) = redirected(text) else { return };
    if let Some(location) = location.filter(|_| status.is_redirection()) {
        assert!(location.starts_with('/') && !location.starts_with("//"), "{location} leads elsewhere");
        let (followed, _) = redirected(&location).expect("a redirect leads to a target");
        assert!(!followed.is_redirection(), "{text} is redirected twice");
        let uri: Uri = location.parse().unwrap();
        assert_eq!(meaning(uri.path()), meaning(path));
        assert_eq!(uri.query().map(decoded), query.map(decoded));
    }
}

/// The status of a request with this target, and the place to which it is redirected; none if it is no target.
fn redirected(target: &str) -> Option<(StatusCode, Option<String>)> {
    // A client sends no fragment.
    let uri: Uri = target.parse().ok().filter(|_| target.starts_with('/') && !target.contains('#'))?;
    let request = Request::builder().uri(uri).header(HOST, "localhost").body(Empty::<Bytes>::new()).unwrap();
    let response = sample::respond(&SERVICE, &request, &connection(None));
    assert_ne!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let location = response.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
    Some((response.status(), location))
}

/// The decoded segments that a path leads to (RFC 3986 §5.2.4, §6.2.2).
fn meaning(path: &str) -> Vec<Vec<u8>> {
    let mut segments = Vec::new();
    for segment in path.split('/').map(decoded) {
        match &segment[..] {
            b"" | b"." => {}
            b".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    segments
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// A body's length and Range fields. Each part lies within the body and has its bytes; all bytes asked for are there.
pub fn range(input: &[u8]) {
    let (length, lines) = first_line(input);
    let length =
        str::from_utf8(length).ok().and_then(|text| text.parse().ok()).unwrap_or(1000).min(4096_usize);
    let body: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
    let request = fields(lines);
    let wanted = asked(&request, length);
    match respond(&representation(body.clone(), "text/plain"), &Method::GET, &request) {
        Ok(response) => {
            let (status, parts) = (response.status(), parts(response, length));
            assert!(
                status == StatusCode::PARTIAL_CONTENT || parts.len() == 1 && parts[0] == (0, body.clone())
            );
            let mut end = 0;
            let mut sent = vec![false; length];
            for (start, bytes) in parts {
                assert!(start >= end, "parts overlap, or are out of order");
                end = start + bytes.len();
                assert_eq!(body.get(start..end), Some(&bytes[..]));
                assert!(!bytes.is_empty() || length == 0);
                sent[start..end].fill(true);
            }
            for (at, is_asked) in wanted.iter().flatten().enumerate() {
                assert!(!is_asked || sent[at], "byte {at} is missing");
            }
        }
        Err(refused) => {
            assert_eq!(refused.status, StatusCode::RANGE_NOT_SATISFIABLE);
            assert_eq!(refused.fields[CONTENT_RANGE], format!("bytes */{length}"));
            assert!(wanted.is_none_or(|asked| !asked.contains(&true)));
        }
    }
}

/// The bytes that a Range field asks for; none if the field is absent or invalid.
fn asked(request: &HeaderMap, length: usize) -> Option<Vec<bool>> {
    let set = request.get(RANGE)?.to_str().ok()?;
    let mut asked = vec![false; length];
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u128>().unwrap_or(u128::MAX))
    };
    for spec in set.strip_prefix("bytes=")?.split(',').map(str::trim).filter(|spec| !spec.is_empty()) {
        let (first, last) = spec.split_once('-')?;
        let (first, last) = match (number(first), number(last)) {
            (None, Some(suffix)) if first.is_empty() => ((length as u128).saturating_sub(suffix), u128::MAX),
            (Some(first), None) if last.is_empty() => (first, u128::MAX),
            (Some(first), Some(last)) if first <= last => (first, last),
            _ => return None,
        };
        let is_in = |at: usize| (first..=last).contains(&(at as u128));
        (0..length).filter(|at| is_in(*at)).for_each(|at| asked[at] = true);
    }
    Some(asked)
}

/// The bytes of each part of a response, and where it begins in the body.
fn parts(response: FullResponse, length: usize) -> Vec<(usize, Vec<u8>)> {
    let head = response.headers().clone();
    let body = bytes_of(response);
    let start = |range: &str| {
        let (part, whole) = range.strip_prefix("bytes ").unwrap().split_once('/').unwrap();
        assert_eq!(whole, length.to_string());
        let (first, last) = part.split_once('-').unwrap();
        let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
        (first, last + 1 - first)
    };
    if let Some(range) = head.get(CONTENT_RANGE) {
        let (first, count) = start(range.to_str().unwrap());
        assert_eq!(body.len(), count);
        return vec![(first, body.to_vec())];
    }
    let media_type = head[CONTENT_TYPE].to_str().unwrap();
    let Some(boundary) = media_type.strip_prefix("multipart/byteranges; boundary=") else {
        return vec![(0, body.to_vec())];
    };
    let mut rest = &body[..];
    let mut parts = Vec::new();
    let begin = format!("\r\n--{boundary}\r\ncontent-type: text/plain\r\ncontent-range: ");
    while let Some(part) = rest.strip_prefix(begin.as_bytes()) {
        let end = part.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let (first, count) = start(str::from_utf8(&part[..end]).unwrap());
        parts.push((first, part[end + 4..end + 4 + count].to_vec()));
        rest = &part[end + 4 + count..];
    }
    assert_eq!(rest, format!("\r\n--{boundary}--\r\n").as_bytes());
    parts
}

fn bytes_of(response: FullResponse) -> Bytes {
    at_once(response.into_body().collect()).unwrap().unwrap().to_bytes()
}

fn representation(body: Vec<u8>, media_type: &'static str) -> Representation {
    let caching = Caching::For(Lifetime::Changing(Duration::from_secs(5)));
    let fields = RepresentationFields {
        caching,
        modified: Some(MODIFIED),
        ..RepresentationFields::momentary(media_type)
    };
    Representation::single(body, fields)
}

/// Accept, Accept-Encoding, Accept-Language and User-Agent. Nothing that the client refuses is chosen while it accepts
/// something else, and nothing is chosen that it likes less than another.
pub fn accept(input: &[u8]) {
    let request = fields(input);
    let liking = |kind: &str, name: &str| liking(&request, kind, name);
    let forms = [
        (Form::Html, liking("text", "text/html")),
        (Form::Text, liking("text", "text/plain")),
        (Form::Json, liking("application", "application/json")),
        (Form::Ansi, liking("text", "text/x-ansi")),
    ];
    let quality = |quality: Option<u16>| quality.unwrap_or(0);
    let form = negotiate::form(&request);
    let chosen = forms.iter().find(|(other, _)| *other == form).unwrap().1;
    let best = forms.iter().map(|(_, liked)| quality(*liked)).max().unwrap();
    assert_eq!(quality(chosen), best, "{form:?} of {forms:?}");
    assert!(chosen != Some(0) || forms.iter().all(|(_, liked)| *liked == Some(0)), "{form:?} of {forms:?}");

    let chosen = negotiate::language(&request);
    let liked = |language: Language| {
        let named = |range: &[u8]| {
            range.split(|byte| *byte == b'-').next().unwrap().eq_ignore_ascii_case(language.tag().as_bytes())
        };
        let (mut own, mut any) = (None, 0);
        for (range, quality) in negotiate::elements(&request, ACCEPT_LANGUAGE) {
            match range {
                range if range.split(|byte| *byte == b'-').next() == Some(b"*") => any = quality,
                range if named(range) => own = own.max(Some(quality)),
                _ => {}
            }
        }
        own.unwrap_or(any)
    };
    assert_eq!(liked(chosen), Language::ALL.into_iter().map(liked).max().unwrap(), "{chosen:?}");

    static TEXT: LazyLock<Representation> = LazyLock::new(|| {
        Representation::of("some text ".repeat(200).into(), RepresentationFields::momentary("text/plain"))
    });
    let liked = |coding: Coding| {
        let last = |name: &str| {
            let is_it = |(token, _): &(&[u8], u16)| token.eq_ignore_ascii_case(name.as_bytes());
            negotiate::elements(&request, ACCEPT_ENCODING).filter(is_it).map(|(_, quality)| quality).last()
        };
        match (last(coding.token()), last("*"), coding) {
            (Some(named), ..) => named,
            (None, Some(0), _) => 0,
            // It is always acceptable (RFC 9110 §12.5.3), and the least preferred.
            (None, _, Coding::Identity) => 1,
            (None, any, _) => any.unwrap_or(0),
        }
    };
    let best = Coding::ALL.into_iter().map(liked).max().unwrap();
    match respond(&TEXT, &Method::GET, &request) {
        Ok(response) => {
            let token =
                response.headers().get(CONTENT_ENCODING).map_or("identity", |value| value.to_str().unwrap());
            let coding = Coding::ALL.into_iter().find(|coding| coding.token() == token).unwrap();
            assert!(best > 0 && liked(coding) == best, "{token}");
        }
        Err(refused) => assert!(refused.status == StatusCode::NOT_ACCEPTABLE && best == 0),
    }
}

/// The quality of a media type (RFC 9110 §12.5.1): that of the most exact ranges which match it; none without one.
fn liking(request: &HeaderMap, kind: &str, name: &str) -> Option<u16> {
    let any_of_kind = format!("{kind}/*");
    [name, &any_of_kind, "*/*"].into_iter().find_map(|wanted| {
        let is_it = |(range, _): &(&[u8], u16)| range.eq_ignore_ascii_case(wanted.as_bytes());
        negotiate::elements(request, ACCEPT).filter(is_it).map(|(_, quality)| quality).max()
    })
}

/// Preconditions and If-Range; `@` stands for the entity tag. A 304, a 412 and a part each have a field that asks for
/// it.
pub fn conditions(input: &[u8]) {
    let representation = representation(b"0123456789".to_vec(), "text/plain");
    let etag = representation.variants()[0].etag.to_str().unwrap().to_owned();
    let opaque = etag.trim_matches('"');
    let lines: Vec<u8> = input
        .iter()
        .flat_map(|byte| if *byte == b'@' { opaque.as_bytes() } else { std::slice::from_ref(byte) })
        .copied()
        .collect();
    let request = fields(&lines);
    let values = |name: HeaderName| request.get_all(name).into_iter().map(HeaderValue::as_bytes);
    let names_it = |name: HeaderName| {
        let has = |value: &[u8], text: &str| value.windows(text.len()).any(|part| part == text.as_bytes());
        values(name).any(|value| value.contains(&b'*') || has(value, &etag))
    };
    let date = |name: HeaderName| {
        let all: Vec<_> = values(name).collect();
        let [value] = all[..] else { return None };
        parse_http_date(str::from_utf8(value).ok()?.trim())
    };
    for at in [IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE, IF_RANGE].map(date).into_iter().flatten() {
        assert_eq!(parse_http_date(&http_date(at)), Some(at), "a date is read as it is written");
    }
    let is_modified_since = date(IF_MODIFIED_SINCE).is_none_or(|since| MODIFIED > since);
    let is_unmodified_since = date(IF_UNMODIFIED_SINCE).is_none_or(|since| MODIFIED <= since);
    for method in [Method::GET, Method::HEAD] {
        match respond(&representation, &method, &request) {
            Ok(response) if response.status() == StatusCode::NOT_MODIFIED => {
                assert!(bytes_of(response).is_empty());
                match request.contains_key(IF_NONE_MATCH) {
                    true => assert!(names_it(IF_NONE_MATCH)),
                    false => assert!(!is_modified_since),
                }
            }
            Ok(response) => {
                let if_range: Vec<_> = values(IF_RANGE).collect();
                let may_be_part = match if_range[..] {
                    [] => true,
                    [value] => value == etag.as_bytes() || date(IF_RANGE) == Some(MODIFIED),
                    _ => false,
                };
                let is_part = response.status() == StatusCode::PARTIAL_CONTENT;
                assert!(!is_part || may_be_part && method == Method::GET);
                assert!(request.contains_key(IF_MATCH) || is_unmodified_since);
                assert!(request.contains_key(IF_NONE_MATCH) || is_modified_since);
            }
            Err(refused) if refused.status == StatusCode::PRECONDITION_FAILED => {
                let is_asked = request.contains_key(IF_MATCH) || !is_unmodified_since;
                assert!(is_asked, "nothing asks for a 412");
            }
            Err(refused) => assert_eq!(refused.status, StatusCode::RANGE_NOT_SATISFIABLE),
        }
    }
    // The same conditions on a request that changes something: it goes on only where a GET finds another state.
    let changing = precondition::evaluate(&Method::PUT, &request, &etag, Some(MODIFIED));
    let reading = precondition::evaluate(&Method::GET, &request, &etag, Some(MODIFIED));
    assert_ne!(changing, PreconditionResult::NotModified);
    assert!(changing == reading || reading == PreconditionResult::NotModified);
}
