//! One GET to MLB, or to a relay in front of it: timeouts, a size limit, pacing, and the reply's header fields.

use crate::{
    answer::Outage,
    limits::Limits,
    mlb::{freshness::Freshness, token::Token},
    net::{outgoing::OutgoingProxy, resolver},
    sync::Unpoisoned,
    web::retry_after::retry_after,
};
use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant, SystemTime},
};
use ureq::http::{
    HeaderMap, StatusCode, Uri,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName},
};

/// The log's text about a server that MLB's CDN refuses (docs/when-mlb-refuses.md has the details).
pub const REFUSED: &str = "MLB refuses this server's network, as it does many hosting companies'";

pub const WAYS_OUT: &str = "three ways out: \
    1. ask through a proxy elsewhere: set mlb.proxy or HTTPS_PROXY; \
    2. ask through another e6 that MLB answers: set mlb.url and mlb.token_file here, relay.token_file there; \
    3. run e6 in another network, such as at home; docs/when-mlb-refuses.md has the commands";

/// Interval of requests after a burst. With [`BURST`], no second has more than 25 of them.
const INTERVAL: Duration = Duration::from_millis(50);
/// Requests that need not wait after a pause.
const BURST: u32 = 5;

/// The address of MLB's Stats API, and the way to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Base URL without a trailing slash: MLB's, or a relay's.
    pub url: String,
    pub token: Option<Token>,
    /// A contact URL for MLB's operators; part of the User-Agent.
    pub contact: String,
    /// The proxy to connect through; none connects directly.
    pub proxy: Option<OutgoingProxy>,
}

/// An HTTP client for an endpoint. Clones share the pacing.
#[derive(Clone)]
pub struct Upstream {
    agent: ureq::Agent,
    endpoint: Endpoint,
    body_cap: u64,
    pacing: Arc<Pacing>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    /// The wait that MLB asked for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The time at which it was sent, by MLB's clock (`Date`).
    pub date: Option<SystemTime>,
    /// Its age, and how long it may be cached.
    pub freshness: Freshness,
    pub media_type: Option<String>,
    pub body: Vec<u8>,
}

/// A request without a usable reply.
#[derive(Debug, Clone)]
pub struct PollError {
    /// The cause, as far as it matters to a visitor.
    pub trouble: Outage,
    /// The status, if there was one other than 200.
    pub status: Option<StatusCode>,
    /// The wait that MLB asked for (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// The request and its error, for the log.
    pub what: String,
}

impl Upstream {
    pub fn new(endpoint: Endpoint, limits: &Limits) -> Self {
        let agent = format!("e6/{} (+{})", env!("CARGO_PKG_VERSION"), endpoint.contact);
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(limits.mlb_connect))
            .timeout_recv_response(Some(limits.mlb_head()))
            .timeout_global(Some(limits.mlb_total))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(agent)
            // Checked with the configuration. Without this line ureq reads a proxy from the environment itself.
            .proxy(endpoint.proxy.as_ref().and_then(|proxy| proxy.for_client().ok()));
        let pacing = Pacing::of(&endpoint.url);
        Upstream { agent: resolver::agent(config.build()), endpoint, body_cap: limits.mlb_body, pacing }
    }

    /// One GET of a path and query below the base URL.
    pub fn get(&self, path: &str) -> Result<Reply, PollError> {
        self.pacing.wait();
        let mut request =
            self.agent.get(format!("{}{path}", self.endpoint.url)).header(ACCEPT, "application/json");
        if let Some(token) = &self.endpoint.token {
            request = request.header(AUTHORIZATION, token.authorization());
        }
        let mut response = request.call().map_err(|error| self.failed(path, &error))?;
        let body = response.body_mut().with_config().limit(self.body_cap).read_to_vec();
        let body = body.map_err(|error| self.failed(path, &error))?;
        let (status, fields) = (response.status(), response.headers());
        let date = text(fields, DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        Ok(Reply {
            status,
            retry_after: retry_after(fields),
            date,
            freshness: Freshness::of(fields),
            media_type: text(fields, CONTENT_TYPE).map(String::from),
            body,
        })
    }

    /// The reply to a path and query, if its status is 200.
    pub fn get_ok(&self, path: &str) -> Result<Reply, PollError> {
        let reply = self.get(path)?;
        match reply.status {
            StatusCode::OK => Ok(reply),
            // This 404 is the relay's, not MLB's about a player or a game.
            StatusCode::NOT_FOUND if self.endpoint.token.is_some() && is_no_question(&reply.body) => {
                let what = "the relay does not answer this question; end mlb.url with /mlb, and run the same version of e6 on both sides";
                Err(self.error(Outage::TurnedAway, path, what))
            }
            status => Err(self.refused(path, status, reply.retry_after)),
        }
    }

    fn refused(&self, path: &str, status: StatusCode, retry_after: Option<Duration>) -> PollError {
        let (trouble, hint) = match status {
            StatusCode::FORBIDDEN | StatusCode::NOT_ACCEPTABLE => (Outage::Refused, ""),
            StatusCode::UNAUTHORIZED => (
                Outage::TurnedAway,
                ": the relay does not know the token; compare mlb.token_file with its relay.token_file",
            ),
            _ => (Outage::TurnedAway, ""),
        };
        let error = self.error(trouble, path, &format!("the reply is {status}{hint}"));
        PollError { status: Some(status), retry_after, ..error }
    }

    /// An error that names the request.
    pub fn error(&self, trouble: Outage, path: &str, what: &str) -> PollError {
        PollError::new(trouble, format!("{}{path}: {what}", self.endpoint.url))
    }

    fn failed(&self, path: &str, error: &ureq::Error) -> PollError {
        let trouble = match error {
            ureq::Error::Timeout(_) => Outage::TooSlow,
            ureq::Error::BodyExceedsLimit(_) => Outage::Garbled,
            _ => Outage::Unreachable,
        };
        let proxy = self.endpoint.proxy.as_ref().map(|proxy| format!(", through the proxy {proxy}"));
        let url = &self.endpoint.url;
        PollError::new(trouble, format!("{url}{path}{}: {error}", proxy.unwrap_or_default()))
    }
}

