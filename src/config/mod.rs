//! The one file, `switchover.yaml`: read, checked whole, and resolved into what the rest of the program uses.

mod lookup;
mod node;
mod problem;
mod resolved;
#[cfg(not(target_family = "wasm"))]
mod yaml;

pub use problem::{Position, Problem};
pub use resolved::*;
