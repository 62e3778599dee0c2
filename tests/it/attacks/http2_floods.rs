//! Floods of HTTP/2 frames that cost a peer little and a server much, unless it limits them.

use crate::{
    attacks::{attack, header, proxied},
    http::http2::{
        Client,
        frames::{
            COMPRESSION, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, PRIORITY, PROTOCOL, WHOLE, block,
            continuation, data, frame, get, get_block, get_block_of, headers, ping, post, settings,
            window_update,
        },
    },
    limits::{ended, limited, wait_until},
    support::{fake_mlb::FakeMlb, server::Server},
};

/// Batches that a peer sends at most.
const BATCHES: u32 = 200;
/// Frames of a batch.
const BATCH: usize = 1000;
/// An unknown kind of frame.
const UNKNOWN: u8 = 0xee;
/// The only entry of a dynamic table, as an indexed field (RFC 7541 §6.1).
const NEWEST: u8 = 0x80 | 62;

/// A flood after it has ended, one way or the other.
struct Flooded {
    server: Server,
    _mlb: FakeMlb,
    client: Client,
    batches: u32,
}

/// Opens a connection, and sends batches until it ends.
fn flood(opening: &[u8], batch: impl Fn(u32) -> Vec<u8>) -> Flooded {
    let (server, mlb) = proxied();
    let (client, batches) = attack(&server, || {
        let mut client = Client::introduced(&server, &header(1));
        client.send(opening);
        let mut batches = 0;
        while batches < BATCHES && !client.has_ended() {
            client.send(&batch(batches));
            client.wait_briefly();
            batches += 1;
        }
        (client, batches)
    });
    Flooded { server, _mlb: mlb, client, batches }
}

/// Asserts that a flood of this frame ends its connection with ENHANCE_YOUR_CALM, as one of control frames.
fn is_told_to_calm_down(opening: &[u8], frame: &[u8]) {
    let Flooded { server, mut client, .. } = flood(opening, |_| frame.repeat(BATCH));
    assert!(client.wait_for_end());
    assert!(client.has(|frame| frame.kind == GOAWAY && frame.code() == Some(ENHANCE_YOUR_CALM)));
    wait_until("counted", || ended(&server, "control_frames") == 1.0);
}

/// Asserts that the connection has ended with one of these codes, soon.
fn has_ended(flooded: Flooded, codes: &[u32]) {
    let Flooded { mut client, batches, .. } = flooded;
    assert!(client.wait_for_end());
    assert!(batches < BATCHES / 10, "only after {batches} batches");
    assert!(
        client.has(|frame| frame.kind == GOAWAY && frame.code().is_some_and(|code| codes.contains(&code)))
    );
}

/// HEADERS of one stream after the other, with this block.
fn requests(batch: u32, count: u32, block: &[u8]) -> Vec<u8> {
    (0..count).flat_map(|number| headers(2 * (batch * count + number) + 1, WHOLE, block)).collect()
}

/// A field that enters the dynamic table.
fn indexed(name: &str, value: &str) -> Vec<u8> {
    let mut field = block(&[(name, value)]);
    field[0] = 0x40;
    field
}

#[test]
fn a_flood_of_settings() {
    is_told_to_calm_down(&[], &settings(&[(4, 65_535)]));
}

#[test]
fn a_flood_of_settings_that_move_the_windows_of_blocked_streams() {
    let opening = [settings(&[(4, 0)]), (0..64).flat_map(|number| get(2 * number + 1)).collect()].concat();
    is_told_to_calm_down(&opening, &[settings(&[(4, 1)]), settings(&[(4, 0)])].concat());
}

#[test]
fn a_flood_of_pings() {
    is_told_to_calm_down(&[], &ping());
}

#[test]
fn a_flood_of_priorities() {
    is_told_to_calm_down(&[], &frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 15]));
}

#[test]
fn a_flood_of_window_updates() {
    is_told_to_calm_down(&[], &window_update(0, 1));
}

/// A response that leaves byte by byte (CVE-2019-9511).
#[test]
fn a_flood_of_window_updates_of_one_byte() {
    let large = headers(1, WHOLE, &get_block_of("/api/openapi.json"));
    is_told_to_calm_down(&[settings(&[(4, 0)]), large].concat(), &window_update(1, 1));
}

#[test]
fn a_flood_of_unknown_frames() {
    is_told_to_calm_down(&[], &frame(UNKNOWN, 0, 0, b"unknown"));
}

