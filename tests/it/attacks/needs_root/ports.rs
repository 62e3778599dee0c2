//! No local port is left for connections to MLB.

use crate::{
    attacks::{
        exhaustion::{is_healthy, wait_for_polls},
        needs_root::with_own,
    },
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::Server,
        tools,
    },
};
use nix::sched::CloneFlags;
use std::{
    fs, io,
    net::TcpStream,
    process::Command,
    sync::mpsc::{self, TryRecvError},
    thread,
    time::Duration,
};

/// All ports that connections may have, in a network of its own.
const PORTS: &str = "40000 40199";

/// Takes every port for connections to this address, also those that become free, until the sender is dropped. Then they
/// are free at once.
fn take_all(address: String, until: &mpsc::Receiver<()>) {
    let mut taken = Vec::new();
    while until.try_recv() != Err(TryRecvError::Disconnected) {
        match TcpStream::connect(&address) {
            Ok(stream) => {
                // Without TIME-WAIT.
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
                taken.push(stream);
            }
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::AddrNotAvailable);
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

#[test]
#[ignore = "needs root"]
fn without_a_port_for_mlb_the_last_answer_is_served_and_its_age_told() {
    tools::find("ip");
    with_own(CloneFlags::CLONE_NEWNET, || {
        tools::output(Command::new("ip").args(["link", "set", "lo", "up"]));
        fs::write("/proc/sys/net/ipv4/ip_local_port_range", PORTS).unwrap();
        let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
        let server = Server::start(&mlb, EVENING);
        server.wait_for_verdict("yes");
        let polls = |outcome| server.metric(&format!("e6_mlb_polls_total{{outcome=\"{outcome}\"}}"));
        let heard = || server.metric("e6_mlb_last_success_timestamp_seconds");
        let address = mlb.url().strip_prefix("http://").unwrap().to_owned();
        let (free, taken) = mpsc::channel();
        let taking = thread::spawn(move || take_all(address, &taken));
        wait_for_polls(&server, "unreachable", || polls("unreachable") >= 1.0);
        let before = heard();
        mlb.play(&[Game::new(IN_PROGRESS).charged(2)]);
        let failed = polls("unreachable");
        wait_for_polls(&server, "unreachable again", || polls("unreachable") > failed);
        is_healthy(&server, "while there is no port for MLB");
        let answer = server.api();
        assert_eq!((&answer["verdict"], &answer["errors"]), (&"yes".into(), &1.into()));
        assert_eq!(heard(), before, "its age is told");
        drop(free);
        taking.join().unwrap();
        wait_for_polls(&server, "heard again", || server.api()["errors"] == 2);
    });
}
