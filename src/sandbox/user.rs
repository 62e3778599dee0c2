//! Users of this machine.

use nix::unistd::{self, Gid, Uid};
use std::{
    ffi::CString,
    fs::{self, DirBuilder, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, chown, lchown},
    path::Path,
};

/// The mode of a directory that is made for a user: no access for others.
const MODE: u32 = 0o750;
/// The mode of the directories above it.
const PASSABLE: u32 = 0o755;

/// A user of this machine, with its groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

pub fn is_root() -> bool {
    Uid::effective().is_root()
}

impl User {
    /// Looks a user up by name; none if there is no such user.
    pub fn named(name: &str) -> io::Result<Option<Self>> {
        let Some(user) = unistd::User::from_name(name)? else { return Ok(None) };
        let groups = unistd::getgrouplist(&CString::new(name)?, user.gid)?;
        Ok(Some(User { name: name.to_owned(), uid: user.uid, gid: user.gid, groups }))
    }

    /// Whether this process runs as this user.
    pub fn is_present(&self) -> bool {
        unistd::getresuid().is_ok_and(|now| [now.real, now.effective, now.saved] == [self.uid; 3])
    }

    /// Makes this user the owner of a file.
    pub fn own_file(&self, file: &Path) -> io::Result<()> {
        lchown(file, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
    }

    /// Switches the process to this user. Groups come first: after the change of user they can no longer be set.
    pub(crate) fn switch(&self) -> Result<(), String> {
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

/// Makes a directory and its missing parents. The directory itself is given to the owner, if one is named. An existing
/// directory is left as it is.
pub fn make_dir(dir: &Path, owner: Option<&User>) -> io::Result<()> {
    let missing: Vec<_> =
        dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()).collect();
    let Some((last, above)) = missing.split_first() else { return Ok(()) };
    for dir in above.iter().rev() {
        DirBuilder::new().create(dir)?;
        if owner.is_some() {
            // The owner must be able to enter it with any umask.
            fs::set_permissions(dir, Permissions::from_mode(PASSABLE))?;
        }
    }
    DirBuilder::new().mode(MODE).create(last)?;
    owner.map_or(Ok(()), |owner| chown(last, Some(owner.uid.as_raw()), Some(owner.gid.as_raw())))
}

/// The user that this process runs as: the name, or the uid if it has none.
pub(crate) fn present() -> String {
    let uid = Uid::effective();
    match unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => format!("uid {uid}"),
    }
}
