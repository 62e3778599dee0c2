//! Conditional requests (RFC 9110 §13).

use crate::web::representation::parse_http_date;
use hyper::{
    HeaderMap, Method,
    header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE},
};
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreconditionResult {
    /// Respond as if there were none.
    Proceed,
    /// 304: the client has it already.
    NotModified,
    /// 412.
    Failed,
}

/// Evaluates them in the order of §13.2.2 for a representation: its strong, quoted entity tag and modification time.
pub(crate) fn evaluate(
    method: &Method,
    request: &HeaderMap,
    etag: &str,
    modified: Option<OffsetDateTime>,
) -> PreconditionResult {
    let reading = matches!(*method, Method::GET | Method::HEAD);
    // Step 1, else step 2.
    if request.contains_key(IF_MATCH) {
        if !tags(request, IF_MATCH).any(|tag| tag == "*" || tag == etag) {
            return PreconditionResult::Failed;
        }
    } else if let Some((since, modified)) = date(request, IF_UNMODIFIED_SINCE).zip(modified)
        && modified > since
    {
        return PreconditionResult::Failed;
    }
    // Step 3, else step 4.
    if request.contains_key(IF_NONE_MATCH) {
        let has_it = tags(request, IF_NONE_MATCH).any(|tag| tag == "*" || weakly(tag) == etag);
        return match has_it {
            true if reading => PreconditionResult::NotModified,
            true => PreconditionResult::Failed,
            false => PreconditionResult::Proceed,
        };
    }
    match date(request, IF_MODIFIED_SINCE).zip(modified) {
        Some((since, modified)) if reading && modified <= since => PreconditionResult::NotModified,
        _ => PreconditionResult::Proceed,
    }
}

/// Whether a Range may be honoured (§13.1.5): there is no If-Range, or just one, and it names exactly this
/// representation. A date is a strong enough validator only if it equals ours.
pub(crate) fn range_holds(request: &HeaderMap, etag: &str, modified: Option<OffsetDateTime>) -> bool {
    if !request.contains_key(IF_RANGE) {
        return true;
    }
    let value = single(request, IF_RANGE).unwrap_or_default().trim();
    value == etag || (parse_http_date(value).is_some() && parse_http_date(value) == modified)
}

/// The members of a list of entity tags. A comma inside a tag does not split it.
fn tags(request: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|mut rest| {
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let opaque = rest.find('"').filter(|&at| at == 0 || rest.starts_with("W/\""));
            let end = match opaque {
                Some(open) => rest[open + 1..].find('"').map_or(rest.len(), |close| open + close + 2),
                None => rest.find(',').unwrap_or(rest.len()),
            };
            let (tag, more) = rest.split_at(end);
            rest = more;
            (!tag.is_empty()).then(|| tag.trim_end())
        })
    })
}

fn weakly(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// A field that is not exactly one valid date counts as absent (§13.1.3, §13.1.4).
fn date(request: &HeaderMap, name: HeaderName) -> Option<OffsetDateTime> {
    parse_http_date(single(request, name)?.trim())
}

/// The value of a field that a request may have once; none if it is absent or repeated.
fn single(request: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = request.get_all(name).into_iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;
    use time::macros::datetime;

    const ETAG: &str = "\"abc\"";
    const MODIFIED: &str = "Tue, 02 Jul 2024 19:00:00 GMT";
    const BEFORE: &str = "Tue, 02 Jul 2024 18:59:59 GMT";
    const AFTER: &str = "Tue, 02 Jul 2024 19:00:01 GMT";

    fn outcome(method: Method, fields: &[(&'static str, &'static str)]) -> PreconditionResult {
        let request: HeaderMap = fields
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        evaluate(&method, &request, ETAG, Some(datetime!(2024-07-02 19:00 UTC)))
    }

    #[test]
    fn each_precondition_means_what_the_rfc_says() {
        use PreconditionResult::{Failed, NotModified, Proceed};
        for (name, value, expected) in [
            ("if-match", "\"abc\"", Proceed),
            ("if-match", "*", Proceed),
            ("if-match", "\"x\", \"abc\"", Proceed),
            ("if-match", "\"x\"", Failed),
            ("if-match", "W/\"abc\"", Failed),
            ("if-match", "abc", Failed),
            ("if-none-match", "\"abc\"", NotModified),
            ("if-none-match", "W/\"abc\"", NotModified),
            ("if-none-match", "\"x,y\" , W/\"z\",\"abc\"", NotModified),
            ("if-none-match", "*", NotModified),
            ("if-none-match", "\"x\"", Proceed),
            ("if-none-match", "\"ab", Proceed),
            ("if-none-match", "", Proceed),
            ("if-unmodified-since", MODIFIED, Proceed),
            ("if-unmodified-since", AFTER, Proceed),
            ("if-unmodified-since", BEFORE, Failed),
            ("if-unmodified-since", "yesterday", Proceed),
            ("if-modified-since", MODIFIED, NotModified),
            ("if-modified-since", AFTER, NotModified),
            ("if-modified-since", BEFORE, Proceed),
            ("if-modified-since", "Tue, 99 Jul 2024 18:59:59 GMT", Proceed),
        ] {
            assert_eq!(outcome(Method::GET, &[(name, value)]), expected, "{name}: {value}");
        }
    }

    #[test]
    fn they_are_evaluated_in_the_order_of_the_rfc() {
        use PreconditionResult::{Failed, NotModified, Proceed};
        for (fields, expected) in [
            (&[("if-none-match", "\"x\""), ("if-modified-since", AFTER)][..], Proceed),
            (&[("if-none-match", "\"abc\""), ("if-modified-since", BEFORE)], NotModified),
            (&[("if-match", "\"abc\""), ("if-unmodified-since", BEFORE)], Proceed),
            (&[("if-match", "\"x\""), ("if-none-match", "\"abc\"")], Failed),
            (&[("if-match", "\"abc\""), ("if-none-match", "\"abc\"")], NotModified),
        ] {
            assert_eq!(outcome(Method::GET, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn what_is_not_a_read_fails_where_a_read_is_not_modified() {
        assert_eq!(outcome(Method::POST, &[("if-none-match", "*")]), PreconditionResult::Failed);
        assert_eq!(outcome(Method::POST, &[("if-modified-since", AFTER)]), PreconditionResult::Proceed);
    }

    #[test]
    fn a_range_holds_only_for_exactly_the_same_representation() {
        for (value, holds) in [
            ("\"abc\"", true),
            ("W/\"abc\"", false),
            ("\"x\"", false),
            (MODIFIED, true),
            (AFTER, false),
            ("*", false),
        ] {
            let request = HeaderMap::from_iter([(IF_RANGE, HeaderValue::from_static(value))]);
            assert_eq!(range_holds(&request, ETAG, Some(datetime!(2024-07-02 19:00 UTC))), holds, "{value}");
        }
        assert!(range_holds(&HeaderMap::new(), ETAG, None));
        let mut repeated = HeaderMap::from_iter([(IF_RANGE, HeaderValue::from_static(ETAG))]);
        repeated.append(IF_RANGE, HeaderValue::from_static("\"x\""));
        assert!(!range_holds(&repeated, ETAG, None), "the server cannot tell which of two is meant");
    }
}
