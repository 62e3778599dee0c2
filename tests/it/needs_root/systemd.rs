//! The Debian package, with the units as shipped, under a real systemd that is booted in namespaces. Needs root,
//! debootstrap and cargo-deb. The root file system is downloaded once and kept in the target directory.

use crate::support::{
    server::PATIENCE,
    tools::{self, built, find, output},
};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Packages on the machine, besides debootstrap's minimal set.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,procps,curl,iproute2";

/// Changes to the shipped unit, to save time: a shorter watchdog, and no limit on restarts.
const DROP_IN: &str = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nWatchdogSec=8\n";
/// The package, in the machine.
const PACKAGE: &str = "/e6.deb";

/// Boots systemd as the first process of new namespaces. `$1` is the root directory.
const BOOT: &str = r#"
set -e
mount --make-rprivate /
mount --bind "$1" "$1"; cd "$1"
mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mkdir -p dev/pts dev/shm dev/mqueue dev/hugepages; ln -sf /proc/self/fd dev/fd; ln -sf pts/ptmx dev/ptmx
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t cgroup2 cgroup2 sys/fs/cgroup
ip link set lo up
mkdir -p old; pivot_root . old; umount -l /old
exec env -i container=nspawn PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=multi-user.target --log-target=console --show-status=no
"#;

/// A booted machine; dropping it kills the machine.
struct Machine {
    unshare: Child,
    root: PathBuf,
    /// systemd's pid on the host.
    init: u32,
}

