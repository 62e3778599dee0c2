//! From MLB's replies to the answer.

pub mod answer;
pub mod outages;
pub mod partial_replies;
pub mod passing_time;
