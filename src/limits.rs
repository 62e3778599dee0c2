//! Limits on the memory and time that a peer can take: each defined once, with its default, unit, range and reason.
//! Settings, `e6 limits` and docs/limits.md are made from this table.

use crate::memory;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::{fmt::Write, ops::RangeInclusive, time::Duration};

/// One row of the table.
pub struct Limit {
    /// The name, which is also the key in the section `[limits]` of e6.toml.
    pub name: &'static str,
    pub default: u64,
    pub unit: &'static str,
    pub range: RangeInclusive<u64>,
    /// A description of the limited amount or time.
    pub what: &'static str,
    /// The attack or failure that the limit stops.
    pub stops: &'static str,
    pub get: fn(&Limits) -> u64,
    pub set: fn(&mut Limits, u64),
    pub takes_effect: TakesEffect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesEffect {
    AtReload,
    /// At a restart of the process.
    AtStart,
}

/// Declares the struct, its defaults and the table at once.
macro_rules! limits {
    ($($(#[$reason:meta])* $name:ident: $type:ty = $default:literal, $unit:literal, $range:expr, $what:literal, $stops:literal, $takes_effect:ident;)*) => {
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits { $($(#[$reason])* pub $name: $type,)* }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: <$type>::of($default),)* }
            }
        }

        /// The table, in the order in which a connection reaches the limits.
        pub const LIMITS: &[Limit] = &[$(Limit {
            name: stringify!($name),
            default: $default,
            unit: $unit,
            range: $range,
            what: $what,
            stops: $stops,
            get: |limits| limits.$name.amount(),
            set: |limits, amount| limits.$name = <$type>::of(amount),
            takes_effect: TakesEffect::$takes_effect,
        },)*];
    };
}

const DAY: u64 = 24 * 60 * 60;
const MIB: u64 = 1024 * 1024;

limits! {
    /// For all workers together. The other descriptors are for listeners, files and MLB.
    connections: usize = 10_000, "connections", 1..=1_000_000,
        "open connections, at most 80 % of the descriptors; then the longest idle goes first", "exhaustion", AtReload;
    /// Enough for a household or an office; more is an attack. Each connection costs memory, even an idle one.
    address_connections: usize = 64, "connections", 1..=1_000_000,
        "open connections of one address (IPv4, or IPv6 /64)", "one noisy host", AtReload;
    /// Counted from accept. A slower peer is silent or an attacker.
    handshake: Duration = 10, "s", 1..=300,
        "TLS hello and handshake together, with a proxy's header before them", "silent and slow handshakes", AtReload;
    /// Counted from the head's first byte; for the first request, from the end of the handshake, in every protocol.
    head: Duration = 15, "s", 1..=300,
        "a request's head from its first byte, or the first request after the handshake", "slowloris; a handshake and then nothing", AtReload;
    /// Browsers open a new connection faster than anyone notices. A ping does not count as a request.
    idle: Duration = 60, "s", 1..=DAY,
        "a connection without a request; half as long when the connections are nearly full", "idle hoarding", AtReload;
    /// Without it connections could stay open for ever, and a load balancer could not rebalance. The actual age varies
    /// at random by up to a tenth, so that clients do not all reconnect at once.
    age: Duration = 3600, "s", 1..=30 * DAY,
        "a connection, give or take a tenth", "immortal connections", AtReload;
    /// Like `age`, for connections with many requests.
    requests: u64 = 10_000, "requests", 1..=1_000_000_000,
        "requests of one connection", "immortal connections", AtReload;
    /// The largest asset takes a second on a slow phone.
    request: Duration = 30, "s", 1..=DAY,
        "one request, from its head to the last byte handed to the socket", "stalls, windows that stay shut", AtReload;
    /// The client reconnects at once.
    event_stream: Duration = 3600, "s", 1..=30 * DAY,
        "one stream of events; it is closed then, and its client comes back", "immortal streams", AtReload;
    /// A peer that takes nothing for so long is gone, or wants to make us hold memory.
    stall: Duration = 10, "s", 1..=300,
        "bytes that wait for a reader who takes none", "slow readers", AtReload;
    /// Less than the slowest modem takes. Checked only after `stall`, so that socket buffers do not decide.
    stall_rate: u64 = 1024, "bytes/s", 1..=MIB,
        "what a reader takes on average, once bytes have waited for as long as that", "slow readers", AtReload;
    /// Field names and values. Browsers send about 1 KiB.
    head_size: usize = 16_384, "bytes", 4096..=MIB,
        "a request's fields together", "header bombs", AtReload;
    /// Browsers send about 20. With a quarter more, these are as many as hyper reads without an allocation.
    head_fields: usize = 80, "fields", 8..=1000,
        "fields of a request", "header bombs", AtReload;
    /// No URL of this site is near it, and logs stay readable.
    target_size: usize = 2048, "bytes", 64..=32_768,
        "a request's target", "header bombs", AtReload;
    /// A page needs 6.
    h2_streams: u32 = 64, "streams", 1..=10_000,
        "streams at once on an HTTP/2 connection", "memory per connection", AtReload;
    /// No request body is read, so the protocol's default is plenty.
    h2_window: u32 = 65_535, "bytes", 65_535..=16 * MIB,
        "flow-control windows of HTTP/2, for what is sent to us", "memory per connection", AtReload;
    /// CVE-2023-44487.
    h2_pending_resets: usize = 20, "streams", 1..=10_000,
        "HTTP/2 streams that the peer has reset and we have not seen yet", "rapid reset", AtReload;
    /// CVE-2025-8671.
    h2_local_resets: usize = 100, "streams", 1..=10_000,
        "HTTP/2 streams that the peer has made us reset", "made-you-reset", AtReload;
    /// CVE-2019-9512 and the CVEs around it. A request allows for 100 more, and so do 5 s: a client opens windows as it
    /// reads responses, and pings a connection for events.
    h2_control_frames: u32 = 1000, "frames", 100..=1_000_000,
        "HTTP/2 frames that are no requests, as SETTINGS, PING, PRIORITY; a request allows for 100 more, a second for 20",
        "floods of control frames", AtReload;
    /// RFC 9114 §6.1 asks for at least 100.
    h3_streams: u32 = 100, "streams", 1..=10_000,
        "streams at once on an HTTP/3 connection", "memory per connection", AtReload;
    /// No request body is read; a head has at most twice `head_size`.
    h3_window: u32 = 65_535, "bytes", 16_384..=16 * MIB,
        "flow-control window of an HTTP/3 stream, for what is sent to us; half of that of its connection", "memory per connection", AtReload;
    /// The bytes on their way over a connection of 20 Mbit/s with a round trip of 100 ms.
    h3_send_window: u64 = 262_144, "bytes", 16_384..=16 * MIB,
        "what an HTTP/3 connection has sent and its peer has not acknowledged", "memory per connection", AtReload;
    /// A client on a slow network takes a second for a handshake, so this is normal load of a busy site. A handshake
    /// costs a signature and some memory, also for a made-up address.
    h3_unvalidated: usize = 64, "handshakes", 0..=1_000_000,
        "unfinished QUIC handshakes of a worker; then new clients have to prove their address first (Retry)", "floods with made-up addresses", AtReload;
    /// Settings have about 50 bytes, and a browser sends a priority of 20 bytes with each request.
    h3_control: usize = 16_384, "bytes", 1024..=MIB,
        "what an HTTP/3 connection sends on control streams, and 256 bytes more for each request", "floods of control frames", AtReload;
    /// A browser resets requests that it no longer needs after it has sent them.
    h3_resets: u32 = 100, "streams", 1..=10_000,
        "HTTP/3 streams of a connection that ended before there was a request", "rapid reset, stream churn", AtReload;
    /// Far more than people and browsers send; `address_burst` covers the loading of a page.
    address_rate: u32 = 50, "requests/s", 1..=1_000_000,
        "requests of one address, lasting; more are answered 429", "one noisy host", AtReload;
    /// Covers a page and its assets for an office that opens it at once.
    address_burst: u32 = 200, "requests", 1..=1_000_000,
        "requests of one address before its rate is looked at", "one noisy host", AtReload;
    /// Each holds a few kilobytes and a connection.
    event_streams: usize = 5000, "streams", 1..=1_000_000,
        "open streams of events", "push abuse", AtReload;
    /// Covers a household with the page open in every room.
    address_event_streams: usize = 8, "streams", 1..=1_000_000,
        "open streams of events of one address", "push abuse", AtReload;
    /// Shorter than the 30 s of Kubernetes and the 90 s of systemd.
    drain: Duration = 25, "s", 1..=DAY,
        "from the signal to the end of the process", "immortal old processes", AtReload;
    /// Long enough to detect a refusing or unreachable host.
    mlb_connect: Duration = 2, "s", 1..=60,
        "connecting to MLB", "a sick upstream", AtStart;
    /// From name look-up to the last byte. MLB responds in well under a second.
    mlb_total: Duration = 8, "s", 1..=300,
        "one question to MLB; its reply has to begin after five eighths of that", "a sick upstream", AtStart;
    /// The complete live feed of a long game is about 2 MiB; a larger reply is not a feed.
    mlb_body: u64 = 8_388_608, "bytes", 65_536..=64 * MIB,
        "MLB's reply", "a sick upstream", AtStart;
    /// A day is about 60 KiB in all forms, a card as much again: this is some three seasons.
    day_pages: usize = 33_554_432, "bytes", 1_048_576..=16_384 * MIB,
        "rendered pages of days and seasons, together; then the one asked for longest ago goes", "memory for pages of days", AtStart;
    /// A day needs about 20 requests for each player that is followed.
    relay_entries: usize = 256, "replies", 1..=100_000,
        "replies that the relay keeps; then what was asked for longest ago goes", "memory of the relay", AtStart;
    /// Trimmed feeds are a few kilobytes, a complete one is 2 MiB.
    relay_bytes: usize = 67_108_864, "bytes", 1_048_576..=16_384 * MIB,
        "replies that the relay keeps, together", "memory of the relay", AtStart;
    /// Hooks respond in well under a second.
    notify_total: Duration = 10, "s", 1..=300,
        "one message to a hook, from name look-up to the head of its response; a third of that for the look-up, and to connect", "a sick hook", AtReload;
    /// A day has a handful of changes.
    notify_queue: usize = 32, "changes", 1..=1000,
        "changes that wait for a hook; then the oldest is dropped", "a dead hook", AtReload;
    /// A change that is older is no news.
    notify_age: Duration = 21_600, "s", 60..=7 * DAY,
        "a change that a hook does not accept; then it is dropped", "a dead hook", AtReload;
}

/// Rules that follow from the limits, for the printed tables.
const DERIVED: &[(&str, &str)] = &[
    (
        "little memory",
        "if the control group of e6 has a limit on memory, connections is by default at most one for each 128 KiB of it, and \
         day_pages and relay_bytes an eighth of it each",
    ),
    (
        "request bodies",
        "none is used; of a refused one up to 256 KiB are read and dropped, for up to 2 s, so that the refusal arrives",
    ),
    ("address_*", "of no concern to loopback and trusted proxies, who stand for many"),
    (
        "HTTP/1.1 read buffer",
        "twice head_size, so that a head that is somewhat too long gets a page that says so",
    ),
    ("HTTP/2 and HTTP/3 header list", "twice head_size, as above; CONTINUATION floods end there"),
    ("request, stall", "over HTTP/2 and HTTP/3 the stream is reset, and its connection goes on"),
    (
        "blocked HTTP/2 and HTTP/3 responses",
        "about 2 KiB and 5 KiB of memory each (VmRSS over 3,600 and 1,800 streams whose window was shut), plus the body where \
         it was made for one request; together at most 8 KiB for each of connections, then the response that has been blocked longest is reset",
    ),
    (
        "unfinished TLS handshakes",
        "half of connections; then the oldest unfinished one is closed, never the newest refused",
    ),
    (
        "days that are looked up",
        "one at a time and at most 30 requests a minute; 32 days wait, further ones are answered 503; ten seasons are kept",
    ),
    (
        "the relay",
        "answers within half of mlb_total; while MLB fails, an old reply is used for an hour at most; \
         of more than 64 questions that wait for MLB the oldest is given up",
    ),
];

impl Limits {
    /// The defaults, reduced to what this machine's descriptors and the process's memory allow.
    pub fn of_this_machine() -> Self {
        Limits::default().within(descriptors()).within_memory(memory::limit().unwrap_or(u64::MAX))
    }

    /// The same limits, with less of what holds most memory if there is little. A reader that stops
    /// takes 50 KiB without TLS and 90 KiB with it, half of them in the kernel.
    fn within_memory(self, bytes: u64) -> Self {
        let part = |divisor| usize::try_from(bytes / divisor).unwrap_or(usize::MAX);
        let cache = part(8).max(MIB as usize);
        Limits {
            connections: self.connections.min(part(128 * 1024)).max(1),
            day_pages: self.day_pages.min(cache),
            relay_bytes: self.relay_bytes.min(cache),
            ..self
        }
    }

    /// The same limits, with `connections` at most 80 % of this number of descriptors.
    pub fn within(self, descriptors: u64) -> Self {
        let most = usize::try_from(descriptors / 5 * 4).unwrap_or(usize::MAX);
        Limits { connections: self.connections.min(most).max(1), ..self }
    }

    /// The idle timeout while the connections are nearly full.
    pub fn crowded_idle(&self) -> Duration {
        self.idle / 2
    }

    /// The number of TLS handshakes that may be unfinished at once. Finished ones always have the other half of the
    /// connections.
    pub fn unfinished_handshakes(&self) -> usize {
        (self.connections / 2).max(1)
    }

    /// Bytes of memory that blocked HTTP/2 responses may hold together.
    pub fn blocked_memory(&self) -> usize {
        self.connections.saturating_mul(8 * 1024)
    }

    /// The longest head that is read, in bytes: longer than the limit, so that the service can respond to a head that
    /// is too long.
    pub fn head_buffer(&self) -> usize {
        2 * self.head_size
    }

    /// The most fields that are read, for the same reason.
    pub fn fields_read(&self) -> usize {
        self.head_fields + self.head_fields / 4
    }

    /// The longest header list of HTTP/2 (RFC 9113 §6.5.2), in bytes, for the same reason.
    pub fn header_list(&self) -> u32 {
        u32::try_from(self.head_buffer()).unwrap_or(u32::MAX)
    }

    /// Timeout from the request to the beginning of MLB's reply: a server that accepts connections and never responds
    /// is given up.
    pub fn mlb_head(&self) -> Duration {
        self.mlb_total * 5 / 8
    }

    /// Timeout for a request to the relay that waits for MLB. The relay's clients have the same limits, and should
    /// receive the reason for the delay before they give up.
    pub fn relay_deadline(&self) -> Duration {
        self.mlb_total / 2
    }

    /// The table as text for a terminal.
    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<22}{:>9} {:>9} {:<12} {:<37} what\n",
            "limit", "in force", "default", "unit", "stops"
        );
        for Limit { name, default, unit, what, stops, get, .. } in LIMITS {
            let now = get(self);
            let _ = writeln!(table, "{name:<22}{now:>9} {default:>9} {unit:<12} {stops:<37} {what}");
        }
        table.push('\n');
        for (name, rule) in DERIVED {
            let _ = writeln!(table, "{name}: {rule}");
        }
        table
    }
}

/// The table as Markdown for the documentation.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Limits\n\nWhat a peer can make e6 hold, and for how long. This page is `e6 limits --markdown`; `e6 limits` shows what is\n\
         in force. Each can be set in the section `[limits]` of `e6.toml` or as `E6_LIMIT_` and its name in capitals.\n\n\
         | limit | default | unit | stops | what |\n| --- | --- | --- | --- | --- |\n",
    );
    for Limit { name, default, unit, what, stops, .. } in LIMITS {
        let _ = writeln!(page, "| `{name}` | {default} | {unit} | {stops} | {what} |");
    }
    page.push_str("\nWhat follows from others is not configured:\n\n");
    for (name, rule) in DERIVED {
        let _ = writeln!(page, "- {name}: {rule}.");
    }
    page
}

/// Raises the soft limit of descriptors to the hard limit: the usual 1,024 is for programs that call select(2).
pub fn take_all_descriptors() {
    let granted = getrlimit(Resource::Nofile);
    // If this fails, the soft limit stays, and there are fewer connections.
    let _ = setrlimit(Resource::Nofile, rustix::process::Rlimit { current: granted.maximum, ..granted });
}

/// The soft limit of descriptors of this process.
pub fn descriptors() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// The type of a limit's value, converted from and to the number in the table.
trait Amount {
    fn of(amount: u64) -> Self;
    fn amount(&self) -> u64;
}

impl Amount for Duration {
    fn of(seconds: u64) -> Self {
        Duration::from_secs(seconds)
    }

    fn amount(&self) -> u64 {
        self.as_secs()
    }
}

macro_rules! amounts {
    ($($number:ty)*) => {$(
        impl Amount for $number {
            fn of(amount: u64) -> Self {
                amount.try_into().unwrap_or(<$number>::MAX)
            }

            fn amount(&self) -> u64 {
                *self as u64
            }
        }
    )*};
}

amounts!(u32 u64 usize);

#[cfg(test)]
mod tests;
