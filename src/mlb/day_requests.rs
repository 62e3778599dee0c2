//! Days that visitors asked for and that must be looked up at MLB. The poller takes them one by one.

use crate::{mlb::poller::PollerSignal, sync::Unpoisoned};
use std::{
    collections::VecDeque,
    sync::{Mutex, mpsc::Sender},
};
use time::Date;

/// Limit on the days that wait: a minute's work of the poller. Further ones are refused.
const WAITING_CAP: usize = 32;

#[derive(Default)]
pub struct DayRequests(Mutex<QueuedDays>);

#[derive(Default)]
struct QueuedDays {
    days: VecDeque<Date>,
    poller: Option<Sender<PollerSignal>>,
}

/// The refusal of a day: too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull;

impl DayRequests {
    /// Adds a day and wakes the poller. Returns the number of days that wait before it.
    pub fn add(&self, day: Date) -> Result<usize, QueueFull> {
        let mut waiting = self.0.lock().unpoisoned();
        if let Some(before) = waiting.days.iter().position(|known| *known == day) {
            return Ok(before);
        }
        if waiting.days.len() >= WAITING_CAP {
            return Err(QueueFull);
        }
        waiting.days.push_back(day);
        if let Some(poller) = &waiting.poller {
            // A poller that has ended leaves the day to the next one.
            let _ = poller.send(PollerSignal::DayRequested);
        }
        Ok(waiting.days.len() - 1)
    }

    pub fn wake(&self, poller: Sender<PollerSignal>) {
        self.0.lock().unpoisoned().poller = Some(poller);
    }

    /// The day that waits longest.
    pub(crate) fn first(&self) -> Option<Date> {
        self.0.lock().unpoisoned().days.front().copied()
    }

    pub(crate) fn remove(&self, day: Date) {
        self.0.lock().unpoisoned().days.retain(|known| *known != day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use time::{Duration, macros::date};

    #[test]
    fn each_day_waits_once_and_the_queue_has_an_end() {
        let requests = DayRequests::default();
        let (sender, signals) = mpsc::channel();
        requests.wake(sender);
        let first = date!(2023 - 08 - 09);
        let day = |days: usize| first + Duration::days(days as i64);
        for days in 0..WAITING_CAP {
            assert_eq!(requests.add(day(days)), Ok(days));
        }
        assert_eq!(requests.add(day(WAITING_CAP)), Err(QueueFull));
        assert_eq!(requests.add(day(3)), Ok(3), "it waits already");
        assert_eq!(signals.try_iter().count(), WAITING_CAP, "a day that waits wakes nobody again");
        requests.remove(first);
        assert_eq!((requests.first(), requests.add(day(WAITING_CAP))), (Some(day(1)), Ok(WAITING_CAP - 1)));
    }
}
