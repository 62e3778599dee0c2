//! Socket activation: sockets inherited from systemd.

use crate::support::{
    aioquic,
    day::{EVENING, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    server::{Server, check, command, run, send_to},
};
use command_fds::{CommandFdExt, FdMapping};
use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    os::fd::OwnedFd,
    process::{Command, Stdio},
    time::Duration,
};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

fn socket() -> (TcpListener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

/// Passes these sockets to the command, under these names.
fn handing_over(mut command: Command, sockets: Vec<OwnedFd>, names: &str) -> Command {
    command.env("LISTEN_FDS", sockets.len().to_string());
    if !names.is_empty() {
        command.env("LISTEN_FDNAMES", names);
    }
    let mapped = sockets.into_iter().zip(3..).map(|(parent_fd, child_fd)| FdMapping { parent_fd, child_fd });
    command.fd_mappings(mapped.collect()).unwrap();
    command
}

const PAGE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[test]
fn sockets_are_known_by_their_names_whatever_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let ((admin, admin_at), (https, https_at), (http, http_at)) = (socket(), socket(), socket());
    let sockets = vec![admin.into(), https.into(), http.into()];
    let command = handing_over(command(dir.path()), sockets, "admin:https:http");
    let server = Server::start_by(command, dir, &NO_MLB);
    assert_eq!((server.http(), server.https(), server.admin()), (http_at, https_at, admin_at));
    assert_eq!(send_to(http_at, PAGE, true).status, 200);
    assert_eq!(send_to(https_at, PAGE, true).status, 400, "HTTP where TLS is spoken");
    assert!(server.metrics().contains("e6_connections"));
}

#[test]
fn sockets_without_names_are_http_https_and_admin_in_this_order() {
    let dir = tempfile::tempdir().unwrap();
    let ((http, http_at), (https, https_at)) = (socket(), socket());
    let command = handing_over(command(dir.path()), vec![http.into(), https.into()], "");
    let server = Server::start_by(command, dir, &NO_MLB);
    assert_eq!((server.http(), server.https()), (http_at, https_at));
    assert_ne!(server.admin(), http_at, "of the kind that was not handed over one is bound");
}

#[test]
fn a_udp_socket_is_for_http3_if_that_is_on() {
    for (mode, is_on) in [("on", true), ("off", false)] {
        let dir = tempfile::tempdir().unwrap();
        let (https, https_at) = socket();
        let http3 = UdpSocket::bind(https_at).unwrap();
        let command = handing_over(command(dir.path()), vec![http3.into(), https.into()], "http3:https");
        let server = Server::start_by(command, dir, &[&NO_MLB[..], &["--http3", mode]].concat());
        assert_eq!(server.https(), https_at);
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(Duration::from_millis(if is_on { 10_000 } else { 200 }))).unwrap();
        // A version that nobody knows, which is answered with those that are known.
        let mut datagram =
            vec![0xc0, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1];
        datagram.resize(1200, 0);
        client.send_to(&datagram, https_at).unwrap();
        assert_eq!(client.recv(&mut [0; 2048]).is_ok(), is_on, "{mode}");
        let says = "a socket was handed over for listen.http3, which is off: it is closed";
        assert_eq!(server.stderr().contains(says), !is_on, "{}", server.stderr());
    }
}

#[test]
#[ignore = "needs aioquic"]
fn workers_share_a_udp_socket_and_each_has_connections() {
    let dir = tempfile::tempdir().unwrap();
    let (https, https_at) = socket();
    let http3 = UdpSocket::bind(https_at).unwrap();
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let command = handing_over(command(dir.path()), vec![http3.into(), https.into()], "http3:https");
    let server =
        Server::start_by(command, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING, "--http3", "on"]);
    server.wait_for_verdict("yes");
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let serving: usize = aioquic::run("newcomers", https_at, &["16"]).trim().parse().unwrap();
    // All 16 are on one of two workers in one case of 32,768.
    assert!(serving > 1 || workers == 1, "{serving} of {workers}");
    assert_eq!(server.metric("e6_connections_accepted_total{listener=\"http3\"}"), 16.0);
    assert_eq!(server.metric("e6_quic_datagrams_handed_over_total{to=\"dropped\"}"), 0.0);
    aioquic::run("migration", https_at, &["12"]);
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (http, http_at) = socket();
    let mut command = handing_over(command(dir.path()), vec![http.into()], "http");
    command.env("LISTEN_PID", "1");
    let server = Server::start_by(command, dir, &NO_MLB);
    assert_ne!(server.http(), http_at);
}

#[test]
fn a_connection_from_before_the_start_is_served() {
    let dir = tempfile::tempdir().unwrap();
    let (http, http_at) = socket();
    let client = std::thread::spawn(move || send_to(http_at, PAGE, true).status);
    let command = handing_over(command(dir.path()), vec![http.into()], "http");
    let _server = Server::start_by(command, dir, &NO_MLB);
    assert_eq!(client.join().unwrap(), 200);
}

#[test]
fn an_unusable_inherited_socket_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let mut child = handing_over(command(dir.path()), vec![file.into()], "http")
        .args(["--https", "off", "--admin", "off"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(child.stderr.as_mut().unwrap(), &mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert!(said.contains("\"http\"") && said.contains("hand over sockets named"), "{said}");

    let output = command(dir.path()).env("LISTEN_FDS", "2").args(NO_MLB).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "nothing was handed over");
    assert!(String::from_utf8(output.stderr).unwrap().contains("LISTEN_FDS"));
    assert_eq!(run(dir.path(), &["reload"]).0, Some(1), "and nothing runs");
}

/// Tests that need IPv6: ignored by default, run by `.ci/run` if the kernel has it.
mod needs_ipv6 {
    use super::*;
    use socket2::{Domain, Socket, Type};
    use std::net::Ipv6Addr;

    /// systemd's `BindIPv6Only=ipv6-only` makes such a socket.
    #[test]
    #[ignore = "needs IPv6"]
    fn a_socket_for_ipv6_alone_is_found_by_health_and_by_check() {
        let dir = tempfile::tempdir().unwrap();
        let socket = Socket::new(Domain::IPV6, Type::STREAM, None).unwrap();
        socket.set_only_v6(true).unwrap();
        socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)).into()).unwrap();
        socket.listen(16).unwrap();
        let command = handing_over(command(dir.path()), vec![socket.into()], "http");
        let server = Server::start_by(command, dir, &NO_MLB);
        let (http, elsewhere) = (server.http().to_string(), tempfile::tempdir().unwrap());
        assert!(http.starts_with("[::]:"), "{http}");
        let (code, stdout, stderr) = run(elsewhere.path(), &["health", "--http", &http]);
        assert!(code == Some(0) && stdout.contains(" answered 200 OK in "), "{stdout} {stderr}");
        let (_, stdout, stderr) = check(elsewhere.path(), &["--https", "off", "--http", &http]);
        assert!(stdout.contains(&format!("e6 listens on {http} already")), "{stdout} {stderr}");
    }
}
