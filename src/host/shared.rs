//! What the contexts of one VM share. What the VMs of one Envoy share is in [`super::store`].

use super::abi;
use super::entry::Numbers;
use crate::filter::{Runtime, Trip};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::rc::Rc;

thread_local! {
    /// The last configuration that was loaded: every order names the same one.
    static LOADED: RefCell<Option<(Vec<u8>, Rc<Runtime>)>> = const { RefCell::new(None) };
    /// Requests on their way, by key.
    static TRIPS: RefCell<HashMap<u64, Rc<Trip>, BuildHasherDefault<Numbers>>> = RefCell::default();
    /// Counters by name.
    static COUNTERS: RefCell<HashMap<String, u32>> = RefCell::default();
    /// A translator of this VM has found a trip by its header.
    static MET: Cell<bool> = const { Cell::new(false) };
    static NEXT: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
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

/// Adds to a counter, which exists from then on.
pub fn count(metric: &str, by: u32) {
    COUNTERS.with(|counters| {
        let Ok(mut counters) = counters.try_borrow_mut() else { return };
        let known = counters.get(metric).copied();
        let id = known.or_else(|| abi::define_metric(abi::Metric::Counter, metric).ok());
        let Some(id) = id else { return };
        if known.is_none() {
            counters.insert(metric.to_owned(), id);
        }
        abi::increment_metric(id, i64::from(by));
    });
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
