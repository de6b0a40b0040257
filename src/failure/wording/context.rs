//! What is said of a request that is too long.
//!
//! All of them name what is too long (prompt, input, messages) or what it is too long for (context, window), and say that the
//! one is more than the other. A limit on the *answer* (`max_tokens`) is another matter, and words that may mean both are not
//! here: a request that is refused for its `max_tokens` fits no better into a larger window. The recorded wordings, each with its
//! source, and those that must not match are in `tests/golden/wordings.json`.

pub(super) const CONTEXT_LENGTH: &[&[&str]] = &[
    // The window by name: OpenAI, DeepSeek, vLLM, SGLang, Fireworks, NVIDIA, OpenRouter, Mistral, Llama on Bedrock, Ollama.
    &["maximum context length"],
    &["max context length"],
    &["context_length_exceeded"],
    &["context length exceeded"],
    &["exceed", "context length"],
    &["exceed", "context window"],
    &["context window", "exceed"],
    &["exceed", "context limit"],
    // llama.cpp, LM Studio.
    &["exceed", "context size"],
    &["context size", "exceed"],
    &["greater than the context length"],
    &["context length of only"],
    // SGLang and Together; vLLM's two newer ones.
    &["longer than the model's context length"],
    &["context length is only"],
    &["longer than the maximum model length"],
    // The prompt by name: Anthropic, Fireworks, Ollama Cloud, Zhipu, xAI, Perplexity, GitHub.
    &["prompt is too long"],
    &["prompt too long"],
    &["prompt 超长"],
    &["prompt exceeds max"],
    &["maximum prompt length"],
    &["prompt of length", "exceed"],
    &["prompt token count", "exceed"],
    // The input by name: Bedrock (also Nova and Titan), Gemini, Vertex, OpenAI, DashScope, DeepInfra, Ollama, llama.cpp.
    &["input is too long"],
    &["too many input tokens"],
    &["input tokens", "exceed"],
    &["input token count", "exceed"],
    &["input token count", "only supports up to"],
    &["input length", "exceed"],
    &["range of input length should be"],
    &["tokens) is too large to process"],
    &["input is too large to process"],
    &["malformed input request: expected maxlength"],
    &["too many total text bytes"],
    // Perplexity.
    &["length of all messages is too long"],
    // Cohere.
    &["too many tokens", "cannot exceed"],
    &["too many tokens", "prompt"],
    &["too many tokens: size limit exceeded"],
    // TGI, and Together with it.
    &["must have less than", "tokens. given"],
    &["tokens + `max_new_tokens` must be"],
    // Cerebras, Groq, vLLM.
    &["reduce the length of the"],
    // Moonshot, older and newer.
    &["exceeded model token limit"],
    &["model max length exceeded"],
    // Volcengine.
    &["exceed max message tokens"],
    // xAI, by the bytes.
    &["sent message larger than max"],
    // OpenAI's embeddings.
    &["maximum request size is", "tokens"],
];

/// Cohere's `TOO_MANY_TOKENS` is also said of an answer that may be too long.
pub(super) const OUTPUT_LIMIT: &[&[&str]] = &[&["max tokens must be"], &["max_tokens must be"]];
