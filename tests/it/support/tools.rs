//! Other programs. A test that needs one is ignored by default; `.ci/run` installs them and runs all tests.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// The path of a program; panics if it is not installed.
pub fn find(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{program} is not installed: install it, or let .ci/run do it"))
}

/// A Python with this package: the environment that `.ci/run` creates, or the system's.
pub fn python_with(package: &str) -> PathBuf {
    let venv = built("venv/bin/python");
    let has_it = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", &format!("import {package}")]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    let python = [venv, "python3".into()].into_iter().find(has_it);
    python.unwrap_or_else(|| panic!("no Python has {package}: install it, or let .ci/run do it"))
}

/// A file of an npm package that `.ci/run` installs.
pub fn npm(file: &str) -> PathBuf {
    let file = built("npm/node_modules").join(file);
    assert!(file.is_file(), "{} is missing: let .ci/run install it", file.display());
    file
}

/// A path in the target directory.
pub fn built(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join(name)
}

/// The standard output of a command; panics if it fails.
pub fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let (stdout, stderr) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {stderr}{stdout}");
    stdout
}
