//! What every writer of requests does with a conversation: what a dialect wants differently is said to it.

mod calls;

pub use calls::Calls;
