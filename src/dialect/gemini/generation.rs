//! What the generations of Gemini want differently.
//!
//! One API serves them all and refuses what a generation doesn't know, so the model's name decides: a name of an older
//! generation is known, any other is taken for the newest.

use crate::chat::Features;
use crate::dialect::Target;

/// The generations that differ on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Generation {
    /// 1.x and 2.0: don't think.
    Unthinking,
    /// 2.5: thinks up to a budget of tokens.
    Budgeted,
    /// 3 and later: thinks at a level, checks the signatures of tool calls, gives calls ids, takes media in the results
    /// of tools, and holds an answer to a schema though there are tools.
    Levelled,
}

impl Generation {
    pub(super) fn of(model: &str) -> Generation {
        let name = model.rsplit('/').next().unwrap_or(model);
        let is_one_of = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        if is_one_of(&["gemini-2.5", "gemini-live-2.5"]) {
            Generation::Budgeted
        } else if is_one_of(&["gemini-1.", "gemini-2.", "gemini-pro", "learnlm-1", "learnlm-2"]) {
            Generation::Unthinking
        } else {
            Generation::Levelled
        }
    }
}

/// A model as the dialect sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct GeminiModel<'t> {
    pub(super) name: &'t str,
    pub(super) generation: Generation,
    pub(super) target: &'t Target,
}

/// How a model is told how much to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `thinkingLevel`.
    Level,
    /// `thinkingBudget`.
    Budget,
}

impl<'t> GeminiModel<'t> {
    pub(super) fn of(target: &'t Target, requested: &'t str) -> GeminiModel<'t> {
        let name = target.model(requested);
        // The SDK takes both forms.
        let name = name.strip_prefix("models/").unwrap_or(name);
        GeminiModel { name, generation: Generation::of(name), target }
    }

    pub(super) fn is_levelled(&self) -> bool {
        self.generation == Generation::Levelled
    }

    pub(super) fn is_pro(&self) -> bool {
        self.name.contains("-pro")
    }

    /// How to say how much to think; none where the model doesn't think or the target's capabilities don't have it.
    /// `has_budget`: the caller gave a number of tokens.
    pub(super) fn way(&self, has_budget: bool) -> Option<Way> {
        let effort = self.target.has(Features::REASONING_EFFORT);
        let budget = self.target.has(Features::REASONING_BUDGET);
        match self.generation {
            Generation::Unthinking => None,
            Generation::Budgeted => (effort || budget).then_some(Way::Budget),
            Generation::Levelled if budget && (has_budget || !effort) => Some(Way::Budget),
            Generation::Levelled => effort.then_some(Way::Level),
        }
    }

    /// The budgets that a model takes, in tokens, <https://ai.google.dev/gemini-api/docs/thinking#set-budget>.
    pub(super) fn budgets(&self) -> (u64, u64) {
        if self.is_pro() {
            (128, 32_768)
        } else if self.name.contains("-lite") {
            (512, 24_576)
        } else {
            (1, 24_576)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let all = [
            ("gemini-1.5-pro", Generation::Unthinking),
            ("gemini-2.0-flash", Generation::Unthinking),
            ("gemini-2.5-flash-lite", Generation::Budgeted),
            ("publishers/google/models/gemini-2.5-pro", Generation::Budgeted),
            ("gemini-3-flash", Generation::Levelled),
            ("gemini-flash-latest", Generation::Levelled),
            ("tuned", Generation::Levelled),
        ];
        for (name, generation) in all {
            assert_eq!(Generation::of(name), generation, "{name}");
        }
    }
}
