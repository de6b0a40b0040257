//! What an attempt is to others: what it says of targets, and what is counted.

use super::Attempt;
use crate::filter::Runtime;
use crate::filter::ledger::Told;
use crate::filter::telemetry::{Count, Metric, Series};
use crate::plan::News;
use std::rc::Rc;

impl Attempt {
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

    /// The configuration that its places are in.
    pub fn runtime(&self) -> &Rc<Runtime> {
        &self.trip.runtime
    }

    /// What others are to be told after the last calls.
    pub fn take_told(&mut self) -> Told {
        std::mem::take(&mut self.told)
    }

    /// Counts what happened to the target; `class` where the metric has that label.
    pub(super) fn count(&mut self, metric: Metric, class: &'static str) {
        let series = Series { metric, group: self.trip.group, target: self.target, class };
        self.told.counts.push(Count { series, by: 1 });
    }

    /// The end of the attempt is told.
    pub(super) fn tell(&mut self, told: Told) {
        let Told { counts, news, broke } = told;
        self.told.counts.extend(counts);
        (self.told.news, self.told.broke) = (news, broke);
    }
}
