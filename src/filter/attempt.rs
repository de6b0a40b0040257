//! The translator role: one attempt at one target, there and back.
//!
//! The answer is held until its first token or its failure. Only Envoy retries: what is decided here is whether the
//! headers that Envoy sees ask for it.

mod failed;
mod headers;
mod parting;

pub(super) use failed::failure_from;
pub use parting::Parting;

use super::answer::{self, Answer};
use super::headers::{Header, HeaderList};
use super::intake::Intake;
use super::memory::Held;
use super::metrics;
use super::silence::{Line, Silence};
use super::trip::Trip;
use crate::config::Effect;
use crate::dialect::exchange::{self, Pipe};
use crate::dialect::{CallerError, Memo, Outgoing, Refusal, Target};
use crate::failure::{Class, Failure, Head, classify};
use crate::json::{Document, Raw};
use crate::plan::{News, Seat};
use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

/// The time in milliseconds since 1970, for the few who need it: asking costs a hostcall.
pub type Clock<'c> = &'c dyn Fn() -> u64;

/// What the host does with a piece of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep everything back; the bytes were taken.
    Hold,
    /// Set these headers and let them go, with this in place of the bytes.
    Release { headers: HeaderList, body: Vec<u8> },
    /// Let this go in place of the bytes.
    Chunk(Vec<u8>),
    /// Let it go as it is.
    Pass,
}

/// An attempt. Each call moves it on; after [`Step::Release`] headers are out and nothing can be retried any more.
pub struct Attempt {
    trip: Rc<Trip>,
    /// A place in the configuration's targets.
    target: usize,
    memo: Memo,
    dropped: Vec<Cow<'static, str>>,
    /// From 1.
    number: u32,
    started_ms: u64,
    state: State,
    drill: Option<Effect>,
    /// What this attempt taught about its target.
    news: Option<News>,
    /// The class of the failure that broke its stream off.
    broke: Option<Class>,
    /// Counters and what to add to them.
    counts: Vec<(String, u32)>,
    /// Events that were left out of the stream so far.
    malformed: u32,
    /// What this attempt has kept of its answer.
    held: Held,
}

enum State {
    /// Nothing came back yet.
    Asked,
    /// The body is collected whole: an answer that is no stream, or a failure's explanation.
    Whole {
        status: u16,
        headers: HeaderList,
        body: Intake,
    },
    /// A stream before its first token.
    Held {
        pipe: Box<dyn Pipe>,
        headers: HeaderList,
        out: Vec<u8>,
    },
    Flowing(Line),
    /// The caller has all it gets; what still comes is dropped.
    Ended,
}

/// An error's explanation is read so far, in bytes.
const MOST_EXPLANATION: usize = 64 * 1024;

impl Attempt {
    /// Translates the request for a target. `body` is the request's as this attempt got it, for a trip without one.
    ///
    /// # Errors
    /// The answer in the provider's place: the target can't carry the request, or must not be asked. Nobody was called.
    pub fn start(
        trip: &Rc<Trip>,
        seat: Seat,
        body: &[u8],
        now_ms: u64,
    ) -> Result<(Attempt, Outgoing), Answer> {
        let target = seat.target;
        if !trip.may_fit(target) {
            return Err(failed::given_up(trip, target));
        }
        let mut held = Held::nothing(&trip.runtime);
        if held.may_work(trip.length().max(body.len()), trip.held_in_vm()).is_err() {
            return Err(failed::no_room(trip));
        }
        trip.runtime.reach(target);
        let drill = trip.drill_at(seat);
        let mut outgoing = match drill {
            // Nobody reads it.
            Some(Effect::Fail(_)) => Outgoing::default(),
            _ => translated(trip, target, body)
                .map_err(|refusal| Answer::error(trip.turn.surface, &refusal.into()))?,
        };
        let number = match trip.outcome.try_borrow_mut() {
            Ok(mut outcome) => {
                outcome.attempts = outcome.attempts.saturating_add(1);
                outcome.attempts
            }
            Err(_) => 1,
        };
        // Until the provider has it, which its answer tells.
        held.set_envoy(outgoing.body.len());
        let attempt = Attempt {
            trip: Rc::clone(trip),
            target,
            memo: std::mem::take(&mut outgoing.memo),
            dropped: std::mem::take(&mut outgoing.dropped),
            number,
            started_ms: now_ms,
            state: State::Asked,
            drill,
            news: None,
            broke: None,
            counts: Vec::new(),
            malformed: 0,
            held,
        };
        Ok((attempt, outgoing))
    }

