//! What the process gives up. Most of it takes root to show.

use crate::{
    day::{EVENING, Game, IN_PROGRESS, NOON},
    fake_mlb::FakeMlb,
    server::{Server, command, run, signal},
    tools,
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown, symlink},
    path::{Path, PathBuf},
    process::{Command, id},
};
use tempfile::TempDir;

/// A user of every Debian, with the group `nogroup`.
const NOBODY: u32 = 65534;
const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

pub fn by_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Whether a test that needs root can be run; it is named where not.
pub fn is_root(test: &str) -> bool {
    let root = by_root();
    if !root {
        eprintln!("skipped: {test} needs root");
    }
    root
}

/// A directory that belongs to nobody.
pub fn nobodys() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    dir
}

/// The binary, where nobody may execute it.
fn binary_in(dir: &Path) -> PathBuf {
    let binary = dir.join("bin/e6");
    fs::create_dir_all(dir.join("bin")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_e6"), &binary).unwrap();
    binary
}

/// Lines of the status of each thread, by name.
fn statuses(pid: u32) -> Vec<impl Fn(&str) -> String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    // One that has ended meanwhile, as those that write the state do, has nothing any more.
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    texts
        .map(|text| {
            move |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                line.unwrap_or_else(|| panic!("no {name}: {text}"))
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" ")
            }
        })
        .collect()
}

#[test]
fn a_unix_socket_is_the_users_and_goes_with_it() {
    if !is_root("a_unix_socket_is_the_users_and_goes_with_it") {
        return;
    }
    let dir = nobodys();
    let socket = dir.path().join("run/e6.sock");
    let http = format!("127.0.0.1:0,unix:{}", socket.display());
    let user = ["--user", "nobody", "--data-dir", "data", "--http", &http];
    let server = Server::start_in(dir, &[&NO_MLB[..], &user].concat());
    for path in [&socket, socket.parent().unwrap()] {
        let owned = fs::symlink_metadata(path).unwrap();
        assert_eq!((owned.uid(), owned.gid()), (NOBODY, NOBODY), "{}", path.display());
    }
    let (status, _dir) = server.terminate();
    assert!(status.success() && !socket.exists());
}

#[test]
fn root_becomes_the_user_and_keeps_nothing() {
    if !is_root("root_becomes_the_user_and_keeps_nothing") {
        return;
    }
    let mlb = FakeMlb::with(&[]);
    let server = Server::start_in(
        nobodys(),
        &["--mlb-url", &mlb.url(), "--clock", NOON, "--user", "nobody", "--data-dir", "data"],
    );
    let threads = statuses(server.pid());
    assert!(threads.len() > 3, "{}", threads.len());
    for status in threads {
        assert_eq!(status("Uid"), ["65534"; 4].join(" "));
        assert_eq!(status("Gid"), ["65534"; 4].join(" "));
        assert_eq!(status("Groups"), "65534");
        for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            assert_eq!(status(set), "0".repeat(16), "{set}");
        }
        assert_eq!(status("NoNewPrivs"), "1");
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "0"]);
    // What is not dumpable belongs to root, whoever it runs as.
    assert_eq!(fs::metadata(format!("/proc/{}/environ", server.pid())).unwrap().uid(), 0);
    let said = server.stderr();
    assert_eq!(said.matches("running as nobody, without capabilities").count(), 1, "{said}");
}

#[test]
fn the_site_works_without_what_was_given_up() {
    if !is_root("the_site_works_without_what_was_given_up") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = nobodys();
    let data = dir.path().join("a/b/data");
    let server = Server::start_in(
        dir,
        &[
            "--mlb-url",
            // A name, which has to be looked up.
            &mlb.url().replace("127.0.0.1", "localhost"),
            "--clock",
            EVENING,
            "--user",
            "nobody",
            "--data-dir",
            data.to_str().unwrap(),
            "--access-log",
            "log/access.log",
        ],
    );
    server.wait_for_verdict("yes");
    for made in [data.clone(), server.path("certs/key.pem"), server.path("log")] {
        assert_eq!(fs::metadata(&made).unwrap().uid(), NOBODY, "{}", made.display());
    }
    server.wait_until("kept", || data.join("last-good.e6").exists());
    // A directory that is taken away comes back.
    fs::remove_dir_all(&data).unwrap();
    chown(data.parent().unwrap(), Some(NOBODY), None).unwrap();
    mlb.play(&[Game::new(IN_PROGRESS).charged(2)]);
    server.wait_for("two errors", |answer| answer["errors"] == 2);
    server.wait_until("kept again", || data.join("last-good.e6").exists());
    // The log is taken up where it was moved away.
    let log = server.path("log/access.log");
    server.wait_until("logged", || fs::metadata(&log).is_ok_and(|meta| meta.len() > 0));
    fs::rename(&log, log.with_extension("1")).unwrap();
    signal(server.pid(), "USR1");
    server.wait_until("logged anew", || {
        server.get("/healthz", "");
        fs::metadata(&log).is_ok_and(|meta| meta.len() > 0)
    });
    let said = server.stderr();
    assert!(!said.contains("ermission denied"), "{said}");
}

