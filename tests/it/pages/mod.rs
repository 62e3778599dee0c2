//! Pages, text, JSON, feeds and pictures.

pub mod api;
pub mod days;
pub mod design;
pub mod how;
mod how_connection;
pub mod leaders;
mod left_out;
pub mod page;
pub mod previews;
pub mod season;
pub mod share;
pub mod terminal;
