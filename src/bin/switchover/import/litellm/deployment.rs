//! One deployment of LiteLLM's `model_list`.

use super::super::draft::{Draft, DraftMember, DraftTarget};
use super::super::remark::quoted;
use super::super::secret::{self, KeyPlace};
use super::super::vendor;
use super::super::written::Written;
use std::collections::BTreeMap;

/// What a deployment says, of its target and of its group.
pub struct Deployment {
    pub member: DraftMember,
    pub provider: String,
    pub answer_ms: Option<u64>,
    pub first_token_ms: Option<u64>,
    pub is_dropping: bool,
    /// `model_info.id`.
    pub own_id: Option<String>,
}

/// Reads one, or says why it can't be carried over.
pub fn read(
    model: &Written,
    params: &Written,
    stores: &BTreeMap<String, &Written>,
    draft: &mut Draft,
) -> Option<Deployment> {
    let info = model.get("model_info");
    let store = params.text("litellm_credential_name").and_then(|name| stores.get(name).copied());
    let Some(written) = params.text("model") else {
        draft.leave(model, "`litellm_params` has no `model`");
        return None;
    };
    let mode = info.and_then(|info| info.text("mode")).unwrap_or("chat");
    if !["chat", "embedding", "responses"].contains(&mode) || vendor::other_work(written) {
        draft.leave(model, "only chats, responses and embeddings go through the filter");
        return None;
    }
    let base = params.any(&["api_base", "base_url"]).or_else(|| store?.any(&["api_base", "base_url"]));
    let (provider, name) = match provider(params, written, base.is_some()) {
        Ok(found) => found,
        Err(why) => {
            draft.leave(model, &why);
            return None;
        }
    };
    let mut target = DraftTarget {
        provider: provider.to_owned(),
        model: (name != "*").then(|| name.clone()),
        ..DraftTarget::default()
    };
    place(&mut target, params, store, base, draft);
    draft.resolve(params, &mut target);
    facts(&mut target, params, info);
    let key = params.get("api_key").or_else(|| store?.get("api_key"));
    let place = key.and_then(Written::words).map(secret::place);
    target.credential = match (&place, key) {
        (Some(place), Some(key))
            if !["bedrock", "anthropic_bedrock", "vertex", "anthropic_vertex"].contains(&provider) =>
        {
            draft.credential(key, provider, place).or_else(|| draft.usual_credential(model, &target))
        }
        (Some(KeyPlace::Plain(text)), Some(key)) => {
            draft.keep_secret(text);
            draft.leave(
                key,
                "this provider takes no API key here: it is signed for, or takes an access token",
            );
            draft.usual_credential(model, &target)
        }
        _ => draft.usual_credential(model, &target),
    };
    secrets(params, draft);
    let wish = format!(
        "{}-{}",
        provider.replace('_', "-"),
        name.rsplit('/').next().unwrap_or("any").replace('*', "any")
    );
    let id = draft.target(model, &wish, target)?;
    Some(Deployment {
        member: DraftMember {
            id,
            priority: params.whole("order").unwrap_or(0),
            weight: weight(model, params),
        },
        provider: provider.to_owned(),
        answer_ms: seconds(params, "timeout").or_else(|| seconds(params, "request_timeout")),
        first_token_ms: seconds(params, "stream_timeout"),
        is_dropping: params.truth("drop_params") == Some(true),
        own_id: info.and_then(|info| info.text("id")).map(str::to_owned),
    })
}

