//! What people and programs read.

pub mod api;
pub mod how;
pub mod page;
pub mod previews;
pub mod season;
