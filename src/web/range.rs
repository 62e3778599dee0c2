//! Byte ranges (RFC 9110 §14).

use hyper::{HeaderMap, header::RANGE};
use std::ops::Range;

/// The most ranges in one request. More are an attack, not a download: the whole body is sent instead.
const RANGES_CAP: usize = 8;
/// Bytes between two ranges that are merged, because the head of a part costs about as much.
const GAP: usize = 80;

/// The ranges that a request asks for, of a body of known length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RangeRequest {
    /// The whole body: the request has no Range, or one that is malformed, in another unit or excessive.
    Whole,
    /// These parts: in order, apart, each within the body; at least one.
    Parts(Vec<Range<usize>>),
    /// 416: no range lies within the body.
    Nothing,
}

/// Reads the Range field of a GET.
pub(crate) fn wanted(request: &HeaderMap, length: usize) -> RangeRequest {
    let mut fields = request.get_all(RANGE).into_iter();
    let set = fields.next().and_then(|value| value.to_str().ok());
    let set =
        set.and_then(|value| value.split_once('=')).filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
    let (Some((_, set)), None) = (set, fields.next()) else { return RangeRequest::Whole };
    let specs = set.split(',').map(|spec| spec.trim_matches([' ', '\t'])).filter(|spec| !spec.is_empty());
    let parts: Option<Vec<_>> = specs.map(|spec| part(spec, length)).collect();
    let Some(mut parts) = parts.filter(|parts| (1..=RANGES_CAP).contains(&parts.len())) else {
        return RangeRequest::Whole;
    };
    parts.retain(|part| !part.is_empty());
    let asked: usize = parts.iter().map(ExactSizeIterator::len).sum();
    match parts.len() {
        0 => RangeRequest::Nothing,
        // Overlapping ranges that ask for more bytes than the body has.
        2.. if asked > length => RangeRequest::Whole,
        _ => RangeRequest::Parts(coalesced(parts)),
    }
}

/// One range; empty if it lies outside the body, none if it is malformed.
fn part(spec: &str, length: usize) -> Option<Range<usize>> {
    let (first, last) = spec.split_once('-')?;
    match (first.is_empty(), last.is_empty()) {
        (true, true) => None,
        (true, false) => Some(length.saturating_sub(position(last)?)..length),
        (false, true) => Some(position(first)?.min(length)..length),
        (false, false) => {
            let (first, last) = (position(first)?, position(last)?);
            (first <= last).then(|| first.min(length)..last.saturating_add(1).min(length))
        }
    }
}

/// `1*DIGIT`; a number that does not fit a machine word is past any end.
fn position(digits: &str) -> Option<usize> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(usize::MAX))
}

fn coalesced(mut parts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    parts.sort_by_key(|part| part.start);
    let mut apart: Vec<Range<usize>> = Vec::new();
    for part in parts {
        match apart.last_mut() {
            Some(last) if part.start <= last.end.saturating_add(GAP) => last.end = last.end.max(part.end),
            _ => apart.push(part),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    fn of(value: &str) -> RangeRequest {
        wanted(&HeaderMap::from_iter([(RANGE, HeaderValue::from_str(value).unwrap())]), 1000)
    }

    #[test]
    fn a_range_is_cut_from_the_body() {
        for (value, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-499", 0..500),
            ("bytes=500-", 500..1000),
            ("bytes=-1", 999..1000),
            ("bytes=-5000", 0..1000),
            ("bytes=990-99999999999999999999999999", 990..1000),
            ("BYTES=1-2", 1..3),
            ("bytes= 1-2 ,", 1..3),
            ("bytes=0-9,5-20", 0..21),
            ("bytes=0-9,60-69", 0..70),
            ("bytes=2000-,0-1", 0..2),
        ] {
            assert_eq!(of(value), RangeRequest::Parts(vec![part]), "{value}");
        }
        assert_eq!(of("bytes=900-909,0-9"), RangeRequest::Parts(vec![0..10, 900..910]));
    }

    #[test]
    fn what_makes_no_sense_is_ignored() {
        for value in [
            "bytes=",
            "bytes",
            "bytes=a-b",
            "bytes=5-1",
            "bytes=-",
            "bytes=+1-2",
            "bytes=1-2-3",
            "lines=1-2",
            "bytes=0x1-2",
            "bytes=0-1,x",
        ] {
            assert_eq!(of(value), RangeRequest::Whole, "{value}");
        }
        let twice: HeaderMap = [(RANGE, "bytes=0-1"), (RANGE, "bytes=2-3")]
            .into_iter()
            .map(|(name, value)| (name, HeaderValue::from_static(value)))
            .collect();
        assert_eq!(wanted(&twice, 1000), RangeRequest::Whole);
        assert_eq!(wanted(&HeaderMap::new(), 1000), RangeRequest::Whole);
    }

    #[test]
    fn what_lies_outside_cannot_be_satisfied() {
        for value in ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=5000-,6000-"] {
            assert_eq!(of(value), RangeRequest::Nothing, "{value}");
        }
    }

    #[test]
    fn bombs_get_the_whole_once() {
        assert_eq!(of("bytes=0-,0-,0-"), RangeRequest::Whole);
        assert_eq!(of("bytes=0-799,0-799,990-999"), RangeRequest::Whole);
        let many = (0..9).map(|n| format!("{0}-{0}", n * 100)).collect::<Vec<_>>().join(",");
        assert_eq!(of(&format!("bytes={many}")), RangeRequest::Whole);
    }
}
