//! Webhooks: what a hook is told, and how one that fails is kept from harm.

use crate::support::{
    day::{EVENING, FINAL, Game, IN_PROGRESS},
    fake_mlb::FakeMlb,
    hook::{Behaviour, FakeHook},
    preload,
    proxy::{Proxy, connect},
    secrets::{KEY, NTFY},
    server::{Server, check, command, run},
};
use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use std::{fs, path::Path, time::Duration};

/// A settings file with these hooks.
pub fn hooks(dir: &Path, hooks: &[String]) {
    let hooks: String = hooks.iter().map(|hook| format!("[[notify]]\n{hook}\n")).collect();
    fs::write(dir.join("e6.toml"), hooks).unwrap();
}

/// Starts e6 in this directory.
pub fn start(dir: tempfile::TempDir, mlb: &FakeMlb) -> Server {
    Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING, "--url", "https://e6.example"])
}

/// Waits until every hook has the answer to compare the next one with.
pub fn wait_for_baseline(server: &Server, count: usize) {
    let is_journal = |name: &str| name.starts_with("notify-") && name.ends_with(".json");
    server.wait_until("remembered", || {
        let files = fs::read_dir(server.path(".local/state/e6")).into_iter().flatten().flatten();
        files.filter(|file| is_journal(&file.file_name().to_string_lossy())).count() == count
    });
}

/// The number of changes that wait for each hook.
pub fn waiting(dir: &Path) -> Vec<usize> {
    let files = fs::read_dir(dir.join(".local/state/e6")).unwrap().flatten().map(|file| file.path());
    let journals = files
        .filter(|path| path.to_string_lossy().contains("/notify-") && path.extension().unwrap() == "json");
    let count = |path| {
        serde_json::from_slice::<serde_json::Value>(&fs::read(path).unwrap()).unwrap()["waiting"]
            .as_array()
            .unwrap()
            .len()
    };
    journals.map(count).collect()
}

/// Starts e6 with these hooks and without an error, and stops it once they know that.
pub fn baseline(mlb: &FakeMlb, settings: &[String]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    hooks(dir.path(), settings);
    let server = start(dir, mlb);
    server.wait_for_verdict("not_yet");
    wait_for_baseline(&server, settings.len());
    server.terminate().1
}

