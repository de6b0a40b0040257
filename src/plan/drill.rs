//! Drills: which of an order's targets fail on purpose for one request, and how.

use super::Seat;
use crate::settings::{Config, Effect};

/// A target that is drilled for this request, should an attempt reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drilled {
    /// A place in [`Config::targets`].
    pub target: usize,
    /// What becomes of the attempt.
    pub effect: Effect,
}

/// The seats of an order's targets (places in [`Config::targets`]) and their drills.
///
/// `luck` is a random number. `forced` says of a place in [`Config::drills`] whether the caller asks for it and may. Of
/// several drills of a target the first that hits counts, and a forced one before all others.
pub fn drilled(
    config: &Config,
    targets: &[usize],
    now_ms: u64,
    luck: u64,
    forced: impl Fn(usize) -> bool,
) -> Vec<Drilled> {
    let hit = |target: usize, wanted: &dyn Fn(usize, u32) -> bool| {
        let mut on = config
            .drills
            .iter()
            .enumerate()
            .filter(|(_, drill)| drill.target == target && drill.is_on(now_ms));
        let (_, drill) = on.find(|(place, drill)| wanted(*place, drill.per_million))?;
        Some(Drilled { target, effect: drill.effect })
    };
    let drilled = targets.iter().filter_map(|target| {
        hit(*target, &|place, _| forced(place))
            .or_else(|| hit(*target, &|place, per_million| draw(luck, place) < per_million))
    });
    drilled.collect()
}

/// The seats of an order's targets: each as itself, or as the twin that its drill needs.
pub fn seats(targets: &[usize], drilled: &[Drilled]) -> impl Iterator<Item = Seat> {
    targets.iter().map(|target| Seat {
        target: *target,
        twin: drilled.iter().find(|drill| drill.target == *target).map(|drill| drill.effect.twin()),
    })
}

/// A number below a million, as random as `luck`, and another one for each place. The mixing is that of SplitMix64
/// (<https://doi.org/10.1145/2714064.2660195>).
pub(super) fn draw(luck: u64, place: usize) -> u32 {
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    let mut mixed = luck.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    u32::try_from(mixed % 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Class;

    const UNTIL: u64 = 1_798_675_200_000;

    fn config(drills: &str) -> Config {
        let target =
            |id: &str| format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x"}}"#);
        let json = format!(
            r#"{{"version":1,"targets":[{},{}],"model_groups":[{{"name":"g","targets":[{{"id":"a"}},{{"id":"b"}}]}}],
               "drills":[{drills}]}}"#,
            target("a"),
            target("b"),
        );
        Config::from_json(json.as_bytes()).unwrap()
    }

    fn drill(target: &str, effect: &str, percentage: f64) -> String {
        format!(
            r#"{{"target":"{target}",{effect},"percentage":{percentage},"until":"2026-12-31T00:00:00Z"}}"#
        )
    }

    #[test]
    fn a_percentage_is_of_the_requests() {
        let config =
            config(&[drill("a", r#""class":"auth""#, 25.0), drill("b", r#""latency":"2s""#, 50.0)].join(","));
        let mut counts = [0; 4];
        // As the host's keys go: by an odd step.
        let mut luck = 7u64;
        for _ in 0..100_000 {
            luck = luck.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let drilled = drilled(&config, &[0, 1], 0, luck, |_| false);
            let has = |target| usize::from(drilled.iter().any(|drill| drill.target == target));
            counts[has(0) * 2 + has(1)] += 1;
        }
        for (count, expected) in counts.into_iter().zip([37_500, 37_500, 12_500, 12_500]) {
            assert!((expected - 1_000..expected + 1_000).contains(&count), "{counts:?}");
        }
    }

    #[test]
    fn a_drill_that_is_off_hits_nobody() {
        let config = config(&drill("a", r#""class":"auth","enabled":false"#, 100.0));
        assert_eq!(drilled(&config, &[0, 1], 0, 7, |_| true), []);
        assert_eq!(config.twins(0).count(), 1, "its twin stays");
    }

    #[test]
    fn nothing_and_everything() {
        let config = config(
            &[drill("a", r#""class":"auth""#, 0.0), drill("a", r#""class":"quota""#, 100.0)].join(","),
        );
        for luck in 0..1_000 {
            let expected = [Drilled { target: 0, effect: Effect::Fail(Class::Quota) }];
            assert_eq!(drilled(&config, &[1, 0], UNTIL - 1, luck, |_| false), expected);
            assert_eq!(drilled(&config, &[1, 0], UNTIL, luck, |_| false), []);
        }
    }

    #[test]
    fn a_forced_drill_comes_first_and_ends_too() {
        let config =
            config(&[drill("a", r#""class":"auth""#, 100.0), drill("a", r#""latency":"1s""#, 0.0)].join(","));
        let forced = |now_ms| drilled(&config, &[0], now_ms, 1, |place| place == 1);
        assert_eq!(forced(UNTIL - 1), [Drilled { target: 0, effect: Effect::DelayMs(1000) }]);
        assert_eq!(forced(UNTIL), []);
    }
}
