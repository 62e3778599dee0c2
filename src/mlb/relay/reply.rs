//! What the relay answers: a reply of MLB's with its age, or why there is none.

use crate::{
    answer::Outage,
    mlb::{
        freshness::Freshness,
        upstream::{PollError, Reply},
    },
    web::coding::{Coding, Effort, encode},
};
use bytes::Bytes;
use hyper::StatusCode;
use sha2::{Digest, Sha256};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// Below this, compressing saves less than it costs.
const GZIP_FROM: usize = 1024;
/// Nothing that is asked for changes faster: a reply that was old when it came is used for so long.
const SHORTEST_USE: Duration = Duration::from_secs(1);
/// However long MLB would allow an old reply to be used while it fails.
const STALE_CAP: Duration = Duration::from_secs(60 * 60);

/// How a request to the relay was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayOutcome {
    /// From the cache.
    Fresh,
    /// By a reply that MLB has just given, to this request or to another one with the same question.
    Asked,
    /// By an old reply, because MLB fails.
    Stale,
    /// By an error: MLB fails and there is no old reply.
    Failed,
    /// It brought no token or a wrong one.
    Unauthorized,
    /// It is no question of e6's.
    NotAQuestion,
}

impl RelayOutcome {
    /// All of them.
    pub const ALL: [RelayOutcome; 6] = [
        RelayOutcome::Fresh,
        RelayOutcome::Asked,
        RelayOutcome::Stale,
        RelayOutcome::Failed,
        RelayOutcome::Unauthorized,
        RelayOutcome::NotAQuestion,
    ];

    /// As metrics have it.
    pub fn name(self) -> &'static str {
        match self {
            RelayOutcome::Fresh => "fresh",
            RelayOutcome::Asked => "asked",
            RelayOutcome::Stale => "stale",
            RelayOutcome::Failed => "failed",
            RelayOutcome::Unauthorized => "unauthorized",
            RelayOutcome::NotAQuestion => "not_a_question",
        }
    }
}

/// An answer of the relay.
#[derive(Debug, Clone)]
pub enum Relayed {
    /// A reply of MLB's.
    Reply {
        /// The reply.
        content: Arc<ReplyContent>,
        /// How long ago the origin made it.
        age: Duration,
        /// How it was come by.
        outcome: RelayOutcome,
    },
    /// No reply.
    Failure(RelayError),
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayError {
    /// MLB's own status, or 502, 503 or 504.
    pub status: StatusCode,
    /// For whoever operates the server that asked.
    pub message: String,
    /// When to ask again, if anyone said so.
    pub retry_after: Option<Duration>,
}

impl Relayed {
    /// How the request was answered.
    pub fn outcome(&self) -> RelayOutcome {
        match self {
            Relayed::Reply { outcome, .. } => *outcome,
            Relayed::Failure(_) => RelayOutcome::Failed,
        }
    }
}

/// A reply with status 200.
#[derive(Debug)]
pub struct ReplyContent {
    /// Its body.
    pub body: Bytes,
    /// The same compressed, where that is worth it.
    pub gzip: Option<Bytes>,
    /// Its media type.
    pub media_type: String,
    /// Its entity tag, unquoted.
    pub tag: String,
    /// How old it was when it was received, and how long it may be kept.
    pub freshness: Freshness,
    received: Instant,
}

impl ReplyContent {
    /// Of a reply that was received at this moment.
    pub fn of(reply: Reply, received: Instant) -> Self {
        let gzip = (reply.body.len() >= GZIP_FROM)
            .then(|| encode(&reply.body, Coding::Gzip, Effort::Fast).ok())
            .flatten()
            .filter(|gzip| gzip.len() < reply.body.len());
        let tag = Sha256::digest(&reply.body).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        ReplyContent {
            body: reply.body.into(),
            gzip: gzip.map(Bytes::from),
            media_type: reply.media_type.unwrap_or_else(|| "application/json".into()),
            tag,
            freshness: reply.freshness,
            received,
        }
    }

    /// The bytes that it holds.
    pub fn size(&self) -> usize {
        self.body.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }

    /// How long ago the origin made it.
    pub fn age(&self, now: Instant) -> Duration {
        self.freshness.age + now.saturating_duration_since(self.received)
    }

    /// Whether it can be used without asking.
    pub fn is_fresh(&self, now: Instant) -> bool {
        let Freshness { max_age, is_storable, .. } = self.freshness;
        let is_new = || now.saturating_duration_since(self.received) < SHORTEST_USE;
        is_storable && !max_age.is_zero() && (self.age(now) < max_age || is_new())
    }

    /// Whether it can be used while MLB fails.
    pub fn is_better_than_none(&self, now: Instant) -> bool {
        let Freshness { max_age, stale_if_error, is_storable, .. } = self.freshness;
        is_storable && self.age(now) < max_age + stale_if_error.min(STALE_CAP)
    }

    /// `Cache-Control` for those who asked: MLB's spans, but only for their own caches, for they brought a token.
    pub fn cache_control(&self) -> String {
        let Freshness { max_age, stale_if_error, is_storable, .. } = self.freshness;
        match is_storable {
            true => {
                format!("private, max-age={}, stale-if-error={}", max_age.as_secs(), stale_if_error.as_secs())
            }
            false => "no-store".into(),
        }
    }
}

impl RelayError {
    /// Of a question that MLB did not answer.
    pub fn of(refusal: &PollError) -> Self {
        let (status, message) = match (refusal.trouble, refusal.status) {
            // From a relay in front of this one: its token is no matter of those who ask here.
            (_, Some(StatusCode::UNAUTHORIZED)) => {
                (StatusCode::BAD_GATEWAY, "the relay is refused by another relay".into())
            }
            (_, Some(status)) if status.is_client_error() || status.is_server_error() => {
                (status, format!("MLB replied {status} to the relay"))
            }
            (Outage::TooSlow, _) => {
                (StatusCode::GATEWAY_TIMEOUT, "MLB did not reply to the relay in time".into())
            }
            _ => (StatusCode::BAD_GATEWAY, "the relay has no usable reply from MLB".into()),
        };
        RelayError { status, message, retry_after: refusal.retry_after }
    }

    /// Of a question that has to be asked again later.
    pub fn later(status: StatusCode, message: &str, retry_after: Duration) -> Self {
        RelayError { status, message: message.into(), retry_after: Some(retry_after) }
    }
}
