//! Programs others wrote. One that is missing fails the test in CI and skips it by name elsewhere.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Whether a tool is here. `test` is named where it is not.
pub fn have(tool: &str, test: &str) -> bool {
    find(tool, test).is_some()
}

/// Where a tool is.
pub fn find(tool: &str, test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|file| file.is_file());
    found_or_skipped(found.is_some(), tool, test);
    found
}

/// A Python that has this package: the one that CI makes, or the system's.
pub fn python_with(package: &str, test: &str) -> Option<PathBuf> {
    let venv = built("venv/bin/python");
    let has_it = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", &format!("import {package}")]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let python = [venv, "python3".into()].into_iter().find(has_it);
    found_or_skipped(python.is_some(), package, test);
    python
}

/// Whether this machine speaks IPv6, if only to itself.
pub fn have_ipv6(test: &str) -> bool {
    found_or_skipped(std::net::TcpListener::bind("[::1]:0").is_ok(), "IPv6", test)
}

/// A file of an npm package that CI installs.
pub fn npm(file: &str, test: &str) -> Option<PathBuf> {
    let file = built("npm/node_modules").join(file);
    found_or_skipped(file.is_file(), &file.display().to_string(), test).then_some(file)
}

/// A place in the directory of what is built.
pub fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join(name)
}

fn found_or_skipped(found: bool, tool: &str, test: &str) -> bool {
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{test} needs {tool}");
        eprintln!("skipped: {test} needs {tool}");
    }
    found
}

/// What a command prints; it must succeed.
pub fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (said, complained) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {complained}{said}");
    said
}
