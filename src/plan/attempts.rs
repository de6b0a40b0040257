//! Attempts: how often a request is tried, and how long it waits before it is tried again.

use crate::settings::{BackOff, Group};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Config;

    /// A group of three targets.
    fn group() -> Group {
        let target =
            |id: &str| format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x"}}"#);
        let json = format!(
            r#"{{"version":1,"targets":[{},{},{}],
               "model_groups":[{{"name":"g","targets":[{{"id":"a"}},{{"id":"b"}},{{"id":"c"}}]}}]}}"#,
            target("a"),
            target("b"),
            target("c"),
        );
        Config::from_json(json.as_bytes()).unwrap().groups.remove(0)
    }

    #[test]
    fn each_target_is_tried_once_unless_more_is_asked_for() {
        let mut group = group();
        let tried = |group: &Group| [1, 2, 3].map(|targets| attempts(group, targets));
        assert_eq!(tried(&group), [1, 2, 3]);
        group.max_attempts = 2;
        assert_eq!(tried(&group), [1, 2, 2]);
        group.max_attempts = 5;
        assert_eq!(tried(&group), [5, 5, 5]);
    }

    #[test]
    fn only_who_is_asked_again_gets_time() {
        let mut group = group();
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
