//! Standard output and standard error. Queued lines never block, panic or stop the process: they wait in a bounded
//! buffer for a writer thread. Lines that do not fit or cannot be written are counted as lost.

pub mod format;
pub mod line_file;

use crate::{sync::Unpoisoned, threads};
use line_file::{LineFile, SharedLineFile};
use prometheus::{IntCounter, Opts, Registry};
use std::{
    fs::File,
    io::{self, ErrorKind, IsTerminal, Write},
    os::fd::AsFd,
    sync::{Arc, Condvar, LazyLock, Mutex},
    time::Duration,
};

/// The most bytes that wait for a writer thread, which may be writing as many again.
const WAITING_CAP: usize = 256 * 1024;
/// Time that the process waits at its end for the last lines.
const FINISH: Duration = Duration::from_secs(1);

static STDOUT: LazyLock<OutputStream> = LazyLock::new(|| OutputStream::new("stdout", &io::stdout()));
static STDERR: LazyLock<OutputStream> = LazyLock::new(|| OutputStream::new("stderr", &io::stderr()));

/// Standard output: results of commands, the lines of a start, and the access log.
pub fn stdout() -> &'static OutputStream {
    &STDOUT
}

/// Standard error: the log, and errors of commands.
pub fn stderr() -> &'static OutputStream {
    &STDERR
}

/// Registers the counters of lost lines.
pub fn register(registry: &Registry) -> prometheus::Result<()> {
    [stdout(), stderr()].into_iter().try_for_each(|stream| registry.register(Box::new(stream.lost.clone())))
}

/// Starts the writer threads. Call it after privileges are dropped: a thread keeps the privileges that it began with.
pub fn start() -> io::Result<()> {
    [stdout(), stderr()].into_iter().try_for_each(OutputStream::start)
}

/// Writes the lines that still wait when it is dropped, for a second at most.
pub struct FinishOnDrop;

impl Drop for FinishOnDrop {
    fn drop(&mut self) {
        [stdout(), stderr()].into_iter().for_each(OutputStream::finish);
    }
}

pub struct OutputStream {
    name: &'static str,
    /// The access log writes here too, a whole batch at a time.
    file: SharedLineFile,
    state: Mutex<OutputState>,
    changed: Condvar,
    lost: IntCounter,
    /// Whether text on it may be coloured (no-color.org).
    pub has_colour: bool,
    pub is_terminal: bool,
}

#[derive(Default)]
struct OutputState {
    waiting: Vec<u8>,
    is_writing: bool,
    has_thread: bool,
}

impl OutputState {
    fn is_busy(&self) -> bool {
        !self.waiting.is_empty() || self.is_writing
    }
}

impl OutputStream {
    fn new(name: &'static str, stream: &(impl AsFd + IsTerminal)) -> Self {
        // There is none only if the process has no free descriptor. The stream's lines are lost then.
        let file = stream.as_fd().try_clone_to_owned().map(File::from);
        let file = file.or_else(|_| File::open("/dev/null"));
        let is_terminal = stream.is_terminal();
        OutputStream {
            name,
            file: Arc::new(Mutex::new(LineFile::new(file.ok()))),
            state: Mutex::default(),
            changed: Condvar::new(),
            lost: lost(name),
            has_colour: is_terminal && wants_colour(|name| std::env::var(name).ok()),
            is_terminal,
        }
    }

    /// The open stream, for a thread that writes lines of its own and may block.
    pub fn file(&self) -> SharedLineFile {
        self.file.clone()
    }

    /// Queues whole lines for the writer thread; counts them as lost if the buffer is full.
    pub fn queue(&self, lines: &[u8]) {
        let mut state = self.state.lock().unpoisoned();
        if state.waiting.len() + lines.len() > WAITING_CAP {
            self.lost.inc_by(line_file::lines(lines));
            return;
        }
        state.waiting.extend_from_slice(lines);
        drop(state);
        self.changed.notify_all();
    }

