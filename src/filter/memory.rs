//! What a worker's VM holds, and has Envoy hold, in one account: bodies that arrive, answers that wait, streams' buffers.
//!
//! Envoy can't bound it: its monitors don't see into a VM, and a VM that gets no memory is gone with every request in it.
//! So whoever wants to hold something asks here first, and what doesn't fit is refused in time.

use std::cell::Cell;
use std::rc::Rc;

/// A body that is read takes so many times its size for a moment: its pieces, it, its outline, the model of it and what is
/// written.
const WORK_FACTOR: usize = 5;
/// A body that still arrives counts among the large from here on.
const LARGE_BYTES: usize = 64 << 10;
/// Who holds no more than this finds room where those who hold more don't: a small request, a piece of a stream that flows.
const SMALL_BYTES: usize = 512 << 10;
/// What Envoy gets to write at once, from here on, may wait for its caller for longer than the request lives.
const LARGE_ANSWER_BYTES: usize = 1 << 20;
/// Callers are taken to read large answers at no less than this, in bytes a millisecond.
const LEAVING_PACE: u64 = 256 << 10;

/// The account of one worker.
///
/// A VM's memory never shrinks, so what it has and what Envoy has are bounded apart: were one to have at one moment what the other
/// had at another, both together would be more than the file says. A quarter is nobody's: pieces of many bodies leave gaps that no
/// large one fits into, by which a VM was seen to grow to four thirds of what it held. A sixteenth, of that quarter, is for those who
/// hold little, here and in Envoy: large answers that fill the rest break nobody's stream.
#[derive(Debug)]
pub struct Memory {
    /// Held in the VM: half of `listen.memory`.
    vm: Share,
    /// Held by Envoy for requests of ours: what it keeps of a request for the next attempt, and what it writes to a provider or a
    /// caller. A quarter.
    envoy: Share,
    /// In the VM, requests that have not arrived whole and are large: half of that.
    arriving: Share,
    /// Written to callers whose requests are over, as of some moment: HTTP/1 doesn't tell when they have it.
    leaving: Cell<(usize, u64)>,
}

/// Some bytes of so many.
#[derive(Debug)]
struct Share {
    most: usize,
    /// So many beyond that are for those who hold little.
    reserve: usize,
    now: Cell<usize>,
}

impl Share {
    fn of(most: usize, reserve: usize) -> Share {
        Share { most, reserve, now: Cell::new(0) }
    }

    /// Whether there is room for so many more, for somebody who has so many.
    fn fits(&self, part: usize, more: usize) -> Result<(), Full> {
        let is_small = part.saturating_add(more) <= SMALL_BYTES;
        let most = if is_small { self.most.saturating_add(self.reserve) } else { self.most };
        if self.now.get().saturating_add(more) <= most { Ok(()) } else { Err(Full) }
    }

    /// Somebody's part of it changes.
    fn change(&self, part: &mut usize, to: usize) {
        self.now.set(self.now.get().saturating_sub(*part).saturating_add(to));
        *part = to;
    }
}

/// It doesn't fit now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Memory {
    pub fn new(most: u64) -> Memory {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let (vm, reserve) = (most / 2, most / 32);
        Memory {
            vm: Share::of(vm, reserve),
            envoy: Share::of(most / 4, reserve),
            arriving: Share::of(vm / 2, 0),
            leaving: Cell::new((0, 0)),
        }
    }

    /// What callers still have to read of answers whose requests are over.
    fn leaving(&self, now_ms: u64) -> usize {
        let (bytes, as_of_ms) = self.leaving.get();
        let read = now_ms.saturating_sub(as_of_ms).saturating_mul(LEAVING_PACE);
        bytes.saturating_sub(usize::try_from(read).unwrap_or(usize::MAX))
    }
}

fn large(bytes: usize) -> usize {
    if bytes > LARGE_BYTES { bytes } else { 0 }
}

/// What one request or attempt holds; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    account: Rc<Memory>,
    vm: usize,
    envoy: usize,
    arriving: usize,
}

impl Held {
    /// A request that holds no memory yet, in the book of its plugin.
    pub fn nothing(account: &Rc<Memory>) -> Held {
        Held { account: Rc::clone(account), vm: 0, envoy: 0, arriving: 0 }
    }

    /// How many bytes it holds in the VM.
    pub fn vm(&self) -> usize {
        self.vm
    }

    /// Whether the VM has room for so many bytes more.
    ///
    /// # Errors
    /// It has none.
    pub fn room(&self, more: usize) -> Result<(), Full> {
        self.account.vm.fits(self.vm, more)
    }

    /// Whether a request of so many bytes, of which `has` count already, can be read and translated now, and be Envoy's then.
    ///
    /// # Errors
    /// There is no room for that.
    pub fn may_work(&self, length: usize, has: usize) -> Result<(), Full> {
        self.room(length.saturating_mul(WORK_FACTOR).saturating_sub(has))?;
        self.account.envoy.fits(self.envoy, length)
    }

    /// Whether an answer of so many bytes can be read now.
    ///
    /// # Errors
    /// There is no room for that.
    pub fn may_read(&self, length: usize) -> Result<(), Full> {
        // Its pieces and it, or it and what is written of it; and an outline.
        self.room(length.saturating_mul(2).saturating_add(length / 2).saturating_sub(self.vm))
    }

    /// Holds so many bytes in the VM, in all.
    pub fn set_vm(&mut self, bytes: usize) {
        self.account.vm.change(&mut self.vm, bytes);
    }

    /// Holds so many bytes in the VM, in all.
    ///
    /// # Errors
    /// There is no room for them; nothing changed.
    pub fn grow_vm(&mut self, bytes: usize) -> Result<(), Full> {
        self.room(bytes.saturating_sub(self.vm))?;
        self.set_vm(bytes);
        Ok(())
    }

