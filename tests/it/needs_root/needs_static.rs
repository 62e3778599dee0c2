//! The static binary that `deploy/packaging/static` builds: the container image, whose root directory is made by the steps of the
//! Dockerfile and whose program runs as the Dockerfile says, in namespaces instead of a container; and a release, as a
//! stranger tries it.

use crate::{
    needs_root::systemd,
    supply_chain,
    support::{
        server::PATIENCE,
        tools::{self, built, find, output},
    },
};
use std::{
    fs,
    io::Write,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Runs the program as in a container: its own network, processes and file systems, a read-only root with one writable
/// volume, no capabilities. `$1` is the root directory, the rest user and environment. `$ENTER` is the program below.
const CONTAINER: &str = r#"
set -e
ip link set lo up
mount --make-rprivate /
mount --bind "$1" "$1"
mount --bind "$1/var/lib/e6" "$1/var/lib/e6"
mount -o remount,bind,ro "$1"
exec python3 -c "$ENTER" "$@"
"#;

/// Becomes the user without capabilities in the root directory, and executes the program there.
const ENTER: &str = r#"
import ctypes, os, sys
prctl = ctypes.CDLL(None).prctl
root, (user, group) = sys.argv[1], map(int, sys.argv[2].split(":"))
os.chroot(root)
os.chdir("/")
for capability in range(64):
    prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP
os.setgroups([])
os.setgid(group)
os.setuid(user)
prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
os.execve("/usr/bin/e6", ["/usr/bin/e6"], dict(pair.split("=", 1) for pair in sys.argv[3:]))
"#;

fn dockerfile() -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile")).unwrap();
    text.replace("\\\n", " ")
}

/// The arguments of an instruction of the final stage.
fn instruction(name: &str) -> String {
    let text = dockerfile();
    let stage = text.split("\nFROM ").last().unwrap();
    let line = stage.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}: {stage}")).to_owned()
}

fn static_binary() -> PathBuf {
    let binary = built(&format!("{}-unknown-linux-musl/release/e6", std::env::consts::ARCH));
    assert!(
        binary.is_file(),
        "{} is missing: deploy/packaging/static, or let .ci/run do it",
        binary.display()
    );
    binary
}

struct Container {
    unshare: Child,
    root: TempDir,
}

impl Container {
    fn run() -> Self {
        let root = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/packaging/rootfs");
        output(Command::new(script).arg(static_binary()).arg(root.path()));
        let log = fs::File::create(root.path().with_extension("log")).unwrap();
        let environment = instruction("ENV");
        let unshare = Command::new(find("unshare"))
            .args(["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child"])
            .args(["bash", "-c", CONTAINER, "container"])
            .env("ENTER", ENTER)
            .arg(root.path())
            .arg(instruction("USER"))
            .args(environment.split_whitespace())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Container { unshare, root }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.root.path().with_extension("log")).unwrap()
    }

    /// The first process in the container.
    fn init(&self) -> Option<u32> {
        let id = self.unshare.id();
        fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.trim().parse().ok()
    }

    /// Runs a program of the host in the container's network.
    fn beside(&self, program: &[&str]) -> Output {
        let init = self.init().unwrap().to_string();
        Command::new(find("nsenter")).args(["-t", &init, "-n"]).args(program).output().unwrap()
    }

    /// Runs the health check as the engine would.
    fn is_healthy(&self) -> bool {
        let Some(init) = self.init() else { return false };
        let check = instruction("HEALTHCHECK");
        let command: Vec<String> = serde_json::from_str(check.split_once("CMD ").unwrap().1).unwrap();
        let environment = instruction("ENV");
        let enter = ["-t", &init.to_string(), "-n", "-m", "-p"];
        let checked = Command::new(find("nsenter"))
            .args(enter)
            .args(["env", "-i"])
            .args(environment.split_whitespace())
            .args(["/usr/sbin/chroot", &format!("--userspec={}", instruction("USER"))])
            .arg(self.root.path())
            .args(command)
            .output()
            .unwrap();
        checked.status.success()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
        let _ = fs::remove_file(self.root.path().with_extension("log"));
    }
}

#[test]
#[ignore = "needs root and the static binary"]
fn the_image_is_one_static_binary_that_serves_as_nobody_with_a_read_only_root() {
    let container = Container::run();
    let deadline = Instant::now() + PATIENCE;
    while !container.is_healthy() {
        assert!(Instant::now() < deadline, "{}", container.log());
        thread::sleep(Duration::from_millis(200));
    }
    let page = container.beside(&["curl", "-s", "-m", "10", "http://127.0.0.1:8080/"]);
    let page = String::from_utf8(page.stdout).unwrap();
    assert!(page.starts_with("Does Tatis Jr. have an error today?"), "{page} {}", container.log());
    let over_tls = ["curl", "-sk", "-m", "10", "-w", "%{http_version}", "-o", "/dev/null"];
    let over_tls = container.beside(&[&over_tls[..], &["https://127.0.0.1:8443/healthz"]].concat());
    assert_eq!(String::from_utf8(over_tls.stdout).unwrap(), "2", "{}", container.log());

    let init = container.init().unwrap();
    let status = fs::read_to_string(format!("/proc/{init}/status")).unwrap();
    for line in ["Uid:\t65532\t65532\t65532\t65532", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"] {
        assert!(status.contains(line), "{line}: {status}");
    }
    let root = fs::read_to_string(format!("/proc/{init}/mountinfo")).unwrap();
    let at =
        |place: &str| root.lines().find(|line| line.split(' ').nth(4) == Some(place)).unwrap().to_owned();
    assert!(at("/").split(' ').nth(5).unwrap().starts_with("ro"), "{root}");
    assert!(at(&instruction("VOLUME")).split(' ').nth(5).unwrap().starts_with("rw"), "{root}");
    // Only the volume was written to, by that user.
    let volume = container.root.path().join("var/lib/e6");
    let files: Vec<_> = fs::read_dir(&volume).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() > 2 && files.iter().all(|file| file.metadata().unwrap().uid() == 65532), "{files:?}");
}