/// A provider of ours and the model's name there, or why there is none.
fn provider(params: &Written, written: &str, has_base: bool) -> Result<(&'static str, String), String> {
    let custom = params.text("custom_llm_provider");
    let (prefix, name) = match (custom, written.split_once('/')) {
        (Some(custom), Some((prefix, name))) if prefix == custom => (custom, name),
        (Some(custom), _) => (custom, written),
        (None, Some((prefix, name))) => (prefix, name),
        (None, None) if written == "*" => {
            return Err("`*` for any provider means none here: add a target and a group for each".to_owned());
        }
        (None, None) => match vendor::of_model(written) {
            Some("openai") if has_base => ("openai_compatible", written),
            Some(provider) => (provider, written),
            None if has_base => ("openai_compatible", written),
            None => return Err("its provider can't be told: no prefix stands before the model".to_owned()),
        },
    };
    let prefix = prefix.to_ascii_lowercase();
    if vendor::is_foreign(&prefix) {
        return Err(format!("Switchover does not speak the dialect of {}", quoted(&prefix)));
    }
    let name = name.to_owned();
    match prefix.as_str() {
        "openai" if has_base => Ok(("openai_compatible", name)),
        "bedrock" => Ok(bedrock(&name)),
        "vertex_ai" | "vertex_ai_beta" | "vertex" => match vendor::at_vertex(&name) {
            Some(provider) => Ok((provider, name.rsplit('/').next().unwrap_or(&name).to_owned())),
            None => Err("of the models at Vertex AI only Gemini and Claude are spoken to".to_owned()),
        },
        "azure_ai" if has_base => Ok(("azure_openai", name)),
        "huggingface" => Ok(("openai_compatible", name)),
        "azure" if name.starts_with("responses/") => Ok(("azure_openai", name.replacen("responses/", "", 1))),
        "openai" if name.starts_with("responses/") => Ok(("openai", name.replacen("responses/", "", 1))),
        _ => match vendor::named(&prefix) {
            Some(provider) => Ok((provider, name)),
            // Who is no provider has an endpoint of its own, and nearly all of those speak OpenAI's dialect.
            None if has_base => Ok(("openai_compatible", name)),
            None => Err(format!("the provider {} is none of `switchover providers`", quoted(&prefix))),
        },
    }
}

/// `bedrock/[converse/|invoke/][region/]model`.
fn bedrock(name: &str) -> (&'static str, String) {
    let is_invoked = name.starts_with("invoke/");
    let name = name
        .trim_start_matches("invoke/")
        .trim_start_matches("converse/")
        .trim_start_matches("converse_like/");
    let name = match name.split_once('/') {
        Some((region, rest))
            if region.matches('-').count() >= 2 && !region.contains('.') && !region.contains(':') =>
        {
            rest
        }
        _ => name,
    };
    let provider = if is_invoked && name.contains("anthropic.") { "anthropic_bedrock" } else { "bedrock" };
    (provider, name.to_owned())
}

/// Endpoint, region, project.
fn place(
    target: &mut DraftTarget,
    params: &Written,
    store: Option<&Written>,
    base: Option<&Written>,
    draft: &mut Draft,
) {
    let from = |key: &str| params.text(key).or_else(|| store?.text(key)).map(str::to_owned);
    if let Some((base, url)) = base.and_then(|base| Some((base, base.words()?))) {
        target.endpoint = Some(trimmed(&target.provider, draft.endpoint(base, url)));
    }
    if target.provider == "azure_openai" && target.endpoint.is_none() {
        target.endpoint = Some(draft.endpoint(params, "$AZURE_API_BASE"));
    }
    if target.provider == "openai_compatible" && target.endpoint.is_none() {
        // LiteLLM's own default: https://docs.litellm.ai/docs/providers/huggingface
        target.endpoint = Some("https://router.huggingface.co/v1".to_owned());
    }
    match target.provider.as_str() {
        "azure_openai" => {
            target.api_version = from("api_version").filter(|version| version != "v1" && version != "preview")
        }
        "bedrock" | "anthropic_bedrock" => {
            target.region = from("aws_region_name").or_else(|| from("region_name"))
        }
        "vertex" | "anthropic_vertex" => {
            let mut needed = |first: &str, second: &str, stands_for: &str| {
                let text = from(first).or_else(|| from(second));
                if text.is_none() {
                    draft.tell(
                        params,
                        format!("No {first} stands here: write the right one in place of `{stands_for}`"),
                    );
                }
                Some(text.unwrap_or_else(|| stands_for.to_owned()))
            };
            target.project = needed("vertex_project", "vertex_ai_project", "my-project");
            target.location = needed("vertex_location", "vertex_ai_location", "us-central1");
            if target.endpoint.take().is_some()
                && let Some(base) = base
            {
                draft.leave(
                    base,
                    "Vertex AI is asked at its own address, which `project` and `location` make",
                );
            }
        }
        _ => {}
    }
    params.skip(&["vertex_project", "vertex_location", "aws_region_name", "api_version"]);
}

