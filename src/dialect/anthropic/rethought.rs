//! An Anthropic caller's thinking in the form that the target's model takes, where it doesn't take the caller's: one family of
//! Claude is given a budget of tokens, the next decides itself and is told an effort. A conversation that falls over from one to
//! the other must not be refused for it.

use super::foreign::resumes_unthought;
use super::thinking::{ClaudeSituation, ClaudeThinking};
use crate::catalog::Off;
use crate::chat::{Effort, Features, Thinking};
use crate::dialect::loss::Member;
use crate::dialect::{Losses, Target};
use crate::json::{Raw, Writer};

/// What the caller's `thinking` and effort become.
#[derive(Debug)]
pub(super) struct Rethought {
    /// The member `thinking`; `None`: it is left out.
    pub(super) thinking: Option<Vec<u8>>,
    /// The effort in `output_config`; `None`: as it is, or left out where the target takes none.
    pub(super) effort: Option<Effort>,
}

impl Rethought {
    /// `None`: the model takes what the caller says, or is told nothing in any form.
    pub(super) fn of(body: Raw<'_>, target: &Target, losses: &mut Losses) -> Option<Rethought> {
        let thinking = body.present("thinking");
        let kind = thinking.and_then(|thinking| thinking.get("type")).and_then(Raw::text);
        let is = |name| kind.as_ref().is_some_and(|kind| *kind == name);
        let denies = |feature| target.denied.contains(feature);
        let effort = body.at(&["output_config", "effort"]).and_then(Raw::text);
        let effort = effort.and_then(|effort| Effort::from_name(&effort.decode()));
        if is("disabled") && target.off != Off::Told {
            if target.off == Off::Never {
                losses.advisory(Member::Thinking);
            }
            let told = effort.and_then(|effort| target.effort(effort, losses));
            return Some(Rethought { thinking: None, effort: told });
        }
        let takes_form = !(is("adaptive") && denies(Features::REASONING_ADAPTIVE)
            || is("enabled") && denies(Features::REASONING_BUDGET));
        let takes_effort =
            denies(Features::REASONING_EFFORT) || effort.is_none_or(|effort| target.efforts.contains(effort));
        if denies(Features::REASONING) {
            return None;
        }
        let resumes_unthought = is("enabled") && resumes_unthought(body);
        let takes_form = takes_form && !resumes_unthought;
        if takes_form && takes_effort {
            return None;
        }
        let told = effort.filter(|_| !denies(Features::REASONING_EFFORT));
        let told = told.and_then(|effort| target.effort(effort, losses));
        if takes_form {
            let same = thinking.map(|thinking| thinking.as_json().as_bytes().to_vec());
            return Some(Rethought { thinking: same, effort: told });
        }
        let wanted = Thinking {
            effort: told.or(effort),
            budget: thinking.and_then(|thinking| thinking.get("budget_tokens")).and_then(Raw::as_u64),
            adaptive: is("adaptive"),
            off: false,
            show: thinking
                .and_then(|thinking| thinking.present("display"))
                .and_then(Raw::text)
                .map(|display| display != "omitted"),
        };
        let around = ClaudeSituation {
            is_native: true,
            max_tokens: body
                .get("max_tokens")
                .and_then(Raw::as_u64)
                .unwrap_or(u64::MAX)
                .min(target.max_output_tokens.unwrap_or(u64::MAX)),
            forces_tool: forces_tool(body),
            resumes_unthought,
        };
        let plan = ClaudeThinking::of(&wanted, target, around, losses);
        let mut thinking = Vec::new();
        let says = plan.write_form(&mut Writer::new(&mut thinking));
        Some(Rethought { thinking: says.then_some(thinking), effort: plan.effort() })
    }
}

fn forces_tool(body: Raw<'_>) -> bool {
    let kind = body.at(&["tool_choice", "type"]).and_then(Raw::text);
    kind.is_some_and(|kind| kind == "any" || kind == "tool")
}