#[test]
fn settings_are_read_again_and_those_that_lead_out_of_reach_are_named() {
    let test = "settings_are_read_again_and_those_that_lead_out_of_reach_are_named";
    if !is_root(test) {
        return;
    }
    let mlb = FakeMlb::with(&[]);
    let (dir, outside) = (nobodys(), nobodys());
    fs::write(dir.path().join("e6.toml"), "").unwrap();
    let server = Server::start_in(
        dir,
        &[
            "--mlb-url",
            &mlb.url(),
            "--clock",
            NOON,
            "--user",
            "nobody",
            "--data-dir",
            "data",
            "--log-format",
            "combined",
        ],
    );
    let open = |path: &str| outside.path().join(path).display().to_string();
    let toml = format!(
        "[words]\nno_game = \"Nothing today\"\n[tls]\ncerts = {:?}\n[acme]\nca = {:?}\n",
        open("certs/own"),
        open("root.pem")
    );
    fs::write(server.path("e6.toml"), toml).unwrap();
    signal(server.pid(), "HUP");
    server.wait_for("said in other words", |answer| answer["answer"] == "Nothing today");
    if server.stderr().contains("has no Landlock") {
        eprintln!("skipped: {test} needs Landlock");
        return;
    }
    let said = server.stderr();
    let waiting = said.lines().find(|line| line.contains("until e6 is started again"));
    assert!(waiting.is_some_and(|line| line.contains("tls.certs, acme.ca")), "{said}");
    assert!(!outside.path().join("certs").exists());
}

/// The kernel stacks 16 Landlocks; upgrades go on.
#[test]
fn upgrades_go_on_with_nothing_more_than_was_left() {
    if !is_root("upgrades_go_on_with_nothing_more_than_was_left") {
        return;
    }
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = nobodys();
    let binary = binary_in(dir.path());
    let mut command = Command::new(&binary);
    command.current_dir(dir.path()).env_clear().env("HOME", dir.path());
    let mut server = Server::start_by(
        command,
        dir,
        &[
            "--mlb-url",
            &mlb.url(),
            "--clock",
            EVENING,
            "--user",
            "nobody",
            "--data-dir",
            "data",
            "--pid-file",
            "run/e6.pid",
        ],
    );
    server.wait_for_verdict("yes");
    // The next one is another file at the same place.
    let next = binary.with_extension("next");
    fs::copy(&binary, &next).unwrap();
    fs::rename(&next, &binary).unwrap();
    let pid = || fs::read_to_string(server.path("run/e6.pid")).unwrap().trim().parse::<u32>().unwrap();
    for upgrade in 1..=18 {
        let before = pid();
        let (code, said) = server.command(&["upgrade", "--pid-file", "run/e6.pid"]);
        assert!(code == Some(0) && pid() != before, "{upgrade}: {said}{}", server.stderr());
    }
    assert_eq!(server.api()["verdict"], "yes");
    for status in statuses(pid()) {
        assert_eq!(status("Uid"), ["65534"; 4].join(" "));
        assert_eq!((status("CapEff"), status("CapBnd")), ("0".repeat(16), "0".repeat(16)));
        assert_eq!(status("NoNewPrivs"), "1");
    }
    let said = server.stderr();
    assert_eq!(said.matches("running as nobody").count(), 19, "{said}");
    if !said.contains("has no Landlock") {
        assert!(said.contains("the Landlock of those before it: "), "{said}");
    }
    signal(pid(), "TERM");
    assert!(server.wait_for_exit().success());
}

