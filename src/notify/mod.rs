//! Tells other programs about a change of the answer: webhooks.
//!
//! Each hook has a thread, a queue and a state file of its own, so that one that fails holds up nothing else. It knows
//! nothing of visitors and of MLB.

pub(crate) mod hook;
pub(crate) mod journal;
pub(crate) mod message;
pub(crate) mod metrics;
pub(crate) mod sender;
pub(crate) mod template;
pub(crate) mod worker;

pub use crate::notify::hook::{Hook, HookUrl, Occasion, Preset};
pub use crate::notify::metrics::NotifyMetrics;
pub use crate::notify::sender::{Reaction, Sender};
pub use crate::notify::template::Template;
pub use crate::notify::worker::{Notices, Worker};
