//! Kong with the plugins ai-proxy and ai-proxy-advanced: decK's declarative files and KongPlugin manifests.
//! See <https://developer.konghq.com/plugins/ai-proxy-advanced/reference/>.

mod balancer;
mod target;

use super::draft::{Draft, DraftGroup};
use super::manifest::{self, Manifests};
use super::written::Written;

const PLUGINS: [&str; 2] = ["ai-proxy", "ai-proxy-advanced"];

/// Adds a group a plugin.
pub fn import(documents: &[Written], draft: &mut Draft) {
    for document in documents.iter().filter(|document| !document.has("apiVersion")) {
        document.skip(&["_format_version", "_info", "_konnect", "_workspace", "_transform", "_comment"]);
        for service in document.list("services") {
            add_owner(service, None, draft);
        }
        for route in document.list("routes") {
            add_owner(route, None, draft);
        }
        for plugin in document.list("plugins") {
            add(plugin, None, draft);
        }
    }
    let manifests = Manifests::of(documents);
    for kind in ["KongPlugin", "KongClusterPlugin"] {
        for manifest in manifests.each(kind) {
            add(manifest, manifest::name(manifest), draft);
        }
    }
    manifests.tell_unused(draft);
}

/// A service or a route, with what is in it. One without an LLM's plugin is told as a whole.
fn add_owner(owner: &Written, outer: Option<&str>, draft: &mut Draft) {
    if !has_llm(owner) {
        return draft.leave(
            owner,
            "no LLM's plugin is in it: other traffic goes on by routes and filters of Envoy's own",
        );
    }
    let name = owner.text("name").or(outer);
    // Kong asks for an upstream here that the plugin never calls.
    owner.skip(&[
        "id",
        "url",
        "host",
        "port",
        "protocol",
        "path",
        "tags",
        "enabled",
        "methods",
        "protocols",
        "strip_path",
        "https_redirect_status_code",
        "preserve_host",
        "request_buffering",
        "response_buffering",
        "regex_priority",
        "path_handling",
        "service",
    ]);
    for key in ["paths", "hosts", "headers"] {
        if let Some(part) = owner.get(key) {
            draft.leave(part, "callers call /v1/… and name the group in `model`; `listen.base_path` and `listen.hosts` say where");
        }
    }
    for key in ["connect_timeout", "read_timeout", "write_timeout", "retries"] {
        if let Some(part) = owner.get(key) {
            draft.leave(
                part,
                "a group has `answer_timeout`, `first_token_timeout`, `timeout` and `max_attempts`",
            );
        }
    }
    for route in owner.list("routes") {
        add_owner(route, name, draft);
    }
    for plugin in owner.list("plugins") {
        add(plugin, name, draft);
    }
}

fn has_llm(owner: &Written) -> bool {
    let inside = |key: &str| owner.keys().iter().find(|(name, _)| name == key).map(|(_, value)| value);
    let rows = |key: &str| match inside(key).map(|value| &value.shape) {
        Some(super::written::WrittenShape::Rows(rows)) => rows.as_slice(),
        _ => &[],
    };
    let is_llm = |plugin: &Written| {
        plugin
            .keys()
            .iter()
            .any(|(key, value)| key == "name" && value.words().is_some_and(|name| PLUGINS.contains(&name)))
    };
    rows("plugins").iter().any(is_llm) || rows("routes").iter().any(has_llm)
}

