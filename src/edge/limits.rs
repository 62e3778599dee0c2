//! What a peer can make us hold, and for how long. Each with its reason.

use std::time::Duration;

/// From accept to the end of the TLS handshake. Slower is silence or an attack.
pub const HANDSHAKE: Duration = Duration::from_secs(10);
/// From a hello that may be worked on to the end of its handshake, which takes the peer one round trip (two for
/// TLS 1.2): who stalls gives way to those who wait, and they still have time within `HANDSHAKE`.
pub const HANDSHAKE_TURN: Duration = Duration::from_secs(5);
/// Hellos worked on at once, for each worker: a flood queues up instead of starving the connections that are open.
pub const HANDSHAKES_PER_WORKER: usize = 8;
/// At least so many, however few the workers: most of a handshake's time is spent on the peer's way.
pub const HANDSHAKES: usize = 64;
/// To the end of a request head, from accept or from the last response: stops slowloris. As hyper counts it, it also ends an
/// HTTP/1.1 connection that is idle.
pub const HEAD: Duration = Duration::from_secs(15);
/// Without a request; pings are none. Browsers open a new connection faster than anyone notices.
pub const IDLE: Duration = Duration::from_secs(60);
/// No connection is immortal, or a drain would never end and a load balancer never balance.
pub const AGE: Duration = Duration::from_secs(60 * 60);
/// From the wish to end a connection to its end, for a reader who does not read.
pub const LINGER: Duration = Duration::from_secs(30);
/// From the signal to exit.
pub const DRAIN: Duration = Duration::from_secs(25);
/// Open connections, all workers together; the next one waits in the backlog.
pub const CONNECTIONS: usize = 10_000;
/// hyper's read buffer, and so the longest head it reads. Larger than what the service accepts, so that a head that is
/// only somewhat too long gets a page that says so.
pub const HEAD_BUFFER: usize = 32 * 1024;
/// As `HEAD_BUFFER`, for the number of fields.
pub const HEAD_FIELDS: usize = 128;
/// HTTP/2 streams at once on one connection. A page needs six.
pub const STREAMS: u32 = 64;
/// HTTP/2 flow-control windows: no request body is read, so the protocol's default is plenty.
pub const WINDOW: u32 = 65_535;
/// Bytes buffered for one slow HTTP/2 stream.
pub const SEND_BUFFER: usize = 64 * 1024;
/// HTTP/2 header list (RFC 9113 §6.5.2), with room for the service to refuse politely.
pub const HEADER_LIST: u32 = 32 * 1024;
/// Streams reset by the peer before they were accepted: stops rapid reset (CVE-2023-44487).
pub const PENDING_RESETS: usize = 20;
/// Streams reset by us for the peer's errors: stops made-you-reset (CVE-2025-8671).
pub const LOCAL_RESETS: usize = 100;
/// How long accepting pauses when the process is out of descriptors; spinning would not free one.
pub const EXHAUSTED_PAUSE: Duration = Duration::from_millis(100);
/// Connections the kernel completes for us before we accept them.
pub const BACKLOG: i32 = 1024;