    /// Writes text now and waits for its reader: for commands that do nothing else. A reader that is gone is no error.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let before = std::mem::take(&mut self.state.lock().unpoisoned().waiting);
        let bytes = [&before, text.as_bytes()].concat();
        match self.file.lock().unpoisoned().write(&bytes) {
            Err(lost) if lost.error.kind() != ErrorKind::BrokenPipe => Err(lost.error),
            _ => Ok(()),
        }
    }

    fn start(&'static self) -> io::Result<()> {
        if !std::mem::replace(&mut self.state.lock().unpoisoned().has_thread, true) {
            let thread = threads::start(self.name, || self.write_queued());
            thread.inspect_err(|_| self.state.lock().unpoisoned().has_thread = false)?;
        }
        Ok(())
    }

    fn finish(&'static self) {
        if !self.state.lock().unpoisoned().is_busy() {
            return;
        }
        if self.start().is_err() {
            // The lines say why the process ends. This thread writes them, even if their reader is slow.
            let lines = std::mem::take(&mut self.state.lock().unpoisoned().waiting);
            let _ = self.file.lock().unpoisoned().write(&lines);
            return;
        }
        let state = self.state.lock().unpoisoned();
        drop(self.changed.wait_timeout_while(state, FINISH, |state| state.is_busy()));
    }

    fn write_queued(&self) {
        let mut is_failing = false;
        loop {
            let is_empty = |state: &mut OutputState| state.waiting.is_empty();
            let state = self.changed.wait_while(self.state.lock().unpoisoned(), is_empty);
            let mut state = state.unpoisoned();
            let lines = std::mem::take(&mut state.waiting);
            state.is_writing = true;
            drop(state);
            let written = self.file.lock().unpoisoned().write(&lines);
            if let Err(lost) = &written {
                self.lost.inc_by(lost.lines);
                // A failure of standard error cannot be logged. A pipe without a reader is no failure.
                if !is_failing && self.name == "stdout" && lost.error.kind() != ErrorKind::BrokenPipe {
                    tracing::warn!(error = %lost.error, "cannot write to standard output: lines are lost");
                }
            }
            is_failing = written.is_err();
            self.state.lock().unpoisoned().is_writing = false;
            self.changed.notify_all();
        }
    }
}

/// The writer of the log: each call writes one line.
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        stderr().queue(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lost(stream: &str) -> IntCounter {
    let about = "Lines that could not be written to standard output or standard error.";
    let opts = Opts::new("e6_output_lines_lost_total", about).const_label("stream", stream);
    // The name is a valid one, and the same at every start.
    IntCounter::with_opts(opts).unwrap_or_else(|_| unreachable!("the counter's name is valid"))
}

fn wants_colour(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable("NO_COLOR").is_none_or(|value| value.is_empty())
        && variable("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_a_dumb_terminal_get_no_colour() {
        for (variables, expected) in [
            (&[][..], true),
            (&[("TERM", "xterm-256color")], true),
            (&[("NO_COLOR", "")], true),
            (&[("NO_COLOR", "1")], false),
            (&[("NO_COLOR", "0"), ("TERM", "xterm")], false),
            (&[("TERM", "dumb")], false),
        ] {
            let value = |name: &str| variables.iter().find(|(other, _)| *other == name);
            assert_eq!(
                wants_colour(|name| value(name).map(|(_, value)| (*value).to_owned())),
                expected,
                "{variables:?}"
            );
        }
    }

    #[test]
    fn lines_without_room_are_counted_and_nothing_waits_for_a_stuck_reader() {
        let (reader, writer) = io::pipe().unwrap();
        let stream: &'static OutputStream =
            Box::leak(Box::new(OutputStream::new("stdout", &File::from(std::os::fd::OwnedFd::from(writer)))));
        stream.start().unwrap();
        let began = std::time::Instant::now();
        let line = [&[b'x'; 1023][..], b"\n"].concat();
        for _ in 0..2000 {
            stream.queue(&line);
        }
        stream.finish();
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        assert!(stream.lost.get() >= 1000, "{}", stream.lost.get());
        drop(reader);
        stream.finish();
        stream.queue(b"nobody reads this\n");
        stream.finish();
        assert!(stream.state.lock().unpoisoned().waiting.is_empty());
    }
}
