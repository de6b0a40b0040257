//! Who hosts Claude: what stands in the path, in headers and in the body there.
//!
//! * Anthropic itself: <https://docs.anthropic.com/en/api/messages>
//! * Vertex: <https://docs.anthropic.com/en/api/claude-on-vertex-ai>
//! * Bedrock: <https://docs.anthropic.com/en/api/claude-on-amazon-bedrock>

use crate::dialect::piece::names::{MAX_NAME, MAX_NAME_BEDROCK};
use crate::dialect::{Host, Refusal, Target, Turn, path_segment};
use crate::json::Writer;

const VERSION: &str = "2023-06-01";
const VERTEX_VERSION: &str = "vertex-2023-10-16";
const BEDROCK_VERSION: &str = "bedrock-2023-05-31";

/// Whether the body names the model; elsewhere the path does.
pub(super) fn body_has_model(host: Host) -> bool {
    matches!(host, Host::Native | Host::Azure)
}

/// Whether the body says that a stream is wanted; on Bedrock only the path does.
pub(super) fn body_has_stream(host: Host) -> bool {
    host != Host::Bedrock
}

/// The `anthropic_version` that the body must have.
pub(super) fn body_version(host: Host) -> Option<&'static str> {
    match host {
        Host::Native | Host::Azure => None,
        Host::Vertex => Some(VERTEX_VERSION),
        Host::Bedrock => Some(BEDROCK_VERSION),
    }
}

/// The longest tool name, in bytes.
pub(super) fn max_tool_name(host: Host) -> usize {
    if host == Host::Bedrock { MAX_NAME_BEDROCK } else { MAX_NAME }
}

/// Path and query of a request.
///
/// # Errors
/// A Vertex target without a project, which `check` doesn't let through.
pub(super) fn path(target: &Target, model: &str, stream: bool) -> Result<String, Refusal> {
    let base = &target.endpoint.base_path;
    Ok(match target.row.host {
        Host::Native | Host::Azure => format!("{base}/v1/messages"),
        Host::Vertex => {
            let project = target.project.as_deref().ok_or_else(|| {
                Refusal::unsupported(
                    "model",
                    format!("Target \"{}\" has no Google Cloud project.", target.id),
                )
            })?;
            let location = target.location.as_deref().unwrap_or("global");
            // Anthropic's SDK takes the base URL with the version, Google's without.
            let base = if base.is_empty() { "/v1" } else { base };
            format!(
                "{base}/projects/{}/locations/{}/publishers/anthropic/models/{}:{}",
                path_segment(project),
                path_segment(location),
                path_segment(model),
                if stream { "streamRawPredict" } else { "rawPredict" },
            )
        }
        Host::Bedrock => format!(
            "{base}/model/{}/{}",
            path_segment(model),
            if stream { "invoke-with-response-stream" } else { "invoke" },
        ),
    })
}

/// Path of a count of tokens, which has no model in it anywhere: the body names it.
///
/// # Errors
/// As [`path`].
pub(super) fn count_path(target: &Target) -> Result<String, Refusal> {
    let path = path(target, "count-tokens", false)?;
    Ok(if target.row.host == Host::Vertex { path } else { format!("{path}/count_tokens") })
}

/// The dialect's own headers. A caller who speaks it chooses version and betas.
pub(super) fn headers(host: Host, turn: &Turn) -> Vec<(&'static str, String)> {
    let mut headers = Vec::new();
    let said = |name| turn.surface.is_anthropic().then(|| turn.caller_header(name)).flatten();
    if body_has_model(host) {
        headers.push(("anthropic-version", said("anthropic-version").unwrap_or(VERSION).to_owned()));
    }
    if host != Host::Bedrock
        && let Some(betas) = said("anthropic-beta")
    {
        headers.push(("anthropic-beta", betas.to_owned()));
    }
    headers
}

/// The betas that stand in the body because the host has no header for them, as JSON.
pub(super) fn body_betas(host: Host, turn: &Turn) -> Option<Vec<u8>> {
    if host != Host::Bedrock || !turn.surface.is_anthropic() {
        return None;
    }
    let betas = turn.caller_header("anthropic-beta")?;
    let mut out = Vec::new();
    Writer::new(&mut out).array(|w| {
        for beta in betas.split(',').map(str::trim).filter(|beta| !beta.is_empty()) {
            w.string(beta);
        }
    });
    Some(out)
}
