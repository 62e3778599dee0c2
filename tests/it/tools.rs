//! Programs others wrote. One that is missing fails the test in CI and skips it by name elsewhere.

use std::process::Command;

/// Whether a tool is here. `test` is named where it is not.
pub fn have(tool: &str, test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{test} needs {tool}");
        eprintln!("skipped: {test} needs {tool}");
    }
    found
}

/// What a command prints; it must succeed.
pub fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
