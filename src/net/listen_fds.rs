//! Inherited descriptors: from systemd (sd_listen_fds(3)), or from the previous e6.

use crate::descriptor;
use std::{
    env, io,
    os::fd::{OwnedFd, RawFd},
    process,
    sync::atomic::{AtomicBool, Ordering},
};

/// The first inherited descriptor, after standard input, output and error.
pub const FIRST: RawFd = 3;
/// The most descriptors that are adopted; no configuration has as many.
const AT_MOST: RawFd = 4096;

/// The variable with the number of descriptors.
pub const COUNT_VARIABLE: &str = "LISTEN_FDS";
/// The variable with their names, separated by colons.
pub const NAMES_VARIABLE: &str = "LISTEN_FDNAMES";
/// The variable with the process they are for; if it is missing, they are for this process.
pub const PID_VARIABLE: &str = "LISTEN_PID";

/// An inherited descriptor with its name, which is empty if none was given.
pub struct InheritedFd {
    /// The name in `LISTEN_FDNAMES`.
    pub name: String,
    /// The descriptor, owned from now on and closed on exec. It may be of any kind.
    pub descriptor: OwnedFd,
}

/// Adopts the inherited descriptors. A second call returns none.
///
/// # Errors
/// When the variables announce descriptors that are not there.
pub fn adopt() -> io::Result<Vec<InheritedFd>> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let variable = |name| env::var(name).unwrap_or_default();
    let ours = variable(PID_VARIABLE).parse().map_or(true, |pid: u32| pid == process::id());
    let count = variable(COUNT_VARIABLE).parse().unwrap_or(0);
    if !ours || TAKEN.swap(true, Ordering::Relaxed) {
        return Ok(Vec::new());
    }
    let names = variable(NAMES_VARIABLE);
    let mut names = names.split(':');
    let mut adopted = Vec::new();
    for number in FIRST..FIRST + RawFd::min(count, AT_MOST) {
        let name = names.next().unwrap_or_default().to_owned();
        adopted.push(InheritedFd { name, descriptor: descriptor::adopt(number)? });
    }
    Ok(adopted)
}