impl Machine {
    fn boot() -> Self {
        let root = debian();
        prepare(&root);
        let unshare = Command::new("unshare")
            .args(["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"])
            .args(["bash", "-c", BOOT, "boot"])
            .arg(&root)
            .stdin(Stdio::null())
            .stdout(fs::File::create(root.with_extension("log")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut machine = Machine { init: 0, unshare, root };
        machine.init = machine.wait_for("started", |machine| {
            let id = machine.unshare.id();
            fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?.trim().parse().ok()
        });
        machine.wait_for("booted", |machine| {
            let target = machine.run(&["systemctl", "is-active", "multi-user.target"]);
            target.status.success().then_some(())
        });
        machine
    }

    fn run(&self, command: &[&str]) -> Output {
        let enter = ["-t", &self.init.to_string(), "-p", "-m", "-u", "-i", "-n", "-C", "-r", "-w"];
        Command::new("timeout").arg("30").arg("nsenter").args(enter).args(command).output().unwrap()
    }

    /// Whether a command succeeds.
    fn does(&self, command: &str) -> bool {
        self.run(&command.split(' ').collect::<Vec<_>>()).status.success()
    }

    /// Fetches this URL with curl. Returns the status and the HTTP version.
    fn curl(&self, url: &str) -> String {
        let arguments =
            ["curl", "-sk", "-m", "20", "-o", "/dev/null", "-w", "%{http_code} %{http_version}", url];
        String::from_utf8(self.run(&arguments).stdout).unwrap()
    }

    /// A property of the service.
    fn property(&self, name: &str) -> String {
        let shown = self.run(&["systemctl", "show", "e6", "--value", "-p", name]);
        String::from_utf8(shown.stdout).unwrap().trim().to_owned()
    }

    fn journal(&self) -> String {
        let said = self.run(&["journalctl", "--no-pager", "-o", "cat"]);
        String::from_utf8_lossy(&said.stdout).into_owned()
    }

    fn wait_for<T>(&self, what: &str, is_so: impl Fn(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + 2 * PATIENCE;
        loop {
            if let Some(found) = is_so(self) {
                return found;
            }
            let console = || fs::read_to_string(self.root.with_extension("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "not {what}: {}{}", console(), self.journal());
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Installs the package, or upgrades it to itself.
    fn install(&self) {
        let installed = self.run(&["dpkg", "--install", PACKAGE]);
        assert!(installed.status.success(), "{installed:?} {}", self.journal());
    }

    fn start(&self) {
        assert!(self.does("systemctl start e6"), "{}", self.journal());
        assert_eq!(self.property("ActiveState"), "active");
    }

    /// Upgrades the service, and asserts that systemd supervises the new process as its own child.
    fn upgrade(&self) {
        let before = self.property("MainPID");
        let upgraded = self.run(&["e6", "upgrade", "--pid-file", "/run/e6/e6.pid"]);
        assert!(upgraded.status.success(), "{upgraded:?} {}", self.journal());
        let after = self.wait_for("supervised", |machine| {
            Some(machine.property("MainPID")).filter(|after| *after != before)
        });
        let status = self.run(&["cat", &format!("/proc/{after}/status")]).stdout;
        assert!(String::from_utf8(status).unwrap().contains("PPid:\t1\n"), "it is not systemd's child");
        assert_eq!(self.curl("http://localhost:8080/healthz"), "200 1.1");
        let said = self.journal();
        assert!(!said.contains("which is not our child"), "{said}");
        self.wait_for("the old one ended", |machine| {
            (!machine.does(&format!("test -e /proc/{before}"))).then_some(())
        });
        assert_eq!(self.property("ActiveState"), "active");
    }

    /// Sends this signal, and waits until systemd has restarted the service.
    fn comes_back_after(&self, what: &str, signal: &str) {
        let restarts: u32 = self.property("NRestarts").parse().unwrap();
        assert!(self.does(&format!("kill -{signal} {}", self.property("MainPID"))));
        self.wait_for(&format!("started again after {what}"), |machine| {
            let again = machine.property("NRestarts") == (restarts + 1).to_string();
            (again && machine.property("ActiveState") == "active").then_some(())
        });
        assert_eq!(self.curl("http://localhost:8080/healthz"), "200 1.1");
    }

    /// Stops the service, and asserts that it drained and exited by itself.
    fn stop(&self) {
        assert!(self.does("systemctl stop e6"));
        let ended = (self.property("Result"), self.property("ActiveState"));
        assert_eq!(ended, ("success".into(), "inactive".into()), "{}", self.journal());
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // systemd dies with `unshare`, and all other processes with systemd.
        let _ = self.unshare.kill();
        let _ = self.unshare.wait();
    }
}

/// The root file system; files of a failed download are not used.
pub fn debian() -> PathBuf {
    let (root, begun) = (built("systemd-root"), built("systemd-root.begun"));
    if begun.exists() || !root.join("lib/systemd/systemd").exists() {
        let _ = fs::remove_dir_all(&root);
        fs::write(&begun, "").unwrap();
        let include = format!("--include={PACKAGES}");
        output(
            Command::new(find("debootstrap")).args(["--variant=minbase", &include, &release()]).arg(&root),
        );
        fs::remove_file(&begun).unwrap();
    }
    root
}

/// The host's release of Debian or Ubuntu, because the binary is linked with its C library.
fn release() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap();
    let name = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    name.unwrap_or_else(|| panic!("no VERSION_CODENAME in /etc/os-release: {text}")).to_owned()
}

/// Removes what an earlier run installed, and adds the package.
fn prepare(root: &Path) {
    if root.join("var/lib/dpkg/info/e6.list").exists() {
        output(Command::new("chroot").arg(root).args(["dpkg", "--purge", "e6"]));
    }
    for left in ["var/lib/private/e6", "var/lib/e6", "etc/e6", "var/log/journal"] {
        let _ = fs::remove_dir_all(root.join(left));
    }
    let drop_ins = root.join("etc/systemd/system/e6.service.d");
    fs::create_dir_all(&drop_ins).unwrap();
    fs::write(drop_ins.join("test.conf"), DROP_IN).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let package = tools::package(dir.path());
    fs::copy(package, root.join(PACKAGE.trim_start_matches('/'))).unwrap();
}

fn configure(root: &Path, more: &str) {
    fs::write(root.join("etc/e6/e6.toml"), format!("[log]\nlevel = \"info\"\n{more}")).unwrap();
}

#[test]
#[ignore = "needs root, debootstrap, cargo-deb and aioquic"]
fn the_package_is_installed_supervised_upgraded_and_removed() {
    let machine = Machine::boot();
    is_installed_and_started(&machine);
    reloads(&machine);
    keeps_its_state(&machine);

    machine.upgrade();
    assert_eq!(machine.property("NRestarts"), "0");
    assert!(machine.does("systemctl reload e6"), "{}", machine.journal());
    machine.upgrade();
    machine.stop();

    machine.start();
    machine.upgrade();
    machine.comes_back_after("a crash", "KILL");
    machine.upgrade();
    machine.comes_back_after("a hang, by the watchdog", "STOP");

    the_package_is_upgraded_without_a_stop(&machine);
    machine.stop();
    sockets_start_it(&machine);
    is_removed(&machine);
}

fn is_installed_and_started(machine: &Machine) {
    machine.install();
    assert_eq!(machine.property("ActiveState"), "active", "{}", machine.journal());
    assert_eq!(machine.property("UnitFileState"), "enabled");
    assert_eq!(machine.property("PrivateDevices"), "yes");
    assert_eq!(machine.curl("http://localhost:8080/"), "200 1.1");
    assert!(machine.does("getent passwd e6") && machine.does("test -e /usr/share/man/man1/e6-upgrade.1.gz"));
    let main = machine.property("MainPID");
    let owner = machine.run(&["stat", "-c", "%U", &format!("/proc/{main}")]).stdout;
    assert_eq!(String::from_utf8(owner).unwrap().trim(), "e6");
    let devices = machine.run(&["ls", &format!("/proc/{main}/root/dev")]).stdout;
    let devices = String::from_utf8(devices).unwrap();
    assert!(devices.contains("null") && !devices.contains("kmsg") && !devices.contains("mem"), "{devices}");
    // systemd-analyze takes tenths: 1.5 of 10.
    let rated = machine.run(&["systemd-analyze", "security", "--no-pager", "--threshold=15", "e6"]);
    assert!(rated.status.success(), "{}", String::from_utf8_lossy(&rated.stdout));
}

fn reloads(machine: &Machine) {
    configure(&machine.root, "");
    let main = machine.property("MainPID");
    assert!(machine.does("systemctl reload e6"), "{}", machine.journal());
    assert_eq!(machine.property("MainPID"), main);
    configure(&machine.root, "bad = [");
    assert!(!machine.does("systemctl reload e6"), "a reload of a wrong configuration fails");
    assert_eq!((machine.property("ActiveState"), machine.property("MainPID")), ("active".into(), main));
    configure(&machine.root, "");
}

/// The key that the first start made survives a restart, with its owner.
fn keeps_its_state(machine: &Machine) {
    let key = machine.root.join("var/lib/private/e6/certs/key.pem");
    let state = || {
        let meta = fs::metadata(&key).unwrap();
        (fs::read(&key).unwrap(), meta.uid(), meta.mode() & 0o777)
    };
    let before = machine.wait_for("made", |_| key.exists().then(state));
    assert_eq!(before.2, 0o600);
    let main = machine.property("MainPID");
    assert!(machine.does("systemctl restart e6"), "{}", machine.journal());
    assert_ne!(machine.property("MainPID"), main);
    assert!(state() == before);
}

fn the_package_is_upgraded_without_a_stop(machine: &Machine) {
    let (main, restarts) = (machine.property("MainPID"), machine.property("NRestarts"));
    machine.install();
    let after = machine
        .wait_for("supervised", |machine| Some(machine.property("MainPID")).filter(|after| *after != main));
    assert_eq!((machine.property("ActiveState"), machine.property("NRestarts")), ("active".into(), restarts));
    assert_eq!(machine.curl("http://localhost:8080/healthz"), "200 1.1");
    assert!(machine.does("e6 rollback --pid-file /run/e6/e6.pid"), "{}", machine.journal());
    machine.wait_for("rolled back", |machine| (machine.property("MainPID") != after).then_some(()));
    assert_eq!(machine.curl("http://localhost:8080/healthz"), "200 1.1");
}

fn sockets_start_it(machine: &Machine) {
    configure(&machine.root, "[listen]\nhttp3 = \"on\"\n");
    for socket in ["e6-http.socket", "e6-https.socket", "e6-http3.socket"] {
        assert!(machine.does(&format!("systemctl start {socket}")), "{}", machine.journal());
    }
    assert_eq!(machine.property("ActiveState"), "inactive", "only a connection starts it");
    assert_eq!(machine.curl("http://localhost/"), "200 1.1");
    assert_eq!(machine.curl("https://localhost/"), "200 2");
    http3(machine);
    // A datagram starts it as well as a connection.
    assert!(machine.does("systemctl stop e6"), "{}", machine.journal());
    assert_eq!(machine.property("ActiveState"), "inactive");
    http3(machine);
    assert_eq!(machine.property("ActiveState"), "active");
}

/// Sends requests over HTTP/3. The machine has no client for it, so the host's is run in its network.
fn http3(machine: &Machine) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http3.py");
    let mut client = Command::new(find("nsenter"));
    client.args(["-t", &machine.init.to_string(), "-n"]).arg(tools::python_with("aioquic"));
    output(client.arg(script).args(["semantics", "443"]));
}

fn is_removed(machine: &Machine) {
    let is_there = |path: &str| machine.does(&format!("test -e {path}"));
    assert!(machine.does("dpkg --remove e6"), "{}", machine.journal());
    assert_eq!(machine.curl("http://localhost/"), "000 0", "nothing listens");
    assert!(is_there("/etc/e6/e6.toml") && is_there("/var/lib/private/e6"));
    assert!(!is_there("/usr/bin/e6") && !is_there("/usr/bin/e6.before"));
    assert!(machine.does("dpkg --purge e6"), "{}", machine.journal());
    assert!(!is_there("/etc/e6/e6.toml") && !is_there("/var/lib/private/e6") && !is_there("/var/lib/e6"));
}
