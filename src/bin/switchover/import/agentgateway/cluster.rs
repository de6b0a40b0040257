//! agentgateway in Kubernetes: AgentgatewayBackend and AgentgatewayModel.

use super::super::draft::{Draft, DraftGroup, DraftMember, DraftTarget};
use super::super::manifest::{self, Manifests};
use super::super::vendor;
use super::super::written::Written;
use super::{provider, routes};

/// What stands beside a provider's own map.
const BESIDE: [&str; 8] = ["name", "host", "port", "path", "pathPrefix", "policies", "authHeader", "weight"];

/// Adds a group for each backend of LLMs, and for each model.
pub fn add(documents: &[Written], draft: &mut Draft) {
    let manifests = Manifests::of(documents);
    for backend in manifests.each("AgentgatewayBackend") {
        let Some(spec) = backend.get("spec") else { continue };
        let Some(ai) = spec.get("ai") else {
            draft.leave(spec, "it is no LLM: its route is Envoy's own");
            continue;
        };
        add_backend(spec, ai, manifest::name(backend).unwrap_or("backend"), &manifests, draft);
    }
    for model in manifests.each("AgentgatewayModel") {
        add_model(model, &manifests, draft);
    }
    manifests.tell_unused(draft);
}

fn add_backend(spec: &Written, ai: &Written, name: &str, manifests: &Manifests<'_>, draft: &mut Draft) {
    let mut group = DraftGroup { name: name.to_owned(), from: Some(spec.clone()), ..DraftGroup::default() };
    let mut models = Vec::new();
    let tiers = ai.list("groups").iter().enumerate();
    let listed =
        tiers.flat_map(|(index, tier)| tier.list("providers").iter().map(move |provider| (index, provider)));
    for (index, provider) in ai.get("provider").into_iter().map(|provider| (0, provider)).chain(listed) {
        let Some((key, _)) = provider.keys().iter().find(|(key, _)| !BESIDE.contains(&key.as_str())) else {
            continue;
        };
        let Some(mut target) = provider::target(provider, key, provider.get(key), draft) else { continue };
        provider::place(&mut target, provider, draft);
        target.credential = credential(
            provider,
            &target,
            &[provider.get("policies"), spec.get("policies")],
            manifests,
            draft,
        );
        models.push(match &target.model {
            Some(model) => (model.clone(), false),
            None => (vendor::family(&target.provider).unwrap_or_default().to_owned(), true),
        });
        let wish = provider.text("name").unwrap_or(name).to_owned();
        let Some(id) = draft.target(provider, &wish, target) else { continue };
        if !group.members.iter().any(|known| known.id == id) {
            group.members.push(DraftMember { id, priority: u64::try_from(index).unwrap_or(0), weight: None });
        }
    }
    routes::settle(&mut group, &models);
    draft.groups.push(group);
}

/// `auth.secretRef` names a Kubernetes secret; all else is as in the file's own form.
fn credential(
    from: &Written,
    target: &DraftTarget,
    policies: &[Option<&Written>],
    manifests: &Manifests<'_>,
    draft: &mut Draft,
) -> Option<String> {
    let reference = policies.iter().flatten().find_map(|policies| policies.at(&["auth", "secretRef"]));
    let Some(reference) = reference else { return provider::credential(from, target, policies, draft) };
    let is_google = target.provider.contains("vertex");
    if target.provider.contains("bedrock") || is_google {
        draft.leave(reference, "Envoy signs with the AWS credentials of its surroundings, and Google takes access tokens: no API key goes there");
        return draft.usual_credential(from, target);
    }
    reference.skip(&["namespace", "key"]);
    Some(manifests.secret(reference, reference.text("name")?, draft))
}

fn add_model(model: &Written, manifests: &Manifests<'_>, draft: &mut Draft) {
    let (Some(spec), Some(own)) = (model.get("spec"), manifest::name(model)) else { return };
    spec.skip(&["parentRefs"]);
    let name = spec.at(&["match", "model"]).and_then(Written::words).unwrap_or(own);
    let Some(kind) = spec.get("provider") else { return };
    let (kind_name, options) = match (kind.words(), kind.keys().first()) {
        (Some(name), _) => (name, None),
        (None, Some((name, _))) => (name.as_str(), kind.get(name)),
        (None, None) => return,
    };
    let Some(mut target) = provider::target(spec, kind_name, options, draft) else { return };
    provider::place(&mut target, spec, draft);
    let policies = spec.get("policies");
    target.credential = credential(spec, &target, &[policies], manifests, draft);
    // A transformation of the model to a fixed text is another name for it.
    let renamed =
        policies.into_iter().flat_map(|policies| policies.list("transformations")).find_map(|one| {
            let text = one.text("expression").filter(|_| one.text("field") == Some("model"))?;
            text.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('"'))
        });
    if target.model.is_none() {
        target.model = renamed.or(Some(name).filter(|name| !name.contains('*'))).map(str::to_owned);
    }
    let Some(id) = draft.target(spec, own, target) else { return };
    let (group, alias) = if name.contains('*') { (own, vec![name.to_owned()]) } else { (name, Vec::new()) };
    let members = vec![DraftMember { id, ..DraftMember::default() }];
    draft.groups.push(DraftGroup {
        name: group.to_owned(),
        aliases: alias,
        members,
        from: Some(spec.clone()),
        ..DraftGroup::default()
    });
}
