//! How much the model shall think. Converse has one word for it, `outputConfig.effort`; budgets, and what other makers'
//! models take, go into `additionalModelRequestFields`.
//!
//! * Claude: <https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-extended-thinking.html>
//! * Nova: <https://docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html>
//! * OpenAI: <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-openai.html>

use super::family::Family;
use crate::chat::{Effort, Features, Thinking};
use crate::dialect::loss::Member;
use crate::dialect::talk::{effort_of, fitting_budget};
use crate::dialect::{Losses, Target};
use crate::json::Writer;

/// What goes out about thinking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ConverseThinking {
    effort: Option<Effort>,
    field: ThinkingField,
}

/// A member of `additionalModelRequestFields`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ThinkingField {
    /// Nothing is said: the model's default.
    #[default]
    Unsaid,
    /// Claude's `thinking`.
    Disabled,
    Adaptive,
    Budget(u64),
    /// Nova's `reasoningConfig`; without an effort it is off.
    Nova(Option<Effort>),
    /// `reasoning_effort`.
    GptOss(Effort),
    /// `reasoning.effort`.
    Gpt(Effort),
}

/// What else in the request decides about thinking.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConverseSituation {
    pub(super) family: Family,
    /// The caller speaks Claude's own dialect.
    pub(super) is_claudes: bool,
    pub(super) max_tokens: Option<u64>,
    /// The answer must begin with a tool call, which Claude refuses together with thinking.
    pub(super) forces_tool: bool,
    /// The request goes on with a turn whose tool calls came without thoughts: Claude refuses a budget then.
    pub(super) resumes_unthought: bool,
    /// The request limits the answer or samples, which Nova refuses together with its highest effort.
    pub(super) steers: bool,
}

impl ConverseThinking {
    pub(super) fn of(
        wanted: &Thinking,
        target: &Target,
        around: ConverseSituation,
        losses: &mut Losses,
    ) -> ConverseThinking {
        let by_effort = target.has(Features::REASONING_EFFORT);
        let by_budget = target.has(Features::REASONING_BUDGET);
        if *wanted == Thinking::default() {
            return ConverseThinking::default();
        }
        let is_off = wanted.off || wanted.effort == Some(Effort::None);
        if !by_effort && !by_budget {
            // A model that can't be told to think doesn't: to turn it off loses nothing.
            if !is_off {
                losses.advisory(Member::of_thinking(wanted));
            }
            return ConverseThinking::default();
        }
        if is_off {
            let field = match around.family {
                Family::Claude => ThinkingField::Disabled,
                Family::Nova => ThinkingField::Nova(None),
                Family::Gpt => ThinkingField::Gpt(Effort::None),
                // These always think, or how to stop them is not known.
                Family::GptOss | Family::Other => {
                    losses.advisory(Member::of_thinking(wanted));
                    if around.family == Family::GptOss {
                        ThinkingField::GptOss(Effort::Low)
                    } else {
                        ThinkingField::Unsaid
                    }
                }
            };
            return ConverseThinking { effort: None, field };
        }
        let effort = wanted
            .effort
            .or_else(|| wanted.budget.map(|budget| effort_of(budget, Effort::Low)))
            .unwrap_or(Effort::Medium);
        let plain = |field| ConverseThinking { effort: None, field };
        match around.family {
            Family::Claude => claude(wanted, effort, by_effort, by_budget, around, losses),
            Family::Nova => plain(ThinkingField::Nova(Some(nova(wanted, effort, around, losses)))),
            Family::GptOss => plain(ThinkingField::GptOss(effort.clamp(Effort::Low, Effort::High))),
            Family::Gpt => plain(ThinkingField::Gpt(effort.max(Effort::Low))),
            Family::Other => {
                ConverseThinking { effort: Some(effort.max(Effort::Low)), field: ThinkingField::Unsaid }
            }
        }
    }

    /// Whether Claude thinks: it takes no sampling then.
    pub(super) fn claude_thinks(&self) -> bool {
        matches!(self.field, ThinkingField::Adaptive | ThinkingField::Budget(_))
    }

    pub(super) fn has_effort(&self) -> bool {
        self.effort.is_some()
    }

    pub(super) fn has_field(&self) -> bool {
        self.field != ThinkingField::Unsaid
    }

    /// Writes `effort` into `outputConfig`.
    pub(super) fn write_effort(&self, w: &mut Writer<'_>) {
        if let Some(effort) = self.effort {
            w.key("effort").string(effort.name());
        }
    }

    /// Writes the model's own member into `additionalModelRequestFields`.
    pub(super) fn write_field(&self, w: &mut Writer<'_>) {
        match self.field {
            ThinkingField::Unsaid => {}
            ThinkingField::Disabled => w.key("thinking").object(|w| w.key("type").string("disabled")),
            ThinkingField::Adaptive => w.key("thinking").object(|w| w.key("type").string("adaptive")),
            ThinkingField::Budget(tokens) => w.key("thinking").object(|w| {
                w.key("type").string("enabled");
                w.key("budget_tokens").u64(tokens);
            }),
            ThinkingField::Nova(None) => {
                w.key("reasoningConfig").object(|w| w.key("type").string("disabled"))
            }
            ThinkingField::Nova(Some(effort)) => w.key("reasoningConfig").object(|w| {
                w.key("type").string("enabled");
                w.key("maxReasoningEffort").string(effort.name());
            }),
            ThinkingField::GptOss(effort) => w.key("reasoning_effort").string(effort.name()),
            ThinkingField::Gpt(effort) => {
                w.key("reasoning").object(|w| w.key("effort").string(effort.name()))
            }
        }
    }
}

