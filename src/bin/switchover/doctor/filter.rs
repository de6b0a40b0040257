//! The wasm filter in one of its roles, wherever it stands.

use super::Findings;
use super::dump::{Dump, is_of, is_true, text};
use switchover::json::{Kind, Raw};

/// One of our filters.
#[derive(Clone, Debug)]
pub struct OurFilter<'d> {
    /// `router` or `translator`.
    pub role: String,
    /// switchover.yaml, as JSON.
    pub document: Option<String>,
    config: Raw<'d>,
}

impl<'d> OurFilter<'d> {
    /// `None` if it is another filter.
    pub fn of(filter: Raw<'d>, dump: &Dump<'d>) -> Option<OurFilter<'d>> {
        let wasm = dump.config_of(filter)?;
        let config = wasm.get("config")?;
        let role = text(config, &["root_id"]).filter(|role| role == "router" || role == "translator")?;
        let document = match config.at(&["configuration", "value"]) {
            Some(value) if value.kind() == Kind::Object => Some(value.as_json().to_owned()),
            other => other.and_then(Raw::text).map(|text| text.into_string()),
        };
        let named = |path: &[&str]| text(config, path).is_some_and(|name| name.contains("switchover"));
        let is_ours = document.as_ref().is_some_and(|text| text.contains("model_groups"))
            || named(&["name"])
            || named(&["vm_config", "vm_id"]);
        let is_wasm = is_of(wasm, "Wasm") || config.get("vm_config").is_some();
        (is_ours && is_wasm).then_some(OurFilter { role, document, config })
    }

    pub fn vm(&self) -> String {
        text(self.config, &["vm_config", "vm_id"]).unwrap_or_default()
    }

    pub fn has_flag(&self) -> bool {
        is_true(self.config, &["allow_on_headers_stop_iteration"])
    }

    /// What becomes of requests after a crash, if it is not what is meant.
    pub fn after_a_crash(&self) -> Option<&'static str> {
        let policy = text(self.config, &["failure_policy"]).unwrap_or_default();
        match policy.as_str() {
            "FAIL_RELOAD" => None,
            "FAIL_OPEN" => Some("goes on as if it were not there"),
            _ if is_true(self.config, &["fail_open"]) => Some("goes on as if it were not there"),
            _ => Some("answers nobody until Envoy is started again"),
        }
    }

    /// What is wrong with the filter itself; `place` begins the sentences.
    pub fn examine(&self, place: &str, found: &mut Findings) {
        if !self.has_flag() {
            found.say(flag(place));
        }
        if let Some(then) = self.after_a_crash() {
            found.say(policy(place, then));
        }
    }
}

pub fn flag(place: &str) -> String {
    format!(
        "{place} lacks `allow_on_headers_stop_iteration: true`, so no request with a body gets through. Write it beside `root_id`."
    )
}

pub fn policy(place: &str, then: &str) -> String {
    format!("{place} {then} once its VM has crashed. Write `failure_policy: FAIL_RELOAD` beside `root_id`.")
}
