//! The timer of a root context: fast while a request waits, slow while a stream is watched (not so slow when its time is nearly
//! over), off otherwise.

/// What somebody needs of a timer, in the order of their hurry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hurry {
    /// Nothing is watched and nobody waits.
    #[default]
    Nothing,
    /// Streams or bodies are watched.
    Watch,
    /// The time of a stream is nearly over.
    Soon,
    /// A request waits.
    Now,
}

impl Hurry {
    /// This, if somebody needs it.
    #[must_use]
    pub fn when(self, is_needed: bool) -> Hurry {
        if is_needed { self } else { Hurry::Nothing }
    }

    /// The period, in milliseconds; 0: the timer is off.
    fn period_ms(self) -> u32 {
        match self {
            Hurry::Nothing => 0,
            Hurry::Watch => SLOW_MS,
            Hurry::Soon => 25,
            Hurry::Now => 5,
        }
    }
}

const SLOW_MS: u32 = 250;

/// So many ticks run for nothing before the timer is switched off: switching costs a hostcall, and each request that comes
/// alone would switch it on and off.
const MOST_QUIET: u32 = 20;

/// See the module.
#[derive(Debug, Default)]
pub struct Timer {
    /// How it ticks now.
    hurry: Hurry,
    /// How many ticks in a row nobody needed.
    quiet: u32,
    /// The last tick that somebody needed, in milliseconds since 1970; 0: none since the last that nobody did. Each root
    /// context has its own: several tick beside each other.
    ticked_ms: u64,
}

impl Timer {
    /// Somebody needs it: the period that it must be set to for that, in milliseconds.
    pub fn hurry(&mut self, need: Hurry) -> Option<u32> {
        self.adjust(need.max(self.hurry))
    }

    /// The period that it must be set to for all who need it, in milliseconds. A period that runs already is left alone: setting it anew begins
    /// it anew, and with many requests it would never end.
    pub fn adjust(&mut self, need: Hurry) -> Option<u32> {
        if self.hurry == need {
            self.quiet = 0;
            return None;
        }
        if need == Hurry::Nothing && self.hurry == Hurry::Watch && self.quiet < MOST_QUIET {
            self.quiet += 1;
            return None;
        }
        (self.hurry, self.quiet) = (need, 0);
        if need == Hurry::Nothing {
            self.ticked_ms = 0;
        }
        Some(need.period_ms())
    }

    /// It ticked, and somebody needed it: how much time has passed since it last did, in milliseconds; nothing if that was for
    /// nobody.
    pub fn passed_ms(&mut self, now_ms: u64) -> u64 {
        match std::mem::replace(&mut self.ticked_ms, now_ms) {
            0 => 0,
            before_ms => now_ms.saturating_sub(before_ms),
        }
    }

    /// It ticked for nobody.
    pub fn rest(&mut self) {
        self.ticked_ms = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_set_once_and_ends_after_some_quiet_ticks() {
        let mut timer = Timer::default();
        assert_eq!(timer.adjust(Hurry::Nothing), None, "it is off");
        assert_eq!(timer.adjust(Hurry::Watch), Some(SLOW_MS));
        assert_eq!(timer.adjust(Hurry::Watch), None);
        for _ in 0..MOST_QUIET {
            assert_eq!(timer.adjust(Hurry::Nothing), None);
        }
        assert_eq!(timer.adjust(Hurry::Nothing), Some(0));
        assert_eq!(timer.adjust(Hurry::Watch), Some(SLOW_MS));
        timer.adjust(Hurry::Nothing);
        assert_eq!(timer.adjust(Hurry::Watch), None, "somebody came in time");
        assert_eq!(
            (timer.adjust(Hurry::Now), timer.adjust(Hurry::Nothing)),
            (Some(5), Some(0)),
            "a fast one"
        );
    }

    #[test]
    fn who_comes_slows_nobody_down() {
        let mut timer = Timer::default();
        assert_eq!(timer.hurry(Hurry::Watch), Some(SLOW_MS));
        assert_eq!(timer.hurry(Hurry::Now), Some(5));
        assert_eq!((timer.hurry(Hurry::Watch), timer.hurry(Hurry::Nothing)), (None, None));
        assert_eq!(timer.adjust(Hurry::Watch), Some(SLOW_MS), "when it ticked, and only that one is left");
    }

    #[test]
    fn time_passes_between_ticks_that_somebody_needed() {
        let mut timer = Timer::default();
        assert_eq!(timer.passed_ms(1_000), 0);
        assert_eq!(timer.passed_ms(1_250), 250);
        assert_eq!(timer.passed_ms(1_000), 0, "a clock that jumps back");
        timer.rest();
        assert_eq!(timer.passed_ms(9_000), 0);
    }

    #[test]
    fn who_is_in_a_hurry_gets_a_shorter_period() {
        let periods = [Hurry::Now, Hurry::Soon, Hurry::Watch].map(Hurry::period_ms);
        assert!(periods.is_sorted() && Hurry::Nothing.period_ms() == 0);
        assert_eq!((Hurry::Now.when(false), Hurry::Now.when(true)), (Hurry::Nothing, Hurry::Now));
    }
}
