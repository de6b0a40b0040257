//! A stream: held until its first token, then passed on as it comes.

use super::{Attempt, State, Step};
use crate::dialect::CallerError;
use crate::dialect::exchange::Pipe;
use crate::failure::Failure;
use crate::filter::answer;
use crate::filter::headers::HeaderList;
use crate::filter::silence::{Line, Silence};
use crate::plan::News;
use std::rc::Rc;

impl Attempt {
    /// A piece of a stream that the caller sees nothing of yet.
    pub(super) fn hold(
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
    pub(super) fn flow(&mut self, line: Line, bytes: &[u8], end: bool) -> Step {
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

    fn caller_error(&self, failure: &Failure) -> CallerError {
        CallerError::of_failure(failure, self.trip.runtime.id(self.target))
    }
}
