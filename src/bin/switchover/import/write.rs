//! Writes a draft as YAML with comments.

use super::draft::{Draft, DraftGroup, DraftSource, DraftTarget};
use super::remark::one_line;
use crate::render::tree::{ListItem, Map, TreeNode, list, one};
use crate::render::yaml;

/// The document, without what was not carried over.
pub fn document(draft: &Draft) -> String {
    let mut map = Map::new().with("version", 1u64);
    map = map.with("targets", items(&draft.targets, |target| (why(&target.why), self::target(target))));
    if !draft.credentials.is_empty() {
        let credentials = items(&draft.credentials, |credential| {
            let map = Map::new().with("id", credential.id.as_str());
            let map = match &credential.source {
                DraftSource::File(path) => map.with("secret_file", path.as_str()),
                DraftSource::Variable(name) => map.with("secret_env", name.as_str()),
                DraftSource::Aws(region) => map.with("aws", one("region", region.as_str())),
            };
            (one_line(&credential.why), map)
        });
        map = map.with("credentials", credentials);
    }
    map = map.with("model_groups", items(&draft.groups, |group| (why(&group.why), self::group(group))));
    let breaker = breaker(draft.consecutive_failures, draft.base_ejection_ms);
    yaml::write(&map.with_some("circuit_breaker", breaker).into())
}

fn items<T>(all: &[T], each: impl Fn(&T) -> (String, Map)) -> TreeNode {
    let item = |one: &T| {
        let (why, map) = each(one);
        ListItem { why, value: map.into() }
    };
    TreeNode::List(all.iter().map(item).collect())
}

fn why(reasons: &[String]) -> String {
    reasons.iter().map(|reason| one_line(reason)).collect::<Vec<_>>().join(" ")
}

fn target(target: &DraftTarget) -> Map {
    let text = |text: &Option<String>| text.as_deref().map(TreeNode::from);
    Map::new()
        .with("id", target.id.as_str())
        .with("provider", target.provider.as_str())
        .with_some("model", text(&target.model))
        .with_some("endpoint", text(&target.endpoint))
        .with_some("api_version", text(&target.api_version))
        .with_some("project", text(&target.project))
        .with_some("location", text(&target.location))
        .with_some("region", text(&target.region))
        .with_some("context_window", target.context_window)
        .with_some("max_output_tokens", target.max_output_tokens)
        .with_some(
            "price",
            target.price.map(|(input, output)| Map::new().with("input", input).with("output", output)),
        )
        .with_some("credential", text(&target.credential))
        .with_some("circuit_breaker", breaker(target.consecutive_failures, target.base_ejection_ms))
}

fn breaker(failures: Option<u64>, base_ms: Option<u64>) -> Option<Map> {
    // What the longest ejection is if the file says nothing.
    const LONGEST_MS: u64 = 300_000;
    (failures.is_some() || base_ms.is_some()).then(|| {
        Map::new()
            .with_some("consecutive_failures", failures)
            .with_some("base_ejection_time", base_ms.map(duration))
            .with_some("max_ejection_time", base_ms.filter(|ms| *ms > LONGEST_MS).map(duration))
    })
}

fn group(group: &DraftGroup) -> Map {
    let texts = |texts: &[String]| list(texts.iter().map(String::as_str));
    let members = group.members.iter().map(|member| {
        Map::new()
            .with("id", member.id.as_str())
            .with_some("priority", (member.priority > 0).then_some(member.priority))
            .with_some("weight", member.weight)
    });
    Map::new()
        .with("name", group.name.as_str())
        .with_some("aliases", (!group.aliases.is_empty()).then(|| texts(&group.aliases)))
        .with_some("strategy", group.strategy)
        .with("targets", list(members))
        .with_some("fallback_group", group.fallback_group.as_deref())
        .with_some("max_attempts", group.max_attempts)
        .with_some("first_token_timeout", group.first_token_ms.map(duration))
        .with_some("answer_timeout", group.answer_ms.map(duration))
        .with_some("stream_idle_timeout", group.idle_ms.map(duration))
        .with_some("timeout", group.whole_ms.map(duration))
        .with_some("failover_on", group.failover_on.as_ref().map(|classes| list(classes.iter().copied())))
        .with_some("unsupported", group.is_dropping.then_some("drop"))
}

fn duration(ms: u64) -> TreeNode {
    TreeNode::Text(if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") })
}
