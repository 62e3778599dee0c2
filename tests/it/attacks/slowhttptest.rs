//! slowhttptest, a tool of others, in its four modes: the server closes every connection.

use crate::{
    attacks::{attack, slow_peers::has_freed_all},
    limits::{ended, limited, wait_until},
    support::{server::Server, tools},
};
use std::process::Command;

/// Connections of each attack.
const CONNECTIONS: u32 = 200;

/// Runs the tool against a server with limits of a second, for this many seconds at most. Returns what it printed.
fn slowhttptest(path: &str, mode: &[&str], seconds: u32, check: impl FnOnce(&Server)) -> String {
    tools::find("slowhttptest");
    let (server, _mlb) = limited(&["head", "idle", "stall", "request"].map(|limit| (limit, 1)));
    let url = format!("http://{}{path}", server.http());
    let said = attack(&server, || {
        let mut command = Command::new("slowhttptest");
        let numbers = [("-c", CONNECTIONS), ("-r", CONNECTIONS), ("-l", seconds), ("-i", 1), ("-p", 3)];
        for (flag, number) in numbers {
            command.args([flag, &number.to_string()]);
        }
        tools::output(command.args(["-u", &url]).args(mode))
    });
    check(&server);
    has_freed_all(&server);
    said
}

/// Asserts that the tool ends because it has no connection left.
fn loses_every_connection(path: &str, mode: &str) {
    let said = slowhttptest(path, &[mode], 20, |_| {});
    assert!(said.contains("No open connections left"), "{said}");
}

#[test]
#[ignore = "needs slowhttptest"]
fn slow_heads() {
    loses_every_connection("/", "-H");
}

#[test]
#[ignore = "needs slowhttptest"]
fn slow_bodies() {
    loses_every_connection("/", "-B");
}

#[test]
#[ignore = "needs slowhttptest"]
fn many_ranges() {
    loses_every_connection("/api/openapi.json", "-R");
}

/// The tool does not notice the end of a connection, because it has bytes left to read.
#[test]
#[ignore = "needs slowhttptest"]
fn slow_readers() {
    let slow = ["-X", "-k", "10", "-w", "10", "-y", "20", "-z", "5"];
    slowhttptest("/api/openapi.json", &slow, 5, |server| {
        let all = || ended(server, "stall") + ended(server, "request");
        wait_until("ended", || all() == f64::from(CONNECTIONS));
    });
}
