//! Tests that need root: ignored by default, run by `.ci/run` if it can become root.

pub mod check;
pub mod needs_static;
pub mod privilege;
pub mod systemd;
