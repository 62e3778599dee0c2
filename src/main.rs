//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    e6::run(e6::cli::parse())
}
