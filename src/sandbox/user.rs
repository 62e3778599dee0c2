//! Users of this machine.

use nix::unistd::{self, Gid, Uid};
use std::{
    ffi::CString,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, chown, lchown},
    path::Path,
};

/// Directories that are made for a user: others have no business there.
const MODE: u32 = 0o750;

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

    /// Makes a directory, with those above it, that belongs to this user. One that is there is left as it is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn own_dir(&self, dir: &Path) -> io::Result<()> {
        if dir.exists() {
            return Ok(());
        }
        // Those above are the machine's: everyone may pass.
        fs::create_dir_all(dir.parent().unwrap_or(dir))?;
        DirBuilder::new().mode(MODE).create(dir)?;
        chown(dir, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
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

/// Who this process is, by name if there is one.
pub(crate) fn present() -> String {
    let uid = Uid::effective();
    match unistd::User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => format!("uid {uid}"),
    }
}
