//! Privileges that the process gives up once its sockets are open: the user it started as, its capabilities, and access
//! to all files and ports that it does not need. This room knows users and paths, not what they are for.
//!
//! All of it applies to the calling thread and to threads it starts later, so it must come before the first of them.

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

/// The restrictions in force, for the log.
#[derive(Debug)]
pub struct SandboxStatus {
    user: String,
    landlock: Confinement,
}

impl SandboxStatus {
    /// The paths and ports that the process can still use; none if only the user's permissions limit it.
    pub fn reach_ref(&self) -> Option<&AllowedPaths> {
        match &self.landlock {
            Confinement::Closed(_, allowed_paths) => Some(allowed_paths),
            Confinement::Open(_) => None,
        }
    }

    /// The same as [`Self::reach_ref`], by value.
    pub fn allowed_paths(self) -> Option<AllowedPaths> {
        match self.landlock {
            Confinement::Closed(_, allowed_paths) => Some(allowed_paths),
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

/// Switches to the user, if one is given, drops all capabilities and ways to gain new ones, and disables core dumps.
/// Open descriptors stay open. None of it can be undone, and children inherit it.
pub fn become_user(user: Option<&User>) -> Result<(), String> {
    drop_bounding_set().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    if let Some(user) = user {
        user.switch()?;
    }
    drop_capabilities().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    // Private keys are in memory: a core file would write them to disk, and a debugger of the same user could read
    // them.
    let no_dumps = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable));
    no_dumps.map_err(|error| format!("cannot turn core dumps off: {error}"))?;
    set_no_new_privs(true).map_err(|error| format!("cannot refuse new privileges: {error}"))
}

/// Restricts the process with Landlock to `allowed_paths`, if given. Call it after [`become_user`].
///
/// # Errors
/// A sentence, when the system refuses. A kernel without Landlock is not an error.
pub fn close_in(allowed_paths: Option<AllowedPaths>) -> Result<SandboxStatus, String> {
    let landlock = match allowed_paths {
        None => Confinement::Open("Landlock is switched off"),
        Some(allowed_paths) => allowed_paths.close_in().map_err(|error| {
            format!("cannot restrict the process with Landlock: {error}; try security.landlock = false")
        })?,
    };
    Ok(SandboxStatus { user: user::present(), landlock })
}

/// Empties the capability bounding set, which limits what an executed program can gain. Without CAP_SETPCAP the set
/// stays as it is; it grants no new privileges, because `no_new_privs` is set.
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
