//! A stream: held until its first token, then passed on as it comes.

use super::{Attempt, Stage, Step};
use crate::dialect::Pipe;
use crate::dialect::{CallerError, Seen};
use crate::failure::Failure;
use crate::filter::answer;
use crate::filter::headers::HeaderList;
use crate::filter::ledger::AttemptEnd;
use crate::filter::silence::{FlowingStream, SharedStream, Silence};
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
            return self.busy(seen(&*pipe));
        }
        let token = match pipe.push(bytes, &mut out) {
            Err(failure) => return self.fail(failure, seen(&*pipe)),
            Ok(token) => token,
        };
        if end || pipe.is_over() {
            return match pipe.finish(&mut out) {
                Ok(()) if token => self.answer(headers, out, seen(&*pipe)),
                Ok(()) => {
                    self.fail(Failure::malformed("the stream ended before its first token"), seen(&*pipe))
                }
                // Nothing went out yet: even a token that came before the cut is no reason to give it up.
                Err(failure) => self.fail(failure, seen(&*pipe)),
            };
        }
        let held = out.capacity().saturating_add(pipe.held());
        if held > self.most_answer() {
            return self.fail(self.too_large(), seen(&*pipe));
        }
        self.held.set_vm(held);
        if token {
            return self.begin(headers, out, pipe);
        }
        self.state = Stage::Held { pipe, headers, out };
        Step::Hold
    }

    /// A piece of a stream that the caller sees as it comes.
    pub(super) fn flow(&mut self, line: SharedStream, bytes: &[u8], end: bool) -> Step {
        let taken = line.try_borrow_mut().ok().and_then(|mut line| line.take());
        // Nobody has it who fell silent: its last word is said.
        let Some(FlowingStream { mut pipe, open }) = taken else { return Step::Chunk(Vec::new()) };
        let mut out = Vec::with_capacity(bytes.len() + 256);
        if self.held.room(bytes.len().saturating_mul(2)).is_err() {
            pipe.fail(&answer::busy(), &mut out);
            self.tell(open.close(AttemptEnd::Busy, seen(&*pipe)));
            return Step::Chunk(out);
        }
        let result = match pipe.push(bytes, &mut out) {
            Ok(_) if end || pipe.is_over() => pipe.finish(&mut out).map(|()| true),
            Ok(_) if pipe.held() > self.most_answer() => Err(self.too_large()),
            Ok(_) => Ok(false),
            Err(failure) => Err(failure),
        };
        match result {
            Ok(true) => self.tell(open.close(AttemptEnd::Whole, seen(&*pipe))),
            Ok(false) => {
                self.held.set_vm(pipe.held());
                if let Ok(mut line) = line.try_borrow_mut() {
                    *line = Some(FlowingStream { pipe, open });
                }
                self.state = Stage::Flowing(line);
            }
            Err(failure) => {
                pipe.fail(&CallerError::of_failure(&failure, self.trip.runtime.id(self.target)), &mut out);
                self.tell(open.close(AttemptEnd::Broke(failure), seen(&*pipe)));
            }
        }
        Step::Chunk(out)
    }

    /// What the router role shall write for this attempt, which can't any more: its own buffer is gone.
    pub fn say_last(&self, words: Vec<u8>) {
        self.trip.note(|ledger| ledger.last_words = Some(words));
    }

    /// The stream that flows now, for who watches the clock; `None` if none flows.
    pub fn silence(&self) -> Option<Silence> {
        let Stage::Flowing(line) = &self.state else { return None };
        let limit_ms = self.trip.runtime.config.groups.get(self.trip.group)?.stream_idle_timeout_ms;
        Some(Silence { trip: Rc::clone(&self.trip), target: self.target, line: Rc::clone(line), limit_ms })
    }

    /// Whether a stream flows.
    pub fn is_flowing(&self) -> bool {
        matches!(self.state, Stage::Flowing(_))
    }
}

/// What a stream that ends has shown.
pub(super) fn seen(pipe: &dyn Pipe) -> Seen {
    pipe.seen().clone()
}
