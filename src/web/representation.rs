//! A body in each content coding, with every header field made before the request.

use crate::{
    hash,
    language::Language,
    per_worker::PerWorker,
    web::coding::{self, Coding, Effort},
};
use bytes::Bytes;
use hyper::{
    HeaderMap,
    header::{
        ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH,
        CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LAST_MODIFIED, REFERRER_POLICY,
        REFRESH, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
    time::Duration,
};
use time::OffsetDateTime;

/// The current state of one resource in every coding that saves enough (RFC 9110 §3.2).
#[derive(Debug, Clone)]
pub struct Representation {
    /// Identity first; never empty.
    bodies: Arc<[EncodedBody]>,
    fields: RepresentationFields,
    /// The request fields that the body depends on (RFC 9110 §12.5.5).
    vary: Vec<HeaderName>,
    variants: Arc<PerWorker<OnceLock<Box<[Variant]>>>>,
}

/// Fields that say what to do with the body. A 304 omits them, because a cache keeps those of the stored response
/// (RFC 9110 §15.4.5, RFC 9111 §4.3.4).
const KEPT_WITH_THE_BODY: [HeaderName; 6] = [
    CONTENT_SECURITY_POLICY,
    HeaderName::from_static("cross-origin-opener-policy"),
    HeaderName::from_static("permissions-policy"),
    REFERRER_POLICY,
    REFRESH,
    X_CONTENT_TYPE_OPTIONS,
];

/// The body in one coding.
#[derive(Debug)]
struct EncodedBody {
    coding: Coding,
    /// Without quotes.
    tag: String,
    bytes: Bytes,
}

/// One coding of a representation, ready to send.
#[derive(Debug)]
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
    /// Every cache, without a time limit: the URL changes with the content.
    Forever,
    /// Every cache, for this long.
    For(Lifetime),
    /// Like `For`, but only the client's own cache. A shared cache that ignores Vary would serve it to a client that
    /// prefers another form or language.
    Private(Lifetime),
    /// No cache: each response is for one request.
    Never,
}

/// A header field. The values of most are known at compile time; these are never counted or copied.
pub(crate) type Field = (HeaderName, Cow<'static, str>);

/// The time for which a cache may keep a response without asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It is expected to change; after this time a cache may serve it stale while it revalidates.
    Changing(Duration),
    /// It is not expected to change, so that a reload need not ask either (RFC 8246).
    Settled(Duration),
}

/// The properties that pages published together have in common.
#[derive(Debug, Clone, Copy)]
pub struct Publication {
    /// The time of the last modification.
    pub modified: OffsetDateTime,
    /// The time for which caches may keep them.
    pub lifetime: Lifetime,
    /// The effort to encode them.
    pub effort: Effort,
}

