//! Limits on requests: size of the head, rate and connections per address, event streams, HTTP/2 streams.

use crate::{
    http::http2::{
        Client,
        frames::{SETTINGS, get, settings},
    },
    limits::{ask, connect, limited, limited_with, wait_until},
    support::server::{PATIENCE, Response, Server, parse},
};
use std::{
    io::{Read, Write},
    thread,
    time::Duration,
};

/// Trusts every loopback address as a proxy, so that tests can name any client.
const PROXY: &str = "[proxy]\ntrusted = \"127.0.0.0/8\"\n";

/// A request that a proxy forwards for this client.
fn passed_on(server: &Server, client: &str) -> Response {
    server.get("/", &format!("X-Forwarded-For: {client}\r\n"))
}

fn refused(server: &Server, why: &str) -> f64 {
    server.metric(&format!("e6_http_requests_refused_total{{reason=\"{why}\"}}"))
}

#[test]
fn requests_per_address_have_a_burst_and_a_rate_and_other_addresses_are_unaffected() {
    let (server, _mlb) = limited_with(&[("address_rate", 1), ("address_burst", 3)], PROXY);
    let mine = [(); 4].map(|()| passed_on(&server, "192.0.2.7"));
    assert_eq!(mine.each_ref().map(|response| response.status), [200, 200, 200, 429]);
    assert_eq!(mine[3].field("retry-after"), "1");
    assert!(mine[3].text().contains("Too many requests from your address"), "{}", mine[3].text());
    assert_eq!(passed_on(&server, "192.0.2.8").status, 200);
    let household = [1, 2, 3, 4].map(|host| passed_on(&server, &format!("2001:db8:1:2::{host}")).status);
    assert_eq!(household, [200, 200, 200, 429], "a /64 is one household");
    assert_eq!(passed_on(&server, "2001:db8:1:3::1").status, 200);
    assert_eq!(refused(&server, "address_rate"), 2.0);
    // Loopback and trusted proxies have no limit of their own, because they stand for many clients.
    assert!((0..20).all(|_| server.get("/", "").status == 200));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(passed_on(&server, "192.0.2.7").status, 200, "after as long as was said");
}

#[test]
fn connections_per_address_are_limited_and_other_addresses_are_unaffected() {
    let (server, _mlb) = limited_with(&[("address_connections", 2)], &format!("{PROXY}protocol = true\n"));
    let connected = |client: &str| {
        let mut stream = connect(server.http());
        write!(stream, "PROXY TCP4 {client} 192.0.2.1 4711 80\r\n").unwrap();
        stream
    };
    let mut mine = [connected("192.0.2.7"), connected("192.0.2.7")];
    mine.iter_mut().for_each(|stream| assert!(ask(stream).starts_with("HTTP/1.1 200")));
    let mut third = connected("192.0.2.7");
    assert!(crate::limits::ends_within(&mut third, PATIENCE));
    assert_eq!(server.metric("e6_connections_refused_total{reason=\"address\"}"), 1.0);
    ask(&mut connected("192.0.2.8"));
    drop(mine);
    wait_until("room again", || server.metric("e6_connections{listener=\"http\"}") == 0.0);
    ask(&mut connected("192.0.2.7"));
}

#[test]
fn event_streams_are_limited_and_the_next_request_gets_retry_after() {
    let (server, _mlb) = limited(&[("event_streams", 1)]);
    let mut first = connect(server.http());
    first.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    first.read_exact(&mut [0; 12]).unwrap();
    let full = server.get("/events", "");
    assert_eq!((full.status, full.field("retry-after")), (503, "60"));
    assert_eq!(refused(&server, "event_streams"), 1.0);
    drop(first);
    wait_until("room again", || server.metric("e6_event_streams") == 0.0);
}

#[test]
fn event_streams_per_address_are_limited() {
    let (server, _mlb) = limited_with(&[("address_event_streams", 1)], PROXY);
    let status = |client: &str| {
        let mut stream = connect(server.http());
        write!(stream, "GET /events HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {client}\r\n\r\n")
            .unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (String::from_utf8_lossy(&status[9..]).into_owned(), stream)
    };
    let first = status("192.0.2.7");
    assert_eq!(
        (first.0.as_str(), status("192.0.2.7").0.as_str(), status("192.0.2.8").0.as_str()),
        ("200", "503", "200")
    );
}

#[test]
fn size_fields_and_target_of_a_head_are_limited() {
    let (server, _mlb) = limited(&[("head_size", 4096), ("head_fields", 8), ("target_size", 64)]);
    let status = |path: &str, fields: &str| server.get(path, fields).status;
    let (long, longer) = ("a".repeat(63), "a".repeat(64));
    assert_eq!((status(&format!("/{long}"), ""), status(&format!("/{longer}"), "")), (404, 414));
    // `Host` and `Connection` are fields as well.
    assert_eq!((status("/", &"A: b\r\n".repeat(6)), status("/", &"A: b\r\n".repeat(7))), (200, 431));
    let large = |size: usize| status("/", &format!("A: {}\r\n", "b".repeat(size)));
    assert_eq!((large(4000), large(4096)), (200, 431));
    // A head that is too large to be read is refused as well.
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nA: {}\r\n\r\n", "b".repeat(9000));
    assert_eq!(server.send(&request, true).status, 431);
}

#[test]
fn http_2_settings_announce_the_limits() {
    let (server, _mlb) = limited(&[("h2_streams", 2), ("h2_window", 70_000), ("head_size", 5000)]);
    let mut client = Client::connect(&server);
    let values = |payload: &[u8]| -> Vec<(u16, u32)> {
        let pair = |pair: &[u8]| {
            (u16::from_be_bytes([pair[0], pair[1]]), u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]))
        };
        payload.chunks(6).map(pair).collect()
    };
    assert!(client.has(|frame| {
        let said = values(&frame.payload);
        frame.kind == SETTINGS && [(3, 2), (4, 70_000), (6, 10_000)].iter().all(|pair| said.contains(pair))
    }));
    client.send(&[settings(&[(4, 0)]), get(1), get(3), get(5)].concat());
    assert!(client.wait(|frame| frame.stream == 5 && frame.code().is_some()), "one stream too many");
}

#[test]
fn http_2_streams_that_are_reset_are_counted() {
    for (limit, error) in [("h2_pending_resets", 8), ("h2_local_resets", 0)] {
        let (server, _mlb) = limited(&[(limit, 2)]);
        let mut client = Client::connect(&server);
        let opened = |stream: u32| match error {
            0 => [get(stream), crate::http::http2::frames::window_update(stream, 0)].concat(),
            code => [get(stream), crate::http::http2::frames::reset(stream, code)].concat(),
        };
        client.send(&(0..10).flat_map(|n| opened(2 * n + 1)).collect::<Vec<_>>());
        assert!(client.wait_for_end(), "{limit}");
    }
}

#[test]
fn a_refusal_can_be_read_by_programs() {
    let (server, _mlb) = limited_with(&[("address_rate", 1), ("address_burst", 1)], PROXY);
    passed_on(&server, "192.0.2.7");
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nAccept: text/html\r\n\
                   Connection: close\r\n\r\n";
    let mut stream = connect(server.http());
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let refused = parse(&reply, true);
    assert_eq!((refused.status, refused.field("cache-control")), (429, "no-store"));
    assert!(refused.text().contains("<html"));
}
