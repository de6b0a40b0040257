//! The answer's headers: what kind of answer it is.

use super::{Attempt, Clock, Stage, Step};
use crate::config::Effect;
use crate::dialect::{Seen, exchange};
use crate::failure::{Failure, Head};
use crate::filter::headers::HeaderList;
use crate::filter::intake::Intake;

impl Attempt {
    /// The answer's headers; `end`: there is no body.
    pub fn head(&mut self, head: &Head<'_>, end: bool, clock: Clock<'_>) -> Step {
        self.held.set_envoy(0);
        if let Some(Effect::Fail(class)) = self.drill {
            return self.fail(Failure::drill(class), Seen::default());
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
            self.state = Stage::Held { pipe, headers, out: Vec::new() };
        } else {
            let body = Intake::of_answer(head.headers);
            if head.is_success() && body.announced().is_some_and(|length| length > self.most_answer()) {
                return self.fail(self.too_large(), Seen::default());
            }
            let mut headers = HeaderList::new();
            head.headers.iter().for_each(|(name, value)| headers.push(*name, *value));
            self.state = Stage::Whole { status: head.status, headers, body };
        }
        if end { self.body(Vec::new(), true, clock) } else { Step::Hold }
    }

    /// `listen.max_answer_bytes`.
    pub(super) fn most_answer(&self) -> usize {
        usize::try_from(self.trip.runtime.config.listen.max_answer_bytes).unwrap_or(usize::MAX)
    }

    pub(super) fn too_large(&self) -> Failure {
        let most = self.most_answer();
        Failure::malformed(&format!("the answer has more than the {most} bytes of listen.max_answer_bytes"))
    }
}
