//! Keys, tokens, passwords and the URLs of webhooks are in no output, whatever fails. The helpers search every response,
//! log and command's output ([`crate::support::secrets`]), so these tests only have to make e6 talk.

use crate::{
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        hook::{Behaviour, FakeHook},
        preload,
        proxy::{Proxy, connect},
        secrets::{HOOK, KEY, NTFY, PASSWORD, TOKEN, assert_none},
        server::{Server, check, command},
        tools,
    },
    tls::handshake::Http2,
};
use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::Path,
    process::Command,
};

const QUESTION: &str = "/mlb/api/v1/teams/135?hydrate=venue(timezone)";

/// Writes a settings file, and the files with secrets that it names.
fn plant(dir: &Path, proxy: &Proxy, hook: &FakeHook) {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for (name, text) in [
        ("token", TOKEN),
        ("credentials", &format!("user:{PASSWORD}")),
        ("key", KEY),
        ("ntfy", NTFY),
        ("url", &format!("https://hook.invalid/{HOOK}")),
        ("tls.pem", &pair.cert.pem()),
        ("tls.key", &pair.key_pair.serialize_pem()),
    ] {
        fs::write(dir.join(name), text).unwrap();
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let settings = format!(
        "[mlb]\nproxy = \"http://{}\"\nproxy_credentials = \"credentials\"\ntoken_file = \"token\"\n\
         [relay]\ntoken_file = \"token\"\n\
         [security]\nlandlock = false\n\
         [[notify]]\nurl = {:?}\nsecret_file = \"key\"\n\
         [[notify]]\nurl_file = \"url\"\npreset = \"slack\"\n\
         [[notify]]\nurl = \"https://127.0.0.1:9/topic\"\npreset = \"ntfy\"\nsecret_file = \"ntfy\"\n",
        proxy.address,
        hook.url(),
    );
    fs::write(dir.join("e6.toml"), settings).unwrap();
}

#[test]
fn no_log_response_or_metric_has_a_secret_whatever_fails() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let (hook, proxy) = (FakeHook::start(Behaviour::Status(500, "")), Proxy::start(&mlb.url(), connect));
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), &proxy, &hook);
    let mut starting = command(dir.path());
    // A proxy for the hooks, which is gone.
    starting.env("HTTPS_PROXY", format!("http://user:{PASSWORD}@127.0.0.1:9"));
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--log-level", "trace"];
    let server = Server::start_by(starting, dir, &arguments);
    server.wait_for_verdict("not_yet");
    assert!(proxy.asked()[0].contains("Proxy-Authorization: "), "{:?}", proxy.asked());
    assert!(mlb.heads()[0].contains(TOKEN), "{:?}", mlb.heads());

    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    server.wait_until("told", || server.stderr().matches("cannot tell this hook").count() >= 3);
    let bearer = format!("Authorization: Bearer {TOKEN}\r\n");
    for path in [QUESTION, "/mlb/", "/how", "/how?format=json", "/", "/nothing", "/readyz"] {
        for accept in ["text/html", "text/plain", "application/json"] {
            server.get(path, &format!("{bearer}Accept: {accept}\r\n"));
        }
    }
    assert_eq!(server.get(QUESTION, &bearer).status, 200);
    server.send(&format!("GET / HTTP/1.1\r\nHost: localhost\r\n{bearer}Bad Field: 1\r\n\r\n"), true);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut client = Http2::open(&server).await;
        for path in [QUESTION, "/how"] {
            let (_, _, body) = client.ask("GET", path, &[("authorization", bearer[15..].trim())]).await;
            assert_none(&String::from_utf8_lossy(&body));
        }
    });
    server.metrics();

    mlb.fault(Fault::Status(401));
    server.wait_until("refused", || server.stderr().contains("mlb.token_file"));
    let (code, _) = server.command(&["upgrade"]);
    assert_eq!(code, Some(0), "{}", server.stderr());
    assert!(server.stderr().contains("TRACE"), "libraries log, too");
}

/// A libc whose clock fails for a worker if there is a file `panics`, once, and for everybody if there is a file `aborts`.
/// Rust's standard library panics then. A panic aborts the process if the log of the panic needs the time, too.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    char thread[16];
    prctl(PR_GET_NAME, thread);
    if (access("aborts", F_OK) == 0 || (strncmp(thread, "worker", 6) == 0 && unlink("panics") == 0)) {
        errno = EINVAL;
        return -1;
    }
    return syscall(SYS_clock_gettime, clock, now);
}
"#;

