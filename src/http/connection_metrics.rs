//! Metrics of connections.

use crate::{
    connection::{ListenerKind, TlsSession},
    metrics::{begin, metrics},
    name::{Named, named},
};
use prometheus::{IntCounter, IntGauge, Registry};
use rustls::crypto::aws_lc_rs;

named! {
    /// The reason why a connection ended before its first request could be read.
    pub(crate) enum RefusalReason {
        /// The TLS handshake took longer than its deadline.
        HandshakeDeadline = "handshake_deadline",
        /// The peer violated TLS, left, or supports none of our parameters.
        HandshakeFailed = "handshake_failed",
        /// The peer sent HTTP without TLS.
        Cleartext = "cleartext",
        /// A proxy did not send a valid PROXY protocol header in time.
        ProxyHeader = "proxy_header",
        /// The address has too many connections.
        Address = "address",
        /// It was the oldest of too many unfinished TLS handshakes.
        UnfinishedHandshakes = "unfinished_handshakes",
        /// It came by QUIC, and every connection was busy.
        Room = "room",
    }
}

named! {
    /// The reason to close a connection, or reset an HTTP/2 stream, that its peer would keep.
    pub(crate) enum CloseReason {
        /// The head of a request did not arrive in time.
        Head = "head",
        /// There was no request for too long.
        Idle = "idle",
        /// The connection has reached its maximum age.
        Age = "age",
        /// The connection has reached its maximum number of requests.
        Requests = "requests",
        /// A response was not sent in time.
        Request = "request",
        /// Bytes wait, and the peer takes none or too few.
        Stall = "stall",
        /// The connection was idle, and others needed the room.
        Room = "room",
        /// The peer sent too many HTTP/2 or HTTP/3 frames that are no requests, or streams without one.
        ControlFrames = "control_frames",
        /// Blocked responses hold too much memory, and this one has been blocked longest. It only resets streams.
        Memory = "memory",
    }
}

/// The labels of a handshake over QUIC. quinn tells neither the key exchange nor whether the session was resumed.
const QUIC_HANDSHAKE: [&str; 3] = ["TLSv1.3", "unknown", "unknown"];

metrics! {
    /// The metrics of connections, over all listeners.
    pub struct ConnectionMetrics {
        open: gauges("e6_connections", "Connections that are open.", "listener");
        accepted: counters("e6_connections_accepted_total", "Connections that were accepted.", "listener");
        refused: counters(
            "e6_connections_refused_total", "Connections that ended before a request could be read from them.", "reason");
        ended: counters("e6_connections_ended_total", "Connections ended because a limit was reached.", "reason");
        streams_reset: counters(
            "e6_http2_streams_reset_total", "HTTP/2 streams reset because a response was not taken in time.", "reason");
        http3_streams_reset: counters(
            "e6_http3_streams_reset_total",
            "HTTP/3 streams reset because a request did not arrive, or a response was not taken, in time.", "reason");
        handshakes: counters("e6_tls_handshakes_total", "TLS handshakes that succeeded.", "version", "group", "resumed");
    }
}

impl ConnectionMetrics {
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counters = Self::registered(registry)?;
        counters.begin();
        Ok(counters)
    }

    /// Creates every series at the start.
    fn begin(&self) {
        begin(&self.open, ListenerKind::all().map(Named::name));
        begin(&self.accepted, ListenerKind::all().map(Named::name));
        begin(&self.refused, RefusalReason::all().map(Named::name));
        let ends = CloseReason::all().filter(|why| *why != CloseReason::Memory);
        begin(&self.ended, ends.map(Named::name));
        let resets = [CloseReason::Request, CloseReason::Stall, CloseReason::Memory].map(Named::name);
        begin(&self.streams_reset, resets);
        begin(&self.http3_streams_reset, resets.into_iter().chain([CloseReason::Head.name()]));
        for group in aws_lc_rs::ALL_KX_GROUPS.iter().filter_map(|group| group.name().as_str()) {
            // TLS 1.2 has no hybrid groups, and no group where it resumes a session.
            if !group.contains("MLKEM") {
                self.handshakes.with_label_values(&["TLSv1.2", group, "no"]);
            }
            for resumed in ["no", "yes"] {
                self.handshakes.with_label_values(&["TLSv1.3", group, resumed]);
            }
        }
        self.handshakes.with_label_values(&["TLSv1.2", "none", "yes"]);
        self.handshakes.with_label_values(&QUIC_HANDSHAKE);
    }

    pub(crate) fn listener(&self, kind: ListenerKind) -> ListenerMetrics {
        ListenerMetrics {
            accepted: self.accepted.with_label_values(&[kind.name()]),
            open: self.open.with_label_values(&[kind.name()]),
        }
    }

    pub fn now_open(&self) -> i64 {
        ListenerKind::all().map(|listener| self.open.with_label_values(&[listener.name()]).get()).sum()
    }

    pub(crate) fn refused(&self, why: RefusalReason) {
        self.refused.with_label_values(&[why.name()]).inc();
    }

    pub(crate) fn ended(&self, why: CloseReason, count: usize) {
        self.ended.with_label_values(&[why.name()]).inc_by(count as u64);
    }

    pub(crate) fn stream_reset(&self, why: CloseReason) {
        self.streams_reset.with_label_values(&[why.name()]).inc();
    }

    pub(crate) fn http3_stream_reset(&self, why: CloseReason) {
        self.http3_streams_reset.with_label_values(&[why.name()]).inc();
    }

    /// Counts a handshake over QUIC.
    pub(crate) fn quic_handshake(&self) {
        self.handshakes.with_label_values(&QUIC_HANDSHAKE).inc();
    }

    pub(crate) fn handshake(&self, tls: &TlsSession) {
        let resumed = if tls.resumed { "yes" } else { "no" };
        self.handshakes.with_label_values(&[tls.version, tls.group.unwrap_or("none"), resumed]).inc();
    }
}

pub(crate) struct ListenerMetrics {
    accepted: IntCounter,
    open: IntGauge,
}

impl ListenerMetrics {
    /// Counts a connection that is open until the value is dropped.
    pub fn open(&self) -> OpenConnection<'_> {
        self.accepted.inc();
        self.open.inc();
        OpenConnection(&self.open)
    }
}

/// Counts a connection as open until it is dropped.
pub(crate) struct OpenConnection<'a>(&'a IntGauge);

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
