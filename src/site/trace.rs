//! The trace of one request's way through the server: recorded by `site`, drawn by `how`.
//!
//! Programs get it from `/how` as JSON: fields are added at the end, never changed. About the client it holds only
//! facts that the client knows, and of the client's text only the path in question and the TLS server name.

use serde::Serialize;
use time::{OffsetDateTime, serde::rfc3339};

/// The trace of one request.
#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// 16 hex digits, as in `X-Request-Id` and the access log.
    pub request_id: String,
    /// The path that is explained; none if it is invalid.
    pub path: Option<String>,
    /// Whether the path is this request's own, not another one from its query.
    pub own: bool,
    /// The connection.
    pub connection: ConnectionTrace,
    /// The parameters that the TLS handshake negotiated; none without TLS.
    pub tls: Option<TlsTrace>,
    /// The table of URL patterns, in order.
    pub routes: Vec<RouteTrace>,
    /// The response.
    pub answer: ResponseTrace,
    /// MLB's data and the last poll of it.
    pub mlb: MlbTrace,
    /// The time spent in each step.
    pub microseconds: Timings,
    /// The process that responded.
    pub server: ProcessTrace,
}

/// A connection.
#[derive(Debug, Clone, Serialize)]
pub struct ConnectionTrace {
    /// `HTTP/2.0`, as the access log has it.
    pub protocol: &'static str,
    /// How the protocol was chosen.
    pub chosen_by: ChosenBy,
    /// 4 or 6; none for a client on a Unix socket.
    pub ip_version: Option<u8>,
    /// The thread that serves it.
    pub worker: usize,
    /// The number of this request on its connection, from 1.
    pub request: u64,
    /// `http` or `https`, as the client used it: a proxy in front may terminate TLS.
    pub scheme: &'static str,
    /// Whether a trusted proxy named the client or its scheme.
    pub proxied: bool,
}

/// The way in which a protocol was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// In the TLS handshake (RFC 7301).
    Alpn,
    /// The client offered nothing in the handshake: HTTP/1.1.
    NoAlpn,
    /// Without TLS there is only HTTP/1.1.
    Clear,
}

/// The parameters that a TLS handshake negotiated.
#[derive(Debug, Clone, Serialize)]
pub struct TlsTrace {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The cipher suite's IANA name.
    pub cipher: String,
    /// The group of the key exchange; none if a TLS 1.2 session was resumed.
    pub group: Option<&'static str>,
    /// Whether the key exchange resists quantum computers.
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
    /// A description of its target.
    pub about: &'static str,
    /// The outcome of matching it.
    pub outcome: RouteOutcome,
}

/// The outcome of matching a pattern.
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

/// A response.
#[derive(Debug, Clone, Serialize)]
pub struct ResponseTrace {
    /// The HTTP status.
    pub status: u16,
    /// The target of a redirect.
    pub location: Option<String>,
    /// The event that made its bytes.
    pub made: Made,
    /// The time when they were made.
    #[serde(with = "rfc3339::option")]
    pub made_at: Option<OffsetDateTime>,
    /// Its media type.
    pub media_type: Option<String>,
    /// Content codings that the client accepts and the server supports, the best first.
    pub acceptable: Vec<&'static str>,
    /// The content coding that was chosen.
    pub coding: &'static str,
    /// Length of the body before it was encoded; none if it is made for each request.
    pub bytes_before: Option<u64>,
    /// Length of the body as it is sent.
    pub bytes_after: Option<u64>,
    /// Its Cache-Control.
    pub cache_control: Option<String>,
}

/// The event that makes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Made {
    /// The build of the binary: static assets.
    Build,
    /// The start of the process: error pages and probes.
    Start,
    /// A change or an update of the answer.
    Answer,
    /// A request.
    Request,
}

/// MLB's data and the last poll of it.
#[derive(Debug, Clone, Serialize)]
pub struct MlbTrace {
    /// The time at which MLB made the data, by the site's clock; none if it was never read.
    #[serde(with = "rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
    /// Seconds since then.
    pub seconds_ago: Option<f64>,
    /// Duration of the last poll, in milliseconds; none if this process has not polled successfully yet.
    pub took_ms: Option<f64>,
}

/// Microseconds spent in each step, in order.
#[derive(Debug, Clone, Serialize)]
pub struct Timings {
    /// From accepting the connection until its task began.
    pub accept: f64,
    /// The TLS handshake; none without TLS.
    pub handshake: Option<f64>,
    /// Waiting for this request: since the one before it, or since the connection was ready.
    pub wait: f64,
    /// Finding the pattern.
    pub route: f64,
    /// Choosing and preparing the response. None for a page about itself, which is still being made: the response's
    /// `Server-Timing` has it.
    pub answer: Option<f64>,
}

/// The running process.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessTrace {
    /// e6's version.
    pub version: &'static str,
    /// The commit it was built from.
    pub commit: &'static str,
    /// The compiler.
    pub rustc: &'static str,
    /// The target that it was compiled for.
    pub target: &'static str,
    /// The time of the build.
    #[serde(with = "rfc3339")]
    pub built_at: OffsetDateTime,
    /// The time of the start.
    #[serde(with = "rfc3339")]
    pub started_at: OffsetDateTime,
    /// Responses to visitors since then.
    pub answered: u64,
    /// The number of upgrades without downtime: processes before it that have handed over their sockets.
    pub upgrades: u32,
}