#[test]
#[ignore = "needs cc"]
fn a_panic_and_an_abort_write_no_secret_and_leave_no_core_file() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let (hook, proxy) = (FakeHook::start(Behaviour::Accept), Proxy::start(&mlb.url(), connect));
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path(), &proxy, &hook);
    let settings = fs::read_to_string(dir.path().join("e6.toml")).unwrap();
    fs::write(dir.path().join("e6.toml"), settings.replace("[security]", &format!("{FILES}[security]")))
        .unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\"", tools::e6()]);
    shell.current_dir(dir.path()).env_clear().env("HOME", dir.path()).env("RUST_BACKTRACE", "full");
    shell.env("LD_PRELOAD", preload::library(dir.path(), CLOCK));
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--log-level", "trace"];
    let mut server = Server::start_by(shell, dir, &arguments);
    server.wait_for_verdict("yes");

    fs::write(server.path("panics"), "").unwrap();
    server.wait_until("panicked", || server.stderr().contains("a thread failed; restarting it"));
    assert!(server.stderr().contains("panic: called `Result::unwrap()`"), "{}", server.stderr());
    assert_eq!(server.api()["verdict"], "yes");

    fs::write(server.path("aborts"), "").unwrap();
    let status = server.wait_for_exit();
    assert_eq!((status.signal(), status.core_dumped()), (Some(libc::SIGABRT), false), "{}", server.stderr());
    let mut files = fs::read_dir(server.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!files.any(|name| name.to_string_lossy().starts_with("core")));
    // The server's log is searched when it is dropped.
}

/// Certificates from files, whose key can be damaged.
const FILES: &str = "[tls]\nmode = \"files\"\ncert = \"tls.pem\"\nkey = \"tls.key\"\n";

/// Mistakes that put a secret where an error message could repeat it: a file, and its text.
fn mistakes(dir: &Path) -> Vec<(&'static str, String)> {
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let key = read("tls.key");
    let with = |more: &str| format!("{}{more}\n", read("e6.toml"));
    vec![
        ("token", format!("{TOKEN} é")),
        ("token", PASSWORD.into()),
        ("credentials", PASSWORD.into()),
        ("credentials", format!("user:{PASSWORD}\nuser:{PASSWORD}")),
        ("key", format!("{KEY}!")),
        ("url", format!("ftp://hook.invalid/{HOOK}")),
        ("url", format!("https://user:{PASSWORD}@hook.invalid/{HOOK}")),
        ("url", format!("https://hook.invalid:{PASSWORD}/{HOOK}")),
        ("url", format!("https://hook invalid/{HOOK}")),
        ("e6.toml", with(&format!("[[notify]]\nurl = https://hook.invalid/{HOOK}"))),
        ("e6.toml", with(&format!("[[notify]]\nurl = \"https://hook.invalid/{HOOK}"))),
        ("e6.toml", with(&format!("[[notify]]\nurl = [\"https://hook.invalid/{HOOK}\"]"))),
        ("e6.toml", with(&format!("[[notify]]\nurl = \"https://hook.invalid/\"\nsecret = \"{KEY}\""))),
        ("e6.toml", with(&format!("[other]\n\"https://hook.invalid/{HOOK}"))),
        ("e6.toml", format!("[mlb]\nproxy = \"ftp://user:{PASSWORD}@127.0.0.1\"")),
        ("e6.toml", format!("[mlb]\nurl = \"https://user:{PASSWORD}@127.0.0.1\"")),
        ("e6.toml", format!("[mlb]\ntoken = \"{TOKEN}\"")),
        ("e6.toml", format!("[acme]\ndirectory = \"https://user:{PASSWORD}@127.0.0.1/directory\"")),
        ("e6.toml", format!("[site]\nurl = \"https://user:{PASSWORD}@127.0.0.1\"")),
        ("tls.key", key[..key.len() / 2].into()),
        ("tls.key", key.replace('\n', "")),
        ("tls.key", key.replace("KEY-----\n", "KEY-----")),
        ("tls.key", key.replace("KEY-----\n", "KEY-----\n-----BEGIN ")),
        ("tls.key", key.replace('M', "?")),
    ]
}

#[test]
fn no_message_about_a_mistake_has_a_secret() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let (hook, proxy) = (FakeHook::start(Behaviour::Accept), Proxy::start(&mlb.url(), connect));
    let dir = tempfile::tempdir().unwrap();
    let prepare = |dir: &Path| {
        plant(dir, &proxy, &hook);
        let settings = fs::read_to_string(dir.join("e6.toml")).unwrap();
        fs::write(dir.join("e6.toml"), settings.replace("[security]", &format!("{FILES}[security]")))
            .unwrap();
    };
    prepare(dir.path());
    let arguments = ["--mlb-url", &mlb.url(), "--clock", EVENING, "--log-level", "debug"];
    let server = Server::start_in(dir, &arguments);
    let dir = server.path("");
    let count = mistakes(&dir).len();
    for index in 0..count {
        prepare(&dir);
        let (file, text) = mistakes(&dir).remove(index);
        fs::write(dir.join(file), &text).unwrap();
        // An unusable pair is logged, and the one in service stays.
        server.command(&["reload"]);
        let (code, stdout, stderr) = check(&dir, &["--https", "127.0.0.1:0", "--all"]);
        assert_eq!(code, Some(2), "{file}: {text}\n{stdout}{stderr}");
    }
    prepare(&dir);
    let (code, told) = server.command(&["reload"]);
    assert_eq!((code, told), (Some(0), String::new()));
}
