use super::super::{News, Standing, orders, strategies};
use super::*;
use crate::chat::Features;
use crate::settings::CircuitBreaker;

const NOW_MS: u64 = 1_750_000_000_000;

/// A group of as many targets as `tiers` has entries; `more` is the group's.
fn config(tiers: &[u8], more: &str) -> Config {
    let list = |each: fn(usize, u8) -> String| {
        tiers.iter().enumerate().map(|(i, tier)| each(i, *tier)).collect::<Vec<_>>().join(",")
    };
    let json = format!(
        r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","targets":[{}]{more}}}],
           "circuit_breaker":{{"consecutive_failures":1}}}}"#,
        list(|i, _| format!(
            r#"{{"id":"t{i}","provider":"openai_compatible","endpoint":"http://x","price":{{"input":{},"output":1}}}}"#,
            9 - i
        )),
        list(|i, tier| format!(r#"{{"id":"t{i}","priority":{tier}}}"#)),
    );
    Config::from_json(json.as_bytes()).unwrap()
}

/// How a target stands after some news, each so many milliseconds ago.
fn standing(news: &[(u64, News)]) -> Standing {
    let breaker = CircuitBreaker {
        consecutive_failures: 1,
        interval_ms: 10_000,
        base_ejection_time_ms: 30_000,
        max_ejection_time_ms: 300_000,
    };
    let after =
        |one: Standing, (ago_ms, news): &(u64, News)| one.after(*news, NOW_MS - ago_ms, &breaker).unwrap();
    news.iter().fold(Standing::default(), after)
}

/// One that came back so many milliseconds ago.
fn returned(ago_ms: u64) -> Standing {
    standing(&[(ago_ms + 5_000, News::Missed), (ago_ms, News::Reached)])
}

fn plan(config: &Config, standings: &[(usize, Standing)], pick: u64) -> Plan {
    let standing = |target| standings.iter().find(|(known, _)| *known == target).map(|(_, one)| *one);
    let now = Circumstances { now_ms: NOW_MS, pick, standing: &standing, refuses: &|_| None };
    choose(config, &config.groups[0], &Demand::default(), &now)
}