#[test]
#[ignore = "needs root and the static binary"]
fn the_image_has_no_file_but_the_binary_and_its_user() {
    let root = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/packaging/rootfs");
    output(Command::new(script).arg(static_binary()).arg(root.path()));
    let found = output(Command::new("find").arg(root.path()).args(["-type", "f", "-printf", "%P\\n"]));
    let mut files: Vec<_> = found.lines().collect();
    files.sort_unstable();
    assert_eq!(files, ["etc/group", "etc/passwd", "usr/bin/e6"]);
    assert!(dockerfile().contains("\nFROM scratch\n") && instruction("USER") == "65532:65532");
}

/// The crates that the binary says it is made of, as `cargo audit bin` and scanners of images read them.
#[test]
#[ignore = "needs root and the static binary"]
fn the_static_binary_is_hardened_needs_no_library_and_names_its_dependencies() {
    let binary = static_binary();
    let headers = output(Command::new(find("readelf")).args(["--program-headers", "--dynamic"]).arg(&binary));
    assert!(!headers.contains("INTERP") && !headers.contains("(NEEDED)"), "{headers}");
    supply_chain::assert_hardened(&binary);
    let dir = tempfile::tempdir().unwrap();
    let section = dir.path().join("dependencies");
    let dump = format!(".dep-v0={}", section.display());
    output(
        Command::new(find("objcopy"))
            .args(["--dump-section", &dump])
            .arg(&binary)
            .arg(dir.path().join("copy")),
    );
    let mut python = Command::new("python3")
        .args(["-c", "import sys, zlib; sys.stdout.buffer.write(zlib.decompress(sys.stdin.buffer.read()))"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(&fs::read(section).unwrap()).unwrap();
    let bill: serde_json::Value = serde_json::from_slice(&python.wait_with_output().unwrap().stdout).unwrap();
    let packages = bill["packages"].as_array().unwrap();
    let locked = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    for name in ["e6", "rustls", "hyper", "h2", "aws-lc-sys"] {
        let package = packages.iter().find(|package| package["name"] == name).unwrap();
        let version = package["version"].as_str().unwrap();
        assert!(locked.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")), "{name} {version}");
    }
}

/// clap checks the names of arguments in debug builds only, so the released program is tried, too.
#[test]
#[ignore = "needs root and the static binary"]
fn every_command_of_the_static_binary_reads_its_flags() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, code) in [
        (&["reload", "--pid-file", "none"][..], 1),
        (&["upgrade", "--pid-file", "none"], 1),
        (&["rollback", "--pid-file", "none"], 1),
        (&["health", "--http", "127.0.0.1:9"], 1),
        (&["notify", "--test"], 2),
        (&["init", "example.org", "you@example.org"], 0),
        (&["check", "--offline", "--http", "127.0.0.1:0", "--https", "off", "--admin", "off"], 0),
        (&["limits", "--limit", "drain=10"], 0),
        (&["settings"], 0),
        (&["routes"], 0),
        (&["completions", "bash"], 0),
        (&["man", "--dir", "man"], 0),
        (&["render", "."], 0),
    ] {
        let mut command = Command::new(static_binary());
        let ran = command.args(arguments).current_dir(dir.path()).env("HOME", dir.path()).output().unwrap();
        assert_eq!(ran.status.code(), Some(code), "{arguments:?} {}", String::from_utf8_lossy(&ran.stderr));
        // The settings that it wrote would need a certificate.
        let _ = fs::remove_file(dir.path().join("e6.toml"));
    }
}

/// The commands of the README, on a bare Debian, until the page comes.
#[test]
#[ignore = "needs root, debootstrap, cargo-deb and the static binary"]
fn a_stranger_gets_the_page_with_the_commands_of_the_readme() {
    let dir = tempfile::tempdir().unwrap();
    tools::pack(&static_binary(), dir.path());
    let files = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let mut archives = files.filter(|file| file.extension().is_some_and(|extension| extension == "gz"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stranger");
    let played = output(Command::new(script).arg(archives.next().unwrap()).arg(systemd::debian()));
    for page in ["page at http://localhost:8080/ after ", "page at https://example.org/ after "] {
        let (_, rest) = played.split_once(page).unwrap_or_else(|| panic!("{played}"));
        let milliseconds: u64 = rest.split(' ').next().unwrap().parse().unwrap();
        assert!(milliseconds < 120_000, "{played}");
    }
    println!("{played}");
}
