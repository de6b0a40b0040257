//! `generationConfig`: limits, sampling, the form of the answer, and how much to think.
//!
//! <https://ai.google.dev/api/generate-content#generationconfig>

use super::generation::{GeminiModel, Way};
use super::schema::{self, Use};
use super::tools::GeminiTools;
use crate::catalog::Efforts;
use crate::chat::{Effort, Features, Format, Request, Sampling, Thinking};
use crate::dialect::loss::Member;
use crate::dialect::piece::structured::described;
use crate::dialect::talk::{NO_JSON, NO_SCHEMA, StopBounds, effort_of};
use crate::dialect::{Losses, Refusal};
use crate::json::{Raw, Text, Writer};

const STOP: StopBounds<'_> = StopBounds {
    is_refused: |text| text.is_empty(),
    why: None,
    most: 5,
    too_many: "has more than five sequences, and Gemini takes five",
};

/// What goes out in `generationConfig`.
#[derive(Debug, Default)]
pub(super) struct GenerationConfig<'r> {
    stop: Vec<&'r Text<'r>>,
    max_tokens: Option<u64>,
    candidates: Option<u64>,
    /// Log probabilities, and of how many alternatives.
    logprobs: Option<Option<u64>>,
    /// Named numbers, as they were written.
    numbers: Vec<(&'static str, Raw<'r>)>,
    is_json: bool,
    schema: Option<String>,
    thinking: Option<ThinkingConfig>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThinkingConfig {
    amount: Option<Amount>,
    shown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Amount {
    Level(&'static str),
    /// In tokens.
    Budget(u64),
    /// As many tokens as the model likes.
    Free,
}

impl<'r> GenerationConfig<'r> {
    /// # Errors
    /// What the model can't do, unless dropping it is allowed.
    pub(super) fn of(
        request: &'r Request<'r>,
        model: GeminiModel<'_>,
        tools: &GeminiTools<'_>,
        losses: &mut Losses,
    ) -> Result<GenerationConfig<'r>, Refusal> {
        let max_tokens = request.max_tokens.map(|asked| model.target.capped(asked, losses));
        let stop = STOP.kept(request, model.target, losses)?;
        let mut plan = GenerationConfig { max_tokens, stop, ..GenerationConfig::default() };
        if request.candidates.is_some_and(|n| n > 1) {
            if model.target.has(Features::CANDIDATES) {
                plan.candidates = request.candidates;
            } else {
                losses.meaning("n", "asks for several answers, and this target gives one")?;
            }
        }
        if request.logprobs.on {
            if model.target.has(Features::LOGPROBS) {
                plan.logprobs = Some(request.logprobs.top.filter(|top| *top > 0));
            } else {
                losses.meaning(
                    "logprobs",
                    "can't be had from this target, which gives no probabilities of tokens",
                )?;
            }
        }
        plan.sample(&request.sampling, model, losses);
        plan.form(&request.format, model, tools, losses)?;
        plan.thinking = thinking(&request.thinking, model, losses);
        Ok(plan)
    }

    fn sample(&mut self, sampling: &Sampling<'r>, model: GeminiModel<'_>, losses: &mut Losses) {
        let has_sampling = model.target.has(Features::SAMPLING);
        let is_zero = |value: Raw<'_>| value.as_f64() == Some(0.0);
        // The API's seed has 32 bits.
        let fits = |value: Raw<'_>| value.as_i64().is_some_and(|seed| i32::try_from(seed).is_ok());
        let all = [
            ("temperature", "temperature", sampling.temperature, has_sampling),
            ("topP", "top_p", sampling.top_p, has_sampling),
            ("topK", "top_k", sampling.top_k, has_sampling),
            ("seed", "seed", sampling.seed, sampling.seed.is_some_and(fits)),
            (
                "presencePenalty",
                "presence_penalty",
                sampling.presence_penalty.filter(|v| !is_zero(*v)),
                has_sampling,
            ),
            (
                "frequencyPenalty",
                "frequency_penalty",
                sampling.frequency_penalty.filter(|v| !is_zero(*v)),
                has_sampling,
            ),
        ];
        for (sent, name, value, is_taken) in all {
            match value {
                Some(value) if is_taken => self.numbers.push((sent, value)),
                Some(_) => losses.advisory(name),
                None => {}
            }
        }
        if sampling.logit_bias.is_some_and(|bias| bias.fields().next().is_some()) {
            losses.advisory("logit_bias");
        }
    }

    /// The form of the answer. Where a tool must be called there is no answer to give a form to.
    fn form(
        &mut self,
        format: &Format<'_>,
        model: GeminiModel<'_>,
        tools: &GeminiTools<'_>,
        losses: &mut Losses,
    ) -> Result<(), Refusal> {
        if *format == Format::Text || tools.must_call() {
            return Ok(());
        }
        if tools.may_call() && !model.is_levelled() {
            return losses
                .meaning(Member::Format, "can't go together with tools at a Gemini model older than 3");
        }
        let schema = match format {
            Format::Text => return Ok(()),
            Format::Json if !model.target.has(Features::JSON_MODE) => {
                return losses.meaning(Member::Format, NO_JSON);
            }
            Format::Json => None,
            Format::Schema { schema, description, .. } => Some((*schema, description.as_ref())),
        };
        self.is_json = true;
        let Some((schema, description)) = schema else { return Ok(()) };
        if !model.target.has(Features::JSON_SCHEMA) {
            return losses.meaning(Member::Format, NO_SCHEMA);
        }
        match schema::adapted(schema, Use::Answer) {
            Ok(adapted) => {
                let adapted = String::from_utf8(adapted).unwrap_or_default();
                self.schema = Some(described(adapted, description));
            }
            Err(flaw) => losses.meaning(Member::Format, &flaw.to_string())?,
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.stop.is_empty()
            && self.max_tokens.is_none()
            && self.candidates.is_none()
            && self.logprobs.is_none()
            && self.numbers.is_empty()
            && !self.is_json
            && self.thinking.is_none()
    }

    /// Writes the member, if there is something to say.
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        if self.is_empty() {
            return;
        }
        w.key("generationConfig").object(|w| {
            if let Some(tokens) = self.max_tokens {
                w.key("maxOutputTokens").u64(tokens);
            }
            for (name, value) in &self.numbers {
                w.key(name).raw(*value);
            }
            if !self.stop.is_empty() {
                w.key("stopSequences").array(|w| self.stop.iter().for_each(|sequence| w.text(sequence)));
            }
            if let Some(candidates) = self.candidates {
                w.key("candidateCount").u64(candidates);
            }
            if let Some(top) = self.logprobs {
                w.key("responseLogprobs").bool(true);
                if let Some(top) = top {
                    w.key("logprobs").u64(top);
                }
            }
            if self.is_json {
                w.key("responseMimeType").string("application/json");
            }
            if let Some(schema) = &self.schema {
                w.key("responseJsonSchema").raw(Raw::trusted(schema));
            }
            if let Some(thinking) = self.thinking {
                thinking.write(w);
            }
        });
    }
}

impl ThinkingConfig {
    fn write(self, w: &mut Writer<'_>) {
        w.key("thinkingConfig").object(|w| {
            match self.amount {
                None => {}
                Some(Amount::Level(level)) => w.key("thinkingLevel").string(level),
                Some(Amount::Budget(tokens)) => w.key("thinkingBudget").u64(tokens),
                Some(Amount::Free) => w.key("thinkingBudget").raw(Raw::trusted("-1")),
            }
            if self.shown {
                w.key("includeThoughts").bool(true);
            }
        });
    }
}

/// What is said about thinking; `None` for nothing. What the model can't be told only advises.
fn thinking(wanted: &Thinking, model: GeminiModel<'_>, losses: &mut Losses) -> Option<ThinkingConfig> {
    if *wanted == Thinking::default() {
        return None;
    }
    let is_off = wanted.off || wanted.effort == Some(Effort::None);
    let Some(way) = model.way(wanted.budget.is_some()) else {
        if !is_off {
            losses.advisory(Member::Thinking);
        }
        return None;
    };
    let amount = match way {
        Way::Level => {
            let effort =
                wanted.effort.or_else(|| wanted.budget.map(|budget| effort_of(budget, Effort::Minimal)));
            if is_off {
                // These models can't be kept from thinking; the least they do is listed as not what was asked for.
                losses.advisory(Member::Thinking);
                Some(Amount::Level(level(Effort::None, model)))
            } else {
                effort.map(|effort| Amount::Level(level(effort, model)))
            }
        }
        Way::Budget => {
            let (least, most) = model.budgets();
            let tokens = wanted.budget.or_else(|| wanted.effort.map(Effort::budget));
            match tokens {
                _ if is_off && least > 1 && model.is_pro() => {
                    losses.advisory(Member::Thinking);
                    Some(Amount::Budget(least))
                }
                _ if is_off => Some(Amount::Budget(0)),
                Some(tokens) => Some(Amount::Budget(tokens.clamp(least, most))),
                None if wanted.adaptive => Some(Amount::Free),
                None => None,
            }
        }
    };
    let shown = !is_off && wanted.show != Some(false);
    (amount.is_some() || shown).then_some(ThinkingConfig { amount, shown })
}

/// The level of an effort, as Google's own OpenAI-compatible API has it
/// (<https://ai.google.dev/gemini-api/docs/openai#thinking>): HIGH is the most that every model takes, and Pro models know
/// no MINIMAL.
fn level(effort: Effort, model: GeminiModel<'_>) -> &'static str {
    let known = model.target.efforts;
    let told = if known == Efforts::ALL { LEVELS.nearest(effort) } else { known.nearest(effort) };
    match told {
        Some(Effort::None | Effort::Minimal) if !model.is_pro() => "MINIMAL",
        Some(Effort::None | Effort::Minimal | Effort::Low) => "LOW",
        Some(Effort::Medium) => "MEDIUM",
        Some(Effort::XHigh | Effort::Max) => "XHIGH",
        Some(Effort::High) | None => "HIGH",
    }
}

/// Those of a model that nothing is known of.
const LEVELS: Efforts = Efforts::of(&[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High]);
