//! What a dialect can't carry: where it stands in a request, and what becomes of it.

pub mod at;
mod extra;
mod losses;
mod member;
mod place;

pub use extra::{
    NO_THREADS, carry_extra, is_about_threads, is_all_advice, lose_member, lose_member_of_message,
};
pub use losses::{Losses, Refusal, Unsupported, dropped_line};
#[cfg(test)]
pub use member::InChat;
pub use member::{Loss, Member, Naming};
pub use place::{Place, Spot};
