//! Tests that need root: ignored by name, run by `.ci/run` as root where it can become root.

mod privilege;
mod systemd;
