//! `/events`: the newest answer, pushed to clients (server-sent events, WHATWG HTML §9.2).

use crate::{connection::network, lifecycle::Phase, limits::Limits, site::snapshot::Site};
use bytes::Bytes;
use hyper::{
    body::{Body, Frame},
    header::HeaderValue,
};
use std::{
    collections::HashMap,
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until},
};

/// Interval of heartbeats on an idle stream. Home routers and proxies cut connections that are silent for longer.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// The beginning of a stream: it tells the client to wait 3 seconds before it reconnects.
const RETRY: &str = "retry: 3000\n\n";
/// The heartbeat: a comment, which clients ignore.
const STILL_HERE: Bytes = Bytes::from_static(b":\n\n");

/// Publishes answers to event streams.
pub struct EventHub {
    news: watch::Sender<AnswerEvent>,
    phase: watch::Receiver<Phase>,
    permits: Arc<StreamPermits>,
}

/// An answer as an event.
#[derive(Clone, Default)]
struct AnswerEvent {
    id: String,
    event: Bytes,
}

impl EventHub {
    /// A hub whose streams end when the process drains.
    pub fn new(phase: watch::Receiver<Phase>) -> Self {
        EventHub { news: watch::Sender::new(AnswerEvent::default()), phase, permits: Arc::default() }
    }

    /// Sends the answer to all streams if it changed. A stream that begins later gets the newest answer, even if only
    /// its age has changed.
    pub fn publish(&self, site: &Site) {
        let id = &site.version;
        self.news.send_if_modified(|news| {
            let is_new = news.id != *id;
            let event = format!("id: {id}\nevent: answer\ndata: {}\n\n", site.line).into();
            *news = AnswerEvent { id: id.clone(), event };
            is_new
        });
    }

    /// A stream for a client with this address, if any, and the ID of the last event that it received, if any; none if
    /// a limit is reached.
    pub(crate) fn subscribe(
        &self,
        address: Option<IpAddr>,
        last_seen: Option<&HeaderValue>,
        limits: &Limits,
    ) -> Option<EventStream> {
        let permit = StreamPermits::take(&self.permits, address, limits)?;
        let mut news = self.news.subscribe();
        let mut first = RETRY.to_owned().into_bytes();
        let now = news.borrow_and_update().clone();
        if last_seen.is_none_or(|id| id.as_bytes() != now.id.as_bytes()) {
            first.extend_from_slice(&now.event);
        }
        let stream = EventStreamState {
            news,
            phase: self.phase.clone(),
            end: Instant::now() + limits.event_stream,
            _seat: permit,
        };
        Some(EventStream(Box::pin(async move { Some((Bytes::from(first), stream)) })))
    }

    /// The number of open streams.
    pub(crate) fn open(&self) -> usize {
        self.permits.all.load(Ordering::Relaxed)
    }
}

/// The body of an event stream's response.
pub(crate) struct EventStream(Pin<Box<dyn Future<Output = Option<EventStep>> + Send>>);

/// A piece of the body, and the state after it.
type EventStep = (Bytes, EventStreamState);

impl Body for EventStream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.as_mut().poll(context).map(|step| {
            let (bytes, stream) = step?;
            self.0 = Box::pin(stream.step());
            Some(Ok(Frame::data(bytes)))
        })
    }
}

struct EventStreamState {
    news: watch::Receiver<AnswerEvent>,
    phase: watch::Receiver<Phase>,
    end: Instant,
    _seat: StreamPermit,
}

impl EventStreamState {
    async fn step(mut self) -> Option<EventStep> {
        let bytes = tokio::select! {
            // The end of the stream comes first: the client reconnects and misses nothing.
            biased;
            _ = self.phase.wait_for(|phase| *phase != Phase::Serving) => return None,
            () = sleep_until(self.end) => return None,
            news = self.news.changed() => {
                news.ok()?;
                self.news.borrow_and_update().event.clone()
            }
            () = sleep(HEARTBEAT) => STILL_HERE,
        };
        Some((bytes, self))
    }
}

/// The open streams, in all and per network.
#[derive(Default)]
struct StreamPermits {
    all: AtomicUsize,
    by_network: Mutex<HashMap<IpAddr, usize>>,
}

impl StreamPermits {
    /// A permit for one stream; none if a limit is reached. A client without a counted address stands for many and has
    /// no limit per address.
    fn take(permits: &Arc<StreamPermits>, address: Option<IpAddr>, limits: &Limits) -> Option<StreamPermit> {
        let network = address.map(network);
        let mut by_network = permits.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = network.and_then(|network| by_network.get(&network).copied()).unwrap_or(0);
        if permits.all.load(Ordering::Relaxed) >= limits.event_streams
            || taken >= limits.address_event_streams
        {
            return None;
        }
        if let Some(network) = network {
            by_network.insert(network, taken + 1);
        }
        permits.all.fetch_add(1, Ordering::Relaxed);
        Some(StreamPermit { permits: permits.clone(), network })
    }
}

/// A permit for one stream, returned when dropped.
struct StreamPermit {
    permits: Arc<StreamPermits>,
    /// The network that it counts for, if any.
    network: Option<IpAddr>,
}

impl Drop for StreamPermit {
    fn drop(&mut self) {
        let mut by_network = self.permits.by_network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(network) = self.network
            && let Some(taken) = by_network.get_mut(&network)
        {
            *taken -= 1;
            if *taken == 0 {
                by_network.remove(&network);
            }
        }
        self.permits.all.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_streams_and_gets_them_back() {
        let permits = Arc::<StreamPermits>::default();
        let take =
            |peer: &str| StreamPermits::take(&permits, Some(peer.parse().unwrap()), &Limits::default());
        let mine: Vec<_> = (0..Limits::default().address_event_streams)
            .map(|host| take(&format!("2001:db8::{host}")).unwrap())
            .collect();
        assert!(take("2001:db8::ffff").is_none(), "the same /64");
        let neighbour = take("2001:db8:0:1::1").unwrap();
        drop(mine);
        assert!(take("2001:db8::ffff").is_some());
        drop(neighbour);
        assert_eq!(permits.all.load(Ordering::Relaxed), 0);
        assert!(permits.by_network.lock().unwrap().is_empty());
    }

    #[test]
    fn who_stands_for_many_is_not_one_address_and_all_together_have_a_cap() {
        let permits = Arc::<StreamPermits>::default();
        let take = |address| StreamPermits::take(&permits, address, &Limits::default());
        let all: Vec<_> = (0..Limits::default().event_streams).map(|_| take(None).unwrap()).collect();
        let other = Some("192.0.2.1".parse().unwrap());
        assert!(take(None).is_none() && take(other).is_none());
        drop(all);
        assert!(take(other).is_some());
    }
}
