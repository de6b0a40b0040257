//! The model into a Responses request: the members of the request itself.

use super::super::{origin, same::path};
use super::input::InputWriter;
use super::tools;
use crate::chat::{Effort, Features, Format, Request};
use crate::dialect::loss::{Member, lose_member_of_message};
use crate::dialect::piece::names::{Renames, of_tools};
use crate::dialect::seam::Sending;
use crate::dialect::talk::{NO_JSON, NO_SCHEMA, effort_of, list_foreign_sampling, openais_user};
use crate::dialect::{Dialect, Losses, Memo, Outgoing, Quirk, Refusal, Target, lose_member};
use crate::json::{Text, Writer};

/// The longest name of a function, in bytes.
const MAX_NAME: usize = 64;

/// `Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 10 instead.`
/// (vectorize-io/hindsight#58). Claude Code asks for one token to see whether it may ask at all.
const LEAST_TOKENS: u64 = 16;

/// Members that Chat Completions and Responses have alike, values and all.
const ALIKE: [&str; 7] = [
    "metadata",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "safety_identifier",
    "moderation",
];

/// Writes the request that `target` gets.
///
/// # Errors
/// What Responses can't carry of it.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, losses, .. } = to;
    let requested = request.model.decode();
    let origin = origin::of(target);
    let names = Renames::new(of_tools(request), MAX_NAME);
    w.open_object();
    w.key("model").string(target.model(&requested));
    w.key("input");
    let input = InputWriter {
        target,
        origin: &origin,
        dialect: request.dialect,
        names: &names,
        losses: &mut *losses,
    };
    input.write(&request.messages, w)?;
    let runs_code = tools::write(request, target, &names, losses, w)?;
    let mut composer = ResponseComposer { request, target, losses, runs_code };
    composer.answer(w)?;
    composer.sampling(w);
    composer.thinking(w);
    composer.text(w)?;
    composer.user(w);
    composer.extra(w)?;
    if request.stream {
        w.key("stream").bool(true);
    }
    w.close_object();
    let memo = Memo {
        renamed: names.into_changed(),
        stream: request.stream,
        origin: Some(origin),
        by_responses: true,
        ..Memo::default()
    };
    Ok(Outgoing { path: path(target), memo, ..Outgoing::default() })
}

struct ResponseComposer<'c> {
    request: &'c Request<'c>,
    target: &'c Target,
    losses: &'c mut Losses,
    /// OpenAI may run code: what that prints comes if asked for.
    runs_code: bool,
}

