//! `--assets`: changed files are shown while designing.

use crate::{
    pages::page::assets,
    support::{
        fake_mlb::FakeMlb,
        server::{PATIENCE, Server},
        tools,
    },
};
use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// A copy of the assets, templates and scenes of the source tree.
fn source_tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["assets", "src/page"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
        let to = dir.path().join(folder).parent().unwrap().to_owned();
        tools::output(Command::new("cp").arg("-r").arg(root.join(folder)).arg(to));
    }
    dir
}

#[test]
fn a_changed_template_scene_and_style_are_on_the_page_within_two_seconds() {
    let tree = source_tree();
    let dir = tree.path().join("assets");
    let server = Server::start_with(&["demo", "--speed", "1", "--assets", dir.to_str().unwrap()]);
    let change = |file: &str, old: &str, new: &str| {
        let path = tree.path().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file}");
        fs::write(&path, text.replace(old, new)).unwrap();
        Instant::now()
    };
    let is_shown = |path: &str, new: &str, since: Instant| {
        while !server.get(path, "Accept: text/html\r\n").text().contains(new) {
            assert!(since.elapsed() < PATIENCE, "{path} {new}: {}", server.stderr());
            thread::sleep(Duration::from_millis(20));
        }
        since.elapsed()
    };
    server.wait_for_verdict("not_yet");
    assert!(!server.page().contains('\u{E000}'), "a mark is on the page");
    let scene = fs::read_to_string(tree.path().join("src/page/scenes/field.svg")).unwrap();
    let (tag, _) = scene.split_once(' ').unwrap();
    let mut took = [
        ("src/page/templates/answer.html", "class=\"why\"", "class=\"why new-template\"", "/"),
        ("src/page/templates/frame.html", "<body>", "<body data-frame>", "/nothing"),
        ("src/page/templates/frame.html", "<body data-frame>", "<body data-again>", "/how"),
        ("src/page/templates/word.svg", "<svg ", "<svg data-word=\"\" ", "/"),
        ("src/page/scenes/field.svg", tag, &format!("{tag} data-scene=\"\""), "/"),
    ]
    .map(|(file, old, new, path)| is_shown(path, new, change(file, old, new)));
    took.sort_unstable();
    println!("shown after {took:?}");
    // Not the longest, which depends on what else the machine does.
    assert!(took[took.len() / 2] < Duration::from_secs(2), "{took:?}");
    let css = assets(&server.page()).into_iter().find(|path| path.ends_with(".css")).unwrap();
    is_shown(&css, "new-rule", change("assets/static/e6.css", "body", ".new-rule,body"));

    // Tags are compiled: what was shown before stays.
    change("src/page/templates/answer.html", "{{ word }}", "{{ word }}{{ word }}");
    server.wait_until("said", || server.stderr().contains("build e6 again to see the template"));
    assert_eq!(server.get("/", "").status, 200);
}

#[test]
fn the_drawing_board_shows_files_as_they_are_on_disk() {
    let mlb = FakeMlb::with(&[]);
    let dir = tempfile::tempdir().unwrap();
    for folder in ["root", "static"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
    }
    let css = dir.path().join("static/e6.css");
    let server = Server::start_with(&["--mlb-url", &mlb.url(), "--assets", dir.path().to_str().unwrap()]);
    let url = assets(&server.page()).into_iter().find(|path| path.ends_with(".css")).unwrap();
    assert_eq!(server.get(&url, "").status, 404);
    for text in ["a{}", "b{}"] {
        fs::write(&css, text).unwrap();
        let response = server.get(&url, "");
        assert_eq!((response.text(), response.field("cache-control")), (text, "no-store"));
    }
}
