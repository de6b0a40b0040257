//! What becomes of a request: its group, and the targets that can take it.

use super::refuse::refused;
use super::{Moment, Router};
use crate::chat::{Features, Request};
use crate::config::Group;
use crate::dialect::{Asked, Refusal, Surface, Target, Turn, ask_once, exchange};
use crate::filter::answer::Answer;
use crate::filter::models;
use crate::json::Raw;
use crate::plan::{Circumstances, Demand, PLANNED, Plan, Verdict, choose, least_tokens};

/// No dialect makes more than so many times its size of a request: schemas whose references Gemini wants followed come close,
/// and a request for embeddings of many short texts.
const MOST_GROWTH: usize = 20;

/// What planning made of a request.
pub(in crate::filter) struct Considered<'r> {
    /// The group's place in the configuration.
    pub place: usize,
    pub group: &'r Group,
    pub turn: Turn,
    pub plan: Plan,
    pub needs: Features,
}

impl Router {
    /// Reads a request and plans it, without sending it anywhere.
    pub(in crate::filter) fn consider(
        &self,
        surface: Surface,
        caller_headers: Vec<(String, String)>,
        raw: Raw<'_>,
        moment: &Moment<'_>,
    ) -> Result<Considered<'_>, Answer> {
        let limits = &self.runtime.config.listen.limits;
        let (mut asked, read) =
            ask_once(surface, raw, limits).map_err(|refusal| refused(surface, refusal))?;
        let (place, group) = self.group(&asked.model).map_err(|refusal| refused(surface, refusal))?;
        let turn = Turn {
            surface,
            requested_model: std::mem::take(&mut asked.model),
            stream: asked.stream,
            stream_usage: asked.stream_usage,
            id: Turn::id_of(moment.key),
            created: moment.now_ms / 1000,
            unsupported: group.unsupported,
            caller_headers,
        };
        let plan = self.choose(group, &asked, &turn, (raw, read.as_ref()), moment);
        Ok(Considered { place, group, turn, plan, needs: asked.needs })
    }

    fn group(&self, model: &str) -> Result<(usize, &Group), Refusal> {
        let config = &self.runtime.config;
        let group = models::find(config, model)?;
        let place = config.groups.iter().position(|known| known.name == group.name);
        Ok((place.unwrap_or(usize::MAX), group))
    }

    fn choose(
        &self,
        group: &Group,
        asked: &Asked,
        turn: &Turn,
        (raw, read): (Raw<'_>, Option<&Request<'_>>),
        moment: &Moment<'_>,
    ) -> Plan {
        let needs = asked.needs.only(PLANNED);
        let standing = |target: usize| {
            moment.standings.iter().find(|(known, _)| *known == target).map(|(_, standing)| *standing)
        };
        let most = self.runtime.config.listen.max_body_bytes;
        let sendable = usize::try_from(most).unwrap_or(usize::MAX);
        let is_small = |wire: &Target| {
            let told = raw.as_json().len().saturating_add(wire.instructions.length());
            told.saturating_mul(MOST_GROWTH) <= sendable
        };
        // A trial run shows what a dialect refuses before any provider is called; a plain request needs none.
        let refuses = |target: usize| {
            let wire = self.runtime.wire(target)?;
            // Claude's own dialect can't make up for a schema that its target lacks.
            let passes = || {
                (wire.instructions.is_empty() || is_small(wire))
                    && !exchange::may_refuse(turn, raw, wire)
                    && holds(asked.needs, &wire.asked_for(&turn.requested_model))
            };
            // A plain request may have stop sequences, which Responses lack.
            let is_plain = || asked.is_plain && is_small(wire) && !exchange::by_responses(turn, raw, wire);
            if is_plain() || passes() {
                return None;
            }
            match exchange::weigh(turn, raw, read, wire) {
                Err(refusal) => Some(Verdict::CantCarry(refusal.message)),
                Ok(length) => (length > sendable).then_some(Verdict::TooLarge(length, most)),
            }
        };
        let embeds = (turn.surface == Surface::Embeddings).then_some(turn.requested_model.as_str());
        let model = turn.requested_model.as_str();
        let demand = Demand { needs, model, embeds, least_tokens: least_tokens(asked.prompt_bytes) };
        let now = Circumstances {
            now_ms: moment.now_ms,
            pick: moment.pick,
            standing: &standing,
            refuses: &refuses,
        };
        choose(&self.runtime.config, group, &demand, &now)
    }
}

/// Whether a target can hold an answer to a schema, if that is asked for.
fn holds(needs: Features, wire: &Target) -> bool {
    needs.only(Features::JSON_SCHEMA).without(wire.capabilities).is_empty()
}
