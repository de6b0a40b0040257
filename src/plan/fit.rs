//! Who fits: whether a target can take a request, by what it has and how it stands.

use super::{Availability, Circumstances, Demand, Verdict, least_tokens};
use crate::chat::Features;
use crate::dialect::exchange;
use crate::settings::{Config, Group, TargetSettings};

/// Features that only some targets have: what planning goes by, as far as a dialect doesn't make up for them
/// ([`crate::dialect::Target::planned`]).
pub const PLANNED: Features = Features::TOOLS
    .with(Features::VISION)
    .with(Features::IMAGE_URLS)
    .with(Features::JSON_SCHEMA)
    .with(Features::JSON_MODE)
    .with(Features::AUDIO)
    .with(Features::DOCUMENTS)
    .with(Features::CANDIDATES)
    .with(Features::LOGPROBS)
    .with(Features::STOP)
    .with(Features::FORCED_TOOLS);

/// Whose vectors a group gives: two models' in one index can't be compared, so whatever fails, nobody else is asked.
#[derive(Clone, Copy)]
pub(super) struct Vectors<'v> {
    asked: &'v str,
    model: &'v str,
}

impl<'v> Vectors<'v> {
    /// Those of the first target that has embeddings, able to take this one request or not, and on or off: another request
    /// would get another model's.
    pub(super) fn of(config: &'v Config, group: &Group, asked: &'v str) -> Option<Vectors<'v>> {
        let mut targets = group.members.iter().filter_map(|member| config.targets.get(member.target));
        let first = targets.find(|target| exchange::embeds(&target.wire, asked))?;
        Some(Vectors { asked, model: first.wire.model(asked) })
    }

    /// Who has no embeddings has no others.
    fn are_others(&self, target: &TargetSettings) -> bool {
        !target.same_vectors
            && target.wire.model(self.asked) != self.model
            && exchange::embeds(&target.wire, self.asked)
    }
}

/// Whether a target (a place in [`Config::targets`]) can take the request, and else why not.
/// `goes_without`: what the target's dialect can leave out is not needed.
pub(super) fn verdict(
    config: &Config,
    place: usize,
    demand: &Demand<'_>,
    vectors: Option<Vectors<'_>>,
    now: &Circumstances<'_>,
    goes_without: bool,
) -> Verdict {
    let Some(target) = config.targets.get(place) else { return Verdict::Lacks(Features::NONE) };
    if vectors.is_some_and(|vectors| vectors.are_others(target)) {
        return Verdict::OtherVectors;
    }
    let (target, breaker) = (target.wire.asked_for(demand.model), &target.circuit_breaker);
    let droppable = if goes_without { target.droppable() } else { Features::NONE };
    let missing = demand.needs.without(target.planned()).without(droppable);
    if !missing.is_empty() {
        return Verdict::Lacks(missing);
    }
    let told = least_tokens(if demand.embeds.is_some() { 0 } else { target.instructions.length() });
    let least = demand.least_tokens.saturating_add(told);
    if let Some(window) = target.context_window.filter(|window| least > *window) {
        return Verdict::TooLong(window);
    }
    if let Some(verdict) = (now.refuses)(place) {
        return verdict;
    }
    match (now.standing)(place).map(|standing| standing.state(now.now_ms)) {
        Some(Availability::Cooling(until_ms)) => Verdict::Cooling(until_ms),
        Some(Availability::Ejected(until_ms)) => {
            Verdict::Ejected { streams: breaker.consecutive_failures, until_ms }
        }
        Some(Availability::Good | Availability::Missing(_) | Availability::Returning(_)) | None => {
            Verdict::In
        }
    }
}