#[test]
fn each_hook_is_told_once_of_each_change_in_its_own_form() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let [post, slack, discord, ntfy, own] = [(); 5].map(|()| FakeHook::start(Behaviour::Accept));
    let secrets = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(secrets.path().join(name), text).unwrap();
        secrets.path().join(name).display().to_string()
    };
    let settings = [
        format!("url = {:?}\nsecret_file = {:?}", post.url(), file("key", &format!("whsec_{KEY}\n"))),
        format!(
            "url_file = {:?}\npreset = \"slack\"\nlanguage = \"es\"",
            file("url", &format!("{}\n", slack.url()))
        ),
        format!("url = {:?}\npreset = \"discord\"", discord.url()),
        format!("url = {:?}\npreset = \"ntfy\"\nsecret_file = {:?}", ntfy.url(), file("token", NTFY)),
        format!(
            "url = {:?}\ntemplate = '{{\"n\": \"{{errors}}\", \"t\": [\"{{verdict}} {{before}}\"]}}'",
            own.url()
        ),
    ];
    let all = [&post, &slack, &discord, &ntfy, &own];
    let dir = baseline(&mlb, &settings);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = start(dir, &mlb);
    server.wait_until("told", || all.iter().all(|hook| hook.count() == 1));
    // The second change, while it runs: the error is taken back.
    mlb.play(&[Game { stamp: 1, ..Game::new(FINAL) }]);
    server.wait_until("told again", || all.iter().all(|hook| hook.count() == 2));
    let host = |hook: &FakeHook, outcome| {
        server.metric(&format!("e6_notify_messages_total{{host=\"{}\",outcome=\"{outcome}\"}}", hook.address))
    };
    server.wait_until("counted", || {
        all.iter().all(|hook| (host(hook, "sent"), host(hook, "failed")) == (2.0, 0.0))
    });
    let (_, dir) = server.terminate();
    // A restart tells nothing again.
    let server = start(dir, &mlb);
    server.wait_for_verdict("no");
    server.wait_until("polled", || server.metric("e6_mlb_polls_total{outcome=\"heard\"}") > 0.0);
    let (_, dir) = server.terminate();
    assert_eq!(waiting(dir.path()), [0; 5]);
    assert!(all.iter().all(|hook| hook.count() == 2));

    let [first, second] = &post.received()[..] else { panic!() };
    assert_eq!(first.body["type"], "answer.changed");
    let data = &first.body["data"];
    assert_eq!(
        (&data["before"], &data["verdict"], &data["errors"]),
        (&"not_yet".into(), &"yes".into(), &1.into())
    );
    assert_eq!(
        (&data["url"], &data["date"]),
        (&"https://e6.example/2024-07-02".into(), &"2024-07-02".into())
    );
    assert_eq!(data["id"], first.field("webhook-id"));
    let data = &second.body["data"];
    assert_eq!(
        (&data["before"], &data["verdict"], &data["taken_back"]),
        (&"yes".into(), &"no".into(), &1.into())
    );
    for request in [first, second] {
        let signed = format!(
            "{}.{}.{}",
            request.field("webhook-id"),
            request.field("webhook-timestamp"),
            request.text
        );
        let key = hmac::Key::new(hmac::HMAC_SHA256, &BASE64_STANDARD.decode(KEY).unwrap());
        let tag =
            BASE64_STANDARD.decode(request.field("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
        hmac::verify(&key, signed.as_bytes(), &tag).unwrap();
    }
    assert_ne!(first.field("webhook-id"), second.field("webhook-id"));
    let text =
        |hook: &FakeHook, at: usize, name: &str| hook.received()[at].body[name].as_str().unwrap().to_owned();
    assert!(text(&slack, 0, "text").starts_with("*Sí* · ¿"), "{}", text(&slack, 0, "text"));
    assert!(
        text(&slack, 0, "text").ends_with("\n<https://e6.example/es/2024-07-02>"),
        "{}",
        text(&slack, 0, "text")
    );
    assert!(text(&discord, 0, "content").starts_with("**Yes** · Does"), "{}", text(&discord, 0, "content"));
    assert_eq!(
        (text(&ntfy, 0, "topic"), text(&ntfy, 0, "click")),
        ("secret-path".into(), "https://e6.example/2024-07-02".into())
    );
    assert_eq!(ntfy.received()[0].field("authorization"), "Bearer tk_0123456789abcdef");
    assert!(ntfy.received()[0].head.starts_with("POST / "));
    assert_eq!(own.received()[0].body, serde_json::json!({"n": 1, "t": ["yes not_yet"]}));
}

#[test]
fn a_hook_that_fails_holds_up_neither_the_site_nor_the_others() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let loops = "location: /secret-path\r\n";
    let failing = [
        Behaviour::Hang,
        Behaviour::Close,
        Behaviour::Huge,
        Behaviour::Status(500, ""),
        Behaviour::Status(302, loops),
        Behaviour::Status(308, loops),
        Behaviour::Status(404, ""),
        Behaviour::Accept,
    ]
    .map(FakeHook::start);
    let refused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings: Vec<_> = failing.iter().map(|hook| format!("url = {:?}", hook.url())).collect();
    settings.push(format!("url = \"http://{refused}/secret-path\""));
    settings.push("url = \"https://hook.invalid/secret-path\"".into());
    let dir = baseline(&mlb, &settings);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = start(dir, &mlb);
    let good = failing.last().unwrap();
    server.wait_until("told", || good.count() == 1);
    server.wait_for_verdict("yes");
    let count = |host: &str, outcome: &str| {
        server.metric(&format!("e6_notify_messages_total{{host=\"{host}\",outcome=\"{outcome}\"}}"))
    };
    let of = |index: usize, outcome| count(&failing[index].address.to_string(), outcome);
    // Retried: no response, and a status that may pass.
    server.wait_until("retried", || of(1, "failed") >= 2.0 && of(3, "failed") >= 2.0);
    server.wait_until("refused", || {
        count(&refused.to_string(), "failed") >= 2.0 && count("hook.invalid", "failed") >= 1.0
    });
    // The status of a huge response counts, and its body is not read.
    server.wait_until("accepted", || of(2, "sent") == 1.0);
    // Not retried: a redirect, and a status that would stay.
    for index in [4, 5, 6] {
        server.wait_until("given up", || (of(index, "failed"), of(index, "dropped")) == (1.0, 1.0));
        assert_eq!(failing[index].count(), 1);
    }
    assert_eq!(server.metric(&format!("e6_notify_queue{{host=\"{refused}\"}}")), 1.0);
    assert_eq!(server.metric(&format!("e6_notify_queue{{host=\"{}\"}}", good.address)), 0.0);
    let ids: std::collections::BTreeSet<_> =
        failing[3].received().iter().map(|request| request.field("webhook-id").to_owned()).collect();
    assert_eq!(ids.len(), 1, "every attempt has the same id");
    // It is told once it recovers.
    failing[3].behave(Behaviour::Accept);
    server.wait_until("told at last", || of(3, "sent") == 1.0);
    // A hook that hangs delays the end by one message at most.
    let began = std::time::Instant::now();
    server.terminate();
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[test]
fn the_wait_that_a_hook_asks_for_is_kept() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(Behaviour::Status(429, "retry-after: 3\r\n"));
    let dir = baseline(&mlb, &[format!("url = {:?}", hook.url())]);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = start(dir, &mlb);
    server.wait_until("tried", || hook.count() == 1);
    hook.behave(Behaviour::Accept);
    server.wait_until("tried again", || hook.count() == 2);
    let times: Vec<_> = hook.received().iter().map(|request| request.at).collect();
    assert!(times[1] - times[0] > Duration::from_millis(2900), "{:?}", times[1] - times[0]);
}

