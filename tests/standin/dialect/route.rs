//! Which endpoint a path is.

use super::{
    Endpoint, Family, Speaks, accents, anthropic, azure, bedrock, cohere, embeddings, gemini, hosted, openai,
    responses, strict,
};

/// A path that was recognised.
pub struct Route {
    pub family: Family,
    pub endpoint: &'static dyn Endpoint,
    /// Names the endpoint, for replies made in advance.
    pub name: &'static str,
    pub model: Option<String>,
    pub stream: Option<bool>,
}

/// Every endpoint, for replies made in advance.
pub const ENDPOINTS: &[(&str, &dyn Endpoint)] = &[
    ("openai_chat", &openai::Chat),
    ("openai_embeddings", &embeddings::OpenAi),
    ("openai_responses", &responses::Responses),
    ("mistral_chat", &accents::Mistral),
    ("deepseek_chat", &accents::DeepSeek),
    ("groq_chat", &strict::Groq),
    ("fireworks_chat", &strict::Fireworks),
    ("azure_chat", &azure::AzureChat),
    ("anthropic_messages", &anthropic::Messages),
    ("anthropic_count", &hosted::CountTokens),
    ("gemini_generate", &gemini::Generate),
    ("gemini_embed", &embeddings::Google),
    ("gemini_batch_embed", &embeddings::GoogleBatch),
    ("vertex_predict", &embeddings::VertexPredict),
    ("vertex_anthropic", &hosted::OnVertex),
    ("bedrock_converse", &bedrock::Converse),
    ("bedrock_anthropic", &hosted::OnBedrock),
    ("vertex_count", &hosted::CountOnVertex),
    ("bedrock_titan_embed", &embeddings::Titan),
    ("bedrock_cohere_embed", &embeddings::CohereOnBedrock),
    ("cohere_chat", &cohere::Chat),
    ("cohere_embed", &embeddings::Cohere),
];

impl Route {
    /// The endpoint at `path`, which comes without its query.
    ///
    /// Azure and some that are compatible with OpenAI share paths: `/openai/v1/…` is Azure's unless the provider
    /// `speaks` OpenAI only.
    pub fn find(path: &str, speaks: Speaks) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let azure = segments.first() == Some(&"openai")
            && !matches!(speaks, Speaks::Only(Family::OpenAi | Family::Groq | Family::Fireworks));
        let openai = if azure { Family::Azure } else { Family::OpenAi };
        let google = if segments.contains(&"publishers") { Family::Vertex } else { Family::Google };
        let (family, name, model, stream) = match segments.as_slice() {
            ["openai", "deployments", model, "chat", "completions"] => {
                (Family::Azure, "azure_chat", Some(*model), None)
            }
            ["openai", "deployments", model, "embeddings"] => {
                (Family::Azure, "openai_embeddings", Some(*model), None)
            }
            // Their paths are OpenAI's: only what the provider speaks tells them.
            [.., "chat", "completions"] if speaks == Speaks::Only(Family::Mistral) => {
                (Family::Mistral, "mistral_chat", None, None)
            }
            [.., "chat", "completions"] if speaks == Speaks::Only(Family::DeepSeek) => {
                (Family::DeepSeek, "deepseek_chat", None, None)
            }
            [.., "chat", "completions"] if speaks == Speaks::Only(Family::Groq) => {
                (Family::Groq, "groq_chat", None, None)
            }
            [.., "chat", "completions"] if speaks == Speaks::Only(Family::Fireworks) => {
                (Family::Fireworks, "fireworks_chat", None, None)
            }
            [.., "chat", "completions"] if openai == Family::Azure => (openai, "azure_chat", None, None),
            [.., "chat", "completions"] => (openai, "openai_chat", None, None),
            [.., "embeddings"] => (openai, "openai_embeddings", None, None),
            [.., "responses"] => (openai, "openai_responses", None, None),
            [.., "messages"] => (Family::Anthropic, "anthropic_messages", None, None),
            [.., "messages", "count_tokens"] => (Family::Anthropic, "anthropic_count", None, None),
            [.., "v2", "chat"] => (Family::Cohere, "cohere_chat", None, None),
            [.., "v2", "embed"] => (Family::Cohere, "cohere_embed", None, None),
            ["model", model, method] => match *method {
                "converse" => (Family::Bedrock, "bedrock_converse", Some(*model), Some(false)),
                "converse-stream" => (Family::Bedrock, "bedrock_converse", Some(*model), Some(true)),
                "invoke" if model.contains("titan-embed") => {
                    (Family::Bedrock, "bedrock_titan_embed", Some(*model), None)
                }
                "invoke" if model.contains("cohere.embed") => {
                    (Family::Bedrock, "bedrock_cohere_embed", Some(*model), None)
                }
                "invoke" => (Family::Bedrock, "bedrock_anthropic", Some(*model), Some(false)),
                "invoke-with-response-stream" => {
                    (Family::Bedrock, "bedrock_anthropic", Some(*model), Some(true))
                }
                _ => return None,
            },
            [.., "models", last] => {
                let (model, method) = last.rsplit_once(':')?;
                match method {
                    "generateContent" => (google, "gemini_generate", Some(model), Some(false)),
                    "streamGenerateContent" => (google, "gemini_generate", Some(model), Some(true)),
                    "embedContent" => (google, "gemini_embed", Some(model), None),
                    "batchEmbedContents" => (google, "gemini_batch_embed", Some(model), None),
                    "predict" => (google, "vertex_predict", Some(model), None),
                    "rawPredict" if model == "count-tokens" => (google, "vertex_count", None, None),
                    "rawPredict" => (google, "vertex_anthropic", Some(model), Some(false)),
                    "streamRawPredict" => (google, "vertex_anthropic", Some(model), Some(true)),
                    _ => return None,
                }
            }
            _ => return None,
        };
        if !matches!(speaks, Speaks::Auto) && speaks != Speaks::Only(family) {
            return None;
        }
        let (name, endpoint) = ENDPOINTS.iter().find(|(known, _)| *known == name)?;
        Some(Self { family, endpoint: *endpoint, name, model: model.map(percent_decoded), stream })
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
