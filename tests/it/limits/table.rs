//! The table of limits: how it is shown and configured.

use crate::support::{
    server::{command, run},
    tools,
};
use std::{fs, process::Stdio};

#[test]
fn the_command_shows_what_is_in_force_and_by_default() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[limits]\nhead = 3\n").unwrap();
    let (code, table, stderr) = run(dir.path(), &["limits"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let row = table.lines().find(|line| line.starts_with("head ")).unwrap();
    let fields: Vec<_> = row.split_whitespace().take(5).collect();
    assert_eq!(fields, ["head", "3", "15", "s", "slowloris;"]);
    let (_, page, _) = run(dir.path(), &["limits", "--markdown"]);
    assert_eq!(
        page,
        include_str!("../../../docs/limits.md"),
        "the page has the defaults, whatever is in force"
    );
}

#[test]
fn a_limit_that_makes_no_sense_is_a_mistake_with_its_range() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[limits]\nhead = 0\nh2_window = 1\nidel = 5\n").unwrap();
    let output = command(dir.path())
        .args(["check"])
        .env("E6_LIMIT_DRAIN", "soon")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    for line in [
        "e6.toml:2: limits.head: \"0\" is no number of seconds from 1 to 300: write one like 15",
        "e6.toml:3: limits.h2_window: \"1\" is no number of bytes from 65535 to 16777216: write one like 65535",
        "e6.toml:4: unknown key limits.idel: did you mean limits.idle?",
        "E6_LIMIT_DRAIN: limits.drain: \"soon\" is no number of seconds from 1 to 86400: write one like 25",
    ] {
        assert!(
            stderr.lines().any(|found| found.strip_prefix("error: ") == Some(line)),
            "{line}\nnot in\n{stderr}"
        );
    }
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn connections_leave_a_fifth_of_the_descriptors_to_everything_else() {
    let dir = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 100 && exec \"$0\" limits", tools::e6()])
        .current_dir(dir.path())
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let row = table.lines().find(|line| line.starts_with("connections ")).unwrap();
    assert_eq!(row.split_whitespace().nth(1), Some("80"), "{row}");
}
