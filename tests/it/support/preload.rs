//! C functions that replace those of libc in a child process.

use crate::support::tools;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Compiles this C source into a library for `LD_PRELOAD`, which needs cc.
pub fn library(dir: &Path, source: &str) -> PathBuf {
    tools::find("cc");
    fs::write(dir.join("preloaded.c"), source).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o", "preloaded.so", "preloaded.c"]).current_dir(dir);
    tools::output(&mut compiler);
    dir.join("preloaded.so")
}
