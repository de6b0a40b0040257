//! What a provider checks before it reads the body: framing, credentials, and that nothing of another leaks to it.

use hyper::header::HeaderMap;

use crate::behaviour::Failure;
use crate::dialect::{Family, Fault};
use crate::sigv4;

/// The header that carries each family's credential, and what comes before the key in it.
fn credentials(family: Family) -> &'static [(&'static str, &'static str)] {
    match family {
        Family::OpenAi
        | Family::Mistral
        | Family::DeepSeek
        | Family::Groq
        | Family::Fireworks
        | Family::Vertex
        | Family::Cohere => &[("authorization", "Bearer ")],
        Family::Azure => &[("api-key", ""), ("authorization", "Bearer ")],
        // The official SDK sends the key as a bearer token since 2.0; x-api-key is as good.
        Family::Anthropic => &[("x-api-key", ""), ("authorization", "Bearer ")],
        Family::Google => &[("x-goog-api-key", "")],
        Family::Bedrock => &[("authorization", "AWS4-HMAC-SHA256 "), ("authorization", "Bearer ")],
    }
}

/// Headers of one dialect or of its credentials: each belongs to the families beside it only.
const OWNED: &[(&str, &[Family])] = &[
    (
        "authorization",
        &[
            Family::OpenAi,
            Family::Mistral,
            Family::DeepSeek,
            Family::Groq,
            Family::Fireworks,
            Family::Azure,
            Family::Anthropic,
            Family::Vertex,
            Family::Cohere,
            Family::Bedrock,
        ],
    ),
    ("x-api-key", &[Family::Anthropic]),
    ("api-key", &[Family::Azure]),
    ("x-goog-", &[Family::Google, Family::Vertex]),
    ("x-amz-", &[Family::Bedrock]),
    ("x-amzn-", &[Family::Bedrock]),
    ("anthropic-beta", &[Family::Anthropic, Family::Vertex]),
    ("anthropic-", &[Family::Anthropic]),
    ("openai-", &[Family::OpenAi, Family::Azure]),
    ("x-ms-", &[Family::Azure]),
];

/// What must never leave the proxy.
const INTERNAL: &[&str] = &["x-envoy-", "x-switchover-", "proxy-"];

/// A request as it came.
pub struct Arrived<'a> {
    pub method: &'a str,
    /// Percent-encoding and all.
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Checks all but what the body says. The key of Bedrock may be `ID:SECRET`; then the signature is verified too.
pub fn head(family: Family, arrived: &Arrived<'_>, key: Option<&str>) -> Result<(), Fault> {
    let headers = arrived.headers;
    for name in headers.keys() {
        let name = name.as_str();
        if INTERNAL.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(Fault::new(format!("the internal header {name} came through")));
        }
        let owner = OWNED
            .iter()
            .find(|(owned, _)| name == *owned || (owned.ends_with('-') && name.starts_with(owned)));
        if owner.is_some_and(|(_, owners)| !owners.contains(&family)) {
            return Err(Fault::new(format!("the header {name} is not for this provider")));
        }
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("transfer-encoding").is_some() && text("content-length").is_some() {
        return Err(Fault::new("both content-length and transfer-encoding came"));
    }
    // Bedrock takes a request without a type for JSON.
    let untyped = family == Family::Bedrock && !headers.contains_key("content-type");
    if !untyped && !text("content-type").is_some_and(|value| value.starts_with("application/json")) {
        return Err(Fault::new("you must set the content-type header to application/json"));
    }
    match text("anthropic-version") {
        _ if family != Family::Anthropic => {}
        Some("2023-06-01" | "2026-10-21") => {}
        Some(version) => {
            return Err(Fault::new(format!("anthropic-version: {version} is not a valid version")));
        }
        None => return Err(Fault::new("anthropic-version: header is required")),
    }
    credential(family, arrived, key)
}

fn credential(family: Family, arrived: &Arrived<'_>, key: Option<&str>) -> Result<(), Fault> {
    let wrong =
        |message: &str| Err(Fault { failure: Failure::Auth, message: message.to_owned(), param: None });
    let known = credentials(family);
    let mut came: Vec<&str> = Vec::new();
    for (name, prefix) in known {
        for value in arrived.headers.get_all(*name) {
            came.extend(value.to_str().ok().and_then(|value| value.strip_prefix(prefix)));
        }
    }
    if family == Family::Google {
        came.extend(arrived.query.split('&').filter_map(|pair| pair.strip_prefix("key=")));
    }
    match (came.as_slice(), key) {
        ([], _) => {
            wrong(&format!("no credential came: {} is required", known.first().map_or("", |(name, _)| name)))
        }
        ([_, _, ..], _) => wrong("more than one credential came"),
        ([came], _) if came.trim() != *came || came.is_empty() => {
            wrong("the credential is empty or has blanks around it")
        }
        ([came], Some(key)) if family == Family::Bedrock && came != &key => {
            let (id, secret) = key.split_once(':').map_or((key, None), |(id, secret)| (id, Some(secret)));
            // A signature names the key's id; the secret is not sent.
            if !came.contains(&format!("Credential={id}/")) {
                return wrong("The security token included in the request is invalid.");
            }
            secret.map_or(Ok(()), |secret| sigv4::check(arrived, secret)).or_else(|problem| wrong(&problem))
        }
        ([came], Some(key)) if came != &key => wrong("the credential is not the one expected"),
        _ => Ok(()),
    }
}
