//! What the process gives up once its sockets are open: the user it was started as, its capabilities, and all of the
//! machine that it does not need. Knows users and paths; what for is no matter here.
//!
//! All of it is about the calling thread and those it starts: it has to come before the first of them.

pub(crate) mod landlock;
pub(crate) mod user;

pub use crate::sandbox::landlock::{AllowedPaths, code};
pub use crate::sandbox::user::{User, is_root, make_dir};

use crate::sandbox::landlock::Confinement;
use rustix::{
    io,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    },
};
use std::fmt;

/// What holds from now on, for the log.
#[derive(Debug)]
pub struct SandboxStatus {
    user: String,
    landlock: Confinement,
}

impl SandboxStatus {
    /// What can still be got at, for the log; none is all that the user may.
    pub fn reach_ref(&self) -> Option<&AllowedPaths> {
        match &self.landlock {
            Confinement::Closed(_, reach) => Some(reach),
            Confinement::Open(_) => None,
        }
    }

    /// What can still be got at; none is all that the user may.
    pub fn reach(self) -> Option<AllowedPaths> {
        match self.landlock {
            Confinement::Closed(_, reach) => Some(reach),
            Confinement::Open(_) => None,
        }
    }
}

impl fmt::Display for SandboxStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "running as {}, without capabilities, new privileges and core dumps; {}",
            self.user, self.landlock
        )
    }
}

/// Becomes the user, if one is named, keeps no capability and no way to another, and leaves no core dump. What is open stays
/// open. None of it can be undone, and children inherit it.
///
/// # Errors
/// A sentence, when the system refuses a part of it.
pub fn become_user(user: Option<&User>) -> Result<(), String> {
    drop_bounding_set().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    if let Some(user) = user {
        user.become_it()?;
    }
    drop_capabilities().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    // Keys are in memory. A core file would have them on disk, and a debugger of the same user would read them.
    let no_dumps = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    no_dumps.map_err(|error| format!("cannot turn core dumps off: {error}"))?;
    set_no_new_privs(true).map_err(|error| format!("cannot refuse new privileges: {error}"))
}

/// Closes the process in where a reach is given; after [`become_user`].
///
/// # Errors
/// A sentence, when the system refuses. That the kernel has no Landlock is none.
pub fn close_in(reach: Option<AllowedPaths>) -> Result<SandboxStatus, String> {
    let landlock = match reach {
        None => Confinement::Open("Landlock is switched off"),
        Some(reach) => reach.close_in().map_err(|error| {
            format!("cannot close itself in with Landlock: {error}; try security.landlock = false")
        })?,
    };
    Ok(SandboxStatus { user: user::present(), landlock })
}

/// Empties the bounding set, which limits what an executed program could get. Without CAP_SETPCAP the set stays as it is; no
/// new privileges come from it, because `no_new_privs` is set.
fn drop_bounding_set() -> io::Result<()> {
    if !capabilities(None)?.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(());
    }
    for capability in CapabilitySet::all() {
        match remove_capability_from_bounding_set(capability) {
            // A capability that this kernel does not know.
            Ok(()) | Err(io::Errno::INVAL) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn drop_capabilities() -> io::Result<()> {
    // The ambient set follows from the others; a kernel before 4.3 has none.
    match clear_ambient_capability_set() {
        Ok(()) | Err(io::Errno::INVAL) => {}
        Err(error) => return Err(error),
    }
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })
}
