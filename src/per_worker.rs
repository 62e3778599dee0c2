//! A value for each worker, so that workers share no cache line while they answer requests.

use crate::sync::{Mutex, MutexGuard, Unpoisoned, thread_local};
use std::{cell::Cell, sync::OnceLock, thread::available_parallelism};

thread_local! {
    /// The number of the worker that this thread is. Every other thread uses the values of the first.
    static WORKER: Cell<usize> = const { Cell::new(0) };
}

/// The number of workers: one for each processor that this process may use.
pub fn workers() -> usize {
    static WORKERS: OnceLock<usize> = OnceLock::new();
    *WORKERS.get_or_init(|| available_parallelism().map_or(1, usize::from))
}

/// Makes this thread the worker with this number, from 0.
pub fn become_worker(number: usize) {
    WORKER.with(|own| own.set(number));
}

#[derive(Debug)]
pub struct PerWorker<T>(Box<[OwnLine<T>]>);

/// A value on a cache line of its own: 128 bytes, because processors fetch two lines at once.
#[derive(Debug)]
#[repr(align(128))]
struct OwnLine<T>(T);

impl<T> PerWorker<T> {
    pub fn new(make: impl Fn() -> T) -> Self {
        PerWorker((0..workers()).map(|_| OwnLine(make())).collect())
    }

    /// The value of this thread's worker.
    pub fn own(&self) -> &T {
        &self.0[WORKER.with(Cell::get) % self.0.len()].0
    }
}

/// A worker locks only its own value, which is free unless another thread reads all of them: that takes less time than
/// a request, and no thread waits for anything while it holds a lock.
impl<T> PerWorker<Mutex<T>> {
    /// Locks the value of this thread's worker.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.own().lock().unpoisoned()
    }

    /// Locks all values: together they are what was there at one moment.
    pub fn lock_all(&self) -> Vec<MutexGuard<'_, T>> {
        self.0.iter().map(|OwnLine(value)| value.lock().unpoisoned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_worker_has_a_value_of_its_own_and_all_are_read_together() {
        let counts = PerWorker::new(|| Mutex::new(0));
        thread::scope(|scope| {
            for worker in 0..2 * workers() {
                let counts = &counts;
                scope.spawn(move || {
                    become_worker(worker);
                    *counts.lock() += 1;
                });
            }
        });
        assert!(counts.lock_all().iter().all(|count| **count == 2));
    }
}
