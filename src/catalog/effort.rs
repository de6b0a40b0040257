//! Sets of reasoning efforts.

use crate::chat::Effort;

/// The efforts that a model knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Efforts(u8);

impl Efforts {
    /// It is told of none.
    pub const NONE: Efforts = Efforts(0);
    /// Every one that there is: nothing is known of the model.
    pub const ALL: Efforts = Efforts::of(&Effort::ALL);

    /// These.
    pub const fn of(efforts: &[Effort]) -> Efforts {
        let (mut bits, mut rest) = (0, efforts);
        while let [first, more @ ..] = rest {
            bits |= bit(*first);
            rest = more;
        }
        Efforts(bits)
    }

    /// Whether it knows this one.
    pub const fn contains(self, effort: Effort) -> bool {
        self.0 & bit(effort) != 0
    }

    /// Whether it knows none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// From the least to the most.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Effort> {
        Effort::ALL.into_iter().filter(move |effort| self.contains(*effort))
    }

    /// The one that comes nearest: the same, else the next below, else the least above. Who wants some thought isn't given
    /// none, and who wants none gets the least there is.
    pub fn nearest(self, wanted: Effort) -> Option<Effort> {
        if self.contains(wanted) {
            return Some(wanted);
        }
        let some = || self.iter().filter(|effort| *effort != Effort::None);
        some().rfind(|effort| *effort < wanted).or_else(|| some().next())
    }
}

const fn bit(effort: Effort) -> u8 {
    match effort {
        Effort::None => 1,
        Effort::Minimal => 2,
        Effort::Low => 4,
        Effort::Medium => 8,
        Effort::High => 16,
        Effort::XHigh => 32,
        Effort::Max => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_effort() {
        let usual = Efforts::of(&[Effort::Low, Effort::Medium, Effort::High]);
        for (wanted, got) in [
            (Effort::None, Effort::Low),
            (Effort::Minimal, Effort::Low),
            (Effort::Medium, Effort::Medium),
            (Effort::XHigh, Effort::High),
            (Effort::Max, Effort::High),
        ] {
            assert_eq!(usual.nearest(wanted), Some(got), "{wanted:?}");
        }
        let off_or_high = Efforts::of(&[Effort::None, Effort::High]);
        assert_eq!(off_or_high.nearest(Effort::Low), Some(Effort::High), "some thought is not none");
        assert_eq!(off_or_high.nearest(Effort::None), Some(Effort::None));
        assert_eq!(
            (Efforts::NONE.nearest(Effort::Low), Efforts::ALL.nearest(Effort::Max)),
            (None, Some(Effort::Max))
        );
        assert!(Effort::ALL.into_iter().all(|effort| Efforts::ALL.contains(effort)));
    }
}
