//! Streams that have begun and then fall silent, or take longer than a request may.
//!
//! Envoy's own idle timer of an attempt ends with the limit on its first token, so the streams that flow are watched here.
//! One that must end is told its last words first, and is over one tick later, when they are out.

use super::{Hurry, MOST_TICK_MS};
use crate::filter::{Numbers, Why};
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// How long before its end at the latest a stream is looked at more often, in milliseconds.
const LAST_MS: u64 = 500;

/// What a stream may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamLimits {
    /// The longest silence, in milliseconds.
    pub silent_ms: u64,
    /// When it ends at the latest, in milliseconds since 1970.
    pub deadline_ms: u64,
}

/// The streams of a worker that flow, by the numbers of their contexts. A `T` is what ends one.
#[derive(Debug)]
pub struct Streams<T> {
    ticked_ms: u64,
    /// When the first of all ends at the latest; too early if that one is over since the last tick.
    first_ms: u64,
    watched: HashMap<u32, Watched<T>, BuildHasherDefault<Numbers>>,
}

#[derive(Debug)]
struct Watched<T> {
    root: u32,
    limits: StreamLimits,
    /// Nothing was counted since its last bytes.
    is_fresh: bool,
    /// For so long, in milliseconds.
    silent_ms: u64,
    /// The timer has seen it.
    is_ticked: bool,
    /// Gone once its last words are on their way.
    stream: Option<T>,
}

/// What a tick brings.
#[derive(Debug, PartialEq, Eq)]
pub struct Due<T> {
    /// The streams that must end, their contexts, and why.
    pub ending: Vec<(u32, Why, T)>,
    /// The contexts of those whose last words are out.
    pub over: Vec<u32>,
}

impl<T> Default for Streams<T> {
    fn default() -> Streams<T> {
        Streams { ticked_ms: 0, first_ms: u64::MAX, watched: HashMap::default() }
    }
}

impl<T> Streams<T> {
    /// Some bytes of a stream came: whether it is a new one. `stream` is asked for once a stream.
    pub fn touch(
        &mut self,
        root: u32,
        context: u32,
        stream: impl FnOnce() -> Option<(StreamLimits, T)>,
    ) -> bool {
        if let Some(known) = self.watched.get_mut(&context) {
            known.is_fresh = true;
            return false;
        }
        let Some((limits, stream)) = stream() else { return false };
        self.first_ms = self.first_ms.min(limits.deadline_ms);
        let stream = Some(stream);
        let one = Watched { root, limits, is_fresh: true, silent_ms: 0, is_ticked: false, stream };
        self.watched.insert(context, one);
        true
    }

    /// The stream is over.
    pub fn forget(&mut self, context: u32) {
        self.watched.remove(&context);
    }

    /// What they need of the timer of a root context.
    pub fn need(&self, root: u32) -> Hurry {
        let is_urgent = self.first_ms <= self.ticked_ms.saturating_add(LAST_MS);
        let need = if is_urgent { Hurry::Soon } else { Hurry::Watch };
        need.when(self.watched.values().any(|one| one.root == root))
    }

    /// The timer of a root context ticked, so long after its last tick, in milliseconds.
    pub fn tick(&mut self, root: u32, now_ms: u64, since_ms: u64) -> Due<T> {
        self.ticked_ms = now_ms;
        let mut due = Due { ending: Vec::new(), over: Vec::new() };
        for (context, one) in self.watched.iter_mut().filter(|(_, one)| one.root == root) {
            let why = one.why(now_ms, since_ms);
            if one.stream.is_none() {
                due.over.push(*context);
            } else if let Some(why) = why
                && let Some(stream) = one.stream.take()
            {
                due.ending.push((*context, why, stream));
            }
        }
        due.over.iter().for_each(|context| self.forget(*context));
        self.first_ms = self.watched.values().map(|one| one.limits.deadline_ms).min().unwrap_or(u64::MAX);
        due
    }
}

