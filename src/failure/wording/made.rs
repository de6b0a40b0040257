//! What is said of an answer that the model itself broke.

pub(super) const MODEL_FAILURE: &[&[&str]] = &[
    // Groq, where a client in between has lost the code (<https://github.com/anomalyco/opencode/issues/1018>).
    &["failed to call a function. please adjust your prompt"],
    &["failed to generate json. please adjust your prompt"],
    &["failed to validate json. please adjust your prompt"],
    &["tool call validation failed"],
    // Nova on Bedrock, by a `modelStreamErrorException` (<https://docs.aws.amazon.com/nova/latest/userguide/tool-use-troubleshooting.html>).
    &["model produced invalid sequence"],
    // Ollama (<https://github.com/ollama/ollama/issues/12064>).
    &["error parsing tool call"],
];
