//! Keeptrusts' policy-config.yaml. See <https://docs.keeptrusts.com/docs/policies/declarative-config-reference>,
//! <https://docs.keeptrusts.com/docs/advanced/model-groups> and
//! <https://docs.keeptrusts.com/docs/cli/multi-provider-fallback>.

use super::draft::{Draft, DraftGroup, DraftMember, DraftTarget};
use super::remark::quoted;
use super::secret::{self, KeyPlace};
use super::vendor;
use super::written::Written;
use std::collections::BTreeMap;

/// Adds what the documents have.
pub fn import(documents: &[Written], draft: &mut Draft) {
    for document in documents {
        document.skip(&["version"]);
        let name = document.get("pack").and_then(|pack| {
            pack.skip(&["version", "enabled", "id", "author", "description", "license", "tags"]);
            pack.text("name")
        });
        let providers = document.get("providers");
        let listed = providers.map(|providers| {
            if providers.rows().is_empty() { providers.list("targets") } else { providers.rows() }
        });
        let mut targets = Targets::default();
        for written in listed.unwrap_or_default() {
            targets.add(written, draft);
        }
        let groups = document.get("model_groups").or_else(|| providers?.get("model_groups"));
        let first = draft.groups.len();
        match groups {
            Some(groups) => groups.rows().iter().for_each(|group| add_group(group, &targets, draft)),
            None => add_all(name.unwrap_or("llm"), document, &targets, draft),
        }
        settle(document, providers, first, &targets, draft);
    }
}

/// The targets that came out, by their ids in the file.
#[derive(Default)]
struct Targets {
    ids: BTreeMap<String, String>,
    /// Id here, model, weight, in the order of the file.
    all: Vec<(String, Option<String>, Option<u64>)>,
}

impl Targets {
    fn add(&mut self, written: &Written, draft: &mut Draft) {
        let Some(theirs) = written.text("id").or_else(|| written.text("name")) else {
            return draft.leave(written, "it has no `id`");
        };
        let Some(target) = target(written, draft) else { return };
        let model = target.model.clone();
        if let Some(id) = draft.target(written, theirs, target) {
            self.ids.entry(theirs.to_owned()).or_insert_with(|| id.clone());
            self.all.push((id, model, written.whole("weight")));
        }
    }
}

/// `provider` is a name, `name:chat:model`, or a map with the address.
fn target(written: &Written, draft: &mut Draft) -> Option<DraftTarget> {
    let provider = written.get("provider");
    let inner = provider.filter(|provider| !provider.keys().is_empty());
    let text = |key: &str| written.text(key).or_else(|| inner?.text(key));
    let named = provider.and_then(Written::words).or_else(|| text("type")).unwrap_or_default();
    let (name, model) = match named.split_once(':') {
        Some((name, rest)) => (name, Some(rest.split_once(':').map_or(rest, |(_, model)| model))),
        None => (named, None),
    };
    let base = written.get("base_url").or_else(|| inner?.get("base_url"));
    let ours = match vendor::named(name) {
        Some(provider) => provider,
        None if base.is_some() && !vendor::is_foreign(name) => "openai_compatible",
        None => {
            draft.leave(written, &format!("the provider {} is none of `switchover providers`", quoted(name)));
            return None;
        }
    };
    let model = text("model").or(model);
    let ours = if ours == "vertex" {
        vendor::at_vertex(model.unwrap_or_default()).unwrap_or("vertex")
    } else {
        ours
    };
    let mut target =
        DraftTarget { provider: ours.to_owned(), model: model.map(str::to_owned), ..DraftTarget::default() };
    let plain = |keys: &[&str]| keys.iter().find_map(|key| text(key)).map(str::to_owned);
    if let Some((base, url)) = base.and_then(|base| Some((base, base.words()?))) {
        let url = draft.endpoint(base, url);
        target.endpoint = Some(match ours {
            "anthropic" => url.trim_end_matches("/v1").to_owned(),
            "azure_openai" => vendor::azure_base(&url),
            _ => url,
        });
        if ours == "openai" && target.endpoint.as_deref() != Some("https://api.openai.com/v1") {
            target.provider = "openai_compatible".to_owned();
        }
    }
    match ours {
        "azure_openai" => {
            target.model = text("azure_deployment").map(str::to_owned).or(target.model.take());
            target.api_version =
                plain(&["azure_api_version", "api_version"]).filter(|version| version != "v1");
        }
        "bedrock" => target.region = plain(&["aws_region", "region"]),
        "vertex" | "anthropic_vertex" => {
            target.project = plain(&["gcp_project", "project_id", "project", "vertex_project"]);
            target.location = plain(&["gcp_location", "region", "location", "vertex_location"])
                .or_else(|| Some("us-central1".to_owned()));
        }
        _ => {}
    }
    target.max_output_tokens = written.whole("max_output_tokens").filter(|tokens| *tokens > 0);
    target.context_window = written.whole("context_window").filter(|tokens| *tokens > 0);
    draft.resolve(written, &mut target);
    target.credential = credential(written, inner, &target, draft);
    Some(target)
}

