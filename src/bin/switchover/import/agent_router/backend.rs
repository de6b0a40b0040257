//! An AIServiceBackend with what belongs to it: its Backend, and its BackendSecurityPolicy.

use super::super::draft::{Draft, DraftTarget};
use super::super::manifest::{self, Manifests};
use super::super::reason;
use super::super::written::Written;

/// Provider and endpoint, by the schema and the Backend.
pub fn target(spec: &Written, manifests: &Manifests<'_>, draft: &mut Draft) -> Option<DraftTarget> {
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
    let named = manifests.peek("BackendTLSPolicy").find(|policy| is_for(policy, name));
    let policy = named.and_then(manifest::name).and_then(|name| manifests.find("BackendTLSPolicy", name));
    if let Some(spec) = policy.and_then(|policy| policy.get("spec")) {
        spec.get("validation")
            .into_iter()
            .for_each(|checks| checks.skip(&["wellKnownCACertificates", "hostname"]));
    }
    let has_tls = port == 443 || policy.is_some();
    let (scheme, usual) = if has_tls { ("https", 443) } else { ("http", 80) };
    let port = if port == usual { String::new() } else { format!(":{port}") };
    Some((scheme, host, port))
}

/// The policy that targets a backend; `v1alpha1` named it in the backend itself.
pub fn policy<'w>(backend: &str, manifests: &Manifests<'w>) -> Option<&'w Written> {
    let named = || {
        manifests
            .find("AIServiceBackend", backend)?
            .at(&["spec", "backendSecurityPolicyRef", "name"])?
            .words()
    };
    let targeting = manifests.peek("BackendSecurityPolicy").find(|policy| is_for(policy, backend));
    let name = targeting.and_then(manifest::name).or_else(named)?;
    manifests.find("BackendSecurityPolicy", name)?.get("spec")
}

/// Whether a policy targets what is called so.
fn is_for(policy: &Written, name: &str) -> bool {
    let targets = policy.get("spec").map(|spec| spec.list("targetRefs")).unwrap_or_default();
    targets.iter().any(|target| {
        target.skip(&["group", "kind", "namespace", "sectionName"]);
        target.text("name") == Some(name)
    })
}

pub fn credential(
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
            reason::keep_secrets(secret, draft);
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
