//! agentgateway's section `llm`: models, providers that they refer to, and virtual models over them.

use super::super::draft::{Draft, DraftGroup, DraftMember};
use super::super::remark::quoted;
use super::super::vendor;
use super::super::written::Written;
use super::provider;
use std::collections::BTreeMap;

/// Adds a group a model, and one a virtual model.
pub fn add(llm: &Written, draft: &mut Draft) {
    let providers: BTreeMap<&str, &Written> =
        llm.list("providers").iter().filter_map(|one| Some((one.text("name")?, one))).collect();
    // So that what it has is told one by one.
    llm.get("policies");
    for model in llm.list("models") {
        let Some(name) = model.text("name") else { continue };
        model.skip(&["id"]);
        let Some((id, provider)) = target(model, name, None, &providers, draft) else { continue };
        let (group, alias) = names(model, name, &provider, draft);
        let Some(group) = group else { continue };
        draft.groups.push(DraftGroup {
            name: group,
            aliases: alias.into_iter().collect(),
            members: vec![DraftMember { id, ..DraftMember::default() }],
            from: Some(model.clone()),
            ..DraftGroup::default()
        });
    }
    for model in llm.list("virtualModels") {
        add_virtual(model, llm, &providers, draft);
    }
}

/// The target of a model; with `asked`, as callers of that name get it. With the provider.
fn target(
    model: &Written,
    name: &str,
    asked: Option<&str>,
    providers: &BTreeMap<&str, &Written>,
    draft: &mut Draft,
) -> Option<(String, String)> {
    let written = model.get("provider")?;
    let shared = written.text("reference").and_then(|name| providers.get(name).copied());
    let kind = shared.and_then(|shared| shared.get("provider")).unwrap_or(written);
    let (kind_name, options) = match (kind.words(), kind.keys().first()) {
        (Some(name), _) => (name, None),
        (None, Some((name, _))) => (name.as_str(), kind.get(name)),
        (None, None) => return None,
    };
    let kind_name = if kind_name == "custom" { custom(kind.get("custom")) } else { kind_name };
    if kind_name == "reference" {
        draft.leave(model, "the provider that it refers to is not there");
        return None;
    }
    let (params, defaults) = (model.get("params"), shared.and_then(|shared| shared.get("params")));
    let from_params = params.filter(|params| params.keys().len() > usize::from(params.has("model")));
    let mut target =
        provider::target(model, kind_name, from_params.or(defaults).or(params).or(options), draft)?;
    for part in [defaults, params].into_iter().flatten() {
        provider::place(&mut target, part, draft);
        if let Some(model) = part.text("model") {
            target.model = Some(model.to_owned());
        }
    }
    if target.model.is_none() {
        // What the provider is asked for is what the caller asked for, often without a prefix that the name has.
        let strips = model
            .at(&["transformation", "model"])
            .or_else(|| shared?.at(&["defaults", "transformation", "model"]))
            .and_then(Written::words)
            .is_some_and(|text| text.contains("stripPrefix"));
        let asked = asked.unwrap_or(name);
        let asked = if strips { asked.split_once('/').map_or(asked, |(_, rest)| rest) } else { asked };
        target.model = (!asked.contains('*')).then(|| asked.to_owned());
    }
    let auths = [
        model.get("auth").map(|_| model),
        params,
        shared.and_then(|shared| shared.get("defaults")),
        defaults,
    ];
    target.credential = provider::credential(model, &target, &auths, draft);
    let provider = target.provider.clone();
    let wish = asked.unwrap_or(name).replace(['*', '/'], "-");
    Some((draft.target(model, &wish, target)?, provider))
}

/// The provider whose dialect a custom one speaks.
fn custom(options: Option<&Written>) -> &'static str {
    let Some(options) = options else { return "custom" };
    options.skip(&["providerOverride"]);
    let formats = options.list("formats").iter().filter_map(|format| format.text("type"));
    let formats: Vec<&str> = formats.collect();
    if formats.contains(&"messages") && !formats.contains(&"completions") { "anthropic" } else { "custom" }
}

/// A group's name and its alias; a model that is only for virtual ones gets no group.
fn names(model: &Written, name: &str, provider: &str, draft: &mut Draft) -> (Option<String>, Option<String>) {
    if model.text("visibility") == Some("internal") {
        return (None, None);
    }
    if let Some(matches) = model.get("matches") {
        draft.leave(
            matches,
            "only the model decides which group answers; conditions come with a later version (`policies`)",
        );
    }
    if !name.contains('*') {
        return (Some(name.to_owned()), None);
    }
    let any = format!("any-{}", provider.replace('_', "-"));
    if name == "*" || !name.ends_with("/*") {
        return (Some(any), Some(name.to_owned()));
    }
    match vendor::family(provider) {
        Some(family) => {
            draft.tell(model, format!("Callers who ask for {} leave the prefix out from now on: names go on as they are written, and `{family}` leads here", quoted(name)));
            (Some(any), Some(family.to_owned()))
        }
        None => {
            draft.tell(model, "A name goes on as callers write it, and no prefix is taken away: add a target and a group for each model that is asked for");
            (None, None)
        }
    }
}

fn add_virtual(model: &Written, llm: &Written, providers: &BTreeMap<&str, &Written>, draft: &mut Draft) {
    let (Some(name), Some(routing)) = (model.text("name"), model.get("routing")) else { return };
    let mut group = DraftGroup { name: name.to_owned(), from: Some(model.clone()), ..DraftGroup::default() };
    let kind = ["weighted", "failover", "conditional"].into_iter().find(|kind| routing.has(kind));
    let targets =
        kind.and_then(|kind| routing.get(kind)).map(|routing| routing.list("targets")).unwrap_or_default();
    for (index, target) in targets.iter().enumerate() {
        let Some(asked) = target.text("model") else { continue };
        let Some(found) = find(llm, asked) else {
            draft.leave(target, "no model of this name is there");
            continue;
        };
        let Some((id, _)) =
            self::target(found, found.text("name").unwrap_or_default(), Some(asked), providers, draft)
        else {
            continue;
        };
        let priority = match kind {
            Some("conditional") => u64::try_from(targets.len() - index).unwrap_or(0),
            _ => target.whole("priority").unwrap_or(0),
        };
        if !group.members.iter().any(|known| known.id == id) {
            group.members.push(DraftMember { id, priority, weight: target.whole("weight") });
        }
    }
    if kind == Some("conditional") {
        draft.tell(model, "Conditions come with a later version (`policies`): the last target, which needs none, comes first now, and the others stand in for it");
    }
    let is_shared = group
        .members
        .iter()
        .any(|one| group.members.iter().filter(|other| other.priority == one.priority).count() > 1);
    group.strategy = is_shared.then_some("weighted_round_robin");
    if kind == Some("failover") && is_shared {
        draft.tell(model, "Among targets of one priority agentgateway goes by health and latency, and here each gets its share: `lowest_latency` comes with a later version");
    }
    draft.groups.push(group);
}

/// The model that a name leads to: the same name, else the pattern with most letters.
fn find<'w>(llm: &'w Written, asked: &str) -> Option<&'w Written> {
    let fits = |name: &str| match name.split_once('*') {
        None => name == asked,
        Some((before, after)) => {
            asked.len() >= before.len() + after.len() && asked.starts_with(before) && asked.ends_with(after)
        }
    };
    let found = llm.list("models").iter().filter(|model| model.text("name").is_some_and(fits));
    found.max_by_key(|model| model.text("name").map(|name| (!name.contains('*'), name.len())))
}
