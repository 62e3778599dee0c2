//! Privileges that the process drops after a start as root.

use crate::support::{
    day::{EVENING, Game, IN_PROGRESS, NOON},
    fake_mlb::FakeMlb,
    server::{PATIENCE, Server, signal},
    tools,
    user::{NOBODY, nobodys},
};
use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, id},
    thread,
    time::{Duration, Instant},
};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

/// A copy of the binary that the user `nobody` may execute.
fn binary_in(dir: &Path) -> PathBuf {
    let binary = dir.join("bin/e6");
    fs::create_dir_all(dir.join("bin")).unwrap();
    fs::copy(tools::e6(), &binary).unwrap();
    binary
}

/// The status of each thread: a function from a field's name to its value.
fn statuses(pid: u32) -> Vec<impl Fn(&str) -> String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    // A thread that has ended meanwhile, such as the one that writes the state, has no status.
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
#[ignore = "needs root"]
fn a_unix_socket_is_the_users_and_goes_with_it() {
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
#[ignore = "needs root"]
fn root_becomes_the_user_and_keeps_nothing() {
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
    // The `/proc` files of a process that is not dumpable belong to root.
    assert_eq!(fs::metadata(format!("/proc/{}/environ", server.pid())).unwrap().uid(), 0);
    let said = server.stderr();
    assert_eq!(said.matches("running as nobody, without capabilities").count(), 1, "{said}");
}

#[test]
#[ignore = "needs root"]
fn the_site_works_without_what_was_given_up() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = nobodys();
    let data = dir.path().join("a/b/data");
    let server = Server::start_in(
        dir,
        &[
            "--mlb-url",
            // A host name, so that DNS is needed.
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
    // A data directory that is removed is created again.
    // e6 may write another file meanwhile.
    server.wait_until("removed", || fs::remove_dir_all(&data).is_ok());
    chown(data.parent().unwrap(), Some(NOBODY), None).unwrap();
    mlb.play(&[Game::new(IN_PROGRESS).charged(2)]);
    server.wait_for("two errors", |answer| answer["errors"] == 2);
    server.wait_until("kept again", || data.join("last-good.e6").exists());
    // The access log can be reopened after it was renamed.
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
#[ignore = "needs root"]
fn the_user_that_root_became_reads_the_settings_again() {
    let mlb = FakeMlb::with(&[]);
    let dir = nobodys();
    fs::write(dir.path().join("e6.toml"), "").unwrap();
    let server = Server::start_in(
        dir,
        &["--mlb-url", &mlb.url(), "--clock", NOON, "--user", "nobody", "--data-dir", "data"],
    );
    fs::write(server.path("e6.toml"), "[words]\nno_game = \"Nothing today\"\n").unwrap();
    signal(server.pid(), "HUP");
    server.wait_for("said in other words", |answer| answer["answer"] == "Nothing today");
}

/// The kernel allows 16 nested Landlock rulesets; more upgrades than that still work.
#[test]
#[ignore = "needs root"]
fn upgrades_go_on_with_nothing_more_than_was_left() {
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
    // The next binary is another file at the same path.
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
        assert!(said.contains("the Landlock of those before it"), "{said}");
    }
    signal(pid(), "TERM");
    assert!(server.wait_for_exit().success());
}

#[test]
#[ignore = "needs root"]
fn the_capability_to_bind_low_ports_is_dropped_after_binding() {
    tools::find("setpriv");
    let dir = nobodys();
    let mut ambient = Command::new("setpriv");
    ambient
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .args(["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"])
        .arg(binary_in(dir.path()))
        .current_dir(dir.path())
        .env("HOME", dir.path());
    // An address that no other test uses.
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
#[ignore = "needs root"]
fn root_is_told_what_to_type() {
    let server = Server::start_with(&NO_MLB);
    let said = server.stderr();
    assert_eq!(said.matches("--user NAME").count(), 1, "{said}");
    for status in statuses(server.pid()) {
        assert_eq!((status("Uid"), status("CapEff")), ("0 0 0 0".into(), "0".repeat(16)));
    }
}

#[test]
#[ignore = "needs root"]
fn only_root_can_become_another_user() {
    tools::find("setpriv");
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

#[test]
#[ignore = "needs root"]
fn a_user_without_an_entry_and_without_a_home_serves_and_is_told_what_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let binary = binary_in(dir.path());
    let nowhere = dir.path().join("nowhere");
    fs::create_dir(&nowhere).unwrap();
    let mut command = Command::new(binary);
    // Containers may run under a uid without an entry in `/etc/passwd`.
    command.uid(54321).gid(54321).current_dir(&nowhere).env_clear().env("HOME", "/");
    fs::create_dir(dir.path().join("shared")).unwrap();
    fs::set_permissions(dir.path().join("shared"), fs::Permissions::from_mode(0o777)).unwrap();
    let mut child = command
        .args(NO_MLB)
        .args(["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "off", "--access-log", "off"])
        .arg("--ready-file")
        .arg(dir.path().join("shared/ready.json"))
        .stderr(fs::File::create(dir.path().join("stderr")).unwrap())
        .spawn()
        .unwrap();
    let said = || fs::read_to_string(dir.path().join("stderr")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while !dir.path().join("shared/ready.json").exists() {
        assert!(child.try_wait().unwrap().is_none() && Instant::now() < deadline, "{}", said());
        thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let said = said();
    assert!(said.contains("data.dir: cannot make /.local/state/e6: a restart will begin without"), "{said}");
    assert!(said.contains("tls.certs: cannot make certs: every start will make another"), "{said}");
}

#[test]
#[ignore = "needs root"]
fn tmp_may_forbid_programs() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("unshare");
    let mounted = "mount --bind /tmp /tmp && mount -o remount,bind,noexec /tmp && cd \"$PWD\" && exec \"$@\"";
    command.args(["--mount", "sh", "-c", mounted, "sh", tools::e6()]);
    command.current_dir(dir.path()).env("HOME", dir.path()).env("TMPDIR", "/tmp");
    let url = mlb.url();
    let mut server = Server::start_by(command, dir, &["--mlb-url", &url, "--clock", EVENING]);
    server.wait_for_verdict("yes");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}{}", server.stderr());
    assert!(server.wait_for_exit().success());
    assert_eq!(server.api()["verdict"], "yes");
}
