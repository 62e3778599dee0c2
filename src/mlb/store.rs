//! The last good state and the seasons that are kept, saved to disk so that a restart answers at once.
//!
//! One file for the state and one for each season: a line with format, version and SHA-256 of the rest, then JSON. Each
//! is replaced as a whole (temporary file, fsync, rename, fsync of the directory), so that a crash at any moment leaves
//! the old one or the new one.

use crate::{
    answer::{Archive, ArchivedSeason, Facts, LastAnswer},
    atomic_file::{self, TEMPORARY},
    bounded_file,
    clock::rounded,
    hash, threads,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const FILE: &str = "last-good.e6";
/// The beginning of the name of a season's file; the player's id and the year follow.
const SEASON_FILE: &str = "season-";
/// The mode of the state file: it is e6's own.
const MODE: u32 = 0o600;
/// A temporary file older than this was left by a killed process. In an upgrade another process may be writing one.
const ABANDONED: Duration = Duration::from_secs(60);
/// A write that takes longer than this is logged: a hard disk that has to spin up takes some seconds.
const SLOW: Duration = Duration::from_secs(10);
/// Time for which the end of the poller waits for the disk.
const FINAL_WAIT: Duration = Duration::from_secs(1);
/// The version of the format, which changes with [`Saved`]. A file of another version is set aside.
const VERSION: &str = "e6-state-6";
/// The limit for reading a state file: one with a year's schedule is about 100 kB.
const SIZE_CAP: u64 = 4 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    pub facts: Facts,
    pub memory: Option<LastAnswer>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedSeason {
    person: u32,
    season: ArchivedSeason,
}

/// The state files. Clones share them.
#[derive(Clone)]
pub struct Store {
    file: PathBuf,
    failing: Arc<AtomicBool>,
}

impl Store {
    /// A store in this directory, which the first save creates if needed: a missing disk is no error here.
    pub fn in_dir(dir: &Path) -> Self {
        Store { file: dir.join(FILE), failing: Arc::default() }
    }

    /// The saved state of this player, if the file is readable and valid. An unusable file is renamed.
    pub fn load(&self, person: u32) -> Option<Saved> {
        self.sweep();
        match read::<Saved>(&self.file) {
            Ok(kept) if kept.facts.player.value.id == person => Some(kept),
            Ok(kept) => {
                tracing::info!(
                    person = kept.facts.player.value.id,
                    "the state file is about another player: not used"
                );
                None
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                set_aside(&self.file, &error);
                None
            }
        }
    }

    /// The saved seasons of this player. An unusable file is renamed.
    pub fn load_seasons(&self, person: u32) -> Archive {
        let dir = self.file.parent().unwrap_or(Path::new("."));
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let is_season = |name: &OsStr| {
            name.to_str().is_some_and(|name| name.starts_with(SEASON_FILE) && name.ends_with(".e6"))
        };
        let mut seasons = Archive::new();
        for path in entries.filter(|entry| is_season(&entry.file_name())).map(|entry| entry.path()) {
            match read::<SavedSeason>(&path) {
                Ok(kept) if kept.person == person => {
                    drop(seasons.insert(kept.season.log.year, kept.season.into()))
                }
                Ok(_) => {}
                Err(error) => set_aside(&path, &error),
            }
        }
        seasons
    }

    fn save(&self, file: &Path, content: &str) {
        self.note(file, write(file, content));
    }

    /// Logs a failure once, until saving works again.
    fn note(&self, file: &Path, result: io::Result<()>) {
        let file = file.display();
        let was_failing = self.failing.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Ok(()) if was_failing => tracing::info!(%file, "the state file can be written again"),
            Err(error) if !was_failing => {
                tracing::warn!(%file, %error, "cannot write the state file: a restart will begin without an answer");
            }
            _ => {}
        }
    }

    /// Removes temporary files that earlier processes have left. Errors are ignored: the files do no harm.
    fn sweep(&self) {
        let entries =
            self.file.parent().and_then(|dir| fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(TEMPORARY)) {
            let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
            if age.is_some_and(|age| age > ABANDONED) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn season_file(&self, person: u32, year: i32) -> PathBuf {
        self.file.with_file_name(format!("{SEASON_FILE}{person}-{year}.e6"))
    }
}

/// Renames an unusable file.
fn set_aside(path: &Path, error: &io::Error) {
    let aside = path.with_extension(format!("bad-{}", time::OffsetDateTime::now_utc().unix_timestamp()));
    let file = path.display();
    match fs::rename(path, &aside) {
        Ok(()) => {
            tracing::warn!(%file, %error, aside = %aside.display(), "unusable state file set aside: starting fresh")
        }
        Err(_) => tracing::warn!(%file, %error, "unusable state file: starting fresh"),
    }
}

/// Saves in a thread of its own, so that a slow or hanging disk delays no answer.
pub struct Saver {
    store: Store,
    writing: Option<WriteJob>,
    /// The latest content of each file that is not being written yet.
    waiting: BTreeMap<PathBuf, String>,
}

struct WriteJob {
    /// The thread that writes it has it, too, until it ends.
    content: Arc<BTreeMap<PathBuf, String>>,
    began: Instant,
    is_logged: bool,
}

impl Saver {
    pub fn new(store: Store) -> Self {
        Saver { store, writing: None, waiting: BTreeMap::new() }
    }

    /// Saves this state once the previous write has ended.
    pub fn keep(&mut self, kept: &Saved) {
        self.put(self.store.file.clone(), kept);
    }

    /// Saves this season once the previous write has ended.
    pub fn keep_season(&mut self, person: u32, season: ArchivedSeason) {
        let file = self.store.season_file(person, season.log.year);
        self.put(file, &SavedSeason { person, season });
    }

    fn put(&mut self, file: PathBuf, content: &impl Serialize) {
        match serde_json::to_string(content) {
            Ok(content) => drop(self.waiting.insert(file, content)),
            Err(error) => tracing::error!(%error, file = %file.display(), "cannot write the state as JSON"),
        }
        self.go_on();
    }

    /// Begins to write what waits, if the previous write has ended. It is to be called regularly.
    pub fn go_on(&mut self) {
        let file = self.store.file.display();
        if let Some(writing) = &mut self.writing {
            if Arc::strong_count(&writing.content) > 1 {
                if writing.began.elapsed() > SLOW && !writing.is_logged {
                    writing.is_logged = true;
                    tracing::warn!(%file, "the disk is slow or hangs: a restart will begin with an old answer");
                }
                return;
            }
            if writing.is_logged {
                tracing::info!(%file, took = rounded(writing.began.elapsed()), "the disk has taken the state file at last");
            }
            self.writing = None;
        }
        if self.waiting.is_empty() {
            return;
        }
        let waiting = Arc::new(std::mem::take(&mut self.waiting));
        let (store, saved) = (self.store.clone(), waiting.clone());
        let save = move || saved.iter().for_each(|(file, content)| store.save(file, content));
        match threads::start("state", save) {
            Ok(_) => {
                self.writing = Some(WriteJob { content: waiting, began: Instant::now(), is_logged: false });
            }
            Err(error) => {
                self.store.note(&self.store.file, Err(error));
                // The thread that did not start has dropped its reference, so this copies nothing.
                self.waiting = Arc::unwrap_or_clone(waiting);
            }
        }
    }
}

/// Waits for the disk to take the last state, unless it hangs.
impl Drop for Saver {
    fn drop(&mut self) {
        let end = Instant::now() + FINAL_WAIT;
        while (self.writing.is_some() || !self.waiting.is_empty()) && Instant::now() < end {
            self.go_on();
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    let text = bounded_file::read_text(path, SIZE_CAP)?;
    let bad = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let (head, body) = text.split_once('\n').ok_or_else(|| bad("no header line"))?;
    let sum = head.strip_prefix(VERSION).ok_or_else(|| bad("another version"))?;
    if sum.trim() != checksum(body.as_bytes()) {
        return Err(bad("the checksum does not match"));
    }
    serde_json::from_str(body).map_err(|error| bad(&error.to_string()))
}

/// Replaces a state file by one with this JSON.
pub(crate) fn write(path: &Path, body: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(dir)?;
    let text = format!("{VERSION} {}\n{body}", checksum(body.as_bytes()));
    atomic_file::replace(path, text.as_bytes(), MODE)
}

fn checksum(bytes: &[u8]) -> String {
    hash::hex(bytes, 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs::File, time::SystemTime};

    #[test]
    fn what_a_killed_process_has_left_is_swept_and_what_is_being_written_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let [old, young, other] =
            [".e6-unfinished-old", ".e6-unfinished-young", "other"].map(|name| dir.path().join(name));
        for path in [&old, &young, &other] {
            let file = File::create(path).unwrap();
            if *path != young {
                file.set_modified(SystemTime::now() - 2 * ABANDONED).unwrap();
            }
        }
        assert_eq!(Store::in_dir(dir.path()).load(1), None);
        assert_eq!([&old, &young, &other].map(|path| path.exists()), [false, true, true]);
    }

    #[test]
    fn a_state_file_of_the_release_before_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let before = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state/e6-state-6.e6");
        fs::copy(before, dir.path().join(FILE)).unwrap();
        let Saved { facts, memory } = Store::in_dir(dir.path()).load(665_487).unwrap();
        let feed = facts.feed(1001).unwrap();
        assert_eq!((feed.errors.known(), feed.plays.len(), &feed.line), (1, 1, &None));
        assert_eq!((facts.season.value.unwrap().games.len(), facts.player.value.debut), (2, None));
        assert!(memory.is_some());
    }
}
