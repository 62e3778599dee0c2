//! Promises about the source and the binary that the compiler does not check.

use crate::support::tools::{self, find, output};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

#[test]
fn unsafe_code_is_allowed_in_two_modules_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let allows = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let allowed = ["allow(", "expect("].iter().flat_map(|opening| text.split(opening).skip(1));
        allowed.filter_map(|rest| rest.split(')').next()).any(|lints| lints.contains("unsafe_code"))
    };
    let mut modules: Vec<_> = sources(&src).into_iter().filter(allows).collect();
    modules.sort_unstable();
    assert_eq!(modules, ["descriptor.rs", "memory.rs"].map(|name| src.join(name)));
}

/// Panics unless the binary is position-independent, its relocations are read-only before `main`, no memory is writable
/// and executable, and CET is as docs/security.md says.
pub fn assert_hardened(binary: &Path) {
    let told = output(
        Command::new(find("readelf"))
            .args(["--wide", "--file-header", "--program-headers", "--dynamic", "--notes"])
            .arg(binary),
    );
    let lines: Vec<Vec<&str>> = told.lines().map(|line| line.split_whitespace().collect()).collect();
    let has = |begin: &str, word: &str| {
        lines.iter().any(|line| line.iter().any(|part| part.contains(begin)) && line.contains(&word))
    };
    assert!(has("Type:", "DYN") && has("(FLAGS_1)", "PIE"), "no PIE: {told}");
    assert!(has("GNU_RELRO", "R") && has("(FLAGS_1)", "NOW"), "no full RELRO: {told}");
    assert!(has("GNU_STACK", "RW") && !told.contains("RWE"), "an executable stack or segment: {told}");
    assert!(!told.contains("TEXTREL"), "relocations in the code: {told}");
    let has_cet = told.contains("IBT") || told.contains("SHSTK");
    let says_none = include_str!("../../docs/security.md").contains("It has no CET");
    assert!(says_none != has_cet, "docs/security.md says that there is no CET: {says_none}: {told}");
}

#[test]
#[ignore = "needs readelf"]
fn the_binary_is_position_independent_has_read_only_relocations_and_no_executable_stack() {
    assert_hardened(Path::new(tools::e6()));
}
