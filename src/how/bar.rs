//! The parts of a request's duration, as lengths on one bar.

use crate::{
    how::{figures::span, texts},
    language::Language,
    site::trace::Trace,
};

/// A blink, and a throw at 95 mph over the 280 feet from right field to home: durations that readers know.
const BLINK: f64 = 150e3;
const THROW: f64 = 2e6;
/// The duration of the whole bar, in microseconds, if the request took no longer.
const SCALE: f64 = 2.2e6;

/// The bar. Positions and lengths are percentages of it.
pub(crate) struct Bar {
    pub segments: Vec<BarSegment>,
    pub ticks: [BarTick; 2],
    /// A sentence about the time that e6 cannot see, which is not on the bar.
    pub missing: Option<&'static str>,
}

/// A part of the duration.
pub(crate) struct BarSegment {
    pub class: &'static str,
    pub x: String,
    pub width: String,
    pub name: &'static str,
    pub took: String,
}

/// A duration for comparison.
pub(crate) struct BarTick {
    pub x: String,
    /// The baseline of the text, in pixels: one line for each, because they are too long for a phone side by side.
    pub y: u32,
    pub text: &'static str,
    pub anchor: &'static str,
}

impl Bar {
    pub fn of(trace: &Trace, language: Language) -> Self {
        let spent = &trace.microseconds;
        let opened = trace.opened_connection();
        let parts = [
            ("opening", spent.round_trip.filter(|_| opened), texts::bar_opening(language)),
            ("waiting", Some(spent.accept).filter(|_| opened), texts::bar_waiting(language)),
            ("handshake", spent.handshake.filter(|_| opened), texts::bar_handshake(language)),
            ("exchange", spent.round_trip, texts::bar_exchange(language)),
            ("own", Some(trace.handling()), "e6"),
        ];
        let parts = parts.into_iter().filter_map(|(class, took, name)| Some((class, took?, name)));
        let total: f64 = parts.clone().map(|(_, took, _)| took).sum();
        let scale = SCALE.max(total);
        let percent = |micros: f64| format!("{:.4}", 100.0 * micros / scale);
        let mut from = 0.0;
        let segment = |(class, took, name)| {
            let x = percent(from);
            from += took;
            BarSegment { class, x, width: percent(took), name, took: span(took, language) }
        };
        Bar {
            segments: parts.map(segment).collect(),
            ticks: [
                BarTick { x: percent(BLINK), y: 40, text: texts::blink(language), anchor: "start" },
                BarTick { x: percent(THROW), y: 58, text: texts::throw(language), anchor: "end" },
            ],
            missing: spent.network.is_none().then(|| texts::network_missing(language)),
        }
    }
}