    /// How long the request must wait before it goes to the provider, in milliseconds, because of a drill.
    pub fn delay_ms(&self) -> Option<u64> {
        match self.drill {
            Some(Effect::DelayMs(ms)) => Some(ms),
            // For good: Envoy's own timer ends the attempt, as it would a provider's that says nothing.
            Some(Effect::Fail(Class::Timeout)) => Some(u64::MAX),
            _ => None,
        }
    }

    /// The counter that a drilled attempt adds one to.
    pub fn drill_metric(&self) -> Option<String> {
        let drill = self.drill?;
        Some(metrics::drills(self.trip.group_name(), self.trip.runtime.id(self.target), drill.name()))
    }

    /// What the last calls taught about the target. Of an attempt that is slow on purpose only a limit counts: that is what
    /// the provider says.
    pub fn take_news(&mut self) -> Option<News> {
        let news = self.news.take()?;
        let counts = match self.drill {
            None => true,
            Some(Effect::DelayMs(_)) => matches!(news, News::Limited { .. }),
            Some(Effect::Fail(_)) => false,
        };
        counts.then_some(news)
    }

    /// The targets that the request wanted before this one and Envoy passed over, as they are ejected; only a first attempt
    /// of a trip without drills tells.
    pub fn passed_over(&self) -> &[usize] {
        if !self.is_telling() {
            return &[];
        }
        let place = self.trip.order.iter().position(|target| *target == self.target).unwrap_or(0);
        self.trip.order.get(..place).unwrap_or(&[])
    }

    /// Whether this is the first attempt, and at the first target that the request wanted.
    pub fn is_first_choice(&self) -> bool {
        self.is_telling() && self.trip.order.first() == Some(&self.target)
    }

    fn is_telling(&self) -> bool {
        self.number == 1 && self.trip.drills.is_empty() && !self.trip.is_handed_off()
    }

    /// The class of the failure that broke the stream off in the last call, for the access log: its status says 200.
    pub fn take_broke(&mut self) -> Option<Class> {
        self.broke.take()
    }

    /// The counters that the last calls add to, and how much.
    pub fn take_counts(&mut self) -> Vec<(String, u32)> {
        std::mem::take(&mut self.counts)
    }

    fn count(&mut self, metric: impl FnOnce(&str, &str) -> String, by: u32) {
        let metric = metric(self.trip.group_name(), self.trip.runtime.id(self.target));
        self.counts.push((metric, by));
    }

    /// Counts the events that a stream left out.
    fn count_malformed(&mut self, pipe: &dyn Pipe) {
        let malformed = pipe.seen().malformed_events;
        if malformed > self.malformed {
            self.count(metrics::malformed_events, malformed - self.malformed);
            self.malformed = malformed;
        }
    }

    fn wire(&self) -> Option<&Target> {
        self.trip.runtime.wire(self.target)
    }

    /// The answer's headers; `end`: there is no body.
    pub fn head(&mut self, head: &Head<'_>, end: bool, clock: Clock<'_>) -> Step {
        self.held.set_envoy(0);
        if let Some(Effect::Fail(class)) = self.drill {
            return self.fail(Failure::drill(class));
        }
        let media = head.media_type().unwrap_or_default();
        let document = ["application/json", "text/html", "application/problem+json"];
        let streams =
            self.trip.turn.stream && !document.iter().any(|known| media.eq_ignore_ascii_case(known));
        let pipe = match self.wire() {
            Some(target) if head.is_success() && streams => {
                exchange::stream(&self.trip.turn, target, &self.memo)
            }
            _ => None,
        };
        if let Some(pipe) = pipe {
            let headers = self.answer_headers(head, None);
            self.state = State::Held { pipe, headers, out: Vec::new() };
        } else {
            let body = Intake::of_answer(head.headers);
            if head.is_success() && body.announced().is_some_and(|length| length > self.most_answer()) {
                return self.fail(self.too_large());
            }
            let mut headers = HeaderList::new();
            head.headers.iter().for_each(|(name, value)| headers.push(*name, *value));
            self.state = State::Whole { status: head.status, headers, body };
        }
        if end { self.body(Vec::new(), true, clock) } else { Step::Hold }
    }

