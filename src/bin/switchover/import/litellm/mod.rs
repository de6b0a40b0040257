//! LiteLLM's proxy. See <https://docs.litellm.ai/docs/proxy/config_settings> and
//! <https://docs.litellm.ai/docs/proxy/reliability>.

mod deployment;
mod router;

use super::draft::{Draft, DraftGroup};
use super::remark::quoted;
use super::vendor;
use super::written::Written;
use std::collections::BTreeMap;

/// Adds what the documents have.
pub fn import(documents: &[Written], draft: &mut Draft) {
    let stores = credentials(documents);
    let mut groups = Groups::default();
    for document in documents {
        for (index, model) in document.list("model_list").iter().enumerate() {
            add_model(model, index, &stores, &mut groups, draft);
        }
    }
    // So that what it has is told one by one.
    documents.iter().for_each(|document| {
        document.get("general_settings");
    });
    router::settle(documents, &mut groups.all, &groups.ids, draft);
    draft.groups.append(&mut groups.all);
}

/// The groups, by what callers put in `model`.
#[derive(Default)]
struct Groups {
    all: Vec<DraftGroup>,
    places: BTreeMap<String, usize>,
    /// The group's name by the id of a deployment in it, which fallbacks may name.
    ids: BTreeMap<String, String>,
}

/// `credential_list`: what several deployments share, by its name.
fn credentials(documents: &[Written]) -> BTreeMap<String, &Written> {
    let lists = documents.iter().flat_map(|document| document.list("credential_list"));
    let named = lists.filter_map(|one| {
        one.skip(&["credential_info"]);
        Some((one.text("credential_name")?.to_owned(), one.get("credential_values")?))
    });
    named.collect()
}

fn add_model(
    model: &Written,
    index: usize,
    stores: &BTreeMap<String, &Written>,
    groups: &mut Groups,
    draft: &mut Draft,
) {
    let Some(params) = model.get("litellm_params") else {
        return draft.leave(model, "it has no `litellm_params`");
    };
    let Some(name) = model.text("model_name").or_else(|| params.text("model")) else {
        return draft.leave(model, "it has no `model_name`");
    };
    let Some(deployment) = deployment::read(model, params, stores, draft) else { return };
    let Some((group, alias)) = names(model, name, &deployment.provider, draft) else { return };
    let place = *groups.places.entry(group.clone()).or_insert_with(|| {
        groups.all.push(DraftGroup {
            name: group.clone(),
            from: Some(model.clone()),
            ..DraftGroup::default()
        });
        groups.all.len() - 1
    });
    let Some(group) = groups.all.get_mut(place) else { return };
    if let Some(alias) = alias.filter(|alias| !group.aliases.contains(alias)) {
        group.aliases.push(alias);
    }
    group.answer_ms = group.answer_ms.max(deployment.answer_ms);
    group.first_token_ms = group.first_token_ms.max(deployment.first_token_ms);
    group.is_dropping |= deployment.is_dropping;
    if let Some(own) = deployment.own_id {
        groups.ids.insert(own, group.name.clone());
    }
    if group.members.iter().any(|known| known.id == deployment.member.id) {
        return draft.tell(
            model,
            format!(
                "Deployment {index} is the same target as one before it in {}, and counts once",
                quoted(name)
            ),
        );
    }
    group.members.push(deployment.member);
}

/// The group's name, with an alias if `model_name` has a `*`.
fn names(model: &Written, name: &str, provider: &str, draft: &mut Draft) -> Option<(String, Option<String>)> {
    let Some((before, after)) = name.split_once('*') else { return Some((name.to_owned(), None)) };
    let any = |pattern: &str| Some((format!("any-{}", provider.replace('_', "-")), Some(pattern.to_owned())));
    // LiteLLM takes the prefix of its own away; here a name goes on as the caller wrote it.
    let is_prefix = before.ends_with('/') && after.is_empty();
    if name == "*" || !is_prefix {
        return any(name);
    }
    let Some(family) = vendor::family(provider) else {
        draft.leave(model, "a name goes on as callers write it, and no prefix is taken away: add a target and a group for each model that is asked for");
        return None;
    };
    draft.tell(model, format!("Callers who ask for {} leave the prefix out from now on: names go on as they are written, and `{family}` leads here", quoted(name)));
    any(family)
}
