//! What a dialect can't carry: where it stands in a request, and what becomes of it.

pub mod at;
mod extra;
mod losses;
mod place;

pub use extra::{NO_THREADS, carry_extra, is_about_threads, lose_member};
pub use losses::{Losses, Refusal, Unsupported, dropped_line};
pub use place::{Place, Spot};
