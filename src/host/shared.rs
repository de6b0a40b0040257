//! What the contexts of one VM share. What the VMs of one Envoy share is in [`super::store`].

use super::abi;
use crate::filter::{Numbers, Runtime, Trip};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, RandomState};
use std::rc::Rc;
use std::thread::LocalKey;

thread_local! {
    /// The last configuration that was loaded: every order names the same one.
    static LOADED: RefCell<Option<(Vec<u8>, Rc<Runtime>)>> = const { RefCell::new(None) };
    /// Requests on their way, by key.
    static TRIPS: RefCell<HashMap<u64, Rc<Trip>, BuildHasherDefault<Numbers>>> = RefCell::default();
    /// A translator of this VM has found a trip by its header.
    static MET: Cell<bool> = const { Cell::new(false) };
    static NEXT: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// Lends what is shared to one who uses it for a moment, and makes no hostcall with it that calls back. `None`: somebody has it,
/// which only a mistake of ours can bring about.
pub fn lend<T, R>(shared: &'static LocalKey<RefCell<T>>, act: impl FnOnce(&mut T) -> R) -> Option<R> {
    shared.with(|shared| {
        let Ok(mut shared) = shared.try_borrow_mut() else {
            let kind = std::any::type_name::<T>();
            abi::log(
                abi::Level::Error,
                &format!("a {kind} is in use where nobody should have it: report this"),
            );
            return None;
        };
        Some(act(&mut shared))
    })
}

/// Loads a configuration once for all that name it.
pub fn runtime(json: Vec<u8>) -> Result<Rc<Runtime>, Vec<String>> {
    let known = lend(&LOADED, |loaded| match loaded {
        Some((text, runtime)) if *text == json => Some(Rc::clone(runtime)),
        _ => None,
    });
    if let Some(runtime) = known.flatten() {
        return Ok(runtime);
    }
    let runtime = Rc::new(Runtime::load(&json)?);
    lend(&LOADED, |loaded| *loaded = Some((json, Rc::clone(&runtime))));
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
    lend(&TRIPS, |trips| trips.insert(key, Rc::clone(trip)));
}

pub fn recall(key: u64) -> Option<Rc<Trip>> {
    lend(&TRIPS, |trips| trips.get(&key).cloned()).flatten()
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
    lend(&TRIPS, |trips| trips.remove(&key));
}
