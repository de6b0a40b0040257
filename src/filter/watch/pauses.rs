//! Requests that wait for a while before they go on, for drills of latency, and answers whose end must be told by another
//! filter.
//!
//! Neither can wake itself: its plugin's root context is called by Envoy's timer, and lets those go on whose time has
//! come. The timer runs only while somebody waits.

use super::Hurry;

/// What of a context waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paused {
    /// Until then, in milliseconds since 1970.
    Request(u64),
    /// Until the next tick.
    Answer,
}

#[derive(Debug)]
struct PausedContext {
    root: u32,
    context: u32,
    paused: Paused,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Pauses(Vec<PausedContext>);

impl Pauses {
    /// Remembers a context that is about to be paused.
    pub fn begin(&mut self, root: u32, context: u32, paused: Paused) {
        self.0.push(PausedContext { root, context, paused });
    }

    /// Whether a context's pause is not over.
    pub fn is_waiting(&self, context: u32) -> bool {
        self.0.iter().any(|one| one.context == context)
    }

    /// The request is over, or goes on.
    pub fn forget(&mut self, context: u32) {
        self.0.retain(|one| one.context != context);
    }

    /// What they need of the timer of a root context.
    pub fn need(&self, root: u32) -> Hurry {
        Hurry::Now.when(self.0.iter().any(|one| one.root == root))
    }

    /// Takes out those whose time has come.
    pub fn due(&mut self, root: u32, now_ms: u64) -> Vec<(u32, Paused)> {
        let is_due = |one: &PausedContext| {
            one.root == root && !matches!(one.paused, Paused::Request(until_ms) if until_ms > now_ms)
        };
        let due = self.0.iter().filter(|one| is_due(one)).map(|one| (one.context, one.paused)).collect();
        self.0.retain(|one| !is_due(one));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_whose_time_has_come_go_on() {
        let mut pauses = Pauses::default();
        pauses.begin(1, 7, Paused::Request(100));
        pauses.begin(1, 8, Paused::Answer);
        pauses.begin(2, 9, Paused::Request(50));
        assert_eq!(pauses.due(1, 99), [(8, Paused::Answer)]);
        assert!(pauses.is_waiting(7) && !pauses.is_waiting(8));
        assert_eq!(pauses.due(1, 100), [(7, Paused::Request(100))]);
        assert_eq!((pauses.need(1), pauses.need(2)), (Hurry::Nothing, Hurry::Now));
        pauses.forget(9);
        assert!(pauses.due(2, 1_000).is_empty());
    }
}
