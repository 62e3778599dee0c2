//! The access log: workers write lines into bounded queues, and a separate thread writes them to the file. A request
//! never waits for a disk; lines that do not fit into the queue are counted as dropped.

use crate::{
    http::log_record::LogRecord,
    output::{
        self,
        format::LogFormat,
        line_file::{LineFile, SharedLineFile},
    },
    per_worker::PerWorker,
    sync::{
        Mutex, Unpoisoned,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
        thread::{self, Thread},
    },
    threads,
};
use prometheus::IntCounter;
use std::{
    io::{self, ErrorKind},
    mem,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Bytes of lines that may wait for each worker, and again as many while they are written: what a worker of a busy
/// server makes in a tenth of a second is a third of it.
const QUEUE_CAP: usize = 1024 * 1024;
/// Interval between batches of lines: waking the writer for each line would cost the request more than everything else.
const BATCH: Duration = Duration::from_millis(10);
/// Time for which the end of the process waits for the last lines.
const FINISH: Duration = Duration::from_secs(1);
/// The file's mode: readable by the administrators' group, because the log contains addresses.
const MODE: u32 = 0o640;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogDestination {
    /// Standard output.
    Stdout,
    /// Appended to a file, which is opened again on [`AccessLog::reopen`].
    File(PathBuf),
}

/// The sending end of the log. The writer ends when this is dropped.
pub struct AccessLog {
    shared: Arc<SharedLog>,
    format: LogFormat,
    writer: Thread,
    dropped: IntCounter,
}

/// The part that the writer shares with the sending end.
struct SharedLog {
    queues: PerWorker<Mutex<LineQueue>>,
    reopen: AtomicBool,
    is_closed: AtomicBool,
    /// Threads that wait until everything before is written.
    waiting: Mutex<Vec<SyncSender<()>>>,
}

/// Lines that wait for the writer.
#[derive(Default)]
struct LineQueue {
    lines: Vec<u8>,
    /// For each line the time of its response's last byte, and its end in `lines`.
    ends: Vec<(Instant, usize)>,
}

impl LineQueue {
    /// Appends a line. Returns false if the queue is full.
    fn push(&mut self, at: Instant, record: &LogRecord, format: LogFormat) -> bool {
        let fits = self.lines.len() < QUEUE_CAP;
        if fits {
            record.write(format, &mut self.lines);
            self.ends.push((at, self.lines.len()));
        }
        fits
    }

    fn clear(&mut self) {
        self.lines.clear();
        self.ends.clear();
    }

    /// The lines with their times.
    fn iter(&self) -> impl Iterator<Item = (Instant, &[u8])> {
        let mut begin = 0;
        self.ends.iter().map(move |&(at, end)| (at, &self.lines[mem::replace(&mut begin, end)..end]))
    }
}

/// An open destination.
pub struct LogFile {
    destination: LogDestination,
    file: SharedLineFile,
}

impl LogFile {
    pub fn open(destination: LogDestination) -> io::Result<Self> {
        let file = open(&destination)?;
        Ok(LogFile { destination, file })
    }
}

impl AccessLog {
    pub fn start(to: LogFile, format: LogFormat, dropped: IntCounter) -> io::Result<Self> {
        let shared = Arc::new(SharedLog {
            queues: PerWorker::new(Mutex::default),
            reopen: AtomicBool::new(false),
            is_closed: AtomicBool::new(false),
            waiting: Mutex::default(),
        });
        let writer = AccessLogWriter {
            destination: to.destination,
            file: to.file,
            shared: shared.clone(),
            dropped: dropped.clone(),
            taken: Vec::new(),
            batch: Vec::new(),
            failing: false,
        };
        let writer = threads::start("access-log", move || writer.run())?;
        Ok(AccessLog { shared, format, writer: writer.thread().clone(), dropped })
    }

    /// Queues the line of a response whose last byte left at `at`, or counts it as dropped if the worker's queue is
    /// full.
    pub(crate) fn write(&self, at: Instant, record: &LogRecord) {
        let mut queue = self.shared.queues.lock();
        let is_first = queue.ends.is_empty();
        let fits = queue.push(at, record, self.format);
        drop(queue);
        if !fits {
            self.dropped.inc();
        } else if is_first {
            self.writer.unpark();
        }
    }

    /// Reopens the file, for log rotation that has moved it away.
    pub fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        self.writer.unpark();
    }

    /// Waits up to `FINISH` until all queued lines are written.
    pub fn finish(&self) {
        let (written, done) = sync_channel(1);
        self.shared.waiting.lock().unpoisoned().push(written);
        self.writer.unpark();
        let _ = done.recv_timeout(FINISH);
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.writer.unpark();
    }
}

fn open(destination: &LogDestination) -> io::Result<SharedLineFile> {
    match destination {
        LogDestination::Stdout => Ok(output::stdout().file()),
        LogDestination::File(path) => LineFile::append(path, MODE).map(|file| Arc::new(file.into())),
    }
}

struct AccessLogWriter {
    destination: LogDestination,
    file: SharedLineFile,
    shared: Arc<SharedLog>,
    dropped: IntCounter,
    /// The queues of the last batch, whose memory is used again.
    taken: Vec<LineQueue>,
    /// The lines that are written next.
    batch: Vec<u8>,
    failing: bool,
}

