//! Orders: the sequences of targets that a request can be sent down.
//!
//! Each is an aggregate cluster in Envoy, named by [`order_name`]. The renderer writes all of [`orders`]; the filter
//! names the one it wants with [`order`]. Both go through the same functions here, so the filter can't ask for one that
//! was not rendered: whatever it leaves out and whichever head it picks, the result is in the enumeration.

use crate::settings::{BackOff, Config, Group, MAX_MEMBERS, Strategy, Target, Twin};

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

/// The members that may come first when `left` are left: any of the first tier where the strategy picks per request,
/// else the one that always does.
pub fn heads(group: &Group, left: Members) -> Members {
    let present = || group.members.iter().enumerate().filter(|(place, _)| left.contains(*place));
    let Some((first, head)) = present().next() else { return Members::NONE };
    match group.strategy {
        Strategy::Ordered | Strategy::LowestCost => Members::NONE.with(first),
        Strategy::WeightedRoundRobin => {
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

/// How often a request is tried that goes down an order of so many targets: one attempt a target, as long as nobody asked
/// for more than the group has targets.
pub fn attempts(group: &Group, targets: usize) -> usize {
    let most = usize::try_from(group.max_attempts).unwrap_or(1);
    if most > group.members.len() { most } else { most.min(targets) }
}

/// The pause before each further attempt of a request that goes down an order of so many targets, where the file says none.
///
/// Another target needs none: it didn't fail. 1 ms is the shortest that Envoy has. Whoever is asked again gets time to
/// recover, for longer and longer, and not by all callers at the same moment: Envoy draws each pause at random up to its bound.
pub fn back_off(group: &Group, targets: usize) -> BackOff {
    let is_new = attempts(group, targets) <= targets;
    group.back_off.unwrap_or(match targets {
        _ if is_new => BackOff { base_ms: 1, max_ms: 1 },
        0 | 1 => BackOff { base_ms: 25, max_ms: 250 },
        _ => BackOff { base_ms: 1, max_ms: 250 },
    })
}

/// The name of an order: of its cluster in Envoy, and what the filter writes into the header that routes by it.
///
/// Group names and target ids hold neither `|` nor `!`, so two orders never share a name, and none is a target's.
pub fn order_name(config: &Config, group: &Group, seats: impl IntoIterator<Item = Seat>) -> String {
    let mut name = String::with_capacity(128);
    name.push_str(&group.name);
    for seat in seats {
        name.push('|');
        name.push_str(config.targets.get(seat.target).map_or("?", Target::id));
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
    pub name: String,
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
mod tests {
    use super::*;

    /// A file of as many targets as `tiers` has entries, each with that priority, and one group of them.
    fn config(strategy: &str, tiers: &[u8]) -> Config {
        drilled(strategy, tiers, "").unwrap()
    }

    /// The same with drills.
    fn drilled(strategy: &str, tiers: &[u8], drills: &str) -> Result<Config, Vec<crate::config::Problem>> {
        let list = |each: fn(usize, u8) -> String| {
            tiers.iter().enumerate().map(|(i, tier)| each(i, *tier)).collect::<Vec<_>>().join(",")
        };
        let json = format!(
            r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","strategy":"{strategy}","targets":[{}]}}],"drills":[{drills}]}}"#,
            list(|i, _| format!(
                r#"{{"id":"t{i}","provider":"openai_compatible","endpoint":"http://x","price":{{"input":{},"output":1}}}}"#,
                9 - i
            )),
            list(|i, tier| format!(r#"{{"id":"t{i}","priority":{tier}}}"#)),
        );
        Config::from_json(json.as_bytes())
    }

    fn drill(target: usize, effect: &str) -> String {
        format!(r#"{{"target":"t{target}",{effect},"until":"2026-12-31T00:00:00Z"}}"#)
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
        assert_eq!(names("weighted_round_robin", &[0; 6]).len(), MAX_ORDERS);
        assert_eq!(MAX_ORDERS, 192);
    }

    #[test]
    fn twins_stand_in_for_drilled_targets() {
        let drills =
            [drill(1, r#""class":"auth""#), drill(1, r#""latency":"1s""#), drill(1, r#""class":"quota""#)];
        let config = drilled("ordered", &[0, 1], &drills.join(",")).unwrap();
        let names: Vec<_> = orders(&config, &config.groups[0]).into_iter().map(|order| order.name).collect();
        assert_eq!(
            names,
            ["g|t0|t1", "g|t0|t1!fail", "g|t0|t1!slow", "g|t1", "g|t1!fail", "g|t1!slow", "g|t0"]
        );
    }

    #[test]
    fn too_many_orders_are_refused() {
        let drills = |n: usize| (0..n).map(|i| drill(i, r#""class":"auth""#)).collect::<Vec<_>>().join(",");
        let count = |strategy: &str, n: usize| {
            let config = drilled(strategy, &[0; 6], &drills(n));
            config.map(|config| orders(&config, &config.groups[0]).len())
        };
        assert_eq!(count("ordered", 6).unwrap(), 728);
        assert_eq!(count("weighted_round_robin", 3).unwrap(), 756);
        let problems = count("weighted_round_robin", 4).unwrap_err();
        assert!(
            problems[0].to_string().starts_with("drills: With these drills the group `g` has "),
            "{problems:?}"
        );
    }

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

    #[cfg(not(target_family = "wasm"))]
    mod laws {
        use super::*;
        use crate::settings::MAX_DRILLED_ORDERS;
        use proptest::prelude::*;

        proptest! {
            /// The law the design stands on: whatever the filter asks for was rendered, under one name.
            #[test]
            fn every_order_is_in_the_enumeration(
                strategy in prop::sample::select(vec!["ordered", "weighted_round_robin", "lowest_cost"]),
                tiers in prop::collection::vec(0u8..4, 1..=MAX_MEMBERS),
                left in any::<u8>(),
                head in prop::option::of(0usize..8),
                drills in prop::collection::vec((0usize..MAX_MEMBERS, any::<bool>()), 0..4),
                luck in any::<usize>(),
            ) {
                let effect = |slow: bool| if slow { r#""latency":"1s""# } else { r#""class":"auth""# };
                let written: Vec<_> =
                    drills.iter().map(|(target, slow)| drill(target % tiers.len(), effect(*slow))).collect();
                let Ok(config) = drilled(strategy, &tiers, &written.join(",")) else {
                    // Only ever because of too many orders, which the count says before they are made.
                    prop_assert!(drills.len() > 2);
                    return Ok(());
                };
                let group = &config.groups[0];
                let all = orders(&config, group);
                prop_assert_eq!(all.len(), order_count(&config, group));
                let most = if drills.is_empty() { MAX_ORDERS } else { MAX_DRILLED_ORDERS };
                prop_assert!(all.len() <= most);
                let mut names: Vec<_> = all.iter().map(|order| &order.name).collect();
                names.sort();
                names.dedup();
                prop_assert_eq!(names.len(), all.len());
                for order in &all {
                    let mut targets: Vec<_> = order.seats.iter().map(|seat| seat.target).collect();
                    targets.sort_unstable();
                    targets.dedup();
                    prop_assert!(!targets.is_empty() && targets.len() == order.seats.len());
                }
                let left: Members = Members(left).iter().filter(|place| *place < tiers.len()).collect();
                let twin = |target: usize| {
                    let ways: Vec<_> = std::iter::once(None).chain(config.twins(target).map(Some)).collect();
                    ways[(luck >> target) % ways.len()]
                };
                let asked = Order::new(&config, group, left, head, twin);
                prop_assert_eq!(all.contains(&asked), !left.is_empty());
                prop_assert_eq!(asked.seats.len(), left.len());
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

    #[test]
    fn each_target_is_tried_once_unless_more_is_asked_for() {
        let config = config("ordered", &[0, 1, 2]);
        let mut group = config.groups.first().unwrap().clone();
        let tried = |group: &Group| [1, 2, 3].map(|targets| attempts(group, targets));
        assert_eq!(tried(&group), [1, 2, 3]);
        group.max_attempts = 2;
        assert_eq!(tried(&group), [1, 2, 2]);
        group.max_attempts = 5;
        assert_eq!(tried(&group), [5, 5, 5]);
    }

    #[test]
    fn only_who_is_asked_again_gets_time() {
        let config = config("ordered", &[0, 1, 2]);
        let mut group = config.groups.first().unwrap().clone();
        let pauses = |group: &Group| {
            [1, 2, 3].map(|targets| back_off(group, targets)).map(|pause| (pause.base_ms, pause.max_ms))
        };
        assert_eq!(pauses(&group), [(1, 1); 3]);
        group.max_attempts = 4;
        assert_eq!(pauses(&group), [(25, 250), (1, 250), (1, 250)]);
        group.back_off = Some(BackOff { base_ms: 5, max_ms: 7 });
        assert_eq!(pauses(&group), [(5, 7); 3], "what is written wins");
    }
}
