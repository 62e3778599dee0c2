//! Standard output and standard error: whatever happens to them, e6 keeps running.

use crate::{
    lifecycle::operations::objects,
    support::{
        day::NOON,
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server, command, run, signal},
        terminal, tools,
    },
};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::fd::AsFd,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

/// A full pipe whose reader reads nothing.
fn full_pipe(does_block: bool) -> (io::PipeReader, io::PipeWriter) {
    let (reader, mut writer) = io::pipe().unwrap();
    let flags = fcntl_getfl(writer.as_fd()).unwrap();
    fcntl_setfl(writer.as_fd(), flags | OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'x'; 4096]).is_ok() {}
    while writer.write(b"x").is_ok() {}
    if does_block {
        fcntl_setfl(writer.as_fd(), flags).unwrap();
    }
    (reader, writer)
}

fn full_disk() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn closed_pipe() -> Stdio {
    io::pipe().unwrap().1.into()
}

fn ends_well(server: Server, what: &str) {
    assert_eq!(server.get("/healthz", "").status, 200, "{what}");
    let began = Instant::now();
    let (status, _) = server.terminate();
    assert!(status.success() && began.elapsed() < Duration::from_secs(10), "{what}: {status}");
}

#[test]
fn streams_that_cannot_be_written_stop_neither_start_nor_reload_nor_end() {
    let (_readers, full): (Vec<_>, Vec<_>) = [true, false, true, false].map(full_pipe).into_iter().unzip();
    let mut full = full.into_iter().map(Stdio::from);
    let mut full = || full.next().unwrap();
    for (what, stdout, stderr) in [
        ("full disk", full_disk(), full_disk()),
        ("no reader", closed_pipe(), closed_pipe()),
        ("stuck reader", full(), full()),
        ("stuck reader of a pipe that does not block", full(), full()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let arguments = [&NO_MLB[..], &["--access-log", "stdout", "--log-level", "trace"]].concat();
        let server = Server::start_writing(command(dir.path()), dir, &arguments, stdout, stderr);
        let (code, said) = server.command(&["reload"]);
        assert_eq!(code, Some(0), "{what}: {said}");
        ends_well(server, what);
    }
}

#[test]
fn readers_that_go_later_fail_no_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let [(reader, stdout), (other, stderr)] = [(); 2].map(|()| io::pipe().unwrap());
    let arguments = [&NO_MLB[..], &["--access-log", "stdout"]].concat();
    let server = Server::start_writing(command(dir.path()), dir, &arguments, stdout.into(), stderr.into());
    drop((reader, other));
    for _ in 0..2 {
        let before = server.found();
        let (code, said) = server.command(&["upgrade"]);
        assert_eq!(code, Some(0), "{said}");
        assert_ne!(server.found(), before);
    }
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn a_stuck_reader_of_standard_error_costs_lines_that_are_counted() {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let (_reader, writer) = io::pipe().unwrap();
    let arguments = ["--mlb-url", &mlb.url(), "--clock", NOON, "--log-level", "debug"];
    let server = Server::start_writing(command(dir.path()), dir, &arguments, Stdio::null(), writer.into());
    assert_eq!(server.metric("e6_output_lines_lost_total{stream=\"stderr\"}"), 0.0);
    // One reload of this invalid configuration logs more than a pipe and the two buffers before it hold.
    let keys = ["connections", "handshake", "head", "idle", "age", "requests", "request", "stall", "drain"];
    let wrong = keys.map(|key| format!("{key} = {:?}\n", "x".repeat(100_000)));
    fs::write(server.path("e6.toml"), format!("[limits]\n{}", wrong.concat())).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while server.metric("e6_output_lines_lost_total{stream=\"stderr\"}") == 0.0 {
        assert!(Instant::now() < deadline, "{}", server.metrics());
        let (code, _) = server.command(&["reload"]);
        assert_eq!(code, Some(2), "it says so all the same");
    }
    fs::remove_file(server.path("e6.toml")).unwrap();
    assert_eq!(server.command(&["reload"]).0, Some(0));
    server.wait_for_verdict("no_game");
    ends_well(server, "stuck reader");
}

#[test]
fn commands_end_quietly_when_their_reader_goes() {
    let dir = tempfile::tempdir().unwrap();
    let check =
        ["check", "--offline", "--all", "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "off"];
    for arguments in [
        &check[..],
        &["routes"],
        &["limits"],
        &["limits", "--markdown"],
        &["man"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let ended = command(dir.path()).args(arguments).stdout(closed_pipe()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success() && !said.contains("panic"), "{arguments:?}: {} {said}", ended.status);
        let ended = command(dir.path()).args(arguments).stderr(closed_pipe()).output().unwrap();
        assert!(ended.status.success(), "{arguments:?}: {}", ended.status);
        let ended = command(dir.path()).args(arguments).stdout(full_disk()).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains("cannot write to standard output: No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn errors_of_commands_end_quietly_too() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, expected) in [
        (&["--no-such-flag"][..], 2),
        (&["check", "--player", "me"], 2),
        (&["reload"], 1),
        (&["health", "http://127.0.0.1:9"], 1),
    ] {
        for stderr in [closed_pipe(), full_disk()] {
            let ended =
                command(dir.path()).args(arguments).stderr(stderr).stdout(full_disk()).status().unwrap();
            assert_eq!(ended.code(), Some(expected), "{arguments:?}");
        }
    }
}

#[test]
fn everything_on_both_streams_is_an_object_for_programs() {
    let dir = tempfile::tempdir().unwrap();
    let (stdout, stderr) = (dir.path().join("out"), dir.path().join("err"));
    let to = |path| Stdio::from(File::create(path).unwrap());
    let arguments = [&NO_MLB[..], &["--access-log", "stdout", "--log-format", "json"]].concat();
    let server = Server::start_writing(command(dir.path()), dir, &arguments, to(&stdout), to(&stderr));
    server.get("/healthz", "");
    let http = format!("http://{}/", server.http());
    let (_, _dir) = server.terminate();
    let said = objects(&fs::read_to_string(&stdout).unwrap());
    assert!(said.iter().any(|line| line["message"] == "listening" && line["url"] == *http), "{said:#?}");
    assert!(
        said.iter().any(|line| line["message"] == "request" && line["target"] == "/healthz"),
        "{said:#?}"
    );
    let logged = objects(&fs::read_to_string(&stderr).unwrap());
    assert!(logged.iter().any(|line| line["message"] == "draining" && line["signal"] == "SIGTERM"));
}

#[test]
fn errors_before_the_log_are_objects_too() {
    let dir = tempfile::tempdir().unwrap();
    let check =
        ["check", "--offline", "--http", "127.0.0.1:0", "--https", "off", "--tls", "off", "--admin", "off"];
    fs::write(
        dir.path().join("wrong.toml"),
        "[log]\nformat = \"json\"\n[player]\nid = \"me\"\n[words]\nno = \"\"\n",
    )
    .unwrap();
    let json = ["--log-format", "json"];
    for (arguments, code, expected) in [
        (&[&["--no-such-flag"], &json[..]].concat()[..], 2, "--no-such-flag"),
        (&["serve", "--log-format=json", "--player"], 2, "--player"),
        (&["--config", "wrong.toml"], 2, "player.id"),
        (&["--config", "wrong.toml", "--nonsense"], 2, "--nonsense"),
        (&[&["--player", "me"], &json[..]].concat(), 2, "player.id"),
        (
            &[
                &[
                    "--access-log",
                    "/dev/null/access.log",
                    "--http",
                    "127.0.0.1:0",
                    "--https",
                    "off",
                    "--tls",
                    "off",
                    "--admin",
                    "off",
                ],
                &json[..],
            ]
            .concat(),
            1,
            "cannot write the access log",
        ),
        (&[&["reload"], &json[..]].concat(), 1, "no e6 to be found"),
        (&[&["health", "http://127.0.0.1:9"], &json[..]].concat(), 1, "127.0.0.1:9"),
        (&[&check[..], &json[..], &["--player", "5"]].concat(), 0, "setting"),
    ] {
        let (ended, stdout, stderr) = run(dir.path(), arguments);
        assert_eq!(ended, Some(code), "{arguments:?}: {stdout}{stderr}");
        let lines: Vec<Value> = [objects(&stdout), objects(&stderr)].concat();
        let found = lines.iter().any(|line| line["message"].as_str().unwrap().contains(expected));
        assert!(found, "{expected}: {stdout}{stderr}");
    }
    let environment = command(dir.path()).arg("--nonsense").env("E6_LOG_FORMAT", "json").output().unwrap();
    assert_eq!(objects(&String::from_utf8(environment.stderr).unwrap()).len(), 1);
}

#[test]
fn output_to_anything_but_a_terminal_has_no_colour() {
    let dir = tempfile::tempdir().unwrap();
    let mut starting = command(dir.path());
    starting.env("TERM", "xterm-256color").env("CLICOLOR_FORCE", "1");
    let server = Server::start_by(starting, dir, &[&NO_MLB[..], &["--log-level", "trace"]].concat());
    server.wait_until("logged", || !server.stderr().is_empty());
    assert!(!server.stderr().contains('\u{1b}'), "{}", server.stderr());
    for arguments in [&["--help"][..], &["--nonsense"]] {
        let (_, stdout, stderr) = run(&server.path(""), arguments);
        assert!(!stdout.contains('\u{1b}') && !stderr.contains('\u{1b}'), "{stdout}{stderr}");
    }
}

#[test]
fn landlocks_details_are_for_debugging() {
    for (level, has_details) in [("info", false), ("debug", true)] {
        let server = Server::start_with(&[&NO_MLB[..], &["--log-level", level]].concat());
        server.wait_until("said", || server.stderr().contains("running as "));
        let said = server.stderr();
        let is_there = said.contains("Landlock ABI");
        assert_eq!(said.contains("connects to ports"), has_details && is_there, "{said}");
    }
}

/// The terminal closes, and with it both streams; e6 receives SIGHUP.
#[test]
fn a_terminal_that_is_closed_ends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut screen, side) = terminal::open();
    let (stdout, stderr) = (side.try_clone().unwrap(), side);
    let arguments = [&NO_MLB[..], &["--access-log", "stdout"]].concat();
    let mut starting = command(dir.path());
    starting.env("NO_COLOR", "1").env("TERM", "xterm");
    let server = Server::start_writing(starting, dir, &arguments, stdout.into(), stderr.into());
    let mut shown = Vec::new();
    let url = format!("http://{}/", server.http());
    while !String::from_utf8_lossy(&shown).contains(&url) {
        let mut bytes = [0; 4096];
        let count = screen.read(&mut bytes).unwrap();
        shown.extend_from_slice(&bytes[..count]);
    }
    assert!(!shown.contains(&0x1b), "{}", String::from_utf8_lossy(&shown));
    drop(screen);
    signal(server.pid(), "HUP");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(server.get("/healthz", "").status, 200);
}

#[test]
fn check_tells_findings_first_and_only_settings_that_were_changed() {
    let dir = tempfile::tempdir().unwrap();
    let file = "[words]\nyes = \"Of course\"\n[player]\nid = 5\n[log]\naccess = \"off\"\n";
    fs::write(dir.path().join("e6.toml"), file).unwrap();
    let listen = ["--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let both = |more: &[&str]| {
        let output = Command::new("sh")
            .args(["-c", "\"$0\" \"$@\" 2>&1", tools::e6(), "check", "--offline"])
            .args(listen)
            .args(more)
            .current_dir(dir.path())
            .env_clear()
            .env("HOME", dir.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = both(&[]);
    let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("no {what}: {said}"));
    let order = [
        "listen.http    127.0.0.1:0",
        "listen.https   127.0.0.1:0",
        "listen.http3   UDP 127.0.0.1:0",
        "listen.admin   127.0.0.1:0",
        "tls            The certificate",
        "certificate    there is none yet",
        "tls.certs ",
        "data.dir ",
        "\nplayer.id ",
        "\nwords.yes ",
        "\nlisten.http ",
        "\nlog.access ",
    ];
    assert!(order.map(at).is_sorted(), "{said}");
    assert!(!said.contains("words.no ") && !said.contains("limits."), "{said}");
    let all = both(&["--all"]);
    assert!(
        all.contains("words.no ") && all.contains("limits.drain ") && all.contains("words.yes "),
        "{all}"
    );
}