impl AccessLogWriter {
    fn run(mut self) {
        loop {
            // Read before the lines are taken, which then include all from before the request.
            let reopen = self.shared.reopen.swap(false, Ordering::AcqRel);
            let is_closed = self.shared.is_closed.load(Ordering::Acquire);
            let waiting = mem::take(&mut *self.shared.waiting.lock().unpoisoned());
            self.take();
            let is_idle = self.batch.is_empty();
            self.flush();
            if reopen {
                self.reopen();
            }
            for written in waiting {
                let _ = written.try_send(());
            }
            match is_idle {
                true if is_closed => return,
                // An `unpark` since the lines were taken ends this at once.
                true => thread::park(),
                false => thread::sleep(BATCH),
            }
        }
    }

    /// Takes the lines of all workers, in the order in which the responses ended.
    fn take(&mut self) {
        for (index, mut queue) in self.shared.queues.lock_all().into_iter().enumerate() {
            if self.taken.len() <= index {
                self.taken.push(LineQueue::default());
            }
            mem::swap(&mut *queue, &mut self.taken[index]);
        }
        let mut lines: Vec<_> = self.taken.iter().flat_map(LineQueue::iter).collect();
        lines.sort_by_key(|(at, _)| *at);
        lines.iter().for_each(|(_, line)| self.batch.extend_from_slice(line));
        self.taken.iter_mut().for_each(LineQueue::clear);
    }

    fn reopen(&mut self) {
        match open(&self.destination) {
            Ok(file) => self.file = file,
            Err(error) => {
                tracing::error!(%error, "cannot reopen the access log: still writing to the old file")
            }
        }
    }

    /// Writes the batch. If the disk is full, they are lost; this is logged once, and the next lines are tried
    /// again.
    fn flush(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let written = self.file.lock().unpoisoned().write(&self.batch);
        match written {
            Ok(()) => {
                if self.failing {
                    tracing::info!("the access log can be written again");
                }
                self.failing = false;
            }
            Err(lost) => {
                // A closed standard output is not an error: its reader was not interested.
                let is_closed = lost.error.kind() == ErrorKind::BrokenPipe;
                if !(self.failing || is_closed && self.destination == LogDestination::Stdout) {
                    let error = lost.error;
                    tracing::error!(%error, "cannot write the access log: lines are lost until this is fixed");
                }
                self.failing = !is_closed;
                self.dropped.inc_by(lost.lines);
            }
        }
        self.batch.clear();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{connection::Peer, http::log_record::PeerTexts};
    use hyper::{Method, StatusCode, Version};
    use std::{fs, time::SystemTime};

    pub(crate) fn record(target: &str) -> LogRecord {
        LogRecord {
            time: SystemTime::UNIX_EPOCH,
            peer: Peer::Unix,
            request: Some((Method::GET, Version::HTTP_11)),
            texts: PeerTexts::new(b"", target.as_bytes(), b"", b""),
            status: StatusCode::OK,
            bytes: 0,
            duration: Duration::ZERO,
            tls: None,
            id: 0,
        }
    }

    fn start(path: PathBuf) -> AccessLog {
        let file = LogFile::open(LogDestination::File(path)).unwrap();
        let dropped = IntCounter::new("dropped", "Lost lines.").unwrap();
        AccessLog::start(file, LogFormat::Combined, dropped).unwrap()
    }

    #[test]
    fn lines_of_all_workers_are_in_the_order_in_which_their_responses_ended() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = start(path.clone());
        let began = Instant::now();
        // While the queues are locked, the writer cannot take a part of the lines.
        let mut queues = log.shared.queues.lock_all();
        for index in [2, 0, 3, 1] {
            let worker = index % queues.len();
            let at = began + Duration::from_millis(index as u64);
            assert!(queues[worker].push(at, &record(&format!("/{index}")), LogFormat::Combined));
        }
        drop(queues);
        log.finish();
        let text = fs::read_to_string(path).unwrap();
        let targets: Vec<_> = text.lines().map(|line| line.split(' ').nth(6).unwrap()).collect();
        assert_eq!(targets, ["/0", "/1", "/2", "/3"], "{text}");
    }

    #[test]
    fn a_queue_holds_whole_lines_up_to_its_cap() {
        let mut queue = LineQueue::default();
        while queue.push(Instant::now(), &record("/"), LogFormat::Combined) {}
        assert!((QUEUE_CAP..QUEUE_CAP + 200).contains(&queue.lines.len()), "{}", queue.lines.len());
        assert!(queue.iter().all(|(_, line)| line.ends_with(b"\n") && line.starts_with(b"unix: - - [")));
        queue.clear();
        assert!(queue.push(Instant::now(), &record("/"), LogFormat::Combined));
    }

    #[test]
    fn the_writer_ends_with_the_log_and_writes_the_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let log = start(path.clone());
        log.write(Instant::now(), &record("/last"));
        let shared = Arc::downgrade(&log.shared);
        drop(log);
        let deadline = Instant::now() + Duration::from_secs(10);
        while shared.strong_count() > 0 {
            assert!(Instant::now() < deadline, "the writer still runs");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(fs::read_to_string(path).unwrap().contains("/last"));
    }
}
