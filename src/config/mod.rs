//! The one file, `switchover.yaml`: read, checked whole, and resolved into what the rest of the program uses.

mod lookup;
mod pending;
mod resolved;

pub use resolved::*;
