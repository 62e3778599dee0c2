//! The client of MLB's API: requests, checks of the replies, and the last good state. No other module knows the API.
//!
//! It passes plain facts to [`crate::answer`] and knows nothing of visitors and pages.

pub(crate) mod client;
pub(crate) mod day_requests;
pub(crate) mod distrust;
pub(crate) mod freshness;
pub(crate) mod json;
pub(crate) mod metrics;
pub(crate) mod model;
pub(crate) mod poller;
pub(crate) mod question;
pub(crate) mod relay;
pub(crate) mod replay;
pub(crate) mod store;
#[cfg(test)]
mod tests;
pub(crate) mod token;
pub(crate) mod upstream;

pub use crate::mlb::client::Client;
pub use crate::mlb::day_requests::DayRequests;
pub use crate::mlb::metrics::{PollMetrics, RelayMetrics};
pub use crate::mlb::poller::{Poller, PollerSignal};
pub use crate::mlb::store::Store;
pub use crate::mlb::upstream::{
    Endpoint, NO_QUESTION, PollError, REFUSED, Reply, Upstream, WAYS_OUT, is_loopback,
};
pub use crate::mlb::{question::Question, token::Token};