fn claude(
    wanted: &Thinking,
    effort: Effort,
    by_effort: bool,
    by_budget: bool,
    around: ConverseSituation,
    losses: &mut Losses,
) -> ConverseThinking {
    let mut plan = ConverseThinking::default();
    let says_effort = wanted.effort.is_some() || wanted.budget.is_some() && !by_budget;
    if by_effort && says_effort {
        plan.effort = Some(effort.max(Effort::Low));
    }
    if by_budget && (wanted.budget.is_some() || !by_effort) {
        let budget = wanted.budget.unwrap_or_else(|| effort.budget());
        match fitting(budget, wanted.budget.is_some(), around) {
            Some(budget) => plan.field = ThinkingField::Budget(budget),
            None => losses.advisory(Member::of_thinking(wanted)),
        }
    } else if !around.forces_tool && (wanted.adaptive || !around.is_claudes || wanted.budget.is_some()) {
        // An Anthropic caller may want an effort and no thinking; for the others it is the same thing.
        plan.field = ThinkingField::Adaptive;
    }
    if !plan.claude_thinks() {
        // More effort than that is refused without thinking.
        plan.effort = plan.effort.map(|effort| effort.min(Effort::High));
    }
    plan
}

/// A budget, if Claude takes one now.
fn fitting(budget: u64, is_explicit: bool, around: ConverseSituation) -> Option<u64> {
    let takes_none = around.forces_tool || around.resumes_unthought;
    (!takes_none).then(|| fitting_budget(budget, is_explicit, around.max_tokens)).flatten()
}

/// Nova knows three efforts.
fn nova(wanted: &Thinking, effort: Effort, around: ConverseSituation, losses: &mut Losses) -> Effort {
    let effort = effort.clamp(Effort::Low, Effort::High);
    if effort == Effort::High && around.steers {
        losses.advisory(Member::of_thinking(wanted));
        return Effort::Medium;
    }
    effort
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Endpoint, Unsupported, provider};

    /// What goes out, and what is listed, for a model of this family that takes efforts or budgets.
    fn said(
        family: Family,
        takes: Features,
        wanted: Thinking,
        max_tokens: Option<u64>,
    ) -> (String, Vec<String>) {
        let row = provider("bedrock").unwrap();
        let target = Target {
            id: "b".into(),
            row,
            model: None,
            endpoint: Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: String::new() },
            capabilities: row.carries.with(takes),
            denied: Features::NONE,
            context_window: None,
            max_output_tokens: None,
            api: Default::default(),
            api_version: None,
            project: None,
            location: None,
            instructions: Default::default(),
        };
        let around = ConverseSituation {
            family,
            is_claudes: false,
            max_tokens,
            forces_tool: false,
            resumes_unthought: false,
            steers: max_tokens.is_some(),
        };
        let mut losses = Losses::new(Unsupported::Refuse);
        let plan = ConverseThinking::of(&wanted, &target, around, &mut losses);
        let mut out = Vec::new();
        Writer::new(&mut out).object(|w| {
            plan.write_effort(w);
            plan.write_field(w);
        });
        let listed = losses
            .into_dropped(&mut crate::dialect::loss::InChat)
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect();
        (String::from_utf8(out).unwrap(), listed)
    }

    fn effort(effort: Effort) -> Thinking {
        Thinking { effort: Some(effort), ..Thinking::default() }
    }

    #[test]
    fn each_family_has_its_own_word() {
        let by_effort = |family, wanted| said(family, Features::REASONING_EFFORT, effort(wanted), None).0;
        assert_eq!(
            by_effort(Family::Claude, Effort::XHigh),
            r#"{"effort":"xhigh","thinking":{"type":"adaptive"}}"#
        );
        assert_eq!(by_effort(Family::Claude, Effort::None), r#"{"thinking":{"type":"disabled"}}"#);
        let nova = r#"{"reasoningConfig":{"type":"enabled","maxReasoningEffort":"high"}}"#;
        assert_eq!(by_effort(Family::Nova, Effort::Max), nova);
        assert_eq!(by_effort(Family::GptOss, Effort::Minimal), r#"{"reasoning_effort":"low"}"#);
        assert_eq!(by_effort(Family::Gpt, Effort::Max), r#"{"reasoning":{"effort":"max"}}"#);
        assert_eq!(by_effort(Family::Other, Effort::Medium), r#"{"effort":"medium"}"#);
    }

    #[test]
    fn a_budget_leaves_room_for_the_answer() {
        let budget = |wanted, max| said(Family::Claude, Features::REASONING_BUDGET, wanted, max);
        let of = |tokens| format!(r#"{{"thinking":{{"type":"enabled","budget_tokens":{tokens}}}}}"#);
        assert_eq!(budget(effort(Effort::High), Some(8_000)).0, of(6_000));
        assert_eq!(budget(effort(Effort::High), None).0, of(16_384));
        let explicit = Thinking { budget: Some(10_000), ..Thinking::default() };
        assert_eq!(budget(explicit.clone(), Some(4_000)).0, of(3_999));
        assert_eq!(budget(explicit, Some(1_000)), ("{}".to_owned(), vec!["reasoning_effort".to_owned()]));
    }

    #[test]
    fn what_can_not_be_said_is_listed() {
        let listed = |family, takes, wanted, max| said(family, takes, wanted, max).1;
        let takes = Features::REASONING_EFFORT;
        assert_eq!(listed(Family::Claude, Features::NONE, effort(Effort::Low), None), ["reasoning_effort"]);
        assert!(listed(Family::Claude, Features::NONE, effort(Effort::None), None).is_empty());
        // Nova's highest effort goes with no other limit.
        assert_eq!(listed(Family::Nova, takes, effort(Effort::High), Some(100)), ["reasoning_effort"]);
        assert_eq!(listed(Family::GptOss, takes, effort(Effort::None), None), ["reasoning_effort"]);
    }
}
