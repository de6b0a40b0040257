//! What an Envoy reads for a file, as texts.

use crate::render::{PartFiles, Surroundings, compact, watched};
use crate::stop::Stop;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use switchover::config::Config;
use switchover::json::{Raw, Text, Writer};

/// Where the parts of one Envoy are.
#[derive(Clone, Debug)]
pub struct StateFolder {
    pub folder: PathBuf,
}

impl StateFolder {
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn text(&self, name: &str) -> String {
        self.file(name).to_string_lossy().into_owned()
    }

    fn files(&self) -> PartFiles {
        PartFiles {
            listeners: self.text("listeners.json"),
            clusters: self.text("clusters.json"),
            router: self.text("router.json"),
            translator: self.text("translator.json"),
        }
    }
}

/// The texts.
#[derive(Clone, Debug, Default)]
pub struct EnvoyParts {
    pub bootstrap: String,
    pub listeners: Vec<String>,
    /// By name, in the order of the file.
    pub clusters: Vec<(String, String)>,
    pub router: String,
    pub translator: String,
}

impl EnvoyParts {
    /// Of a checked document.
    pub fn of(config: &Config, document: String, here: &Surroundings, places: &StateFolder) -> EnvoyParts {
        let parts = watched(config, document, here, &places.files());
        let named = |node| {
            let text = compact(node);
            Some((member(&text, "name")?, resource("envoy.config.cluster.v3.Cluster", &text)))
        };
        let listener = |node| resource("envoy.config.listener.v3.Listener", &compact(node));
        let [router, translator] = &parts.roles;
        EnvoyParts {
            bootstrap: compact(&parts.bootstrap),
            listeners: parts.listeners.iter().map(listener).collect(),
            clusters: parts.clusters.iter().filter_map(named).collect(),
            router: compact(router),
            translator: compact(translator),
        }
    }
}

/// A text member of a JSON object.
fn member(json: &str, name: &str) -> Option<String> {
    Raw::parse(json.as_bytes()).ok()?.get(name)?.text().map(Text::into_string)
}

/// A message as a resource: with its type.
fn resource(kind: &str, json: &str) -> String {
    let rest = json.strip_prefix('{').unwrap_or_default();
    format!(r#"{{"@type":"type.googleapis.com/{kind}",{rest}"#)
}

/// The file that Envoy reads resources from.
pub fn listing<'t>(resources: impl IntoIterator<Item = &'t str>) -> String {
    let resources: Vec<&str> = resources.into_iter().collect();
    format!("{{\"resources\":[\n{}\n]}}\n", resources.join(",\n"))
}

/// What tells two contents of the file apart: ten digits, the same for the same content on every machine.
pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(5).map(|byte| format!("{byte:02x}")).collect()
}

/// The document for the filter, with what only the one that serves it knows: which revision it is, and whose keys are gone.
///
/// # Errors
/// The document is none, which was checked before.
pub fn document(json: &[u8], revision: &str, out: &BTreeSet<String>) -> Result<String, Stop> {
    let document = Raw::parse(json).map_err(|_| Stop::wrong("The file became no JSON."))?;
    let mut text = Vec::new();
    let mut w = Writer::new(&mut text);
    w.object(|w| {
        if document.get("revision").is_none() {
            w.key("revision").string(revision);
        }
        for (key, value) in document.fields() {
            w.key_text(&key);
            if key == "targets" && !out.is_empty() {
                w.array(|w| value.items().for_each(|target| write_target(target, out, w)));
            } else {
                w.raw(value);
            }
        }
    });
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn write_target(target: Raw<'_>, out: &BTreeSet<String>, w: &mut Writer<'_>) {
    let credential = target.get("credential").and_then(Raw::text);
    let is_out = credential.is_some_and(|credential| out.contains(credential.decode().as_ref()));
    if !is_out || target.get("out").is_some() {
        return w.raw(target);
    }
    w.object(|w| {
        target.fields().for_each(|(key, value)| w.key_text(&key).raw(value));
        w.key("out").string("auth");
    });
}

/// Writes a file whole or not at all, for Envoy alone.
///
/// # Errors
/// It can't be written.
pub fn replace(path: &Path, text: &str) -> Result<(), Stop> {
    crate::render::replace(path, text.as_bytes(), 0o600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_says_its_revision_and_whose_key_is_gone() {
        let json = br#"{"version":1,"targets":[{"id":"a","credential":"x"},{"id":"b"},{"id":"c","credential":"y"}]}"#;
        let out = BTreeSet::from(["y".to_owned()]);
        let written = document(json, "1-ab", &out).unwrap_or_default();
        assert_eq!(
            written,
            r#"{"revision":"1-ab","version":1,"targets":[{"id":"a","credential":"x"},{"id":"b"},{"id":"c","credential":"y","out":"auth"}]}"#
        );
        let own =
            document(br#"{"revision":"mine","version":1}"#, "2-cd", &BTreeSet::new()).unwrap_or_default();
        assert_eq!(own, r#"{"revision":"mine","version":1}"#);
    }

    #[test]
    fn the_same_content_has_the_same_digest() {
        assert_eq!(digest(b"abc"), "ba7816bf8f");
    }
}
