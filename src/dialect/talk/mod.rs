//! What every writer of requests does with a conversation: what a dialect wants differently is said to it.

mod here;
mod turns;

pub use here::{Admission, Here, Stand};
pub use turns::{SILENT_USER, Spoken, Turns};