/// A base URL as ours are, without what LiteLLM's users write behind.
fn trimmed(provider: &str, url: String) -> String {
    let url = url
        .trim_end_matches("/chat/completions")
        .trim_end_matches("/completions")
        .trim_end_matches("/messages");
    match provider {
        "anthropic" | "cohere" => url.trim_end_matches("/v1").trim_end_matches("/v2"),
        "azure_openai" => return vendor::azure_base(url),
        "gemini" => url.trim_end_matches("/v1beta"),
        // LiteLLM speaks Ollama's own dialect; its OpenAI dialect is a path further.
        "ollama" if !url.ends_with("/v1") => return format!("{url}/v1"),
        _ => url,
    }
    .trim_end_matches('/')
    .to_owned()
}

/// What is known of the model.
fn facts(target: &mut DraftTarget, params: &Written, info: Option<&Written>) {
    let whole = |key: &str| info.and_then(|info| info.whole(key)).filter(|tokens| *tokens > 0);
    target.context_window = whole("max_input_tokens");
    target.max_output_tokens = whole("max_output_tokens").or_else(|| whole("max_tokens"));
    if target.provider.starts_with("anthropic") && target.max_output_tokens.is_none() {
        target.max_output_tokens = params.whole("max_tokens").filter(|tokens| *tokens > 0);
    }
    if target.max_output_tokens > target.context_window && target.context_window.is_some() {
        target.context_window = None;
    }
    let cost = |key: &str| {
        params.number(key).or_else(|| info?.number(key)).filter(|cost| (0.0..=1.0).contains(cost))
    };
    if let (Some(input), Some(output)) = (cost("input_cost_per_token"), cost("output_cost_per_token")) {
        target.price = Some((per_million(input), per_million(output)));
    }
}

fn per_million(cost: f64) -> f64 {
    (cost * 1e12).round() / 1e6
}

/// LiteLLM picks by `weight`, else by the limits.
fn weight(model: &Written, params: &Written) -> Option<u64> {
    if let Some(weight) = params.number("weight") {
        // Shares of 1 are kept by two digits.
        let times = if weight.fract() == 0.0 { 1.0 } else { 100.0 };
        return format!("{:.0}", (weight * times).max(1.0)).parse().ok();
    }
    // Read without being carried over, so that they are told.
    let quiet = |part: &Written, key: &str| {
        let number = part.whole(key).filter(|number| *number > 0);
        part.keys().iter().filter(|(name, _)| name == key).for_each(|(_, value)| value.put_back());
        number
    };
    ["rpm", "tpm"].iter().find_map(|key| quiet(params, key).or_else(|| quiet(model, key)))
}

fn seconds(params: &Written, key: &str) -> Option<u64> {
    let ms = params.number(key)? * 1000.0;
    if ms > 0.0 { format!("{ms:.0}").parse().ok() } else { None }
}

/// AWS's and Azure's secrets stand here in plain text at times.
fn secrets(params: &Written, draft: &mut Draft) {
    const SECRETS: [&str; 6] = [
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "azure_ad_token",
        "client_secret",
        "vertex_credentials",
    ];
    for (name, value) in params.keys() {
        if SECRETS.contains(&name.as_str())
            && let Some(KeyPlace::Plain(text)) = value.words().map(secret::place)
        {
            draft.keep_secret(&text);
            draft.tell(value, "A secret stands here in plain text: have it revoked");
        }
    }
}
