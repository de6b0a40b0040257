//! What a worker's VM holds, and has Envoy hold, in one account: bodies that arrive, answers that wait, streams' buffers.
//!
//! Envoy can't bound it: its monitors don't see into a VM, and a VM that gets no memory is gone with every request in it.
//! So whoever wants to hold something asks here first, and what doesn't fit is refused in time.

use super::runtime::Runtime;
use std::cell::Cell;
use std::rc::Rc;

/// What a VM has before any request: its code's data, the configuration, tables.
const BASE_BYTES: usize = 4 << 20;
/// A body that is read takes so many times its size for a moment: it, its outline, the model of it and what is written.
pub const WORK_FACTOR: usize = 6;
/// A body that still arrives counts among the large from here on.
const LARGE_BYTES: usize = 64 << 10;

/// The account of one worker.
#[derive(Debug)]
pub struct Memory {
    /// `listen.memory`.
    most: usize,
    /// Held in the VM.
    vm: Cell<usize>,
    /// Held by Envoy for requests of ours, for as long as they live: it keeps a request for its next attempt.
    envoy: Cell<usize>,
    /// Of `vm`, requests that have not arrived whole and are large.
    arriving: Cell<usize>,
}

/// It doesn't fit now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Memory {
    pub fn new(most: u64) -> Memory {
        Memory {
            most: usize::try_from(most).unwrap_or(usize::MAX),
            vm: Cell::new(0),
            envoy: Cell::new(0),
            arriving: Cell::new(0),
        }
    }

    /// Whether so much more can be held: in the VM, and by Envoy. What the VM's memory has grown to, and never gives back, does
    /// not count: what is free in it serves the next, and a worker that refused everybody for what it once held would be no
    /// better than a dead one.
    ///
    /// # Errors
    /// It can't.
    pub fn fits(&self, vm: usize, envoy: usize) -> Result<(), Full> {
        let wanted = self.vm.get().saturating_add(vm).saturating_add(BASE_BYTES);
        let all = wanted.saturating_add(self.envoy.get()).saturating_add(envoy);
        if all <= self.most { Ok(()) } else { Err(Full) }
    }

    /// Whether a request that has not arrived whole may hold so many bytes. Those that are large share half of the memory,
    /// so that callers who send much and never finish keep nobody out who sends little.
    ///
    /// # Errors
    /// It may not.
    fn may_arrive(&self, before: usize, now: usize) -> Result<(), Full> {
        let all = self.arriving.get().saturating_sub(before).saturating_add(large(now));
        if large(now) == 0 || all <= self.most / 2 { Ok(()) } else { Err(Full) }
    }
}

fn large(bytes: usize) -> usize {
    if bytes > LARGE_BYTES { bytes } else { 0 }
}

/// What one request or attempt holds; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    runtime: Rc<Runtime>,
    vm: usize,
    envoy: usize,
    arriving: usize,
}

impl Held {
    pub fn nothing(runtime: &Rc<Runtime>) -> Held {
        Held { runtime: Rc::clone(runtime), vm: 0, envoy: 0, arriving: 0 }
    }

    fn memory(&self) -> &Memory {
        &self.runtime.memory
    }

    /// How many bytes it holds in the VM.
    pub fn vm(&self) -> usize {
        self.vm
    }

    /// Whether there is room for so many bytes more, `work` of them for a moment only.
    ///
    /// # Errors
    /// There is none.
    pub fn room(&self, more: usize, work: usize) -> Result<(), Full> {
        self.memory().fits(more.saturating_add(work), 0)
    }

    /// Holds so many bytes in the VM, in all.
    pub fn set_vm(&mut self, bytes: usize) {
        let all = &self.runtime.memory.vm;
        all.set(all.get().saturating_sub(self.vm).saturating_add(bytes));
        self.vm = bytes;
    }

    /// Has Envoy hold so many bytes, in all.
    pub fn set_envoy(&mut self, bytes: usize) {
        let all = &self.runtime.memory.envoy;
        all.set(all.get().saturating_sub(self.envoy).saturating_add(bytes));
        self.envoy = bytes;
    }

    /// Holds so many bytes of a request, in all, that has not arrived whole.
    ///
    /// # Errors
    /// There is no room for it; nothing changed.
    pub fn arrive(&mut self, bytes: usize) -> Result<(), Full> {
        self.memory().may_arrive(self.arriving, bytes)?;
        self.room(bytes.saturating_sub(self.vm), 0)?;
        self.set_arriving(large(bytes));
        self.set_vm(bytes);
        Ok(())
    }

    /// The request has arrived whole.
    pub fn arrived(&mut self) {
        self.set_arriving(0);
    }

    fn set_arriving(&mut self, bytes: usize) {
        let all = &self.runtime.memory.arriving;
        all.set(all.get().saturating_sub(self.arriving).saturating_add(bytes));
        self.arriving = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set_vm(0);
        self.set_envoy(0);
        self.set_arriving(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    fn runtime() -> Rc<Runtime> {
        let json = r#"{"version":1,"listen":{"memory":67108864,"max_body_bytes":1048576,"max_answer_bytes":1048576},"targets":[{"id":"a","provider":"openai_compatible","endpoint":"http://x"}],
            "model_groups":[{"name":"g","targets":[{"id":"a"}]}]}"#;
        Rc::new(Runtime::load(json.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_held_is_given_back() {
        let runtime = runtime();
        let mut one = Held::nothing(&runtime);
        one.set_vm(40 * MB);
        assert_eq!(one.room(30 * MB, 0), Err(Full));
        one.set_vm(10 * MB);
        one.set_envoy(20 * MB);
        assert_eq!(one.room(30 * MB, 0), Ok(()));
        assert_eq!(one.room(20 * MB, 20 * MB), Err(Full));
        drop(one);
        assert_eq!(runtime.memory.fits(60 * MB, 0), Ok(()));
    }

    #[test]
    fn those_who_never_finish_have_half() {
        let runtime = runtime();
        let mut slow: Vec<Held> = (0..40).map(|_| Held::nothing(&runtime)).collect();
        let came = slow.iter_mut().filter_map(|held| held.arrive(MB).ok()).count();
        assert_eq!(came, 32);
        let mut small = Held::nothing(&runtime);
        assert_eq!(small.arrive(60_000), Ok(()));
        assert_eq!(small.arrive(70_000), Err(Full));
        slow.iter_mut().for_each(Held::arrived);
        assert_eq!(small.arrive(70_000), Ok(()));
        assert_eq!(small.arrive(80_000), Ok(()));
        slow.clear();
        assert_eq!(runtime.memory.arriving.get(), 80_000);
        drop(small);
        assert_eq!((runtime.memory.arriving.get(), runtime.memory.vm.get()), (0, 0));
    }
}
