//! Landlock: the kernel restricts a process to the files and ports that it names
//! (docs.kernel.org/userspace-api/landlock.html).
//!
//! A rule applies to a directory or file itself, not to its name: entries beneath a directory may come and go, but a
//! directory or file that is replaced loses its rule. Rules therefore name the directory around a file that gets
//! replaced.

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, RestrictSelfError,
    RestrictionStatus, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, Scope, make_bitflags,
    path_beneath_rules,
};
use nix::errno::Errno;
use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

/// The newest ABI that this was tested with. Rights that the kernel lacks are left out; newer rights are not
/// restricted.
const KNOWN: ABI = ABI::V7;
const READ: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
/// Rights on regular files and directories; no other kind of file is created.
const WRITE: BitFlags<AccessFs> = make_bitflags!(AccessFs::{
    ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir
});

/// The paths and ports that a process can still use. Missing paths are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedPaths {
    /// Paths to read, with everything beneath.
    pub read: BTreeSet<PathBuf>,
    /// Paths to read and write, with everything beneath.
    pub write: BTreeSet<PathBuf>,
    /// Paths to read and execute, with everything beneath.
    pub execute: BTreeSet<PathBuf>,
    /// TCP ports to connect to; listening on new ports is not allowed.
    pub connect: BTreeSet<u16>,
}

