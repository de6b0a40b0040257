//! Why keys that other gateways have aren't carried over, and what does their work here.

use super::draft::Draft;
use super::gateway::Gateway;
use super::written::Written;

/// Tells every part that no importer has read.
pub fn tell_unread(gateway: Gateway, documents: &[Written], draft: &mut Draft) {
    for document in documents {
        let mut unread = Vec::new();
        document.unread(&mut unread);
        for part in unread {
            let why = of(gateway, part);
            keep_secrets(part, draft);
            draft.leave(part, why);
        }
    }
}

/// Texts under keys' usual names are kept off the output, wherever they stand.
pub fn keep_secrets(part: &Written, draft: &mut Draft) {
    const ENDS: [&str; 10] = [
        "key",
        "token",
        "secret",
        "password",
        "credential",
        "credentials",
        "value",
        "_url",
        "keyid",
        "key_id",
    ];
    let name = part.name().to_ascii_lowercase();
    if let Some(text) = part.words()
        && (ENDS.iter().any(|end| name.ends_with(end)) || crate::key::is_like_a_key(text))
        && !matches!(super::secret::place(text), super::secret::KeyPlace::Variable(_))
    {
        draft.veil(text);
    }
    part.keys().iter().for_each(|(_, value)| keep_secrets(value, draft));
    part.rows().iter().for_each(|row| keep_secrets(row, draft));
}

/// The reason for a part, by the name of its key, else by the section that it stands in.
fn of(gateway: Gateway, part: &Written) -> &'static str {
    let name = part.name();
    if name.starts_with("supports_") || name == "base_model" || name == "supported_endpoints" {
        return "what models can do is known of most; `capabilities` of the target says it otherwise";
    }
    let by_name = REASONS.iter().find(|(names, _)| names.contains(&name));
    let by_section = || {
        SECTIONS
            .iter()
            .find(|(whose, section, _)| *whose == gateway && part.path.starts_with(section))
            .map(|(_, _, why)| *why)
    };
    by_name
        .map(|(_, why)| *why)
        .or_else(by_section)
        .unwrap_or("Switchover has nothing like it, or its importer doesn't know it")
}

const LIMITS: &str =
    "limits come with a later version (`limits`); until then Envoy's ratelimit filter before the router role";
const GUARDS: &str =
    "guards come with a later version (`guards`); until then ext_authz or ext_proc before the router role";
const CACHE: &str = "a cache comes with a later version (`cache`)";
const CALLERS: &str = "who may call is said by a filter before the router role (jwt_authn, api_key_auth, ext_authz); `callers` comes with a later version";
const PARAMETERS: &str = "callers set the parameters of their requests; a target sets none";
const HEADERS: &str = "headers are Envoy's: request_headers_to_add of the route, or header_mutation";
const LOGS: &str =
    "logs, metrics and traces are Envoy's: its access log, /stats/prometheus and OpenTelemetry";
const SHARED: &str = "nothing is shared by Redis or a database: the workers of an Envoy tell each other, and each Envoy learns by itself";
const POLICIES: &str = "policies come with a later version (`policies`)";
const HEALTH: &str = "there are no health checks of their own: real requests tell (`circuit_breaker`); `health_check` comes with a later version";
const TLS: &str =
    "https is verified against the system's authorities; other TLS is set in the rendered cluster";
const MCP: &str = "MCP and agents are other traffic, which passes untouched";

