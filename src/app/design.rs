//! Reloads when a template or a scene changes on disk while designing with `--assets`, so that pages show it.

use crate::page::design;
use rustix::process::{Signal, getpid, kill_process};
use std::{path::PathBuf, time::Duration};

/// Interval at which the files are compared.
const LOOK: Duration = Duration::from_millis(250);

/// Follows the files of the source tree that has this directory of assets.
pub(crate) async fn follow(assets: PathBuf) {
    // A release has no such files: it shows the templates that were compiled.
    if design::files(&assets).is_empty() {
        return;
    }
    let mut reloaded = Vec::new();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = design::files(&assets);
        if now != reloaded && !design::are_shown(&now) {
            reloaded = now;
            // A signal to the process itself always arrives.
            let _ = kill_process(getpid(), Signal::HUP);
        }
    }
}
