//! HTTP/3 by another implementation: the scenarios of `tests/http3.py`, which uses aioquic.

use crate::support::{secrets, tools};
use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

/// A running scenario.
pub struct Scenario {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
}

impl Scenario {
    /// Starts a scenario against the server at this address.
    pub fn start(name: &str, server: SocketAddr, arguments: &[&str]) -> Self {
        Scenario::start_at(name, &server.port().to_string(), arguments)
    }

    /// Starts a scenario against a server at this port of the loopback address, or at this address and port.
    pub fn start_at(name: &str, server: &str, arguments: &[&str]) -> Self {
        let mut child = Command::new(tools::python_with("aioquic"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http3.py"))
            .args([name, server])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        Scenario { name: name.into(), child, input, output }
    }

    /// Waits until the scenario says that it is ready.
    pub fn wait_until_ready(&mut self) {
        assert_eq!(self.line(), "ready", "{}", self.name);
    }

    /// The next line of its output.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Ends its input, and returns the rest of its output. Panics if it failed.
    pub fn finish(mut self) -> String {
        drop(self.input.take());
        let mut output = String::new();
        self.output.read_to_string(&mut output).unwrap();
        assert!(self.child.wait().unwrap().success(), "{}: {output}", self.name);
        secrets::assert_none(&output);
        output
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a scenario to its end, and returns its output. Panics if it failed.
pub fn run(name: &str, server: SocketAddr, arguments: &[&str]) -> String {
    Scenario::start(name, server, arguments).finish()
}