impl PollError {
    /// A request without a reply that counts.
    pub fn new(trouble: Outage, what: String) -> Self {
        PollError { trouble, status: None, retry_after: None, what }
    }
}

impl fmt::Display for PollError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// The relay's message for a question that it does not answer.
pub const NO_QUESTION: &str = "the relay answers only the questions that e6 of its version asks";

fn is_no_question(body: &[u8]) -> bool {
    body.windows(NO_QUESTION.len()).any(|window| window == NO_QUESTION.as_bytes())
}

fn text(fields: &HeaderMap, name: HeaderName) -> Option<&str> {
    fields.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a base URL leads to this machine.
pub fn is_loopback(base: &str) -> bool {
    let uri = base.parse::<Uri>().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Spaces requests: a burst is sent at once, a long series at 20 requests a second.
#[derive(Debug, Default)]
struct Pacing {
    /// The time at which the next request is due at regular intervals.
    next: Mutex<Option<Instant>>,
}

/// One pacing per base URL for the whole process: to MLB, poller and relay are one client.
static PACINGS: Mutex<BTreeMap<String, Arc<Pacing>>> = Mutex::new(BTreeMap::new());

impl Pacing {
    /// The pacing of all requests of this process to a base URL.
    fn of(base: &str) -> Arc<Self> {
        let mut pacings = PACINGS.lock().unpoisoned();
        pacings.entry(base.to_owned()).or_default().clone()
    }

    /// Waits until a request may be sent.
    fn wait(&self) {
        thread::sleep(self.turn(Instant::now()));
    }

    /// The time that a request made now has to wait.
    fn turn(&self, now: Instant) -> Duration {
        let mut next = self.next.lock().unpoisoned();
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + INTERVAL);
        (turn - now).saturating_sub(INTERVAL * (BURST - 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{Read, Write},
        net::TcpListener,
    };

    #[test]
    fn a_forwarded_port_is_on_this_machine() {
        for (url, is_here) in [
            ("http://127.0.0.1:9000/mlb", true),
            ("http://[::1]:9000", true),
            ("http://localhost:9000/mlb", true),
            ("https://home.example/mlb", false),
            ("http://192.0.2.1", false),
        ] {
            assert_eq!(is_loopback(url), is_here, "{url}");
        }
    }

    #[test]
    fn every_status_but_200_is_an_outage_that_the_log_can_name() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            for status in 200..=599 {
                let mut stream = listener.accept().unwrap().0;
                let mut head = [0; 1024];
                let _ = stream.read(&mut head).unwrap();
                let ends = "content-length: 0\r\nconnection: close\r\n\r\n";
                write!(stream, "HTTP/1.1 {status} Status\r\nlocation: http://{address}/\r\n{ends}").unwrap();
            }
        });
        for status in 200..=599 {
            // Each URL has its own pacing.
            let endpoint = Endpoint {
                url: format!("http://{address}/{status}"),
                token: None,
                contact: String::new(),
                proxy: None,
            };
            let replied = Upstream::new(endpoint, &Limits::default()).get_ok("/api");
            let Err(error) = replied else {
                assert_eq!(status, 200);
                continue;
            };
            let expected = if [403, 406].contains(&status) { Outage::Refused } else { Outage::TurnedAway };
            assert_eq!((error.trouble, error.status.map(|status| status.as_u16())), (expected, Some(status)));
            assert!(error.what.contains(&format!("the reply is {status}")), "{error}");
        }
        server.join().unwrap();
    }

    #[test]
    fn a_burst_goes_out_at_once_and_no_second_has_more_than_25_requests() {
        let pacing = Pacing::default();
        let start = Instant::now();
        let sent: Vec<Duration> = (0..200).map(|_| pacing.turn(start)).collect();
        assert!(sent[..5].iter().all(Duration::is_zero), "{:?}", &sent[..6]);
        assert_eq!(sent[5], INTERVAL);
        for &from in &sent {
            let second = sent.iter().filter(|at| (from..from + Duration::from_secs(1)).contains(*at)).count();
            assert!(second <= 25, "{second} requests in the second after {from:?}");
        }
        let later = start + Duration::from_secs(3600);
        assert_eq!(pacing.turn(later), Duration::ZERO, "the pause has been long enough");
    }
}
