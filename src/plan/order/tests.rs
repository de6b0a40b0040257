//! Tests: which orders there are, and that whatever is asked for is among them.

use super::*;
use crate::plan::strategies;
use crate::settings::MAX_MEMBERS;

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

/// The set whose places are these bits.
fn set(bits: u8) -> Members {
    (0..MAX_MEMBERS).filter(|place| bits >> place & 1 == 1).collect()
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
    assert_eq!(names, ["g|t0|t1", "g|t0|t1!fail", "g|t0|t1!slow", "g|t1", "g|t1!fail", "g|t1!slow", "g|t0"]);
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

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use crate::settings::MAX_DRILLED_ORDERS;
    use proptest::prelude::*;

    proptest! {
        /// The law the design stands on: whatever the filter asks for was rendered, under one name.
        #[test]
        fn every_order_is_in_the_enumeration(
            strategy in prop::sample::select(strategies().map(|strategy| strategy.name).collect::<Vec<_>>()),
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
            let left: Members = set(left).iter().filter(|place| *place < tiers.len()).collect();
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
            for head in heads(group, set(left)).iter() {
                prop_assert_eq!(order(group, set(left), Some(head)).first().copied(), Some(head));
            }
        }
    }
}

/// So that turning a target, a fallback group or a drill off and on changes no cluster.
#[test]
fn what_is_off_changes_no_order() {
    let orders_of = |target: &str, group: &str, drill: &str| {
        let json = format!(
            r#"{{"version":1,"targets":[{{"id":"a","provider":"openai_compatible","endpoint":"http://x"{target}}},
                {{"id":"b","provider":"openai_compatible","endpoint":"http://y"}}],
                "model_groups":[{{"name":"g","targets":[{{"id":"a"}}],"fallback_group":"h"}},
                    {{"name":"h","targets":[{{"id":"b"}}]{group}}}],
                "drills":[{{"target":"a","class":"auth","until":"2026-12-31T00:00:00Z"{drill}}}]}}"#
        );
        let config = Config::from_json(json.as_bytes()).unwrap();
        config.groups.iter().map(|group| orders(&config, group)).collect::<Vec<_>>()
    };
    let off = r#","enabled":false"#;
    let all = orders_of("", "", "");
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [5, 1]);
    for changed in [
        orders_of(off, "", ""),
        orders_of(r#","out":"auth""#, "", ""),
        orders_of("", off, ""),
        orders_of("", "", off),
    ] {
        assert_eq!(changed, all);
    }
}
