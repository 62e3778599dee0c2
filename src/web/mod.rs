//! HTTP semantics over bytes that are already made: which URL is what, which representation suits the request, whether
//! the client has it already.
//!
//! This room knows URLs and header fields. It never knows baseball, sockets or TLS.

mod access_log;
pub mod assets;
mod client;
pub mod coding;
mod error_pages;
mod events;
mod exchange;
mod host;
mod metrics;
mod negotiate;
mod precondition;
mod range;
mod rates;
mod record;
mod representation;
mod respond;
mod route;
mod service;
mod site;
mod target;

pub use access_log::{AccessLog, LogDestination, LogFile};
pub use error_pages::ErrorPages;
pub use events::Hub;
pub use exchange::{Body, Observer};
pub use host::Hosts;
pub use metrics::Metrics;
pub use negotiate::Form;
pub use record::LogFormat;
pub use representation::{Caching, Reach, Representation};
pub use route::{ADMIN_ROUTES, ROUTES, Route, Target, table};
pub use service::{Begun, Certificates, How, Parts, Service, tried};
pub use site::{Page, Pages, Site};