impl Publication {
    /// Pages that change now.
    pub fn now(lifetime: Lifetime) -> Self {
        // By the system's clock, because it is compared with dates from other programs.
        Publication { modified: OffsetDateTime::now_utc(), lifetime, effort: Effort::Fast }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct RepresentationFields {
    pub media_type: Cow<'static, str>,
    pub caching: Caching,
    pub modified: Option<OffsetDateTime>,
    /// The language, if it is for people.
    pub language: Option<Language>,
    /// Further fields, such as a page's security policy.
    pub more: Vec<Field>,
    /// The effort to encode the bytes.
    pub effort: Effort,
}

impl RepresentationFields {
    /// The fields of a response that is for one request only.
    pub fn momentary(media_type: impl Into<Cow<'static, str>>) -> Self {
        RepresentationFields {
            media_type: media_type.into(),
            caching: Caching::Never,
            modified: None,
            language: None,
            more: Vec::new(),
            effort: Effort::Fast,
        }
    }

    /// The fields of a resource that is published, for every cache.
    pub fn published(
        media_type: impl Into<Cow<'static, str>>,
        Publication { modified, lifetime, effort }: Publication,
    ) -> Self {
        RepresentationFields {
            caching: Caching::For(lifetime),
            modified: Some(modified),
            effort,
            ..RepresentationFields::momentary(media_type)
        }
    }
}

impl Representation {
    /// A resource at its own URL.
    pub fn published(body: Vec<u8>, media_type: &'static str, publication: Publication) -> Self {
        Self::of(body, RepresentationFields::published(media_type, publication))
    }

    /// Encodes bytes in every coding that saves enough.
    pub(crate) fn of(bytes: Vec<u8>, fields: RepresentationFields) -> Self {
        let tag = tag(&bytes);
        let encoded = coding::variants(&bytes, &fields.media_type, fields.effort)
            .into_iter()
            .map(|(coding, body)| (coding, coding.tag(&tag), Bytes::from(body)));
        // Caches keep it until it can have other codings.
        let will_vary = fields.effort == Effort::None && coding::is_compressible(&fields.media_type);
        let made = Self::from_variants(encoded, fields);
        if will_vary { made.varying(&[ACCEPT_ENCODING]) } else { made }
    }

    /// Bytes made for one request, which are not worth encoding.
    pub(crate) fn once(bytes: Vec<u8>, media_type: impl Into<Cow<'static, str>>) -> Self {
        Self::single(bytes, RepresentationFields::momentary(media_type))
    }

    /// Bytes without content coding, with these fields.
    pub(crate) fn single(bytes: Vec<u8>, fields: RepresentationFields) -> Self {
        Self::from_variants([(Coding::Identity, tag(&bytes), Bytes::from(bytes))], fields)
    }

    /// Takes variants that are already encoded, each with its unquoted entity tag; identity first.
    pub(crate) fn from_variants(
        variants: impl IntoIterator<Item = (Coding, String, Bytes)>,
        fields: RepresentationFields,
    ) -> Self {
        let body = |(coding, tag, bytes)| EncodedBody { coding, tag, bytes };
        let bodies: Arc<[_]> = variants.into_iter().map(body).collect();
        let vary = if bodies.len() > 1 { vec![ACCEPT_ENCODING] } else { Vec::new() };
        Self::new(bodies, fields, vary)
    }

    fn new(bodies: Arc<[EncodedBody]>, fields: RepresentationFields, vary: Vec<HeaderName>) -> Self {
        Representation { bodies, fields, vary, variants: Arc::new(PerWorker::new(OnceLock::new)) }
    }

    /// The same bytes with these request fields added to Vary (RFC 9110 §12.5.5).
    pub(crate) fn varying(&self, on: &[HeaderName]) -> Self {
        let vary = [&self.vary[..], on].concat();
        Self::new(self.bodies.clone(), self.fields.clone(), vary)
    }

    /// The bytes of its bodies.
    pub(crate) fn size(&self) -> usize {
        self.bodies.iter().map(|body| body.bytes.len()).sum()
    }

    /// The same bytes with another Cache-Control.
    pub(crate) fn with_caching(&self, caching: Caching) -> Self {
        let fields = RepresentationFields { caching, ..self.fields.clone() };
        Self::new(self.bodies.clone(), fields, self.vary.clone())
    }

    /// The same bytes with further fields.
    pub(crate) fn with(&self, more: impl IntoIterator<Item = Field>) -> Self {
        let mut fields = self.fields.clone();
        fields.more.extend(more);
        Self::new(self.bodies.clone(), fields, self.vary.clone())
    }

    /// The time of its last modification, in whole seconds.
    pub(crate) fn modified(&self) -> Option<OffsetDateTime> {
        self.fields.modified.and_then(|at| at.replace_nanosecond(0).ok())
    }

    /// The variants, identity first; never empty. Each worker makes its own when it first sends one, because a response
    /// counts references to the body and to the values of its fields, and workers that shared the counts would wait for
    /// each other's cache lines.
    pub(crate) fn variants(&self) -> &[Variant] {
        let make = || self.bodies.iter().map(|body| Variant::new(body, &self.fields, &self.vary)).collect();
        self.variants.own().get_or_init(make)
    }
}

/// The opaque part of an entity tag.
fn tag(bytes: &[u8]) -> String {
    hash::hex(bytes, hash::SHORT)
}

impl Variant {
    fn new(body: &EncodedBody, fields: &RepresentationFields, vary: &[HeaderName]) -> Self {
        let etag = field(&format!("\"{}\"", body.tag));
        let mut shared: HeaderMap =
            fields.more.iter().map(|(name, text)| (name.clone(), value(text.clone()))).collect();
        shared.insert(CACHE_CONTROL, field(&fields.caching.to_string()));
        if let Some(modified) = fields.modified {
            shared.insert(LAST_MODIFIED, field(&http_date(modified)));
        }
        if !vary.is_empty() {
            let mut names: Vec<_> = vary.iter().map(HeaderName::as_str).collect();
            names.sort_unstable();
            names.dedup();
            shared.insert(VARY, field(&names.join(", ")));
        }
        shared.insert(ETAG, etag.clone());
        let mut not_modified = shared.clone();
        KEPT_WITH_THE_BODY.iter().for_each(|name| drop(not_modified.remove(name)));
        shared.insert(CONTENT_TYPE, value(fields.media_type.clone()));
        if let Some(language) = fields.language {
            shared.insert(CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
        }
        shared.insert(CONTENT_LENGTH, HeaderValue::from(body.bytes.len()));
        if fields.caching != Caching::Never {
            shared.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        if body.coding != Coding::Identity {
            shared.insert(CONTENT_ENCODING, HeaderValue::from_static(body.coding.token()));
        }
        // The same bytes, with a count of their own.
        let bytes = Bytes::from_owner(body.bytes.clone());
        Variant { coding: body.coding, body: bytes, etag, fields: shared, not_modified }
    }
}

/// The value of a field, without a count if it is known at compile time.
fn value(text: Cow<'static, str>) -> HeaderValue {
    match text {
        Cow::Borrowed(text) => HeaderValue::from_static(text),
        Cow::Owned(text) => field(&text),
    }
}

impl std::fmt::Display for Caching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Caching::Forever => f.write_str("public, max-age=31536000, immutable"),
            Caching::For(span) => write!(f, "public, {span}"),
            Caching::Private(span) => write!(f, "private, {span}"),
            Caching::Never => f.write_str("no-store"),
        }
    }
}

/// The cache directives (RFC 9111 §5.2.2.1, RFC 5861, RFC 8246).
impl std::fmt::Display for Lifetime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Lifetime::Changing(span) => {
                let seconds = span.as_secs();
                write!(f, "max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error=600")
            }
            Lifetime::Settled(span) => write!(f, "max-age={}, immutable", span.as_secs()),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::per_worker::{become_worker, workers};
    use std::thread;

