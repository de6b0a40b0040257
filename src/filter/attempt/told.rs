//! What an attempt teaches: about its target, about others, and what is counted.

use super::Attempt;
use crate::config::Effect;
use crate::dialect::exchange::Pipe;
use crate::failure::Class;
use crate::filter::Runtime;
use crate::filter::telemetry::{Count, Metric, Series};
use crate::plan::News;
use std::rc::Rc;

impl Attempt {
    /// What the last calls taught about the target, which is named by its place in the configuration. Of an attempt that is slow on purpose only a limit counts: that is what
    /// the provider says.
    pub fn take_news(&mut self) -> Option<(usize, News)> {
        let news = self.news.take()?;
        let counts = match self.drill {
            None => true,
            Some(Effect::DelayMs(_)) => matches!(news, News::Limited { .. }),
            Some(Effect::Fail(_)) => false,
        };
        counts.then_some((self.target, news))
    }

    /// What Envoy's choice says of targets (places in the configuration): those that the request wanted before this one were
    /// passed over, as they are ejected; the first of all is back. Only a first attempt of a trip without drills tells.
    pub fn sights(&self) -> impl Iterator<Item = (usize, News)> {
        let is_telling = self.number == 1 && self.trip.drills.is_empty() && !self.trip.is_handed_off();
        let order = if is_telling { self.trip.order.as_slice() } else { &[] };
        let place = order.iter().position(|target| *target == self.target);
        let missed = order.iter().take(place.unwrap_or(0)).map(|target| (*target, News::Missed));
        missed.chain((place == Some(0)).then_some((self.target, News::Reached)))
    }

    /// When it began, in milliseconds since 1970.
    pub fn began_ms(&self) -> u64 {
        self.started_ms
    }

    /// The class of the failure that broke the stream off in the last call, for the access log: its status says 200.
    pub fn take_broke(&mut self) -> Option<Class> {
        self.broke.take()
    }

    /// The configuration that its places are in.
    pub fn runtime(&self) -> &Rc<Runtime> {
        &self.trip.runtime
    }

    /// What the last calls count.
    pub fn take_counts(&mut self) -> Vec<Count> {
        std::mem::take(&mut self.counts)
    }

    /// Counts what happened to the target; `class` where the metric has that label.
    pub(super) fn count(&mut self, metric: Metric, class: &'static str, by: u32) {
        let series = Series { metric, group: self.trip.group, target: self.target, class };
        self.counts.push(Count { series, by });
    }

    /// Counts the events that a stream left out.
    pub(super) fn count_malformed(&mut self, pipe: &dyn Pipe) {
        let malformed = pipe.seen().malformed_events;
        if malformed > self.malformed {
            self.count(Metric::MalformedEvents, "", malformed - self.malformed);
            self.malformed = malformed;
        }
    }
}
