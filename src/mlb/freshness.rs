//! The age of a reply and how long it may be cached: `Age` and `Cache-Control` (RFC 9111, RFC 5861), parsed leniently.

use std::time::Duration;
use ureq::http::{
    HeaderMap,
    header::{AGE, CACHE_CONTROL, HeaderName},
};

/// Cap on numbers of seconds: one year.
const SPAN_CAP: u64 = 365 * 24 * 60 * 60;

/// A reply's age and lifetimes, by its header fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Freshness {
    /// The reply's age when it was received; zero if `Age` is missing or unreadable.
    pub age: Duration,
    /// The age up to which it may be used without a new request (`s-maxage`, else `max-age`); zero if not given.
    pub max_age: Duration,
    /// The time after that for which it may be used while the origin fails; zero if not given.
    pub stale_if_error: Duration,
    /// Whether it may be cached at all.
    pub is_storable: bool,
}

impl Freshness {
    /// Reads the fields of a reply. A field or directive that cannot be read counts as missing.
    pub fn of(fields: &HeaderMap) -> Self {
        let values = |name: HeaderName| {
            fields
                .get_all(name)
                .into_iter()
                .filter_map(|value| value.to_str().ok())
                .flat_map(|value| value.split(','))
        };
        let mut shared = None;
        // A cache that adds a second Age does not make the reply younger.
        let age = values(AGE).filter_map(seconds).max().unwrap_or_default();
        let mut freshness = Freshness { age, is_storable: true, ..Freshness::default() };
        for directive in values(CACHE_CONTROL) {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            match name.trim().to_ascii_lowercase().as_str() {
                "max-age" => freshness.max_age = seconds(value).unwrap_or_default(),
                "s-maxage" => shared = seconds(value),
                "stale-if-error" => freshness.stale_if_error = seconds(value).unwrap_or_default(),
                "no-store" => freshness.is_storable = false,
                "no-cache" => shared = Some(Duration::ZERO),
                _ => {}
            }
        }
        freshness.max_age = shared.unwrap_or(freshness.max_age);
        freshness
    }
}

/// A number of seconds: quotes, spaces, a sign and fractions are tolerated.
fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"').trim();
    let whole = text.split('.').next().unwrap_or(text);
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Too many digits for an integer: the cap.
    Some(Duration::from_secs(whole.parse().unwrap_or(SPAN_CAP).min(SPAN_CAP)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ureq::http::HeaderValue;

    fn read(fields: &[(HeaderName, &str)]) -> Freshness {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        Freshness::of(&map)
    }

    #[test]
    fn mlbs_fields_are_read() {
        let value = "max-age=10, public, stale-while-revalidate=30, stale-if-error=86400";
        let freshness = read(&[(CACHE_CONTROL, value), (AGE, "24")]);
        let [age, max_age, stale_if_error] = [24, 10, 86_400].map(Duration::from_secs);
        assert_eq!(freshness, Freshness { age, max_age, stale_if_error, is_storable: true });
    }

    #[test]
    fn an_age_is_read_leniently_and_the_greatest_counts() {
        for (value, expected) in [
            ("10800", 10_800),
            (" 7 ", 7),
            ("\"7\"", 7),
            ("7.9", 7),
            ("3, 9", 9),
            ("-5", 0),
            ("soon", 0),
            ("", 0),
            ("99999999999999999999999", SPAN_CAP),
        ] {
            assert_eq!(read(&[(AGE, value)]).age, Duration::from_secs(expected), "{value:?}");
        }
        assert_eq!(read(&[(AGE, "3"), (AGE, "12")]).age, Duration::from_secs(12));
        assert_eq!(read(&[]).age, Duration::ZERO);
    }

    #[test]
    fn cache_control_is_read_leniently() {
        for (value, max_age, is_storable) in [
            ("MAX-AGE=20", 20, true),
            ("max-age=\"20\" , public", 20, true),
            (" max-age = 20", 20, true),
            ("max-age=20, s-maxage=5", 5, true),
            ("s-maxage=5, max-age=20", 5, true),
            ("max-age=-1", 0, true),
            ("max-age", 0, true),
            ("max-age=x, public", 0, true),
            ("no-cache, max-age=20", 0, true),
            ("max-age=20, no-store", 20, false),
            ("", 0, true),
            (",,=,", 0, true),
        ] {
            let freshness = read(&[(CACHE_CONTROL, value)]);
            assert_eq!(freshness.max_age, Duration::from_secs(max_age), "{value:?}");
            assert_eq!(freshness.is_storable, is_storable, "{value:?}");
        }
    }
}
