//! `/events`: the newest answer, pushed to clients (server-sent events, WHATWG HTML §9.2).

use crate::{http::clients::ClientPermit, lifecycle::Phase, site::snapshot::Site};
use bytes::Bytes;
use hyper::{
    body::{Body, Frame},
    header::HeaderValue,
};
use std::{
    convert::Infallible,
    pin::Pin,
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
}

#[derive(Clone, Default)]
struct AnswerEvent {
    id: String,
    event: Bytes,
}

impl EventHub {
    /// A hub whose streams end when the process drains.
    pub fn new(phase: watch::Receiver<Phase>) -> Self {
        EventHub { news: watch::Sender::new(AnswerEvent::default()), phase }
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

    /// A stream for a client that has the event with this ID, if any.
    pub(crate) fn subscribe(&self, permit: ClientPermit, last_seen: Option<&HeaderValue>) -> EventStream {
        let mut news = self.news.subscribe();
        let mut first = RETRY.to_owned().into_bytes();
        let now = news.borrow_and_update().clone();
        if last_seen.is_none_or(|id| id.as_bytes() != now.id.as_bytes()) {
            first.extend_from_slice(&now.event);
        }
        let stream = EventStreamState {
            news,
            phase: self.phase.clone(),
            end: Instant::now() + permit.limits().event_stream,
            _permit: permit,
        };
        EventStream(Box::pin(async move { Some((Bytes::from(first), stream)) }))
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
    _permit: ClientPermit,
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