/// `secret_key_ref: {env: NAME}` or `{store: name}`; a key itself where somebody wrote one.
fn credential(
    written: &Written,
    inner: Option<&Written>,
    target: &DraftTarget,
    draft: &mut Draft,
) -> Option<String> {
    let reference = written.get("secret_key_ref").or_else(|| inner?.get("secret_key_ref"));
    let key = written.get("api_key").or_else(|| inner?.get("api_key"));
    let is_signed = matches!(target.provider.as_str(), "bedrock" | "vertex" | "anthropic_vertex");
    if let Some(part) = reference.or(key).filter(|_| is_signed) {
        super::reason::keep_secrets(part, draft);
        draft.leave(part, "this provider takes no API key here: it is signed for, or takes an access token");
        return draft.usual_credential(written, target);
    }
    let place = match (reference, key) {
        (Some(reference), _) => match (reference.text("env"), reference.text("store"), reference.words()) {
            (Some(name), _, _) => secret::place(&format!("${name}")),
            (None, Some(store), _) => {
                KeyPlace::Store { name: store.to_owned(), said: format!("the store, as {}", quoted(store)) }
            }
            (None, None, Some(text)) => secret::place(text),
            (None, None, None) => return draft.usual_credential(written, target),
        },
        (None, Some(key)) => secret::place(key.words()?),
        (None, None) => return draft.usual_credential(written, target),
    };
    let from = reference.or(key).unwrap_or(written);
    draft.credential(from, &target.provider, &place).or_else(|| draft.usual_credential(written, target))
}

fn add_group(written: &Written, targets: &Targets, draft: &mut Draft) {
    let Some(name) = written.text("name") else { return draft.leave(written, "it has no `name`") };
    written.skip(&["description"]);
    let mut group =
        DraftGroup { name: name.to_owned(), from: Some(written.clone()), ..DraftGroup::default() };
    group.aliases = written.list("aliases").iter().filter_map(Written::words).map(str::to_owned).collect();
    group.fallbacks = written.text("fallback_group").map(str::to_owned).into_iter().collect();
    for row in written.list("targets").iter().chain(written.list("models")) {
        let theirs = row.words().or_else(|| row.any(&["id", "target", "provider"])?.words());
        let Some(id) = theirs.and_then(|theirs| targets.ids.get(theirs)).cloned() else {
            draft.leave(row, "no target of this id came out");
            continue;
        };
        let id = match row.text("model") {
            Some(model) => with_model(row, &id, model, draft).unwrap_or(id),
            None => id,
        };
        if !group.members.iter().any(|known| known.id == id) {
            group.members.push(DraftMember {
                id,
                priority: row.whole("priority").unwrap_or(0),
                weight: row.whole("weight"),
            });
        }
    }
    group.strategy = written.get("strategy").and_then(|strategy| self::strategy(strategy, draft));
    draft.groups.push(group);
}

/// The same target with the model that a group asks it for.
fn with_model(row: &Written, id: &str, model: &str, draft: &mut Draft) -> Option<String> {
    let known = draft.targets.iter().find(|target| target.id == id)?;
    if known.model.as_deref() == Some(model) {
        return None;
    }
    let target = DraftTarget { model: Some(model.to_owned()), max_output_tokens: None, ..known.clone() };
    draft.target(row, &format!("{id}-{model}"), target)
}

/// Without groups, callers get all targets, whatever model they ask for.
fn add_all(name: &str, document: &Written, targets: &Targets, draft: &mut Draft) {
    let mut group = DraftGroup {
        name: name.to_owned(),
        from: document.get("providers").cloned(),
        ..DraftGroup::default()
    };
    group.why.push("The file had no model groups: callers may also ask for each target's model, and get the targets in this order.".to_owned());
    for (id, model, weight) in &targets.all {
        group.members.push(DraftMember { id: id.clone(), priority: 0, weight: *weight });
        group.aliases.extend(
            model
                .iter()
                .filter(|model| !group.aliases.contains(model) && **model != name)
                .cloned()
                .collect::<Vec<_>>(),
        );
    }
    draft.groups.push(group);
}

