//! Limits on requests: the rate of one address, and the number of event streams.

use crate::{
    http::{body::ResponseContent, clients::Clients, metrics::RequestLimit},
    site::{exchange::RequestContext, service::Service},
    web::{respond::FullResponse, retry_after},
};
use hyper::{
    HeaderMap, Response, StatusCode,
    header::{HeaderName, RETRY_AFTER},
};
use std::time::Duration;

/// The ID of the last event that a client of `/events` has received.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Retry-After when the limit of streams is reached.
const STREAM_RETRY: Duration = Duration::from_secs(60);

impl Service {
    /// The response to a request that exceeds the rate of its network; none if the request may proceed.
    pub(crate) fn refusal(&self, context: &RequestContext, headers: &HeaderMap) -> Option<FullResponse> {
        let address = context.client.counted?;
        let wait = self.parts.clients.rates.admit(address, context.arrival.at, &self.parts.limits).err()?;
        Some(self.later(RequestLimit::OfAddress, wait, headers))
    }

    /// Begins the event stream with this head, unless a limit is reached.
    pub(crate) fn stream(
        &self,
        head: FullResponse,
        context: &RequestContext,
        headers: &HeaderMap,
    ) -> Response<ResponseContent> {
        match Clients::open_stream(&self.parts.clients, context.client.counted) {
            Some(permit) => {
                let events = self.parts.event_hub.subscribe(permit, headers.get(LAST_EVENT_ID));
                head.map(|_| ResponseContent::Events(Box::pin(events)))
            }
            None => self.later(RequestLimit::Streams, STREAM_RETRY, headers).map(ResponseContent::Whole),
        }
    }

    /// A refusal with Retry-After.
    fn later(&self, why: RequestLimit, wait: Duration, headers: &HeaderMap) -> FullResponse {
        self.parts.observer.metrics.refused(why);
        let status = match why {
            RequestLimit::OfAddress => StatusCode::TOO_MANY_REQUESTS,
            RequestLimit::Streams => StatusCode::SERVICE_UNAVAILABLE,
        };
        let mut response = self.error(status, headers);
        response.headers_mut().insert(RETRY_AFTER, retry_after::value(wait));
        response
    }
}