/// What other plugins do, where something here does it.
fn work_of(plugin: &str) -> &'static str {
    match plugin {
        "ai-rate-limiting-advanced"
        | "rate-limiting"
        | "rate-limiting-advanced"
        | "request-size-limiting" => {
            "limits come with a later version (`limits`); until then Envoy's ratelimit filter before the router role"
        }
        "ai-prompt-guard"
        | "ai-semantic-prompt-guard"
        | "ai-azure-content-safety"
        | "ai-sanitizer"
        | "ai-aws-guardrails"
        | "ai-lakera-guard"
        | "ai-gcp-model-armor"
        | "ai-custom-guardrail"
        | "ai-semantic-response-guard" => {
            "guards come with a later version (`guards`); until then ext_authz or ext_proc before the router role"
        }
        "ai-semantic-cache" | "proxy-cache" | "proxy-cache-advanced" => {
            "a cache comes with a later version (`cache`)"
        }
        "ai-prompt-decorator" | "ai-prompt-template" => "texts for a model are a target's `instructions`",
        "key-auth" | "jwt" | "openid-connect" | "acl" | "basic-auth" | "oauth2" | "ip-restriction"
        | "key-auth-enc" | "mtls-auth" => {
            "who may call is said by a filter before the router role (jwt_authn, api_key_auth, ext_authz)"
        }
        "prometheus" | "opentelemetry" | "file-log" | "http-log" | "tcp-log" | "zipkin" | "datadog"
        | "statsd" | "kafka-log" => {
            "logs, metrics and traces are Envoy's: its access log, /stats/prometheus and OpenTelemetry"
        }
        _ => "only ai-proxy and ai-proxy-advanced are read; Envoy has filters of its own for most others",
    }
}

fn add(plugin: &Written, outer: Option<&str>, draft: &mut Draft) {
    let Some(name) = plugin.any(&["plugin", "name"]).and_then(Written::words) else { return };
    if !PLUGINS.contains(&name) {
        super::reason::keep_secrets(plugin, draft);
        return draft.leave(plugin, work_of(name));
    }
    if plugin.truth("enabled") == Some(false) || plugin.truth("disabled") == Some(true) {
        return draft.leave(plugin, "it is not enabled");
    }
    plugin.skip(&[
        "id",
        "name",
        "instance_name",
        "tags",
        "protocols",
        "created_at",
        "updated_at",
        "ordering",
    ]);
    for key in ["consumer", "consumer_group"] {
        if let Some(part) = plugin.get(key) {
            draft.leave(
                part,
                "every caller may name every group; `callers` and `policies` come with a later version",
            );
        }
    }
    let owner = ["route", "service"].into_iter().find_map(|key| {
        let part = plugin.get(key)?;
        part.words().or_else(|| part.text("name")).or_else(|| part.text("id"))
    });
    let Some(config) = plugin.get("config") else { return draft.leave(plugin, "it has no `config`") };
    let name = plugin.text("instance_name").or(owner).or(outer).unwrap_or("llm");
    config.skip(&["llm_format"]);
    if let Some(format) = config
        .get("llm_format")
        .filter(|format| !["openai", "anthropic"].contains(&format.words().unwrap_or_default()))
    {
        draft.leave(
            format,
            "callers speak OpenAI's or Anthropic's dialect; `listen.dialects` comes with a later version",
        );
    }
    let targets = config.list("targets");
    let targets = if targets.is_empty() { std::slice::from_ref(config) } else { targets };
    let mut group = DraftGroup { name: name.to_owned(), from: Some(plugin.clone()), ..DraftGroup::default() };
    let mut aliased: Vec<DraftGroup> = Vec::new();
    for written in targets {
        let Some(read) = target::read(written, config.get("balancer"), draft) else { continue };
        if let Some(alias) = read.alias {
            match aliased.iter_mut().find(|group| group.name == alias) {
                Some(group) => group.members.push(read.member),
                None => aliased.push(DraftGroup {
                    name: alias,
                    members: vec![read.member],
                    from: Some(written.clone()),
                    ..DraftGroup::default()
                }),
            }
            continue;
        }
        if let Some(model) = read.model.filter(|model| *model != group.name && !group.aliases.contains(model))
        {
            group.aliases.push(model);
        }
        if group.members.iter().any(|known| known.id == read.member.id) {
            draft.tell(written, "This is the same target as one before it, and counts once");
        } else {
            group.members.push(read.member);
        }
    }
    for mut group in std::iter::once(group).chain(aliased) {
        balancer::settle(&mut group, config.get("balancer"), draft);
        draft.groups.push(group);
    }
}
