//! The time, for the few who need it.

/// The time in milliseconds since 1970: asking costs a hostcall.
pub type Clock<'c> = &'c dyn Fn() -> u64;
