//! What a caller is told whose request goes nowhere.

use super::Router;
use crate::config::{Group, SwitchedOff};
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
        if let Some(Excuse { status, code, how, seconds }) = Excuse::of(plan) {
            if let Some(answer) =
                group.degraded.as_deref().and_then(|content| degraded::answer(turn, content))
            {
                return told(answer);
            }
            let then = match seconds {
                Some(seconds) => format!("Try again in {seconds} s."),
                None => "Ask the gateway's operator.".to_owned(),
            };
            let message =
                format!("Every target of `{}` that could take this request {how}. {then}", group.name);
            let error = CallerError { status, code: code.to_owned(), param: None, message };
            let answer = Answer::error(surface, &error);
            return told(match seconds {
                Some(seconds) => answer.with("retry-after", seconds.to_string()),
                None => answer,
            });
        }
        // Whose vectors are others is not asked, however long the request is, and neither is who is off.
        let all = |is: fn(&Verdict) -> bool| {
            let is_asked = |verdict: &&Verdict| !matches!(verdict, Verdict::OtherVectors | Verdict::Off(_));
            let mut fit = plan.verdicts.iter().filter(is_asked).peekable();
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

/// Why nobody can be asked, where that is no fault of the request.
struct Excuse {
    status: u16,
    code: &'static str,
    /// Follows "every target".
    how: &'static str,
    /// When to try again, if that is known.
    seconds: Option<u64>,
}

impl Excuse {
    fn of(plan: &Plan) -> Option<Excuse> {
        let seconds = |wait_ms: u64| Some(wait_ms.div_ceil(1000).max(1));
        let class = |class: Class, how, seconds| Excuse {
            status: class.caller_status(),
            code: class.name(),
            how,
            seconds,
        };
        let ejected = |wait| class(Class::Connect, "is ejected: its last streams broke off", seconds(wait));
        let cooling = |wait| class(Class::RateLimited, "is cooling down after a rate limit", seconds(wait));
        let off = |off| match off {
            SwitchedOff::NoKey => class(Class::Auth, "is out: a key is missing", None),
            SwitchedOff::Disabled | SwitchedOff::WithGroup => {
                Excuse { status: 503, code: "targets_disabled", how: "is disabled", seconds: None }
            }
        };
        let found = plan.all_ejected_ms.map(ejected).or_else(|| plan.all_cooling_ms.map(cooling));
        found.or_else(|| plan.all_off.map(off))
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
