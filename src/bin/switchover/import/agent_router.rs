//! Agent Router, formerly Envoy AI Gateway. See <https://aigateway.envoyproxy.io/docs/api/>.

use super::draft::{Draft, DraftGroup, DraftMember, DraftTarget};
use super::manifest::{self, Manifests};
use super::remark::quoted;
use super::written::Written;

/// The header that has the request's model.
const MODEL_HEADER: &str = "x-ai-eg-model";

/// Adds what the manifests have.
pub fn import(documents: &[Written], draft: &mut Draft) {
    let manifests = Manifests::of(documents);
    for route in manifests.each("AIGatewayRoute") {
        let Some(spec) = route.get("spec") else { continue };
        spec.skip(&["parentRefs", "targetRefs", "schema"]);
        let name = manifest::name(route).unwrap_or("route");
        for (index, rule) in spec.list("rules").iter().enumerate() {
            add_rule(rule, name, index, &manifests, draft);
        }
    }
    for traffic in manifests.each("BackendTrafficPolicy") {
        retries(traffic, draft);
    }
    // Those of backends that a rule names are read by then; the others are told.
    let policies = manifests.each("BackendSecurityPolicy");
    policies.iter().for_each(|policy| policy.skip(&["spec"]));
    manifests.tell_unused(draft);
}

fn add_rule(rule: &Written, route: &str, index: usize, manifests: &Manifests<'_>, draft: &mut Draft) {
    rule.skip(&["name", "modelsOwnedBy", "modelsCreatedAt"]);
    let models = models(rule, draft);
    let name = match models.first() {
        Some(model) => model.clone(),
        None if index == 0 => route.to_owned(),
        None => format!("{route}-{}", index + 1),
    };
    let mut group = DraftGroup {
        name,
        aliases: models.iter().skip(1).cloned().collect(),
        from: Some(rule.clone()),
        ..DraftGroup::default()
    };
    if models.is_empty() {
        group.aliases.push("*".to_owned());
        group.why.push("The rule took any model.".to_owned());
    }
    for backend in rule.list("backendRefs") {
        let only = models.first().filter(|_| models.len() == 1);
        if let Some(member) = member(backend, only, manifests, draft)
            && !group.members.iter().any(|known| known.id == member.id)
        {
            group.members.push(member);
        }
    }
    group.whole_ms = rule.at(&["timeouts", "request"]).and_then(Written::words).and_then(milliseconds);
    group.answer_ms =
        rule.at(&["timeouts", "backendRequest"]).and_then(Written::words).and_then(milliseconds);
    group.idle_ms = rule.text("streamIdleTimeout").and_then(milliseconds);
    let is_shared =
        |priority: u64| group.members.iter().filter(|member| member.priority == priority).count() > 1;
    group.strategy =
        group.members.iter().any(|member| is_shared(member.priority)).then_some("weighted_round_robin");
    draft.groups.push(group);
}

/// What the rule takes: exact values of the model's header.
fn models(rule: &Written, draft: &mut Draft) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for header in rule.list("matches").iter().flat_map(|one| one.list("headers")) {
        let is_exact = header.text("type").is_none_or(|kind| kind == "Exact");
        let is_model = header.text("name").is_some_and(|name| name.eq_ignore_ascii_case(MODEL_HEADER));
        match header.text("value") {
            Some(model) if is_exact && is_model => models.push(model.to_owned()),
            Some(_) => draft.leave(header, "only the model decides which group answers; conditions come with a later version (`policies`)"),
            None => {}
        }
    }
    models
}

/// A backend; the model goes on as the rule has it, if it has one, and nothing overrides it.
fn member(
    backend: &Written,
    model: Option<&String>,
    manifests: &Manifests<'_>,
    draft: &mut Draft,
) -> Option<DraftMember> {
    backend.skip(&["namespace", "group"]);
    let name = backend.text("name")?;
    if backend.text("kind").is_some_and(|kind| kind != "AIServiceBackend") {
        draft.leave(backend, "an InferencePool picks among servers by itself: name their service's address as a target's `endpoint`");
        return None;
    }
    let Some(spec) = manifests.find("AIServiceBackend", name).and_then(|found| found.get("spec")) else {
        draft.leave(backend, "no AIServiceBackend of this name is in the files: give them too");
        return None;
    };
    if backend.number("weight") == Some(0.0) {
        draft.leave(backend, "its weight is 0, so it got no requests");
        return None;
    }
    let mut target = target(spec, manifests, draft)?;
    let changed = backend.text("modelNameOverride");
    target.model = changed.map(str::to_owned).or(model.cloned());
    let wish = changed.map_or_else(|| name.to_owned(), |model| format!("{name}-{model}"));
    let policy = policy(name, manifests);
    target.credential = match policy {
        Some(policy) => credential(policy, &mut target, manifests, draft),
        None => draft.usual_credential(spec, &target),
    };
    let id = draft.target(spec, &wish, target)?;
    Some(DraftMember {
        id,
        priority: backend.whole("priority").unwrap_or(0),
        weight: backend.whole("weight"),
    })
}