#[test]
fn a_flood_of_goaways() {
    let Flooded { mut client, batches, .. } = flood(&[], |_| frame(GOAWAY, 0, 0, &[0; 8]).repeat(BATCH));
    assert!(client.wait_for_end() && batches < BATCHES / 10, "{batches}");
}

#[test]
fn a_flood_of_empty_data() {
    let frames = data(1, 0, b"").repeat(BATCH);
    let Flooded { mut client, batches, .. } = flood(&post(1), |_| frames.clone());
    assert!(client.wait_for_end() && batches < BATCHES / 10, "{batches}");
}

#[test]
fn a_flood_of_data_of_one_byte() {
    let frames = data(1, 0, b"x").repeat(BATCH);
    let Flooded { mut client, batches, .. } = flood(&post(1), |_| frames.clone());
    assert!(client.wait_for_end() && batches < BATCHES / 10, "{batches}");
}

#[test]
fn a_header_block_without_end() {
    let endless = continuation(1, 0, &block(&[("x-more", "and more")])).repeat(BATCH);
    let flooded = flood(&headers(1, END_STREAM, &get_block()), |_| endless.clone());
    has_ended(flooded, &[ENHANCE_YOUR_CALM, PROTOCOL, COMPRESSION]);
}

#[test]
fn a_header_block_of_empty_continuations() {
    let endless = continuation(1, 0, b"").repeat(BATCH);
    let flooded = flood(&headers(1, END_STREAM, &get_block()), |_| endless.clone());
    has_ended(flooded, &[ENHANCE_YOUR_CALM, PROTOCOL]);
}

/// 16 KiB that stand for 48 MiB.
#[test]
fn an_hpack_bomb() {
    let bomb = [get_block(), indexed("x", &"x".repeat(4000)), vec![NEWEST; 12_000]].concat();
    has_ended(flood(&headers(1, WHOLE, &bomb), |_| ping()), &[ENHANCE_YOUR_CALM]);
}

/// Each is refused, but too small to end the connection by itself.
#[test]
fn a_flood_of_small_hpack_bombs() {
    let bomb = [get_block(), indexed("x", &"x".repeat(4000)), vec![NEWEST; 20]].concat();
    let (server, _mlb) = proxied();
    let mut client = attack(&server, || {
        let mut client = Client::introduced(&server, &header(1));
        for batch in 0..BATCHES {
            client.send(&requests(batch, 20, &bomb));
            let last = 40 * (batch + 1) - 1;
            if !client.wait(|frame| frame.kind == HEADERS && frame.stream == last) {
                break;
            }
        }
        client
    });
    assert!(client.wait_for_end());
    assert!(!client.has(|frame| frame.is_ok()), "each is refused");
    wait_until("counted", || ended(&server, "control_frames") == 1.0);
}

/// Updates of the dynamic table's size, as many as a frame holds.
#[test]
fn a_flood_of_table_size_updates() {
    let updates = [&[0x20, 0x3f, 0xe1, 0x1f].repeat(4000)[..], &get_block()].concat();
    let flooded = flood(&[], |batch| requests(batch, 3, &updates));
    assert!(flooded.client.has(|frame| frame.is_ok()), "a few are harmless");
    has_ended(flooded, &[ENHANCE_YOUR_CALM]);
}

/// Each crumb costs its sender one byte, and the server 38 by the count of RFC 9113 §6.5.2.
#[test]
fn a_flood_of_cookie_crumbs() {
    let crumbs = [get_block(), indexed("cookie", ""), vec![NEWEST; 16_000]].concat();
    has_ended(flood(&headers(1, WHOLE, &crumbs), |_| ping()), &[ENHANCE_YOUR_CALM]);
    let crumbs = [get_block(), indexed("cookie", ""), vec![NEWEST; 800]].concat();
    let flooded = flood(&[], |batch| requests(batch, 20, &crumbs));
    let client = &flooded.client;
    assert!(
        client.has(|frame| frame.kind == HEADERS) && !client.has(|frame| frame.is_ok()),
        "each is refused"
    );
    has_ended(flooded, &[ENHANCE_YOUR_CALM]);
}

#[test]
fn frames_that_go_with_requests_are_no_flood() {
    let (server, _mlb) = limited(&[("h2_control_frames", 100)]);
    let mut client = Client::connect(&server);
    for number in 0..60 {
        let stream = 2 * number + 1;
        client.send(&[get(stream), window_update(0, 1).repeat(60), ping().repeat(20)].concat());
        assert!(client.wait(|frame| frame.stream == stream && frame.is_ok()), "{stream}");
    }
    client.send(&ping().repeat(200));
    assert!(client.wait_for_end(), "the limit is as configured");
}
