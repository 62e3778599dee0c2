//! What is known of one request's way through the server: written down by `web`, drawn by `page`.
//!
//! As JSON it is what programs get from `/how`: fields are added at the end, never changed. It holds nothing but what the
//! reader knows of himself already, and no text that he sent but the path he asks about and the name his TLS client asked for.

use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};

/// One request's way.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// 16 hex digits, as in `X-Request-Id` and the access log.
    pub request_id: String,
    /// The path that is explained; none where no path of ours is written so.
    pub path: Option<String>,
    /// It is this request's own, and not another that was asked about.
    pub own: bool,
    /// The connection.
    pub connection: ConnectionTrace,
    /// What the TLS handshake agreed on; none in clear.
    pub tls: Option<TlsTrace>,
    /// The table of URL patterns, in order.
    pub routes: Vec<RouteTrace>,
    /// The answer.
    pub answer: ResponseTrace,
    /// When MLB was asked for what pages say.
    pub mlb: MlbTrace,
    /// Where the time went.
    pub microseconds: Timings,
    /// The process that answered.
    pub server: ProcessTrace,
}

/// A connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionTrace {
    /// `HTTP/2.0`, as the access log has it.
    pub protocol: &'static str,
    /// Why this protocol.
    pub chosen_by: ChosenBy,
    /// 4 or 6; none where a Unix socket leads here.
    pub ip_version: Option<u8>,
    /// The thread that serves it.
    pub worker: usize,
    /// Which request on this connection this is, from 1.
    pub request: u64,
    /// `http` or `https`, as the reader wrote it: a proxy in front may speak TLS with him.
    pub scheme: &'static str,
    /// Whether a proxy stands in between.
    pub proxied: bool,
}

/// How a protocol was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// In the TLS handshake (RFC 7301).
    Alpn,
    /// The client offered nothing in the handshake: HTTP/1.1.
    NoAlpn,
    /// In clear there is only HTTP/1.1.
    Clear,
}

/// What a TLS handshake agreed on.
#[derive(Debug, Clone, Serialize)]
pub struct TlsTrace {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The key exchange's; none where a TLS 1.2 session was resumed.
    pub group: Option<&'static str>,
    /// Whether the key exchange withstands a quantum computer.
    pub post_quantum: bool,
    /// Whether it continued an earlier session.
    pub resumed: bool,
    /// The name the client asked for.
    pub server_name: Option<String>,
}

/// A row of the table of URL patterns.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTrace {
    /// An exact path, or a prefix ending in `*`.
    pub pattern: &'static str,
    /// What is there.
    pub about: &'static str,
    /// What became of it.
    pub outcome: RouteOutcome,
}

/// What became of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteOutcome {
    /// It was tried and did not match.
    Passed,
    /// It matched.
    Matched,
    /// Another had matched before it, or there was no path to match.
    NotTried,
}

/// An answer.
#[derive(Debug, Clone, Serialize)]
pub struct ResponseTrace {
    /// HTTP's.
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// What caused its bytes to be made.
    pub made: Made,
    /// When they were made.
    #[serde(with = "rfc3339::option")]
    pub made_at: Option<OffsetDateTime>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Content codings that the client accepts and we have, the best first.
    pub acceptable: Vec<&'static str>,
    /// The one that was chosen.
    pub coding: &'static str,
    /// Length of the body before it was encoded; none where it is made for each request.
    pub bytes_before: Option<u64>,
    /// And after.
    pub bytes_after: Option<u64>,
    /// How long caches may keep it.
    pub cache_control: Option<String>,
}

/// What causes bytes to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// The binary is built: static assets.
    Build,
    /// The process starts: error pages and probes.
    Start,
    /// The answer to the question changes, or is asked for anew.
    Answer,
    /// Somebody asks.
    Request,
}

/// The last time MLB was heard.
#[derive(Debug, Clone, Serialize)]
pub struct MlbTrace {
    /// By the site's clock; none if it never was.
    #[serde(with = "rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
    /// Seconds since.
    pub seconds_ago: Option<f64>,
    /// How long the round of questions took, in milliseconds; none if this process has not asked with success.
    pub took_ms: Option<f64>,
}

/// Microseconds by where they were spent, in order.
#[derive(Debug, Clone, Serialize)]
pub struct Timings {
    /// From the kernel's hand-over of the connection until it was served.
    pub accept: f64,
    /// In the TLS handshake; none in clear.
    pub handshake: Option<f64>,
    /// Waiting for this request: since the one before it, or since the connection was ready.
    pub wait: f64,
    /// Finding the pattern.
    pub route: f64,
    /// Choosing and preparing the response. None for a page that is still being made while it says so: the response's
    /// `Server-Timing` has that.
    pub answer: Option<f64>,
}

/// A running binary.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessTrace {
    /// e6's version.
    pub version: &'static str,
    /// The commit it was built from.
    pub commit: &'static str,
    /// The compiler.
    pub rustc: &'static str,
    /// What it was compiled for.
    pub target: &'static str,
    /// When it was built.
    #[serde(with = "rfc3339")]
    pub built_at: OffsetDateTime,
    /// When it was started.
    #[serde(with = "rfc3339")]
    pub started_at: OffsetDateTime,
    /// Responses to visitors since then.
    pub answered: u64,
    /// How many processes before it have handed it their sockets: upgrades without a pause.
    pub upgrades: u32,
}
