//! A request as Cohere takes it.

use super::messages::Conversation;
use super::tools::CohereTools;
use crate::chat::{Effort, Features, Request, Thinking};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME, Renames, of_tools};
use crate::dialect::seam::Sending;
use crate::dialect::talk::{StopBounds, lose_candidates};
use crate::dialect::{Losses, Memo, Outgoing, Refusal, Target, carry_extra};
use crate::json::{Raw, Writer};

const STOP: StopBounds<'_> = StopBounds {
    is_refused: |text| text.is_empty(),
    why: None,
    most: 5,
    too_many: "has more than 5 sequences, the most that Cohere takes",
};

/// # Errors
/// What the dialect can't carry, unless `losses` allows dropping it.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, losses, .. } = to;
    let requested = request.model.decode();
    // Its probabilities are those of pieces of text and not of single tokens.
    lose_candidates(request, "Cohere", " token by token", losses)?;
    let names = Renames::new(of_tools(request), MAX_NAME);
    let talk = Conversation::of(request, losses)?;
    let tools = CohereTools::of(request, target, &names, losses)?;
    let stop = STOP.kept(request, target, losses)?;

    w.open_object();
    w.key("model").string(target.model(&requested));
    talk.write(&names, w);
    tools.write(&names, w);
    if let Some(asked) = request.max_tokens {
        w.key("max_tokens").u64(target.capped(asked, losses));
    }
    if !stop.is_empty() {
        w.key("stop_sequences").array(|w| stop.iter().for_each(|sequence| w.text(sequence)));
    }
    write_sampling(request, target, losses, w);
    write_thinking(&request.thinking, target, losses, w);
    if request.stream {
        w.key("stream").bool(true);
    }
    w.close_object();
    if request.user.is_some() {
        losses.advisory(Member::User);
    }
    if request.cache.is_some() {
        losses.advisory("cache_control");
    }
    carry_extra(request, losses)?;

    Ok(Outgoing {
        path: format!("{}/v2/chat", target.endpoint.base_path),
        headers: Vec::new(),
        memo: Memo {
            format_tool: tools.format_tool_name(),
            stream: request.stream,
            renamed: names.into_changed(),
            ..Memo::default()
        },
        ..Outgoing::default()
    })
}

/// Each within its bounds, <https://docs.cohere.com/reference/chat>.
fn write_sampling(request: &Request<'_>, target: &Target, losses: &mut Losses, w: &mut Writer<'_>) {
    let sampling = &request.sampling;
    let takes = target.has(Features::SAMPLING);
    let mut bounded =
        |name: &'static str, as_name: &'static str, value: Option<Raw<'_>>, least: f64, most: f64| {
            let Some(value) = value else { return };
            match value.as_f64().filter(|_| takes) {
                Some(number) if (least..=most).contains(&number) => w.key(as_name).raw(value),
                Some(number) => w.key(as_name).f64(number.clamp(least, most)),
                None => losses.advisory(name),
            }
        };
    bounded("temperature", "temperature", sampling.temperature, 0.0, 1.0);
    bounded("top_p", "p", sampling.top_p, 0.01, 0.99);
    bounded("top_k", "k", sampling.top_k, 0.0, 500.0);
    let penalties =
        [("frequency_penalty", sampling.frequency_penalty), ("presence_penalty", sampling.presence_penalty)];
    for (name, value) in penalties {
        // A reward for repetition can't be had: it is left out and not made a penalty of nothing.
        let is_reward = value.and_then(Raw::as_f64).is_some_and(|number| number < 0.0);
        bounded(name, name, value.filter(|_| !is_reward), 0.0, 1.0);
    }
    for (name, value) in penalties {
        if value.and_then(Raw::as_f64).is_some_and(|number| number < 0.0) {
            losses.advisory(name);
        }
    }
    if sampling.logit_bias.is_some_and(|bias| bias.fields().next().is_some()) {
        losses.advisory("logit_bias");
    }
    match sampling.seed {
        // Cohere's is unsigned.
        Some(seed) if seed.as_u64().is_some() => w.key("seed").raw(seed),
        Some(_) => losses.advisory("seed"),
        None => {}
    }
}

/// Models that think do so unless they are told not to; how much, they take in tokens only
/// (<https://docs.cohere.com/docs/reasoning>).
fn write_thinking(thinking: &Thinking, target: &Target, losses: &mut Losses, w: &mut Writer<'_>) {
    if *thinking == Thinking::default() {
        return;
    }
    if thinking.off || thinking.effort == Some(Effort::None) {
        if target.has(Features::REASONING) {
            w.key("thinking").object(|w| w.key("type").string("disabled"));
        }
        return;
    }
    if target.has(Features::REASONING_BUDGET) {
        let budget = thinking.budget.or_else(|| thinking.effort.map(Effort::budget));
        w.key("thinking").object(|w| {
            w.key("type").string("enabled");
            if let Some(budget) = budget {
                w.key("token_budget").u64(budget);
            }
        });
        return;
    }
    losses.advisory(Member::of_thinking(thinking));
}
