//! What goes wrong and right inside, line by line on standard error: standard output belongs to what was asked for.

use crate::http::log_record::LogFormat;
use std::{io::IsTerminal, panic, thread};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer, Registry,
    layer::{Layered, SubscriberExt},
    reload,
    util::SubscriberInitExt,
};

type Lines = Box<dyn Layer<Registry> + Send + Sync>;

/// The log, whose format and level can be changed while it is written.
pub struct Logging {
    lines: reload::Handle<Lines, Registry>,
    level: reload::Handle<LevelFilter, Layered<reload::Layer<Lines, Registry>, Registry>>,
}

impl Logging {
    /// Starts it. A second start in one process keeps the first.
    pub fn start(format: LogFormat, level: LevelFilter) -> Self {
        let (lines, lines_handle) = reload::Layer::new(lines(format));
        let (level, level_handle) = reload::Layer::new(level);
        if tracing_subscriber::registry().with(lines).with(level).try_init().is_ok() {
            panic::set_hook(Box::new(panicked));
        }
        Logging { lines: lines_handle, level: level_handle }
    }

    /// From the next line on.
    pub fn change(&self, format: LogFormat, level: LevelFilter) {
        // Fails only where the first start was another's.
        let _ = self.lines.reload(lines(format)).and_then(|()| self.level.reload(level));
    }
}

fn lines(format: LogFormat) -> Lines {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        // It would be said on standard error, which is what cannot be written: a full disk would end threads.
        .log_internal_errors(false);
    match format {
        LogFormat::Combined => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().boxed(),
    }
}

/// A fault of ours is a line like any other; whoever catches it says what it has ended.
fn panicked(fault: &panic::PanicHookInfo) {
    let place = fault.location().map(ToString::to_string).unwrap_or_default();
    let what = fault.payload_as_str().unwrap_or("no reason given");
    tracing::error!(thread = thread::current().name(), place, "panic: {what}");
}
