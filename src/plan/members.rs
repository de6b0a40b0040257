//! Sets of a group's members.

use crate::settings::{Group, MAX_MEMBERS};

/// A set of a group's members, by their place in [`Group::members`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u8);

impl Members {
    /// The empty set.
    pub const NONE: Members = Members(0);

    /// All of a group's.
    pub fn all(group: &Group) -> Members {
        (0..group.members.len()).collect()
    }

    /// A place that no group has is left out.
    #[must_use]
    pub fn with(self, place: usize) -> Members {
        Members(self.0 | bit(place))
    }

    /// A place that is none of them changes nothing.
    #[must_use]
    pub fn without(self, place: usize) -> Members {
        Members(self.0 & !bit(place))
    }

    /// Whether a place is among them.
    pub fn contains(self, place: usize) -> bool {
        self.0 & bit(place) != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many they are.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Every set of one or more of these, the whole first.
    pub fn subsets(self) -> impl Iterator<Item = Members> {
        (1..=self.0).rev().map(Members).filter(move |set| set.0 & !self.0 == 0)
    }

    /// In the order of [`Group::members`].
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..MAX_MEMBERS).filter(move |place| self.contains(*place))
    }
}

impl FromIterator<usize> for Members {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Members {
        places.into_iter().fold(Members::NONE, Members::with)
    }
}

fn bit(place: usize) -> u8 {
    if place < MAX_MEMBERS { 1 << place } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let set = Members::NONE.with(0).with(5).with(6).with(usize::MAX).without(7);
        assert_eq!((set.len(), set.contains(5), set.contains(6)), (2, true, false));
        assert_eq!(set.without(0).iter().collect::<Vec<_>>(), [5]);
        assert!(set.without(0).without(5).is_empty());
        let subsets: Vec<Vec<usize>> = set.subsets().map(|set| set.iter().collect()).collect();
        assert_eq!(subsets, [vec![0, 5], vec![5], vec![0]]);
        assert_eq!(Members::NONE.subsets().count(), 0);
    }
}
