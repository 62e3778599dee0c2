//! The log: events of the process as lines on standard error. Standard output is for the output that was requested.

use crate::output::{
    self, LogWriter,
    format::{self, LogFormat},
};
use std::{panic, thread};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry,
    layer::{Layered, SubscriberExt},
    reload,
    util::SubscriberInitExt,
};

type LogLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// The log. Its format and level can be changed at runtime.
pub struct Logging {
    lines: reload::Handle<LogLayer, Registry>,
    level: reload::Handle<LevelFilter, Layered<reload::Layer<LogLayer, Registry>, Registry>>,
}

impl Logging {
    /// Starts the log. A second start in one process keeps the first log.
    pub fn start(format: LogFormat, level: LevelFilter) -> Self {
        let (lines, lines_handle) = reload::Layer::new(lines(format));
        let (level, level_handle) = reload::Layer::new(level);
        let _ = tracing_subscriber::registry().with(lines).with(level).try_init();
        format::set(format);
        Logging { lines: lines_handle, level: level_handle }
    }

    /// Changes format and level from the next line on.
    pub fn change(&self, format: LogFormat, level: LevelFilter) {
        format::set(format);
        // Fails only if another log was started first in this process.
        let _ = self.lines.reload(lines(format)).and_then(|()| self.level.reload(level));
    }
}

fn lines(format: LogFormat) -> LogLayer {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| LogWriter)
        .with_target(false)
        // Otherwise the thread that logs would print internal errors to standard error itself.
        .log_internal_errors(false);
    match format {
        LogFormat::Combined => lines.with_ansi(output::stderr().has_colour).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    }
}

/// Sends panics to the log from now on, or to standard error until the log has started.
pub fn log_panics() {
    panic::set_hook(Box::new(|fault| {
        let place = fault.location().map(ToString::to_string).unwrap_or_default();
        let what = fault.payload_as_str().unwrap_or("no reason given");
        let thread = thread::current();
        let name = thread.name().unwrap_or_default();
        if tracing::dispatcher::has_been_set() {
            tracing::error!(thread = name, place, "panic: {what}");
        } else {
            let panic = format!("panic in the thread {name} at {place}: {what}");
            format::report(tracing::Level::ERROR, &panic);
        }
    }));
}
