//! The one site: its routes, the pages and assets it serves, events, errors and health.
//!
//! It knows no baseball: pages arrive as ready-made bytes.

pub(crate) mod assets;
pub(crate) mod common_fields;
pub(crate) mod cors;
pub(crate) mod errors;
pub(crate) mod events;
pub(crate) mod exchange;
pub(crate) mod named;
pub(crate) mod page;
pub(crate) mod policy;
pub(crate) mod relay;
pub(crate) mod routes;
pub mod sample;
pub(crate) mod service;
pub(crate) mod snapshot;
pub(crate) mod trace;
