//! Orders: the sequences of targets that a request can be sent down.
//!
//! Each is an aggregate cluster in Envoy, named by [`order_name`]. The renderer writes all of [`orders`]; the filter
//! names the one it wants with [`order`]. Both go through the same functions here, so the filter can't ask for one that
//! was not rendered: whatever it leaves out and whichever head it picks, the result is in the enumeration.

use super::{Members, heads};
use crate::settings::{Config, Group, MAX_MEMBERS, TargetSettings, Twin};

/// The most orders one group can have: six targets in one tier, any of which may come first.
pub const MAX_ORDERS: usize = MAX_MEMBERS * (1 << (MAX_MEMBERS - 1));

/// The order of the members that are left, `head` first: places in [`Group::members`].
///
/// A head that is none of [`heads`] counts as not given.
pub fn order(group: &Group, left: Members, head: Option<usize>) -> Vec<usize> {
    let left: Members = left.iter().filter(|place| *place < group.members.len()).collect();
    let head = head.filter(|place| heads(group, left).contains(*place));
    let rest = head.map_or(left, |place| left.without(place));
    head.into_iter().chain(rest.iter()).collect()
}

/// The name of an order: of its cluster in Envoy, and what the filter writes into the header that routes by it.
///
/// Group names and target ids hold neither `|` nor `!`, so two orders never share a name, and none is a target's.
pub fn order_name(config: &Config, group: &Group, seats: impl IntoIterator<Item = Seat>) -> String {
    let mut name = String::with_capacity(128);
    name.push_str(&group.name);
    for seat in seats {
        name.push('|');
        name.push_str(config.targets.get(seat.target).map_or("?", TargetSettings::id));
        name.push_str(seat.twin.map_or("", Twin::suffix));
    }
    name
}

/// A place in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// A place in [`Config::targets`].
    pub target: usize,
    /// What stands in for the target, if it is drilled.
    pub twin: Option<Twin>,
}

/// One of a group's orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// See [`order_name`].
    pub name: String,
    /// In the order to try.
    pub seats: Vec<Seat>,
}

impl Order {
    /// The order that [`order`] gives, named, with the twins that `twin` says for a place in [`Config::targets`].
    pub fn new(
        config: &Config,
        group: &Group,
        left: Members,
        head: Option<usize>,
        twin: impl Fn(usize) -> Option<Twin>,
    ) -> Order {
        let places = order(group, left, head);
        let members = places.iter().filter_map(|place| group.members.get(*place));
        let seats = members.map(|member| Seat { target: member.target, twin: twin(member.target) });
        Order::of(config, group, seats.collect())
    }

    fn of(config: &Config, group: &Group, seats: Vec<Seat>) -> Order {
        Order { name: order_name(config, group, seats.iter().copied()), seats }
    }

    /// The same order with each target as itself or as one of its twins, in every way; as itself throughout comes first.
    fn with_twins(self, config: &Config, group: &Group) -> Vec<Order> {
        if config.drills.is_empty() {
            return vec![self];
        }
        let mut ways = vec![Vec::new()];
        for seat in &self.seats {
            let stands = || std::iter::once(None).chain(config.twins(seat.target).map(Some));
            let with = |way: &Vec<Seat>| -> Vec<Vec<Seat>> {
                let one_more = |twin| [&way[..], &[Seat { twin, ..*seat }]].concat();
                stands().map(one_more).collect()
            };
            ways = ways.iter().flat_map(with).collect();
        }
        ways.into_iter().map(|seats| Order::of(config, group, seats)).collect()
    }
}

/// How many [`orders`] a group has, without making them: with many drills they are too many to be made.
pub fn order_count(config: &Config, group: &Group) -> usize {
    let ways =
        |place: usize| group.members.get(place).map_or(1, |member| 1 + config.twins(member.target).count());
    let of_set = |left: Members| left.iter().map(ways).product::<usize>() * heads(group, left).len();
    Members::all(group).subsets().map(of_set).sum()
}

/// Every order a request to this group can end up with, the whole group's first; at most [`MAX_ORDERS`], and with drills
/// at most [`crate::settings::MAX_DRILLED_ORDERS`].
pub fn orders(config: &Config, group: &Group) -> Vec<Order> {
    let mut orders = Vec::new();
    for left in Members::all(group).subsets() {
        for head in heads(group, left).iter() {
            let order = Order::new(config, group, left, Some(head), |_| None);
            orders.extend(order.with_twins(config, group));
        }
    }
    orders
}

#[cfg(test)]
mod tests;
