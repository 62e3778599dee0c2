//! The real binary over real sockets, with a fake MLB behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod attacks;
mod clients;
mod documents;
mod http;
mod lifecycle;
mod limits;
mod mlb;
mod needs_landlock;
mod needs_root;
mod pages;
mod replies;
mod supply_chain;
mod support;
mod tls;
