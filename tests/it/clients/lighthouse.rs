//! Google's Lighthouse scores of pages, on a phone and on a desktop.

use crate::{clients::looks::with_other_pages, support::tools};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Attempts, because Lighthouse measures time and the machine may do other work.
const TRIES: usize = 5;

#[test]
#[ignore = "needs Lighthouse, Node.js and Chromium"]
fn lighthouse_gives_every_page_all_there_is() {
    let (_mlb, server) = with_other_pages();
    let mut lighthouse = Lighthouse::start();
    for path in ["/", "/es", "/how", "/es/how", "/2023-08-09", "/2023-08-10", "/2023", "/leaders"] {
        for device in ["mobile", "desktop"] {
            lighthouse.expect_highest_scores(device, &format!("http://{}{path}", server.http()));
        }
    }
}

struct Lighthouse {
    process: Child,
    /// None once it is to end, with its browser.
    requests: Option<ChildStdin>,
    scores: BufReader<ChildStdout>,
    /// The directory of their files.
    _home: tempfile::TempDir,
}

impl Lighthouse {
    fn start() -> Self {
        let modules = tools::npm("lighthouse/package.json").ancestors().nth(2).unwrap().to_owned();
        let home = tempfile::tempdir().unwrap();
        let mut process = Command::new(tools::find("node"))
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lighthouse.mjs"))
            .arg(modules)
            .env("CHROME_PATH", tools::find("chromium"))
            .envs(["HOME", "TMPDIR"].map(|name| (name, home.path())))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (requests, scores) = (process.stdin.take(), process.stdout.take().unwrap());
        Lighthouse { process, requests, scores: BufReader::new(scores), _home: home }
    }

    /// Asserts that every category of a page has the highest score.
    fn expect_highest_scores(&mut self, device: &str, url: &str) {
        let mut tries = Vec::new();
        while tries.len() < TRIES {
            let report = self.measure(device, url);
            let scores = report["scores"].as_object().unwrap();
            assert_eq!(scores.len(), 4, "{report}");
            if scores.values().all(|score| *score == 1) {
                return;
            }
            // Only the performance score varies by chance.
            let is_certain = scores.iter().all(|(name, score)| name == "performance" || *score == 1);
            assert!(is_certain || !report["error"].is_null(), "{device} {url}: {report}");
            tries.push(report);
        }
        panic!("{device} {url}: {tries:#?}");
    }

    fn measure(&mut self, device: &str, url: &str) -> Value {
        writeln!(self.requests.as_ref().unwrap(), "{device} {url}").unwrap();
        let mut line = String::new();
        self.scores.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("Lighthouse has ended: {line:?}"))
    }
}

impl Drop for Lighthouse {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}
