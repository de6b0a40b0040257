//! Kubernetes manifests: found by kind and name, and those that nobody asked for told by their kind.

use super::draft::{Draft, DraftSource};
use super::names::TakenNames;
use super::remark::quoted;
use super::written::Written;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// All the manifests of an import.
pub struct Manifests<'w> {
    all: Vec<&'w Written>,
    used: RefCell<BTreeSet<usize>>,
}

impl<'w> Manifests<'w> {
    /// Those of the documents, with those in lists of them.
    pub fn of(documents: &'w [Written]) -> Manifests<'w> {
        let is_list = |document: &Written| document.text("kind").is_some_and(|kind| kind == "List");
        let all =
            documents.iter().filter(|document| document.has("apiVersion")).flat_map(
                |document| match is_list(document) {
                    true => document.list("items").iter().collect(),
                    false => vec![document],
                },
            );
        let all: Vec<_> = all.collect();
        documents
            .iter()
            .filter(|document| is_list(document))
            .for_each(|list| list.skip(&["apiVersion", "metadata"]));
        all.iter().for_each(|manifest| manifest.skip(&["apiVersion", "kind", "metadata", "status"]));
        Manifests { all, used: RefCell::default() }
    }

    /// Those of a kind, which are told as unused all the same.
    pub fn peek(&self, kind: &str) -> impl Iterator<Item = &'w Written> {
        self.all.iter().filter(move |manifest| manifest.text("kind") == Some(kind)).copied()
    }

    /// Those of a kind.
    pub fn each(&self, kind: &str) -> Vec<&'w Written> {
        let is_it = |(_, manifest): &(usize, &&'w Written)| manifest.text("kind") == Some(kind);
        let found: Vec<_> = self.all.iter().enumerate().filter(is_it).collect();
        self.used.borrow_mut().extend(found.iter().map(|(place, _)| *place));
        found.into_iter().map(|(_, manifest)| *manifest).collect()
    }

    /// The one of a kind with a name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&'w Written> {
        let is_it = |manifest: &&'w Written| {
            manifest.text("kind") == Some(kind) && self::name(manifest) == Some(name)
        };
        let place = self.all.iter().position(is_it)?;
        self.used.borrow_mut().insert(place);
        self.all.get(place).copied()
    }

    /// Tells those that nobody has read.
    pub fn tell_unused(&self, draft: &mut Draft) {
        for (place, manifest) in self.all.iter().enumerate() {
            if self.used.borrow().contains(&place) {
                continue;
            }
            let kind = manifest.text("kind").unwrap_or_default();
            let why = match kind {
                "Gateway" | "GatewayClass" | "EnvoyProxy" | "AgentgatewayParameters" | "GatewayConfig" => {
                    "listeners are Envoy's: `switchover render envoy --listen`, or a Gateway of your own before it"
                }
                "HTTPRoute" | "GRPCRoute" => {
                    "callers call /v1/… and name the group in `model`; other routes are Envoy's own"
                }
                "BackendTLSPolicy" => "https is verified against the system's authorities",
                "Secret" => "nothing that was carried over refers to it",
                "MCPRoute" => "MCP is other traffic, which passes untouched",
                "BackendTrafficPolicy"
                | "ClientTrafficPolicy"
                | "SecurityPolicy"
                | "AgentgatewayPolicy"
                | "QuotaPolicy" => {
                    "limits, callers and traffic are said by Envoy's own filters; `limits`, `guards` and `callers` come with a later version"
                }
                "Deployment" | "Service" | "ConfigMap" | "Namespace" | "ReferenceGrant"
                | "ServiceAccount" => "it is no part of an LLM's routing",
                "Backend" | "AIServiceBackend" | "BackendSecurityPolicy" => {
                    "no route that was carried over leads to it"
                }
                _ => "no importer knows this kind",
            };
            super::reason::keep_secrets(manifest, draft);
            let text = format!(
                "{} {} is not carried over: {why}",
                quoted(kind),
                quoted(self::name(manifest).unwrap_or_default())
            );
            manifest.skip_all();
            draft.tell(manifest, text);
        }
    }

    /// The credential of a Kubernetes secret: a file that is named as it is.
    pub fn secret(&self, from: &Written, name: &str, draft: &mut Draft) -> String {
        let file = format!("secrets/{}", TakenNames::plain(name, "._-"));
        if let Some(known) =
            draft.credentials.iter().find(|known| known.source == DraftSource::File(file.clone()))
        {
            return known.id.clone();
        }
        let mut is_plain = "";
        if let Some(secret) = self.find("Secret", name) {
            for section in ["data", "stringData"] {
                for (_, value) in secret.get(section).map(Written::keys).unwrap_or_default() {
                    if let Some(text) = value.words() {
                        draft.keep_secret(text);
                        draft.keep_secret(text.trim().trim_start_matches("Bearer "));
                    }
                }
            }
            secret.skip_all();
            is_plain = "; the old one stands in the manifest: have the provider revoke it";
        }
        draft.chores.push(format!(
            "{}:{}: put the key of the secret {} alone into {file}{is_plain}",
            super::remark::one_line(&from.file),
            from.line,
            quoted(name)
        ));
        let why = format!("The key of the Kubernetes secret {}: mount it there, or write it.", quoted(name));
        draft.file_credential(name, &file, &why).0
    }
}

/// `metadata.name`.
pub fn name(manifest: &Written) -> Option<&str> {
    manifest.get("metadata")?.text("name")
}
