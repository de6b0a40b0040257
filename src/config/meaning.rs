//! What somebody means by a key or a value that is none here: the words of other gateways, and plain mistakes that no
//! likeness of letters finds. Where nothing is known, [`super::lookup::closest`] goes by the letters.

use super::file::Object;

/// What to do instead, as a sentence without its full stop; `None` where nothing is known of this key.
pub(super) fn of_key(key: &str, object: &Object) -> Option<String> {
    let key = plain(key);
    let is = |names: &[&str]| names.contains(&key.as_str());
    if is(SECRETS) {
        return Some(SECRET.to_owned());
    }
    if is(TO_COME) {
        return Some("It comes with a later version of Switchover: leave it out until then".to_owned());
    }
    if let Some((_, instead)) = FOREIGN.iter().find(|(names, _)| is(names)) {
        return Some((*instead).to_owned());
    }
    let (_, ours) = RENAMED
        .iter()
        .find(|(names, ours)| is(names) && ours.iter().any(|name| object.field(name).is_some()))?;
    let ours = ours.iter().find(|name| object.field(name).is_some())?;
    Some(format!("Write `{ours}`"))
}

/// The choice that is meant by a value, whether it is one here or only will be.
pub(super) fn of_value(
    value: &str,
    choices: &[&'static str],
    later: &[&'static str],
) -> Option<&'static str> {
    let value = plain(value);
    let known = |name: &str| choices.iter().chain(later).find(|known| **known == name).copied();
    let meant = VALUES.iter().filter(|(names, _)| names.contains(&value.as_str()));
    meant.into_iter().find_map(|(_, ours)| known(ours)).or_else(|| known(&value))
}

/// Whether a text has a variable in it that somebody expects to be replaced.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains("${")
}

/// What to do about that.
pub(super) const VARIABLE: &str =
    "Variables are not replaced in this file: write the value itself, or `secret_env: NAME` for a key";

/// Case and the sort of dash mean nothing.
fn plain(text: &str) -> String {
    text.to_ascii_lowercase().replace(['-', ' '], "_")
}

type Renamed = (&'static [&'static str], &'static [&'static str]);
type Meant = (&'static [&'static str], &'static str);

const SECRETS: &[&str] = &[
    "api_key",
    "apikey",
    "key",
    "secret",
    "token",
    "api_token",
    "access_token",
    "bearer_token",
    "password",
    "header_value",
    "auth",
    "authorization",
    "aws_access_key_id",
    "aws_secret_access_key",
    "openai_api_key",
    "anthropic_api_key",
];

const SECRET: &str = "Keys don't belong into this file: put the key alone into a file or a variable, name that in \
                      `credentials` by `secret_file` or `secret_env`, and refer to it by `credential`";

/// Names that are settled and mean nothing yet.
const TO_COME: &[&str] = &[
    "limits",
    "guards",
    "guardrails",
    "cache",
    "hedge",
    "affinity",
    "budget",
    "budgets",
    "max_budget",
    "rpm",
    "tpm",
    "rate_limit",
    "rate_limits",
    "workload",
    "workloads",
    "catalog",
    "callers",
    "health_check",
    "health_checks",
    "probe",
    "validate",
    "instructions",
    "services",
];

/// Whole sections of other gateways.
const FOREIGN: &[Meant] = &[
    (
        &["model_list"],
        "That is LiteLLM's: write where models are into `targets`, and what callers ask for into `model_groups`",
    ),
    (
        &["litellm_params"],
        "That is LiteLLM's: a target has `provider`, `model`, `endpoint` and `credential` itself",
    ),
    (
        &["litellm_settings", "general_settings", "router_settings"],
        "That is LiteLLM's: write `strategy`, `max_attempts`, `timeout` and `fallback_group` in each of `model_groups`",
    ),
    (&["environment_variables"], VARIABLE),
    (
        &["_format_version", "routes", "plugins", "upstreams", "consumers"],
        "That is Kong's: write providers into `targets` and what callers ask for into `model_groups`; routes and \
         filters are Envoy's own",
    ),
    (
        &["route_type", "llm_format", "genai_category"],
        "Remove it: the path of a request says which dialect it is in",
    ),
];

