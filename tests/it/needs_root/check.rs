//! `e6 check` as root, which becomes the user of a start.

use crate::support::{
    server::{Server, check, run},
    user::{NOBODY, nobodys},
};
use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
};

const NO_MLB: [&str; 2] = ["--mlb-url", "http://127.0.0.1:9"];

#[test]
#[ignore = "needs root"]
fn check_tries_as_the_user_that_it_would_become() {
    let dir = nobodys();
    fs::create_dir(dir.path().join("roots")).unwrap();
    let arguments = ["--https", "127.0.0.1:0", "--data-dir", "roots", "--access-log", "roots/access.log"];
    let (code, _, stderr) = check(dir.path(), &[&arguments[..], &["--user", "nobody"]].concat());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("warning  data.dir       cannot write roots: Permission denied")
            && stderr.contains("error    log.access     cannot write roots/access.log: Permission denied"),
        "{stderr}"
    );
    let (code, _, stderr) = check(dir.path(), &arguments);
    assert!(code == Some(0) && stderr.contains("warning  security.user  root serves visitors"), "{stderr}");
}

#[test]
#[ignore = "needs root"]
fn check_says_which_files_the_user_cannot_read_at_a_reload() {
    let dir = nobodys();
    let path = |name: &str| dir.path().join(name);
    let secrets = ["relay.token", "hook.url", "hook.key"];
    for (name, text) in
        secrets.iter().zip(["x".repeat(32), "https://hooks.example/e6".into(), "x".repeat(32)])
    {
        fs::write(path(name), text).unwrap();
    }
    let settings = "[relay]\ntoken_file = \"relay.token\"\n[[notify]]\nurl_file = \"hook.url\"\nsecret_file = \"hook.key\"\n";
    fs::write(path("e6.toml"), settings).unwrap();
    let checked = |closed: &[&str]| {
        for name in secrets.iter().chain(&["e6.toml"]) {
            let mode = if closed.contains(name) { 0o600 } else { 0o644 };
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let (code, _, stderr) =
            check(dir.path(), &["--https", "off", "--data-dir", "data", "--user", "nobody"]);
        assert_eq!(code, Some(0), "{stderr}");
        stderr
    };
    assert!(!checked(&[]).contains("Permission denied"));
    for closed in [&secrets[..], &["e6.toml"]] {
        let said = checked(closed);
        for name in closed {
            let is_named = |line: &str| {
                line.contains("e6 reload and e6 upgrade will fail, because nobody reads this again")
                    && line.contains("Permission denied")
                    && line.ends_with(&format!("chgrp GROUP {name} && chmod g+r {name}"))
            };
            assert!(said.lines().any(is_named), "{name}: {said}");
        }
        assert!(!said.contains("urandom"), "that would replace a good secret: {said}");
    }
}

#[test]
#[ignore = "needs root"]
fn check_and_start_agree_on_a_directory_that_is_made_for_a_socket() {
    let dir = nobodys();
    let parent = dir.path().join("run");
    let http = format!("unix:{}", parent.join("e6/http.sock").display());
    let listen =
        ["--http", &http, "--https", "off", "--admin", "off", "--user", "nobody", "--data-dir", "data"];
    let (code, stdout, stderr) = run(dir.path(), &[&["check", "--offline"][..], &listen].concat());
    assert!(code == Some(0) && stdout.contains(&format!("{http} can be listened on")), "{stdout} {stderr}");
    assert!(!parent.exists(), "a check leaves nothing behind");
    let server = Server::start_in(
        dir,
        &[&NO_MLB[..], &["--user", "nobody", "--http", &format!("127.0.0.1:0,{http}")]].concat(),
    );
    assert!(parent.join("e6/http.sock").exists(), "{}", server.stderr());
}

#[test]
#[ignore = "needs root"]
fn check_and_start_agree_on_a_directory_that_the_user_cannot_reach() {
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data = closed.path().join("a/data").display().to_string();
    let user = ["--user", "nobody", "--data-dir", &data];
    let dir = nobodys();
    let (code, stdout, said) = check(dir.path(), &[&user[..], &["--https", "off"]].concat());
    assert_eq!(code, Some(0), "{said}");
    let warning = format!("warning  data.dir       cannot write {data}: Permission denied");
    assert!(said.contains(&warning) && !stdout.contains("can be made"), "{stdout}{said}");
    let server = Server::start_in(dir, &[&NO_MLB[..], &user].concat());
    assert!(server.stderr().contains("cannot write to the data directory"), "{}", server.stderr());

    let open = nobodys();
    let data = open.path().join("a/data").display().to_string();
    let user = ["--user", "nobody", "--data-dir", &data];
    let dir = nobodys();
    let (_, stdout, said) = check(dir.path(), &[&user[..], &["--https", "off"]].concat());
    assert!(stdout.contains(&format!("fine     data.dir       {data} can be made")), "{stdout}{said}");
    let server = Server::start_in(dir, &[&NO_MLB[..], &user].concat());
    assert!(!server.stderr().contains("data directory"), "{}", server.stderr());
    assert_eq!(fs::metadata(&data).unwrap().uid(), NOBODY);
}
