//! How much Claude shall think, and the sampling parameters that thinking rules out.
//!
//! Models differ (<https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking>): newer ones take an effort
//! and decide themselves (`adaptive`), older ones take a budget of tokens, some take neither. The target's capabilities
//! say which; what it can't take is left out and listed, as it only advises.

use crate::catalog::Off;
use crate::chat::{Effort, Features, Sampling, Thinking};
use crate::dialect::loss::Member;
use crate::dialect::talk::{effort_of, fitting_budget};
use crate::dialect::{Losses, Target};
use crate::json::Writer;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ThinkingMode {
    /// Nothing is said: the model's default.
    #[default]
    Unsaid,
    Disabled,
    Adaptive,
    Budget(u64),
}

/// What goes out about thinking.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClaudeThinking {
    mode: ThinkingMode,
    effort: Option<Effort>,
    show: Option<bool>,
}

/// What else in the request decides about thinking.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClaudeSituation {
    /// The caller speaks this dialect.
    pub(super) is_native: bool,
    pub(super) max_tokens: u64,
    /// The answer must begin with a tool call, which the API refuses together with thinking.
    pub(super) forces_tool: bool,
    /// The request goes on with a turn whose tool calls came without thoughts: the API refuses a budget then.
    pub(super) resumes_unthought: bool,
}

impl ClaudeThinking {
    pub(super) fn of(
        wanted: &Thinking,
        target: &Target,
        around: ClaudeSituation,
        losses: &mut Losses,
    ) -> ClaudeThinking {
        if *wanted == Thinking::default() {
            return ClaudeThinking::default();
        }
        if wanted.off || wanted.effort == Some(Effort::None) {
            let effort = wanted.effort.filter(|effort| *effort != Effort::None && takes_effort(target));
            let mode = match target.off {
                Off::Told if target.has(Features::REASONING) => ThinkingMode::Disabled,
                Off::Told | Off::Unsaid => ThinkingMode::Unsaid,
                Off::Never => {
                    losses.advisory(Member::Thinking);
                    ThinkingMode::Unsaid
                }
            };
            return ClaudeThinking { mode, effort, show: None };
        }
        let mut plan = ClaudeThinking { show: wanted.show, ..ClaudeThinking::default() };
        let takes_budget = target.has(Features::REASONING_BUDGET);
        if takes_effort(target) {
            plan.effort = match wanted.effort {
                Some(effort) => target.effort(effort, losses),
                None => wanted
                    .budget
                    .filter(|_| !takes_budget)
                    .and_then(|budget| target.efforts.nearest(effort_of(budget, Effort::Low))),
            };
            plan.mode = match wanted.budget {
                Some(budget) if takes_budget => ThinkingMode::Budget(budget),
                // An Anthropic caller may want an effort and no thinking; for the others it is the same thing.
                None if around.is_native && !wanted.adaptive => ThinkingMode::Unsaid,
                _ if takes_budget && !target.has(Features::REASONING_ADAPTIVE) => {
                    ThinkingMode::Budget(wanted.effort.unwrap_or(Effort::Medium).budget())
                }
                _ => ThinkingMode::Adaptive,
            };
        } else if takes_budget {
            let effort = wanted.effort.unwrap_or(Effort::Medium);
            plan.mode = ThinkingMode::Budget(wanted.budget.unwrap_or_else(|| effort.budget()));
        } else {
            losses.advisory(Member::Thinking);
        }
        match plan.mode {
            ThinkingMode::Budget(budget) => match fitting(budget, wanted.budget.is_some(), around) {
                Some(budget) => plan.mode = ThinkingMode::Budget(budget),
                None => {
                    plan.mode = ThinkingMode::Unsaid;
                    losses.advisory(Member::Thinking);
                }
            },
            // The effort stays; only the thoughts before the forced call can't be had.
            ThinkingMode::Adaptive if around.forces_tool => plan.mode = ThinkingMode::Unsaid,
            _ => {}
        }
        plan
    }

    pub(super) fn thinks(&self) -> bool {
        matches!(self.mode, ThinkingMode::Adaptive | ThinkingMode::Budget(_))
    }

    pub(super) fn has_effort(&self) -> bool {
        self.effort.is_some()
    }

    /// The effort that is said.
    pub(super) fn effort(&self) -> Option<Effort> {
        self.effort.map(|effort| effort.max(Effort::Low))
    }

    /// Writes the member `thinking`, if there is something to say.
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        if self.mode != ThinkingMode::Unsaid {
            self.write_form(w.key("thinking"));
        }
    }

    /// Writes the value of `thinking`: whether there was something to say.
    pub(super) fn write_form(&self, w: &mut Writer<'_>) -> bool {
        if self.mode == ThinkingMode::Unsaid {
            return false;
        }
        w.object(|w| {
            w.key("type").string(match self.mode {
                ThinkingMode::Unsaid | ThinkingMode::Disabled => "disabled",
                ThinkingMode::Adaptive => "adaptive",
                ThinkingMode::Budget(_) => "enabled",
            });
            if let ThinkingMode::Budget(tokens) = self.mode {
                w.key("budget_tokens").u64(tokens);
            }
            if let Some(show) = self.show {
                w.key("display").string(if show { "summarized" } else { "omitted" });
            }
        });
        true
    }

    /// Writes `effort` into `output_config`.
    pub(super) fn write_effort(&self, w: &mut Writer<'_>) {
        if let Some(effort) = self.effort() {
            w.key("effort").string(effort.name());
        }
    }
}

fn takes_effort(target: &Target) -> bool {
    target.has(Features::REASONING_EFFORT)
}

/// A budget, if Claude takes one now.
fn fitting(budget: u64, is_explicit: bool, around: ClaudeSituation) -> Option<u64> {
    let takes_none = around.forces_tool || around.resumes_unthought;
    (!takes_none).then(|| fitting_budget(budget, is_explicit, Some(around.max_tokens))).flatten()
}

/// Writes the sampling parameters that the target takes; lists the others.
pub(super) fn write_sampling(
    sampling: &Sampling<'_>,
    target: &Target,
    plan: &ClaudeThinking,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) {
    let has_sampling = target.has(Features::SAMPLING);
    // With thoughts on, the API takes no temperature but 1, no `top_k`, and a `top_p` of 0.95 or more.
    let free = has_sampling && !plan.thinks();
    if let Some(temperature) = sampling.temperature {
        match temperature.as_f64() {
            Some(number) if free && (0.0..=1.0).contains(&number) => w.key("temperature").raw(temperature),
            Some(number) if free => w.key("temperature").f64(number.clamp(0.0, 1.0)),
            _ => losses.advisory("temperature"),
        }
    }
    if let Some(top_p) = sampling.top_p {
        // Newer models refuse the two together.
        let fits = top_p.as_f64().is_some_and(|p| p >= 0.95) || free;
        if has_sampling && fits && !(free && sampling.temperature.is_some()) {
            w.key("top_p").raw(top_p);
        } else {
            losses.advisory("top_p");
        }
    }
    if let Some(top_k) = sampling.top_k {
        if free { w.key("top_k").raw(top_k) } else { losses.advisory("top_k") }
    }
}
