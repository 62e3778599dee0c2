//! Connections that wait: whatever they wait for, they take no processor time until they end.

use crate::{
    http::http2::{
        Client,
        frames::{HEADERS, WHOLE, get, get_block_of, headers},
    },
    limits::{ASKED, ask, complete, connect, limited, over_tls},
    support::server::{PATIENCE, Server},
};
use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

/// The timeouts of the test, in seconds.
const TIMEOUT: u64 = 4;
/// The most processor time that a debug build may take meanwhile. A loop without a pause takes seconds.
const MOST: Duration = Duration::from_millis(500);

fn sent(mut stream: TcpStream, bytes: &[u8]) -> TcpStream {
    stream.write_all(bytes).unwrap();
    stream
}

fn over_http2(server: &Server, request: &[u8]) -> Client {
    let mut client = Client::connect(server);
    client.send(request);
    assert!(client.wait(|frame| frame.kind == HEADERS));
    client
}

/// Waits until the work of the start is done.
fn wait_for_rest(server: &Server) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = server.cpu_time();
        thread::sleep(Duration::from_millis(500));
        if server.cpu_time() - before <= Duration::from_millis(20) {
            return;
        }
        assert!(Instant::now() < deadline, "the server does not come to rest");
    }
}

#[test]
fn connections_that_wait_take_no_processor_time_until_they_end() {
    let (server, _mlb) = limited(&[("idle", TIMEOUT), ("head", TIMEOUT), ("handshake", TIMEOUT)]);
    complete(&server, "");
    wait_for_rest(&server);
    let events = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut idle = connect(server.http());
    ask(&mut idle);
    let mut tcp = vec![
        idle,
        connect(server.http()),
        connect(server.https()),
        sent(connect(server.http()), &ASKED[..ASKED.len() / 2]),
        over_tls(&server, "http/1.1", b""),
        over_tls(&server, "http/1.1", ASKED),
        over_tls(&server, "h2", b""),
    ];
    let mut stream = sent(connect(server.http()), events);
    assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
    let mut http2 = over_http2(&server, &get(1));
    let _stream = over_http2(&server, &headers(1, WHOLE, &get_block_of("/events")));
    let before = server.cpu_time();
    let began = Instant::now();
    for connection in &mut tcp {
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        while connection.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
    }
    assert!(http2.wait_for_end());
    assert!(began.elapsed() >= Duration::from_secs(TIMEOUT - 1), "they ended after {:?}", began.elapsed());
    let spent = server.cpu_time() - before;
    assert!(spent < MOST, "they took {spent:?} of a processor in {:?}", began.elapsed());
}
