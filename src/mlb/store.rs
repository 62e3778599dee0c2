//! The last good state on disk, so that a restart answers at once.
//!
//! One file: a line with format, version and SHA-256 of the rest, then JSON. It is replaced as a whole (temporary
//! file, fsync, rename, fsync of the directory), so that a crash at any moment leaves the old one or the new one.

use crate::answer::{Facts, Memory};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

const FILE: &str = "last-good.e6";
/// What a file is called while it is written.
const UNFINISHED: &str = ".last-good-";
/// One that is older belongs to a process that was killed: writing takes a moment, and an upgrade is two processes for one.
const ABANDONED: Duration = Duration::from_secs(60);
/// Changes with the shape of [`Kept`]: a file of another version is set aside, not guessed at.
const VERSION: &str = "e6-state-2";
/// A state file with a year's schedule is about 100 kB; what is larger than this is not one.
const SIZE_CAP: u64 = 4 * 1024 * 1024;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// What MLB said.
    pub facts: Facts,
    /// What was concluded from it.
    pub memory: Option<Memory>,
}

/// Where it is kept.
pub struct Store {
    file: PathBuf,
    failing: bool,
}

impl Store {
    /// A store in this directory, made if needed. Nothing fails yet: pages come with or without a disk.
    pub fn in_dir(dir: &Path) -> Self {
        Store { file: dir.join(FILE), failing: false }
    }

    /// What was kept about this player, if it can be read and is whole. What can't be is set aside under another
    /// name.
    pub fn load(&self, person: u32) -> Option<Kept> {
        self.sweep();
        match read(&self.file) {
            Ok(kept) if kept.facts.player.id == person => Some(kept),
            Ok(kept) => {
                tracing::info!(
                    person = kept.facts.player.id,
                    "the state file is about another player: not used"
                );
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.set_aside(&error);
                None
            }
        }
    }

    /// Replaces what is kept. A failure is logged once, until saving works again.
    pub fn save(&mut self, kept: &Kept) {
        let (file, result) = (self.file.display(), write(&self.file, kept));
        match &result {
            Ok(()) if self.failing => tracing::info!(%file, "the state file can be written again"),
            Err(error) if !self.failing => {
                tracing::warn!(%file, %error, "cannot write the state file: a restart will begin without an answer");
            }
            _ => {}
        }
        self.failing = result.is_err();
    }

    /// Removes what processes before this one have left unfinished. What cannot be removed is in nobody's way.
    fn sweep(&self) {
        let entries =
            self.file.parent().and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
            let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn set_aside(&self, error: &io::Error) {
        let aside =
            self.file.with_extension(format!("bad-{}", time::OffsetDateTime::now_utc().unix_timestamp()));
        let (file, renamed) = (self.file.display(), fs::rename(&self.file, &aside));
        match renamed {
            Ok(()) => {
                tracing::warn!(%file, %error, aside = %aside.display(), "unusable state file set aside: starting fresh")
            }
            Err(_) => tracing::warn!(%file, %error, "unusable state file: starting fresh"),
        }
    }
}

fn read(path: &Path) -> io::Result<Kept> {
    let mut text = String::new();
    File::open(path)?.take(SIZE_CAP).read_to_string(&mut text)?;
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let (head, body) = text.split_once('\n').ok_or_else(|| bad("no header line"))?;
    let sum = head.strip_prefix(VERSION).ok_or_else(|| bad("another version"))?;
    if sum.trim() != checksum(body.as_bytes()) {
        return Err(bad("the checksum does not match"));
    }
    serde_json::from_str(body).map_err(|error| bad(&error.to_string()))
}

fn write(path: &Path, kept: &Kept) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let body = serde_json::to_string(kept)?;
    let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(dir)?;
    writeln!(file, "{VERSION} {}", checksum(body.as_bytes()))?;
    file.write_all(body.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir)?.sync_all()
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::SystemTime;

    #[test]
    fn what_a_killed_process_has_left_is_swept_and_what_is_being_written_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let [old, young, other] =
            [".last-good-old", ".last-good-young", "other"].map(|name| dir.path().join(name));
        for path in [&old, &young, &other] {
            let file = File::create(path).unwrap();
            if *path != young {
                file.set_modified(SystemTime::now() - 2 * ABANDONED).unwrap();
            }
        }
        assert_eq!(Store::in_dir(dir.path()).load(1), None);
        assert_eq!([&old, &young, &other].map(|path| path.exists()), [false, true, true]);
    }
}