/// Provider and endpoint, by the schema and the Backend.
fn target(spec: &Written, manifests: &Manifests<'_>, draft: &mut Draft) -> Option<DraftTarget> {
    let schema = spec.get("schema")?;
    let (prefix, version) = (schema.text("prefix"), schema.text("version"));
    let provider = match schema.text("name")? {
        "OpenAI" => "openai",
        "AzureOpenAI" => "azure_openai",
        "AWSBedrock" => "bedrock",
        "AWSAnthropic" => "anthropic_bedrock",
        "GCPVertexAI" => "vertex",
        "GCPAnthropic" => "anthropic_vertex",
        "Anthropic" => "anthropic",
        "Cohere" => "cohere",
        _ => {
            draft.leave(schema, "Switchover does not speak this schema");
            return None;
        }
    };
    let mut target = DraftTarget { provider: provider.to_owned(), ..DraftTarget::default() };
    let address = address(spec, manifests, draft);
    let known = |host: &str| {
        switchover::dialect::PROVIDERS
            .iter()
            .find(|row| row.endpoint.is_some_and(|url| url.split('/').nth(2) == Some(host)))
    };
    match (provider, address) {
        ("vertex" | "anthropic_vertex", _) => {}
        ("bedrock" | "anthropic_bedrock", Some((_, host, _))) => {
            target.region = host
                .strip_prefix("bedrock-runtime.")
                .and_then(|rest| rest.split('.').next())
                .map(str::to_owned);
        }
        ("azure_openai", Some((scheme, host, _))) => {
            target.endpoint = Some(format!("{scheme}://{host}"));
            target.api_version = version.filter(|version| *version != "v1").map(str::to_owned);
        }
        ("openai", Some((scheme, host, port))) => match known(&host).filter(|_| prefix.is_none()) {
            Some(row) => target.provider = row.name.to_owned(),
            None => {
                let path = prefix
                    .or(version.filter(|version| version.contains('/') || version.starts_with('v')))
                    .unwrap_or("v1");
                target.provider =
                    if host == "api.openai.com" { "openai" } else { "openai_compatible" }.to_owned();
                target.endpoint = Some(format!("{scheme}://{host}{port}/{}", path.trim_matches('/')));
            }
        },
        (_, Some((scheme, host, port))) => {
            if known(&host).is_none_or(|row| row.name != provider) {
                target.endpoint = Some(format!("{scheme}://{host}{port}"));
            }
        }
        (_, None) => draft.tell(
            spec,
            "No Backend with an address is in the files: this target goes to the provider's own endpoint",
        ),
    }
    Some(target)
}

/// Scheme, host and port behind a colon (if it isn't the scheme's) of the Backend, or of a Service in the cluster.
fn address(
    spec: &Written,
    manifests: &Manifests<'_>,
    draft: &mut Draft,
) -> Option<(&'static str, String, String)> {
    let reference = spec.get("backendRef")?;
    reference.skip(&["group", "namespace"]);
    let name = reference.text("name")?;
    let (host, port) = if reference.text("kind") == Some("Backend") {
        let backend = manifests.find("Backend", name)?.get("spec")?;
        let endpoints = backend.list("endpoints");
        for other in endpoints.iter().skip(1) {
            draft.leave(other, "a target has one endpoint: add another target for it");
        }
        let first = endpoints.first()?;
        let place = first.any(&["fqdn", "ip"])?;
        (place.any(&["hostname", "address"])?.words()?.to_owned(), place.whole("port").unwrap_or(443))
    } else {
        reference.skip(&["kind"]);
        (
            format!("{name}.{}.svc.cluster.local", reference.text("namespace").unwrap_or("default")),
            reference.whole("port").unwrap_or(80),
        )
    };
    let has_tls = port == 443
        || manifests.each("BackendTLSPolicy").iter().any(|policy| {
            policy
                .get("spec")
                .is_some_and(|spec| spec.list("targetRefs").iter().any(|to| to.text("name") == Some(name)))
        });
    manifests.each("BackendTLSPolicy").iter().for_each(|policy| policy.skip_all());
    let (scheme, usual) = if has_tls { ("https", 443) } else { ("http", 80) };
    let port = if port == usual { String::new() } else { format!(":{port}") };
    Some((scheme, host, port))
}

