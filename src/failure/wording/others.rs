//! What is said of content, models, credentials, files and load. Each line is phrases that follow each other.

pub(super) const CONTENT_POLICY: &[&[&str]] = &[
    &["content management policy"],
    &["content filtering policy"],
    &["content policy"],
    &["content filter"],
    &["usage policy"],
    &["usage policies"],
    &["usage guidelines"],
    &["flagged"],
    &["safety system"],
    &["responsible ai"],
    &["content exists risk"],
    &["considered high risk"],
    &["prohibited content"],
    &["inappropriate content"],
    &["unsafe content"],
    &["不安全或敏感"],
];

/// Among refusals of the credential only what is surely about the content: an account may be banned for its content too.
pub(super) const CONTENT_POLICY_FORBIDDEN: &[&[&str]] =
    &[&["content violates"], &["input was flagged"], &["inappropriate content"], &["moderation", "flagged"]];

pub(super) const MODEL: &[&[&str]] = &[
    &["model", "does not exist"],
    &["model", "doesn't exist"],
    &["model not exist"],
    &["model not found"],
    &["model", " not found"],
    &["no such model"],
    &["unknown model"],
    &["invalid model"],
    &["not a valid model"],
    &["model name", "invalid"],
    &["model identifier is invalid"],
    &["unable to access", "model"],
    &["access to model"],
    &["access to the model"],
    &["access to this model"],
    &["model access is denied"],
    &["model", "has been deprecated"],
    &["model", "is deprecated"],
    &["decommissioned"],
    &["model", "retired"],
    &["model", "has been suspended"],
    &["model", "is suspended"],
    &["end of its life"],
    &["model", "no longer available"],
    &["model", "no longer supported"],
    &["requested model", "is not supported"],
    &["model is not supported"],
    &["not supported by any provider"],
    &["model", "is currently unavailable"],
    &["model", "is not available"],
    // Bedrock: the model is there, but not by this name.
    &["on-demand throughput isn"],
    &["no endpoints found"],
];

pub(super) const MODEL_GONE: &[&[&str]] =
    &[&["model not found"], &["model", "does not exist"], &["unknown model"]];

pub(super) const CREDENTIAL: &[&[&str]] = &[
    &["api key not valid"],
    &["api key not found"],
    &["api key expired"],
    &["api key is missing"],
    &["api key is invalid"],
    &["invalid api key"],
    &["incorrect api key"],
    &["invalid x-api-key"],
    &["missing api key"],
    &["no api key"],
    &["provide an api key"],
    &["provide a valid api key"],
    &["no auth credentials"],
    &["invalid authentication"],
    &["authentication fail"],
    &["invalid subscription key"],
    &["security token included in the request is"],
    &["request signature we calculated does not match"],
];

/// What a 404 may say that is the caller's and not the model's.
pub(super) const NO_SUCH_THING: &[&[&str]] = &[
    &["no such file"],
    &["file", "not found"],
    &["previous response"],
    &["conversation with id"],
    &["item with id"],
    &["container", "not found"],
    &["cached content", "not found"],
];

pub(super) const OVERLOADED: &[&[&str]] = &[
    &["overloaded"],
    &["over capacity"],
    &["experiencing high demand"],
    &["server is busy"],
    &["server busy"],
];

pub(super) const NO_CAPACITY: &[&[&str]] = &[
    &["at capacity"],
    &["capacity"],
    &["high load"],
    &["temporarily unavailable"],
    &["currently unavailable"],
    &["service unavailable"],
    &["is currently loading"],
    &["no instances available"],
    &["no available workers"],
    &["no healthy upstream"],
    &["too many pending requests"],
];

pub(super) const RATE_LIMITED: &[&[&str]] = &[
    &["rate limit"],
    &["rate-limit"],
    &["ratelimit"],
    &["too many requests"],
    &["requests per minute"],
    &["tokens per minute"],
    &["quota exceeded for"],
    &["throttled"],
    &["throttling"],
    &["error code: 1015"],
];
