//! The environment that settings are read from.

/// The process's environment, or a test's.
pub trait Environment {
    /// The value of a variable; none if it is not set, or is not UTF-8.
    fn get(&self, name: &str) -> Option<String>;
    fn names(&self) -> Vec<String>;
}

pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self) -> Vec<String> {
        std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
    }
}

/// An environment without variables.
pub(crate) struct NoVariables;

impl Environment for NoVariables {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}
