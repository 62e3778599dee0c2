//! Shared by tests: the server as a child process, the fake MLB, clients, and other programs.

pub mod aioquic;
pub mod client;
pub mod day;
pub mod devtools;
pub mod fake_mlb;
pub mod hook;
pub mod limited_ca;
pub mod pebble;
pub mod ports;
pub mod preload;
pub mod proxy;
pub mod response;
pub mod seasons;
pub mod secrets;
pub mod server;
pub mod terminal;
pub mod tools;
pub mod user;
