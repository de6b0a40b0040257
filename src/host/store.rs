//! What the VMs of one Envoy share: values that several workers write at once, each by reading, merging and swapping it.
//!
//! What is merged, and when it is worth a look, is [`crate::plan`]'s to say.

use super::{abi, shared};
use crate::filter::{Metric, Runtime};
use crate::plan::{Known, News, Standing, Standings};
use std::cell::{Cell, RefCell};

/// The shared value that holds what is known of all targets, as [`Standings`] writes it: by their identities, so it is one
/// for all configurations.
const STANDINGS: EnvoyValue = EnvoyValue("switchover.standings");

/// What a value begins with: no line that anybody reads.
const NOTHING: &[u8] = b"\n";

/// Another worker can be faster; a few tries are plenty.
const MOST_TRIES: usize = 8;

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::default();
    /// The counter of all workers' news, once it is defined.
    static TOLD: Cell<Option<u32>> = const { Cell::new(None) };
}

/// A value that others write too. Each version of it has a number; 0 is that of none, and to write over that is to write over
/// whatever is there.
trait SharedValue {
    fn read(&self) -> Result<(Option<Vec<u8>>, u32), abi::Status>;

    /// # Errors
    /// [`abi::CAS_MISMATCH`]: somebody has written it since.
    fn write(&self, value: &[u8], version: u32) -> Result<(), abi::Status>;
}

