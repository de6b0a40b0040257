//! An attempt that ends without a last word of its provider's: who left, and what that says of the target.

use super::{Attempt, Clock, State};
use crate::config::Effect;
use crate::failure::{Class, Failure};
use crate::filter::telemetry::Metric;
use crate::plan::News;

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

/// Envoy's timers may strike so much early by our clock, in milliseconds.
const TIMER_MS: u64 = 20;

impl Attempt {
    /// The attempt is over, and nothing more comes. `who` left is asked only where it matters.
    pub fn abandoned(&mut self, who: impl FnOnce() -> Parting, clock: Clock<'_>) {
        match std::mem::replace(&mut self.state, State::Ended) {
            State::Ended => {}
            // Nobody has it whose last word is said.
            State::Flowing(line) if line.try_borrow().is_ok_and(|line| line.is_none()) => {}
            State::Flowing(_) => match self.who(who(), clock) {
                Parting::Caller => {}
                Parting::Deadline => self.broke_off(Class::Timeout),
                Parting::Provider => {
                    self.news = Some(News::Broke);
                    self.broke_off(Class::Connect);
                }
            },
            State::Asked | State::Whole { .. } | State::Held { .. } => {
                let who = self.who(who(), clock);
                if who == Parting::Caller {
                    return;
                }
                let failure = self.unanswered(who, clock);
                self.learn(&failure, News::Failed);
                self.note(failure);
            }
        }
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

    /// A stream ends with a failure after its first token.
    pub(super) fn breaks(&mut self, failure: &Failure) {
        self.learn(failure, News::Broke);
        self.broke_off(failure.class);
    }

    fn broke_off(&mut self, class: Class) {
        self.count(Metric::BrokenStreams, class.name(), 1);
        self.broke = Some(class);
    }
}

#[cfg(test)]
mod tests;
