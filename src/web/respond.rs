//! The one function that makes a response from a representation and a request: negotiate, check preconditions, cut the
//! range, send shared bytes.

use crate::web::{
    negotiate::Codings,
    precondition::{self, PreconditionResult},
    range::{self, RangeRequest},
    representation::{Representation, Variant, field, unique},
};
use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE},
};
use std::ops::Range;

/// A response with a whole body, which is shared.
pub(crate) type FullResponse = Response<Full<Bytes>>;

/// The refusal of a request that a representation cannot answer: the status, and fields for the response.
pub(crate) struct RefusedRepresentation {
    pub status: StatusCode,
    pub fields: HeaderMap,
}

impl RefusedRepresentation {
    pub fn of(status: StatusCode) -> Self {
        RefusedRepresentation { status, fields: HeaderMap::new() }
    }
}

/// The response to a GET or HEAD of this representation.
pub(crate) fn respond(
    representation: &Representation,
    method: &Method,
    request: &HeaderMap,
) -> Result<FullResponse, RefusedRepresentation> {
    let variant = choose(representation.variants(), request)
        .ok_or_else(|| RefusedRepresentation::of(StatusCode::NOT_ACCEPTABLE))?;
    let (etag, modified) = (variant.etag.to_str().unwrap_or_default(), representation.modified());
    match precondition::evaluate(method, request, etag, modified) {
        PreconditionResult::Proceed => {}
        PreconditionResult::NotModified => {
            return Ok(with(StatusCode::NOT_MODIFIED, variant.not_modified.clone(), Bytes::new()));
        }
        PreconditionResult::Failed => return Err(RefusedRepresentation::of(StatusCode::PRECONDITION_FAILED)),
    }
    // Only a GET has ranges (RFC 9110 §14.2).
    let wanted = match *method == Method::GET && precondition::range_holds(request, etag, modified) {
        true => range::wanted(request, variant.body.len()),
        false => RangeRequest::Whole,
    };
    match wanted {
        RangeRequest::Whole => Ok(with(StatusCode::OK, variant.fields.clone(), variant.body.clone())),
        RangeRequest::Parts(parts) => Ok(partial(variant, &parts)),
        RangeRequest::Nothing => {
            let length = unique(field(&format!("bytes */{}", variant.body.len())));
            let mut refused = RefusedRepresentation::of(StatusCode::RANGE_NOT_SATISFIABLE);
            refused.fields.insert(CONTENT_RANGE, length);
            Err(refused)
        }
    }
}

/// A representation under another status, without preconditions and ranges: for error pages.
pub(crate) fn respond_as(
    status: StatusCode,
    representation: &Representation,
    request: &HeaderMap,
) -> FullResponse {
    // A page in a coding that the client refused is more useful than none.
    let variant = choose(representation.variants(), request).unwrap_or(&representation.variants()[0]);
    with(status, variant.fields.clone(), variant.body.clone())
}

fn with(status: StatusCode, fields: HeaderMap, body: Bytes) -> FullResponse {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    response
}

/// 206 (RFC 9110 §15.3.7): one range as it is, several as multipart/byteranges.
fn partial(variant: &Variant, parts: &[Range<usize>]) -> FullResponse {
    let length = variant.body.len();
    let content_range = |part: &Range<usize>| format!("bytes {}-{}/{length}", part.start, part.end - 1);
    let mut fields = variant.fields.clone();
    let body = match parts {
        [part] => {
            fields.insert(CONTENT_RANGE, unique(field(&content_range(part))));
            variant.body.slice(part.clone())
        }
        parts => {
            // No part contains the hash of the whole.
            let boundary = format!("e6-{}", variant.etag.to_str().unwrap_or_default().trim_matches('"'));
            let media_type =
                variant.fields.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let mut body = BytesMut::new();
            for part in parts {
                let head = format!(
                    "\r\n--{boundary}\r\ncontent-type: {media_type}\r\ncontent-range: {}\r\n\r\n",
                    content_range(part)
                );
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(&variant.body[part.clone()]);
            }
            body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
            fields.insert(CONTENT_TYPE, field(&format!("multipart/byteranges; boundary={boundary}")));
            body.freeze()
        }
    };
    fields.insert(CONTENT_LENGTH, body.len().into());
    with(StatusCode::PARTIAL_CONTENT, fields, body)
}

/// The variant with the preferred coding; none if the client refuses all of them.
fn choose<'a>(variants: &'a [Variant], request: &HeaderMap) -> Option<&'a Variant> {
    let accepted = Codings::accepted(request);
    variants
        .iter()
        .map(|variant| (accepted.quality(variant.coding), variant))
        .filter(|(quality, _)| *quality > 0)
        .max_by_key(|(quality, variant)| (*quality, variant.coding))
        .map(|(_, variant)| variant)
}
