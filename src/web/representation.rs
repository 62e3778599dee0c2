//! A body in each content coding, with every header field made before the request.

use crate::{hash, language::Language, web::coding::Coding};
use bytes::Bytes;
use hyper::{
    HeaderMap,
    header::{
        ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
        CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, VARY,
    },
};
use std::time::Duration;
use time::OffsetDateTime;

/// The current state of one resource in every coding that saves enough (RFC 9110 §3.2).
#[derive(Debug, Clone)]
pub struct Representation {
    /// Identity first; never empty.
    pub(crate) variants: Vec<Variant>,
    /// The time of its last modification, in whole seconds.
    pub(crate) modified: Option<OffsetDateTime>,
}

/// One coding of a representation.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub coding: Coding,
    pub body: Bytes,
    /// Strong, quoted.
    pub etag: HeaderValue,
    /// The fields of a 200.
    pub fields: HeaderMap,
    /// The fields of a 304 (RFC 9110 §15.4.5).
    pub not_modified: HeaderMap,
}

/// The caches that may keep a response, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Every cache, for ever: the URL changes with the content.
    Forever,
    /// Every cache, for this long; after that it may serve it stale while it revalidates.
    For(Duration),
    /// Like `For`, but only the client's own cache. A shared cache that ignores Vary would serve it to a client that
    /// prefers another form or language.
    Private(Duration),
    /// No cache: each response is for one request.
    Never,
}

/// The metadata of a representation.
pub(crate) struct RepresentationFields<'a> {
    pub media_type: &'a str,
    pub caching: Caching,
    pub modified: Option<OffsetDateTime>,
    /// The language, if it is for people.
    pub language: Option<Language>,
    /// Further fields, such as a page's security policy.
    pub more: HeaderMap,
}

impl Representation {
    /// A resource at its own URL, last modified at `modified`, that caches may keep for `lasts`.
    pub fn published(body: Vec<u8>, media_type: &str, modified: OffsetDateTime, lasts: Duration) -> Self {
        let (caching, modified) = (Caching::For(lasts), Some(modified));
        Self::of(
            body,
            &RepresentationFields { caching, modified, ..RepresentationFields::momentary(media_type) },
        )
    }

    /// Encodes bytes in every coding that saves enough.
    pub(crate) fn of(bytes: Vec<u8>, fields: &RepresentationFields) -> Self {
        let tag = tag(&bytes);
        let variants =
            crate::web::coding::variants(&bytes, fields.media_type, crate::web::coding::Effort::Fast);
        Self::from_variants(
            variants.into_iter().map(|(coding, body)| (coding, coding.tag(&tag), Bytes::from(body))),
            fields,
        )
    }

    /// Bytes made for one request, which are not worth encoding.
    pub(crate) fn once(bytes: Vec<u8>, media_type: &str) -> Self {
        Self::single(bytes, &RepresentationFields::momentary(media_type))
    }

    /// Bytes without content coding, with these fields.
    pub(crate) fn single(bytes: Vec<u8>, fields: &RepresentationFields) -> Self {
        Self::from_variants([(Coding::Identity, tag(&bytes), Bytes::from(bytes))], fields)
    }

    /// Takes variants that are already encoded, each with its unquoted entity tag; identity first.
    pub(crate) fn from_variants(
        variants: impl IntoIterator<Item = (Coding, String, Bytes)>,
        fields: &RepresentationFields,
    ) -> Self {
        let variants: Vec<_> = variants.into_iter().collect();
        let is_coded = variants.len() > 1;
        let variant = |(coding, tag, body): (Coding, String, Bytes)| Variant::new(coding, &tag, body, fields);
        let made = Representation {
            variants: variants.into_iter().map(variant).collect(),
            modified: fields.modified.and_then(|at| at.replace_nanosecond(0).ok()),
        };
        if is_coded { made.varying(&[ACCEPT_ENCODING]) } else { made }
    }

    /// The same bytes with these request fields added to Vary (RFC 9110 §12.5.5).
    pub(crate) fn varying(&self, on: &[HeaderName]) -> Self {
        let mut varying = self.clone();
        for variant in &mut varying.variants {
            for fields in [&mut variant.fields, &mut variant.not_modified] {
                let before = fields.get(VARY).and_then(|vary| vary.to_str().ok()).unwrap_or_default();
                let mut names: Vec<_> = before.split(", ").filter(|name| !name.is_empty()).collect();
                names.extend(on.iter().map(HeaderName::as_str));
                names.sort_unstable();
                names.dedup();
                let vary = field(&names.join(", "));
                fields.insert(VARY, vary);
            }
        }
        varying
    }

    /// The same bytes with another Cache-Control.
    pub(crate) fn kept(&self, caching: Caching) -> Self {
        let mut kept = self.clone();
        for variant in &mut kept.variants {
            for fields in [&mut variant.fields, &mut variant.not_modified] {
                fields.insert(CACHE_CONTROL, field(&caching.to_string()));
            }
        }
        kept
    }
}

/// The opaque part of an entity tag.
fn tag(bytes: &[u8]) -> String {
    hash::hex(bytes, hash::SHORT)
}

impl Variant {
    fn new(coding: Coding, tag: &str, body: Bytes, fields: &RepresentationFields) -> Self {
        let etag = field(&format!("\"{tag}\""));
        let mut shared = fields.more.clone();
        let mut put = |name: HeaderName, value: Option<String>| {
            if let Some(value) = value {
                shared.insert(name, field(&value));
            }
        };
        put(CACHE_CONTROL, Some(fields.caching.to_string()));
        put(LAST_MODIFIED, fields.modified.map(http_date));
        shared.insert(ETAG, etag.clone());
        let not_modified = shared.clone();
        shared.insert(CONTENT_TYPE, field(fields.media_type));
        if let Some(language) = fields.language {
            shared.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        }
        shared.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        if fields.caching != Caching::Never {
            shared.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        if coding != Coding::Identity {
            shared.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.token()));
        }
        Variant { coding, body, etag, fields: shared, not_modified }
    }
}

impl std::fmt::Display for Caching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Caching::Forever => f.write_str("public, max-age=31536000, immutable"),
            Caching::For(span) => write!(f, "public, {}", Lasting(*span)),
            Caching::Private(span) => write!(f, "private, {}", Lasting(*span)),
            Caching::Never => f.write_str("no-store"),
        }
    }
}

/// The cache directives for this lifetime (RFC 9111 §5.2.2.1, RFC 5861).
struct Lasting(Duration);

impl std::fmt::Display for Lasting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        write!(f, "max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=600")
    }
}

/// Formats a date as IMF-fixdate (RFC 9110 §5.6.7).
pub(crate) fn http_date(at: OffsetDateTime) -> String {
    httpdate::fmt_http_date(at.into())
}

/// Parses any of the three forms of a date (RFC 9110 §5.6.7).
pub(crate) fn parse_http_date(text: &str) -> Option<OffsetDateTime> {
    httpdate::parse_http_date(text).ok().map(OffsetDateTime::from)
}

/// A value for a header field. All values are ASCII that we made; an invalid one is replaced by an empty one.
pub(crate) fn field(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(HeaderValue::from_static(""))
}

/// The value of a field that differs in every response. HTTP/2 never indexes it (RFC 7541 §6.2.3), because it would
/// displace values that come again.
pub(crate) fn unique(value: impl Into<HeaderValue>) -> HeaderValue {
    let mut value = value.into();
    value.set_sensitive(true);
    value
}
