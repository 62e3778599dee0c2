//! Threads that restart after a failure: a panic or an error is logged and counted, and the work starts again.

use crate::app::RunError;
use prometheus::{IntCounterVec, Registry, register_int_counter_vec_with_registry as counters};
use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
    time::Duration,
};

/// Pause before a restart, so that a failure that repeats does not spin.
const PAUSE: Duration = Duration::from_secs(1);

/// Starts threads, and restarts their work after a failure.
#[derive(Clone)]
pub(crate) struct RestartingThreads {
    restarts: IntCounterVec,
    pause: Duration,
}

impl RestartingThreads {
    pub fn new(registry: &Registry) -> prometheus::Result<Self> {
        let about = "Restarts of a thread after it panicked or failed.";
        Ok(RestartingThreads {
            restarts: counters!("e6_restarts_total", about, &["thread"], registry)?,
            pause: PAUSE,
        })
    }

    /// Does this work in a new thread, and starts it again whenever it fails or panics, until it returns `Ok`.
    pub fn alive(
        &self,
        name: String,
        mut work: impl FnMut() -> io::Result<()> + Send + 'static,
    ) -> Result<(), RunError> {
        let restarts = self.restarts.with_label_values(&[&name]);
        let pause = self.pause;
        let body = move || {
            loop {
                let cause = match catch_unwind(AssertUnwindSafe(&mut work)) {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "a panic".into(),
                };
                restarts.inc();
                tracing::error!(thread = thread::current().name(), cause, "a thread failed; restarting it");
                thread::sleep(pause);
            }
        };
        let started = thread::Builder::new().name(name.clone()).spawn(body);
        started.map(drop).map_err(|error| RunError(format!("cannot start the thread {name}: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_thread_that_breaks_is_started_anew_and_counted_until_it_is_done() {
        let registry = Registry::new();
        let keep = RestartingThreads { pause: Duration::ZERO, ..RestartingThreads::new(&registry).unwrap() };
        let (ended, end) = mpsc::channel();
        let mut lives = 0;
        let work = move || {
            lives += 1;
            assert!(lives > 1, "on purpose");
            if lives == 2 {
                return Err(io::Error::other("on purpose"));
            }
            ended.send(lives).unwrap();
            Ok(())
        };
        keep.alive("worker-7".into(), work).unwrap();
        assert_eq!(end.recv_timeout(Duration::from_secs(10)), Ok(3));
        assert!(end.recv_timeout(Duration::from_secs(10)).is_err(), "it was done, and is not done again");
        assert_eq!(keep.restarts.with_label_values(&["worker-7"]).get(), 2);
    }
}
