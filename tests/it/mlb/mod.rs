//! From MLB's replies to the answer.

pub mod answer;
pub mod off_season;
pub mod outages;
pub mod partial_replies;
pub mod passing_time;
pub mod proxy;
pub mod relay;
pub mod whereabouts;
