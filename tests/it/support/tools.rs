//! Other programs. A test that needs one is ignored by default; `.ci/run` installs them and runs all tests.

use crate::support::secrets;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

/// The tested binary: the one that cargo built with the tests, or another one that `TESTED_BINARY` names, such as the static
/// binary of a release.
pub fn e6() -> &'static str {
    static PATH: LazyLock<String> =
        LazyLock::new(|| env::var("TESTED_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_e6").into()));
    &PATH
}

/// The path of a program; panics if it is not installed.
pub fn find(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file());
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

/// Packs the tested binary for Debian with `deploy/packaging/package`, which needs cargo-deb. Returns the package's path.
pub fn package(dir: &Path) -> PathBuf {
    let binary = dir.join("e6");
    output(Command::new(find("strip")).arg("-o").arg(&binary).arg(e6()));
    pack(&binary, dir);
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut packages = files.filter(|file| file.extension().is_some_and(|extension| extension == "deb"));
    packages.next().unwrap()
}

/// Packs a binary into this directory. cargo-deb is where `.ci/run` installs it, or in the path.
pub fn pack(binary: &Path, dir: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/packaging/package");
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([built("tools/bin")].into_iter().chain(env::split_paths(&path)));
    // A debug binary takes a minute to compress well.
    output(
        Command::new(script).arg(binary).arg(dir).env("PATH", path.unwrap()).env("CARGO_DEB_FLAGS", "--fast"),
    );
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
    secrets::assert_none(&stdout);
    secrets::assert_none(&stderr);
    stdout
}
