//! Help, manual pages, completions, and the shape of errors.

use crate::support::{
    server::{command, run},
    terminal,
    tools::{self, output},
};
use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
};

#[test]
fn shells_complete_what_is_typed() {
    let dir = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = run(dir.path(), &["completions", shell]);
        assert!(
            code == Some(0) && script.contains("--data-dir") | script.contains("-l data-dir"),
            "{shell}: {script}"
        );
    }
    let (_, script, _) = run(dir.path(), &["completions", "bash"]);
    fs::write(dir.path().join("e6.bash"), script).unwrap();
    let typed = "source e6.bash; COMP_WORDS=(e6 he); COMP_CWORD=1; _e6 e6 he e6; echo \"${COMPREPLY[@]}\"";
    let completed = output(Command::new("bash").args(["-c", typed]).current_dir(dir.path()));
    assert_eq!(completed.trim(), "health help");
    let (code, _, stderr) = run(dir.path(), &["completions", "cmd.exe"]);
    assert!(code == Some(2) && stderr.contains("possible values"), "{stderr}");
}

#[test]
fn short_help_fits_one_screen_and_long_help_has_groups_defaults_and_examples() {
    let dir = tempfile::tempdir().unwrap();
    let help = |arguments: &[&str]| {
        let asked = command(dir.path()).env("COLUMNS", "80").args(arguments).output().unwrap();
        assert!(asked.status.success());
        String::from_utf8(asked.stdout).unwrap()
    };
    for arguments in [&["-h"][..], &["serve", "-h"], &["check", "-h"], &["upgrade", "-h"]] {
        let text = help(arguments);
        assert!(text.lines().count() <= 24, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    let text = help(&["--help"]);
    let headings =
        ["Site:", "Listen:", "HTTPS:", "Logs:", "Limits:", "Advanced:", "Examples:", "Exit codes:"];
    for heading in headings {
        assert!(text.lines().any(|line| line == heading), "{heading} {text}");
    }
    assert!(text.contains("[default: 127.0.0.1:8080]") && text.contains("[default: 665487]"), "{text}");
}

#[test]
fn a_command_refuses_flags_of_other_commands() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in [
        ["reload", "--player", "7"],
        ["upgrade", "--http", ":80"],
        ["health", "--access-log", "off"],
        ["limits", "--domain", "example.org"],
        ["routes", "--config", "e6.toml"],
        ["rollback", "--user", "e6"],
    ] {
        let (code, _, stderr) = run(dir.path(), &arguments);
        assert!(code == Some(2) && stderr.contains("unexpected argument"), "{arguments:?} {stderr}");
    }
}

#[test]
fn limits_are_set_by_flags_of_one_shape() {
    let dir = tempfile::tempdir().unwrap();
    let limits = |limit: &str| run(dir.path(), &["limits", "--limit", "drain=9", "--limit", limit]);
    let (code, table, _) = limits("idle=31");
    let value = |name: &str| {
        let row = table.lines().find(|line| line.split_whitespace().next() == Some(name));
        row.unwrap_or_else(|| panic!("no {name}: {table}")).split_whitespace().nth(1).unwrap()
    };
    assert_eq!((code, value("drain"), value("idle")), (Some(0), "9", "31"));
    for (limit, why) in [
        ("idel=31", "error: --limit: unknown key limits.idel: did you mean limits.idle?"),
        ("idle", "error: --limit: \"idle\" has no value: write NAME=VALUE"),
        ("idle=none", "error: --limit: limits.idle: "),
    ] {
        let (code, _, stderr) = limits(limit);
        assert!(code == Some(2) && stderr.contains(why), "{limit} {stderr}");
    }
}

#[test]
fn every_error_begins_with_error_and_is_an_object_in_a_log_of_objects() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[player]\nid = \"me\"\n").unwrap();
    fs::write(dir.path().join("good.toml"), "").unwrap();
    for (arguments, expected) in [
        (&["--nonsense"][..], 2),
        (&["serve"], 2),
        (&["check", "--offline"], 2),
        (&["reload"], 1),
        (&["rollback"], 1),
        (&["health", "--config", "good.toml", "http://127.0.0.1:9"], 1),
        (&["notify", "--test", "--config", "good.toml"], 2),
        (&["init", "example.org", "nobody"], 1),
        (&["render", "/dev/null/x"], 1),
    ] {
        let (code, _, stderr) = run(dir.path(), arguments);
        assert!(code == Some(expected) && stderr.starts_with("error: "), "{arguments:?} {code:?} {stderr}");
        let asked = command(dir.path()).env("E6_LOG_FORMAT", "json").args(arguments).output().unwrap();
        let stderr = String::from_utf8(asked.stderr).unwrap();
        for line in stderr.lines() {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            let message = object["message"].as_str().unwrap();
            assert!(object["level"] == "ERROR" && !message.starts_with("error"), "{arguments:?} {stderr}");
        }
    }
}

