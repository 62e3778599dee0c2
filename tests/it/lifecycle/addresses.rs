//! Listen addresses at a start, and changed ones at an upgrade.

use crate::support::{
    day::NOON,
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server, check, command, run, send_to, signal},
    tools,
};
use serde_json::Value;
use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const ALIVE: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const DEFAULT_ADMIN: &str = "127.0.0.1:8606";

/// A running e6 with exactly these arguments, and its ready file.
struct Plain(Child, Value);

impl Plain {
    fn start(dir: &Path, mut command: Command, arguments: &[&str]) -> Self {
        let usual = ["--mlb-url", "http://127.0.0.1:9", "--access-log", "off", "--ready-file", "ready.json"];
        let child = command.args(usual).args(arguments).stdout(Stdio::null());
        let child = child.stderr(fs::File::create(dir.join("stderr")).unwrap()).spawn().unwrap();
        let mut plain = Plain(child, Value::Null);
        let deadline = Instant::now() + PATIENCE;
        plain.1 = loop {
            if let Ok(text) = fs::read_to_string(dir.join("ready.json")) {
                break serde_json::from_str(&text).unwrap();
            }
            let said = fs::read_to_string(dir.join("stderr")).unwrap();
            assert!(plain.0.try_wait().unwrap().is_none() && Instant::now() < deadline, "{said}");
            thread::sleep(Duration::from_millis(10));
        };
        plain
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Binds the default admin address, if no other program has it.
fn take_default() -> Option<TcpListener> {
    TcpListener::bind(DEFAULT_ADMIN).ok()
}

#[test]
fn a_default_address_that_is_taken_costs_a_warning_and_one_that_was_asked_for_is_an_error() {
    let _taken = take_default();
    let dir = tempfile::tempdir().unwrap();
    let server = Plain::start(dir.path(), command(dir.path()), &["--http", "127.0.0.1:0", "--https", "off"]);
    let http: SocketAddr = server.1["http"][0].as_str().unwrap().parse().unwrap();
    assert_eq!(send_to(http, ALIVE, true).status, 200);
    assert_eq!(server.1["admin"].as_array().unwrap().len(), 0);
    let said = fs::read_to_string(dir.path().join("stderr")).unwrap();
    let warning = said.lines().find(|line| line.contains(&format!("cannot listen on {DEFAULT_ADMIN}")));
    assert!(warning.is_some_and(|line| line.contains("WARN") && line.contains("goes on without")), "{said}");

    let other = tempfile::tempdir().unwrap();
    let free = ["--http", "127.0.0.1:0", "--https", "off"];
    let (code, _, said) = run(other.path(), &[&free[..], &["--admin", DEFAULT_ADMIN]].concat());
    assert!(code == Some(1) && said.contains(&format!("cannot listen on {DEFAULT_ADMIN}")), "{said}");

    let checked = |more: &[&str]| {
        let (code, _, said) = run(other.path(), &[&["check", "--offline"], &free[..], more].concat());
        (code, said.lines().find(|line| line.contains("listen.admin")).unwrap_or_default().to_owned())
    };
    let (code, said) = checked(&[]);
    assert!(code == Some(0) && said.starts_with("warning"), "{said}");
    let (code, said) = checked(&["--admin", DEFAULT_ADMIN]);
    assert!(code == Some(2) && said.starts_with("error"), "{said}");
}

#[test]
fn e6_does_not_start_if_no_default_address_is_left_for_visitors() {
    let _http = TcpListener::bind("127.0.0.1:8080");
    let dir = tempfile::tempdir().unwrap();
    let (code, _, said) = run(dir.path(), &["--https", "off", "--admin", "off"]);
    assert!(code == Some(1) && said.contains("cannot listen on 127.0.0.1:8080"), "{said}");
    let (code, _, said) = run(dir.path(), &["check", "--offline", "--https", "off", "--admin", "off"]);
    assert!(code == Some(2) && said.contains("no address is left for visitors"), "{said}");
}

#[test]
fn operators_may_come_to_any_address_and_the_log_says_who_can() {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let admin = format!("0.0.0.0:0,127.0.0.1:0,unix:{}", dir.path().join("admin.sock").display());
    let url = mlb.url();
    let server = Server::start_in(dir, &["--mlb-url", &url, "--clock", NOON, "--admin", &admin]);
    assert!(server.metrics().contains("e6_build_info"));
    let said = server.stderr();
    for who in ["everyone who can reach this machine", "every program on this machine", "the mode 0660"] {
        assert_eq!(said.matches(who).count(), 1, "{who}: {said}");
    }
    let (code, _, said) = check(server.path("").as_path(), &["--https", "off", "--admin", "0.0.0.0:0"]);
    assert_eq!(code, Some(0), "{said}");
}

/// A replacement of socket(2) that fails like a kernel without IPv6.
const NO_IPV6: &str = "#define _GNU_SOURCE\n#include <dlfcn.h>\n#include <errno.h>\n#include <sys/socket.h>\n\
    int socket(int domain, int type, int protocol) {\n\
      if (domain == AF_INET6) { errno = EAFNOSUPPORT; return -1; }\n\
      return ((int (*)(int, int, int))dlsym(RTLD_NEXT, \"socket\"))(domain, type, protocol);\n}\n";

#[test]
#[ignore = "needs cc"]
fn every_address_is_every_ipv4_address_on_a_kernel_without_ipv6() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ipv6.c"), NO_IPV6).unwrap();
    tools::output(
        Command::new("cc").args(["-shared", "-fPIC", "-o", "ipv6.so", "ipv6.c"]).current_dir(dir.path()),
    );
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let mut command = command(dir.path());
    command.env("LD_PRELOAD", dir.path().join("ipv6.so"));
    let arguments = ["--mlb-url", &url, "--clock", NOON, "--http", ":0", "--https", ":0"];
    let server = Server::start_by(command, dir, &arguments);
    for address in [server.http(), server.https()] {
        assert_eq!(address.ip().to_string(), "0.0.0.0");
    }
    let here = SocketAddr::from(([127, 0, 0, 1], server.http().port()));
    assert_eq!(send_to(here, ALIVE, true).status, 200);
    let said = server.stderr();
    assert_eq!(said.matches("no IPv6").count(), 1, "one line: {said}");
    let (code, said) = server.command(&["health"]);
    assert_eq!(code, Some(0), "{said}");
}

/// A site with these listeners in its `e6.toml`.
fn site(listen: &str, landlock: &str) -> (Server, FakeMlb) {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), listen, landlock);
    let url = mlb.url();
    (Server::start_in(dir, &["--mlb-url", &url, "--clock", NOON]), mlb)
}

