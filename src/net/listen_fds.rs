//! Descriptors that came with the process: from systemd (sd_listen_fds(3)), or from the e6 before this one.
#![allow(unsafe_code)]

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use std::{
    env, io,
    os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd},
    process,
    sync::atomic::{AtomicBool, Ordering},
};

/// Those come right after standard input, output and error.
pub const FIRST: RawFd = 3;
/// More than any configuration has; a larger number is nobody's that we should believe.
const AT_MOST: RawFd = 4096;

/// How many there are.
pub const COUNT_VARIABLE: &str = "LISTEN_FDS";
/// What they are, parted by colons.
pub const NAMES_VARIABLE: &str = "LISTEN_FDNAMES";
/// For which process; where it is missing, for whichever got them.
pub const PID_VARIABLE: &str = "LISTEN_PID";

/// A descriptor with its name, which is empty where none was given.
pub struct InheritedFd {
    /// As `LISTEN_FDNAMES` has it.
    pub name: String,
    /// Ours from now on, and not for programs that we start. It may be anything.
    pub descriptor: OwnedFd,
}

/// Takes what came with the process. A second call takes nothing.
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
        adopted.push(InheritedFd { name, descriptor: take(number)? });
    }
    Ok(adopted)
}

fn take(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: it is borrowed for one call, which only asks whether it is open.
    fcntl_getfd(unsafe { BorrowedFd::borrow_raw(number) })?;
    // SAFETY: it is open. Whoever set the variables has given it away with them; it is taken once, and before this process
    // has opened anything that it keeps: nobody else here owns it.
    let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
    fcntl_setfd(&descriptor, FdFlags::CLOEXEC)?;
    Ok(descriptor)
}
