//! The one record of a request: what became of each of its attempts.
//!
//! An attempt's record is open from its begin on, and whoever ends the attempt takes it and closes it: with the end of a
//! whole answer, the end of a stream, a failure, a silence, or with nothing, where the caller left. So it is closed once,
//! and by `Drop` where nobody did. What others are told of an attempt (counters, news of its target, the access log)
//! follows from the closed record and from nothing else.

use super::telemetry::{Count, Metric, Series};
use crate::config::Effect;
use crate::dialect::Seen;
use crate::failure::{Class, Failure};
use crate::plan::News;

/// A request's attempts, and what its caller is told beside them.
#[derive(Debug, Default)]
pub struct Ledger {
    /// How many attempts began.
    pub attempts: u32,
    /// Those that failed before a token, in the order it happened.
    failed: Vec<Record>,
    /// The one that nothing follows: it answered, there was no room for its answer, or its caller left.
    last: Option<Record>,
    /// The target that was reached and not asked, as the request can't fit.
    pub passed_over: Option<usize>,
    /// The target whose answer is on its way to the caller.
    pub answered: Option<usize>,
    /// The worker had no room for the request or its answer: that is no target's failure.
    pub is_busy: bool,
    /// What ends a stream that fell silent; see [`super::Silence`].
    pub last_words: Option<Vec<u8>>,
    /// And the class of that failure, for the access log.
    pub broke: Option<Class>,
}

impl Ledger {
    /// (target, how it failed) of each attempt that failed before a token, in the order it happened.
    pub fn failures(&self) -> impl DoubleEndedIterator<Item = (usize, &Failure)> {
        self.failed.iter().filter_map(|record| match &record.end {
            AttemptEnd::Failed(failure) => Some((record.target, failure)),
            _ => None,
        })
    }

    /// Whether an attempt at this target failed.
    pub fn has_failed(&self, target: usize) -> bool {
        self.failures().any(|(failed, _)| failed == target)
    }

    /// The closed records, in the order in which the attempts ended.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.failed.iter().chain(&self.last)
    }

    pub(super) fn enter(&mut self, record: Record) {
        match record.end {
            AttemptEnd::Failed(_) => self.failed.push(record),
            AttemptEnd::Busy => {
                // A caller that has a part of the answer is told there.
                self.is_busy |= self.answered.is_none();
                self.last = Some(record);
            }
            AttemptEnd::Whole | AttemptEnd::Broke(_) | AttemptEnd::Overrun | AttemptEnd::Left => {
                self.last = Some(record)
            }
        }
    }
}

/// One attempt, after its end. Only its begin is timed: asking for the time costs a hostcall, and nobody reads the rest.
#[derive(Debug)]
pub struct Record {
    /// A place in the configuration's targets.
    pub target: usize,
    /// From 1.
    pub number: u32,
    /// In milliseconds since 1970.
    pub began_ms: u64,
    /// What a drill did to it.
    pub drill: Option<Effect>,
    /// What was learned from the answer: usage, the model that answered, finish reason, malformed events. As far as it came.
    pub seen: Seen,
    /// How it ended.
    pub end: AttemptEnd,
}

/// How an attempt ended.
#[derive(Debug)]
pub enum AttemptEnd {
    /// The caller has the whole answer.
    Whole,
    /// Before the caller had any of the answer.
    Failed(Failure),
    /// After its first token, by the provider's fault.
    Broke(Failure),
    /// After its first token the time for the whole request was over. That is nobody's failure: the limit is the operator's.
    Overrun,
    /// There was no room for the answer, which is no target's failure.
    Busy,
    /// The caller left.
    Left,
}

/// What the end of an attempt, or its begin, is to others.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// What the counters get.
    pub counts: Vec<Count>,
    /// A place in the configuration's targets, and what it did.
    pub news: Option<(usize, News)>,
    /// The class of the failure that broke the stream off, for the access log: its status says 200.
    pub broke: Option<Class>,
}

impl Record {
    /// What this is to others, for a request of a group (a place in the configuration).
    pub(super) fn told(&self, group: usize) -> Told {
        let mut counts = Vec::new();
        let mut count = |metric, class: Option<Class>, by| {
            let class = class.map_or("", Class::name);
            counts.push(Count { series: Series { metric, group, target: self.target, class }, by });
        };
        if self.seen.malformed_events > 0 {
            count(Metric::MalformedEvents, None, self.seen.malformed_events);
        }
        // A drill's failures have a counter of their own: nobody real has failed.
        let is_real = !matches!(self.drill, Some(Effect::Fail(_)));
        if let AttemptEnd::Failed(failure) | AttemptEnd::Broke(failure) = &self.end
            && is_real
            && is_limit(failure)
        {
            count(Metric::CoolDowns, Some(failure.class), 1);
        }
        let broke = match &self.end {
            AttemptEnd::Broke(failure) => Some(failure.class),
            AttemptEnd::Overrun => Some(Class::Timeout),
            _ => None,
        };
        match &self.end {
            AttemptEnd::Failed(failure) if is_real => count(Metric::FailedAttempts, Some(failure.class), 1),
            AttemptEnd::Broke(_) | AttemptEnd::Overrun => count(Metric::BrokenStreams, broke, 1),
            _ => {}
        }
        Told { counts, news: self.news().map(|news| (self.target, news)), broke }
    }

    /// What it says about its target.
    fn news(&self) -> Option<News> {
        let of = |failure: &Failure, news| match failure.retry_after_ms {
            wait if is_limit(failure) => wait.map(|wait_ms| News::Limited { wait_ms }),
            _ => failure.class.ejects().then_some(news),
        };
        let news = match &self.end {
            AttemptEnd::Whole => News::Whole,
            AttemptEnd::Failed(failure) => of(failure, News::Failed)?,
            AttemptEnd::Broke(failure) => of(failure, News::Broke)?,
            AttemptEnd::Overrun | AttemptEnd::Busy | AttemptEnd::Left => return None,
        };
        let counts = match self.drill {
            None => true,
            // Of an attempt that is slow on purpose only a limit counts: that is what the provider says.
            Some(Effect::DelayMs(_)) => matches!(news, News::Limited { .. }),
            Some(Effect::Fail(_)) => false,
        };
        counts.then_some(news)
    }
}

fn is_limit(failure: &Failure) -> bool {
    matches!(failure.class, Class::RateLimited | Class::Quota)
}
