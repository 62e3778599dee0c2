//! A limit on the memory of the process and its sockets, as of a small container.

use crate::{
    attacks::exhaustion::is_healthy,
    http::http2::{
        Client,
        frames::{get, settings},
    },
    limits::{deadlines::hoarder, wait_until},
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::FakeMlb,
        server::{Server, send_to},
        tools,
    },
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, id},
};

const BYTES: u64 = 64 * 1024 * 1024;
/// HTTP/2 clients that read nothing, and HTTP/1.1 clients that stop: together more than fit.
const BLOCKED: usize = 100;
const READERS: usize = 1500;
/// Blocked responses of an HTTP/2 connection.
const STREAMS: usize = 64;

/// A control group with a limit on memory.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    fn of(bytes: u64) -> Self {
        let root = Path::new("/sys/fs/cgroup");
        let controllers = fs::read_to_string(root.join("cgroup.controllers")).unwrap_or_default();
        // Version 2, or version 1 with a tree for memory.
        let (root, file) = match controllers.contains("memory") {
            true => (root.to_owned(), "memory.max"),
            false => (root.join("memory"), "memory.limit_in_bytes"),
        };
        let dir = root.join(format!("e6-test-{}", id()));
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(file), bytes.to_string()).unwrap();
        MemoryGroup(dir)
    }

    /// A command for e6 in this group.
    fn command(&self, dir: &Path) -> Command {
        let mut shell = Command::new("sh");
        let enter = "echo $$ > \"$0\" && exec \"$@\"";
        shell.args(["-c", enter]).arg(self.0.join("cgroup.procs")).arg(tools::e6());
        shell.current_dir(dir).env_clear().env("HOME", dir).env("PATH", std::env::var("PATH").unwrap());
        shell
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
#[ignore = "needs root"]
fn with_64_mib_of_memory_a_site_survives_its_full_load() {
    e6::internals::take_all_descriptors();
    let group = MemoryGroup::of(BYTES);
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let command = group.command(dir.path());
    // As long as it takes to open all connections. Those that find no room come when the first ones have ended.
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--limit", "stall=5"];
    let server = Server::start_by(command, dir, &arguments);
    server.wait_for_verdict("yes");
    let blocked: Vec<_> = (0..BLOCKED)
        .map(|_| {
            let mut client = Client::connect(&server);
            let requests: Vec<u8> = (1..).step_by(2).take(STREAMS).flat_map(get).collect();
            client.send(&[settings(&[(4, 0)]), requests].concat());
            client
        })
        .collect();
    let readers: Vec<_> = (0..READERS).map(|_| hoarder(server.http(), 50)).collect();
    let present = || server.metric("e6_connections{listener=\"http\"}");
    wait_until("full", || present() > 300.0);
    let healthz = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send_to(server.admin(), healthz, true).status, 200, "operators have room of their own");
    wait_until("over", || present() == 0.0);
    is_healthy(&server, "after the readers were cut off");
    assert_eq!(server.api()["verdict"], "yes");
    drop((blocked, readers));
}
