//! What becomes of a request: its group, the targets that can take it, and what its caller is told where none can.

use super::{Moment, Router, refused};
use crate::chat::{Features, Request};
use crate::config::Group;
use crate::dialect::{
    Asked, CallerError, NO_THREADS, Refusal, Surface, Target, Turn, ask_once, exchange, is_about_threads,
};
use crate::failure::Class;
use crate::filter::answer::{Answer, header_value};
use crate::filter::aside::reasons;
use crate::filter::{degraded, headers};
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
        if let Some(group) = config.group_for(model)
            && let Some(place) = config.groups.iter().position(|known| known.name == group.name)
        {
            return Ok((place, group));
        }
        let hint = config.closest(model).map_or_else(
            || "GET /v1/models lists what there is.".to_owned(),
            |closest| format!("Did you mean `{closest}`? GET /v1/models lists what there is."),
        );
        let shown: String = model.chars().take(100).collect();
        Err(Refusal {
            status: 404,
            code: "model_not_found",
            param: Some("model".to_owned()),
            message: format!("The model `{shown}` does not exist here. {hint}"),
            lost: None,
        })
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
        let is_small = raw.as_json().len().saturating_mul(MOST_GROWTH) <= sendable;
        // A trial run shows what a dialect refuses before any provider is called; a plain request needs none.
        let refuses = |target: usize| {
            let wire = self.runtime.wire(target)?;
            // Claude's own dialect can't make up for a schema that its target lacks.
            let passes = || !exchange::may_refuse(turn.surface, wire.row) && holds(asked.needs, wire);
            if (asked.is_plain && is_small) || passes() {
                return None;
            }
            match exchange::weigh(turn, raw, read, wire) {
                Err(refusal) => Some(Verdict::CantCarry(refusal.message)),
                Ok(length) => (length > sendable).then_some(Verdict::TooLarge(length, most)),
            }
        };
        let embeds = (turn.surface == Surface::Embeddings).then_some(turn.requested_model.as_str());
        let demand = Demand { needs, embeds, least_tokens: least_tokens(asked.prompt_bytes) };
        let now = Circumstances {
            now_ms: moment.now_ms,
            pick: moment.pick,
            standing: &standing,
            refuses: &refuses,
        };
        choose(&self.runtime.config, group, &demand, &now)
    }

    /// Why nobody can be asked.
    pub(super) fn nobody(&self, turn: &Turn, group: &Group, plan: &Plan, now_ms: u64) -> Answer {
        let surface = turn.surface;
        let reasons = reasons(&self.runtime, group, plan, now_ms).join("; ");
        let reasons = reasons.trim_end_matches('.');
        let told = |answer: Answer| {
            let why = format!("No target of {} was asked: {reasons}.", group.name);
            answer.with(headers::GROUP, header_value(&group.name)).with(headers::DECISION, bounded(&why))
        };
        let ejected = plan
            .all_ejected_ms
            .map(|wait| (wait, Class::Connect, 503, "is ejected: its last streams broke off"));
        let cooling = plan
            .all_cooling_ms
            .map(|wait| (wait, Class::RateLimited, 429, "is cooling down after a rate limit"));
        if let Some((wait, class, status, how)) = ejected.or(cooling) {
            let seconds = wait.div_ceil(1000).max(1);
            if let Some(answer) =
                group.degraded.as_deref().and_then(|content| degraded::answer(turn, content))
            {
                return told(answer);
            }
            let error = CallerError {
                status,
                code: class.name().to_owned(),
                param: None,
                message: format!(
                    "Every target of `{}` that could take this request {how}. Try again in {seconds} s.",
                    group.name
                ),
            };
            return told(Answer::error(surface, &error).with("retry-after", seconds.to_string()));
        }
        // Whose vectors are others is not asked, however long the request is.
        let all = |is: fn(&Verdict) -> bool| {
            let mut fit =
                plan.verdicts.iter().filter(|verdict| **verdict != Verdict::OtherVectors).peekable();
            fit.peek().is_some() && fit.all(is)
        };
        let long = all(|verdict| matches!(verdict, Verdict::TooLong(_)));
        let large = all(|verdict| matches!(verdict, Verdict::TooLarge(..)));
        let no_threads = plan
            .verdicts
            .iter()
            .any(|verdict| matches!(verdict, Verdict::CantCarry(why) if is_about_threads(why)));
        let refusal = Refusal {
            status: if large { 413 } else { 400 },
            code: match () {
                () if long => "context_length_exceeded",
                () if large => "request_too_large",
                () if no_threads => NO_THREADS,
                () => "unsupported_parameter",
            },
            param: None,
            message: format!("No target of `{}` can take this request: {reasons}.", group.name),
            lost: None,
        };
        told(refused(surface, refusal))
    }
}

/// Whether a target can hold an answer to a schema, if that is asked for.
fn holds(needs: Features, wire: &Target) -> bool {
    needs.only(Features::JSON_SCHEMA).without(wire.capabilities).is_empty()
}

/// A sentence as a header's value: reasons of many targets are longer than many a client takes.
fn bounded(sentence: &str) -> String {
    const MOST: usize = 1024;
    let mut line = header_value(sentence).into_owned();
    if line.len() > MOST {
        line.truncate(MOST);
        line.push_str("...");
    }
    line
}
