//! Requests of any size, each hostile in its own way.

mod chat;
mod messages;
mod parts;
mod responses;

use super::Surface;
pub use parts::{list, members};

/// (who is asked, what it is called, a body with so many of it)
pub type Shape = (Surface, &'static str, fn(usize) -> String);

/// All of them.
pub fn shapes() -> impl Iterator<Item = &'static Shape> {
    [chat::SHAPES, messages::SHAPES, responses::SHAPES].into_iter().flatten()
}

/// A request with so many tools whose names most providers reject.
pub fn renamed_tools(surface: Surface, size: usize) -> String {
    match surface {
        Surface::Messages => messages::dotted_tools(size),
        Surface::Responses => responses::dotted_tools(size),
        _ => chat::dotted_tools(size),
    }
}