#[test]
fn neither_urls_nor_secrets_are_shown_anywhere() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(Behaviour::Status(500, ""));
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("key"), KEY).unwrap();
    let settings = [
        format!("url = {:?}\nsecret_file = \"key\"", hook.url()),
        "url = \"https://hook.invalid/secret-path\"".into(),
    ];
    hooks(dir.path(), &settings);
    let (code, stdout, stderr) = check(dir.path(), &["--https", "127.0.0.1:0", "--all"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.contains(&format!("told of changes: {}, hook.invalid;", hook.address)), "{stdout}");
    assert!(stdout.contains(&format!("[\"{}\", \"hook.invalid\"]", hook.address)), "{stdout}");
    let (_, tested_out, tested) = run(dir.path(), &["notify", "--test"]);
    let server =
        Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING, "--log-level", "trace"]);
    server.wait_for_verdict("not_yet");
    wait_for_baseline(&server, 2);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    server.wait_until("logged", || server.stderr().matches("cannot tell this hook").count() >= 3);
    let how = server.get("/how", "Accept: application/json\r\n");
    let texts = [stdout, stderr, tested, tested_out, server.stderr(), server.metrics(), how.text().into()];
    for text in texts {
        assert!(!text.contains("secret-path") && !text.contains(KEY), "{text}");
    }
}

#[test]
fn a_mistake_in_a_hook_is_named_with_its_line_and_without_its_url() {
    let dir = tempfile::tempdir().unwrap();
    for (text, line, what) in [
        ("[[notify]]\nurl = \"ftp://host/secret-path\"\n", 2, "notify.url: it begins neither"),
        ("[[notify]]\npreset = \"slack\"\n", 1, "notify.url is missing"),
        (
            "[[notify]]\nurl = \"https://a.example/secret-path\"\npreset = \"irc\"\n",
            3,
            "\"irc\" is no preset",
        ),
        (
            "[[notify]]\nurl = \"https://a.example/secret-path\"\nsecret = \"x\"\n",
            3,
            "unknown key notify.secret",
        ),
        (
            "[[notify]]\nurl = \"https://a.example/secret-path\"\ntemplate = \"{word}\"\n",
            3,
            "notify.template: it is no JSON",
        ),
        (
            "[[notify]]\nurl = \"https://a.example/secret-path\"\nsecret_file = \"missing\"\n",
            3,
            "cannot read the token",
        ),
        ("[[notify]]\nurl = \"https://ntfy.sh/\"\npreset = \"ntfy\"\n", 1, "notify.url: it names no topic"),
        ("[notify]\nurl = \"https://a.example/secret-path\"\n", 1, "write [[notify]]"),
        ("notify = [\"https://a.example/secret-path\"]\n", 1, "write [[notify]]"),
        (
            "[[notify]]\nurl = \"https://a.example/secret-path\"\n[[notify]]\nurl = \"https://a.example/secret-path\"\n",
            3,
            "another hook has this URL",
        ),
    ] {
        fs::write(dir.path().join("e6.toml"), text).unwrap();
        let (code, _, stderr) = check(dir.path(), &["--https", "off"]);
        assert_eq!(code, Some(2), "{text}: {stderr}");
        assert!(stderr.contains(what) && stderr.contains(&format!("e6.toml:{line}: ")), "{text}: {stderr}");
        assert!(!stderr.contains("secret-path"), "{stderr}");
    }
    let many: Vec<_> = (0..17).map(|index| format!("url = \"https://a.example/{index}\"")).collect();
    hooks(dir.path(), &many);
    assert!(check(dir.path(), &["--https", "off"]).2.contains("more than 16 hooks"));
}

