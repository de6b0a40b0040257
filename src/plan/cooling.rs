//! Cool-downs: which targets are left alone until when. As text, since that is what the workers of an Envoy share.

use crate::failure::MAX_RETRY_AFTER_MS;

/// Target ids and until when each cools down, in milliseconds since 1970. One line each: id, blank, time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cooling<'t>(Vec<(&'t str, u64)>);

impl<'t> Cooling<'t> {
    /// Those that still count. A deadline further away than any can be was set before the clock jumped back: it counts for
    /// nothing. Neither does a line that is none.
    pub fn read(text: &'t [u8], now_ms: u64) -> Cooling<'t> {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        let known = lines.filter_map(|(id, until)| Some((id, until.parse::<u64>().ok()?)));
        Cooling(known.filter(|(_, until)| *until > now_ms && *until - now_ms <= MAX_RETRY_AFTER_MS).collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'t str, u64)> {
        self.0.iter().copied()
    }

    /// With this target left alone for so long, or for longer if it is already.
    #[must_use]
    pub fn with(mut self, id: &'t str, wait_ms: u64, now_ms: u64) -> Cooling<'t> {
        let until = now_ms.saturating_add(wait_ms.min(MAX_RETRY_AFTER_MS));
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) => *known = until.max(*known),
            None => self.0.push((id, until)),
        }
        self
    }

    pub fn write(&self) -> String {
        self.iter().map(|(id, until)| format!("{id} {until}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: u64 = 1_750_000_000_000;

    fn known(text: &str, now_ms: u64) -> Vec<(&str, u64)> {
        Cooling::read(text.as_bytes(), now_ms).iter().collect()
    }

    #[test]
    fn the_later_deadline_wins_whichever_comes_first() {
        for waits in [[1_000, 20_000], [20_000, 1_000]] {
            let first = Cooling::default().with("a", waits[0], NOW_MS).with("b", 5_000, NOW_MS).write();
            let second = Cooling::read(first.as_bytes(), NOW_MS + 10).with("a", waits[1], NOW_MS).write();
            assert_eq!(known(&second, NOW_MS + 10), [("a", NOW_MS + 20_000), ("b", NOW_MS + 5_000)]);
        }
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let text = Cooling::default().with("a", 1_000, NOW_MS).with("b", 2_000, NOW_MS).write();
        assert_eq!(known(&text, NOW_MS + 999).len(), 2);
        assert_eq!(known(&text, NOW_MS + 1_000), [("b", NOW_MS + 2_000)]);
        let again = Cooling::read(text.as_bytes(), NOW_MS + 5_000).with("a", 1_000, NOW_MS + 5_000);
        assert_eq!(again.write(), format!("a {}\n", NOW_MS + 6_000));
    }

    #[test]
    fn nobody_is_left_alone_for_longer_than_may_be() {
        let text = Cooling::default().with("a", u64::MAX, NOW_MS).write();
        assert_eq!(known(&text, NOW_MS), [("a", NOW_MS + MAX_RETRY_AFTER_MS)]);
    }

    #[test]
    fn a_clock_that_jumps_does_no_harm() {
        let text = Cooling::default().with("a", 10_000, NOW_MS).write();
        // Ahead: it is over. Back: it can't be that far away, and a new one counts from now.
        assert_eq!(known(&text, NOW_MS + 3_600_000), []);
        let back_ms = NOW_MS - 3_600_000;
        assert_eq!(known(&text, back_ms), []);
        let again = Cooling::read(text.as_bytes(), back_ms).with("a", 10_000, back_ms).write();
        assert_eq!(known(&again, back_ms), [("a", back_ms + 10_000)]);
        assert_eq!(known(&Cooling::default().with("a", 1, u64::MAX).write(), u64::MAX), []);
    }

    #[test]
    fn what_is_no_line_is_left_out() {
        let text = format!("a\nb x\n\nc -5\nd {}", NOW_MS + 1);
        assert_eq!(known(&text, NOW_MS), [("d", NOW_MS + 1)]);
        assert_eq!(Cooling::read(&[0xff, 0xfe], NOW_MS), Cooling::default());
    }
}
