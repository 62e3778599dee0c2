//! Browsers, proxies and other third-party programs.

pub mod accessibility;
pub mod browser;
pub mod cluster;
pub mod command_line;
pub mod feed_readers;
pub mod how;
mod httplint;
pub mod kubernetes;
pub mod lighthouse;
pub mod looks;
pub mod reverse_proxies;
pub mod share;
