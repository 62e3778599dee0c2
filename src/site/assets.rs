//! The files that are embedded in the binary, and their look-up on disk while designing.

use crate::web::coding::{Coding, media_type};
use percent_encoding::percent_decode_str;
use std::{
    fs,
    path::{Component, Path},
};
use time::OffsetDateTime;

#[derive(Debug)]
pub struct Asset {
    /// Its path under `assets/`: "static/e6.css".
    pub name: &'static str,
    /// Its URL path: "/static/e6.0123456789.css".
    pub path: &'static str,
    pub media_type: &'static str,
    /// Whether the URL changes with the content.
    pub immutable: bool,
    /// Coding, entity tag and bytes; identity first.
    pub variants: &'static [(Coding, &'static str, &'static [u8])],
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The URL path of an embedded file; its plain name if no such file is embedded.
pub fn url(name: &'static str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.path)
}

/// The time of the build, which is the modification time of the embedded files.
pub fn built() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(BUILT).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The file behind a canonical URL path in a directory laid out like `assets/`, for `--assets`.
pub fn from_disk(dir: &Path, path: &str) -> Option<(String, Vec<u8>)> {
    let path = &*percent_decode_str(path).decode_utf8().ok()?;
    let name = match ASSETS.iter().find(|asset| asset.path == path) {
        Some(asset) => asset.name.to_owned(),
        None if path.starts_with("/static/") => path[1..].to_owned(),
        None => format!("root{path}"),
    };
    let relative = Path::new(&name);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    // A link out of the directory is not followed.
    let file = dir.join(relative).canonicalize().ok()?;
    if !file.starts_with(dir.canonicalize().ok()?) || !file.is_file() {
        return None;
    }
    Some((media_type(&file), fs::read(file).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_is_found_by_its_name_and_has_a_hash_where_it_is_immutable() {
        for asset in ASSETS {
            assert_eq!(url(asset.name), asset.path);
            assert_eq!(asset.immutable, asset.path.starts_with("/static/"), "{}", asset.path);
            assert_eq!(asset.variants[0].0, Coding::Identity);
            assert!(asset.variants.iter().all(|variant| variant.2.len() <= asset.variants[0].2.len()));
        }
        assert!(url("static/e6.css").starts_with("/static/e6."));
        assert_ne!(url("static/e6.css"), "/static/e6.css");
    }

    #[test]
    fn assets_come_from_disk_by_hashed_and_by_plain_name() {
        let dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/assets"));
        let css = fs::read(dir.join("static/e6.css")).unwrap();
        for path in [url("static/e6.css"), "/static/e6.css"] {
            let (media_type, bytes) = from_disk(dir, path).unwrap();
            assert_eq!((media_type.as_str(), &bytes), ("text/css; charset=utf-8", &css), "{path}");
        }
        assert!(from_disk(dir, "/robots.txt").is_some());
    }

    #[test]
    fn nothing_outside_the_directory_comes_from_disk() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("assets/root")).unwrap();
        fs::write(dir.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("assets/root/link")).unwrap();
        for path in ["/../../secret", "/static/../../secret", "//etc/passwd", "/link", "/", "/nothing"] {
            assert_eq!(from_disk(&dir.path().join("assets"), path), None, "{path}");
        }
    }
}