/// The policy that targets a backend; `v1alpha1` named it in the backend itself.
fn policy<'w>(backend: &str, manifests: &Manifests<'w>) -> Option<&'w Written> {
    let targets = |policy: &&Written| {
        policy.get("spec").is_some_and(|spec| {
            spec.list("targetRefs").iter().any(|to| {
                to.skip(&["group", "kind"]);
                to.text("name") == Some(backend)
            })
        })
    };
    let named = || {
        manifests
            .find("AIServiceBackend", backend)?
            .at(&["spec", "backendSecurityPolicyRef", "name"])?
            .words()
    };
    let found = manifests.each("BackendSecurityPolicy").into_iter().find(targets);
    found.or_else(|| manifests.find("BackendSecurityPolicy", named()?)).and_then(|policy| policy.get("spec"))
}

fn credential(
    policy: &Written,
    target: &mut DraftTarget,
    manifests: &Manifests<'_>,
    draft: &mut Draft,
) -> Option<String> {
    policy.skip(&["type"]);
    if let Some(override_) = policy.get("credentialOverride") {
        draft.leave(override_, "callers' own credentials travel to no provider");
    }
    if let Some(aws) = policy.get("awsCredentials") {
        target.region = aws.text("region").map(str::to_owned).or(target.region.take());
        for key in ["credentialsFile", "oidcExchangeToken"] {
            if let Some(part) = aws.get(key) {
                draft.leave(part, "Envoy signs with the AWS credentials of its surroundings: give it the file or the role there");
            }
        }
        if let Some(name) = aws.at(&["credentialsFile", "secretRef", "name"]).and_then(Written::words)
            && let Some(secret) = manifests.find("Secret", name)
        {
            super::reason::keep_secrets(secret, draft);
            draft.leave(
                secret,
                "Envoy signs with the AWS credentials of its surroundings: give it the file there",
            );
        }
        return draft.usual_credential(policy, target);
    }
    if let Some(google) = policy.get("gcpCredentials") {
        target.project = google.text("projectName").map(str::to_owned);
        target.location = google.text("region").map(str::to_owned);
        for key in ["credentialsFile", "workloadIdentityFederationConfig"] {
            if let Some(part) = google.get(key) {
                draft.leave(part, "Google takes access tokens: have something that holds the account renew the credential's file");
            }
        }
        return draft.usual_credential(policy, target);
    }
    if let Some(azure) = policy.get("azureCredentials") {
        draft.leave(azure, "Azure is asked with an API key: make one for the resource");
        return draft.usual_credential(policy, target);
    }
    let key = policy.any(&["apiKey", "azureAPIKey", "anthropicAPIKey"])?;
    key.get("secretRef")?.skip(&["namespace", "group", "kind"]);
    let name = key.at(&["secretRef", "name"]).and_then(Written::words)?;
    Some(manifests.secret(key, name, draft))
}

/// Envoy's retries of the route that an AIGatewayRoute makes.
fn retries(policy: &Written, draft: &mut Draft) {
    let Some(retry) = policy.at(&["spec", "retry"]) else {
        let name = manifest::name(policy).unwrap_or_default().to_owned();
        return draft.leave(
            policy,
            &format!("of the BackendTrafficPolicy {} only `retry` has something here", quoted(&name)),
        );
    };
    policy.get("spec").into_iter().for_each(|spec| spec.skip(&["targetRefs", "targetRef"]));
    let (count, each) = (
        retry.whole("numRetries"),
        retry.at(&["perRetry", "timeout"]).and_then(Written::words).and_then(milliseconds),
    );
    for group in &mut draft.groups {
        group.retries = count;
        group.answer_ms = group.answer_ms.or(each);
    }
    for key in ["retryOn", "perRetry", "numAttemptsPerPriority"] {
        if let Some(part) = retry.get(key).filter(|_| key != "perRetry") {
            draft.leave(part, "each target is tried once, in the order of the priorities, after the failures in `failover_on`");
        }
    }
    if let Some(back_off) = retry.at(&["perRetry", "backOff"]) {
        draft.leave(back_off, "another target is asked at once; `back_off` of a group says otherwise");
    }
}

/// A duration of Gateway API: `1h`, `30s`, `500ms`, `1m30s`.
pub fn milliseconds(text: &str) -> Option<u64> {
    let (mut all, mut rest) = (0u64, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let units = [("ms", 1u64), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        let (unit, each) = units.into_iter().find(|(unit, _)| behind.starts_with(unit))?;
        all = all.checked_add(number.parse::<u64>().ok()?.checked_mul(each)?)?;
        rest = behind.strip_prefix(unit)?;
    }
    Some(all).filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn durations_of_gateway_api() {
        for (text, ms) in [
            ("30s", Some(30_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("0s", None),
            ("5", None),
            ("x", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }
}
