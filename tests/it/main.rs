//! The real binary over real sockets, with a fake MLB behind it.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod acme;
mod answer;
mod api;
mod browser;
mod certificates;
mod day;
mod demo;
mod events;
mod fake_mlb;
mod follow;
mod foreign;
mod framing;
mod hosts;
mod how;
mod http;
mod http2;
mod inspect;
mod limits;
mod lint;
mod log;
mod metrics;
mod operate;
mod pages;
mod partly;
mod pebble;
mod peers;
mod recordings;
mod season;
mod server;
mod share;
mod start;
mod tls;
mod tools;
mod turning;
mod upstream;
