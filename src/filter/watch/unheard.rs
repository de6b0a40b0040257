//! Bodies that Envoy has and doesn't deliver, as a filter's configuration lacks `allow_on_headers_stop_iteration`.
//!
//! The roles pause at the headers until the body is there. Without that flag Envoy keeps the body back for as long as a filter
//! pauses, so both would wait for each other, and nothing would say so. No attribute tells whether the flag is set. But until a
//! body has once come to a role of this VM, the timer looks: Envoy counts a request's bytes before any filter sees them, so a body
//! that is counted and was never delivered is one that is kept back. A caller that is slow has no bytes to be counted, and is left
//! alone.

use super::Hurry;
use crate::dialect::Surface;
use crate::filter::{Answer, PluginRole, Trip};

/// How long a body may be kept back, in milliseconds.
const MOST_MS: u64 = 2000;

/// A request whose body is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The plugin's context, to whose timer it falls.
    pub root: u32,
    /// The request's own context.
    pub context: u32,
    /// Which of the filter's two places waits.
    pub role: PluginRole,
    /// When the wait began, in milliseconds since 1970.
    pub since_ms: u64,
    /// What Envoy had counted of the request then, in bytes.
    pub counted: u64,
}

impl Waiting {
    /// Whether its body is kept back, by what is counted of it now. To a translator the whole request was given at once; of a
    /// caller's something must have come.
    pub fn is_kept_back(&self, counted: impl FnOnce() -> u64) -> bool {
        self.role == PluginRole::Translator || counted() > self.counted
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Unheard {
    /// Whether a body has come to the router role, and to the translator role.
    heard: (bool, bool),
    waiting: Vec<Waiting>,
}

impl Unheard {
    /// Whether a body has come to a role: nobody of it is watched any more.
    pub fn has_heard(&self, role: PluginRole) -> bool {
        match role {
            PluginRole::Router => self.heard.0,
            PluginRole::Translator => self.heard.1,
        }
    }

    /// A role pauses at a request's headers.
    pub fn begin(&mut self, one: Waiting) {
        if !self.has_heard(one.role) {
            self.waiting.push(one);
        }
    }

    /// A piece of a body came.
    pub fn heard(&mut self, role: PluginRole) {
        if self.has_heard(role) {
            return;
        }
        match role {
            PluginRole::Router => self.heard.0 = true,
            PluginRole::Translator => self.heard.1 = true,
        }
        self.waiting.retain(|one| one.role != role);
    }

    /// The request is over.
    pub fn forget(&mut self, context: u32) {
        if self.heard != (true, true) {
            self.waiting.retain(|one| one.context != context);
        }
    }

    /// What they need of the timer of a root context.
    pub fn need(&self, root: u32) -> Hurry {
        Hurry::Watch.when(self.waiting.iter().any(|one| one.root == root))
    }

    /// Those that have waited for so long that it is time to look at what Envoy has counted.
    pub fn due(&self, root: u32, now_ms: u64) -> Vec<Waiting> {
        let is_due = |one: &&Waiting| one.root == root && now_ms.saturating_sub(one.since_ms) >= MOST_MS;
        self.waiting.iter().filter(is_due).copied().collect()
    }
}

/// What the operator is told of a body that is kept back from a role, and the caller.
pub fn kept_back(role: PluginRole, surface: Surface) -> (String, Answer) {
    let how = format!(
        "Envoy keeps the bodies of requests back from the wasm filter with root_id \"{}\". Write \
         `allow_on_headers_stop_iteration: true` into that filter's configuration, beside root_id.",
        role.name()
    );
    let answer = Answer::misconfigured(surface, format!("The gateway is misconfigured. {how}"));
    (how, answer)
}

/// Whose envelope an answer needs to a request that is stuck, by its trip if that is known, or its path as any prefix leaves it.
pub fn surface(trip: Option<&Trip>, path: &str) -> Surface {
    match trip {
        Some(trip) => trip.turn.surface,
        None if path.contains("/v1/messages") => Surface::Messages,
        None => Surface::Chat,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(context: u32, role: PluginRole) -> Waiting {
        Waiting { root: 1, context, role, since_ms: 1_000, counted: 50 }
    }

    #[test]
    fn until_a_body_has_come_to_a_role_those_that_wait_are_looked_at() {
        let mut unheard = Unheard::default();
        unheard.begin(one(7, PluginRole::Router));
        unheard.begin(one(8, PluginRole::Translator));
        assert!(unheard.due(1, 2_999).is_empty() && unheard.due(2, 3_000).is_empty());
        assert_eq!(unheard.due(1, 3_000).len(), 2);
        unheard.heard(PluginRole::Router);
        assert_eq!(unheard.due(1, 3_000), [one(8, PluginRole::Translator)]);
        unheard.begin(one(9, PluginRole::Router));
        unheard.forget(8);
        assert_eq!(unheard.need(1), Hurry::Nothing);
        unheard.heard(PluginRole::Translator);
        assert!(unheard.has_heard(PluginRole::Router) && unheard.has_heard(PluginRole::Translator));
    }

    #[test]
    fn a_caller_that_is_slow_has_nothing_kept_back() {
        assert!(!one(7, PluginRole::Router).is_kept_back(|| 50));
        assert!(one(7, PluginRole::Router).is_kept_back(|| 51));
        assert!(one(7, PluginRole::Translator).is_kept_back(|| panic!("it was given at once")));
    }

    #[test]
    fn both_are_told_what_to_write_where() {
        let surface = surface(None, "/team/v1/messages?beta=true");
        assert_eq!(surface, Surface::Messages);
        let (log, answer) = kept_back(PluginRole::Router, surface);
        assert!(log.contains("\"router\"") && log.contains("allow_on_headers_stop_iteration"));
        let body = String::from_utf8(answer.body).unwrap();
        assert!(answer.status == 500 && body.contains("allow_on_headers_stop_iteration"), "{body}");
        assert!(body.contains(r#""type":"error""#), "in Anthropic's envelope: {body}");
    }
}
