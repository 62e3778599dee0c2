//! The secrets that tests give to e6, and those that e6 makes. Every response, log and command's output is searched for
//! them, in every test.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// A token of a relay.
pub const TOKEN: &str = "correct-horse-battery-staple";
/// The path of the URLs of webhooks.
pub const HOOK: &str = "secret-path";
/// A key of signatures.
pub const KEY: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// An access token of ntfy.
pub const NTFY: &str = "tk_0123456789abcdef";
/// The password for a proxy.
pub const PASSWORD: &str = "hunter2";

/// The shortest piece of a file that is searched for.
const PIECE: usize = 32;

/// Panics if the output has a secret that tests make up.
pub fn assert_none(output: &str) {
    for secret in [TOKEN, HOOK, KEY, NTFY, PASSWORD] {
        assert!(!output.contains(secret), "{secret} is in {output}");
    }
}

/// Panics if the output has a secret that tests make up, or that is in a file of this directory for its owner alone: keys
/// of certificates, accounts and QUIC.
pub fn assert_none_of(dir: &Path, output: &str) {
    assert_none(output);
    for file in keys(dir) {
        let bytes = fs::read(&file).unwrap_or_default();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
        let lines = lines.filter(|line| !line.starts_with("-----"));
        for piece in lines.chain([&*hex]).filter_map(|text| text.get(..PIECE)) {
            assert!(!output.contains(piece), "a part of {} is in {output}", file.display());
        }
    }
}

/// The files with keys that e6 keeps below this directory.
fn keys(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let is_private = |path: &Path| {
        let is_key = path.extension().is_some_and(|extension| extension == "key" || extension == "pem");
        is_key && fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 == 0)
    };
    let below = |path: PathBuf| {
        if path.is_dir() { keys(&path) } else { Vec::from_iter(Some(path).filter(|path| is_private(path))) }
    };
    entries.map(|entry| entry.path()).flat_map(below).collect()
}

#[test]
fn a_secret_in_an_output_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let key = dir.path().join("certs/key.pem");
    fs::create_dir(dir.path().join("certs")).unwrap();
    fs::write(&key, format!("-----BEGIN PRIVATE KEY-----\n{}\n", "MIGHAgEA".repeat(8))).unwrap();
    let searched = |output: &str| std::panic::catch_unwind(|| assert_none_of(dir.path(), output));
    let piece = "MIGHAgEA".repeat(4);
    assert!(searched(&piece).is_ok(), "everyone can read it");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(searched(&piece).is_err() && searched(&format!("x {TOKEN} y")).is_err());
    assert!(searched("-----BEGIN PRIVATE KEY-----").is_ok());
}
