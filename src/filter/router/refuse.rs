//! What a caller is told whose request goes nowhere.

use super::Router;
use crate::config::Group;
use crate::dialect::{CallerError, NO_THREADS, Refusal, Surface, Turn, is_about_threads};
use crate::failure::Class;
use crate::filter::answer::{Answer, header_value};
use crate::filter::aside::reasons;
use crate::filter::{degraded, headers};
use crate::plan::{Plan, Verdict};

impl Router {
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
        let code = match () {
            () if long => "context_length_exceeded",
            () if large => "request_too_large",
            () if no_threads => NO_THREADS,
            () => "unsupported_parameter",
        };
        let message = format!("No target of `{}` can take this request: {reasons}.", group.name);
        told(refused(surface, Refusal::of(if large { 413 } else { 400 }, code, message)))
    }
}

/// What a caller is told whose request doesn't come.
pub(super) fn late(surface: Surface) -> Answer {
    let error = CallerError {
        status: 408,
        code: "body_timeout".to_owned(),
        param: None,
        message:
            "The body of the request did not arrive in time (`listen.body_timeout`). Send it again, faster."
                .to_owned(),
    };
    Answer::error(surface, &error)
}

pub(super) fn refused(surface: Surface, refusal: Refusal) -> Answer {
    let allow = refusal.status == 405;
    let answer = Answer::error(surface, &CallerError::from(refusal));
    if allow { answer.with("allow", "POST") } else { answer }
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