const REASONS: &[(&[&str], &str)] = &[
    (
        &["rpm", "tpm"],
        "limits come with a later version (`limits`); among several targets it is kept as their `weight`",
    ),
    (
        &[
            "max_parallel_requests",
            "global_max_parallel_requests",
            "max_budget",
            "budget_duration",
            "max_file_size_mb",
            "rateLimit",
            "localRateLimit",
            "remoteRateLimit",
            "budget",
            "budgets",
            "default_team_settings",
            "default_internal_user_params",
            "provider_budget_config",
            "llmRequestCosts",
            "llm_request_costs",
            "agents",
            "quota",
            "rate_limit",
            "rate_limits",
            "limits",
            "optional_pre_call_checks",
        ],
        LIMITS,
    ),
    (
        &[
            "guardrails",
            "promptGuard",
            "guardrail",
            "guardrailConfig",
            "guardrail_config",
            "promptguard",
            "moderation",
            "content_moderation",
        ],
        GUARDS,
    ),
    (
        &[
            "cache",
            "cache_params",
            "caching",
            "caching_groups",
            "cache_responses",
            "enable_redis_auth_cache",
            "semantic_cache",
            "embeddings",
            "vectordb",
        ],
        CACHE,
    ),
    (
        &["promptCaching", "prompt_caching", "cache_control_injection_points"],
        "marks of prompt caches are callers' to set, and pass where a provider has them",
    ),
    (
        &[
            "master_key",
            "custom_auth",
            "enable_jwt_auth",
            "litellm_jwtauth",
            "allowed_ips",
            "apiKey",
            "jwtAuth",
            "jwt",
            "basicAuth",
            "authorization",
            "apiKeyAuthentication",
            "jwtAuthentication",
            "mcpAuthentication",
            "oidc",
            "extAuthz",
            "acls",
            "consumers",
            "consumer_groups",
            "consumer",
            "consumer_group",
            "credentialOverride",
            "service_account_settings",
            "public_routes",
            "admin_only_routes",
            "team_settings",
            "default_team_params",
            "ui_access_mode",
            "access_groups",
            "team_id",
            "key_generation_settings",
        ],
        CALLERS,
    ),
    (
        &[
            "temperature",
            "top_p",
            "top_k",
            "max_tokens",
            "max_completion_tokens",
            "seed",
            "stop",
            "n",
            "presence_penalty",
            "frequency_penalty",
            "reasoning_effort",
            "thinking",
            "extra_body",
            "response_format",
            "user",
            "logit_bias",
            "service_tier",
            "defaults",
            "overrides",
            "merge_reasoning_content_in_choices",
            "stream",
            "tools",
            "tool_choice",
            "modalities",
            "audio",
            "bodyMutation",
            "dimensions",
            "input_type",
            "encoding_format",
            "anthropic_version",
            "params",
        ],
        PARAMETERS,
    ),
    (
        &[
            "transformation",
            "transformations",
            "finalTransformation",
            "prompts",
            "prompt_id",
            "prompt_integration",
            "initial_prompt_value",
            "final_prompt_value",
            "roles",
            "modelAliases",
        ],
        "texts for a model are a target's `instructions`; other rewriting is a filter's",
    ),
    (
        &[
            "extra_headers",
            "default_headers",
            "headers",
            "headerMutation",
            "requestHeaders",
            "responseHeaders",
            "requestHeaderModifier",
            "responseHeaderModifier",
            "organization",
            "forward_client_headers_to_llm_api",
            "header_mutation",
            "custom_headers",
            "timeout_headers",
        ],
        HEADERS,
    ),
    (
        &[
            "success_callback",
            "failure_callback",
            "callbacks",
            "service_callback",
            "service_callbacks",
            "callback_settings",
            "logging",
            "alerting",
            "alerting_threshold",
            "alerting_args",
            "alert_types",
            "alert_to_webhook_url",
            "json_logs",
            "set_verbose",
            "turn_off_message_logging",
            "redact_user_api_key_info",
            "store_prompts_in_spend_logs",
            "disable_spend_logs",
            "accessLog",
            "access_log",
            "tracing",
            "telemetry",
            "langfuse_default_tags",
            "log_statistics",
            "log_payloads",
            "debug_level",
            "history",
            "audit",
            "metrics",
            "verbose",
        ],
        LOGS,
    ),
    (
        &[
            "redis_host",
            "redis_port",
            "redis_password",
            "redis_url",
            "redis_db",
            "database_url",
            "store_model_in_db",
            "database_connection_pool_limit",
            "database_connection_timeout",
            "use_redis_transaction_buffer",
            "coordination",
            "redis",
        ],
        SHARED,
    ),
    (
        &[
            "policies",
            "policy",
            "pre_routing",
            "conditional",
            "matches",
            "when",
            "tags",
            "enable_tag_filtering",
            "tag_filtering_match_any",
            "tag_routing",
            "semantic",
            "data_policy",
            "rules",
            "auto_router_config",
            "auto_router_config_path",
            "auto_router_default_model",
            "auto_router_embedding_model",
            "complexity_router_config",
            "description",
        ],
        POLICIES,
    ),
    (
        &[
            "background_health_checks",
            "health_check_interval",
            "health_check_details",
            "health",
            "healthcheck",
            "health_check",
            "health_probe",
            "health_check_model",
            "healthChecks",
            "healthCheck",
            "disable_background_health_check",
        ],
        HEALTH,
    ),
    (
        &[
            "tls",
            "backendTLS",
            "backend_tls",
            "ssl_verify",
            "ssl_certificate",
            "ca_certificates",
            "certificates",
            "tls_verify",
            "ca_cert",
            "client_certificate",
        ],
        TLS,
    ),
    (
        &[
            "mcp",
            "mcp_servers",
            "mcp_aliases",
            "mcp_tools",
            "a2a",
            "a2a_agents",
            "vector_store_registry",
            "search_tools",
            "agent_list",
            "skills",
            "knowledge_base",
            "loads",
        ],
        MCP,
    ),
    (
        &["timeouts", "timeout", "max_retries", "read_timeout", "retries"],
        "a group has `answer_timeout`, `first_token_timeout`, `timeout` and `max_attempts`",
    ),
    (
        &["retry_policy", "allowed_fails_policy", "model_group_retry_policy"],
        "failures are told apart by class: `failover_on` lists those after which another target is asked",
    ),
    (
        &["disable_cooldowns"],
        "targets that fail are left alone (`circuit_breaker`); a large `consecutive_failures` has the same effect",
    ),
    (
        &["enable_pre_call_checks"],
        "targets whose window is too small for a request are never asked for it, without being told",
    ),
    (
        &["pass_through_endpoints", "passthrough", "passthroughs"],
        "paths that are not the filter's pass untouched: add a route to Envoy",
    ),
    (
        &["environment_variables"],
        "variables are set where Envoy's configuration is rendered, not in the file",
    ),
    (
        &["additional_drop_params", "allowed_openai_params"],
        "`capabilities` of the target says what it takes, such as `-sampling`",
    ),
    (
        &[
            "cache_read_cost",
            "cache_read_input_token_cost",
            "cache_write_cost",
            "cache_creation_input_token_cost",
            "input_cost_per_second",
            "output_cost_per_second",
            "input_cost_per_image",
        ],
        "a `price` has `input`, `cached_input` and `output`, by a million tokens",
    ),
    (
        &[
            "aws_access_key_id",
            "aws_secret_access_key",
            "aws_session_token",
            "aws_profile_name",
            "aws_role_name",
            "aws_session_name",
            "aws_web_identity_token",
            "aws_bedrock_runtime_endpoint",
            "aws_assume_role_arn",
            "aws_role_session_name",
            "aws_sts_endpoint",
            "aws_sts_endpoint_url",
        ],
        "Envoy signs with the AWS credentials of its surroundings: give it the variables, the profile or the role there",
    ),
    (
        &[
            "vertex_credentials",
            "gcp_use_service_account",
            "gcp_service_account_json",
            "service_account_json",
        ],
        "Google takes access tokens: have something that holds the service account renew the credential's file",
    ),
    (
        &[
            "azure_ad_token",
            "azure_ad_token_provider",
            "tenant_id",
            "client_id",
            "client_secret",
            "azure_use_managed_identity",
            "azure_client_id",
            "azure_client_secret",
            "azure_tenant_id",
            "azure_username",
            "azure_password",
            "azure_scope",
        ],
        "Azure is asked with an API key: make one for the resource, or put a gateway before it that has the identity",
    ),
    (
        &["allow_override", "configurable_clientside_auth_params", "allow_client_side_credentials"],
        "callers' own credentials travel to no provider",
    ),
    (
        &[
            "tokenize",
            "slots",
            "mock_response",
            "mock_tool_calls",
            "use_in_pass_through",
            "use_litellm_proxy",
            "response_streaming",
            "model_name_header",
            "genai_category",
            "connect_timeout",
            "write_timeout",
            "hash_on_header",
            "latency_strategy",
            "tokens_count_strategy",
            "route_type",
        ],
        "there is no such switch here",
    ),
    (&["visibility"], "every group can be asked for; a filter before the router role may refuse names"),
    (&["hostnames"], "`listen.hosts` says for which hosts the filter is there"),
    (
        &["upstream_path", "pathOverride", "path_override", "path_template"],
        "paths are the dialect's own behind the `endpoint`",
    ),
    (&["max_request_body_size", "max_request_size_mb"], "`listen.max_body_bytes` is the largest request"),
    (&["max_response_size_mb"], "`listen.max_answer_bytes` is the largest answer that is collected"),
    (&["Secret"], "a key goes into a file or a variable"),
];

