//! Endpoints that are right in form and lead to a path that no provider has: a piece too much, or one too few.

use super::View;
use crate::config::endpoint::parse_endpoint;
use crate::config::problem::{Problems, quoted};
use crate::dialect::{self, Dialect, Endpoint, Host, Row};

/// Operations, which stand behind a base URL.
const OPERATIONS: [&str; 8] = [
    "/chat/completions",
    "/completions",
    "/embeddings",
    "/responses",
    "/messages",
    "/v2/chat",
    "/v2/embed",
    "/deployments",
];

/// Warns of a target's endpoint.
pub(super) fn warn(target: &View<'_>, warnings: &mut Problems) {
    let Some(row) = target.formed("provider").and_then(dialect::provider) else { return };
    let Some(Ok(endpoint)) = target.formed("endpoint").map(parse_endpoint) else { return };
    let Some((wrong, base)) = doubt(row, &endpoint) else { return };
    let scheme = if endpoint.tls { "https" } else { "http" };
    let instead = format!("Write `{scheme}://{}{base}`, if that is meant", endpoint.authority());
    let (path, at) = target.place("endpoint");
    warnings.add(path, at, wrong, instead);
}

/// What is doubtful, and the path that is likely meant.
fn doubt(row: &Row, endpoint: &Endpoint) -> Option<(String, String)> {
    let path = endpoint.base_path.as_str();
    let usual = usual(row);
    if let Some(operation) = OPERATIONS.iter().find(|operation| contains(path, operation)) {
        let wrong =
            format!("`{operation}` is an operation, and those are added to the endpoint for each request");
        let before = path.split(operation).next().unwrap_or_default();
        // Anthropic's and Azure's operations begin with what may stand there still.
        let before = match (row.dialect, row.host) {
            (Dialect::Anthropic, _) => before.trim_end_matches("/v1"),
            (_, Host::Azure) => before.trim_end_matches("/openai"),
            _ => before,
        };
        return Some((wrong, before.to_owned()));
    }
    if let Some((before, after)) = path.split_once("/v1/v1") {
        return Some(("`/v1` stands there twice".to_owned(), format!("{before}/v1{after}")));
    }
    match (row.dialect, row.host) {
        (Dialect::Anthropic, Host::Native) if path.ends_with("/v1") => {
            let wrong = format!("Requests would go to {}", quoted(&format!("{path}/v1/messages")));
            Some((wrong, path.trim_end_matches("/v1").to_owned()))
        }
        (Dialect::Cohere, _) if path.ends_with("/v1") || path.ends_with("/v2") => {
            let wrong = format!("Requests would go to {}", quoted(&format!("{path}/v2/chat")));
            Some((wrong, path.trim_end_matches("/v1").trim_end_matches("/v2").to_owned()))
        }
        // Where the provider's own has a path, another house of the same kind seldom has none.
        (Dialect::OpenAi, Host::Native) if path.is_empty() && !usual.is_empty() => {
            let wrong = "Requests would go to `/chat/completions`, without a version before it".to_owned();
            Some((wrong, usual))
        }
        _ => None,
    }
}

/// The path of the provider's own endpoint.
fn usual(row: &Row) -> String {
    let own = row.endpoint.and_then(|url| parse_endpoint(url).ok());
    own.map(|endpoint| endpoint.base_path).unwrap_or_default()
}

/// Whether a path has these segments whole.
fn contains(path: &str, segments: &str) -> bool {
    path.match_indices(segments).any(|(at, _)| {
        path.get(at + segments.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_doubtful_and_what_is_not() {
        let said = |provider: &str, url: &str| {
            let row = dialect::provider(provider).unwrap();
            doubt(row, &parse_endpoint(url).unwrap()).map(|(_, base)| base)
        };
        let doubtful = [
            ("openai", "https://h", "/v1"),
            ("openai", "https://h/v1/v1", "/v1"),
            ("openai", "https://h/v1/chat/completions", "/v1"),
            ("groq", "https://h", "/openai/v1"),
            ("openai_compatible", "http://h/v1/chat/completions/", "/v1"),
            ("anthropic", "https://h/v1", ""),
            ("anthropic", "https://h/x/v1", "/x"),
            ("anthropic", "https://h/v1/messages", ""),
            ("azure_openai", "https://h/openai/deployments/d", ""),
            ("cohere", "https://h/v2", ""),
            ("cohere", "https://h/v2/chat", ""),
        ];
        for (provider, url, base) in doubtful {
            assert_eq!(said(provider, url).as_deref(), Some(base), "{provider} {url}");
        }
        let fine = [
            ("openai", "https://h/v1"),
            ("openai", "https://h/some/v2"),
            ("openai_compatible", "http://h"),
            ("deepseek", "https://h"),
            ("anthropic", "https://h"),
            ("anthropic", "https://h/messages-of-mine"),
            ("azure_openai", "https://h/openai/v1"),
            ("gemini", "https://h/v1beta"),
            ("cohere", "https://h"),
            ("bedrock", "https://h"),
        ];
        for (provider, url) in fine {
            assert_eq!(said(provider, url), None, "{provider} {url}");
        }
    }
}
