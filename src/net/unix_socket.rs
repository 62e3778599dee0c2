//! Unix sockets as files: created on a free path or in place of a stale socket, and removed at the end.

use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs::{self, Metadata, Permissions},
    io,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Listens at this path with this file mode. The kernel queues up to `backlog` connections before they are accepted.
///
/// # Errors
/// `AddrInUse` when another process listens there, `AlreadyExists` when the path is not a socket.
pub(crate) fn bind(path: &Path, mode: u32, backlog: i32) -> io::Result<Socket> {
    let socket = socket()?;
    let address = SockAddr::unix(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            clear(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    // Nobody can connect before `listen`, so nobody gets in by the mode that the socket was created with.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.listen(backlog)?;
    Ok(socket)
}

/// The mode of the file at this path, as in `chmod`.
pub(crate) fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::symlink_metadata(path)?.mode() & 0o7777)
}

fn socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Removes a stale socket and nothing else. A socket that accepts a connection, or whose queue is full, is in use.
fn clear(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path exists and is not a socket"));
    }
    match socket()?.connect(&SockAddr::unix(path)?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        _ => Err(io::ErrorKind::AddrInUse.into()),
    }
}

/// The file of a bound socket. It is removed on drop, unless another file has taken its place.
#[derive(Debug)]
pub struct UnixSocketFile {
    path: PathBuf,
    identity: FileIdentity,
}

/// Device, inode and change time. Inode numbers are reused, times are not.
type FileIdentity = (u64, u64, i64, i64);

impl UnixSocketFile {
    /// The file that is at this path now.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(UnixSocketFile { path: path.to_owned(), identity: identity(&fs::symlink_metadata(path)?) })
    }

    /// Leaves the file to another process.
    pub fn leave(self) {
        std::mem::forget(self);
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixSocketFile {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|now| identity(&now) == self.identity);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, path = %self.path.display(), "cannot remove the socket's file");
        }
    }
}

fn identity(file: &Metadata) -> FileIdentity {
    (file.dev(), file.ino(), file.ctime(), file.ctime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::{fs::symlink, net::UnixStream};

    fn bind(path: &Path, mode: u32) -> io::Result<Socket> {
        crate::net::unix_socket::bind(path, mode, 16)
    }

    fn place() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("e6.sock");
        (dir, path)
    }

    #[test]
    fn a_socket_has_the_mode_it_was_given() {
        let (_dir, path) = place();
        for mode in [0o600, 0o660, 0o666] {
            let _socket = bind(&path, mode).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, mode);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn one_that_was_left_is_replaced_and_one_that_listens_is_not() {
        let (_dir, path) = place();
        drop(bind(&path, 0o660).unwrap());
        let listens = bind(&path, 0o660).unwrap();
        assert_eq!(bind(&path, 0o660).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        drop(listens);
    }

    #[test]
    fn what_is_no_socket_stays() {
        let (dir, path) = place();
        fs::write(&path, "letters").unwrap();
        assert_eq!(bind(&path, 0o660).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "letters");
        let left = dir.path().join("left.sock");
        drop(bind(&left, 0o660).unwrap());
        fs::remove_file(&path).unwrap();
        symlink(&left, &path).unwrap();
        assert_eq!(bind(&path, 0o660).unwrap_err().kind(), io::ErrorKind::AlreadyExists, "nor a link to one");
        fs::create_dir(dir.path().join("dir")).unwrap();
        assert!(bind(&dir.path().join("dir"), 0o660).is_err());
    }

    #[test]
    fn it_is_removed_at_the_end_if_it_is_still_ours() {
        let (_dir, path) = place();
        let ours = bind(&path, 0o660).unwrap();
        let file = UnixSocketFile::at(&path).unwrap();
        drop(ours);
        let theirs = bind(&path, 0o660).unwrap();
        drop(file);
        UnixStream::connect(&path).unwrap();
        let file = UnixSocketFile::at(&path).unwrap();
        drop((file, theirs));
        assert!(!path.exists());
    }
}