/// A file outside becomes the certificate by a link from inside; whether it is served tells whether it was read.
fn reads_through_a_link(landlock: &str) -> (Server, bool) {
    let [inside, outside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for (name, file) in [("tls.crt", "cert"), ("tls.key", "key")] {
        fs::write(outside.path().join(file), "none").unwrap();
        fs::write(inside.path().join(name), "none").unwrap();
    }
    let (cert, key) = (inside.path().join("tls.crt"), inside.path().join("tls.key"));
    let own = tempfile::tempdir().unwrap();
    let mut command = command(own.path());
    command.env("E6_LANDLOCK", landlock).args(["--tls-cert", cert.to_str().unwrap()]);
    let server =
        Server::start_by(command, own, &[&NO_MLB[..], &["--tls-key", key.to_str().unwrap()]].concat());
    assert!(server.stderr().contains("certificate error="), "{}", server.stderr());
    let pair = rcgen::KeyPair::generate().unwrap();
    let made =
        rcgen::CertificateParams::new(["outside.example".to_owned()]).unwrap().self_signed(&pair).unwrap();
    fs::write(outside.path().join("cert"), made.pem()).unwrap();
    fs::write(outside.path().join("key"), pair.serialize_pem()).unwrap();
    for (path, file) in [(&key, "key"), (&cert, "cert")] {
        fs::remove_file(path).unwrap();
        symlink(outside.path().join(file), path).unwrap();
    }
    let (served, refused) = (|| server.stderr().contains("names=outside.example"), "Permission denied");
    server.wait_until("read or refused", || served() || server.stderr().contains(refused));
    let served = served();
    (server, served)
}

#[test]
fn a_file_out_of_reach_cannot_be_read_even_by_root() {
    let (server, served) = reads_through_a_link("true");
    if server.stderr().contains("has no Landlock") {
        eprintln!("skipped: a_file_out_of_reach_cannot_be_read_even_by_root needs Landlock");
        return;
    }
    assert!(server.stderr().contains("Landlock ABI") && !served, "{}", server.stderr());
    let (server, served) = reads_through_a_link("false");
    assert!(server.stderr().contains("Landlock is switched off") && served, "{}", server.stderr());
}

#[test]
fn the_capability_to_bind_low_ports_is_dropped_after_binding() {
    let test = "the_capability_to_bind_low_ports_is_dropped_after_binding";
    if !is_root(test) || !tools::have("setpriv", test) {
        return;
    }
    let dir = nobodys();
    let mut ambient = Command::new("setpriv");
    ambient
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"])
        .arg(binary_in(dir.path()))
        .current_dir(dir.path())
        .env("HOME", dir.path());
    // An address that no other test has.
    let low = format!("127.{}.{}.1:443", id() >> 8 & 0xff, id() & 0xff);
    let server = Server::start_by(ambient, dir, &[&NO_MLB[..], &["--http", &low]].concat());
    assert_eq!(server.http().to_string(), low);
    assert_eq!(server.get("/healthz", "").status, 200);
    for status in statuses(server.pid()) {
        for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
            assert_eq!(status(set), "0".repeat(16), "{set}");
        }
        assert_eq!(status("NoNewPrivs"), "1");
    }
}

#[test]
fn root_is_told_what_to_type() {
    if !is_root("root_is_told_what_to_type") {
        return;
    }
    let server = Server::start_with(&NO_MLB);
    let said = server.stderr();
    assert_eq!(said.matches("--user NAME").count(), 1, "{said}");
    for status in statuses(server.pid()) {
        assert_eq!((status("Uid"), status("CapEff")), ("0 0 0 0".into(), "0".repeat(16)));
    }
}

#[test]
fn a_user_that_does_not_exist_is_a_mistake_among_the_others() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[security]\nuser = \"e6-nowhere\"\nlandlock = \"maybe\"\n")
        .unwrap();
    let (code, _, stderr) = run(dir.path(), &["--player", "me"]);
    assert_eq!(code, Some(2));
    assert!(
        stderr
            .contains("e6.toml:2: security.user: this machine has no user \"e6-nowhere\": make one: useradd")
            && stderr.contains("e6.toml:3: security.landlock")
            && stderr.contains("3 mistakes"),
        "{stderr}"
    );
}

#[test]
fn only_root_can_become_another_user() {
    let test = "only_root_can_become_another_user";
    if !is_root(test) || !tools::have("setpriv", test) {
        return;
    }
    let dir = nobodys();
    let tried = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(binary_in(dir.path()))
        .args(["--user", "daemon", "--http", "127.0.0.1:0", "--https", "off", "--admin", "off"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(tried.status.code(), Some(1));
    let said = String::from_utf8(tried.stderr).unwrap();
    assert!(said.contains("only root can become daemon: start as root"), "{said}");
}
