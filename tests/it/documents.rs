//! The documentation's links.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

/// README, CONTRIBUTING and so on, and the pages of docs, deploy and certs.
fn documents(root: &Path) -> Vec<PathBuf> {
    let folders = [".", "docs", "deploy", "deploy/kubernetes", "certs"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let files = files.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The text without code: links are not looked for there.
fn prose(text: &str) -> String {
    let outside_blocks = text.split("```").step_by(2).collect::<String>();
    outside_blocks.split('`').step_by(2).collect::<Vec<_>>().join("code")
}

/// Targets of `[text](target)` and `src="target"`.
fn targets(text: &str) -> Vec<&str> {
    let after = |opening: &'static str, closing: char| {
        text.split(opening).skip(1).filter_map(move |rest| rest.split(closing).next())
    };
    after("](", ')').chain(after("src=\"", '"')).collect()
}

/// The anchors of a page, as GitHub makes them from its headings.
fn anchors(text: &str) -> HashSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let slug = |heading: &str| {
        let kept = heading.trim_start_matches('#').trim().chars();
        let kept = kept.filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(slug).collect()
}

#[test]
fn every_link_of_the_documentation_leads_to_a_file_and_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    let mut links = 0;
    for document in documents(root) {
        let text = fs::read_to_string(&document).unwrap();
        for target in targets(&prose(&text)).into_iter().filter(|target| !target.contains("://")) {
            links += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => document.clone(),
                file => document.parent().unwrap().join(file),
            };
            let leads = path.exists()
                && (anchor.is_empty() || anchors(&fs::read_to_string(&path).unwrap()).contains(anchor));
            if !leads {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(links > 50, "only {links} links were found");
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

#[test]
fn every_page_of_the_documentation_is_linked_from_another() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = documents(root);
    let linked: HashSet<PathBuf> = pages
        .iter()
        .flat_map(|page| {
            let text = prose(&fs::read_to_string(page).unwrap());
            let folder = page.parent().unwrap().to_path_buf();
            let files = targets(&text).into_iter().map(|target| target.split('#').next().unwrap().to_owned());
            files.filter_map(move |file| folder.join(file).canonicalize().ok()).collect::<Vec<_>>()
        })
        .collect();
    let entrances = ["README.md", "CHANGELOG.md"];
    let lost = pages.iter().filter(|page| {
        let name = page.file_name().unwrap().to_str().unwrap();
        !entrances.contains(&name) && !linked.contains(&page.canonicalize().unwrap())
    });
    assert_eq!(lost.collect::<Vec<_>>(), Vec::<&PathBuf>::new());
}

#[test]
fn the_readme_is_short_and_its_pictures_are_small() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("README.md")).unwrap();
    assert!(text.lines().count() <= 150);
    let text = prose(&text);
    let pictures: Vec<_> =
        targets(&text).into_iter().filter(|target| target.starts_with(".github/")).collect();
    assert!(
        pictures.contains(&".github/page.png") && pictures.contains(&".github/demo.webp"),
        "{pictures:?}"
    );
    for picture in pictures {
        assert!(fs::metadata(root.join(picture)).unwrap().len() < 1_000_000, "{picture}");
    }
}
