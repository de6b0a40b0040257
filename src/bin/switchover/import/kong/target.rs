//! One target of ai-proxy-advanced, or the whole of ai-proxy.

use super::super::draft::{Draft, DraftMember, DraftTarget};
use super::super::names::TakenNames;
use super::super::remark::quoted;
use super::super::secret::{self, KeyPlace};
use super::super::vendor;
use super::super::written::Written;

/// A target, as its group needs it.
pub struct KongTarget {
    pub member: DraftMember,
    pub model: Option<String>,
    /// `model_alias`: a name that leads to it alone.
    pub alias: Option<String>,
}

/// Reads one, or says why it can't be carried over.
pub fn read(written: &Written, balancer: Option<&Written>, draft: &mut Draft) -> Option<KongTarget> {
    let route = written.text("route_type").unwrap_or("llm/v1/chat");
    if !["llm/v1/chat", "llm/v1/embeddings", "llm/v1/responses", "preserve"].contains(&route) {
        draft.leave(written, "only chats, responses and embeddings go through the filter");
        return None;
    }
    let model = written.get("model")?;
    let (kong, name) = (model.text("provider")?, model.text("name"));
    let options = model.get("options");
    let provider = match (kong, vendor::named(kong).filter(|_| !vendor::is_foreign(kong))) {
        ("gemini", _) if options.is_some_and(|options| options.at(&["gemini", "project_id"]).is_some()) => {
            match vendor::at_vertex(name.unwrap_or_default()) {
                Some(provider) => provider,
                None => {
                    draft.leave(written, "of the models at Vertex AI only Gemini and Claude are spoken to");
                    return None;
                }
            }
        }
        ("llama2" | "huggingface" | "databricks", _) => "openai_compatible",
        (_, Some(provider)) => provider,
        _ => {
            draft.leave(written, &format!("the provider {} is none of `switchover providers`", quoted(kong)));
            return None;
        }
    };
    let mut target = DraftTarget {
        provider: provider.to_owned(),
        model: name.map(str::to_owned),
        ..DraftTarget::default()
    };
    if let Some(options) = options {
        place(&mut target, kong, options, draft);
        let cost = |key: &str| options.number(key).filter(|cost| (0.0..=1e6).contains(cost));
        if let (Some(input), Some(output)) = (cost("input_cost"), cost("output_cost")) {
            target.price = Some((input, output));
        }
        if provider.starts_with("anthropic") {
            target.max_output_tokens = options.whole("max_tokens").filter(|tokens| *tokens > 0);
        }
    }
    if kong == "huggingface" && target.endpoint.is_none() {
        // https://huggingface.co/docs/inference-providers/index
        target.endpoint = Some("https://router.huggingface.co/v1".to_owned());
    }
    draft.resolve(written, &mut target);
    if let Some(balancer) = balancer {
        target.consecutive_failures = balancer.whole("max_fails").filter(|fails| *fails > 0);
        target.base_ejection_ms =
            balancer.whole("fail_timeout").filter(|ms| *ms > 0 && target.consecutive_failures.is_some());
    }
    target.credential = credential(written, &target, draft);
    let wish = format!(
        "{}-{}",
        provider.replace('_', "-"),
        name.unwrap_or("any").rsplit('/').next().unwrap_or("any")
    );
    let id = draft.target(written, &wish, target)?;
    Some(KongTarget {
        member: DraftMember { id, priority: 0, weight: written.whole("weight") },
        model: name.map(str::to_owned),
        alias: model.text("model_alias").map(str::to_owned),
    })
}

/// Endpoint, deployment, region, project.
fn place(target: &mut DraftTarget, kong: &str, options: &Written, draft: &mut Draft) {
    if let Some(url) = options.get("upstream_url")
        && let Some(text) = url.words()
    {
        let full = draft.endpoint(url, text);
        let base = full
            .trim_end_matches("/chat/completions")
            .trim_end_matches("/messages")
            .trim_end_matches("/embeddings")
            .trim_end_matches("/api/chat");
        let base = if target.provider == "anthropic" { base.trim_end_matches("/v1") } else { base };
        target.endpoint = Some(match (kong, base.ends_with("/v1")) {
            // Their own dialects are a path beside OpenAI's.
            ("ollama", false) => format!("{base}/v1"),
            _ => base.to_owned(),
        });
        if target.provider == "openai" {
            target.provider = "openai_compatible".to_owned();
        }
    }
    let named = |key: &str| options.text(key).map(str::to_owned);
    match kong {
        "azure" => {
            if let Some(part) = options.get("azure_instance")
                && let Some(instance) = part.words()
            {
                target.endpoint = Some(match secret::variable(instance) {
                    Some(_) => draft.endpoint(part, instance),
                    None => format!("https://{}.openai.azure.com", TakenNames::plain(instance, "-")),
                });
            }
            target.model = named("azure_deployment_id").or(target.model.take());
            target.api_version = Some(named("azure_api_version").unwrap_or_else(|| "2023-05-15".to_owned()))
                .filter(|version| version != "v1");
        }
        "bedrock" => {
            target.region = options.at(&["bedrock", "aws_region"]).and_then(Written::words).map(str::to_owned)
        }
        "gemini" if target.provider != "gemini" => {
            let text = |key: &str| options.at(&["gemini", key]).and_then(Written::words).map(str::to_owned);
            target.project = text("project_id");
            target.location = text("location_id").or_else(|| Some("us-central1".to_owned()));
            options.get("gemini").into_iter().for_each(|gemini| gemini.skip(&["api_endpoint"]));
        }
        "databricks" if target.endpoint.is_none() => {
            let workspace = options.at(&["databricks", "workspace_instance_id"]).and_then(Written::words);
            // https://docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models
            target.endpoint = workspace.map(|workspace| {
                format!(
                    "https://{}.cloud.databricks.com/serving-endpoints",
                    TakenNames::plain(workspace, "-")
                )
            });
        }
        "dashscope"
            if options.at(&["dashscope", "international"]).is_some_and(|part| {
                part.words().is_none()
                    && options.get("dashscope").and_then(|map| map.truth("international")) == Some(false)
            }) =>
        {
            target.endpoint = Some("https://dashscope.aliyuncs.com/compatible-mode/v1".to_owned());
        }
        _ => {}
    }
    options.skip(&["llama2_format", "mistral_format"]);
}

/// A header or a parameter has the key.
fn credential(written: &Written, target: &DraftTarget, draft: &mut Draft) -> Option<String> {
    let Some(auth) = written.get("auth") else { return draft.usual_credential(written, target) };
    let is_signed = matches!(target.provider.as_str(), "bedrock" | "vertex" | "anthropic_vertex");
    auth.skip(&["header_name", "param_name", "param_location", "allow_override"]);
    super::super::reason::keep_secrets(auth, draft);
    for key in ["header_value", "param_value"] {
        let Some(part) = auth.get(key) else { continue };
        let Some(text) = part.words() else { continue };
        let place = secret::place(text);
        if is_signed {
            if let KeyPlace::Plain(text) = &place {
                draft.keep_secret(text);
            }
            draft.leave(
                part,
                "this provider takes no API key here: it is signed for, or takes an access token",
            );
            break;
        }
        return draft
            .credential(part, &target.provider, &place)
            .or_else(|| draft.usual_credential(written, target));
    }
    draft.usual_credential(written, target)
}
