//! The trace of one request's way through the server: recorded by `site`, drawn by `how`.
//!
//! Programs get it from `/how` as JSON: fields are added at the end, never changed. About the client it holds only
//! facts that the client knows, and of the client's text only the path in question, the host and the TLS server name.

use crate::name::named;
use serde::Serialize;
use std::time::{Duration, Instant};
use time::{OffsetDateTime, serde::rfc3339};

#[derive(Debug, Clone, Serialize)]
pub struct Trace {
    /// 16 hex digits, as in `X-Request-Id` and the access log.
    pub request_id: String,
    /// The path that is explained; none if it is invalid.
    pub path: Option<String>,
    /// Whether the path is this request's own, not another one from its query.
    pub own: bool,
    pub connection: ConnectionTrace,
    /// The parameters that the TLS handshake negotiated; none without TLS.
    pub tls: Option<TlsTrace>,
    /// The table of URL patterns, in order.
    pub routes: Vec<RouteTrace>,
    pub answer: ResponseTrace,
    pub mlb: MlbTrace,
    pub microseconds: Timings,
    pub server: ProcessTrace,
    /// The change to the request whose effect is explained; none for a request as it was or would be sent.
    pub what_if: Option<WhatIf>,
}

named! {
    /// A change to a request: how it is sent, or which fields it has.
    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum WhatIf {
        /// The client offers HTTP/1.1 only.
        Http1 = "http1",
        /// The client connects without TLS.
        NoTls = "no_tls",
        /// The client has the response already (`If-None-Match`).
        Unchanged = "unchanged",
        /// The client wants the first 100 bytes (`Range`).
        Range = "range",
        /// The client accepts gzip and no other coding.
        Gzip = "gzip",
        /// The client prefers English.
        English = "english",
        /// The client prefers Spanish.
        Spanish = "spanish",
    }
}

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
    /// QUIC; none over TCP.
    pub quic: Option<QuicTrace>,
    /// The number of this request on its connection, from 1.
    pub request: u64,
    /// `http` or `https`, as the client used it: a proxy in front may terminate TLS.
    pub scheme: &'static str,
    /// Whether a trusted proxy named the client or its scheme.
    pub proxied: bool,
    /// The client's address, with its port if the connection is the client's own or a proxy names the port; none for
    /// one on a Unix socket.
    pub client: Option<String>,
    /// Address and port of the other end, this server's or that of a proxy with the PROXY protocol; none behind other
    /// proxies or a port mapping, and on a Unix socket.
    pub server: Option<String>,
    /// Scheme and authority of the client's URL; none if the request names no plain host.
    pub origin: Option<String>,
    /// The same without TLS; none if the site has no such listener.
    pub clear_origin: Option<String>,
    /// Milliseconds without a request, before this one, on a connection that was ready. The time is the client's own:
    /// nothing worked or waited meanwhile.
    pub idle_ms: f64,
    /// Whether the certificate at `origin` is signed by this process itself.
    #[serde(skip)]
    pub self_signed: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct QuicTrace {
    /// Whether the client had to prove its address before the handshake.
    pub address_validated: bool,
    /// How often the client's address has changed.
    pub migrations: u32,
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
    /// The cipher suite's IANA name; none over QUIC, where it is not known.
    pub cipher: Option<String>,
    /// The group of the key exchange; none if a TLS 1.2 session was resumed.
    pub group: Option<&'static str>,
    /// Whether the key exchange resists quantum computers.
    pub post_quantum: bool,
    /// Whether it continued an earlier session.
    pub resumed: bool,
    /// The name the client asked for.
    pub server_name: Option<String>,
    /// Whether this process signed the certificate itself, so that clients do not trust it.
    pub self_signed: bool,
}

