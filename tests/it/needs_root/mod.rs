//! Tests that need root: ignored by name, run by `.ci/run` as root where it can become root.

pub mod privilege;
pub mod systemd;
