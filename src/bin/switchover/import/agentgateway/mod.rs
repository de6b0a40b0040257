//! agentgateway: its own file, in its two forms, and its Kubernetes manifests.
//! See <https://agentgateway.dev/docs/reference/configuration>.

mod cluster;
mod models;
mod provider;
mod routes;

use super::draft::Draft;
use super::written::Written;

/// Adds what the documents have.
pub fn import(documents: &[Written], draft: &mut Draft) {
    for document in documents.iter().filter(|document| !document.has("apiVersion")) {
        if let Some(llm) = document.get("llm") {
            models::add(llm, draft);
        }
        routes::add(document, draft);
    }
    cluster::add(documents, draft);
}
