//! The real binary over real sockets, with a fake MLB behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod answer;
mod browser;
mod day;
mod demo;
mod fake_mlb;
mod framing;
mod http;
mod pages;
mod recordings;
mod server;
mod start;
mod tools;
mod upstream;
