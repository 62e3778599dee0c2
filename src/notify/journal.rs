//! The state of a hook: the last answer that it knows, and the changes that it has not accepted yet. It is kept on
//! disk, so that a restart sends no change twice and loses none.

use crate::{atomic_file, bounded_file, hash, notify::Occasion, page::Notice};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

/// The mode of the files: they are e6's own.
const MODE: u32 = 0o600;
/// Maximum bytes of a file that is read: the longest queue has less.
const SIZE_CAP: u64 = 8 * 1024 * 1024;

/// The changes to tell, and the answer after the last of them.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Journal {
    /// The last answer; none before the first.
    last: Option<Notice>,
    /// The changes that the hook has not accepted yet, oldest first.
    pub waiting: VecDeque<Change>,
    /// Whether the oldest change is being sent. True in a file means that the process was killed meanwhile.
    pub sending: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    /// The same at every attempt, and for no other change.
    pub id: String,
    /// Unix time at which it was noticed.
    pub noticed_at: i64,
    /// The verdict before it.
    pub before: String,
    pub notice: Notice,
}

/// The effect of an answer on the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The answer is older than the last, or says the same.
    Nothing,
    /// The answer is remembered: it is the first one, or the hook is not notified of such a change.
    Remembered,
    /// A change is queued.
    Queued,
    /// A change is queued, in place of the oldest one.
    DropsOldest,
}

impl Journal {
    /// Takes an answer. At most `cap` changes wait.
    pub fn note(&mut self, notice: &Notice, occasion: Occasion, cap: usize, now: i64) -> Effect {
        let Some(last) = self.last.as_ref().filter(|last| last.player_id == notice.player_id) else {
            self.last = Some(notice.clone());
            return Effect::Remembered;
        };
        // A restart begins with the state file's answer, which may be older than the last one that was sent.
        if notice.asked_at < last.asked_at || !is_change(last, notice) {
            return Effect::Nothing;
        }
        let before = last.verdict.clone();
        let is_told = occasion == Occasion::Change || is_about_error(last, notice);
        self.last = Some(notice.clone());
        if !is_told {
            return Effect::Remembered;
        }
        let is_full = self.waiting.len() >= cap;
        if is_full {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Change { id: id(notice), noticed_at: now, before, notice: notice.clone() });
        if is_full { Effect::DropsOldest } else { Effect::Queued }
    }
}

/// Whether the answers differ for people: in the verdict or its count, or by an error that was taken back. A new day
/// with the same verdict is a change only if that is an error.
fn is_change(before: &Notice, after: &Notice) -> bool {
    let is_same = (&before.verdict, before.errors) == (&after.verdict, after.errors);
    !is_same || is_about_error(before, after)
}

/// Whether errors were charged or taken back.
fn is_about_error(before: &Notice, after: &Notice) -> bool {
    match before.date == after.date {
        true => (before.errors, before.taken_back) != (after.errors, after.taken_back),
        false => after.errors > 0 || after.taken_back > 0,
    }
}

/// The id of a change, the same after a restart.
fn id(notice: &Notice) -> String {
    let Notice { player_id, date, verdict, errors, taken_back, changed_at, .. } = notice;
    let text = format!("{player_id} {date} {verdict} {errors} {taken_back} {changed_at:?}");
    format!("msg_{}", hash::hex(text.as_bytes(), hash::SHORT))
}

/// The files of a hook's journal.
#[derive(Debug, Clone)]
pub(crate) struct JournalFile(PathBuf);

impl JournalFile {
    /// The files in this directory of the hook with this URL, whose name does not reveal the URL.
    pub fn new(dir: &Path, url: &str) -> Self {
        JournalFile(dir.join(format!("notify-{}.json", hash::hex(url.as_bytes(), hash::SHORT))))
    }

    /// Opens the file whose lock is held by the thread that sends to the hook: one of all processes.
    pub fn lock_file(&self) -> io::Result<File> {
        File::options().create(true).read(true).append(true).open(self.0.with_extension("lock"))
    }

