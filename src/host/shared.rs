//! What the contexts of one VM share, and what the VMs of one Envoy share.

use super::abi;
use super::entry::Numbers;
use crate::filter::{Metric, Runtime, Trip};
use crate::plan::{News, Standing, Standings};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::rc::Rc;

thread_local! {
    /// The last configuration that was loaded: every order names the same one.
    static LOADED: RefCell<Option<(Vec<u8>, Rc<Runtime>)>> = const { RefCell::new(None) };
    /// Requests on their way, by key.
    static TRIPS: RefCell<HashMap<u64, Rc<Trip>, BuildHasherDefault<Numbers>>> = RefCell::default();
    static KNOWN: RefCell<Known> = RefCell::default();
    /// The counter of all workers' news, once it is defined.
    static TOLD: Cell<Option<u32>> = const { Cell::new(None) };
    /// A translator of this VM has found a trip by its header.
    static MET: Cell<bool> = const { Cell::new(false) };
    static NEXT: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// What is known of the targets as last read.
#[derive(Default)]
struct Known {
    /// When it was read, in milliseconds since 1970.
    read_ms: u64,
    /// What the counter of all workers' news said just before.
    told: u64,
    standings: Standings,
}

/// Loads a configuration once for all that name it.
pub fn runtime(json: Vec<u8>) -> Result<Rc<Runtime>, Vec<String>> {
    let known = LOADED.with(|loaded| match loaded.try_borrow().ok()?.as_ref() {
        Some((text, runtime)) if *text == json => Some(Rc::clone(runtime)),
        _ => None,
    });
    if let Some(runtime) = known {
        return Ok(runtime);
    }
    let runtime = Rc::new(Runtime::load(&json)?);
    LOADED.with(|loaded| {
        if let Ok(mut loaded) = loaded.try_borrow_mut() {
            *loaded = Some((json, Rc::clone(&runtime)));
        }
    });
    Ok(runtime)
}

/// A number that no other request of any worker has, but for odds of one in 2⁶⁴ a pair.
pub fn next_key() -> u64 {
    NEXT.with(|next| {
        let key = next.get();
        // An odd step walks through all numbers before one comes again.
        next.set(key.wrapping_add(0x9e37_79b9_7f4a_7c15));
        key
    })
}

pub fn remember(key: u64, trip: &Rc<Trip>) {
    TRIPS.with(|trips| {
        if let Ok(mut trips) = trips.try_borrow_mut() {
            trips.insert(key, Rc::clone(trip));
        }
    });
}

pub fn recall(key: u64) -> Option<Rc<Trip>> {
    TRIPS.with(|trips| trips.try_borrow().ok()?.get(&key).cloned())
}

/// Notes that both roles are in this VM.
pub fn met() {
    MET.set(true);
}

/// Whether both roles are, or were, in this VM.
pub fn have_met() -> bool {
    MET.get()
}

pub fn forget(key: u64) {
    TRIPS.with(|trips| {
        if let Ok(mut trips) = trips.try_borrow_mut() {
            trips.remove(&key);
        }
    });
}

/// The shared value that holds what is known of all targets, as [`Standings`] writes it.
const STANDINGS: &str = "switchover.standings";
/// How old the knowledge may be that a request is planned with, in milliseconds, where nobody says that there is news: what is
/// told in VMs of another kind is not counted here.
const STALE_MS: u64 = 1000;
/// The same where the translators are in such VMs.
const APART_STALE_MS: u64 = 10;

/// Makes the shared value, if nobody has. A value that isn't there can't be compared: of two workers with the first news one
/// would overwrite the other's. Envoy loads every configuration in its main thread before any worker does.
pub fn prepare() {
    if let Ok((None, cas)) = abi::shared(STANDINGS) {
        let _ = abi::set_shared(STANDINGS, b"\n", cas);
    }
    TOLD.set(abi::define_metric(abi::Metric::Counter, Metric::News.line().name).ok());
}

/// How much news the workers have told each other so far.
fn told() -> Option<u64> {
    abi::metric(TOLD.get()?).ok()
}

/// What is known of the targets of a configuration.
///
/// A shared value costs a request ten thousand instructions, and all workers one lock; a counter little, and none. So the value is read where the counter has changed, and now and then.
pub fn standings(runtime: &Runtime, now_ms: u64) -> Vec<(usize, Standing)> {
    KNOWN.with(|known| {
        let Ok(mut known) = known.try_borrow_mut() else { return Vec::new() };
        let told = told();
        let most_ms = if told.is_some() && have_met() { STALE_MS } else { APART_STALE_MS };
        let is_young = now_ms.checked_sub(known.read_ms).is_some_and(|age| age < most_ms);
        if !is_young || told.is_some_and(|told| told != known.told) {
            let bytes = abi::shared(STANDINGS).ok().and_then(|(bytes, _)| bytes).unwrap_or_default();
            let standings = Standings::read(&bytes, now_ms).at(now_ms);
            *known = Known { read_ms: now_ms, told: told.unwrap_or_default(), standings };
        }
        let ours = |(identity, standing)| Some((runtime.identified(identity)?, standing));
        known.standings.iter().filter_map(ours).collect()
    })
}

/// Tells all workers what happened to a target, if that is news to this one.
pub fn tell(runtime: &Runtime, target: usize, news: News, now_ms: impl FnOnce() -> u64) {
    let told = runtime.identity(target).zip(runtime.config.targets.get(target));
    let Some((identity, target)) = told else { return };
    let is_nothing = |known: &Standings| known.is_empty() && news.is_good();
    if KNOWN.with(|known| known.try_borrow().is_ok_and(|known| is_nothing(&known.standings))) {
        return;
    }
    let (now_ms, breaker) = (now_ms(), &target.circuit_breaker);
    let after = |known: &Standings| known.after(identity, news, now_ms, breaker);
    let is_news = KNOWN.with(|known| known.try_borrow().is_ok_and(|known| after(&known.standings).is_some()));
    if !is_news {
        return;
    }
    // Another worker can be faster; a few tries are plenty.
    for _ in 0..8 {
        let Ok((bytes, cas)) = abi::shared(STANDINGS) else { return };
        let Some(next) = after(&Standings::read(&bytes.unwrap_or_default(), now_ms)) else { return };
        match abi::set_shared(STANDINGS, next.write().as_bytes(), cas) {
            Err(abi::CAS_MISMATCH) => {}
            _ => {
                // What this worker did counts for it at once, and for the others once they see that there is news.
                KNOWN.with(|known| {
                    if let Ok(mut known) = known.try_borrow_mut() {
                        known.standings = next.at(now_ms);
                    }
                });
                if let Some(id) = TOLD.get() {
                    abi::increment_metric(id, 1);
                }
                return;
            }
        }
    }
}
