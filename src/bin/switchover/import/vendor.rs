//! What other gateways call providers, and ours for it.

/// Ours, for a name of theirs; `None` for whom there is no dialect or who needs an endpoint that only the operator knows.
pub fn named(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase().replace(['-', ' '], "_");
    let found = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()));
    let own = || switchover::dialect::provider(&name).map(|row| row.name);
    found.map(|(ours, _)| *ours).or_else(own)
}

const NAMES: &[(&str, &[&str])] = &[
    ("azure_openai", &["azure", "azureopenai", "azure_openai_service"]),
    ("bedrock", &["aws_bedrock", "amazon_bedrock", "awsbedrock", "bedrock_converse"]),
    ("gemini", &["google", "google_ai", "google_ai_studio", "google_gemini", "googleai"]),
    ("vertex", &["vertex_ai", "vertexai", "vertex_ai_beta", "google_vertex", "gcp_vertex"]),
    ("cohere", &["cohere_chat"]),
    ("together", &["together_ai", "togetherai"]),
    ("fireworks", &["fireworks_ai", "fireworksai"]),
    ("perplexity", &["perplexity_ai"]),
    ("nvidia", &["nvidia_nim", "nim"]),
    ("mistral", &["mistralai", "mistral_ai"]),
    ("moonshot", &["moonshotai", "kimi"]),
    ("zhipu", &["zai", "z_ai", "zhipuai"]),
    ("dashscope", &["qwen", "alibaba"]),
    ("xai", &["x_ai", "grok"]),
    ("deepinfra", &["deep_infra"]),
    ("vllm", &["hosted_vllm"]),
    ("ollama", &["ollama_chat"]),
];

/// Whether a provider speaks a dialect of its own that Switchover doesn't know, at whatever endpoint.
pub fn is_foreign(name: &str) -> bool {
    const FOREIGN: [&str; 34] = [
        "replicate",
        "sagemaker",
        "sagemaker_chat",
        "watsonx",
        "watsonx_text",
        "aleph_alpha",
        "nlp_cloud",
        "petals",
        "oci",
        "palm",
        "voyage",
        "jina_ai",
        "infinity",
        "deepgram",
        "elevenlabs",
        "assemblyai",
        "aws_polly",
        "stability",
        "recraft",
        "runwayml",
        "black_forest_labs",
        "fal_ai",
        "topaz",
        "triton",
        "bytez",
        "predibase",
        "clarifai",
        "snowflake",
        "text_completion_openai",
        "text_completion_codestral",
        "a2a",
        "langgraph",
        "copilot",
        "github_copilot",
    ];
    FOREIGN.contains(&name.replace('-', "_").as_str())
}

/// The environment variable that other gateways read a provider's key from where their file names none.
pub fn variable(provider: &str) -> Option<&'static str> {
    const VARIABLES: [(&str, &str); 18] = [
        ("openai", "OPENAI_API_KEY"),
        ("azure_openai", "AZURE_API_KEY"),
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("cohere", "COHERE_API_KEY"),
        ("groq", "GROQ_API_KEY"),
        ("deepseek", "DEEPSEEK_API_KEY"),
        ("xai", "XAI_API_KEY"),
        ("together", "TOGETHERAI_API_KEY"),
        ("deepinfra", "DEEPINFRA_API_KEY"),
        ("fireworks", "FIREWORKS_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("mistral", "MISTRAL_API_KEY"),
        ("cerebras", "CEREBRAS_API_KEY"),
        ("perplexity", "PERPLEXITY_API_KEY"),
        ("nvidia", "NVIDIA_NIM_API_KEY"),
        ("dashscope", "DASHSCOPE_API_KEY"),
        ("moonshot", "MOONSHOT_API_KEY"),
    ];
    VARIABLES.iter().find(|(name, _)| *name == provider).map(|(_, variable)| *variable)
}

/// The alias that all of a maker's models have, for whoever lets callers choose among them.
pub fn family(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "openai" => "gpt-*",
        "anthropic" | "anthropic_vertex" => "claude-*",
        "gemini" | "gemini_vertex" | "vertex" => "gemini-*",
        "mistral" => "mistral-*",
        "deepseek" => "deepseek-*",
        "xai" => "grok-*",
        "cohere" => "command-*",
        "moonshot" => "kimi-*",
        "zhipu" => "glm-*",
        "dashscope" => "qwen*",
        "perplexity" => "sonar*",
        _ => return None,
    })
}

/// The provider of a model that stands without one.
pub fn of_model(model: &str) -> Option<&'static str> {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| model.starts_with(prefix));
    if begins(&["gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "ft:gpt-", "codex-"]) {
        Some("openai")
    } else if begins(&["claude-"]) {
        Some("anthropic")
    } else if begins(&["command-"]) {
        Some("cohere")
    } else {
        None
    }
}

/// Why a model is none for chats or embeddings, by its name.
pub fn other_work(model: &str) -> bool {
    const WORDS: [&str; 16] = [
        "whisper",
        "dall-e",
        "tts",
        "rerank",
        "gpt-image",
        "imagen",
        "stable-diffusion",
        "transcribe",
        "moderation",
        "sora",
        "veo-",
        "flux",
        "realtime",
        "stability.",
        "-ocr-",
        "davinci",
    ];
    WORDS.iter().any(|word| model.contains(word))
}

/// Claude at Google speaks Anthropic's dialect, Gemini its own; other makers' models there neither.
pub fn at_vertex(model: &str) -> Option<&'static str> {
    let model = model.rsplit('/').next().unwrap_or(model);
    if model.starts_with("claude") {
        Some("anthropic_vertex")
    } else if model.is_empty()
        || ["gemini", "text-embedding", "gecko", "multimodalembedding"]
            .iter()
            .any(|name| model.starts_with(name))
    {
        Some("vertex")
    } else {
        None
    }
}

/// The address of an Azure resource: what stands before `/openai` and `/models` in a path.
pub fn azure_base(url: &str) -> String {
    let path_at = url.find("://").map_or(0, |at| at + 3);
    let (head, rest) = url.split_at_checked(path_at).unwrap_or(("", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let kept: Vec<&str> =
        path.split('/').take_while(|piece| !["openai", "models", ""].contains(piece)).collect();
    let path: String = kept.iter().map(|piece| format!("/{piece}")).collect();
    format!("{head}{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_azure_resource_may_be_called_openai() {
        for (url, base) in [
            ("https://openai-x.openai.azure.com/", "https://openai-x.openai.azure.com"),
            ("https://a.openai.azure.com/openai/deployments/d", "https://a.openai.azure.com"),
            ("https://gate.example/azure/openai/v1", "https://gate.example/azure"),
            ("https://a.services.ai.azure.com/models", "https://a.services.ai.azure.com"),
        ] {
            assert_eq!(azure_base(url), base);
        }
    }

    #[test]
    fn every_name_is_a_providers() {
        for (ours, names) in NAMES {
            assert!(switchover::dialect::provider(ours).is_some(), "{ours}");
            names.iter().for_each(|name| assert_eq!(named(name), Some(*ours)));
        }
        assert_eq!(
            (named("Groq"), named("nobody"), named("azure-openai")),
            (Some("groq"), None, Some("azure_openai"))
        );
        assert_eq!(
            (at_vertex("publishers/google/models/gemini-3-flash"), at_vertex("mistral-large")),
            (Some("vertex"), None)
        );
    }
}
