//! `e6 init`: writes a settings file for a domain. It asks only for values that have no default.

use crate::{
    app::error::RunError,
    atomic_file::without_path,
    config::{ConfigErrors, SettingPlace, environment::NoVariables, load, reference},
    output,
};
use std::{
    fs::Permissions,
    io::{self, BufRead, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

/// Everybody may read settings: secrets are in files of their own.
const MODE: u32 = 0o644;
/// Maximum bytes of a reply. The longest list of domains is shorter.
const REPLY_CAP: u64 = 64 * 1024;

/// Writes the file, and returns what to do next. Asks for a value that is not given.
pub fn init(file: &Path, domains: Option<String>, email: Option<String>) -> Result<String, RunError> {
    let shown = file.display();
    let exists = || {
        let mend = "edit it, or name another file with --config";
        RunError::new(format!("{shown} exists, and e6 init replaces no file: {mend}"))
    };
    if file.exists() {
        return Err(exists());
    }
    let domains = given(domains, "The site's domain, like example.org: ")?;
    let email = given(email, "The address for the CA of its certificates, like you@example.org: ")?;
    // The data directory is the environment's, whose variables do not belong in the file.
    let flags = [("--domain", domains), ("--acme", email), ("--data-dir", "/".to_owned())];
    let config =
        load(&flags, Some(Path::new("/dev/null")), &NoVariables).map_err(|ConfigErrors(mistakes)| {
            // A value that is invalid is also missing, which needs no second line.
            let of_values = mistakes.iter().filter(|mistake| mistake.place != SettingPlace::Everywhere);
            RunError::configuration(of_values.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        })?;
    let email = config.acme.email.unwrap_or_default();
    let values = [("site.domains", format!("{:?}", config.domains)), ("acme.email", format!("{email:?}"))];
    write_new(file, &reference::starting_file(&values)).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(),
        _ => RunError::new(format!("cannot write {shown}: {error}; name another file with --config")),
    })?;
    Ok(format!("{shown} is written; next: sudo e6 check --user e6 --config {shown}"))
}

/// The value, or the line that the user types.
fn given(value: Option<String>, question: &str) -> Result<String, RunError> {
    let missing = |why: &str| {
        RunError::configuration(format!(
            "{why}: e6 init DOMAIN EMAIL, like e6 init example.org you@example.org"
        ))
    };
    if let Some(value) = value {
        return Ok(value);
    }
    output::stderr().print(question).map_err(|error| missing(&format!("cannot ask ({error})")))?;
    let mut line = String::new();
    let read = io::stdin().lock().take(REPLY_CAP).read_line(&mut line);
    read.map_err(|error| missing(&format!("cannot read the reply ({error})")))?;
    if !line.ends_with('\n') {
        // The error that follows begins on a line of its own. If it cannot be written, nor can this.
        let _ = output::stderr().print("\n");
    }
    match line.trim() {
        "" => Err(missing("a value is missing")),
        typed => Ok(typed.to_owned()),
    }
}

/// Writes a file whole, or fails if there is one already.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let permissions = Permissions::from_mode(MODE);
    let made = tempfile::Builder::new().permissions(permissions).tempfile_in(dir);
    let mut written = made.map_err(without_path)?;
    written.write_all(text.as_bytes())?;
    written.as_file().sync_all()?;
    written.persist_noclobber(file).map(drop).map_err(|error| error.error)
}