    /// Reads the journal; an empty one if there is none.
    pub fn load(&self) -> io::Result<Journal> {
        match bounded_file::read(&self.0, SIZE_CAP) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Journal::default()),
            json => serde_json::from_slice(&json?).map_err(io::Error::from),
        }
    }

    /// Replaces the journal as a whole.
    pub fn save(&self, journal: &Journal) -> io::Result<()> {
        if let Some(dir) = self.0.parent() {
            fs::create_dir_all(dir)?;
        }
        atomic_file::replace(&self.0, &serde_json::to_vec(journal)?, MODE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, OffsetDateTime, macros::date};

    fn notice(verdict: &str, errors: u32, taken_back: u32, minute: i64) -> Notice {
        let at = OffsetDateTime::UNIX_EPOCH + Duration::minutes(minute);
        Notice {
            verdict: verdict.into(),
            errors,
            taken_back,
            date: date!(2024 - 07 - 02),
            changed_at: Some(at),
            asked_at: Some(at),
            ..Notice::sample("?")
        }
    }

    fn tomorrow(verdict: &str, errors: u32, minute: i64) -> Notice {
        Notice { date: date!(2024 - 07 - 03), ..notice(verdict, errors, 0, minute) }
    }

    #[test]
    fn a_change_waits_once() {
        let other = Notice { player_id: 7, ..notice("yes", 1, 0, 9) };
        for (what, before, after, every, error) in [
            ("an error", notice("not_yet", 0, 0, 1), notice("yes", 1, 0, 2), true, true),
            ("a second error", notice("yes", 1, 0, 1), notice("yes", 2, 0, 2), true, true),
            ("the same answer", notice("yes", 1, 0, 1), notice("yes", 1, 0, 2), false, false),
            ("an error taken back", notice("yes", 2, 0, 1), notice("yes", 1, 1, 2), true, true),
            ("the last error taken back", notice("yes", 1, 0, 1), notice("no", 0, 1, 2), true, true),
            ("one taken back, one charged", notice("yes", 1, 0, 1), notice("yes", 1, 1, 2), true, true),
            ("the end of the games", notice("not_yet", 0, 0, 1), notice("no", 0, 0, 2), true, false),
            ("a new day", notice("yes", 1, 0, 1), tomorrow("not_yet", 0, 2), true, false),
            ("a new day like the last", notice("no_game", 0, 0, 1), tomorrow("no_game", 0, 2), false, false),
            ("an error on two days", notice("yes", 1, 0, 1), tomorrow("yes", 1, 2), true, true),
            ("a new day after one taken back", notice("no", 0, 1, 1), tomorrow("no", 0, 2), false, false),
            ("an older answer", notice("yes", 1, 0, 2), notice("not_yet", 0, 0, 1), false, false),
            ("another player", notice("no", 0, 0, 1), other, false, false),
        ] {
            for (occasion, is_told) in [(Occasion::Change, every), (Occasion::Error, error)] {
                let mut journal = Journal::default();
                assert_eq!(journal.note(&before, occasion, 9, 0), Effect::Remembered, "{what}");
                let effect = journal.note(&after, occasion, 9, 0);
                assert_eq!(effect == Effect::Queued, is_told, "{what} {occasion:?}");
                assert_eq!(journal.waiting.len(), usize::from(is_told), "{what}");
                journal.note(&after, occasion, 9, 0);
                assert_eq!(journal.waiting.len(), usize::from(is_told), "{what} once more");
                // An old answer from the state file does not undo it.
                journal.note(&before, occasion, 9, 0);
                if before.asked_at < after.asked_at {
                    assert_eq!(journal.waiting.len(), usize::from(is_told), "{what} undone");
                }
            }
        }
    }

    #[test]
    fn each_change_has_an_id_of_its_own_that_stays() {
        let mut journal = Journal::default();
        let answers = [
            notice("not_yet", 0, 0, 0),
            notice("yes", 1, 0, 1),
            notice("not_yet", 0, 1, 2),
            notice("yes", 1, 1, 3),
            notice("no", 0, 2, 4),
            notice("not_yet", 0, 2, 5),
            notice("no", 0, 2, 6),
        ];
        for answer in &answers {
            journal.note(answer, Occasion::Change, 99, 0);
        }
        let ids: std::collections::BTreeSet<_> = journal.waiting.iter().map(|change| &change.id).collect();
        assert_eq!(ids.len(), answers.len() - 1);
        assert_eq!(journal.waiting[0].id, id(&answers[1]));
        assert_eq!((&*journal.waiting[1].before, &*journal.waiting[1].notice.verdict), ("yes", "not_yet"));
    }

    #[test]
    fn a_full_queue_drops_its_oldest_change() {
        let mut journal = Journal::default();
        let note = |errors| journal.note(&notice("yes", errors, 0, errors.into()), Occasion::Change, 2, 0);
        let effects: Vec<_> = (0..4).map(note).collect();
        assert_eq!(effects, [Effect::Remembered, Effect::Queued, Effect::Queued, Effect::DropsOldest]);
        assert_eq!(journal.waiting.iter().map(|change| change.notice.errors).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn a_journal_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let file = JournalFile::new(dir.path(), "https://example.org/secret");
        assert_eq!(file.load().unwrap(), Journal::default());
        let mut journal = Journal { sending: true, ..Journal::default() };
        journal.note(&notice("no", 0, 0, 0), Occasion::Change, 9, 0);
        journal.note(&notice("yes", 1, 0, 1), Occasion::Change, 9, 1_700_000_000);
        file.save(&journal).unwrap();
        assert_eq!(file.load().unwrap(), journal);
        let name = fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().file_name();
        assert!(!name.to_string_lossy().contains("secret"));
        fs::write(dir.path().join(name), "{").unwrap();
        assert!(file.load().is_err());
    }
}
