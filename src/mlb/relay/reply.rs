//! The relay's replies: MLB's reply with its age, or an error.

use crate::{
    answer::Outage,
    hash,
    mlb::{
        freshness::Freshness,
        question::Question,
        upstream::{PollError, Reply},
    },
    name::named,
    web::coding::{Coding, Effort, encode},
};
use bytes::Bytes;
use hyper::StatusCode;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// The size from which compressing saves more than it costs.
const GZIP_FROM: usize = 1024;
/// The shortest use of a reply, even of one that was old when it came: no data changes faster.
const SHORTEST_USE: Duration = Duration::from_secs(1);
/// Cap on `stale-if-error`: the longest use of an old reply while MLB fails.
const STALE_CAP: Duration = Duration::from_secs(60 * 60);

named! {
    pub enum RelayOutcome {
        Fresh = "fresh",
        /// With a reply that MLB has just given, to this request or to another one with the same question.
        Asked = "asked",
        /// With an old reply, because MLB fails.
        Stale = "stale",
        /// With an error: MLB fails and there is no old reply.
        Failed = "failed",
        Unauthorized = "unauthorized",
        NotAQuestion = "not_a_question",
    }
}

#[derive(Debug, Clone)]
pub enum Relayed {
    Reply {
        content: Arc<ReplyContent>,
        /// The time since the origin made it.
        age: Duration,
        /// Fresh, asked or stale.
        outcome: RelayOutcome,
        /// The failure because of which the reply is an old one.
        failure: Option<RelayError>,
    },
    Failure(RelayError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayError {
    /// MLB's own status, or 502, 503 or 504.
    pub status: StatusCode,
    /// The message for the operator of the server that asked.
    pub message: String,
    /// The wait before a retry, if known.
    pub retry_after: Option<Duration>,
    /// The cause, as far as it matters to a visitor.
    pub trouble: Outage,
}

impl Relayed {
    pub fn outcome(&self) -> RelayOutcome {
        match self {
            Relayed::Reply { outcome, .. } => *outcome,
            Relayed::Failure(_) => RelayOutcome::Failed,
        }
    }

    /// The reply to a question of this process's own poller, which keeps the last good facts itself: it takes no old
    /// reply.
    pub fn into_reply(self, question: &Question) -> Result<Reply, PollError> {
        match self {
            Relayed::Reply { content, age, failure: None, .. } => Ok(Reply {
                status: StatusCode::OK,
                retry_after: None,
                date: None,
                freshness: Freshness { age, ..content.freshness },
                media_type: Some(content.media_type.clone()),
                body: content.body.to_vec(),
            }),
            Relayed::Reply { failure: Some(failure), .. } | Relayed::Failure(failure) => Err(PollError {
                trouble: failure.trouble,
                status: Some(failure.status),
                retry_after: failure.retry_after,
                what: format!("{question}: {}", failure.message),
            }),
        }
    }
}

/// A reply with status 200.
#[derive(Debug)]
pub struct ReplyContent {
    pub body: Bytes,
    /// The same compressed; none if that saves too little.
    pub gzip: Option<Bytes>,
    pub media_type: String,
    /// Its entity tag, unquoted.
    pub tag: String,
    /// Its age when it was received, and how long it may be cached.
    pub freshness: Freshness,
    received: Instant,
}

impl ReplyContent {
    pub fn of(reply: Reply, received: Instant) -> Self {
        let gzip = (reply.body.len() >= GZIP_FROM)
            .then(|| encode(&reply.body, Coding::Gzip, Effort::Fast).ok())
            .flatten()
            .filter(|gzip| gzip.len() < reply.body.len());
        let tag = hash::hex(&reply.body, hash::SHORT);
        ReplyContent {
            body: reply.body.into(),
            gzip: gzip.map(Bytes::from),
            media_type: reply.media_type.unwrap_or_else(|| "application/json".into()),
            tag,
            freshness: reply.freshness,
            received,
        }
    }

    /// The size in bytes, compressed form included.
    pub fn size(&self) -> usize {
        self.body.len() + self.gzip.as_ref().map_or(0, Bytes::len)
    }

    /// The time since the origin made it.
    pub fn age(&self, now: Instant) -> Duration {
        self.freshness.age + now.saturating_duration_since(self.received)
    }

    /// Whether it can be used without asking MLB.
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

    /// `Cache-Control` for clients: MLB's lifetimes, but `private`, because their requests carry a token.
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
    pub fn of(refusal: &PollError) -> Self {
        let (status, message) = match (refusal.trouble, refusal.status) {
            // Sent by a relay in front of this one: its token is not our clients' concern.
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
        RelayError { status, message, retry_after: refusal.retry_after, trouble: refusal.trouble }
    }

    /// An error with a time to retry after.
    pub fn later(status: StatusCode, message: &str, retry_after: Duration) -> Self {
        let trouble =
            if status == StatusCode::GATEWAY_TIMEOUT { Outage::TooSlow } else { Outage::TurnedAway };
        RelayError { status, message: message.into(), retry_after: Some(retry_after), trouble }
    }
}
