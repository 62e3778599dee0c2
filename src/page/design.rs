//! Templates and scenes while designing: in a debug build, `--assets` shows their files as they are on disk. The tags
//! of a template are compiled, so only the texts between them and the scenes can change without a build.

use crate::{page::marks, sync::Unpoisoned};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::RwLock,
};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// Names and texts of files.
type Files = Vec<(&'static str, String)>;

/// The files that are shown, and those among them that differ from the build.
static SHOWN: RwLock<(Files, BTreeMap<&'static str, String>)> = RwLock::new((Vec::new(), BTreeMap::new()));

/// The directory with templates and scenes in the source tree that has this directory of assets.
pub(crate) fn directory(assets: &Path) -> PathBuf {
    assets.join("../src/page")
}

/// The files of templates and scenes, as they are on disk. None in a release, whose pages never change.
pub(crate) fn files(assets: &Path) -> Files {
    let read = |name: &str| fs::read_to_string(directory(assets).join(name)).ok();
    BUILT.iter().filter_map(|(name, _)| Some((*name, read(name)?))).collect()
}

pub(crate) fn are_shown(files: &Files) -> bool {
    SHOWN.read().unpoisoned().0 == *files
}

/// The files that are shown and differ from the build.
pub(crate) fn changed() -> BTreeMap<&'static str, String> {
    SHOWN.read().unpoisoned().1.clone()
}

/// Shows the files of this directory's source tree, as they are now. Pages that are rendered later have them.
pub(crate) fn show(assets: Option<&Path>) {
    let files = assets.map(files).unwrap_or_default();
    let built = |name: &str| BUILT.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text);
    let changed = files.iter().filter(|(name, text)| text != built(name)).cloned();
    let changed: BTreeMap<_, _> = changed
        .filter(|(name, text)| {
            let is_shown = is_scene(name) || has_same_tags(built(name), text);
            if !is_shown {
                tracing::warn!(template = name, "a tag has changed: build e6 again to see the template");
            }
            is_shown
        })
        .collect();
    *SHOWN.write().unpoisoned() = (files, changed);
}

/// A rendered page with the files that are shown in place of those of the build.
pub(crate) fn resolved(rendered: String) -> String {
    if BUILT.is_empty() {
        return rendered;
    }
    let (_, changed) = &*SHOWN.read().unpoisoned();
    let texts: BTreeMap<_, _> = changed.iter().map(|(name, text)| (*name, marks::split(text).0)).collect();
    let resolved = marks::resolved(&rendered, |name, index| {
        // Marks have no directory, since templates include each other without it.
        let (_, texts) = texts.iter().find(|(path, _)| path.strip_prefix("templates/") == Some(name))?;
        texts.get(index).map(|text| text.trim())
    });
    let scenes = BUILT.iter().filter(|(name, _)| is_scene(name));
    let with_scenes = scenes.fold(Cow::from(resolved), |page, (name, built)| match changed.get(name) {
        Some(scene) => page.replace(built, scene).into(),
        None => page,
    });
    with_scenes.into_owned()
}

fn is_scene(name: &str) -> bool {
    name.starts_with("scenes/")
}

/// Whether the texts of one template can replace those of the other. A text that was empty has no mark.
fn has_same_tags(built: &str, text: &str) -> bool {
    let ((texts, tags), (new_texts, new_tags)) = (marks::split(built), marks::split(text));
    tags == new_tags
        && texts.iter().zip(&new_texts).all(|(old, new)| !old.trim().is_empty() || new.trim().is_empty())
}
