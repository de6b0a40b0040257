//! An answer that is read when it is whole: one that is no stream, or a failure's explanation.

use super::{Attempt, Clock, Stage, Step};
use crate::dialect::{Seen, exchange};
use crate::failure::{Failure, Head, classify};
use crate::filter::headers::{Header, HeaderList};
use crate::filter::intake::Intake;

/// An error's explanation is read so far, in bytes.
const MOST_EXPLANATION: usize = 64 * 1024;

impl Attempt {
    /// A piece of an answer that is read when it is whole.
    pub(super) fn collect(
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
            return self.fail(self.too_large(), Seen::default());
        }
        let is_whole = body.push(bytes) || end;
        if !is_whole && (is_success || length < MOST_EXPLANATION) {
            if self.held.grow_vm(length).is_err() {
                return self.busy(Seen::default());
            }
            self.state = Stage::Whole { status, headers, body };
            return Step::Hold;
        }
        if self.held.may_read(length).is_err() {
            return self.busy(Seen::default());
        }
        let body = body.take();
        let headers: Vec<Header<'_>> = headers.iter().collect();
        let step = self.whole(&Head { status, headers: &headers }, &body, clock);
        self.held.set_vm(0);
        step
    }

    fn whole(&mut self, head: &Head<'_>, body: &[u8], clock: Clock<'_>) -> Step {
        let Some(target) = self.wire() else {
            return self.fail(Failure::malformed("the target is not configured any more"), Seen::default());
        };
        if !head.is_success() || self.trip.turn.stream {
            return self.fail(classify(head, body, clock()), Seen::default());
        }
        match exchange::reply(&self.trip.turn, target, &self.memo, head, body) {
            Ok(answer) => {
                if self.held.answer(answer.body.len(), clock).is_err() {
                    return self.busy(answer.seen);
                }
                let headers = self.answer_headers(head, Some(answer.body.len()));
                self.answer(headers, answer.body, answer.seen)
            }
            Err(failure) => self.fail(failure, Seen::default()),
        }
    }
}
