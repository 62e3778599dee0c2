//! The error that ends a command: a sentence for the operator.

use std::fmt;

/// The error that ends [`serve`](crate::app::start::serve).
#[derive(Debug)]
pub struct RunError {
    what: String,
    /// Whether the configuration cannot be used on this machine. Such errors have an exit code of their own.
    pub is_about_configuration: bool,
}

impl RunError {
    /// Makes an error from a sentence: what failed, on what, why, and what to do next.
    pub fn new(what: impl Into<String>) -> Self {
        RunError { what: what.into(), is_about_configuration: false }
    }

    /// For `map_err`: what failed, before the reason.
    pub fn cannot<E: fmt::Display>(what: &str) -> impl FnOnce(E) -> RunError {
        move |error| RunError::new(format!("cannot {what}: {error}"))
    }

    pub fn configuration(what: impl Into<String>) -> Self {
        RunError { what: what.into(), is_about_configuration: true }
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for RunError {}