/// Of 20,000 requests, how many percent begin with each target.
fn shares(config: &Config, standings: &[(usize, Standing)]) -> Vec<f64> {
    let mut firsts = vec![0u32; config.targets.len()];
    for at in 0..20_000u64 {
        // As the host's numbers go.
        let pick = 7u64.wrapping_add(at.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 16;
        firsts[plan(config, standings, pick).order[0]] += 1;
    }
    firsts.into_iter().map(|count| f64::from(count) / 200.0).collect()
}

#[test]
fn who_comes_back_comes_first_for_a_share_of_the_requests() {
    let config = config(&[0, 1], "");
    for (ago_ms, percent) in [(0, 10.0), (9_999, 10.0), (10_000, 30.0), (20_000, 60.0), (30_000, 100.0)] {
        let shares = shares(&config, &[(0, returned(ago_ms))]);
        assert!((shares[0] - percent).abs() < 1.0, "{ago_ms}: {shares:?}");
    }
    let missing = shares(&config, &[(0, standing(&[(10, News::Missed)]))]);
    assert!((missing[0] - 10.0).abs() < 1.0, "some look whether it is back: {missing:?}");
    let after_broken_streams = shares(&config, &[(0, standing(&[(45_000, News::Broke)]))]);
    assert!((after_broken_streams[0] - 30.0).abs() < 1.0, "{after_broken_streams:?}");
}

#[test]
fn who_does_not_get_a_request_is_left_out_and_named() {
    let config = config(&[0, 1, 2], "");
    let stands_back =
        (0..).map(|pick| plan(&config, &[(0, returned(0))], pick)).find(|plan| plan.order[0] != 0);
    let plan = stands_back.unwrap();
    assert_eq!(plan.order, [1, 2]);
    assert_eq!(plan.verdicts, [Verdict::Returning(10), Verdict::In, Verdict::In]);
    assert_eq!(plan.verdicts[0].to_string(), "is coming back: 10 % of the requests go there first");
}

#[test]
fn one_of_several_that_may_come_first_stays_behind_the_others() {
    let config = config(&[0, 0, 1], r#","strategy":"weighted_round_robin""#);
    let known = [(0, returned(0))];
    let shares = shares(&config, &known);
    assert!((shares[0] - 5.0).abs() < 1.0, "half of a tenth: {shares:?}");
    for pick in 0..200 {
        assert_eq!(plan(&config, &known, pick).order.len(), 3, "it is there to fall back on");
    }
}

#[test]
fn where_nobody_can_stand_in_all_requests_go_there() {
    let all_to_the_first = |config: &Config, known: &[(usize, Standing)]| shares(config, known)[0] > 99.9;
    assert!(all_to_the_first(&config(&[0], ""), &[(0, returned(0))]), "a target alone");
    let two = config(&[0, 1], "");
    let failing = standing(&[(500, News::Failed)]);
    assert!(all_to_the_first(&two, &[(0, returned(0)), (1, failing)]), "the other one fails");
    let gone = standing(&[(500, News::Missed)]);
    assert!(all_to_the_first(&two, &[(0, returned(0)), (1, gone)]), "the other one is ejected");
    let cooling = standing(&[(500, News::Limited { wait_ms: 9_000 })]);
    assert!(all_to_the_first(&two, &[(0, returned(0)), (1, cooling)]), "the other one cools down");
}

#[test]
fn who_breaks_streams_off_is_ejected() {
    let broke = standing(&[(500, News::Broke)]);
    let two = config(&[0, 1], "");
    let plan = |config: &Config, known: &[(usize, Standing)]| plan(config, known, 0);
    let one = plan(&two, &[(0, broke)]);
    assert_eq!(one.order, [1]);
    assert_eq!(one.verdicts[0].to_string(), "is ejected: its last stream broke off");
    assert_eq!(one.all_ejected_ms, None);
    let all = plan(&two, &[(0, broke), (1, broke)]);
    assert_eq!((all.order, all.all_ejected_ms), (vec![0, 1], Some(29_500)), "they are tried anyway");
    let fast = config(&[0, 1], r#","when_all_ejected":"fail_fast""#);
    let none = plan(&fast, &[(0, broke), (1, broke)]);
    assert_eq!((none.order, none.all_ejected_ms, none.all_cooling_ms), (vec![], Some(29_500), None));
    let cooling = standing(&[(500, News::Limited { wait_ms: 9_000 })]);
    let mixed = plan(&two, &[(0, broke), (1, cooling)]);
    assert_eq!(mixed.order, [0], "who is ejected is tried before who asked to be left alone");
}

#[test]
fn who_is_off_is_left_out_and_named() {
    let mut config = config(&[0, 1, 2], "");
    config.groups[0].members[0].off = Some(SwitchedOff::Disabled);
    config.groups[0].members[1].off = Some(SwitchedOff::NoKey);
    let some = plan(&config, &[], 0);
    assert_eq!((some.order, some.all_off), (vec![2], None));
    let why: Vec<String> = some.verdicts.iter().map(Verdict::to_string).collect();
    assert_eq!(why, ["is disabled in the file", "is out: its key is missing", "can take the request"]);
    config.groups[0].members[2].off = Some(SwitchedOff::WithGroup);
    let none = plan(&config, &[], 0);
    assert_eq!(
        (none.order, none.all_off),
        (vec![], Some(SwitchedOff::NoKey)),
        "a fault counts more than a wish"
    );
}

#[test]
fn who_is_off_is_not_tried_anyway_and_does_not_hide_others() {
    let mut config = config(&[0, 1], r#","when_all_cooling":"try_anyway""#);
    config.groups[0].members[0].off = Some(SwitchedOff::Disabled);
    let cooling = standing(&[(500, News::Limited { wait_ms: 9_000 })]);
    let anyway = plan(&config, &[(1, cooling)], 0);
    assert_eq!((anyway.order, anyway.all_cooling_ms, anyway.all_off), (vec![1], Some(8_500), None));
    config.groups[0].when_all_cooling = WhenAll::FailFast;
    let later = plan(&config, &[(1, cooling)], 0);
    assert_eq!(
        (later.order, later.all_cooling_ms, later.all_off),
        (vec![], Some(8_500), None),
        "it comes back by itself"
    );
}

/// Whether the request is at fault is judged as if nobody were off; with everybody off nobody is asked about it.
#[test]
fn a_request_that_who_is_off_could_take_is_not_at_fault() {
    let all_off = |first: &str, second: &str, needs: Features| {
        let target = |id: &str, more: &str| {
            format!(
                r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x","capabilities":{more}}}"#
            )
        };
        let json = format!(
            r#"{{"version":1,"targets":[{},{}],"model_groups":[{{"name":"g","targets":[{{"id":"a"}},{{"id":"b"}}]}}]}}"#,
            target("a", first),
            target("b", second)
        );
        let config = Config::from_json(json.as_bytes()).unwrap();
        let now = Circumstances { now_ms: NOW_MS, pick: 0, standing: &|_| None, refuses: &|_| None };
        choose(&config, &config.groups[0], &Demand { needs, ..Demand::default() }, &now).all_off
    };
    let off = Some(SwitchedOff::Disabled);
    let (sees, blind) = (r#"["vision"]"#, "[]");
    let (sees_off, blind_off) = (r#"["vision"],"enabled":false"#, r#"[],"enabled":false"#);
    assert_eq!(all_off(sees_off, blind, Features::NONE), None, "the other one can");
    assert_eq!(all_off(sees_off, sees, Features::VISION), None, "the other one can");
    assert_eq!(all_off(sees_off, blind, Features::VISION), off);
    assert_eq!(all_off(blind_off, blind, Features::VISION), None, "neither could");
    assert_eq!(all_off(blind_off, blind_off, Features::VISION), off);
}

#[cfg(not(target_family = "wasm"))]
mod laws {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// However targets stand, somebody is asked who is on and can be, in an order that was rendered.
        #[test]
        fn every_plan_was_rendered(
            strategy in prop::sample::select(strategies().map(|strategy| strategy.name).collect::<Vec<_>>()),
            tiers in prop::collection::vec(0u8..3, 1..=6),
            history in prop::collection::vec((0usize..6, 0u64..40_000, 0usize..6), 0..24),
            pick in any::<u64>(),
            off in prop::collection::vec(prop::option::weighted(0.3, Just(SwitchedOff::Disabled)), 6),
        ) {
            let mut config = config(&tiers, &format!(r#","strategy":"{strategy}","when_all_cooling":"try_anyway""#));
            for (member, off) in config.groups[0].members.iter_mut().zip(off) {
                member.off = off;
            }
            let group = &config.groups[0];
            let news = [News::Broke, News::Whole, News::Missed, News::Reached, News::Failed, News::Limited { wait_ms: 50_000 }];
            let mut known: Vec<(usize, Standing)> = Vec::new();
            let mut history = history;
            history.sort_by_key(|(_, ago_ms, _)| std::cmp::Reverse(*ago_ms));
            for (target, ago_ms, what) in history {
                let before = known.iter().find(|(one, _)| *one == target).map_or_else(Standing::default, |(_, one)| *one);
                let breaker = &config.targets[0].circuit_breaker;
                if let Some(after) = before.after(news[what], NOW_MS - ago_ms, breaker) {
                    known.retain(|(one, _)| *one != target);
                    known.push((target, after));
                }
            }
            let plan = plan(&config, &known, pick);
            prop_assert_eq!(plan.order.is_empty(), group.members.iter().all(|member| member.off.is_some()));
            prop_assert!(plan.order.iter().all(|place| group.members[*place].off.is_none()));
            if plan.order.is_empty() {
                return Ok(());
            }
            let rendered: Vec<Vec<usize>> = orders(&config, group)
                .iter()
                .map(|order| order.seats.iter().map(|seat| seat.target).collect())
                .collect();
            let targets: Vec<usize> = plan.order.iter().map(|place| group.members[*place].target).collect();
            prop_assert!(rendered.contains(&targets), "{targets:?}");
        }
    }
}
