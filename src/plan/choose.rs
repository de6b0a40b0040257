//! Choosing: which members of a group a request may go to, why the others not, and who comes first.

use super::drill::draw;
use super::{Members, Standing, State, heads, order};
use crate::chat::Features;
use crate::dialect::{Unsupported, exchange};
use crate::settings::{Config, Group, Member, Strategy, Target, WhenAll};

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
    .with(Features::LOGPROBS);

/// What a request asks of a target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Demand<'d> {
    pub needs: Features,
    /// It asks for embeddings, of the model that it calls so.
    pub embeds: Option<&'d str>,
    /// Tokens that prompt and answer take at the very least; see [`least_tokens`].
    pub least_tokens: u64,
}

/// Why a member is in the order or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    In,
    /// It has not all that the request needs.
    Lacks(Features),
    /// The request surely exceeds its window of so many tokens.
    TooLong(u64),
    /// Embeddings: its model is not the one whose vectors the group gives.
    OtherVectors,
    /// Its dialect can't carry the request, in words.
    CantCarry(String),
    /// What its dialect makes of the request has so many bytes, and so many may be sent.
    TooLarge(usize, u64),
    /// It rate limited us or its quota is spent, until so many milliseconds since 1970.
    Cooling(u64),
    /// So many streams of it in a row broke off: it is left alone until so many milliseconds since 1970.
    Ejected {
        streams: u32,
        until_ms: u64,
    },
    /// Envoy has it ejected; so many percent of the requests look whether it is back, and this one doesn't.
    Missing(u32),
    /// It has come back and gets so many percent of the requests; this one isn't among them.
    Returning(u32),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::In => f.write_str("can take the request"),
            Verdict::Lacks(missing) => {
                write!(f, "lacks {}", missing.names().collect::<Vec<_>>().join(", "))
            }
            Verdict::TooLong(window) => write!(f, "has a context window of only {window} tokens"),
            Verdict::OtherVectors => f.write_str("answers with another model's vectors"),
            Verdict::CantCarry(why) => write!(f, "can't carry the request: {why}"),
            Verdict::TooLarge(bytes, most) => {
                write!(
                    f,
                    "would get {bytes} bytes once the request is translated, of {most} that may be sent"
                )
            }
            Verdict::Cooling(until) => write!(f, "is cooling down until {until} ms after 1970"),
            Verdict::Ejected { streams: 1, .. } => f.write_str("is ejected: its last stream broke off"),
            Verdict::Ejected { streams, .. } => {
                write!(f, "is ejected: its last {streams} streams broke off")
            }
            Verdict::Missing(percent) => {
                write!(f, "is ejected: {percent} % of the requests look whether it is back")
            }
            Verdict::Returning(percent) => {
                write!(f, "is coming back: {percent} % of the requests go there first")
            }
        }
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Places in [`Group::members`], in the order to try; empty if nobody can be asked.
    pub order: Vec<usize>,
    /// One for each member.
    pub verdicts: Vec<Verdict>,
    /// Every target that could take the request is cooling down; the first comes back in so many milliseconds.
    /// With `when_all_cooling: try_anyway` there is an order all the same.
    pub all_cooling_ms: Option<u64>,
    /// Every target that could take the request and isn't cooling down is ejected for broken streams; the first comes back in
    /// so many milliseconds. With `when_all_ejected: try_anyway` there is an order all the same.
    pub all_ejected_ms: Option<u64>,
}

/// What the moment knows.
pub struct Circumstances<'c> {
    pub now_ms: u64,
    /// A random number.
    pub pick: u64,
    /// What is known of a target (a place in [`Config::targets`]); `None` of one that nothing is known of.
    pub standing: &'c dyn Fn(usize) -> Option<Standing>,
    /// Why a target's dialect can't carry this request.
    pub refuses: &'c dyn Fn(usize) -> Option<Verdict>,
}

/// Plans one request.
pub fn choose(config: &Config, group: &Group, demand: &Demand<'_>, now: &Circumstances<'_>) -> Plan {
    let vectors = demand.embeds.and_then(|asked| Vectors::of(config, group, asked));
    let judge = |goes_without: bool| -> Vec<Verdict> {
        let judged = |member: &Member| verdict(config, member.target, demand, vectors, now, goes_without);
        group.members.iter().map(judged).collect()
    };
    let mut verdicts = judge(false);
    // Only where nobody has all of it does a request go on without a part.
    let has_all =
        |verdict: &Verdict| matches!(verdict, Verdict::In | Verdict::Cooling(_) | Verdict::Ejected { .. });
    if group.unsupported == Unsupported::Drop && !verdicts.iter().any(has_all) {
        verdicts = judge(true);
    }
    let are = |verdicts: &[Verdict], wanted: fn(&Verdict) -> bool| -> Members {
        verdicts.iter().enumerate().filter(|(_, verdict)| wanted(verdict)).map(|(place, _)| place).collect()
    };
    let mut left = are(&verdicts, |verdict| *verdict == Verdict::In);
    let (mut all_cooling_ms, mut all_ejected_ms) = (None, None);
    if left.is_empty() {
        let first = |until: fn(&Verdict) -> Option<u64>| {
            verdicts.iter().filter_map(until).map(|until_ms| until_ms.saturating_sub(now.now_ms)).min()
        };
        all_ejected_ms = first(|verdict| match verdict {
            Verdict::Ejected { until_ms, .. } => Some(*until_ms),
            _ => None,
        });
        let cooling_ms = first(|verdict| match verdict {
            Verdict::Cooling(until_ms) => Some(*until_ms),
            _ => None,
        });
        all_cooling_ms = cooling_ms.filter(|_| all_ejected_ms.is_none());
        if group.when_all_ejected == WhenAll::TryAnyway {
            left = are(&verdicts, |verdict| matches!(verdict, Verdict::Ejected { .. }));
        }
        if left.is_empty() && group.when_all_cooling == WhenAll::TryAnyway {
            left = are(&verdicts, |verdict| matches!(verdict, Verdict::Cooling(_)));
        }
    }
    let (left, head) = head(group, left, now, &mut verdicts);
    let order = order(group, left, head);
    Plan { order, verdicts, all_cooling_ms, all_ejected_ms }
}

