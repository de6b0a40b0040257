//! How each provider words its failures, as seen from the providers and in the issues of those who call them.

use serde_json::{Value, json};

use super::Family;
use crate::behaviour::Failure;

/// An error as its provider sends it.
pub struct Refused {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

/// The error of `family` for this failure; `message` replaces the usual words.
pub fn refusal(
    family: Family,
    failure: Failure,
    message: Option<&str>,
    param: Option<&str>,
    model: &str,
) -> Refused {
    match family {
        Family::OpenAi | Family::Mistral | Family::DeepSeek | Family::Groq | Family::Fireworks => {
            openai(failure, message, param, model)
        }
        Family::Azure => azure(failure, message, param),
        Family::Anthropic => anthropic(failure, message, model),
        Family::Google | Family::Vertex => google(family, failure, message, model),
        Family::Bedrock => bedrock(failure, message),
        Family::Cohere => cohere(failure, message, model),
    }
}

/// <https://platform.openai.com/docs/guides/error-codes>
fn openai(failure: Failure, message: Option<&str>, param: Option<&str>, model: &str) -> Refused {
    let (status, kind, code, words) = match failure {
        Failure::Overloaded => (503, "server_error", None, "The server is currently overloaded with other requests. Sorry about that! You can retry your request, or contact us through our help center at help.openai.com if the error persists.".to_owned()),
        Failure::ServerError => (500, "server_error", None, "The server had an error while processing your request. Sorry about that!".into()),
        Failure::RateLimited => (429, "tokens", Some("rate_limit_exceeded"), format!("Rate limit reached for {model} in organization org-standin on tokens per min (TPM): Limit 30000, Used 29500, Requested 1000. Please try again in 1s. Visit https://platform.openai.com/account/rate-limits to learn more.")),
        Failure::Quota => (429, "insufficient_quota", Some("insufficient_quota"), "You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.".into()),
        Failure::Auth => (401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided: sk-stand**********in. You can find your API key at https://platform.openai.com/account/api-keys.".into()),
        Failure::Forbidden => (403, "invalid_request_error", Some("unsupported_country_region_territory"), "Country, region, or territory not supported".into()),
        Failure::ModelUnavailable => (404, "invalid_request_error", Some("model_not_found"), format!("The model `{model}` does not exist or you do not have access to it.")),
        // Groq's, <https://github.com/groq/groq-typescript/issues/28>.
        Failure::BrokenAnswer => (400, "invalid_request_error", Some("tool_use_failed"), "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.".into()),
        Failure::ContextLength => (400, "invalid_request_error", Some("context_length_exceeded"), "This model's maximum context length is 128000 tokens. However, your messages resulted in 130012 tokens. Please reduce the length of the messages.".into()),
        Failure::ContentPolicy => (400, "invalid_request_error", Some("invalid_prompt"), "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting".into()),
        Failure::InvalidRequest => (400, "invalid_request_error", None, "We could not parse the JSON body of your request.".into()),
        Failure::TooLarge => (413, "invalid_request_error", None, "Request too large.".into()),
        Failure::NotFound => (404, "invalid_request_error", Some("unknown_url"), "Invalid URL".into()),
    };
    let param = match failure {
        Failure::ContextLength => Some("messages"),
        _ => param,
    };
    let message = message.unwrap_or(&words);
    let mut body = json!({"error": {"message": message, "type": kind, "param": param, "code": code}});
    if failure == Failure::BrokenAnswer {
        body["error"]["failed_generation"] = json!("<function=get_weather>{\"city\": </function>");
    }
    Refused { status, headers: vec![("x-request-id", "req_standin".into())], body }
}

/// <https://learn.microsoft.com/azure/ai-services/openai/how-to/quota> and content-filter pages.
fn azure(failure: Failure, message: Option<&str>, param: Option<&str>) -> Refused {
    let (status, code, words) = match failure {
        Failure::RateLimited => (
            429,
            "429",
            "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2025-04-01-preview have exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after 7 seconds.",
        ),
        Failure::Quota => (
            429,
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        Failure::Auth => (
            401,
            "401",
            "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.",
        ),
        Failure::ModelUnavailable => (
            404,
            "DeploymentNotFound",
            "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.",
        ),
        Failure::ContentPolicy => (
            400,
            "content_filter",
            "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry.",
        ),
        other => return openai(other, message, param, "the-model"),
    };
    let message = message.unwrap_or(words);
    let mut error = json!({"code": code, "message": message});
    if failure == Failure::ContentPolicy {
        let filtered = json!({"filtered": true, "severity": "medium"});
        error["param"] = json!("prompt");
        error["type"] = Value::Null;
        error["status"] = json!(400);
        error["innererror"] =
            json!({"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"violence": filtered}});
    }
    Refused { status, headers: vec![("apim-request-id", "standin".into())], body: json!({"error": error}) }
}

/// <https://docs.anthropic.com/en/api/errors>
fn anthropic(failure: Failure, message: Option<&str>, model: &str) -> Refused {
    let (status, kind, words) = match failure {
        Failure::Overloaded => (529, "overloaded_error", "Overloaded".to_owned()),
        Failure::ServerError => (500, "api_error", "Internal server error".into()),
        Failure::RateLimited => (429, "rate_limit_error", "This request would exceed your organization's rate limit of 50,000 input tokens per minute. For details, refer to: https://docs.claude.com/en/api/rate-limits.".into()),
        Failure::Quota => (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.".into()),
        Failure::Auth => (401, "authentication_error", "invalid x-api-key".into()),
        Failure::Forbidden => (403, "permission_error", "Your API key does not have permission to use the specified resource.".into()),
        Failure::ModelUnavailable => (404, "not_found_error", format!("model: {model}")),
        // Anthropic has no error for it: what it says of any fault of its own.
        Failure::BrokenAnswer => (500, "api_error", "Internal server error".into()),
        Failure::ContextLength => (400, "invalid_request_error", "prompt is too long: 210012 tokens > 200000 maximum".into()),
        Failure::ContentPolicy => (400, "invalid_request_error", "Output blocked by content filtering policy".into()),
        Failure::InvalidRequest => (400, "invalid_request_error", "The request body is not valid JSON".into()),
        Failure::TooLarge => (413, "request_too_large", "Request exceeds the maximum size".into()),
        Failure::NotFound => (404, "not_found_error", "Not found".into()),
    };
    let body = json!({"type": "error", "error": {"type": kind, "message": message.unwrap_or(&words)}, "request_id": "req_standin"});
    Refused { status, headers: vec![("request-id", "req_standin".into())], body }
}

/// <https://ai.google.dev/gemini-api/docs/troubleshooting>
fn google(family: Family, failure: Failure, message: Option<&str>, model: &str) -> Refused {
    let (code, status, words) = match failure {
        Failure::Overloaded => (503, "UNAVAILABLE", "The model is overloaded. Please try again later.".to_owned()),
        Failure::ServerError => (500, "INTERNAL", "An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting".into()),
        Failure::RateLimited => (429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).".into()),
        Failure::Quota => (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.".into()),
        // A wrong key is a 400 at Google AI, a 401 at Vertex.
        Failure::Auth if family == Family::Google => (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.".into()),
        Failure::Auth => (401, "UNAUTHENTICATED", "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.".into()),
        Failure::Forbidden => (403, "PERMISSION_DENIED", "Permission denied on resource project standin.".into()),
        Failure::ModelUnavailable => (404, "NOT_FOUND", format!("models/{model} is not found for API version v1beta, or is not supported for generateContent. Call ListModels to see the list of available models and their supported methods.")),
        // No error: a candidate without content, <https://ai.google.dev/api/generate-content#FinishReason>.
        Failure::BrokenAnswer => {
            let body = json!({"candidates": [{"content": {}, "finishReason": "MALFORMED_FUNCTION_CALL", "index": 0,
                "finishMessage": message.unwrap_or("Malformed function call: print(default_api.get_weather(city=")}],
                "modelVersion": model, "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}});
            return Refused { status: 200, headers: Vec::new(), body };
        }
        Failure::ContextLength => (400, "INVALID_ARGUMENT", "The input token count (1200012) exceeds the maximum number of tokens allowed (1048576).".into()),
        // No error: an answer without candidates.
        Failure::ContentPolicy => {
            let body = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": model,
                "usageMetadata": {"promptTokenCount": 7, "totalTokenCount": 7}});
            return Refused { status: 200, headers: Vec::new(), body };
        }
        Failure::InvalidRequest => (400, "INVALID_ARGUMENT", "Invalid JSON payload received.".into()),
        Failure::TooLarge => (413, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes.".into()),
        Failure::NotFound => (404, "NOT_FOUND", "Requested entity was not found.".into()),
    };
    let mut error = json!({"code": code, "message": message.unwrap_or(&words), "status": status});
    match failure {
        Failure::Auth if family == Family::Google => {
            error["details"] = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
                "domain": "googleapis.com", "metadata": {"service": "generativelanguage.googleapis.com"}}]);
        }
        Failure::Quota | Failure::RateLimited => {
            error["details"] = json!([{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [
                {"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
                 "quotaId": "GenerateRequestsPerMinutePerProjectPerModel", "quotaValue": "10"}]}]);
        }
        _ => {}
    }
    Refused { status: code, headers: Vec::new(), body: json!({"error": error}) }
}

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors>
fn bedrock(failure: Failure, message: Option<&str>) -> Refused {
    let (status, kind, words) = match failure {
        Failure::Overloaded => {
            (503, "ServiceUnavailableException", "Bedrock is unable to process your request.")
        }
        Failure::ServerError => (
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        Failure::RateLimited => {
            (429, "ThrottlingException", "Too many requests, please wait before trying again.")
        }
        Failure::Quota => {
            (400, "ServiceQuotaExceededException", "Your request exceeds the service quota for your account.")
        }
        Failure::Auth => {
            (403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        }
        Failure::Forbidden => {
            (403, "AccessDeniedException", "You don't have access to the model with the specified model ID.")
        }
        Failure::ModelUnavailable => {
            (400, "ValidationException", "The provided model identifier is invalid.")
        }
        // Nova's, <https://docs.aws.amazon.com/nova/latest/userguide/tool-use-troubleshooting.html>.
        Failure::BrokenAnswer => (
            424,
            "ModelErrorException",
            "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.",
        ),
        Failure::ContextLength => (
            400,
            "ValidationException",
            "The model returned the following errors: Input is too long for requested model.",
        ),
        Failure::ContentPolicy => (
            400,
            "ValidationException",
            "The model returned the following errors: Output blocked by content filtering policy",
        ),
        Failure::InvalidRequest => {
            (400, "ValidationException", "Malformed input request, please reformat your input and try again.")
        }
        Failure::TooLarge => (413, "RequestEntityTooLargeException", "Request entity too large"),
        Failure::NotFound => (404, "UnknownOperationException", "Unknown operation"),
    };
    let headers = vec![
        ("x-amzn-errortype", format!("{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/")),
        ("x-amzn-requestid", "0b0f2d6e-6f6e-4c55-9d3a-1f0f6a4f3b11".into()),
    ];
    Refused { status, headers, body: json!({"message": message.unwrap_or(words)}) }
}

/// <https://docs.cohere.com/reference/errors>
fn cohere(failure: Failure, message: Option<&str>, model: &str) -> Refused {
    let (status, words) = match failure {
        Failure::Overloaded => (503, "service unavailable".to_owned()),
        Failure::ServerError => (500, "internal server error, this has been reported to our developers. id standin".into()),
        Failure::RateLimited => (429, "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.".into()),
        Failure::Quota => (402, "Please add or update your payment method at https://dashboard.cohere.com/billing?tab=payment to continue.".into()),
        Failure::Auth => (401, "invalid api token".into()),
        Failure::Forbidden => (403, "your request was blocked".into()),
        Failure::ModelUnavailable => (404, format!("model '{model}' not found, make sure the correct model ID was used and that you have access to the model.")),
        // Cohere has no error for it: what it says of any fault of its own.
        Failure::BrokenAnswer => (500, "internal server error, this has been reported to our developers. id standin".into()),
        // Of version 2, recorded 2026-10-02 by https://github.com/anomalyco/opencode (tests of packages/ai).
        Failure::ContextLength => (400, "too many tokens: size limit exceeded by 168512 tokens. The limit for this model is 132000 tokens.".into()),
        Failure::ContentPolicy => (400, "your request was blocked by our content policy".into()),
        Failure::InvalidRequest => (400, "invalid request: could not parse the body".into()),
        Failure::TooLarge => (413, "request entity too large".into()),
        Failure::NotFound => (404, "not found".into()),
    };
    let mut body = json!({"id": "standin", "message": message.unwrap_or(&words)});
    if failure == Failure::ContextLength {
        body["error_type"] = json!("TOO_MANY_TOKENS");
    }
    Refused { status, headers: Vec::new(), body }
}
