//! MLB's replies and the answer made from them.

pub mod answer;
pub mod clock;
pub mod off_season;
pub mod outages;
pub mod partial_replies;
pub mod passing_time;
pub mod proxy;
pub mod relay;
pub mod whereabouts;