/// Whose vectors a group gives: two models' in one index can't be compared, so whatever fails, nobody else is asked.
#[derive(Clone, Copy)]
struct Vectors<'v> {
    asked: &'v str,
    model: &'v str,
}

impl<'v> Vectors<'v> {
    /// Those of the first target that has embeddings, able to take this one request or not: another request would get
    /// another model's.
    fn of(config: &'v Config, group: &Group, asked: &'v str) -> Option<Vectors<'v>> {
        let mut targets = group.members.iter().filter_map(|member| config.targets.get(member.target));
        let first = targets.find(|target| exchange::embeds(&target.wire, asked))?;
        Some(Vectors { asked, model: first.wire.model(asked) })
    }

    /// Who has no embeddings has no others.
    fn are_others(&self, target: &Target) -> bool {
        !target.same_vectors
            && target.wire.model(self.asked) != self.model
            && exchange::embeds(&target.wire, self.asked)
    }
}

/// `goes_without`: what the target's dialect can leave out is not needed.
fn verdict(
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
    let (target, breaker) = (&target.wire, &target.circuit_breaker);
    let droppable = if goes_without { target.droppable() } else { Features::NONE };
    let missing = demand.needs.without(target.planned()).without(droppable);
    if !missing.is_empty() {
        return Verdict::Lacks(missing);
    }
    if let Some(window) = target.context_window.filter(|window| demand.least_tokens > *window) {
        return Verdict::TooLong(window);
    }
    if let Some(verdict) = (now.refuses)(place) {
        return verdict;
    }
    match (now.standing)(place).map(|standing| standing.state(now.now_ms)) {
        Some(State::Cooling(until_ms)) => Verdict::Cooling(until_ms),
        Some(State::Ejected(until_ms)) => {
            Verdict::Ejected { streams: breaker.consecutive_failures, until_ms }
        }
        Some(State::Good | State::Missing(_) | State::Returning(_)) | None => Verdict::In,
    }
}

/// Who comes first, and who is left with it.
///
/// A target that comes back gets only a share of the requests. One that doesn't get this request stays in the order where
/// another of its tier may come first, and so stands behind it; else it is left out, as the order of priorities is fixed. But
/// only where somebody reliable stands in: better all requests for one that has just come back than for one that fails.
fn head(
    group: &Group,
    left: Members,
    now: &Circumstances<'_>,
    verdicts: &mut [Verdict],
) -> (Members, Option<usize>) {
    let standing = |place: usize| (now.standing)(group.members.get(place)?.target);
    let mut set = left;
    let mut stood_back: Vec<(usize, Verdict)> = Vec::new();
    loop {
        let first = heads(group, set);
        let back: Vec<(usize, Verdict)> = first
            .iter()
            .filter_map(|place| Some((place, stands_back(standing(place)?.state(now.now_ms), place, now)?)))
            .collect();
        let candidates = back.iter().fold(first, |candidates, (place, _)| candidates.without(*place));
        let rest = first.iter().fold(set, Members::without);
        stood_back.extend(back);
        if !candidates.is_empty() {
            for (place, verdict) in stood_back {
                if let Some(known) = verdicts.get_mut(place) {
                    *known = verdict;
                }
            }
            return (set, pick(group, candidates, now.pick));
        }
        let is_reliable = |place: usize| standing(place).is_none_or(|one| one.is_reliable(now.now_ms));
        if !rest.iter().any(is_reliable) {
            return (left, pick(group, heads(group, left), now.pick));
        }
        set = rest;
    }
}

/// Why a target doesn't come first for this request, if it comes back only little by little.
fn stands_back(state: State, place: usize, now: &Circumstances<'_>) -> Option<Verdict> {
    /// Other luck than that of drills.
    const APART: usize = 1_000;
    let is_chosen =
        |percent: u32| draw(now.pick, place.saturating_add(APART)) < percent.saturating_mul(10_000);
    match state {
        State::Missing(percent) if !is_chosen(percent) => Some(Verdict::Missing(percent)),
        State::Returning(percent) if !is_chosen(percent) => Some(Verdict::Returning(percent)),
        _ => None,
    }
}

/// One of those that may come first, as the strategy says.
fn pick(group: &Group, candidates: Members, pick: u64) -> Option<usize> {
    match group.strategy {
        Strategy::Ordered | Strategy::LowestCost => candidates.iter().next(),
        Strategy::WeightedRoundRobin => {
            let weight = |place: usize| group.members.get(place).map_or(0, |member| u64::from(member.weight));
            let total: u64 = candidates.iter().map(weight).sum();
            let mut at = pick.checked_rem(total)?;
            candidates.iter().find(|place| {
                let weight = weight(*place);
                let hit = at < weight;
                at = at.saturating_sub(weight);
                hit
            })
        }
    }
}

/// The fewest tokens that a prompt of so many bytes can have, with `answer` tokens asked for at the least.
///
/// Tokenizers give ordinary text about one token for four bytes; runs of blanks or one repeated letter are the densest
/// text there is, at well under 32 bytes a token. So a request that this says is too long surely is, and one that
/// would fit is never left out.
pub fn least_tokens(prompt_bytes: usize) -> u64 {
    u64::try_from(prompt_bytes / 32).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
