//! The paths of calls that several dialects make in the same houses.

use super::Target;
use crate::dialect::loss::Refusal;
use crate::dialect::piece::path::path_segment;
use crate::dialect::providers::Host;

/// The path of one of OpenAI's operations (`/chat/completions`) at a target.
///
/// Azure: <https://learn.microsoft.com/azure/ai-services/openai/api-version-lifecycle>.
pub fn openai_path(target: &Target, model: &str, operation: &str) -> String {
    let base = &target.endpoint.base_path;
    match (target.row.host, &target.api_version) {
        (Host::Azure, Some(version)) => {
            let base = base.trim_end_matches("/openai/v1").trim_end_matches("/openai");
            let (deployment, version) = (path_segment(model), path_segment(version));
            format!("{base}/openai/deployments/{deployment}{operation}?api-version={version}")
        }
        (Host::Azure, None) if base.ends_with("/openai/v1") => format!("{base}{operation}"),
        (Host::Azure, None) => format!("{}/openai/v1{operation}", base.trim_end_matches("/openai")),
        (Host::Native | Host::Vertex | Host::Bedrock, _) => [base, operation].concat(),
    }
}

/// Path and query of a model's method.
///
/// # Errors
/// A Vertex target without a project, which `check` doesn't let through.
pub fn google_path(target: &Target, model: &str, method: &str) -> Result<String, Refusal> {
    let base = &target.endpoint.base_path;
    let model = model.strip_prefix("models/").unwrap_or(model);
    let id = path_segment(model);
    if target.row.host != Host::Vertex {
        // Google's SDK takes the base URL without the version; who writes it all the same means the same.
        let version = if base.ends_with("/v1beta") { "" } else { "/v1beta" };
        return Ok(format!("{base}{version}/models/{id}:{method}"));
    }
    let project = target.project.as_deref().ok_or_else(|| {
        let message = format!("Target \"{}\" has no Google Cloud project. Set its `project`.", target.id);
        Refusal::unsupported("model", message)
    })?;
    let version = if base.ends_with("/v1") || base.ends_with("/v1beta1") { "" } else { "/v1" };
    Ok(format!(
        "{base}{version}/projects/{}/locations/{}/publishers/google/models/{id}:{method}",
        path_segment(project),
        path_segment(target.location.as_deref().unwrap_or("global")),
    ))
}
