//! What steers the model: limits, stop sequences and sampling, in Converse's own `inferenceConfig` and in the members
//! that only some models know.

use super::family::Family;
use crate::chat::{Features, Request, Sampling};
use crate::dialect::talk::{StopBounds, list_foreign_sampling};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// What goes out, checked.
#[derive(Debug, Default)]
pub(super) struct InferenceConfig<'r> {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Vec<&'r Text<'r>>,
    top_k: Option<(Family, Raw<'r>)>,
}

impl<'r> InferenceConfig<'r> {
    /// # Errors
    /// Stop sequences that the model doesn't take.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        family: Family,
        losses: &mut Losses,
    ) -> Result<InferenceConfig<'r>, Refusal> {
        let max_tokens = request.max_tokens.map(|asked| target.capped(asked, losses));
        let mut plan = InferenceConfig { max_tokens, ..InferenceConfig::default() };
        plan.stop = stop_sequences(request, target, family, losses)?;
        plan.sample(&request.sampling, target, family, losses);
        list_foreign_sampling(&request.sampling, losses);
        Ok(plan)
    }

    fn sample(&mut self, sampling: &Sampling<'r>, target: &Target, family: Family, losses: &mut Losses) {
        let takes = target.has(Features::SAMPLING);
        let mut bounded = |name, value: Option<Raw<'_>>| {
            let value = value?;
            let number = value.as_f64().filter(|_| takes).map(|number| number.clamp(0.0, 1.0));
            if number.is_none() {
                losses.advisory(name);
            }
            number
        };
        self.temperature = bounded("temperature", sampling.temperature);
        self.top_p = bounded("top_p", sampling.top_p);
        if family == Family::Claude && self.temperature.is_some() && self.top_p.take().is_some() {
            // Newer models refuse the two together.
            losses.advisory("top_p");
        }
        if let Some(top_k) = sampling.top_k {
            match family {
                Family::Claude | Family::Nova if takes => self.top_k = Some((family, top_k)),
                _ => losses.advisory("top_k"),
            }
        }
    }

    /// Claude takes no sampling while it thinks, but for a `top_p` of 0.95 or more.
    pub(super) fn leave_out_sampling(&mut self, losses: &mut Losses) {
        if self.temperature.take().is_some_and(|temperature| temperature < 1.0) {
            losses.advisory("temperature");
        }
        if self.top_k.take().is_some() {
            losses.advisory("top_k");
        }
        if self.top_p.is_some_and(|top_p| top_p < 0.95) {
            self.top_p = None;
            losses.advisory("top_p");
        }
    }

    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// Whether the answer is limited or sampled.
    pub(super) fn steers(&self) -> bool {
        self.max_tokens.is_some() || self.temperature.is_some() || self.top_p.is_some()
    }

    pub(super) fn has_stop(&self) -> bool {
        !self.stop.is_empty()
    }

    /// Writes the member `inferenceConfig`, if there is something to say.
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        if !self.steers() && self.stop.is_empty() {
            return;
        }
        w.key("inferenceConfig").object(|w| {
            if let Some(max_tokens) = self.max_tokens {
                w.key("maxTokens").u64(max_tokens);
            }
            if let Some(temperature) = self.temperature {
                w.key("temperature").f64(temperature);
            }
            if let Some(top_p) = self.top_p {
                w.key("topP").f64(top_p);
            }
            if !self.stop.is_empty() {
                w.key("stopSequences").array(|w| self.stop.iter().for_each(|sequence| w.text(sequence)));
            }
        });
    }

    pub(super) fn has_field(&self) -> bool {
        self.top_k.is_some()
    }

    /// Writes the model's own members into `additionalModelRequestFields`.
    pub(super) fn write_field(&self, w: &mut Writer<'_>) {
        match self.top_k {
            None => {}
            Some((Family::Nova, top_k)) => w.key("inferenceConfig").object(|w| w.key("topK").raw(top_k)),
            Some((_, top_k)) => w.key("top_k").raw(top_k),
        }
    }
}
fn stop_sequences<'r>(
    request: &'r Request<'r>,
    target: &Target,
    family: Family,
    losses: &mut Losses,
) -> Result<Vec<&'r Text<'r>>, Refusal> {
    let most = family.max_stop_sequences();
    let too_many = format!("has more than {most} sequences, the most that this target takes");
    let bounds = StopBounds {
        is_refused: if family == Family::Claude { |text| text.is_blank() } else { |text| text.is_empty() },
        why: Some("holds a sequence without a visible character, which this target doesn't take"),
        most,
        too_many: &too_many,
    };
    bounds.kept(request, target, losses)
}