/// What stands in a section that is none of ours, where no key's own reason is known.
const SECTIONS: &[(Gateway, &str, &str)] = &[
    (Gateway::Litellm, "general_settings", "this is LiteLLM's own administration"),
    (Gateway::Kong, "services", "what is no LLM's goes on by routes and filters of Envoy's own"),
    (
        Gateway::Kong,
        "routes",
        "routes are Envoy's own; callers of an LLM call /v1/… and name the group in `model`",
    ),
    (
        Gateway::Kong,
        "plugins",
        "only ai-proxy and ai-proxy-advanced are read; Envoy has filters of its own for most others",
    ),
    (Gateway::Kong, "upstreams", "other upstreams are Envoy's clusters"),
    (Gateway::Kong, "vaults", "keys are files or variables, and a vault's agent can write the files"),
    (Gateway::Agentgateway, "config", "this is the gateway's own administration"),
    (Gateway::Agentgateway, "binds", "listeners, routes and other backends are Envoy's own"),
    (Gateway::Agentgateway, "frontendPolicies", "what happens before a route is Envoy's listener's"),
    (Gateway::Agentgateway, "gateways", "listeners are Envoy's: `switchover render envoy --listen`"),
    (Gateway::Agentgateway, "llm.port", "listeners are Envoy's: `switchover render envoy --listen`"),
    (Gateway::Keeptrusts, "pack", "the file has no name and no version of its own"),
];