#[test]
fn a_test_reports_the_reaction_of_every_hook() {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["notify", "--test"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("no hook is configured"), "{stderr}");
    assert_eq!(run(dir.path(), &["notify"]).0, Some(2), "the flag is needed");
    let [good, bad] = [Behaviour::Accept, Behaviour::Status(403, "")].map(FakeHook::start);
    hooks(dir.path(), &[format!("url = {:?}", good.url())]);
    let (code, stdout, stderr) = run(dir.path(), &["notify", "--test"]);
    assert_eq!(
        (code, stdout),
        (Some(0), format!("{}: accepted (204 No Content)\n", good.address)),
        "{stderr}"
    );
    assert_eq!(good.received()[0].body["type"], "test");
    hooks(dir.path(), &[format!("url = {:?}", good.url()), format!("url = {:?}", bad.url())]);
    let (code, stdout, stderr) = run(dir.path(), &["notify", "--test"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stdout.contains("accepted") && stderr.contains(&format!("{}: refused: 403", bad.address)),
        "{stderr}"
    );
    assert_eq!((good.count(), bad.count()), (2, 1));
}

/// Delays name look-ups and connections by 900 ms each.
const SLOW_NETWORK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    usleep(900000);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, found);
}
int connect(int fd, const struct sockaddr *address, socklen_t size) {
    usleep(900000);
    int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    return real(fd, address, size);
}
"#;

#[test]
#[ignore = "needs cc"]
fn a_slow_network_leaves_no_doubt_whether_a_hook_got_a_message() {
    let hook = FakeHook::start(Behaviour::Hang);
    let dir = tempfile::tempdir().unwrap();
    let url = hook.url().replace("127.0.0.1", "localhost");
    hooks(dir.path(), &[format!("url = {url:?}\npreset = \"slack\"\n[limits]\nnotify_total = 2")]);
    let mut testing = command(dir.path());
    testing.env("LD_PRELOAD", preload::library(dir.path(), SLOW_NETWORK)).args(["notify", "--test"]);
    let stderr = String::from_utf8(testing.output().unwrap().stderr).unwrap();
    assert!(stderr.contains("no connection in time"), "{stderr}");
    assert_eq!(hook.count(), 0);
}

#[test]
fn a_reload_takes_new_hooks_and_they_are_told_of_later_changes_only() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS).charged(1)]);
    let [old, new] = [(); 2].map(|()| FakeHook::start(Behaviour::Accept));
    let dir = tempfile::tempdir().unwrap();
    // Landlock would keep the port of a new hook out of reach.
    hooks(dir.path(), &[format!("url = {:?}\n[security]\nlandlock = false", old.url())]);
    let server = Server::start_in(dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("yes");
    wait_for_baseline(&server, 1);
    let with_new =
        format!("[security]\nlandlock = false\n[[notify]]\nurl = {:?}\nwhen = \"error\"\n", new.url());
    fs::write(server.path("e6.toml"), with_new).unwrap();
    let (code, told) = server.command(&["reload"]);
    assert_eq!((code, told), (Some(0), String::new()));
    wait_for_baseline(&server, 2);
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(2) }]);
    server.wait_until("told", || new.count() == 1);
    assert_eq!((old.count(), &new.received()[0].body["data"]["errors"]), (0, &2.into()));
}

#[test]
fn a_hook_is_told_through_the_proxy_of_the_environment() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let hook = FakeHook::start(Behaviour::Accept);
    let proxy = Proxy::start(hook.url().trim_end_matches("/secret-path"), connect);
    let dir = tempfile::tempdir().unwrap();
    // A name that DNS cannot resolve, so that only the proxy can connect.
    hooks(dir.path(), &["url = \"http://hook.invalid/secret-path\"".into()]);
    let mut starting = command(dir.path());
    starting.env("http_proxy", proxy.address.to_string()).env("NO_PROXY", "127.0.0.1");
    let server = Server::start_by(starting, dir, &["--mlb-url", &mlb.url(), "--clock", EVENING]);
    server.wait_for_verdict("not_yet");
    wait_for_baseline(&server, 1);
    mlb.play(&[Game { stamp: 1, ..Game::new(IN_PROGRESS).charged(1) }]);
    server.wait_until("told", || hook.count() == 1);
    assert_eq!(hook.received()[0].body["data"]["verdict"], "yes");
    assert!(proxy.asked()[0].starts_with("CONNECT hook.invalid:80 HTTP/1.1\r\n"), "{:?}", proxy.asked());
}
