//! `weighted_round_robin`: each member of the tier as often as its weight says. Workers share no turn, so luck takes it.

use super::row::{Candidates, First, Strategy};
use crate::plan::signal::weight::{WEIGHT, weight};

pub(super) static WEIGHTED_ROUND_ROBIN: Strategy = Strategy {
    name: "weighted_round_robin",
    how: "by weight",
    sort: None,
    head: First::Any(pick),
    reads: &[&WEIGHT],
};

fn pick(choice: &Candidates<'_>) -> Option<usize> {
    let total: u64 = choice.members().map(|(_, member)| weight(member)).sum();
    let mut at = choice.now.pick.checked_rem(total)?;
    let mut members = choice.members();
    let hit = members.find(|(_, member)| {
        let weight = weight(member);
        let hit = at < weight;
        at = at.saturating_sub(weight);
        hit
    });
    hit.map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Circumstances, Members};
    use crate::settings::Config;

    #[test]
    fn shares_are_as_the_weights() {
        let target =
            |id: &str| format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x"}}"#);
        let json = format!(
            r#"{{"version":1,"targets":[{},{},{}],"model_groups":[{{"name":"g","strategy":"weighted_round_robin",
                "targets":[{{"id":"a","weight":2}},{{"id":"b","weight":5}},{{"id":"c"}}]}}]}}"#,
            target("a"),
            target("b"),
            target("c"),
        );
        let config = Config::from_json(json.as_bytes()).unwrap();
        let picked = |candidates: Members, luck: u64| {
            let now = Circumstances { now_ms: 0, pick: luck, standing: &|_| None, refuses: &|_| None };
            pick(&Candidates { config: &config, group: &config.groups[0], candidates, now: &now })
        };
        let all = Members::all(&config.groups[0]);
        let turn: Vec<usize> = (0..8).filter_map(|luck| picked(all, luck)).collect();
        assert_eq!(turn, [0, 0, 1, 1, 1, 1, 1, 2]);
        assert_eq!(picked(all.without(1), 8), Some(2), "8 is the third of three");
        assert_eq!(picked(Members::NONE, 8), None);
    }
}
