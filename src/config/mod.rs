//! The one file, `switchover.yaml`: read, checked whole, and resolved into what the rest of the program uses.
//!
//! The command reads it as YAML ([`Config::from_yaml`]), the filter gets the same document as JSON
//! ([`Config::from_json`]); the checker behind both is one and says the same words. Nothing here opens a file.

mod check;
mod endpoint;
mod file;
mod form;
mod lookup;
mod meaning;
mod node;
mod problem;
mod schema;
mod shape;
mod time;
mod view;
#[cfg(not(target_family = "wasm"))]
mod yaml;

#[cfg(not(target_family = "wasm"))]
pub use check::warn::LookAtKey;
pub use file::FORMAT;
pub use problem::{Position, Problem};
pub use schema::{EDITOR_LINE, schema};
// Whoever uses the configuration takes it from here.
pub use crate::settings::*;

use problem::Problems;

impl Config {
    /// Reads and checks `switchover.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    #[cfg(not(target_family = "wasm"))]
    pub fn from_yaml(bytes: &[u8]) -> Result<Config, Vec<Problem>> {
        let mut problems = Problems::default();
        let document = yaml::read_yaml(bytes, &mut problems);
        check::resolve(document, problems)
    }

    /// Reads and checks the same document as JSON, as Envoy hands it to the filter.
    ///
    /// # Errors
    /// Everything that is wrong with it; only a text that is no JSON at all has a position.
    pub fn from_json(bytes: &[u8]) -> Result<Config, Vec<Problem>> {
        let mut problems = Problems::default();
        let document = node::read_json(bytes, &mut problems);
        check::resolve(document, problems)
    }
}

/// The document of a `switchover.yaml` as JSON, for the filter's configuration. It is not checked beyond its syntax.
///
/// # Errors
/// What makes it no YAML that Switchover takes.
#[cfg(not(target_family = "wasm"))]
pub fn yaml_to_json(bytes: &[u8]) -> Result<Vec<u8>, Vec<Problem>> {
    let mut problems = Problems::default();
    match yaml::read_yaml(bytes, &mut problems) {
        Some(document) if problems.is_empty() => {
            let mut out = Vec::new();
            document.write_json(&mut crate::json::Writer::new(&mut out));
            Ok(out)
        }
        _ => Err(problems.into_sorted()),
    }
}

/// What a `switchover.yaml` perhaps doesn't mean, though it may say it, at `now_ms` (since 1970): drills that are over
/// or go on for long, endpoints that lead nowhere, what is used by nobody, keys that `look` finds wanting. Nothing for a
/// file that is no YAML.
#[cfg(not(target_family = "wasm"))]
pub fn warnings(bytes: &[u8], now_ms: u64, look: LookAtKey<'_>) -> Vec<Problem> {
    let document = yaml::read_yaml(bytes, &mut Problems::default());
    document.map(|document| check::warn::warnings(&document, now_ms, look)).unwrap_or_default()
}
