//! Signals: what is known of a target, a file each.
//!
//! A strategy names those that it reads ([`super::Strategy::reads`]), and `check` goes by that: it asks for what a
//! strategy can't do without, and says what nobody looks at. What changes with time has the time as an argument.
//!
//! [`standing`] is no strategy's: whoever may come first, planning leaves alone who cools down or is ejected.

pub(super) mod price;
mod row;
pub(super) mod standing;
pub(super) mod weight;

pub use row::{Signal, SignalSource};

/// A line a signal.
#[rustfmt::skip]
static TABLE: &[&Signal] = &[
    &price::PRICE,
    &weight::WEIGHT,
];

/// All of them, in the order of the table.
pub fn signals() -> impl Iterator<Item = &'static Signal> {
    TABLE.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_key() {
        let keys: Vec<_> = signals().map(|signal| signal.key).collect();
        let other = |(at, key): (usize, &&str)| !keys.iter().take(at).any(|known| known == key);
        assert!(keys.iter().enumerate().all(other), "{keys:?}");
    }
}
