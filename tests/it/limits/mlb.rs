//! Limits on requests to MLB: time to connect, time to reply, size of the reply.

use crate::{
    limits::{limited, wait_until},
    support::{
        day::NOON,
        fake_mlb::Fault,
        server::{Server, command},
    },
};
use socket2::{Domain, Socket, Type};
use std::{fs, net::TcpStream};

#[test]
fn a_request_to_mlb_times_out() {
    let (server, mlb) = limited(&[("mlb_total", 1)]);
    mlb.fault(Fault::Drip);
    wait_until("given up", || server.metric("e6_mlb_polls_total{outcome=\"too_slow\"}") >= 1.0);
}

#[test]
fn a_connection_to_mlb_times_out() {
    // The kernel ignores connections to a full accept queue.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _queue: Vec<_> = (0..4)
        .filter_map(|_| TcpStream::connect_timeout(&address, std::time::Duration::from_millis(200)).ok())
        .collect();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[limits]\nmlb_connect = 1\nmlb_total = 60\n").unwrap();
    let url = format!("http://{address}");
    let server = Server::start_by(command(dir.path()), dir, &["--mlb-url", &url, "--clock", NOON]);
    wait_until("given up", || {
        server.metric("e6_mlb_polls_total{outcome=\"unreachable\"}")
            + server.metric("e6_mlb_polls_total{outcome=\"too_slow\"}")
            >= 1.0
    });
}

#[test]
fn the_size_of_mlbs_reply_is_limited() {
    let (server, mlb) = limited(&[("mlb_body", 65_536)]);
    mlb.fault(Fault::Huge);
    wait_until("refused", || server.metric("e6_mlb_polls_total{outcome=\"garbled\"}") >= 1.0);
    assert!(server.stderr().contains("65536"), "{}", server.stderr());
}
