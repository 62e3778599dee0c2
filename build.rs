//! Embeds the files under `assets/`: hashed names, the content codings that save enough bytes, an entity tag for each.

use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

#[path = "src/page/marks.rs"]
#[expect(dead_code, reason = "the program finds the marks")]
mod marks;

#[path = "src/web/coding.rs"]
#[expect(dead_code, reason = "the other effort is for pages made while serving")]
mod coding;

/// Hex digits of the content's hash in a URL. 40 bits are enough to tell all versions of a file apart.
const HASH_DIGITS: usize = 10;

/// A commit or compiler that is not known.
const UNKNOWN: &str = "unknown";

fn main() -> Result<(), Box<dyn Error>> {
    // All of `src`, because the program says whether its files had changed since the commit.
    for path in ["assets", "build.rs", "src", "Cargo.lock", ".git/HEAD", ".git/refs"] {
        if Path::new(path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut table = BTreeMap::new();
    for (folder, immutable) in [("root", false), ("api", false), ("static", true)] {
        for entry in fs::read_dir(Path::new("assets").join(folder))? {
            let file = entry?.path();
            let (path, row) = embed(&file, folder, immutable, &out)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            table.insert(path, row);
        }
    }
    let rows: String = table.into_values().collect();
    let built = built_at();
    fs::write(
        out.join("assets.rs"),
        format!(
            "/// The embedded assets, sorted by path.\npub static ASSETS: &[Asset] = &[\n{rows}];\n\
             /// Build time of the binary, in seconds since 1970.\nconst BUILT: i64 = {built};\n"
        ),
    )?;
    templates(&out)?;
    // Not named E6_…: `cargo run` passes these variables to the program, which would read them as settings.
    for (name, value) in commit() {
        println!("cargo::rustc-env=BUILD_{name}={value}");
    }
    println!("cargo::rustc-env=BUILD_TARGET={}", env::var("TARGET")?);
    println!(
        "cargo::rustc-env=BUILD_RUSTC={}",
        stdout(&env::var("RUSTC")?, &["--version"]).as_deref().unwrap_or(UNKNOWN)
    );
    Ok(())
}

/// Writes the variants of one file to `out`; returns its path and its row of the table.
fn embed(file: &Path, folder: &str, immutable: bool, out: &Path) -> Result<(String, String), Box<dyn Error>> {
    let name = file.file_name().and_then(|name| name.to_str()).ok_or("not a UTF-8 name")?;
    let bytes = fs::read(file)?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = &hash[..HASH_DIGITS];
    let path = match (immutable, name.rsplit_once('.')) {
        (true, Some((stem, extension))) => format!("/{folder}/{stem}.{hash}.{extension}"),
        (true, None) => return Err("needs an extension".into()),
        (false, _) if folder == "root" => format!("/{name}"),
        (false, _) => format!("/{folder}/{name}"),
    };
    let media_type = coding::media_type(file);
    let mut variants = String::new();
    for (coding, encoded) in coding::variants(&bytes, &media_type, coding::Effort::Best) {
        let tag = coding.tag(hash);
        let stored = out.join(format!("{folder}-{name}-{}", coding.token()));
        fs::write(&stored, encoded)?;
        write!(variants, "(Coding::{coding:?}, {tag:?}, include_bytes!({stored:?})), ")?;
    }
    let row = format!(
        "Asset {{ name: \"{folder}/{name}\", path: {path:?}, media_type: {media_type:?}, immutable: {immutable}, \
         variants: &[{variants}] }},\n"
    );
    Ok((path, row))
}

/// Prepares the templates. A debug build has marks in them, by which `--assets` shows a changed template without a build.
/// They are copied in every build, so that they have the same path relative to each directory of `src`.
fn templates(out: &Path) -> Result<(), Box<dyn Error>> {
    let page = fs::canonicalize("src/page")?;
    let is_debug = env::var("PROFILE")? == "debug";
    let (dir, mut built) = (out.join("templates"), String::new());
    fs::create_dir_all(&dir)?;
    for folder in ["templates", "scenes"] {
        for entry in fs::read_dir(page.join(folder))? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).ok_or("not a UTF-8 name")?;
            if is_debug {
                writeln!(built, "(\"{folder}/{name}\", include_str!({path:?})),")?;
            }
            if folder == "templates" {
                let text = fs::read_to_string(&path)?;
                fs::write(dir.join(name), if is_debug { marks::marked(name, &text) } else { text })?;
            }
        }
    }
    let settings = out.join("askama.toml");
    fs::write(&settings, format!("[general]\ndirs = [{dir:?}]\nwhitespace = \"minimize\"\n"))?;
    fs::write(
        out.join("template.rs"),
        format!(
            "macro_rules! template {{ ($($item:tt)*) => {{ template_with! {{ {settings:?} $($item)* }} }} }}\n"
        ),
    )?;
    fs::write(
        out.join("templates.rs"),
        format!(
            "/// Templates and scenes as they were at the build; none in a release.\n\
             const BUILT: &[(&str, &str)] = &[\n{built}];\n"
        ),
    )?;
    Ok(())
}

/// The facts about the commit. A fact that is not known is empty: there is no git, or the sources are a part of another
/// repository.
fn commit() -> [(&'static str, String); 5] {
    let git = |arguments: &[&str]| stdout("git", arguments);
    let root = git(&["rev-parse", "--show-toplevel"]).map(PathBuf::from);
    let here = fs::canonicalize(".").ok();
    let is_ours = root.and_then(|root| fs::canonicalize(root).ok()).is_some_and(|root| here == Some(root));
    let fact = |arguments: &[&str]| git(arguments).filter(|_| is_ours);
    let changes = fact(&["status", "--porcelain", "--untracked-files=no"]);
    let changed =
        changes.map(|changes| !changes.is_empty()).map_or_else(String::new, |changed| changed.to_string());
    let hash = fact(&["rev-parse", "--short=10", "HEAD"]).unwrap_or_else(|| UNKNOWN.into());
    let [subject, at] = ["--format=%s", "--format=%ct"].map(|format| fact(&["log", "-1", format]));
    let tag = fact(&["describe", "--tags", "--exact-match", "HEAD"]);
    [
        ("COMMIT", hash),
        ("SUBJECT", subject.unwrap_or_default()),
        ("COMMITTED", at.unwrap_or_default()),
        ("CHANGED", changed),
        ("RELEASE", tag.unwrap_or_default()),
    ]
}

/// Seconds since 1970: `SOURCE_DATE_EPOCH`, else the commit's time, so that builds of a commit do not differ by it; else now.
fn built_at() -> i64 {
    let time = env::var("SOURCE_DATE_EPOCH").ok().or_else(|| stdout("git", &["log", "-1", "--format=%ct"]));
    time.and_then(|time| time.parse().ok()).unwrap_or_else(|| {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs() as i64)
    })
}

/// The trimmed output of a command; none if it fails, as in a source archive without git.
fn stdout(command: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(command).args(arguments).output();
    let text = output
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok());
    text.map(|text| text.trim().to_owned())
}
