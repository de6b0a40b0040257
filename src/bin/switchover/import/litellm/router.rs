//! LiteLLM's settings beside the list of models: strategies, fallbacks, retries, cool-downs.

use super::super::draft::{Draft, DraftGroup};
use super::super::remark::quoted;
use super::super::written::Written;
use std::collections::BTreeMap;

/// The sections that may have the same settings.
const SECTIONS: [&str; 2] = ["router_settings", "litellm_settings"];

/// Puts what the settings say into the groups.
pub fn settle(
    documents: &[Written],
    groups: &mut [DraftGroup],
    ids: &BTreeMap<String, String>,
    draft: &mut Draft,
) {
    let sections: Vec<&Written> =
        documents.iter().flat_map(|document| SECTIONS.iter().filter_map(|name| document.get(name))).collect();
    for section in &sections {
        aliases(section, groups, draft);
        fallbacks(section, groups, ids, draft);
        times(section, groups);
        if section.truth("drop_params") == Some(true) {
            groups.iter_mut().for_each(|group| group.is_dropping = true);
        }
        section.skip(&["drop_params", "modify_params", "enable_pre_call_checks"]);
        if let Some(fails) = section.whole("allowed_fails") {
            draft.consecutive_failures = Some(fails.saturating_add(1).min(1_000_000));
        }
        if let Some(seconds) = section.number("cooldown_time").filter(|seconds| *seconds > 0.0) {
            draft.base_ejection_ms = format!("{:.0}", seconds * 1000.0).parse().ok();
        }
    }
    strategy(&sections, groups, draft);
}

/// A group by one of its names.
fn find<'g>(groups: &'g mut [DraftGroup], name: &str) -> Option<&'g mut DraftGroup> {
    groups.iter_mut().find(|group| group.name == name || group.aliases.iter().any(|alias| alias == name))
}

/// `model_group_alias: {theirs: ours}` or `{theirs: {model: ours}}`.
fn aliases(section: &Written, groups: &mut [DraftGroup], draft: &mut Draft) {
    let Some(map) = section.get("model_group_alias") else { return };
    for (alias, target) in map.keys() {
        map.get(alias);
        let name = target.words().or_else(|| target.text("model"));
        target.skip(&["hidden"]);
        match name.and_then(|name| find(groups, name)) {
            Some(group) => group.aliases.push(alias.clone()),
            None => draft.leave(target, "no such model came out"),
        }
    }
}

/// The three kinds of fallbacks, each a list of maps from a model to those that follow.
fn fallbacks(
    section: &Written,
    groups: &mut [DraftGroup],
    ids: &BTreeMap<String, String>,
    draft: &mut Draft,
) {
    for (key, class) in [
        ("fallbacks", None),
        ("context_window_fallbacks", Some("context_length")),
        ("content_policy_fallbacks", Some("content_policy")),
    ] {
        for map in section.list(key) {
            for (name, follow) in map.keys() {
                map.get(name);
                let names: Vec<String> = follow
                    .rows()
                    .iter()
                    .filter_map(|row| row.words().or_else(|| row.text("model")))
                    .map(str::to_owned)
                    .collect();
                let mut known = |name: String| {
                    find(groups, &name)
                        .map(|group| group.name.clone())
                        .or_else(|| ids.get(&name).cloned())
                        .unwrap_or(name)
                };
                let names: Vec<String> = names.into_iter().map(&mut known).collect();
                match find(groups, name) {
                    Some(group) => follow_on(group, names, class, follow, draft),
                    None if name == "*" => all(groups, &names),
                    None => draft.leave(follow, "no such model came out"),
                }
            }
        }
    }
    let defaults: Vec<String> =
        section.list("default_fallbacks").iter().filter_map(Written::words).map(str::to_owned).collect();
    all(groups, &defaults);
}

/// Fallbacks for whoever has none.
fn all(groups: &mut [DraftGroup], names: &[String]) {
    for group in groups.iter_mut().filter(|group| group.fallbacks.is_empty()) {
        group.fallbacks = names.iter().filter(|name| **name != group.name).cloned().collect();
    }
}

/// LiteLLM has other fallbacks for some failures; here a group has one line of targets.
fn follow_on(
    group: &mut DraftGroup,
    names: Vec<String>,
    class: Option<&'static str>,
    from: &Written,
    draft: &mut Draft,
) {
    let is_first = group.fallbacks.is_empty();
    let new: Vec<String> = names.into_iter().filter(|name| !group.fallbacks.contains(name)).collect();
    match class {
        Some(class) if is_first && group.members.len() == 1 => {
            group.why.push(format!("Only a failure of the class {class} leads on to others, as it was."));
            group.failover_on = Some(vec![class]);
        }
        Some("content_policy") => {
            let classes = group.failover_on.get_or_insert_with(|| {
                let all = switchover::failure::Class::all().filter(|class| class.fails_over());
                all.map(switchover::failure::Class::name).collect()
            });
            classes.push("content_policy");
            widened(group, &new, from, draft);
        }
        Some(_) => widened(group, &new, from, draft),
        // Those that only some failures led to are now followed by all.
        None => group.failover_on = group.failover_on.take().filter(|_| false),
    }
    group.fallbacks.extend(new);
}

fn widened(group: &DraftGroup, new: &[String], from: &Written, draft: &mut Draft) {
    if !new.is_empty() {
        let names: Vec<String> = new.iter().map(|name| quoted(name)).collect();
        draft.tell(from, format!("{} follows {} after any failure now, not only after this one: a group has one line of targets", names.join(", "), quoted(&group.name)));
    }
}

fn times(section: &Written, groups: &mut [DraftGroup]) {
    let ms = |key: &str| -> Option<u64> {
        format!("{:.0}", section.number(key).filter(|seconds| *seconds > 0.0)? * 1000.0).parse().ok()
    };
    let (answer, first) = (ms("timeout").or_else(|| ms("request_timeout")), ms("stream_timeout"));
    for group in groups {
        group.answer_ms = group.answer_ms.or(answer);
        group.first_token_ms = group.first_token_ms.or(first);
        group.retries = section.whole("num_retries").or(group.retries);
    }
}

/// Among several deployments LiteLLM picks at random, by weight.
fn strategy(sections: &[&Written], groups: &mut [DraftGroup], draft: &mut Draft) {
    let written = sections.iter().find_map(|section| section.get("routing_strategy"));
    let name = written.and_then(Written::words).unwrap_or("simple-shuffle");
    let later = match name {
        "simple-shuffle" => None,
        "least-busy" => Some("least_busy"),
        "latency-based-routing" => Some("lowest_latency"),
        "usage-based-routing" | "usage-based-routing-v2" => Some("lowest_usage"),
        "cost-based-routing" => Some("lowest_cost"),
        _ => Some("another strategy"),
    };
    sections.iter().for_each(|section| section.skip(&["routing_strategy_args"]));
    let mut is_told = later.is_none();
    for group in groups.iter_mut().filter(|group| group.members.len() > 1) {
        let has_prices = group.members.iter().all(|member| {
            draft.targets.iter().any(|target| target.id == member.id && target.price.is_some())
        });
        if later == Some("lowest_cost") && has_prices {
            group.strategy = Some("lowest_cost");
            continue;
        }
        group.strategy = Some("weighted_round_robin");
        if let (false, Some(written), Some(later)) = (is_told, written, later) {
            is_told = true;
            let how = if later == "lowest_cost" {
                "needs a `price` of each target"
            } else {
                "comes with a later version"
            };
            draft.tell(written, format!("{} became `weighted_round_robin`: `{later}` {how}", quoted(name)));
        }
    }
}
