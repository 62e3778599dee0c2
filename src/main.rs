//! The program: runs the command line and returns the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    e6::run(std::env::args_os())
}