/// One of Envoy's, by its name.
struct EnvoyValue(&'static str);

impl SharedValue for EnvoyValue {
    fn read(&self) -> Result<(Option<Vec<u8>>, u32), abi::Status> {
        abi::shared(self.0)
    }

    fn write(&self, value: &[u8], version: u32) -> Result<(), abi::Status> {
        abi::set_shared(self.0, value, version)
    }
}

/// Makes a value, if nobody has. One that isn't there can't be compared: of two workers with the first news one would overwrite
/// the other's. Envoy loads every configuration in its main thread before any worker does.
fn make(value: &impl SharedValue) {
    if let Ok((None, version)) = value.read() {
        let _ = value.write(NOTHING, version);
    }
}

/// Merges something into a value: what `merge` makes of what is there is written, unless somebody else was faster; then it
/// is asked again. Returns what came with the text that was written; `None` if there was nothing to write, or no way.
fn update<T>(value: &impl SharedValue, mut merge: impl FnMut(&[u8]) -> Option<(String, T)>) -> Option<T> {
    for _ in 0..MOST_TRIES {
        let (bytes, version) = value.read().ok()?;
        let Some(bytes) = bytes else {
            make(value);
            continue;
        };
        let (text, merged) = merge(&bytes)?;
        match value.write(text.as_bytes(), version) {
            Ok(()) => return Some(merged),
            Err(abi::CAS_MISMATCH) => {}
            Err(_) => return None,
        }
    }
    None
}

/// Gets ready for what the workers tell each other; call it when a configuration is loaded.
pub fn prepare() {
    make(&STANDINGS);
    TOLD.set(abi::define_metric(abi::EnvoyMetric::Counter, Metric::News.line().name).ok());
}

/// What is known of the targets of a configuration.
///
/// A shared value costs a request ten thousand instructions, and all workers one lock; a counter little, and none. So the
/// value is read where the counter has changed, and now and then.
pub fn standings(runtime: &Runtime, now_ms: u64) -> Vec<(usize, Standing)> {
    let ours = shared::lend(&KNOWN, |known| {
        let told = TOLD.get().and_then(|id| abi::metric(id).ok());
        if known.is_stale(now_ms, told, shared::have_met()) {
            let bytes = STANDINGS.read().ok().and_then(|(bytes, _)| bytes).unwrap_or_default();
            *known = Known::read(&bytes, now_ms, told);
        }
        let ours = |(identity, standing)| Some((runtime.identified(identity)?, standing));
        known.standings().iter().filter_map(ours).collect()
    });
    ours.unwrap_or_default()
}

/// Tells all workers what happened to a target, if that is news to this one.
pub fn tell(runtime: &Runtime, target: usize, news: News, now_ms: impl FnOnce() -> u64) {
    let told = runtime.identity(target).zip(runtime.config.targets.get(target));
    let Some((identity, target)) = told else { return };
    if shared::lend(&KNOWN, |known| known.is_all_well(news)) == Some(true) {
        return;
    }
    let (now_ms, breaker) = (now_ms(), &target.circuit_breaker);
    let is_news = shared::lend(&KNOWN, |known| known.is_news(identity, news, now_ms, breaker));
    if is_news != Some(true) {
        return;
    }
    let merged = update(&STANDINGS, |bytes| {
        let next = Standings::read(bytes, now_ms).after(identity, news, now_ms, breaker)?;
        Some((next.write(), next))
    });
    let Some(all) = merged else { return };
    shared::lend(&KNOWN, |known| known.has_told(all, now_ms));
    if let Some(id) = TOLD.get() {
        abi::increment_metric(id, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value as Envoy keeps them, and other workers that write between our reading and our writing.
    #[derive(Default)]
    struct Fake {
        value: RefCell<(Option<Vec<u8>>, u32)>,
        others: RefCell<Vec<&'static str>>,
        written: Cell<usize>,
    }

    impl Fake {
        fn put(&self, value: &[u8]) {
            let mut kept = self.value.borrow_mut();
            *kept = (Some(value.to_vec()), kept.1 + 1);
        }

        fn text(&self) -> String {
            String::from_utf8(self.value.borrow().0.clone().unwrap_or_default()).unwrap()
        }
    }

    impl SharedValue for Fake {
        fn read(&self) -> Result<(Option<Vec<u8>>, u32), abi::Status> {
            let read = self.value.borrow().clone();
            let other = self.others.borrow_mut().pop();
            if let Some(other) = other {
                self.put(format!("{}{other}\n", self.text()).as_bytes());
            }
            Ok(read)
        }

        fn write(&self, value: &[u8], version: u32) -> Result<(), abi::Status> {
            if version != 0 && version != self.value.borrow().1 {
                return Err(abi::CAS_MISMATCH);
            }
            self.written.set(self.written.get() + 1);
            self.put(value);
            Ok(())
        }
    }

    fn add(value: &Fake, line: &str) -> Option<usize> {
        update(value, |bytes| {
            let before = String::from_utf8(bytes.to_vec()).unwrap();
            let is_new = !before.lines().any(|known| known == line);
            is_new.then(|| (format!("{before}{line}\n"), before.len()))
        })
    }

    #[test]
    fn what_others_write_in_between_is_merged() {
        let value = Fake::default();
        make(&value);
        value.others.replace(vec!["c", "b"]);
        assert!(add(&value, "a").is_some());
        assert_eq!(value.text(), "\nb\nc\na\n");
        assert_eq!(add(&value, "b"), None, "what is there is no news");
        assert_eq!(value.written.get(), 2);
    }

    #[test]
    fn the_first_news_of_two_workers_are_both_kept() {
        let value = Fake::default();
        make(&value);
        make(&value);
        assert_eq!(value.written.get(), 1, "what is there is left alone");
        value.others.replace(vec!["the other's"]);
        assert!(add(&value, "ours").is_some());
        assert_eq!(value.text(), "\nthe other's\nours\n");
    }

    #[test]
    fn a_value_that_is_not_there_is_made_first() {
        let value = Fake::default();
        assert_eq!(add(&value, "ours"), Some(NOTHING.len()));
        assert_eq!(value.text(), "\nours\n");
    }

    #[test]
    fn nobody_tries_for_ever() {
        let value = Fake::default();
        make(&value);
        value.others.replace(vec!["x"; 100]);
        assert_eq!(add(&value, "ours"), None);
        assert_eq!(value.others.borrow().len(), 100 - MOST_TRIES);
        value.others.borrow_mut().clear();
        assert!(add(&value, "ours").is_some());
    }

    #[test]
    fn targets_of_two_workers_stand_beside_each_other() {
        let breaker = crate::config::CircuitBreaker {
            consecutive_failures: 3,
            interval_ms: 10_000,
            base_ejection_time_ms: 30_000,
            max_ejection_time_ms: 100_000,
        };
        let value = Fake::default();
        make(&value);
        for identity in [1, 2] {
            let told = update(&value, |bytes| {
                let news = News::Limited { wait_ms: 1_000 };
                let next = Standings::read(bytes, 1_000).after(identity, news, 1_000, &breaker)?;
                Some((next.write(), ()))
            });
            assert_eq!(told, Some(()));
        }
        let known = Standings::read(value.text().as_bytes(), 1_000);
        assert_eq!(known.iter().map(|(identity, _)| identity).collect::<Vec<_>>(), [1, 2]);
    }
}
