//! A data directory on a disk that is full, read-only or gone.

use crate::{
    attacks::{
        exhaustion::{CHARGED, charge, is_healthy, wait_for_polls, with_a_state},
        needs_root::with_own,
    },
    support::{
        day::{EVENING, Game, IN_PROGRESS},
        fake_mlb::{FakeMlb, Fault},
        server::Server,
        tools,
    },
};
use nix::sched::CloneFlags;
use std::{
    cell::OnceCell,
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// A small disk of its own in the server's directory.
struct Disk(PathBuf);

impl Disk {
    fn mounted_in(dir: &Path) -> Self {
        let disk = Disk(dir.join("disk"));
        fs::create_dir(&disk.0).unwrap();
        mount(&["--make-rprivate", "/"]);
        mount(&["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.path()]);
        disk
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn state(&self) -> String {
        fs::read_to_string(self.0.join("data/last-good.e6")).unwrap_or_default()
    }
}

fn mount(arguments: &[&str]) {
    tools::output(Command::new("mount").args(arguments));
}

/// Starts e6 with its data on this disk.
fn start(dir: TempDir, disk: &Disk, mlb: &FakeMlb) -> Server {
    let (data, pid_file) = (format!("{}/data", disk.path()), dir.path().join("e6.pid").display().to_string());
    let flags = ["--data-dir", &data, "--pid-file", &pid_file, "--mlb-url", &mlb.url(), "--clock", EVENING];
    Server::start_in(dir, &flags)
}

/// Runs a test with a server that has written its state to a disk.
fn with_a_disk(test: fn(Server, Disk, FakeMlb)) {
    with_own(CloneFlags::CLONE_NEWNS, move || {
        let disk = OnceCell::new();
        let (server, mlb) = with_a_state(|mlb, dir, _| {
            let disk = disk.get_or_init(|| Disk::mounted_in(dir.path()));
            start(dir, disk, mlb)
        });
        test(server, disk.into_inner().unwrap(), mlb);
    });
}

#[test]
#[ignore = "needs root"]
fn a_full_disk_costs_no_answer_and_no_old_state() {
    with_a_disk(|server, disk, mlb| {
        let before = disk.state();
        let filler = disk.0.join("filler");
        assert!(fs::write(&filler, vec![0; 1024 * 1024]).is_err(), "it is full");
        charge(&mlb);
        server.wait_for_verdict("yes");
        wait_for_polls(&server, "said", || server.stderr().contains("cannot write the state file"));
        assert_eq!(disk.state(), before);
        is_healthy(&server, "while the disk is full");
        assert_eq!(server.get("/readyz", "").status, 200);
        fs::remove_file(filler).unwrap();
        wait_for_polls(&server, "kept anew", || disk.state().contains(CHARGED));
        assert_eq!(server.stderr().matches("cannot write the state file").count(), 1, "{}", server.stderr());
    });
}

#[test]
#[ignore = "needs root"]
fn a_read_only_disk_still_has_its_state() {
    with_a_disk(|server, disk, mlb| {
        charge(&mlb);
        wait_for_polls(&server, "kept", || disk.state().contains(CHARGED));
        let (_, dir) = server.terminate();
        mount(&["-o", "remount,ro", disk.path()]);
        mlb.fault(Fault::Refuse);
        let server = start(dir, &disk, &mlb);
        assert_eq!(server.api()["verdict"], "yes");
        is_healthy(&server, "while the disk is read-only");
        mlb.fault(None);
        mlb.play(&[Game::new(IN_PROGRESS).charged(2)]);
        server.wait_for("two errors", |answer| answer["errors"] == 2);
        wait_for_polls(&server, "said", || server.stderr().contains("Read-only file system"));
        mount(&["-o", "remount,rw", disk.path()]);
        wait_for_polls(&server, "kept anew", || disk.state().contains("\"errors\":2"));
    });
}

#[test]
#[ignore = "needs root"]
fn a_disk_that_vanishes_costs_no_answer() {
    with_a_disk(|server, disk, mlb| {
        tools::output(Command::new("umount").args(["--lazy", disk.path()]));
        charge(&mlb);
        server.wait_for_verdict("yes");
        is_healthy(&server, "while the disk is gone");
        // What is below it takes the state, unless the sandbox, which knows the disk, is in the way.
        let is_refused = || server.stderr().contains("cannot write the state file");
        wait_for_polls(&server, "kept or said", || disk.state().contains(CHARGED) || is_refused());
        assert_eq!(server.get("/readyz", "").status, 200);
    });
}