impl<T> Watched<T> {
    /// Why the stream must end, if it must.
    fn why(&mut self, now_ms: u64, since_ms: u64) -> Option<Why> {
        let passed_ms = since_ms.min(MOST_TICK_MS);
        if std::mem::replace(&mut self.is_ticked, true) {
            // What a jump of the clock took from it is given back.
            self.limits.deadline_ms = self.limits.deadline_ms.saturating_add(since_ms - passed_ms);
        }
        self.silent_ms = if self.is_fresh { 0 } else { self.silent_ms.saturating_add(passed_ms) };
        self.is_fresh = false;
        match () {
            () if self.silent_ms >= self.limits.silent_ms => Some(Why::Silent),
            () if self.limits.deadline_ms <= now_ms => Some(Why::TooLong),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_750_000_000_000;
    const LIMITS: StreamLimits = StreamLimits { silent_ms: 1_000, deadline_ms: NOW_MS + 60_000 };

    /// A stream of the root context 1, and when it ends, of ticks that come every 250 ms; `came` says at which bytes came.
    fn ends(ticks: u64, came: impl Fn(u64) -> bool) -> Option<(u64, Why)> {
        let mut streams = Streams::default();
        assert!(streams.touch(1, 7, || Some((LIMITS, "s"))));
        (1..=ticks).find_map(|tick| {
            if came(tick) {
                streams.touch(1, 7, || panic!("it is known"));
            }
            let due = streams.tick(1, NOW_MS + tick * 250, 250);
            due.ending.first().map(|(_, why, _)| (tick, *why))
        })
    }

    #[test]
    fn silence_is_counted_from_the_last_bytes() {
        assert_eq!(ends(100, |_| false), Some((5, Why::Silent)), "the first tick finds fresh bytes");
        assert_eq!(ends(100, |tick| tick <= 10), Some((14, Why::Silent)));
        assert_eq!(ends(100, |tick| tick % 4 == 0), None);
    }

    #[test]
    fn a_stream_ends_when_its_time_is_over_however_much_comes() {
        assert_eq!(ends(1_000, |_| true), Some((240, Why::TooLong)));
    }

    #[test]
    fn one_that_ends_gets_a_tick_for_its_last_words() {
        let mut streams = Streams::default();
        streams.touch(1, 7, || Some((StreamLimits { silent_ms: 0, ..LIMITS }, "s")));
        assert_eq!(streams.tick(1, NOW_MS, 0), Due { ending: vec![(7, Why::Silent, "s")], over: vec![] });
        assert!(!streams.touch(1, 7, || panic!("it is known")), "what its provider still sends");
        assert_eq!(streams.need(1), Hurry::Watch);
        assert_eq!(streams.tick(1, NOW_MS + 250, 250), Due { ending: vec![], over: vec![7] });
        assert_eq!(streams.need(1), Hurry::Nothing);
    }

    #[test]
    fn a_clock_that_jumps_ends_no_stream() {
        let jump_ms = 3_600_000;
        let mut streams = Streams::default();
        let limits = StreamLimits { silent_ms: 5_000, ..LIMITS };
        streams.touch(1, 7, || Some((limits, "s")));
        for (now_ms, since_ms) in [(NOW_MS, 250), (NOW_MS + jump_ms, jump_ms), (NOW_MS + jump_ms + 250, 250)]
        {
            assert!(streams.tick(1, now_ms, since_ms).ending.is_empty());
        }
        let late_ms = LIMITS.deadline_ms + jump_ms - 1_000;
        streams.touch(1, 7, || None);
        assert!(streams.tick(1, late_ms - 1, 250).ending.is_empty(), "it has the time that it had");
        assert_eq!(streams.tick(1, late_ms, 1).ending, [(7, Why::TooLong, "s")]);
        // Back: nothing has passed, by the timer.
        streams.touch(1, 8, || Some((limits, "t")));
        assert!(streams.tick(1, NOW_MS - jump_ms, 0).ending.is_empty());
    }

    #[test]
    fn a_timer_looks_at_its_own_streams_only_and_sooner_near_their_end() {
        let mut streams = Streams::default();
        assert!(!streams.touch(1, 6, || None::<(StreamLimits, &str)>), "it is no stream that flows");
        streams.touch(1, 7, || Some((StreamLimits { silent_ms: 0, ..LIMITS }, "s")));
        assert!(streams.tick(2, NOW_MS, 250).ending.is_empty());
        assert_eq!((streams.need(1), streams.need(2)), (Hurry::Watch, Hurry::Nothing));
        streams.tick(2, LIMITS.deadline_ms - LAST_MS, 250);
        assert_eq!(streams.need(1), Hurry::Soon);
        streams.forget(7);
        assert_eq!(streams.need(1), Hurry::Nothing);
    }
}
