//! Orders: the sequences of targets that a request can be sent down.
//!
//! Each is an aggregate cluster in Envoy, named by [`order_name`]. The renderer writes all of [`orders`]; the filter
//! names the one it wants with [`order`]. Both go through the same functions here, so the filter can't ask for one that
//! was not rendered: whatever it leaves out and whichever head it picks, the result is in the enumeration.

use crate::config::{Config, Group, MAX_MEMBERS, Strategy};

/// The most orders one group can have: six targets in one tier, any of which may come first.
pub const MAX_ORDERS: usize = MAX_MEMBERS * (1 << (MAX_MEMBERS - 1));

/// A set of a group's members, by their place in [`Group::members`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u8);

impl Members {
    pub const NONE: Members = Members(0);

    pub fn all(group: &Group) -> Members {
        (0..group.members.len()).collect()
    }

    /// A place that no group has is left out.
    #[must_use]
    pub fn with(self, place: usize) -> Members {
        Members(self.0 | bit(place))
    }

    #[must_use]
    pub fn without(self, place: usize) -> Members {
        Members(self.0 & !bit(place))
    }

    pub fn contains(self, place: usize) -> bool {
        self.0 & bit(place) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn len(self) -> usize {
        self.iter().count()
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

/// The members that may come first when `left` are left: any of the first tier where the strategy picks per request,
/// else the one that always does.
pub fn heads(group: &Group, left: Members) -> Members {
    let present = || group.members.iter().enumerate().filter(|(place, _)| left.contains(*place));
    let Some((first, head)) = present().next() else { return Members::NONE };
    match group.strategy {
        Strategy::Ordered | Strategy::LowestCost => Members::NONE.with(first),
        Strategy::WeightedRoundRobin | Strategy::LowestLatency => {
            present().filter(|(_, member)| member.tier == head.tier).map(|(place, _)| place).collect()
        }
    }
}

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
/// Group names and target ids hold no `|`, so two orders never share a name, and none is a target's.
pub fn order_name<'n>(group: &str, targets: impl IntoIterator<Item = &'n str>) -> String {
    let mut name = String::with_capacity(128);
    name.push_str(group);
    for id in targets {
        name.push('|');
        name.push_str(id);
    }
    name
}

/// One of a group's orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub name: String,
    /// Places in [`Config::targets`].
    pub targets: Vec<usize>,
}

impl Order {
    /// The order that [`order`] gives, named.
    pub fn new(config: &Config, group: &Group, left: Members, head: Option<usize>) -> Order {
        let places = order(group, left, head);
        let members = places.iter().filter_map(|place| group.members.get(*place));
        let targets: Vec<usize> = members.map(|member| member.target).collect();
        let ids =
            targets.iter().filter_map(|target| config.targets.get(*target)).map(crate::config::Target::id);
        Order { name: order_name(&group.name, ids), targets }
    }
}

/// Every order a request to this group can end up with, the whole group's first; at most [`MAX_ORDERS`].
pub fn orders(config: &Config, group: &Group) -> Vec<Order> {
    let all = Members::all(group);
    let mut orders = Vec::new();
    for bits in (1..=all.0).rev() {
        let left = Members(bits);
        orders.extend(heads(group, left).iter().map(|head| Order::new(config, group, left, Some(head))));
    }
    orders
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of as many targets as `tiers` has entries, each with that priority, and one group of them.
    fn config(strategy: &str, tiers: &[u8]) -> Config {
        let list = |each: fn(usize, u8) -> String| {
            tiers.iter().enumerate().map(|(i, tier)| each(i, *tier)).collect::<Vec<_>>().join(",")
        };
        let json = format!(
            r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","strategy":"{strategy}","targets":[{}]}}]}}"#,
            list(|i, _| format!(
                r#"{{"id":"t{i}","provider":"openai_compatible","endpoint":"http://x","price":{{"input":{},"output":1}}}}"#,
                9 - i
            )),
            list(|i, tier| format!(r#"{{"id":"t{i}","priority":{tier}}}"#)),
        );
        Config::from_json(json.as_bytes()).unwrap()
    }

    fn names(strategy: &str, tiers: &[u8]) -> Vec<String> {
        let config = config(strategy, tiers);
        orders(&config, &config.groups[0]).into_iter().map(|order| order.name).collect()
    }

    #[test]
    fn ordered_has_one_order_for_each_set() {
        assert_eq!(names("ordered", &[0]), ["g|t0"]);
        assert_eq!(
            names("ordered", &[0, 0, 1]),
            ["g|t0|t1|t2", "g|t1|t2", "g|t0|t2", "g|t2", "g|t0|t1", "g|t1", "g|t0"]
        );
        assert_eq!(names("ordered", &[0; 6]).len(), 63);
    }

    #[test]
    fn the_cheapest_comes_first_inside_its_tier() {
        assert_eq!(names("lowest_cost", &[0, 0, 1])[0], "g|t1|t0|t2");
    }

    #[test]
    fn any_of_the_first_tier_may_come_first() {
        assert_eq!(
            names("weighted_round_robin", &[0, 0, 1]),
            ["g|t0|t1|t2", "g|t1|t0|t2", "g|t1|t2", "g|t0|t2", "g|t2", "g|t0|t1", "g|t1|t0", "g|t1", "g|t0"]
        );
        assert_eq!(names("lowest_latency", &[0; 6]).len(), MAX_ORDERS);
        assert_eq!(MAX_ORDERS, 192);
    }

    #[test]
    fn sets() {
        let set = Members::NONE.with(0).with(5).with(6).with(usize::MAX).without(7);
        assert_eq!((set.len(), set.contains(5), set.contains(6)), (2, true, false));
        assert_eq!(set.without(0).iter().collect::<Vec<_>>(), [5]);
        assert!(set.without(0).without(5).is_empty());
    }

    #[cfg(not(target_family = "wasm"))]
    mod laws {
        use super::*;
        use proptest::prelude::*;

        proptest! {
            /// The law the design stands on: whatever the filter asks for was rendered, under one name.
            #[test]
            fn every_order_is_in_the_enumeration(
                strategy in prop::sample::select(vec!["ordered", "weighted_round_robin", "lowest_latency", "lowest_cost"]),
                tiers in prop::collection::vec(0u8..4, 1..=MAX_MEMBERS),
                left in any::<u8>(),
                head in prop::option::of(0usize..8),
            ) {
                let config = config(strategy, &tiers);
                let group = &config.groups[0];
                let all = orders(&config, group);
                prop_assert!(all.len() <= MAX_ORDERS);
                let mut names: Vec<_> = all.iter().map(|order| &order.name).collect();
                names.sort();
                names.dedup();
                prop_assert_eq!(names.len(), all.len());
                for order in &all {
                    let mut targets = order.targets.clone();
                    targets.sort_unstable();
                    targets.dedup();
                    prop_assert!(!targets.is_empty() && targets.len() == order.targets.len());
                }
                let left: Members = Members(left).iter().filter(|place| *place < tiers.len()).collect();
                let asked = Order::new(&config, group, left, head);
                prop_assert_eq!(all.contains(&asked), !left.is_empty());
                prop_assert_eq!(asked.targets.len(), left.len());
            }

            #[test]
            fn the_head_comes_first(tiers in prop::collection::vec(0u8..3, 1..=MAX_MEMBERS), left in 1u8..64) {
                let config = config("weighted_round_robin", &tiers);
                let group = &config.groups[0];
                for head in heads(group, Members(left)).iter() {
                    prop_assert_eq!(order(group, Members(left), Some(head)).first().copied(), Some(head));
                }
            }
        }
    }
}