impl ResponseComposer<'_> {
    /// How much is answered, and what else comes with it. Nothing is stored, so reasoning must come sealed to come back.
    fn answer(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        if let Some(asked) = request.max_tokens {
            let limit = self.target.capped(asked, self.losses);
            if limit < LEAST_TOKENS {
                self.losses.advisory(Member::MaxTokens);
            }
            w.key("max_output_tokens").u64(limit.max(LEAST_TOKENS));
        }
        if !request.stop.is_empty() {
            self.losses
                .meaning(Member::Stop, "can't be sent to OpenAI's Responses, which have no stop sequences")?;
        }
        if request.candidates.is_some_and(|n| n > 1) {
            self.losses.meaning("n", "asks for several answers, and OpenAI's Responses give one")?;
        }
        let has_logprobs = self.target.has(Features::LOGPROBS);
        if request.logprobs.on && !has_logprobs {
            let why = "can't be had from this target, which gives no probabilities of tokens";
            self.losses.meaning("logprobs", why)?;
        }
        let logprobs = request.logprobs.on && has_logprobs;
        if let Some(top) = request.logprobs.top.filter(|_| logprobs) {
            w.key("top_logprobs").u64(top);
        }
        w.key("store").bool(false);
        w.key("include").array(|w| {
            w.string("reasoning.encrypted_content");
            if self.runs_code {
                w.string("code_interpreter_call.outputs");
            }
            if logprobs {
                w.string("message.output_text.logprobs");
            }
        });
        Ok(())
    }

    /// The effort that the caller wants, in whatever words.
    fn wanted(&self) -> Option<Effort> {
        let thinking = &self.request.thinking;
        let by_budget = || thinking.budget.map(|budget| effort_of(budget, Effort::Low));
        // Newer models don't think unless they are told how much.
        let unsaid = || thinking.adaptive.then_some(Effort::Medium);
        let off = || (thinking.off && self.target.knows_off()).then_some(Effort::None);
        thinking.effort.or_else(by_budget).or_else(unsaid).or_else(off)
    }

    fn sampling(&mut self, w: &mut Writer<'_>) {
        let sampling = &self.request.sampling;
        let told = self.wanted().and_then(|wanted| self.target.efforts.nearest(wanted));
        let samples = self.target.samples(told);
        for (name, value) in [("temperature", sampling.temperature), ("top_p", sampling.top_p)] {
            match value {
                Some(value) if samples => w.key(name).raw(value),
                Some(_) => self.losses.advisory(name),
                None => {}
            }
        }
        if sampling.top_k.is_some() {
            self.losses.advisory("top_k");
        }
        list_foreign_sampling(sampling, self.losses);
    }

    fn thinking(&mut self, w: &mut Writer<'_>) {
        let thinking = &self.request.thinking;
        let effort = self.wanted();
        // Not every model knows an effort of `none`.
        if effort.is_none() && thinking.off && !self.target.never_thinks() {
            self.losses.advisory("thinking");
        }
        let takes_effort = self.target.has(Features::REASONING_EFFORT);
        let is_so_anyway = effort == Some(Effort::None) && self.target.never_thinks();
        if effort.is_some() && !takes_effort && !is_so_anyway {
            self.losses.advisory(Member::of_thinking(thinking));
        }
        let effort = effort.filter(|_| takes_effort).and_then(|wanted| match thinking.effort {
            Some(said) => self.target.effort(said, self.losses),
            None => self.target.efforts.nearest(wanted),
        });
        // OpenAI tells what it thought only if asked, and not to everybody: so only where the caller's own way of asking for
        // thoughts has them shown.
        let shows = thinking.show.unwrap_or(thinking.budget.is_some() || thinking.adaptive);
        let summary = shows && effort.is_some_and(|effort| effort != Effort::None);
        if effort.is_none() {
            return;
        }
        w.key("reasoning").object(|w| {
            if let Some(effort) = effort {
                w.key("effort").string(effort.name());
            }
            if summary {
                w.key("summary").string("auto");
            }
        });
    }

    fn text(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        let is_chat = request.dialect == Dialect::OpenAi.name();
        let verbosity = request.extra.iter().find(|(name, _)| is_chat && *name == "verbosity");
        let format = match &request.format {
            Format::Text => None,
            Format::Json if !self.target.has(Features::JSON_MODE) => {
                self.losses.meaning(Member::Format, NO_JSON)?;
                None
            }
            Format::Schema { .. } if !self.target.has(Features::JSON_SCHEMA) => {
                self.losses.meaning(Member::Format, NO_SCHEMA)?;
                None
            }
            format => Some(format),
        };
        if format.is_none() && verbosity.is_none() {
            return Ok(());
        }
        w.key("text").object(|w| {
            if let Some(format) = format {
                w.key("format").object(|w| write_format(format, w));
            }
            if let Some((_, verbosity)) = verbosity {
                w.key("verbosity").raw(*verbosity);
            }
        });
        Ok(())
    }

    fn user(&mut self, w: &mut Writer<'_>) {
        if let Some(user) = openais_user(self.request, self.losses) {
            w.key("user").text(user);
        }
        if self.request.cache.is_some() {
            self.losses.advisory("cache_control");
        }
    }

    fn extra(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        let is_chat = request.dialect == Dialect::OpenAi.name();
        for (name, value) in &request.extra {
            let key = name.decode();
            let is_alike = is_chat && ALIKE.iter().any(|known| key == *known);
            // What is said elsewhere, and what is so anyway.
            let is_said = is_chat && (key == "verbosity" || key == "store" && value.as_bool() == Some(false));
            if is_alike && !self.target.row.quirks.iter().any(|quirk| rejects(quirk, &key)) {
                w.key_text(name).raw(*value);
            } else if !is_said {
                lose_member(request.dialect, name, *value, self.losses)?;
            }
        }
        for (name, value) in request.messages.iter().flat_map(|message| &message.extra) {
            lose_member_of_message(name, *value, self.losses)?;
        }
        Ok(())
    }
}

fn rejects(quirk: &Quirk, name: &str) -> bool {
    matches!(quirk, Quirk::Without(param) if *param == name)
}

fn write_format(format: &Format<'_>, w: &mut Writer<'_>) {
    match format {
        Format::Text => w.key("type").string("text"),
        Format::Json => w.key("type").string("json_object"),
        Format::Schema { name, description, schema, strict } => {
            w.key("type").string("json_schema");
            // OpenAI wants a name where others have none.
            w.key("name").text(name.as_ref().unwrap_or(&Text::from("answer")));
            if let Some(description) = description {
                w.key("description").text(description);
            }
            w.key("schema").raw(*schema);
            if let Some(strict) = strict {
                w.key("strict").bool(*strict);
            }
        }
    }
}
