//! Privileges that the process gives up once its sockets are open: the user it started as, its capabilities, and access
//! to all files and ports that it does not need. This room knows users and paths, not what they are for.
//!
//! All of it applies to the calling thread and to threads it starts later, so it must come before the first of them.

pub(crate) mod landlock;
pub(crate) mod user;

pub use crate::sandbox::landlock::{AllowedPaths, code};
pub use crate::sandbox::user::{User, is_root, make_dir};

use rustix::{
    io,
    process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit},
    thread::{
        CapabilitySet, CapabilitySets, capabilities, clear_ambient_capability_set,
        remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
    },
};

/// Switches to the user, if one is given, drops all capabilities and ways to gain new ones, and disables core dumps.
/// Open descriptors stay open. None of it can be undone, and children inherit it.
pub fn become_user(user: Option<&User>) -> Result<(), String> {
    drop_bounding_set().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    if let Some(user) = user {
        user.switch()?;
    }
    drop_capabilities().map_err(|error| format!("cannot give up capabilities: {error}"))?;
    // A change of the user sets this anew.
    forbid_core_dumps()?;
    set_no_new_privs(true).map_err(|error| format!("cannot refuse new privileges: {error}"))
}

/// Disables core dumps of this process and its children. Secrets are in memory: a core file would write them to disk,
/// and a debugger of the same user could read them.
pub fn forbid_core_dumps() -> Result<(), String> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        // The limit does not hold for a program that core dumps are piped to.
        .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
        .map_err(|error| format!("cannot turn core dumps off: {error}"))
}

/// Restricts the process with Landlock to `allowed_paths`, if given. Call it after [`become_user`]. Returns the paths
/// and ports that the process can still use; none if only the user's permissions limit it.
///
/// # Errors
/// A sentence, when the system refuses. A kernel without Landlock is not an error.
pub fn restrict(allowed_paths: Option<AllowedPaths>) -> Result<Option<AllowedPaths>, String> {
    let failed =
        |error| format!("cannot restrict the process with Landlock: {error}; try security.landlock = false");
    let (landlock, allowed_paths) = match allowed_paths {
        None => ("Landlock is switched off".to_owned(), None),
        Some(allowed_paths) => match allowed_paths.restrict().map_err(failed)? {
            Some(mechanism) => (mechanism, Some(allowed_paths)),
            None => ("this kernel has no Landlock".to_owned(), None),
        },
    };
    tracing::info!(
        "running as {}, without capabilities, new privileges and core dumps; {landlock}",
        user::present()
    );
    if let Some(allowed_paths) = &allowed_paths {
        tracing::debug!("Landlock: {allowed_paths}");
    }
    Ok(allowed_paths)
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
