//! The access log: requests put records into a bounded queue, and a separate thread writes them. A request never waits
//! for a disk; records that do not fit into the queue are counted as dropped.

use crate::{
    http::log_record::LogRecord,
    output::{self, format::LogFormat, line_file::LineFile},
};
use prometheus::IntCounter;
use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

/// Records that may wait: as many as a busy server makes in a tenth of a second. At most about 30 MB, if every request
/// is as long as possible.
const QUEUE_CAP: usize = 8192;
/// Interval between batches of lines: waking the writer for each line would cost the request more than everything else.
const BATCH: Duration = Duration::from_millis(10);
/// Time for which the end of the process waits for the last lines.
const FINISH: Duration = Duration::from_secs(1);
/// The file's mode: readable by the administrators' group, because the log contains addresses.
const MODE: u32 = 0o640;

/// The destination of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogDestination {
    /// Standard output.
    Stdout,
    /// Appended to a file, which is opened again on [`AccessLog::reopen`].
    File(PathBuf),
}

/// The sending end of the log.
pub struct AccessLog {
    queue: SyncSender<LogMessage>,
    reopen: Arc<AtomicBool>,
    dropped: IntCounter,
}

enum LogMessage {
    Record(Box<LogRecord>),
    /// Check the reopen flag.
    Wake,
    /// Report when everything before this is written.
    Finish(SyncSender<()>),
}

/// An open destination.
pub struct LogFile {
    destination: LogDestination,
    file: Arc<Mutex<LineFile>>,
}

impl LogFile {
    /// Opens the destination.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(destination: LogDestination) -> io::Result<Self> {
        let file = open(&destination)?;
        Ok(LogFile { destination, file })
    }
}

impl AccessLog {
    /// Starts the writer thread.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(to: LogFile, format: LogFormat, dropped: IntCounter) -> io::Result<Self> {
        let (sender, queue) = sync_channel(QUEUE_CAP);
        let reopen = Arc::new(AtomicBool::new(false));
        let writer = AccessLogWriter {
            destination: to.destination,
            format,
            file: to.file,
            reopen: reopen.clone(),
            dropped: dropped.clone(),
            lines: Vec::new(),
            failing: false,
        };
        thread::Builder::new().name("access-log".into()).spawn(move || writer.run(&queue))?;
        Ok(AccessLog { queue: sender, reopen, dropped })
    }

    /// Queues a record, or counts it as dropped if the queue is full.
    pub(crate) fn write(&self, record: LogRecord) {
        if self.queue.try_send(LogMessage::Record(Box::new(record))).is_err() {
            self.dropped.inc();
        }
    }

    /// Reopens the file, for log rotation that has moved it away.
    pub fn reopen(&self) {
        self.reopen.store(true, Ordering::Release);
        // A full queue keeps the writer awake anyway.
        let _ = self.queue.try_send(LogMessage::Wake);
    }

    /// Waits up to `FINISH` until all queued records are written.
    pub fn finish(&self) {
        let (written, done) = sync_channel(1);
        let deadline = Instant::now() + FINISH;
        while self.queue.try_send(LogMessage::Finish(written.clone())).is_err() {
            if Instant::now() > deadline {
                return;
            }
            thread::sleep(BATCH);
        }
        let _ = done.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

fn open(destination: &LogDestination) -> io::Result<Arc<Mutex<LineFile>>> {
    match destination {
        LogDestination::Stdout => Ok(output::stdout().file()),
        LogDestination::File(path) => LineFile::append(path, MODE).map(|file| Arc::new(Mutex::new(file))),
    }
}

struct AccessLogWriter {
    destination: LogDestination,
    format: LogFormat,
    file: Arc<Mutex<LineFile>>,
    reopen: Arc<AtomicBool>,
    dropped: IntCounter,
    /// Lines that are rendered and not yet written.
    lines: Vec<u8>,
    failing: bool,
}

impl AccessLogWriter {
    fn run(mut self, queue: &Receiver<LogMessage>) {
        while let Ok(first) = queue.recv() {
            self.take(first);
            // Bounded, because a writer that only reads would never write.
            for message in queue.try_iter().take(QUEUE_CAP) {
                self.take(message);
            }
            self.flush();
            thread::sleep(BATCH);
        }
    }

    fn take(&mut self, message: LogMessage) {
        if self.reopen.swap(false, Ordering::AcqRel) {
            self.flush();
            match open(&self.destination) {
                Ok(file) => self.file = file,
                Err(error) => {
                    tracing::error!(%error, "cannot reopen the access log: still writing to the old file")
                }
            }
        }
        match message {
            LogMessage::Record(record) => {
                record.write(self.format, &mut self.lines);
            }
            LogMessage::Wake => {}
            LogMessage::Finish(written) => {
                self.flush();
                let _ = written.try_send(());
            }
        }
    }

    /// Writes the rendered lines. If the disk is full, they are lost; this is logged once, and the next lines are tried
    /// again.
    fn flush(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let written = self.file.lock().unwrap_or_else(PoisonError::into_inner).write(&self.lines);
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
        self.lines.clear();
    }
}