impl AllowedPaths {
    /// Restricts the calling thread to these paths and ports. Returns the mechanism; none if the kernel has none.
    pub(crate) fn restrict(&self) -> Result<Option<String>, RulesetError> {
        match self.enforce() {
            Ok(RestrictionStatus {
                landlock: LandlockStatus::Available { effective_abi, kernel_abi, .. },
                ..
            }) => {
                let abi = kernel_abi.unwrap_or(effective_abi as i32);
                Ok(Some(format!("Landlock ABI {abi}")))
            }
            Ok(_) => Ok(None),
            // The kernel stacks at most 16 rulesets. After that many upgrades, the rulesets of the previous processes
            // still apply.
            Err(RulesetError::RestrictSelf(RestrictSelfError::RestrictSelfCall { source, .. }))
                if source.raw_os_error() == Some(Errno::E2BIG as i32) =>
            {
                Ok(Some("the Landlock of those before it".into()))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether a file or directory can be read.
    pub fn reads(&self, path: &Path) -> bool {
        [&self.read, &self.write, &self.execute].into_iter().any(|allowed| is_beneath(path, allowed))
    }

    /// Whether a file or directory can be written.
    pub fn writes(&self, path: &Path) -> bool {
        is_beneath(path, &self.write)
    }

    fn enforce(&self) -> Result<RestrictionStatus, RulesetError> {
        let ports = self.connect.iter().map(|port| Ok(NetPort::new(*port, AccessNet::ConnectTcp)));
        Ruleset::default()
            .handle_access(AccessFs::from_all(KNOWN))?
            .handle_access(AccessNet::from_all(KNOWN))?
            // No signals to processes outside this Landlock domain.
            .scope(Scope::Signal)?
            .create()?
            .add_rules(path_beneath_rules(&self.read, READ))?
            .add_rules(path_beneath_rules(&self.write, WRITE))?
            .add_rules(path_beneath_rules(&self.execute, READ | AccessFs::Execute))?
            .add_rules(ports.collect::<Vec<Result<_, RulesetError>>>())?
            .restrict_self()
    }
}

/// Whether a path is beneath an allowed one. Symbolic links are followed if their target exists.
fn is_beneath(path: &Path, allowed: &BTreeSet<PathBuf>) -> bool {
    let real = |path: &Path| fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let Ok(path) = real(path) else { return false };
    allowed.iter().filter_map(|dir| real(dir).ok()).any(|dir| path.starts_with(dir))
}

/// The directories of this process's code, of its loader and of its libraries: a successor is likely to need them.
pub fn code() -> BTreeSet<PathBuf> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mapped = |line: &str| {
        let executable = line.split(' ').nth(1)?.contains('x');
        let path = PathBuf::from(line.get(line.find('/')?..)?);
        executable.then(|| path.parent().map(PathBuf::from))?
    };
    maps.lines().filter_map(mapped).collect()
}

impl fmt::Display for AllowedPaths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = |paths: &BTreeSet<PathBuf>| {
            let there = paths.iter().filter(|path| path.exists());
            there.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        let ports: Vec<_> = self.connect.iter().map(u16::to_string).collect();
        let (read, write, execute) = (paths(&self.read), paths(&self.write), paths(&self.execute));
        write!(f, "reads {read}, writes {write}, executes {execute}, connects to ports {}", ports.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::thread::set_no_new_privs;
    use std::{
        io::{self, ErrorKind},
        net::{TcpListener, TcpStream},
        process::Command,
        thread,
    };

    fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
        result.err().map(|error| error.kind())
    }

    /// Tests that need a kernel with Landlock: ignored by name, run by `.ci/run` where the kernel has it.
    mod needs_landlock {
        use super::*;

        /// Only the spawned thread is restricted.
        #[test]
        #[ignore = "needs Landlock"]
        fn what_is_out_of_reach_cannot_be_read_written_executed_or_connected_to() {
            let [inside, outside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
            let [known, strange] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
            let [known, strange] =
                [known, strange].map(|listener| (listener.local_addr().unwrap(), listener));
            fs::write(outside.path().join("secret"), "key").unwrap();
            let allowed_paths = AllowedPaths {
                read: ["/proc".into()].into(),
                write: [inside.path().to_owned()].into(),
                execute: BTreeSet::new(),
                connect: [known.0.port()].into(),
            };
            let done = thread::scope(|scope| {
                let confined = scope.spawn(|| {
                    set_no_new_privs(true).unwrap();
                    let said = allowed_paths.restrict().unwrap().unwrap();
                    assert!(said.contains("Landlock ABI"), "{said}");
                    let denied = Some(ErrorKind::PermissionDenied);
                    assert_eq!(kind(fs::write(inside.path().join("state"), "1")), None);
                    assert_eq!(
                        kind(fs::rename(inside.path().join("state"), inside.path().join("kept"))),
                        None
                    );
                    assert_eq!(kind(fs::read("/proc/self/status")), None);
                    assert_eq!(kind(fs::read(outside.path().join("secret"))), denied);
                    assert_eq!(kind(fs::write(outside.path().join("more"), "1")), denied);
                    assert_eq!(kind(fs::write("/proc/self/comm", "other")), denied);
                    assert_eq!(kind(Command::new("/bin/true").spawn()), denied);
                    // Since ABI 4.
                    if !["ABI 1", "ABI 2", "ABI 3"].iter().any(|old| said.ends_with(old)) {
                        assert_eq!(kind(TcpStream::connect(known.0)), None);
                        assert_eq!(kind(TcpStream::connect(strange.0)), denied);
                        assert_eq!(kind(TcpListener::bind("127.0.0.1:0")), denied);
                    }
                });
                confined.join()
            });
            assert!(done.is_ok());
            assert_eq!(kind(fs::read(outside.path().join("secret"))), None);
        }
    }

    #[test]
    fn what_is_beneath_is_in_reach_also_by_a_link() {
        let [inside, outside] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let (link, gone) = (inside.path().join("link"), inside.path().join("a/b"));
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let allowed_paths = AllowedPaths {
            read: [inside.path().to_owned()].into(),
            write: [gone.clone()].into(),
            ..AllowedPaths::default()
        };
        assert!(
            allowed_paths.reads(inside.path())
                && allowed_paths.reads(&gone.join("c"))
                && allowed_paths.writes(&gone)
        );
        assert!(
            !allowed_paths.reads(outside.path())
                && !allowed_paths.reads(&link)
                && !allowed_paths.writes(inside.path())
        );
    }

    #[test]
    fn the_code_of_this_process_is_found() {
        let here = std::env::current_exe().unwrap();
        assert!(code().contains(here.parent().unwrap()), "{:?}", code());
    }
}