    #[test]
    fn each_worker_sends_the_same_from_values_of_its_own() {
        let more = vec![(CONTENT_TYPE, "overwritten".into()), (VARY, "overwritten".into())];
        let fields = RepresentationFields { more, ..RepresentationFields::momentary("text/plain") };
        let text = "a text that is worth encoding. ".repeat(100);
        let made = Representation::of(text.clone().into(), fields).varying(&[CONTENT_LANGUAGE]);
        let of = |worker| {
            thread::scope(|scope| {
                let run = || {
                    become_worker(worker);
                    made.variants()
                };
                scope.spawn(run).join().unwrap()
            })
        };
        let (first, second) = (of(0), of(1));
        assert_eq!(std::ptr::eq(first, second), workers() == 1);
        for (variant, other) in first.iter().zip(second) {
            assert_eq!((&variant.fields, &variant.not_modified), (&other.fields, &other.not_modified));
            assert_eq!((&variant.body, &variant.etag), (&other.body, &other.etag));
            assert_eq!(variant.fields[VARY], "accept-encoding, content-language");
            assert_eq!(variant.fields[CONTENT_TYPE], "text/plain");
            assert_eq!(variant.fields[CONTENT_LENGTH], variant.body.len().to_string());
        }
        assert_eq!(first[0].body, text);
        assert_eq!(first.len(), 4);
        let private = made.with_caching(Caching::Private(Lifetime::Changing(Duration::from_secs(5))));
        assert!(private.variants().iter().all(|variant| variant.etag == variant.fields[ETAG]));
        assert_eq!(private.variants()[0].fields[CACHE_CONTROL].to_str().unwrap()[..7], *"private");
    }
}
