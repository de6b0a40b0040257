//! Which item of a stream an item of the output at its end is.
//!
//! By the book both have the same place. Servers that count otherwise in their events than in the output would have it told twice, a
//! call even made twice; so a name that both have counts first, then the place where all places agree, and else the order among
//! those of a kind.

use super::growing::GrowingItem;
use super::item::ItemKind;
use crate::json::{Raw, Text};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{Hash, Hasher};

/// An item's id or that of its call, in few bytes however long it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ItemName(u64);

impl ItemName {
    /// `None` without a name.
    pub(super) fn of(name: Option<Raw<'_>>) -> Option<ItemName> {
        let name = name.and_then(Raw::text).filter(|name| !name.is_empty())?;
        Some(ItemName::of_text(&name))
    }

    fn of_text(name: &Text<'_>) -> ItemName {
        let mut hasher = DefaultHasher::new();
        name.decode().hash(&mut hasher);
        ItemName(hasher.finish())
    }
}

/// The place among the streamed items of each item of the output; those that were not streamed get places behind them.
pub(super) fn places(streamed: &BTreeMap<u64, GrowingItem>, output: &[Raw<'_>]) -> Vec<u64> {
    let mut taken = BTreeSet::new();
    let mut places: Vec<Option<u64>> = vec![None; output.len()];
    // A server may give several items one name: then the first of the output is the first of the stream.
    let mut names: BTreeMap<ItemName, VecDeque<u64>> = BTreeMap::new();
    for (name, place) in
        streamed.iter().flat_map(|(place, item)| item.names().map(move |name| (name, *place)))
    {
        names.entry(name).or_default().push_back(place);
    }
    for (item, found) in output.iter().zip(&mut places) {
        let own = [ItemName::of(item.get("call_id")), ItemName::of(item.get("id"))];
        *found = own.into_iter().flatten().find_map(|name| {
            let places = names.get_mut(&name)?;
            std::iter::from_fn(|| places.pop_front()).find(|place| taken.insert(*place))
        });
    }
    let kinds: Vec<ItemKind> = output.iter().map(|item| ItemKind::of(*item)).collect();
    let kind_at = |place: &u64| usize::try_from(*place).ok().and_then(|place| kinds.get(place));
    let agree =
        streamed.iter().all(|(place, item)| item.kind().is_none_or(|kind| kind_at(place) == Some(&kind)));
    let mut of_kind: BTreeMap<Option<ItemKind>, VecDeque<u64>> = BTreeMap::new();
    for (place, item) in streamed.iter().filter(|(place, _)| !agree && !taken.contains(*place)) {
        of_kind.entry(item.kind()).or_default().push_back(*place);
    }
    let mut behind = streamed.last_key_value().map_or(0, |(last, _)| last.saturating_add(1));
    behind = behind.max(u64::try_from(output.len()).unwrap_or(u64::MAX));
    let all = places.into_iter().zip(kinds).zip(0u64..);
    all.map(|((found, kind), own)| {
        let mut by_kind = || of_kind.get_mut(&Some(kind)).and_then(VecDeque::pop_front);
        let place = found.or_else(|| if agree { taken.insert(own).then_some(own) } else { by_kind() });
        place.unwrap_or_else(|| {
            behind = behind.saturating_add(1);
            behind
        })
    })
    .collect()
}
