//! An attempt that ends without a last word of its provider's: who left, and what that says of the target.

use super::stream::seen;
use super::{Attempt, Clock, Stage};
use crate::config::Effect;
use crate::dialect::Seen;
use crate::failure::{Class, Failure};
use crate::filter::ledger::AttemptEnd;
use crate::filter::silence::FlowingStream;

/// Who left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// Nobody's failure.
    Caller,
    /// The time for the whole request was over.
    Deadline,
    /// The provider, or Envoy, which gave it up.
    Provider,
}

impl Parting {
    /// By the flags that Envoy has noted of a request when an attempt of it ends (`response.flags`).
    ///
    /// When a provider closes or resets the connection, or Envoy gives an attempt up, the request goes on at that moment and
    /// nothing is noted of it. A caller that leaves, by HTTP/1 or HTTP/2, is noted before its attempt ends, and so is all else
    /// that ends a whole request (seen on 1.37 and 1.40).
    pub fn of(flags: u64) -> Parting {
        /// `UT`: Envoy's own limit for the whole request.
        const TIMEOUT: u64 = 0x4;
        match flags {
            0 => Parting::Provider,
            flags if flags & TIMEOUT != 0 => Parting::Deadline,
            _ => Parting::Caller,
        }
    }
}

/// Envoy's timers may strike so much early by our clock, in milliseconds.
const TIMER_MS: u64 = 20;

impl Attempt {
    /// The attempt is over, and nothing more comes. `who` left is asked only where it matters.
    pub fn abandoned(&mut self, who: impl FnOnce() -> Parting, clock: Clock<'_>) {
        let seen = match std::mem::replace(&mut self.state, Stage::Ended) {
            Stage::Ended => return,
            Stage::Flowing(line) => {
                let taken = line.try_borrow_mut().ok().and_then(|mut line| line.take());
                // Nobody has it whose last word is said.
                let Some(FlowingStream { pipe, open }) = taken else { return };
                let end = match self.who(who(), clock) {
                    Parting::Caller => AttemptEnd::Left,
                    Parting::Deadline => AttemptEnd::Overrun,
                    Parting::Provider => {
                        AttemptEnd::Broke(Failure::connect("the connection was closed in a stream"))
                    }
                };
                return self.tell(open.close(end, seen(&*pipe)));
            }
            Stage::Held { pipe, .. } => seen(&*pipe),
            Stage::Asked | Stage::Whole { .. } => Seen::default(),
        };
        let end = match self.who(who(), clock) {
            Parting::Caller => AttemptEnd::Left,
            who => AttemptEnd::Failed(self.unanswered(who, clock)),
        };
        self.close(end, seen);
    }

    /// Envoy notes its limit for the whole request only after the attempt has ended.
    fn who(&self, told: Parting, clock: Clock<'_>) -> Parting {
        let is_over = |ends_ms: u64| clock().saturating_add(TIMER_MS) >= ends_ms;
        match told {
            Parting::Provider if self.trip.ends_ms().is_some_and(is_over) => Parting::Deadline,
            told => told,
        }
    }

    /// Why Envoy gave an attempt up that had not answered.
    fn unanswered(&self, who: Parting, clock: Clock<'_>) -> Failure {
        let limit = self.trip.attempt_limit_ms();
        if self.drill == Some(Effect::Fail(Class::Timeout)) {
            Failure::drill(Class::Timeout)
        } else if who == Parting::Deadline {
            Failure::timeout("the time for the whole request was over")
        } else if clock().saturating_sub(self.started_ms).saturating_add(TIMER_MS) >= limit {
            Failure::timeout(&format!("nothing usable came within {limit} ms"))
        } else {
            Failure::connect("the connection failed or was closed before an answer")
        }
    }
}

/// Nobody said how it ended. What it has seen is in its record all the same.
impl Drop for Attempt {
    fn drop(&mut self) {
        self.abandoned(|| Parting::Caller, &|| 0);
    }
}

#[cfg(test)]
mod tests;