/// What a terminal shows of a command.
fn shown(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("e6.toml"), "[player]\nid = \"me\"\n").unwrap();
    let (mut screen, side) = terminal::open();
    let mut started = command(dir.path());
    started.args(arguments).env("TERM", "xterm").envs(variables.iter().copied());
    let mut child = started.stdout(Stdio::null()).stderr(side).spawn().unwrap();
    drop(started);
    let mut text = String::new();
    // The read ends with an error when the last writer is gone.
    let _ = screen.read_to_string(&mut text);
    child.wait().unwrap();
    text
}

#[test]
fn errors_are_coloured_on_terminals_unless_no_color_is_set() {
    for arguments in [&["--nonsense"][..], &["serve"], &["reload", "--pid-file", "none"]] {
        let text = shown(arguments, &[]);
        assert!(
            text.starts_with("\u{1b}[1;31merror:\u{1b}[0m ")
                || text.starts_with("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m "),
            "{text:?}"
        );
        let text = shown(arguments, &[("NO_COLOR", "1")]);
        assert!(text.starts_with("error: ") && !text.contains('\u{1b}'), "{text:?}");
    }
}

/// The pages that `e6 man --dir` writes.
fn pages() -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let (code, _, stderr) = run(dir.path(), &["man", "--dir", "man"]);
    assert_eq!(code, Some(0), "{stderr}");
    let files = fs::read_dir(dir.path().join("man")).unwrap().map(|entry| entry.unwrap());
    files
        .map(|file| (file.file_name().into_string().unwrap(), fs::read_to_string(file.path()).unwrap()))
        .collect()
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let (code, page, _) = run(dir.path(), &["man"]);
    assert_eq!(code, Some(0));
    let pages = pages();
    let commands = [
        "serve",
        "init",
        "demo",
        "check",
        "reload",
        "upgrade",
        "rollback",
        "health",
        "notify",
        "completions",
        "man",
        "routes",
        "limits",
        "settings",
        "render",
    ];
    assert_eq!(pages.len(), commands.len() + 1);
    for name in commands {
        assert!(page.contains(&format!("e6\\-{name}(1)")), "{name}: {page}");
        let (code, printed, _) = run(dir.path(), &["man", name]);
        let file = pages.iter().find(|(file, _)| *file == format!("e6-{name}.1")).unwrap();
        assert_eq!((code, &printed), (Some(0), &file.1));
        for section in ["EXIT STATUS", "FILES", "SIGNALS", "ENVIRONMENT", "EXAMPLES"] {
            assert!(
                printed.contains(&format!(".SH \"{section}\""))
                    || printed.contains(&format!(".SH {section}")),
                "{printed}"
            );
        }
    }
    assert_eq!(run(dir.path(), &["man", "nothing"]).0, Some(2));
}

#[test]
#[ignore = "needs groff"]
fn groff_finds_nothing_wrong_with_the_manual_pages() {
    tools::find("groff");
    let dir = tempfile::tempdir().unwrap();
    for (name, page) in pages() {
        let file = dir.path().join(&name);
        fs::write(&file, page).unwrap();
        let checked =
            Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(&file).output().unwrap();
        let warnings = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success() && warnings.is_empty(), "{name}: {warnings}");
    }
}
