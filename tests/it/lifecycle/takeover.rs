//! Commands that meet an upgrade, a stop, or one another.

use crate::lifecycle::upgrade::with_binary_of_its_own;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// Replaces the binary by a script; a copy of the binary is `e6.real`.
fn replace_by_script(binary: &Path, script: &str) {
    let new = binary.with_extension("new");
    fs::copy(binary, binary.with_extension("real")).unwrap();
    fs::write(&new, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).unwrap();
    fs::rename(new, binary).unwrap();
}

#[test]
fn after_a_failed_upgrade_the_old_process_has_its_pid_file_again() {
    let (server, binary, _mlb) = with_binary_of_its_own("");
    replace_by_script(&binary, "echo $$ > pid; mv pid .local/state/e6/e6.pid; exit 3");
    let (code, said) = server.command(&["upgrade"]);
    assert!(code == Some(1) && said.contains("exit status: 3"), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
    assert_eq!(server.command(&["reload"]), (Some(0), String::new()));
}

#[test]
fn a_new_process_that_fails_at_its_last_step_leaves_the_old_one_reachable() {
    let (server, binary, _mlb) = with_binary_of_its_own("");
    let (running, before) = (fs::read(&binary).unwrap(), binary.with_extension("before"));
    fs::copy(&binary, &before).unwrap();
    fs::remove_file(server.path("ready.json")).unwrap();
    fs::create_dir(server.path("ready.json")).unwrap();
    let (code, said) = server.command(&["upgrade"]);
    assert!(code == Some(1) && said.contains("cannot write the ready file"), "{said}");
    assert_eq!(server.found(), Some(server.pid()));
    fs::write(&before, "#!/bin/sh\nexit 3\n").unwrap();
    let (code, said) = server.command(&["rollback"]);
    assert!(code == Some(1) && said.contains("nothing has changed"), "{said}");
    assert!(fs::read(&binary).unwrap() == running);
}

#[test]
fn a_data_directory_that_was_restored_from_a_copy_is_still_that_of_the_running_e6() {
    let (server, _, _mlb) = with_binary_of_its_own("");
    let (data, copy) = (server.path(".local/state/e6"), server.path("copy"));
    let copies = |from: &Path, to: &Path| {
        let copied = std::process::Command::new("cp").arg("-a").args([from, to]).status().unwrap();
        assert!(copied.success());
    };
    copies(&data, &copy);
    fs::remove_dir_all(&data).unwrap();
    copies(&copy, &data);
    server.wait_until("found", || server.command(&["reload"]).0 == Some(0));
    let second = ["--http", "127.0.0.1:0", "--https", "off", "--admin", "off"];
    let (code, said) = server.command(&second);
    assert!(code == Some(1) && said.contains("another e6"), "{said}");
}