/// A strategy of ours; told where ours comes later.
fn strategy(written: &Written, draft: &mut Draft) -> Option<&'static str> {
    let name = written.words()?.replace('-', "_");
    let later = match name.as_str() {
        "ordered" | "single" | "fallback" | "priority" | "failover" => return None,
        "round_robin" | "weighted" | "random" | "weighted_round_robin" | "ab_test" => {
            return Some("weighted_round_robin");
        }
        "latency" | "lowest_latency" => "`lowest_latency` comes with a later version",
        "cost" | "lowest_cost" => "`lowest_cost` needs a `price` of each target",
        "least_busy" | "least_connections" => "`least_busy` comes with a later version",
        "usage" | "lowest_usage" | "usage_based" => "`lowest_usage` comes with a later version",
        "semantic" => "`semantic` comes with a later version",
        _ => "Switchover has none of this name",
    };
    draft.tell(written, format!("{} became the order of the file: {later}", quoted(&name)));
    None
}

/// Routing, fallback and circuit breaker hold for all groups of the file.
fn settle(
    document: &Written,
    providers: Option<&Written>,
    first: usize,
    targets: &Targets,
    draft: &mut Draft,
) {
    let section = |names: [&str; 2]| document.get(names[0]).or_else(|| providers?.get(names[1]));
    let routing = section(["provider_routing", "routing"]);
    let fallback = section(["provider_fallback", "fallback"]);
    let written = routing.and_then(|routing| routing.get("strategy").or(routing.words().map(|_| routing)));
    let written = written.or_else(|| fallback?.get("strategy")).or_else(|| providers?.get("strategy"));
    let common = written.and_then(|written| strategy(written, draft));
    let retries = fallback.and_then(|fallback| fallback.whole("max_retries"));
    let attempts = fallback.and_then(|fallback| fallback.whole("max_fallback_attempts"));
    let classes = fallback
        .and_then(|fallback| fallback.any(&["triggers", "retry_on"]))
        .map(|list| classes(list, draft));
    let is_off = fallback.is_some_and(|fallback| fallback.truth("enabled") == Some(false));
    let timeout = providers.and_then(|providers| providers.whole("timeout_ms"));
    for group in draft.groups.iter_mut().skip(first) {
        group.strategy = group.strategy.or(common);
        // A line of targets is one after another; only shares are of one priority.
        let is_line = group.strategy.is_none() && group.members.iter().all(|member| member.priority == 0);
        for (place, member) in group.members.iter_mut().enumerate().filter(|_| is_line) {
            member.priority = u64::try_from(place).unwrap_or(0);
        }
        group.retries = retries;
        group.max_attempts = if is_off { Some(1) } else { attempts };
        group.failover_on = classes.clone().filter(|classes| !classes.is_empty());
        group.answer_ms = timeout;
    }
    if let Some(breaker) = section(["circuit_breaker", "circuit_breaker"]) {
        breaker.skip(&["enabled"]);
        draft.consecutive_failures = ["failure_threshold", "consecutive_failures", "threshold"]
            .iter()
            .find_map(|key| breaker.whole(key))
            .filter(|count| *count > 0);
        let seconds = ["cooldown_seconds", "recovery_timeout_seconds", "open_seconds"]
            .iter()
            .find_map(|key| breaker.whole(key))
            .filter(|seconds| *seconds > 0);
        draft.base_ejection_ms = seconds.map(|seconds| seconds.saturating_mul(1000).min(86_400_000));
    }
    if targets.all.is_empty()
        && let Some(providers) = providers
    {
        draft.tell(providers, "No target came out of it");
    }
}

/// Triggers as classes of failures.
fn classes(list: &Written, draft: &mut Draft) -> Vec<&'static str> {
    let mut classes: Vec<&'static str> = Vec::new();
    for row in list.rows() {
        let meant: &[&'static str] = match row.words().unwrap_or_default() {
            "rate_limit" | "rate_limit_exceeded" | "429" => &["rate_limited", "quota"],
            "timeout" => &["timeout"],
            "5xx" | "server_error" | "500" | "502" | "504" => {
                &["connect", "server_error", "overloaded", "malformed"]
            }
            "service_unavailable" | "503" | "overloaded" => &["connect", "overloaded"],
            "connection_error" | "connect" => &["connect"],
            "auth_error" | "authentication_error" | "401" => &["auth"],
            "model_not_found" | "model_unavailable" => &["model_unavailable"],
            "context_length_exceeded" | "context_window" => &["context_length"],
            "content_policy" | "content_filter" => &["content_policy"],
            _ => {
                draft.leave(row, "no class of failures is called so");
                &[]
            }
        };
        classes.extend(meant.iter().filter(|class| !classes.contains(class)).copied().collect::<Vec<_>>());
    }
    classes
}
