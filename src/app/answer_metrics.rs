//! The answer as metrics: which verdict is shown, how many errors, and how old its data is.

use crate::{
    answer::{Answer, Pace, Verdict},
    metrics::metrics,
    page,
};

metrics! {
    /// Gauges of the published answer.
    pub(crate) struct AnswerMetrics {
        verdicts: gauges("e6_answer", "The answer that is shown: 1 for its verdict, 0 for every other.", "verdict");
        /// It has no labels, so that it can be empty while the number is unknown: zero would be an answer.
        errors: gauges("e6_errors_today", "Errors charged to the player today. Missing while the answer is unknown.");
        stale: gauge(
            "e6_answer_stale", "1 while the data behind the answer is older than the page promises, else 0.");
        game_in_progress: gauge(
            "e6_game_in_progress",
            "1 while a game of the player's club is in progress, or has begun and could not be read yet, else 0.");
        last_success: decimal_gauge(
            "e6_mlb_last_success_timestamp_seconds",
            "Unix time at which MLB made the data behind the answer; 0 if none was ever read.");
    }
}

impl AnswerMetrics {
    pub fn set(&self, answer: &Answer) {
        match answer.verdict {
            Verdict::Unknown => self.errors.reset(),
            known => self.errors.with_label_values::<&str>(&[]).set(known.errors().into()),
        }
        self.game_in_progress.set((answer.pace == Pace::Live).into());
        self.stale.set(answer.stale.into());
        let nanoseconds = answer.asked_at.map_or(0, |at| at.unix_timestamp_nanos());
        self.last_success.set(nanoseconds as f64 / 1e9);
        // The new verdict is set last, so that a scrape in between sees none rather than two.
        let shown = page::verdict(answer.verdict);
        for name in page::VERDICTS.into_iter().filter(|name| *name != shown).chain([shown]) {
            self.verdicts.with_label_values(&[name]).set(i64::from(name == shown));
        }
    }
}
