//! Attacks with HTTP/2 streams: opened and reset, refused, blocked, or never read.

use crate::{
    attacks::{attack, header, proxied, serves_visitors},
    http::http2::{
        Client,
        frames::{
            CANCEL, DATA, ENHANCE_YOUR_CALM, Frame, GOAWAY, HEADERS, REFUSED, RST_STREAM, get, headers,
            reset, settings, window_update,
        },
    },
    limits::{PROXIED, limited_with, wait_until},
    support::server::Server,
};

/// The default limit of streams on an HTTP/2 connection.
const STREAMS: usize = 64;
/// Streams that a peer opens at most.
const MANY: u32 = 20_000;
/// Streams of a batch.
const BATCH: u32 = 200;

/// Opens streams with these bytes for each, until the connection ends. Returns the client and the number of streams.
fn opens_streams(server: &Server, bytes: impl Fn(u32) -> Vec<u8>) -> (Client, u32) {
    attack(server, || {
        let mut client = Client::introduced(server, &header(1));
        let mut opened = 0;
        while opened < MANY && !client.has_ended() {
            let batch = opened..opened + BATCH;
            client.send(&batch.flat_map(|number| bytes(2 * number + 1)).collect::<Vec<_>>());
            client.wait_briefly();
            opened += BATCH;
        }
        (client, opened)
    })
}

fn is_calm(frame: &Frame) -> bool {
    frame.kind == GOAWAY && frame.code() == Some(ENHANCE_YOUR_CALM)
}

/// CVE-2023-44487.
#[test]
fn rapid_reset() {
    let (server, _mlb) = proxied();
    let (mut client, opened) = opens_streams(&server, |stream| [get(stream), reset(stream, CANCEL)].concat());
    assert!(client.wait_for_end() && client.has(is_calm));
    assert!(opened < MANY / 10, "only after {opened} streams");
}

/// CVE-2025-8671: the server is made to reset the streams, whose windows grow past their end.
#[test]
fn made_you_reset() {
    let (server, _mlb) = proxied();
    let (mut client, opened) =
        opens_streams(&server, |stream| [get(stream), window_update(stream, 0x7fff_ffff)].concat());
    assert!(client.wait_for_end() && client.has(is_calm));
    assert!(opened < MANY / 10, "only after {opened} streams");
}

/// Requests whose heads are malformed, each of which the server resets.
#[test]
fn a_flood_of_malformed_requests() {
    let (server, _mlb) = proxied();
    // No method.
    let (mut client, opened) = opens_streams(&server, |stream| headers(stream, 0x5, &[0x87, 0x84]));
    assert!(client.wait_for_end() && opened < MANY / 10, "only after {opened} streams");
}

/// More streams at once than are allowed.
#[test]
fn a_flood_of_streams_that_are_refused() {
    let (server, _mlb) = proxied();
    let (mut client, opened) = attack(&server, || {
        let mut client = blocked(&server, 1, STREAMS);
        let mut opened = STREAMS as u32;
        while opened < MANY && !client.has_ended() {
            client.send(&(opened..opened + BATCH).flat_map(|number| get(2 * number + 1)).collect::<Vec<_>>());
            client.wait_briefly();
            opened += BATCH;
        }
        (client, opened)
    });
    assert!(client.wait_for_end() && opened < MANY / 10, "only after {opened} streams");
    assert!(client.has(|frame| frame.kind == RST_STREAM && frame.code() == Some(REFUSED)));
}

/// A client whose window stays closed, which blocks the responses to this many requests.
fn blocked(server: &Server, client: usize, streams: usize) -> Client {
    let mut blocked = Client::introduced(server, &header(client));
    let requests: Vec<u8> = (1..).step_by(2).take(streams).flat_map(get).collect();
    blocked.send(&[settings(&[(4, 0)]), requests].concat());
    let last = 2 * streams as u32 - 1;
    assert!(
        blocked.wait(|frame| frame.stream == last && frame.kind == HEADERS && frame.is_ok()),
        "all are 200"
    );
    blocked
}

#[test]
fn thousands_of_blocked_streams() {
    let (server, _mlb) = proxied();
    let held = attack(&server, || {
        let held: Vec<_> = (0..4096 / STREAMS).map(|client| blocked(&server, client, STREAMS)).collect();
        serves_visitors(&server, "while 4,096 streams are blocked");
        held
    });
    drop(held);
}

#[test]
fn too_much_memory_in_blocked_responses_resets_the_longest_blocked() {
    // 20 connections at 8 KiB make 160 KiB: room for 80 blocked responses of 2 KiB.
    let (server, _mlb) = limited_with(&[("connections", 20)], PROXIED);
    let mut first = blocked(&server, 1, STREAMS);
    let mut newest = blocked(&server, 2, STREAMS);
    let evicted = || server.metric("e6_http2_streams_reset_total{reason=\"memory\"}");
    wait_until("reset", || evicted() == 48.0);
    let cancelled = |stream: u32| {
        move |frame: &Frame| {
            frame.stream == stream && frame.kind == RST_STREAM && frame.code() == Some(CANCEL)
        }
    };
    assert!(first.wait(cancelled(95)), "the 48th");
    newest.send(&window_update(1, 65_535));
    assert!(newest.wait(|frame| frame.stream == 1 && frame.kind == DATA), "the newest are let be");
    first.send(&window_update(127, 65_535));
    assert!(
        first.wait(|frame| frame.stream == 127 && frame.kind == DATA),
        "so are others of the same connection"
    );
    assert!(first.has(cancelled(1)) && !first.has(cancelled(97)));
    serves_visitors(&server, "while blocked responses hold as much as they may");
}
