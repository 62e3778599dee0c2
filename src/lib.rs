//! Does Tatis Jr. have an error today?

pub mod answer;
pub mod clock;
pub mod mlb;