fn configure(dir: &Path, listen: &str, landlock: &str) {
    let toml = format!("[listen]\nhttps = \"off\"\n{listen}\n[security]\nlandlock = {landlock}\n");
    fs::write(dir.join("e6.toml"), toml).unwrap();
}

/// The addresses that the ready file has now.
fn listening(server: &Server, kind: &str) -> Vec<SocketAddr> {
    let ready: Value = serde_json::from_str(&fs::read_to_string(server.path("ready.json")).unwrap()).unwrap();
    let addresses = ready[kind].as_array().unwrap().iter();
    addresses.filter_map(|address| address.as_str().unwrap().parse().ok()).collect()
}

#[test]
fn an_upgrade_opens_and_closes_the_addresses_that_were_changed() {
    let sockets = tempfile::tempdir().unwrap();
    let [kept, gone] = ["kept.sock", "gone.sock"].map(|name| sockets.path().join(name));
    let unix = |path: &Path| format!("\"unix:{}\"", path.display());
    let http = format!("http = [\"127.0.0.1:0\", {}, {}]", unix(&kept), unix(&gone));
    let (mut server, _mlb) = site(&format!("{http}\nadmin = \"127.0.0.1:0\""), "false");
    let (http, admin) = (server.http(), server.admin());
    let new = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();

    let http_now = format!("http = [\"127.0.0.1:0\", \"{new}\", {}]", unix(&kept));
    configure(server.path("").as_path(), &format!("{http_now}\nadmin = \"off\""), "false");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}{}", server.stderr());
    assert!(server.wait_for_exit().success());

    assert_eq!(listening(&server, "http"), [http, new], "one has stayed, one is new");
    for address in [http, new] {
        assert_eq!(send_to(address, ALIVE, true).status, 200, "{address}");
    }
    assert!(TcpStream::connect(admin).is_err(), "closed");
    assert!(kept.exists() && !gone.exists(), "the file of a socket goes with it");

    // The check uses the addresses of the running process, not those of the changed file.
    configure(server.path("").as_path(), "http = \"127.0.0.1:1\"\nadmin = \"off\"", "false");
    let (code, said) = server.command(&["health"]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_upgrade_says_that_a_unix_socket_keeps_its_mode() {
    let sockets = tempfile::tempdir().unwrap();
    let socket = sockets.path().join("admin.sock");
    let listen = |mode: &str| {
        let admin = format!("admin = \"unix:{}\"", socket.display());
        format!("http = \"127.0.0.1:0\"\n{admin}\nunix_mode = \"{mode}\"")
    };
    let (mut server, _mlb) = site(&listen("0600"), "false");
    let says = "keeps the mode 0600 until e6 is stopped and started";
    assert!(!server.stderr().contains(says), "{}", server.stderr());
    configure(server.path("").as_path(), &listen("0660"), "false");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}{}", server.stderr());
    assert!(server.wait_for_exit().success());
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(server.stderr().contains(says), "{}", server.stderr());
    assert!(!server.stderr().contains("the mode 0660"), "nobody else can read it: {}", server.stderr());
}

#[test]
fn an_upgrade_that_cannot_open_a_new_address_says_so_and_changes_nothing() {
    let (server, _mlb) = site("http = \"127.0.0.1:0\"\nadmin = \"off\"", "false");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let http = format!("http = [\"127.0.0.1:0\", \"{address}\"]\nadmin = \"off\"");
    configure(server.path("").as_path(), &http, "false");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
    assert!(said.contains("stop e6 and start it again"), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn the_pid_file_may_have_any_name_and_is_not_overwritten() {
    let mlb = FakeMlb::with(&[]);
    let url = mlb.url();
    let server = Server::start_with(&["--mlb-url", &url, "--clock", NOON, "--pid-file", "run/x.json"]);
    for _ in 0..2 {
        let (code, said) = server.command(&["reload", "--pid-file", "run/x.json"]);
        assert_eq!(code, Some(0), "{said}");
        let written = fs::read_to_string(server.path("run/x.json")).unwrap();
        assert_eq!(written, format!("{}\n", server.pid()));
    }
    signal(server.pid(), "TERM");
}
