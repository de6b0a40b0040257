//! The gateways whose files are read, and how to tell them apart.

use super::draft::Draft;
use super::written::Written;
use super::{agent_router, agentgateway, keeptrusts, kong, litellm};

/// A gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Gateway {
    /// LiteLLM's proxy: config.yaml.
    Litellm,
    /// Kong with ai-proxy or ai-proxy-advanced: decK's files, or KongPlugin manifests.
    Kong,
    /// agentgateway: its own file, or its Kubernetes manifests.
    Agentgateway,
    /// Agent Router, formerly Envoy AI Gateway: Kubernetes manifests.
    AgentRouter,
    /// Keeptrusts: policy-config.yaml.
    Keeptrusts,
}

impl Gateway {
    /// As the command line has it.
    pub fn word(self) -> &'static str {
        match self {
            Gateway::Litellm => "litellm",
            Gateway::Kong => "kong",
            Gateway::Agentgateway => "agentgateway",
            Gateway::AgentRouter => "agent-router",
            Gateway::Keeptrusts => "keeptrusts",
        }
    }

    /// As its makers have it.
    pub fn name(self) -> &'static str {
        match self {
            Gateway::Litellm => "LiteLLM",
            Gateway::Kong => "Kong",
            Gateway::Agentgateway => "agentgateway",
            Gateway::AgentRouter => "Agent Router",
            Gateway::Keeptrusts => "Keeptrusts",
        }
    }

    /// Whose document this is, as far as its keys tell.
    pub fn of(document: &Written) -> Option<Gateway> {
        let has = |keys: &[&str]| keys.iter().any(|key| document.has(key));
        let words = |key: &str| {
            document.keys().iter().find(|(name, _)| name == key).and_then(|(_, value)| value.words())
        };
        let (version, kind) = (words("apiVersion").unwrap_or_default(), words("kind").unwrap_or_default());
        if version.starts_with("aigateway.envoyproxy.io/") {
            Some(Gateway::AgentRouter)
        } else if version.starts_with("agentgateway.dev/") {
            Some(Gateway::Agentgateway)
        } else if version.starts_with("configuration.konghq.com/") || kind.starts_with("Kong") {
            Some(Gateway::Kong)
        } else if !version.is_empty() {
            None
        } else if has(&["model_list", "litellm_settings", "router_settings", "general_settings"]) {
            Some(Gateway::Litellm)
        } else if has(&["binds", "llm", "frontendPolicies", "gateways"]) {
            Some(Gateway::Agentgateway)
        } else if has(&[
            "_format_version",
            "_konnect",
            "_info",
            "plugins",
            "upstreams",
            "consumers",
            "routes",
        ]) {
            Some(Gateway::Kong)
        } else if has(&["pack", "providers", "provider_routing"]) {
            Some(Gateway::Keeptrusts)
        } else {
            None
        }
    }

    /// What its importer is looking for, for who gives another file.
    pub fn wants(self) -> &'static str {
        match self {
            Gateway::Litellm => "`model_list`",
            Gateway::Kong => "`_format_version` and the plugin ai-proxy or ai-proxy-advanced",
            Gateway::Agentgateway => "`llm`, `binds`, or manifests of `agentgateway.dev`",
            Gateway::AgentRouter => "manifests of `aigateway.envoyproxy.io`",
            Gateway::Keeptrusts => "`pack` and `providers`",
        }
    }

    /// Reads all the documents.
    pub fn import(self, documents: &[Written], draft: &mut Draft) {
        match self {
            Gateway::Litellm => litellm::import(documents, draft),
            Gateway::Kong => kong::import(documents, draft),
            Gateway::Agentgateway => agentgateway::import(documents, draft),
            Gateway::AgentRouter => agent_router::import(documents, draft),
            Gateway::Keeptrusts => keeptrusts::import(documents, draft),
        }
    }
}
