//! The Debian package and the release notes.

use crate::support::{
    server::run,
    tools::{self, output},
};
use std::{fs, path::Path, process::Command};

fn shipped(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
#[ignore = "needs cargo-deb"]
fn the_package_has_program_units_settings_manual_and_completions_and_always_the_same_bytes() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = tools::package(one.path());
    let listed = output(Command::new("dpkg-deb").arg("--contents").arg(&package));
    for (mode, file) in [
        ("-rwxr-xr-x", "./usr/bin/e6"),
        ("-rw-r--r--", "./usr/lib/systemd/system/e6.service"),
        ("-rw-r--r--", "./usr/lib/systemd/system/e6-http.socket"),
        ("-rw-r--r--", "./usr/lib/systemd/system/e6-https.socket"),
        ("-rw-r--r--", "./usr/lib/systemd/system/e6-http3.socket"),
        ("-rw-r--r--", "./etc/e6/e6.toml"),
        ("-rw-r--r--", "./etc/logrotate.d/e6"),
        ("-rw-r--r--", "./usr/share/man/man1/e6.1.gz"),
        ("-rw-r--r--", "./usr/share/man/man1/e6-rollback.1.gz"),
        ("-rw-r--r--", "./usr/share/bash-completion/completions/e6"),
        ("-rw-r--r--", "./usr/share/zsh/vendor-completions/_e6"),
        ("-rw-r--r--", "./usr/share/fish/vendor_completions.d/e6.fish"),
    ] {
        let is_it =
            |line: &&str| line.starts_with(&format!("{mode} 0/0 ")) && line.ends_with(&format!(" {file}"));
        assert_eq!(listed.lines().filter(is_it).count(), 1, "{file}: {listed}");
    }
    assert!(!listed.contains("e6-http.service"), "{listed}");
    let field = |name: &str| output(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name));
    assert_eq!(field("Package").trim(), "e6");
    assert!(field("Version").starts_with(env!("CARGO_PKG_VERSION")));
    let control = one.path().join("control");
    output(Command::new("dpkg-deb").arg("--control").arg(&package).arg(&control));
    assert_eq!(
        fs::read_to_string(control.join("conffiles")).unwrap().trim(),
        "/etc/e6/e6.toml\n/etc/logrotate.d/e6"
    );
    for script in ["postinst", "prerm", "postrm"] {
        output(Command::new("sh").arg("-n").arg(control.join(script)));
    }

    tools::package(other.path());
    let sums = |dir: &Path| fs::read_to_string(dir.join("SHA256SUMS")).unwrap();
    assert_eq!(sums(one.path()), sums(other.path()));
    output(Command::new("sha256sum").args(["--check", "--strict", "SHA256SUMS"]).current_dir(one.path()));
    assert!(sums(one.path()).contains(".deb\n") && sums(one.path()).contains(".tar.gz\n"));
}

#[test]
fn the_packages_settings_are_valid_as_shipped_and_with_the_lines_that_a_site_needs() {
    let text = fs::read_to_string(shipped("deploy/packaging/e6.toml")).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let changed = |text: &str| {
        fs::write(dir.path().join("e6.toml"), text).unwrap();
        let (_, stdout, stderr) = run(dir.path(), &["check", "--offline"]);
        assert!(!stderr.contains("e6.toml:"), "{stderr}");
        stdout
    };
    assert!(changed(&text).contains("every setting has its default value"));
    let needed: String = text
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(['[', '=']))
        .map(|line| format!("{line}\n"))
        .collect();
    let needed = needed.split_once("[site]").map(|(_, rest)| format!("[site]{rest}")).unwrap();
    let said = changed(&needed);
    assert!(said.contains("site.domains") && said.contains("acme.email"), "{said}");
}

#[test]
fn the_notes_of_a_release_are_its_section_of_the_changelog() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("deploy/packaging")).unwrap();
    let script = dir.path().join("deploy/packaging/notes");
    fs::copy(shipped("deploy/packaging/notes"), &script).unwrap();
    let log = "# Changelog\n\n## [Unreleased]\n\n- Later.\n\n## [0.2.0] - 2026-12-01\n\n### Added\n\n- One.\n\n## [0.1.0] - 2026-11-01\n\n- Zero.\n\n## [0.0.1] - 2026-10-01\n\n[0.2.0]: https://example.org\n";
    fs::write(dir.path().join("CHANGELOG.md"), log).unwrap();
    let notes = |version: &str| Command::new(&script).arg(version).output().unwrap();
    assert_eq!(String::from_utf8(notes("0.2.0").stdout).unwrap(), "### Added\n\n- One.\n");
    assert_eq!(String::from_utf8(notes("0.1.0").stdout).unwrap(), "- Zero.\n");
    for missing in ["0.0.1", "0.3.0", "0.2"] {
        let refused = notes(missing);
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(!refused.status.success() && said.contains("rename [Unreleased]"), "{said}");
    }
}