/// A row of the table of URL patterns.
#[derive(Debug, Clone, Serialize)]
pub struct RouteTrace {
    /// An exact path, or a prefix ending in `*`.
    pub pattern: &'static str,
    /// A description of its target.
    pub about: &'static str,
    pub outcome: RouteOutcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteOutcome {
    /// It was tried and did not match.
    Passed,
    Matched,
    /// Another had matched before it, or there was no path to match.
    NotTried,
}

#[derive(Debug, Clone, Serialize)]
pub struct ResponseTrace {
    pub status: u16,
    /// The target of a redirect.
    pub location: Option<String>,
    pub made: Made,
    #[serde(with = "rfc3339::option")]
    pub made_at: Option<OffsetDateTime>,
    /// Its media type; for a 304, that of the body which the client has.
    pub media_type: Option<String>,
    /// Content codings that the client accepts and the server supports, the best first.
    pub acceptable: Vec<&'static str>,
    /// The content coding that was chosen.
    pub coding: &'static str,
    /// Length of the body before it was encoded; none if it is made for each request.
    pub bytes_before: Option<u64>,
    /// Length of the body as it is sent.
    pub bytes_after: Option<u64>,
    pub cache_control: Option<String>,
    pub etag: Option<String>,
    /// Its Content-Range, if it has only a part of the body.
    pub content_range: Option<String>,
    /// Its Content-Language; for a 304, that of the body which the client has.
    pub language: Option<String>,
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
    Request,
}

#[derive(Debug, Clone, Serialize)]
pub struct MlbTrace {
    /// The time at which MLB made the data, by the site's clock; none if it was never read.
    #[serde(with = "rfc3339::option")]
    pub asked_at: Option<OffsetDateTime>,
    pub seconds_ago: Option<f64>,
    /// Duration of the last poll, in milliseconds; none if this process has not polled successfully yet.
    pub took_ms: Option<f64>,
}

/// Microseconds spent in each step, in order.
#[derive(Debug, Clone, Serialize)]
pub struct Timings {
    /// From accepting the connection until its task began.
    pub accept: f64,
    /// The TLS handshake, from the first byte awaited until the keys were agreed on: a round trip or two, and the work
    /// of both sides. None without TLS.
    pub handshake: Option<f64>,
    /// Finding the pattern.
    pub route: f64,
    /// Choosing and preparing the response. None for a page about itself, which is still being made: the response's
    /// `Server-Timing` has it.
    pub answer: Option<f64>,
    /// The shortest round trip between the client and this server in the last minutes, measured by the kernel. None
    /// behind a proxy, on a Unix socket, and before the first measurement.
    pub round_trip: Option<f64>,
    /// The kernel's smoothed average, which includes delays of the client's acknowledgements.
    pub smoothed_round_trip: Option<f64>,
    /// This server's own part: from the end of the request's head until the response was chosen or, for a page about
    /// itself, until it was written. With `accept`, if the request opened the connection.
    pub own: f64,
    /// The network's part: a round trip for request and response and, if they opened the connection, those that opened
    /// it, with the TLS handshake. None if the round trip is not known.
    pub network: Option<f64>,
    /// The end of the head of a request that is about itself.
    #[serde(skip)]
    pub arrived: Option<Instant>,
}

impl Trace {
    /// Whether the request is the first one on its connection and about itself.
    pub fn opened_connection(&self) -> bool {
        self.own && self.connection.request == 1
    }

    /// Sets the server's own part of a page about itself to the time until now: call it when the page is written.
    pub fn finish(&mut self) {
        let waited = if self.opened_connection() { self.microseconds.accept } else { 0.0 };
        if let Some(arrived) = self.microseconds.arrived {
            self.microseconds.own = waited + micros(arrived.elapsed());
        }
    }

    /// The microseconds of this server's own part that are not the wait for a thread.
    pub fn handling(&self) -> f64 {
        let waited = if self.opened_connection() { self.microseconds.accept } else { 0.0 };
        (self.microseconds.own - waited).max(0.0)
    }
}

/// Microseconds, rounded to tenths, because finding a route takes less than one.
pub fn micros(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e7).round() / 10.0
}

#[derive(Debug, Clone, Serialize)]
pub struct ProcessTrace {
    pub version: &'static str,
    /// The commit it was built from.
    pub commit: &'static str,
    pub rustc: &'static str,
    /// The target that it was compiled for.
    pub target: &'static str,
    /// The date of its files: `SOURCE_DATE_EPOCH`, else the commit's time, else the time of the build.
    #[serde(with = "rfc3339")]
    pub built_at: OffsetDateTime,
    #[serde(with = "rfc3339")]
    pub started_at: OffsetDateTime,
    /// Responses to visitors since then.
    pub answered: u64,
    /// The number of upgrades without downtime: processes before it that have handed over their sockets.
    pub upgrades: u32,
    /// The commit's subject; none if the binary was built without git.
    pub subject: Option<&'static str>,
    #[serde(with = "rfc3339::option")]
    pub committed_at: Option<OffsetDateTime>,
    /// Whether files had changed since the commit; none if the binary was built without git.
    pub changed: Option<bool>,
    /// The tag of the commit; none without one.
    pub release: Option<&'static str>,
    /// The time at which the binary was put in place on this machine.
    #[serde(with = "rfc3339::option")]
    pub deployed_at: Option<OffsetDateTime>,
    /// Minutes from the commit to this response.
    pub minutes_since_commit: Option<i64>,
}