    /// `listen.max_answer_bytes`.
    fn most_answer(&self) -> usize {
        usize::try_from(self.trip.runtime.config.listen.max_answer_bytes).unwrap_or(usize::MAX)
    }

    fn too_large(&self) -> Failure {
        let most = self.most_answer();
        Failure::malformed(&format!("the answer has more than the {most} bytes of listen.max_answer_bytes"))
    }

    /// Whether Envoy shall keep what has come of the answer's body, and hand it out with what comes next: it is not the end.
    pub fn keeps(&self) -> bool {
        matches!(&self.state, State::Whole { body, .. } if body.is_tiny())
    }

    /// A piece of the answer's body.
    pub fn body(&mut self, bytes: Vec<u8>, end: bool, clock: Clock<'_>) -> Step {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Asked => Step::Pass,
            State::Ended => Step::Chunk(Vec::new()),
            State::Whole { status, headers, body } => self.collect(status, headers, body, bytes, end, clock),
            State::Held { pipe, headers, out } => self.hold(pipe, headers, out, &bytes, end),
            State::Flowing(line) => self.flow(line, &bytes, end),
        }
    }

    /// A piece of an answer that is read when it is whole.
    fn collect(
        &mut self,
        status: u16,
        headers: HeaderList,
        mut body: Intake,
        bytes: Vec<u8>,
        end: bool,
        clock: Clock<'_>,
    ) -> Step {
        let is_success = (200..300).contains(&status);
        let length = body.length().saturating_add(bytes.len());
        if is_success && length > self.most_answer() {
            return self.fail(self.too_large());
        }
        let is_whole = body.push(bytes) || end;
        if !is_whole && (is_success || length < MOST_EXPLANATION) {
            if self.held.grow_vm(length).is_err() {
                return self.busy();
            }
            self.state = State::Whole { status, headers, body };
            return Step::Hold;
        }
        if self.held.may_read(length).is_err() {
            return self.busy();
        }
        let body = body.take();
        let headers: Vec<Header<'_>> = headers.iter().collect();
        let step = self.whole(&Head { status, headers: &headers }, &body, clock);
        self.held.set_vm(0);
        step
    }

    /// A piece of a stream that the caller sees nothing of yet.
    fn hold(
        &mut self,
        mut pipe: Box<dyn Pipe>,
        headers: HeaderList,
        mut out: Vec<u8>,
        bytes: &[u8],
        end: bool,
    ) -> Step {
        if self.held.room(bytes.len().saturating_mul(2)).is_err() {
            return self.busy();
        }
        let pushed = pipe.push(bytes, &mut out);
        self.count_malformed(&*pipe);
        let token = match pushed {
            Err(failure) => return self.fail(failure),
            Ok(token) => token,
        };
        if end || pipe.is_over() {
            return match pipe.finish(&mut out) {
                Ok(()) if token => self.release(headers, out, None),
                Ok(()) => self.fail(Failure::malformed("the stream ended before its first token")),
                // Nothing went out yet: even a token that came before the cut is no reason to give it up.
                Err(failure) => self.fail(failure),
            };
        }
        let held = out.capacity().saturating_add(pipe.held());
        if held > self.most_answer() {
            return self.fail(self.too_large());
        }
        self.held.set_vm(held);
        if token {
            return self.release(headers, out, Some(pipe));
        }
        self.state = State::Held { pipe, headers, out };
        Step::Hold
    }

    /// A piece of a stream that the caller sees as it comes.
    fn flow(&mut self, line: Line, bytes: &[u8], end: bool) -> Step {
        let taken = line.try_borrow_mut().ok().and_then(|mut line| line.take());
        // Nobody has it who fell silent: its last word is said.
        let Some(mut pipe) = taken else { return Step::Chunk(Vec::new()) };
        let mut out = Vec::with_capacity(bytes.len() + 256);
        if self.held.room(bytes.len().saturating_mul(2)).is_err() {
            pipe.fail(&answer::busy(), &mut out);
            return Step::Chunk(out);
        }
        let result = match pipe.push(bytes, &mut out) {
            Ok(_) if end || pipe.is_over() => pipe.finish(&mut out).map(|()| true),
            Ok(_) if pipe.held() > self.most_answer() => Err(self.too_large()),
            Ok(_) => Ok(false),
            Err(failure) => Err(failure),
        };
        self.count_malformed(&*pipe);
        match result {
            Ok(true) => self.news = Some(News::Whole),
            Ok(false) => {
                self.held.set_vm(pipe.held());
                if let Ok(mut line) = line.try_borrow_mut() {
                    *line = Some(pipe);
                }
                self.state = State::Flowing(line);
            }
            Err(failure) => {
                self.breaks(&failure);
                pipe.fail(&self.caller_error(&failure), &mut out);
            }
        }
        Step::Chunk(out)
    }

    /// What the router role shall write for this attempt, which can't any more: its own buffer is gone.
    pub fn say_last(&self, words: Vec<u8>) {
        if let Ok(mut outcome) = self.trip.outcome.try_borrow_mut() {
            outcome.last_words = Some(words);
        }
    }

    /// The stream that flows now, for who watches the clock; `None` if none flows.
    pub fn silence(&self) -> Option<Silence> {
        let State::Flowing(line) = &self.state else { return None };
        let limit_ms = self.trip.runtime.config.groups.get(self.trip.group)?.stream_idle_timeout_ms;
        Some(Silence {
            trip: Rc::clone(&self.trip),
            target: self.target,
            line: Rc::clone(line),
            limit_ms,
            is_drilled: self.drill.is_some(),
        })
    }

    /// Whether a stream flows.
    pub fn is_flowing(&self) -> bool {
        matches!(self.state, State::Flowing(_))
    }

    fn whole(&mut self, head: &Head<'_>, body: &[u8], clock: Clock<'_>) -> Step {
        let Some(target) = self.wire() else {
            return self.fail(Failure::malformed("the target is not configured any more"));
        };
        if !head.is_success() {
            return self.fail(classify(head, body, clock()));
        }
        if self.trip.turn.stream {
            let failure = classify(head, body, clock());
            return self.fail(failure);
        }
        match exchange::reply(&self.trip.turn, target, &self.memo, head, body) {
            Ok(answer) => {
                if self.held.answer(answer.body.len(), clock).is_err() {
                    return self.busy();
                }
                let headers = self.answer_headers(head, Some(answer.body.len()));
                self.release(headers, answer.body, None)
            }
            Err(failure) => self.fail(failure),
        }
    }

    fn release(&mut self, headers: HeaderList, body: Vec<u8>, pipe: Option<Box<dyn Pipe>>) -> Step {
        let is_switched = self.trip.outcome.try_borrow_mut().is_ok_and(|mut outcome| {
            outcome.answered = Some(self.target);
            !outcome.failures.is_empty()
        });
        if is_switched {
            self.count(metrics::switches, 1);
        }
        if pipe.is_none() {
            self.news = Some(News::Whole);
        }
        self.state = pipe.map_or(State::Ended, |pipe| State::Flowing(Rc::new(RefCell::new(Some(pipe)))));
        Step::Release { headers, body }
    }

    fn caller_error(&self, failure: &Failure) -> CallerError {
        CallerError::of_failure(failure, self.trip.runtime.id(self.target))
    }

    /// Keeps an attempt's failure for the caller's answer and the metrics.
    fn note(&mut self, failure: Failure) {
        // A drill's failures have a counter of their own: nobody real has failed.
        if !matches!(self.drill, Some(Effect::Fail(_))) {
            self.count(|group, target| metrics::failures(group, target, failure.class), 1);
        }
        if let Ok(mut outcome) = self.trip.outcome.try_borrow_mut() {
            outcome.failures.push((self.target, failure));
        }
    }
}

/// The request as the target wants it.
fn translated(trip: &Trip, target: usize, body: &[u8]) -> Result<Outgoing, Refusal> {
    let Some(wire) = trip.runtime.wire(target) else {
        let message = "The target is not configured any more. Send the request again.";
        return Err(Refusal::invalid("model", message));
    };
    let front = |root: Raw<'_>, after_root: usize| {
        let mut outgoing = exchange::front(&trip.turn, root, wire)?;
        if outgoing.kept > 0 {
            outgoing.kept += after_root;
        }
        Ok(outgoing)
    };
    trip.body(|known| match known {
        Some(document) => front(document.root(), document.after_root()),
        None => {
            let document = Document::read(body)
                .map_err(|error| Refusal::invalid("", format!("The body is not valid JSON: {error}.")))?;
            front(document.root(), document.after_root())
        }
    })
}
