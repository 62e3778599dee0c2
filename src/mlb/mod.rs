//! The only room that knows MLB's API: asking it, judging what it says, keeping what was good.
//!
//! It hands [`crate::answer`] plain facts and never sees a visitor, a page or a header.

mod client;
mod model;
mod polls;
pub mod replay;
mod store;
mod watch;
mod wire;

#[cfg(test)]
mod recordings;

pub use client::{Client, Refusal, Reply};
pub use polls::Polls;
pub use store::{Kept, Store};
pub use watch::{Stop, Watch};