    /// Has Envoy hold so many bytes, in all.
    pub fn set_envoy(&mut self, bytes: usize) {
        self.account.envoy.change(&mut self.envoy, bytes);
    }

    /// Has Envoy write an answer of so many bytes at once. Of a large one nobody tells when its caller has it: it counts for as
    /// long as that should take.
    ///
    /// # Errors
    /// There is no room for it; nothing changed.
    pub fn answer(&self, bytes: usize, clock: impl Fn() -> u64) -> Result<(), Full> {
        if bytes < LARGE_ANSWER_BYTES {
            return Ok(());
        }
        let memory = &self.account;
        let now_ms = clock();
        let leaving = memory.leaving(now_ms).saturating_add(bytes);
        memory.envoy.fits(bytes, leaving)?;
        memory.leaving.set((leaving, now_ms));
        Ok(())
    }

    /// Holds so many bytes of a request, in all, that has not arrived whole. Those that are large share half of the memory, so
    /// that callers who send much and never finish keep nobody out who sends little.
    ///
    /// # Errors
    /// There is no room for it; nothing changed.
    pub fn arrive(&mut self, bytes: usize) -> Result<(), Full> {
        let counted = large(bytes);
        if counted > 0 {
            self.account.arriving.fits(self.arriving, counted.saturating_sub(self.arriving))?;
        }
        self.grow_vm(bytes)?;
        self.account.arriving.change(&mut self.arriving, counted);
        Ok(())
    }

    /// The request has arrived whole.
    pub fn arrived(&mut self) {
        self.account.arriving.change(&mut self.arriving, 0);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set_vm(0);
        self.set_envoy(0);
        self.arrived();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MB: usize = 1 << 20;

    /// Of 64 MB.
    fn account() -> Rc<Memory> {
        Rc::new(Memory::new(64 << 20))
    }

    #[test]
    fn what_is_held_is_given_back() {
        let account = account();
        let mut one = Held::nothing(&account);
        one.set_vm(20 * MB);
        assert_eq!((one.room(12 * MB), one.room(13 * MB)), (Ok(()), Err(Full)));
        assert_eq!(one.grow_vm(33 * MB), Err(Full));
        assert_eq!(one.grow_vm(10 * MB), Ok(()));
        drop(one);
        assert_eq!(Held::nothing(&account).room(32 * MB), Ok(()));
    }

    #[test]
    fn a_request_needs_room_for_work_and_with_envoy() {
        let account = account();
        let mut held = Held::nothing(&account);
        assert_eq!((held.may_work(6 * MB, 0), held.may_work(7 * MB, 0)), (Ok(()), Err(Full)));
        held.set_vm(6 * MB);
        assert_eq!(held.may_work(6 * MB, held.vm()), Ok(()), "what it has is part of it");
        let mut other = Held::nothing(&account);
        other.set_envoy(15 * MB);
        assert_eq!((held.may_work(MB, 0), held.may_work(2 * MB, 0)), (Ok(()), Err(Full)));
        assert_eq!((held.may_read(12 * MB), held.may_read(13 * MB)), (Ok(()), Err(Full)));
    }

    #[test]
    fn what_is_large_leaves_room_for_what_is_small() {
        let account = account();
        let mut large = Held::nothing(&account);
        assert_eq!(large.grow_vm(32 * MB), Ok(()));
        large.set_envoy(16 * MB);
        assert_eq!(large.grow_vm(32 * MB + 1), Err(Full), "the last of it is not for those who have much");
        let mut stream = Held::nothing(&account);
        assert_eq!((stream.room(MB / 2), stream.room(MB)), (Ok(()), Err(Full)));
        assert_eq!((stream.may_work(MB / 10, 0), stream.may_work(MB, 0)), (Ok(()), Err(Full)));
        assert_eq!(stream.grow_vm(MB / 2), Ok(()));
        assert_eq!(stream.grow_vm(MB / 2 + 1), Err(Full), "nor for those who come to have much");
        let mut streams: Vec<Held> = (0..8).map(|_| Held::nothing(&account)).collect();
        let came = streams.iter_mut().filter_map(|held| held.grow_vm(MB / 2).ok()).count();
        assert_eq!(came, 3, "and it ends too");
    }

    #[test]
    fn large_answers_take_a_while_to_leave() {
        let account = account();
        let held = Held::nothing(&account);
        assert_eq!(held.answer(12 * MB, || 1000), Ok(()));
        assert_eq!(held.answer(12 * MB, || 1010), Err(Full));
        assert_eq!(held.answer(MB / 2, || 1010), Ok(()), "a small one is not counted");
        assert_eq!(held.answer(12 * MB, || 1050), Ok(()));
    }

    #[test]
    fn those_who_never_finish_have_half() {
        let account = account();
        let mut slow: Vec<Held> = (0..40).map(|_| Held::nothing(&account)).collect();
        let came = slow.iter_mut().filter_map(|held| held.arrive(MB).ok()).count();
        assert_eq!(came, 16);
        let mut small = Held::nothing(&account);
        assert_eq!(small.arrive(60_000), Ok(()));
        assert_eq!(small.arrive(70_000), Err(Full));
        slow.iter_mut().for_each(Held::arrived);
        assert_eq!(small.arrive(70_000), Ok(()));
        assert_eq!(small.arrive(80_000), Ok(()));
        slow.clear();
        assert_eq!(account.arriving.now.get(), 80_000);
        drop(small);
        assert_eq!((account.arriving.now.get(), account.vm.now.get()), (0, 0));
    }
}
