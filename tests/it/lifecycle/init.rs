//! `e6 init`.

use crate::support::server::{command, run};
use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, process::Stdio};

/// The settings that differ from their default, as `e6 check` lists them.
fn changed(dir: &Path, file: &str) -> String {
    let (_, stdout, stderr) = run(dir, &["check", "--offline", "--config", file]);
    let (_, changed) = stdout
        .split_once("settings that differ from their default")
        .unwrap_or_else(|| panic!("{stdout}{stderr}"));
    changed.to_owned()
}

#[test]
fn init_writes_a_commented_file_for_a_domain() {
    let dir = tempfile::tempdir().unwrap();
    let (code, stdout, stderr) = run(dir.path(), &["init", "Example.org,www.example.org", "you@example.org"]);
    assert!(
        code == Some(0) && stdout.starts_with("e6.toml is written; next: sudo e6 check"),
        "{stdout}{stderr}"
    );
    let text = fs::read_to_string(dir.path().join("e6.toml")).unwrap();
    let lines: Vec<_> =
        text.lines().filter(|line| !line.starts_with(['#', '[']) && !line.is_empty()).collect();
    let settings: Vec<_> = lines.iter().map(|line| line.split(" #").next().unwrap().trim()).collect();
    assert_eq!(settings, ["domains = [\"example.org\", \"www.example.org\"]", "email = \"you@example.org\""]);
    assert!(text.contains("# drain = 25") && text.contains("# id = 665487"), "{text}");
    let changed = changed(dir.path(), "e6.toml");
    let keys: Vec<_> = changed.lines().skip(1).filter_map(|line| line.split_whitespace().next()).collect();
    // A domain with a CA implies the other four.
    assert_eq!(keys, ["site.url", "site.domains", "listen.http", "listen.https", "tls.mode", "acme.email"]);
    assert_eq!(fs::metadata(dir.path().join("e6.toml")).unwrap().permissions().mode() & 0o777, 0o644);
}

/// A setting that is a comment has its default: without the marks, the file is the one of `e6 settings`.
#[test]
fn every_setting_is_in_the_file_with_its_default() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(run(dir.path(), &["init", "example.org", "you@example.org"]).0, Some(0));
    let text = fs::read_to_string(dir.path().join("e6.toml")).unwrap();
    let (_, settings, _) = run(dir.path(), &["settings"]);
    let assignment = |line: &str| {
        let line = line.trim_start_matches("# ");
        let (name, value) = line.split_once(" = ")?;
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_').then(|| {
            (
                name.to_owned(),
                value
                    .split("  #")
                    .next()
                    .unwrap_or_default()
                    .split(" # ")
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            )
        })
    };
    let (ours, theirs): (Vec<_>, Vec<_>) =
        (text.lines().filter_map(assignment).collect(), settings.lines().filter_map(assignment).collect());
    assert_eq!(ours.len(), theirs.len());
    let differing: Vec<_> =
        ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).map(|(ours, _)| &*ours.0).collect();
    assert_eq!(differing, ["domains"], "the e-mail address is the one of the example");
}

#[test]
fn init_asks_for_what_has_no_default_and_for_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = command(dir.path())
        .arg("init")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"example.org\nyou@example.org\nmore\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let asked = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && asked.matches(": ").count() == 2, "{asked}");
    assert!(fs::read_to_string(dir.path().join("e6.toml")).unwrap().contains("domains = [\"example.org\"]"));

    let (code, _, stderr) = run(dir.path(), &["init", "--config", "other.toml", "example.org"]);
    assert!(code == Some(2) && stderr.contains("a value is missing: e6 init DOMAIN EMAIL"), "{stderr}");
    assert!(!dir.path().join("other.toml").exists());
}

#[test]
fn init_replaces_no_file_and_writes_none_for_wrong_values() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("e6.toml");
    fs::write(&file, "kept").unwrap();
    let (code, _, stderr) = run(dir.path(), &["init", "example.org", "you@example.org"]);
    assert!(
        code == Some(1) && stderr.starts_with("error: e6.toml exists, and e6 init replaces no file"),
        "{stderr}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "kept");
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    assert_eq!(run(dir.path(), &["init", "example.org", "you@example.org"]).0, Some(1));
    assert_eq!(fs::read_link(&file).unwrap(), Path::new("nowhere"));
    fs::remove_file(&file).unwrap();

    for (domain, email) in
        [("example.org/x", "you@example.org"), ("example.org", "nobody"), ("127.0.0.1", "you@example.org")]
    {
        let (code, _, stderr) = run(dir.path(), &["init", domain, email]);
        assert!(code == Some(2) && stderr.starts_with("error: "), "{domain} {email} {stderr}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    let (code, _, stderr) =
        run(dir.path(), &["init", "--config", "no/e6.toml", "example.org", "you@example.org"]);
    assert!(code == Some(1) && stderr.contains("cannot write no/e6.toml"), "{stderr}");
}
