//! Limits on requests: the rate of one address, and the number of event streams.

use crate::{
    connection::network,
    http::metrics::TooMany,
    site::{
        exchange::Content,
        service::{Service, Way},
    },
    web::respond::Whole,
};
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{HeaderName, RETRY_AFTER},
};
use std::time::Duration;

/// What a client of events says it has seen.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// When there may be room for one more stream.
const STREAM_RETRY: Duration = Duration::from_secs(60);

impl Service {
    /// The response to a request of an address that sends too many; none if the request is answered.
    pub(crate) fn unwelcome(&self, way: &Way, headers: &HeaderMap) -> Option<Whole> {
        let network = network(way.client.counted?);
        let wait = self.rates.admit(network, way.arrival.at, &self.limits).err()?;
        Some(self.later(TooMany::OfAddress, wait, headers))
    }

    /// Begins the stream of events for which this is the head, if there is room for one more.
    pub(crate) fn stream(&self, head: Whole, way: &Way, headers: &HeaderMap) -> Response<Content> {
        match self.hub.subscribe(way.client.counted, headers.get(LAST_EVENT_ID), &self.limits) {
            Some(events) => head.map(|_| Content::Events(events)),
            None => self.later(TooMany::Streams, STREAM_RETRY, headers).map(Content::Whole),
        }
    }

    /// "Not now": when to ask again, in seconds (RFC 9110 §10.2.3).
    fn later(&self, why: TooMany, wait: Duration, headers: &HeaderMap) -> Whole {
        self.observer.metrics.refused(why);
        let status = match why {
            TooMany::OfAddress => StatusCode::TOO_MANY_REQUESTS,
            TooMany::Streams => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = self.error(status, headers);
        response.headers_mut().insert(RETRY_AFTER, (wait.as_secs_f64().ceil() as u64).max(1).into());
        response
    }
}
