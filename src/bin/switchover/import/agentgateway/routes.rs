//! agentgateway's binds, listeners and routes, as far as their backends are LLMs.

use super::super::draft::{Draft, DraftGroup, DraftMember};
use super::super::vendor;
use super::super::written::Written;
use super::provider;

/// Adds a group for each LLM backend of a route, and of the file itself.
pub fn add(document: &Written, draft: &mut Draft) {
    let binds = document.list("binds").iter();
    let listeners = binds.flat_map(|bind| {
        bind.skip(&["port"]);
        bind.list("listeners")
    });
    for listener in listeners {
        listener.skip(&["name", "protocol", "port", "hostname"]);
        for route in listener.list("routes") {
            route.skip(&["name", "matches"]);
            let name = route.text("name").or_else(|| listener.text("name"));
            for backend in route.list("backends") {
                add_backend(backend, name, route.get("policies"), draft);
            }
        }
    }
    for backend in document.list("backends") {
        add_backend(backend, backend.text("name"), None, draft);
    }
}

fn add_backend(backend: &Written, route: Option<&str>, policies: Option<&Written>, draft: &mut Draft) {
    let Some(ai) = backend.get("ai") else {
        return draft.leave(backend, "it is no LLM: its route is Envoy's own");
    };
    backend.skip(&["weight", "name"]);
    let outer = [backend.get("policies"), policies];
    let groups = ai.list("groups");
    let mut group = DraftGroup { from: Some(backend.clone()), ..DraftGroup::default() };
    let mut models = Vec::new();
    if groups.is_empty() {
        models.extend(add_member(ai, 0, &outer, &mut group, draft));
    }
    for (index, tier) in groups.iter().enumerate() {
        for provider in tier.list("providers") {
            models.extend(add_member(provider, u64::try_from(index).unwrap_or(0), &outer, &mut group, draft));
        }
    }
    group.name = route
        .or_else(|| ai.text("name"))
        .map_or_else(|| models.first().map_or("llm", |(model, _)| model).to_owned(), str::to_owned);
    settle(&mut group, &models);
    draft.groups.push(group);
}

/// What callers may ask for: each model by its name, and any where a provider takes what they ask for.
pub fn settle(group: &mut DraftGroup, models: &[(String, bool)]) {
    let open = models.iter().any(|(_, is_open)| *is_open);
    group.aliases = models
        .iter()
        .filter(|(name, _)| !name.is_empty() && *name != group.name)
        .map(|(name, _)| name.clone())
        .collect();
    group.aliases.dedup();
    if open {
        group.aliases.push("*".to_owned());
    }
    let is_shared = group
        .members
        .iter()
        .any(|one| group.members.iter().filter(|other| other.priority == one.priority).count() > 1);
    group.strategy = is_shared.then_some("weighted_round_robin");
}

/// Adds a provider; gives its model (or the alias of its maker's models) and whether it takes any.
fn add_member(
    named: &Written,
    priority: u64,
    outer: &[Option<&Written>],
    group: &mut DraftGroup,
    draft: &mut Draft,
) -> Option<(String, bool)> {
    let kind = named.get("provider")?;
    let (kind_name, options) = match (kind.words(), kind.keys().first()) {
        (Some(name), _) => (name, None),
        (None, Some((name, _))) => (name.as_str(), kind.get(name)),
        (None, None) => return None,
    };
    let mut target = provider::target(named, kind_name, options, draft)?;
    provider::place(&mut target, named, draft);
    let own = [named.get("policies")];
    let auths: Vec<Option<&Written>> = own.into_iter().chain(outer.iter().copied()).collect();
    target.credential = provider::credential(named, &target, &auths, draft);
    let model = target.model.clone();
    let family = vendor::family(&target.provider).unwrap_or_default().to_owned();
    let wish = named.text("name").unwrap_or(kind_name).to_owned();
    let id = draft.target(named, &wish, target)?;
    if !group.members.iter().any(|known| known.id == id) {
        group.members.push(DraftMember { id, priority, weight: None });
    }
    Some(model.map_or((family, true), |model| (model, false)))
}
