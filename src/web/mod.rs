//! HTTP semantics over bytes that are already made: which URL is what, which representation suits the request, whether
//! the client has it already.
//!
//! This room knows URLs and header fields. It never knows baseball, sockets or TLS.

pub mod assets;
pub mod coding;
mod negotiate;
mod precondition;
mod range;
mod representation;
mod respond;
mod route;
mod service;
mod site;
mod target;

pub use representation::{Caching, Representation};
pub use route::{ROUTES, Route, Target};
pub use service::{Body, ErrorPages, Service};
pub use site::{Pages, Site};
