//! What agentgateway's forms have in common: a provider with its options, as a target.

use super::super::draft::{Draft, DraftTarget};
use super::super::names::TakenNames;
use super::super::remark::quoted;
use super::super::secret::{self, KeyPlace};
use super::super::vendor;
use super::super::written::Written;

/// A target of a provider's name and the map that has its options, in either spelling of any form; `None` if it can't be
/// carried over, which is told.
pub fn target(
    from: &Written,
    name: &str,
    options: Option<&Written>,
    draft: &mut Draft,
) -> Option<DraftTarget> {
    let text = |keys: &[&str]| options.and_then(|options| options.any(keys)).and_then(Written::words);
    let model = text(&["model", "deploymentName"]).filter(|model| *model != "*");
    let provider = match name.to_ascii_lowercase().as_str() {
        "vertex" | "vertexai" => match vendor::at_vertex(model.unwrap_or_default()) {
            Some(provider) => provider,
            None => {
                draft.leave(from, "of the models at Vertex AI only Gemini and Claude are spoken to");
                return None;
            }
        },
        "custom" => "openai_compatible",
        "baseten" | "lmstudio" | "huggingface" => "openai_compatible",
        _ => match vendor::named(name).filter(|_| !vendor::is_foreign(name)) {
            Some(provider) => provider,
            None => {
                draft
                    .leave(from, &format!("the provider {} is none of `switchover providers`", quoted(name)));
                return None;
            }
        },
    };
    let mut target = DraftTarget {
        provider: provider.to_owned(),
        model: model.map(str::to_owned),
        ..DraftTarget::default()
    };
    let plain = |keys: &[&str]| text(keys).map(str::to_owned);
    match provider {
        "bedrock" => target.region = plain(&["region", "awsRegion"]),
        "vertex" | "anthropic_vertex" => {
            target.project = plain(&["projectId", "vertexProject"]);
            target.location = plain(&["region", "vertexRegion"]).or_else(|| Some("global".to_owned()));
        }
        "azure_openai" => {
            target.api_version = text(&["apiVersion", "azureApiVersion"])
                .filter(|version| *version != "v1")
                .map(str::to_owned);
            target.endpoint = azure(
                text(&["resourceName", "azureResourceName"]),
                text(&["resourceType", "azureResourceType"]),
                text(&["host", "endpoint"]),
            );
            if let Some(project) =
                options.and_then(|options| options.any(&["projectName", "azureProjectName"]))
            {
                draft.leave(project, "a Foundry project has no path of its own here");
            }
        }
        _ => {}
    }
    draft.resolve(from, &mut target);
    Some(target)
}

/// A resource's address, by what kind it is.
fn azure(resource: Option<&str>, kind: Option<&str>, host: Option<&str>) -> Option<String> {
    if let Some(host) = host {
        return Some(format!("https://{}", host.trim_start_matches("https://").trim_end_matches('/')));
    }
    let domain = if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("foundry")) {
        "services.ai.azure.com"
    } else {
        "openai.azure.com"
    };
    resource.map(|resource| format!("https://{}.{domain}", TakenNames::plain(resource, "-")))
}

/// Another address than the provider's own: `hostOverride: host:port`, `host` and `port`, `baseUrl`, with a prefix.
pub fn place(target: &mut DraftTarget, part: &Written, draft: &mut Draft) {
    let prefix = part.text("pathPrefix").unwrap_or_default();
    if let Some(url) = part.get("baseUrl")
        && let Some(text) = url.words()
    {
        let url = draft.endpoint(url, text);
        target.endpoint = Some(based(target, &url));
        return;
    }
    let host = part.any(&["hostOverride", "host"]);
    let Some(host) = host.and_then(|host| {
        host.words()
            .map(str::to_owned)
            .or_else(|| Some(format!("{}:{}", host.text("host")?, host.text("port").unwrap_or("443"))))
    }) else {
        return;
    };
    let port = part.text("port").map(|port| format!(":{port}")).unwrap_or_default();
    let host = if host.contains(':') { host } else { host + &port };
    let scheme = if host.ends_with(":443") || !host.contains(':') { "https" } else { "http" };
    let host = host.trim_end_matches(":443");
    let usual =
        if target.provider == "openai" || target.provider == "openai_compatible" { "/v1" } else { "" };
    let path = if prefix.is_empty() { usual } else { prefix };
    let url = format!("{scheme}://{host}/{}", path.trim_start_matches('/'));
    target.endpoint = Some(based(target, url.trim_end_matches('/')));
}

/// OpenAI's dialect at another house is anybody's; the others add `/v1` by themselves.
fn based(target: &mut DraftTarget, url: &str) -> String {
    if target.provider == "openai" && !url.contains("api.openai.com") {
        target.provider = "openai_compatible".to_owned();
    }
    match target.provider.as_str() {
        "anthropic" => url.trim_end_matches("/v1").to_owned(),
        "azure_openai" => vendor::azure_base(url),
        _ => url.to_owned(),
    }
}

/// The credential that `backendAuth` (or `auth`, `apiKey`) of one of these parts says, the first that says one.
pub fn credential(
    from: &Written,
    target: &DraftTarget,
    parts: &[Option<&Written>],
    draft: &mut Draft,
) -> Option<String> {
    for policies in parts.iter().flatten() {
        let Some(auth) = policies.any(&["backendAuth", "auth", "apiKey"]) else { continue };
        if auth.has("passthrough") {
            draft.leave(auth, "callers' own credentials travel to no provider: the gateway has the key");
            break;
        }
        if ["gcp", "aws", "azure", "copilot", "oauth", "credentials"].iter().any(|kind| auth.has(kind)) {
            draft.leave(
                auth,
                "a target has one key, AWS's signature by what Envoy finds in its surroundings, or an access token of Google's",
            );
            break;
        }
        let key = auth.get("key").unwrap_or(auth);
        key.skip(&["location"]);
        let value = key.get("value").unwrap_or(key);
        if let Some(file) = value.text("file") {
            return Some(
                draft
                    .file_credential(
                        &TakenNames::plain(file.rsplit('/').next().unwrap_or(file), "._-"),
                        file,
                        "As it was.",
                    )
                    .0,
            );
        }
        let Some(text) = value.words() else { continue };
        let place = secret::place(text);
        if matches!(target.provider.as_str(), "bedrock" | "vertex" | "anthropic_vertex") {
            if let KeyPlace::Plain(text) = &place {
                draft.keep_secret(text);
            }
            draft.leave(
                value,
                "this provider takes no API key here: it is signed for, or takes an access token",
            );
            break;
        }
        return draft
            .credential(value, &target.provider, &place)
            .or_else(|| draft.usual_credential(from, target));
    }
    draft.usual_credential(from, target)
}
