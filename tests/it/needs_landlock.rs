//! Tests that need a kernel with Landlock: ignored by default, run by `.ci/run` if the kernel has it.

use crate::{
    lifecycle::notify::{self, baseline},
    support::{
        day::{Game, IN_PROGRESS, NOON},
        fake_mlb::FakeMlb,
        hook::{Behaviour, FakeHook},
        server::{Server, command, signal},
    },
};
use std::{fs, os::unix::fs::symlink, path::Path};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

fn write_pair(name: &str, cert: &Path, key: &Path) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let made = rcgen::CertificateParams::new([name.to_owned()]).unwrap().self_signed(&pair).unwrap();
    fs::write(cert, made.pem()).unwrap();
    fs::write(key, pair.serialize_pem()).unwrap();
}

/// Links the certificate to a file outside. Returns whether it is served, which shows that it was read.
fn reads_through_a_link(landlock: &str) -> (Server, bool) {
    let [inside, outside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let (cert, key) = (inside.path().join("tls.crt"), inside.path().join("tls.key"));
    write_pair("inside.example", &cert, &key);
    write_pair("outside.example", &outside.path().join("cert"), &outside.path().join("key"));
    let own = tempfile::tempdir().unwrap();
    let mut command = command(own.path());
    command.env("E6_LANDLOCK", landlock).args(["--tls-cert", cert.to_str().unwrap()]);
    let server =
        Server::start_by(command, own, &[&NO_MLB[..], &["--tls-key", key.to_str().unwrap()]].concat());
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
#[ignore = "needs Landlock"]
fn a_file_out_of_reach_cannot_be_read_even_by_root() {
    let (server, served) = reads_through_a_link("true");
    assert!(server.stderr().contains("Landlock ABI") && !served, "{}", server.stderr());
    let (server, served) = reads_through_a_link("false");
    assert!(server.stderr().contains("Landlock is switched off") && served, "{}", server.stderr());
}

#[test]
#[ignore = "needs Landlock"]
fn a_reload_names_the_settings_that_lead_out_of_reach() {
    let mlb = FakeMlb::with(&[]);
    let outside = tempfile::tempdir().unwrap();
    let server = Server::start(&mlb, NOON);
    let open = |path: &str| outside.path().join(path).display().to_string();
    let toml = format!(
        "[words]\nno_game = \"Nothing today\"\n[tls]\ncerts = {:?}\n[acme]\nca = {:?}\n",
        open("certs/own"),
        open("root.pem")
    );
    fs::write(server.path("e6.toml"), toml).unwrap();
    signal(server.pid(), "HUP");
    server.wait_for("said in other words", |answer| answer["answer"] == "Nothing today");
    let said = server.stderr();
    let waiting = said.lines().find(|line| line.contains("until e6 is started again"));
    assert!(waiting.is_some_and(|line| line.contains("tls.certs, acme.ca")), "{said}");
    assert!(!outside.path().join("certs").exists());
}

#[test]
#[ignore = "needs Landlock"]
fn a_running_process_may_open_no_new_address_and_says_so() {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    let configure = |dir: &std::path::Path, http: &str| {
        let toml = format!("[listen]\nhttp = {http}\nhttps = \"off\"\nadmin = \"off\"\n");
        fs::write(dir.join("e6.toml"), toml).unwrap();
    };
    configure(dir.path(), "\"127.0.0.1:0\"");
    let url = mlb.url();
    let server = Server::start_in(dir, &["--mlb-url", &url, "--clock", NOON]);
    configure(&server.path(""), "[\"127.0.0.1:0\", \"127.0.0.2:0\"]");
    let (code, said) = server.command(&["upgrade"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("cannot listen on 127.0.0.2:0") && said.contains("stop it and start it again"),
        "{said}"
    );
    assert_eq!((server.found(), server.get("/healthz", "").status), (Some(server.pid()), 200));
}

#[test]
#[ignore = "needs Landlock"]
fn a_hook_is_in_reach_and_a_new_one_on_another_port_waits_for_a_start() {
    let mlb = FakeMlb::with(&[Game::new(IN_PROGRESS)]);
    let [old, new] = [(); 2].map(|()| FakeHook::start(Behaviour::Accept));
    let dir = baseline(&mlb, &[format!("url = {:?}", old.url())]);
    mlb.play(&[Game::new(IN_PROGRESS).charged(1)]);
    let server = notify::start(dir, &mlb);
    server.wait_until("told", || old.count() == 1);
    fs::write(server.path("e6.toml"), format!("[[notify]]\nurl = {:?}\n", new.url())).unwrap();
    let (code, told) = server.command(&["reload"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("notify.url waits until e6 is started again"), "{told}");
}
