//! Users of this machine.

use nix::unistd::{self, Gid, Uid};
use std::{
    ffi::CString,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown, lchown},
    path::Path,
};

/// Directories that are made for a user: others have no business there.
const MODE: u32 = 0o750;
/// Directories above them.
const PASSABLE: u32 = 0o755;

/// A user that the machine knows, with its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// As it is typed.
    pub name: String,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    Uid::effective().is_root()
}

impl User {
    /// Looks a user up; none is known by this name.
    ///
    /// # Errors
    /// When the machine's list of users cannot be read.
    pub fn named(name: &str) -> io::Result<Option<Self>> {
        let Some(user) = unistd::User::from_name(name)? else { return Ok(None) };
        let groups = unistd::getgrouplist(&CString::new(name)?, user.gid)?;
        Ok(Some(User { name: name.to_owned(), uid: user.uid, gid: user.gid, groups }))
    }

    /// Whether this process is that user.
    pub fn is_present(&self) -> bool {
        unistd::getresuid().is_ok_and(|now| [now.real, now.effective, now.saved] == [self.uid; 3])
    }

    /// Gives a file to this user.
    ///
    /// # Errors
    /// When it cannot be given.
    pub fn own_file(&self, file: &Path) -> io::Result<()> {
        lchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Groups first: who has changed the user may no longer change them.
    pub(crate) fn become_it(&self) -> Result<(), String> {
        if self.is_present() {
            return Ok(());
        }
        if !is_root() {
            return Err(format!(
                "only root can become {}: start as root, or as {0} without --user",
                self.name
            ));
        }
        unistd::setgroups(&self.groups)
            .and_then(|()| unistd::setresgid(self.gid, self.gid, self.gid))
            .and_then(|()| unistd::setresuid(self.uid, self.uid, self.uid))
            .map_err(|error| format!("cannot become {}: {error}", self.name))
    }
}

/// Makes a directory with those above it, and gives it to its owner if one is named. One that is there is left as it is.
///
/// # Errors
/// When one of them cannot be made or given.
pub fn make_dir(dir: &Path, owner: Option<&User>) -> io::Result<()> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()).collect();
    let Some((last, above)) = missing.split_first() else { return Ok(()) };
    for dir in above.iter().rev() {
        DirBuilder::new().create(dir)?;
        if owner.is_some() {
            // The owner has to pass, whatever the umask says.
            fs::set_permissions(dir, Permissions::from_mode(PASSABLE))?;
        }
    }
    DirBuilder::new().mode(MODE).create(last)?;
    owner.map_or(Ok(()), |owner| chown(last, Some(owner.uid.as_raw()), Some(owner.gid.as_raw())))
}

/// Who this process is, by name if there is one.
pub(crate) fn present() -> String {
    let uid = Uid::effective();
    match unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => format!("uid {uid}"),
    }
}
