//! The shipped unit under a real systemd, booted in namespaces. Needs root and debootstrap. The root file system is
//! downloaded once and kept in the target directory.

use crate::support::{
    server::PATIENCE,
    tools::{built, find, output},
};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Packages on the machine, besides debootstrap's minimal set.
const PACKAGES: &str = "systemd,systemd-sysv,dbus,procps,curl,iproute2";

/// Changes to the shipped unit: a shorter watchdog, no limit on restarts, and no private devices, because a namespace
/// cannot mount them.
const DROP_IN: &str = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nPrivateDevices=no\nWatchdogSec=8\n";

/// Boots systemd as the first process of new namespaces. `$1` is the root directory.
const BOOT: &str = r#"
set -e
mount --make-rprivate /
mount --bind "$1" "$1"; cd "$1"
mount -t proc proc proc; mount -t sysfs sysfs sys; mount -t tmpfs tmpfs run; mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mkdir -p dev/pts dev/shm; ln -sf /proc/self/fd dev/fd
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
        install(&root);
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
fn debian() -> PathBuf {
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

/// Installs binary, units and settings, and removes the state of an earlier run.
fn install(root: &Path) {
    for left in ["var/lib/private/e6", "var/lib/e6", "etc/e6", "var/log/journal"] {
        let _ = fs::remove_dir_all(root.join(left));
    }
    let units = root.join("etc/systemd/system");
    for dir in [&root.join("etc/e6"), &units.join("e6.service.d")] {
        fs::create_dir_all(dir).unwrap();
    }
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    for unit in ["e6.service", "e6-http.socket", "e6-https.socket"] {
        fs::copy(deploy.join(unit), units.join(unit)).unwrap();
    }
    fs::write(units.join("e6.service.d/test.conf"), DROP_IN).unwrap();
    configure(root, "");
    let binary = root.join("usr/local/bin/e6");
    fs::copy(env!("CARGO_BIN_EXE_e6"), &binary).unwrap();
    fs::set_permissions(binary, fs::Permissions::from_mode(0o755)).unwrap();
}

fn configure(root: &Path, more: &str) {
    fs::write(root.join("etc/e6/e6.toml"), format!("[log]\nlevel = \"info\"\n{more}")).unwrap();
}

#[test]
#[ignore = "needs root and debootstrap"]
fn systemd_supervises_the_service_also_after_an_upgrade() {
    let machine = Machine::boot();

    machine.start();
    assert_eq!(machine.curl("http://localhost:8080/"), "200 1.1");
    let first = machine.property("MainPID");
    assert!(machine.does("systemctl reload e6"), "{}", machine.journal());
    assert_eq!(machine.property("MainPID"), first);
    configure(&machine.root, "bad = [");
    assert!(!machine.does("systemctl reload e6"), "a reload of a wrong configuration fails");
    assert_eq!((machine.property("ActiveState"), machine.property("MainPID")), ("active".into(), first));
    configure(&machine.root, "");

    machine.upgrade();
    assert_eq!(machine.property("NRestarts"), "0");
    assert!(machine.does("systemctl reload e6"), "{}", machine.journal());
    machine.upgrade();
    machine.stop();
    let drained = machine.journal().matches("draining").count();
    assert_eq!(drained, 3, "two old processes and the last one: {}", machine.journal());

    machine.start();
    machine.upgrade();
    machine.comes_back_after("a crash", "KILL");
    machine.upgrade();
    machine.comes_back_after("a hang, by the watchdog", "STOP");
    machine.stop();

    for socket in ["e6-http.socket", "e6-https.socket"] {
        assert!(machine.does(&format!("systemctl start {socket}")), "{}", machine.journal());
    }
    assert_eq!(machine.property("ActiveState"), "inactive", "only a connection starts it");
    assert_eq!(machine.curl("http://localhost/"), "200 1.1");
    assert_eq!(machine.curl("https://localhost/"), "200 2");
}
