//! Commands that meet an upgrade, a stop, or one another.

use crate::{
    http::http2::{
        Client,
        frames::{DATA, get, settings, window_update},
    },
    lifecycle::upgrade::with_binary_of_its_own,
    support::server::{PATIENCE, Server, command, signal},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

/// Beyond this, a command has waited for the timeout of its outcome.
const PROMPT: Duration = Duration::from_secs(12);

/// Replaces the binary by a script; a copy of the binary is `e6.real`.
fn replace_by_script(binary: &Path, script: &str) {
    let new = binary.with_extension("new");
    fs::copy(binary, binary.with_extension("real")).unwrap();
    fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, binary).unwrap();
}

/// Replaces the binary by one that takes over once there is a file `go`, and ends with the directory.
fn replace_by_one_that_waits(binary: &Path) {
    let script = "touch begun; while [ -e begun ] && [ ! -e go ]; do sleep 0.02; done; exec ./e6.real \"$@\"";
    replace_by_script(binary, script);
}

fn wait_for_file(server: &Server, name: &str) {
    server.wait_until(name, || server.path(name).exists());
}

/// Begins a command in the server's directory.
fn begin(server: &Server, arguments: &[&str]) -> Child {
    let mut command = command(&server.path(""));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end of a command. Returns its exit code and standard error.
fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn after_a_failed_upgrade_the_old_process_has_its_pid_file_again() {
    let (server, binary, _mlb) = with_binary_of_its_own("");
    replace_by_script(&binary, "echo $$ > pid; mv pid .local/state/e6/e6.pid; exit 3");
    let (code, said) = server.command(&["upgrade"]);
    assert!(code == Some(1) && said.contains("exit status: 3"), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
    assert_eq!(server.command(&["reload"]), (Some(0), String::new()));
}

#[test]
fn a_new_process_that_fails_at_its_last_step_leaves_the_old_one_reachable() {
    let (server, binary, _mlb) = with_binary_of_its_own("");
    let (running, before) = (fs::read(&binary).unwrap(), binary.with_extension("before"));
    fs::copy(&binary, &before).unwrap();
    fs::remove_file(server.path("ready.json")).unwrap();
    fs::create_dir(server.path("ready.json")).unwrap();
    let (code, said) = server.command(&["upgrade"]);
    assert!(code == Some(1) && said.contains("cannot write the ready file"), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
    fs::write(&before, "#!/bin/sh\nexit 3\n").unwrap();
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("nothing has changed"), "{said}");
    assert!(fs::read(&binary).unwrap() == running);
}

/// The process that an upgrade of this one has started, once it handles signals: it has read its configuration.
fn new_process(old: u32) -> Option<u32> {
    let status = |pid: u32| fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let value = |pid: u32, key: &str| {
        status(pid).lines().find_map(|line| line.strip_prefix(key).map(|value| value.trim().to_owned()))
    };
    let parent = |pid: u32| value(pid, "PPid:")?.parse().ok();
    let handles =
        |pid: u32| u64::from_str_radix(&value(pid, "SigCgt:")?, 16).ok().map(|set| set >> 11 & 1 == 1);
    let pids =
        fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.into_iter().find(|pid| parent(*pid).and_then(parent) == Some(old) && handles(*pid) == Some(true))
}

#[test]
fn a_reload_during_an_upgrade_is_done_by_the_process_that_serves_after_it() {
    let (server, _, _mlb) = with_binary_of_its_own("[words]\nyes = \"Before\"\n");
    signal(server.pid(), "USR2");
    let deadline = Instant::now() + PATIENCE;
    let new = loop {
        if let Some(new) = new_process(server.pid()) {
            break new;
        }
        assert!(Instant::now() < deadline, "{}", server.stderr());
    };
    signal(new, "STOP");
    fs::write(server.path("e6.toml"), "[words]\nyes = \"After\"\n").unwrap();
    let reload = begin(&server, &["reload"]);
    let stat = format!("/proc/{}/stat", reload.id());
    let has_ended = || fs::read_to_string(&stat).is_ok_and(|stat| stat.contains(") Z "));
    // The signal is on its way once the command waits; the order of what follows does not matter.
    let request = server.path(".local/state/e6/e6.pid.request");
    server.wait_until("asked", || request.exists() || has_ended());
    signal(new, "CONT");
    assert_eq!(end(reload), (Some(0), String::new()), "{}", server.stderr());
    server.wait_until("upgraded", || server.found() == Some(new));
    assert!(server.page().contains("After"), "{}", server.stderr());
}

#[test]
fn a_reload_waits_for_an_upgrade_that_fails_and_is_then_done() {
    let (server, binary, _mlb) = with_binary_of_its_own("[words]\nyes = \"Before\"\n");
    replace_by_script(&binary, "touch begun; while [ -e begun ] && [ ! -e go ]; do sleep 0.02; done; exit 3");
    let upgrade = begin(&server, &["upgrade"]);
    wait_for_file(&server, "begun");
    fs::write(server.path("e6.toml"), "[words]\nyes = \"After\"\n").unwrap();
    signal(server.pid(), "HUP");
    let reload = begin(&server, &["reload"]);
    fs::write(server.path("go"), "").unwrap();
    let (code, said) = end(upgrade);
    assert!(code == Some(1) && said.contains("exit status: 3"), "{said}");
    assert_eq!(end(reload), (Some(0), String::new()));
    assert!(server.page().contains("After"));
}

#[test]
fn a_second_upgrade_and_a_rollback_during_an_upgrade_say_that_it_is_under_way() {
    for by_signal in [true, false] {
        let (server, binary, _mlb) = with_binary_of_its_own("");
        replace_by_one_that_waits(&binary);
        fs::write(binary.with_extension("before"), "#!/bin/sh\nexit 3\n").unwrap();
        let upgrade = (!by_signal).then(|| begin(&server, &["upgrade"]));
        if by_signal {
            signal(server.pid(), "USR2");
        }
        wait_for_file(&server, "begun");
        let files = || ["e6", "e6.before"].map(|name| fs::read(server.path(name)).unwrap());
        let before = files();
        for arguments in [["rollback"], ["upgrade"]] {
            let (code, said) = server.command(&arguments);
            assert!(code == Some(1) && said.contains("an upgrade is under way"), "{arguments:?} {said}");
            assert!(arguments == ["upgrade"] || files() == before);
        }
        fs::write(server.path("go"), "").unwrap();
        if let Some(upgrade) = upgrade {
            let (code, said) = end(upgrade);
            assert_eq!(code, Some(0), "{said}");
        }
        server.wait_until("upgraded", || server.found() != Some(server.pid()));
    }
}

#[test]
fn an_upgrade_whose_process_is_stopped_or_killed_meanwhile_says_so_at_once() {
    for (sent, why) in [("TERM", "SIGTERM"), ("KILL", "ended before it reported")] {
        let (server, binary, _mlb) = with_binary_of_its_own("");
        replace_by_one_that_waits(&binary);
        let began = Instant::now();
        let upgrade = begin(&server, &["upgrade"]);
        wait_for_file(&server, "begun");
        signal(server.pid(), sent);
        let (code, said) = end(upgrade);
        assert!(code == Some(1) && said.contains(why), "{said}");
        assert!(began.elapsed() < PROMPT, "{:?}: {said}", began.elapsed());
    }
}

/// A client whose response ends when its window opens.
fn hold_a_response(server: &Server) -> Client {
    let mut client = Client::connect(server);
    client.send(&[settings(&[(4, 0)]), get(1)].concat());
    assert!(client.wait(|frame| frame.stream == 1 && frame.is_ok()));
    client
}

fn release(mut client: Client) {
    client.send(&window_update(1, 65_535));
    assert!(client.wait(|frame| frame.kind == DATA && frame.flags & 1 == 1));
}

#[test]
fn a_process_that_drains_passes_a_reload_and_an_upgrade_on_to_its_successor() {
    let (mut server, _, _mlb) = with_binary_of_its_own("[words]\nyes = \"Before\"\n");
    let client = hold_a_response(&server);
    assert_eq!(server.command(&["upgrade"]).0, Some(0));
    let second = server.found();
    fs::write(server.path("e6.toml"), "[words]\nyes = \"After\"\n").unwrap();
    signal(server.pid(), "HUP");
    server.wait_until("reloaded", || server.page().contains("After"));
    signal(server.pid(), "USR2");
    server.wait_until("upgraded", || server.found() != second);
    release(client);
    assert!(server.wait_for_exit().success());
}

#[test]
fn a_process_that_stops_refuses_a_reload_and_an_upgrade_at_once() {
    let (mut server, _, _mlb) = with_binary_of_its_own("");
    let client = hold_a_response(&server);
    signal(server.pid(), "TERM");
    server.wait_until("draining", || server.stderr().contains("draining"));
    for asked in ["reload", "upgrade"] {
        let began = Instant::now();
        let (code, said) = server.command(&[asked]);
        assert!(code != Some(0) && said.contains("is stopping"), "{asked}: {said}");
        assert!(began.elapsed() < PROMPT);
    }
    release(client);
    assert!(server.wait_for_exit().success());
}

#[test]
fn a_data_directory_that_was_restored_from_a_copy_is_still_that_of_the_running_e6() {
    let (server, _, _mlb) = with_binary_of_its_own("");
    let (data, copy) = (server.path(".local/state/e6"), server.path("copy"));
    fs::create_dir(&copy).unwrap();
    for name in ["e6.lock", "e6.pid", "e6.pid.json"] {
        fs::copy(data.join(name), copy.join(name)).unwrap();
    }
    fs::rename(&data, server.path("gone")).unwrap();
    fs::rename(&copy, &data).unwrap();
    server.wait_until("found", || server.command(&["reload"]).0 == Some(0));
    let second = ["--http", "127.0.0.1:0", "--https", "off", "--admin", "off"];
    let (code, said) = server.command(&second);
    assert!(code == Some(1) && said.contains("another e6"), "{said}");
}

#[test]
fn a_process_whose_data_directory_was_changed_in_the_file_is_named_with_its_pid_file() {
    let (server, binary, _mlb) = with_binary_of_its_own("[data]\ndir = \"old\"\n");
    let before = binary.with_extension("before");
    fs::write(&before, "#!/bin/sh\nexit 3\n").unwrap();
    fs::write(server.path("e6.toml"), "[data]\ndir = \"new\"\n").unwrap();
    let old = server.path("old/e6.pid");
    for asked in ["reload", "upgrade", "rollback"] {
        let ended = std::process::Command::new(&binary)
            .arg(asked)
            .current_dir(server.path(""))
            .env_clear()
            .env("HOME", server.path(""))
            .output()
            .unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        let advice = format!("--pid-file {}", old.display());
        assert!(ended.status.code() == Some(1) && said.contains(&advice), "{asked}: {said}");
    }
    assert_eq!(fs::read(&before).unwrap(), b"#!/bin/sh\nexit 3\n");
    assert_eq!(server.command(&["reload", "--pid-file", "old/e6.pid"]).0, Some(0));
}
