//! Upgrades that turn HTTP/3 off and on again, and to a binary that has none.

use crate::{
    http::http3::field_over_tls,
    lifecycle::{
        upgrade::with_binary_of_its_own,
        upgrade_under_load::{TcpClients, upgrade},
    },
    support::{
        aioquic::{self, Scenario},
        server::Server,
    },
};
use std::{fs, net::UdpSocket, os::unix::fs::PermissionsExt, time::Duration};

const ON: &str = "[listen]\nhttp3 = \"on\"\n";
const OFF: &str = "[listen]\nhttp3 = \"off\"\n";
/// Upgrades in each direction.
const TIMES: usize = 3;

/// Upgrades with these lines in `e6.toml`. Returns the old process.
fn upgrade_at_once_with(server: &Server, toml: &str) -> u32 {
    let old = server.found().unwrap();
    fs::write(server.path("e6.toml"), toml).unwrap();
    upgrade(server, 1);
    old
}

/// As [`upgrade_at_once_with`], and waits for the end of the old process.
fn upgrade_with(server: &Server, toml: &str) {
    let old = upgrade_at_once_with(server, toml);
    wait_for_end(server, old);
}

fn wait_for_end(server: &Server, old: u32) {
    // The first process is a zombie then, which has no binary either.
    server.wait_until("ended", || fs::read_link(format!("/proc/{old}/exe")).is_err());
}

/// Whether anything listens on the UDP port. If not, the kernel says so at once.
fn is_udp_open(server: &Server) -> bool {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(server.https()).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    socket.send(&[0]).unwrap();
    socket.recv(&mut [0]).is_err_and(|error| error.kind() != std::io::ErrorKind::ConnectionRefused)
}

#[test]
#[ignore = "needs aioquic"]
fn no_request_fails_while_upgrades_turn_http3_off_and_on_again() {
    let (server, _binary, _mlb) = with_binary_of_its_own(ON);
    let clients = TcpClients::start(&server);
    let by_http3 = Scenario::start("upgrades", server.https(), &["no"]);
    for _ in 0..TIMES {
        upgrade_with(&server, OFF);
        assert_eq!(field_over_tls(&server, "alt-svc"), "clear");
        assert!(!is_udp_open(&server));
        upgrade_with(&server, ON);
        assert!(field_over_tls(&server, "alt-svc").starts_with("h3="));
        aioquic::run("key_update", server.https(), &[]);
    }
    let counts = by_http3.finish();
    eprintln!("HTTP/3: {counts}");
    clients.finish(&server, TIMES);
    assert!(!server.stderr().contains("have been cut"), "{}", server.stderr());
}

#[test]
fn clients_are_told_to_forget_http3_until_it_is_on_again() {
    let (server, _binary, _mlb) = with_binary_of_its_own(ON);
    for (toml, expected) in [(OFF, "clear"), (OFF, "clear"), (OFF, "clear"), (ON, "h3=")] {
        upgrade_with(&server, toml);
        let said = field_over_tls(&server, "alt-svc");
        assert!(said.starts_with(expected), "{toml}: {said:?}");
    }
}

#[test]
#[ignore = "needs aioquic"]
fn a_response_over_http3_is_finished_by_the_old_process_when_the_new_one_has_none() {
    let (mut server, _binary, _mlb) = with_binary_of_its_own(ON);
    fs::write(server.path("e6.toml"), OFF).unwrap();
    aioquic::run("taken_later", server.https(), &[&server.pid().to_string()]);
    assert!(server.wait_for_exit().success(), "{}", server.stderr());
    assert!(!server.stderr().contains("have been cut"), "{}", server.stderr());
}

#[test]
#[ignore = "needs aioquic"]
fn http3_is_not_turned_on_again_before_the_process_that_finishes_its_connections_has_ended() {
    let [on, off, auto] =
        ["on", "off", "auto"].map(|http3| format!("[listen]\nhttp3 = {http3:?}\n[limits]\nstall = 30\n"));
    let (server, _binary, _mlb) = with_binary_of_its_own(&on);
    let mut client = Scenario::start("taken_after", server.https(), &[]);
    client.wait_until_ready();
    let first = upgrade_at_once_with(&server, &off);
    fs::write(server.path("e6.toml"), &on).unwrap();
    let (code, told) = server.command(&["upgrade"]);
    assert!(code == Some(1) && told.contains("an older process of e6 still drains there"), "{told}");
    let second = upgrade_at_once_with(&server, &auto);
    server.wait_until("told", || server.stderr().contains("e6 goes on without HTTP/3 there"));
    client.finish();
    for old in [first, second] {
        wait_for_end(&server, old);
    }
    upgrade_with(&server, &on);
    aioquic::run("key_update", server.https(), &[]);
    assert!(!server.stderr().contains("have been cut"), "{}", server.stderr());
}

#[test]
#[ignore = "needs aioquic"]
fn clients_that_prove_their_address_after_an_upgrade_are_served_at_once() {
    let toml = format!("{ON}[limits]\nstall = 30\nhandshake = 3\nh3_unvalidated = 0\n");
    let (server, _binary, _mlb) = with_binary_of_its_own(&toml);
    let mut client = Scenario::start("prove_their_address", server.https(), &[]);
    client.wait_until_ready();
    let old = upgrade_at_once_with(&server, &toml);
    server.wait_until("handed over", || server.stderr().contains("another process serves now"));
    client.finish();
    wait_for_end(&server, old);
}

#[test]
#[ignore = "needs aioquic"]
fn a_binary_without_http3_takes_over_once_http3_is_off() {
    let (server, binary, _mlb) = with_binary_of_its_own(ON);
    fs::hard_link(&binary, server.path("real")).unwrap();
    // An e6 from before HTTP/3 refuses a socket that it does not know.
    let older = "#!/bin/sh\ncase $LISTEN_FDNAMES in *http3*) exit 1;; esac\nexec ./real \"$@\"\n";
    let before = binary.with_extension("before");
    fs::write(&before, older).unwrap();
    fs::set_permissions(&before, fs::Permissions::from_mode(0o755)).unwrap();
    let process = server.found();
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("nothing has changed: "), "{said}");
    assert!(said.contains("exit status: 1"), "{said}");
    assert_eq!(server.found(), process);
    aioquic::run("key_update", server.https(), &[]);

    upgrade_with(&server, OFF);
    let (code, said) = server.command(&["rollback"]);
    assert_eq!((code, &*said), (Some(0), ""), "{}", server.stderr());
    assert_eq!(fs::read_to_string(&binary).unwrap(), older);
    assert_eq!(server.api()["verdict"], "yes");
    assert!(!is_udp_open(&server));

    upgrade_with(&server, ON);
    aioquic::run("key_update", server.https(), &[]);
}
