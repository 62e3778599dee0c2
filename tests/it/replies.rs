//! Whole replies of MLB's API: invented ones, which are part of the project, and recorded ones, which are stored
//! outside it.

use serde_json::Value;
use std::{fs, io::Read, path::Path};

/// An invented reply, in `tests/fixtures/mlb`.
pub fn fixture(name: &str) -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/mlb").join(name))
}

/// A recorded reply. A test that reads one is in a module `needs_recordings`.
pub fn recording(name: &str) -> Value {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/mlb").join(name))
}

fn read(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut json = Vec::new();
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut json).map(drop).unwrap(),
        false => json = bytes,
    }
    serde_json::from_slice(&json).unwrap()
}
