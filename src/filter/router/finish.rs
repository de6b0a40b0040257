//! The answer on its way back: a good one passes, and where nobody answered the last word is ours.

use super::origin::{self, Fact, OURS, Origin};
use super::{Phase, Router};
use crate::dialect::{CallerError, exchange};
use crate::failure::{Class, Failure, said};
use crate::filter::answer::{Answer, BUSY, busy_answer, header_value};
use crate::filter::attempt::failure_from;
use crate::filter::degraded;
use crate::filter::headers::{self, Header};
use crate::filter::trip::Trip;
use crate::json::Raw;
use std::rc::Rc;

/// What the host does with an answer's headers.
#[derive(Debug, PartialEq, Eq)]
pub enum ResponseStep {
    /// Let it go as it is.
    Pass,
    /// Answer so in its place.
    Answer(LastWord),
    /// Another filter's refusal: add these headers, collect the body, and put what [`Router::theirs`] makes of it in its place.
    Hold(Vec<(&'static str, String)>),
}

/// An answer in the place of Envoy's.
#[derive(Debug, PartialEq, Eq)]
pub struct LastWord {
    /// What the caller gets.
    pub answer: Answer,
    /// Headers that Envoy's answer had and this one keeps.
    pub kept: Vec<(Vec<u8>, Vec<u8>)>,
    /// For the access log: a failure class or a code of the gateway's own; nothing of another filter's answer.
    pub class: Option<&'static str>,
    /// What Envoy shall keep as `response.code_details`.
    pub details: String,
    /// For the operator.
    pub log: Option<String>,
}

/// The longest body of another filter's that is put into an envelope, in bytes; a longer one stays as it is.
pub const MOST_OF_THEIRS: usize = 64 * 1024;

impl Router {
    /// The trip, once there is one.
    pub fn trip(&self) -> Option<&Rc<Trip>> {
        match &self.phase {
            Phase::Sent(trip) => Some(trip),
            _ => None,
        }
    }

    /// What the caller's stream must end with, once: its provider fell silent.
    pub fn last_words(&self) -> Option<Vec<u8>> {
        self.trip()?.note(|ledger| ledger.last_words.take())
    }

    /// The class of the failure that those words tell of, once.
    pub fn take_broke(&self) -> Option<Class> {
        self.trip()?.note(|ledger| ledger.broke.take())
    }

    /// Whether the answer's headers must be looked at: not if a translator of this VM has finished them.
    pub fn must_finish(&self) -> bool {
        self.trip().is_some_and(|trip| trip.read(|ledger| ledger.answered.is_none()))
    }

    /// The headers of an answer that no translator of this VM has finished: one of another VM's, the last failure, or one that no
    /// provider gave. `end`: it has no body. `fact` tells what Envoy knows about it.
    pub fn finish(
        &mut self,
        headers: &[Header<'_>],
        end: bool,
        fact: &dyn Fn(Fact) -> String,
    ) -> ResponseStep {
        let Some(trip) = self.trip() else { return ResponseStep::Pass };
        if trip.read(|ledger| ledger.is_busy) {
            let answer = told(trip, busy_answer(trip.turn.surface));
            return ResponseStep::Answer(LastWord::of(answer, Some(BUSY)));
        }
        let named = headers::text(headers, headers::TARGET).and_then(|id| self.runtime.target(id));
        let failed = headers::find(headers, headers::FAILURE).and_then(failure_from);
        match (named, failed) {
            (Some(_), None) => return ResponseStep::Pass,
            (Some(target), Some(failure)) => {
                let (target, failure) = trip.best_failure().unwrap_or((target, failure));
                return self.last_word(trip, target, &failure);
            }
            (None, _) => {}
        }
        let status = headers::text(headers, ":status").and_then(|status| status.parse().ok()).unwrap_or(0);
        match trip.origin(status, fact) {
            Origin::Attempt(failure) => {
                let (target, failure) = trip.best_of(failure);
                self.last_word(trip, target, &failure)
            }
            Origin::Misconfigured(how) => {
                let message = format!("The gateway is misconfigured. {how}");
                own(trip, 500, origin::MISCONFIGURED, message.clone(), Some(message))
            }
            Origin::Broken => {
                let message = "The gateway failed inside. Send the request again.".to_owned();
                own(trip, 503, origin::BROKEN, message, None)
            }
            Origin::Ours => ResponseStep::Pass,
            // What is no refusal, such as a redirect to log in, says itself what it is.
            Origin::Theirs if status < 400 => ResponseStep::Pass,
            Origin::Theirs if end => {
                // No body can be added to an answer that has none: it is given anew.
                let answer = Answer::json(status, wrapped(trip, status, ""));
                let answer =
                    marks(trip).into_iter().fold(answer, |answer, (name, value)| answer.with(name, value));
                let kept = headers.iter().filter(|(name, _)| is_kept(name)).map(owned).collect();
                ResponseStep::Answer(LastWord {
                    kept,
                    details: fact(Fact::Details),
                    ..LastWord::of(answer, None)
                })
            }
            Origin::Theirs => ResponseStep::Hold(marks(trip)),
        }
    }

    /// The body of another filter's refusal in the caller's envelope; `None` if it is in it already.
    pub fn theirs(&self, status: u16, body: &[u8]) -> Option<Vec<u8>> {
        let trip = self.trip()?;
        if Raw::parse(body).is_ok_and(|raw| exchange::is_error(trip.turn.surface, raw)) {
            return None;
        }
        Some(wrapped(trip, status, &said(body)))
    }

    fn last_word(&self, trip: &Trip, target: usize, failure: &Failure) -> ResponseStep {
        let config = &self.runtime.config;
        let id = self.runtime.id(target);
        let group = config.groups.get(trip.group);
        let degraded = group
            .and_then(|group| group.degraded.as_deref())
            .filter(|_| failure.class.fails_over())
            .and_then(|content| degraded::answer(&trip.turn, content));
        let answer = degraded
            .unwrap_or_else(|| Answer::error(trip.turn.surface, &CallerError::of_failure(failure, id)));
        let answer = told(trip, answer).with(headers::TARGET, header_value(id));
        let answer = match failure.retry_after_ms.filter(|_| answer.status == 429) {
            Some(wait) => answer.with("retry-after", wait.div_ceil(1000).max(1).to_string()),
            None => answer,
        };
        ResponseStep::Answer(LastWord::of(answer, Some(failure.class.name())))
    }
}

/// An answer of the gateway's own, which is no target's failure.
fn own(trip: &Trip, status: u16, code: &'static str, message: String, log: Option<String>) -> ResponseStep {
    let error = CallerError { status, code: code.to_owned(), param: None, message };
    let answer = told(trip, Answer::error(trip.turn.surface, &error));
    ResponseStep::Answer(LastWord { log, ..LastWord::of(answer, Some(code)) })
}

impl LastWord {
    fn of(answer: Answer, class: Option<&'static str>) -> LastWord {
        LastWord { answer, kept: Vec::new(), class, details: OURS.to_owned(), log: None }
    }
}

/// The answer with what happened on the way.
fn told(trip: &Trip, answer: Answer) -> Answer {
    let attempts = trip.read(|ledger| ledger.attempts);
    let answer = answer
        .with(headers::GROUP, header_value(trip.group_name()))
        .with(headers::ATTEMPTS, attempts.to_string())
        .with(headers::DECISION, header_value(&trip.verdict()));
    match trip.drill_mark(None) {
        Some(mark) => answer.with(headers::DRILL, mark),
        None => answer,
    }
}

/// What another filter's answer is told with.
fn marks(trip: &Trip) -> Vec<(&'static str, String)> {
    let group = trip.group_name();
    let why = format!("A filter of this Envoy's own answered, and no target of {group}.");
    vec![
        (headers::GROUP, header_value(group).into_owned()),
        (headers::DECISION, header_value(&why).into_owned()),
    ]
}

fn wrapped(trip: &Trip, status: u16, said: &str) -> Vec<u8> {
    let message = if said.is_empty() {
        format!(
            "A filter of the gateway refused the request with status {status}. Ask the gateway's operator why."
        )
    } else {
        said.to_owned()
    };
    let error = CallerError { status, code: origin::code_of(status).to_owned(), param: None, message };
    Answer::error(trip.turn.surface, &error).body
}

/// Whether a header stays when an answer without a body gets one.
fn is_kept(name: &[u8]) -> bool {
    !name.starts_with(b":") && !matches!(name, b"content-length" | b"content-type" | b"transfer-encoding")
}

fn owned((name, value): &Header<'_>) -> (Vec<u8>, Vec<u8>) {
    (name.to_vec(), value.to_vec())
}