/// A name elsewhere, and ours for it: the first that the map has.
const RENAMED: &[Renamed] = &[
    (&["api_base", "base_url", "upstream_url", "url", "azure_endpoint", "host"], &["endpoint"]),
    (&["model_name"], &["model", "name"]),
    (
        &["deployment", "deployment_id", "deployment_name", "azure_deployment", "azure_deployment_id"],
        &["model"],
    ),
    (&["name"], &["id"]),
    (&["id"], &["name"]),
    (&["type", "vendor", "custom_llm_provider", "llm_provider"], &["provider"]),
    (&["fallback", "fallbacks", "default_fallbacks", "context_window_fallbacks"], &["fallback_group"]),
    (&["retries", "num_retries", "max_retries"], &["max_attempts"]),
    (&["request_timeout", "read_timeout", "timeout_ms", "timeout_budget", "latency_budget"], &["timeout"]),
    (&["routing_strategy", "balancer", "algorithm", "lb_policy", "load_balancing"], &["strategy"]),
    (&["max_tokens", "max_completion_tokens"], &["max_output_tokens"]),
    (&["models", "providers", "deployments", "backends"], &["targets"]),
    (&["groups", "aliases_of_models"], &["model_groups"]),
    (&["model_group_alias", "alias"], &["aliases"]),
    (&["cost", "pricing", "costs"], &["price"]),
    (&["input_cost_per_token", "output_cost_per_token"], &["price"]),
    (&["region_name", "aws_region_name", "aws_region"], &["region"]),
    (&["vertex_project", "gcp_project", "project_id"], &["project"]),
    (&["vertex_location", "location_id"], &["location"]),
    (&["allowed_fails", "max_fails", "outlier_detection"], &["circuit_breaker", "consecutive_failures"]),
    (&["cooldown_time"], &["base_ejection_time"]),
    (&["tags", "metadata"], &["labels"]),
    (&["disabled", "disable", "active", "is_enabled"], &["enabled"]),
    (&["system", "system_prompt", "prompt", "system_instruction", "system_message"], &["instructions"]),
    (&["prefix", "before"], &["prepend"]),
    (&["suffix", "after"], &["append"]),
    (&["credential_id", "credential_name", "credentials"], &["credential"]),
];

/// A value elsewhere, and ours for it.
const VALUES: &[Meant] = &[
    (&["azure", "azureopenai", "azure_open_ai", "azure_ai"], "azure_openai"),
    (&["open_ai", "gpt", "chatgpt"], "openai"),
    (&["claude"], "anthropic"),
    (&["aws", "aws_bedrock", "amazon_bedrock", "amazon", "bedrock_converse"], "bedrock"),
    (&["google", "google_ai", "google_gemini", "google_ai_studio", "palm"], "gemini"),
    (&["vertex_ai", "google_vertex", "vertexai", "gcp"], "vertex"),
    (&["grok", "x_ai"], "xai"),
    (&["together_ai", "togetherai"], "together"),
    (&["fireworks_ai"], "fireworks"),
    (&["mistralai", "mistral_ai"], "mistral"),
    (&["kimi"], "moonshot"),
    (&["qwen", "alibaba"], "dashscope"),
    (&["glm", "zai", "z_ai"], "zhipu"),
    (&["cohere_chat", "command"], "cohere"),
    (&["nvidia_nim", "nim"], "nvidia"),
    (&["hosted_vllm"], "vllm"),
    (
        &[
            "custom",
            "custom_openai",
            "openai_like",
            "lmstudio",
            "lm_studio",
            "llama_cpp",
            "llamacpp",
            "llama.cpp",
            "sglang",
            "tgi",
            "localai",
            "litellm",
            "huggingface",
            "self_hosted",
            "local",
        ],
        "openai_compatible",
    ),
    (
        &[
            "round_robin",
            "roundrobin",
            "weighted",
            "random",
            "simple_shuffle",
            "shuffle",
            "load_balance",
            "loadbalance",
        ],
        "weighted_round_robin",
    ),
    (&["priority", "failover", "fallback", "sequential", "in_order", "order"], "ordered"),
    (&["cost", "cheapest", "cost_based_routing", "lowest_price", "least_cost"], "lowest_cost"),
    (&["latency", "fastest", "latency_based_routing", "least_latency"], "lowest_latency"),
    (&["least_connections", "least_request", "least_requests"], "least_busy"),
    (&["usage_based_routing", "usage_based_routing_v2"], "lowest_usage"),
];
