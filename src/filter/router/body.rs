//! A request's body as it comes, until it is whole.

use super::refuse::{late, refused};
use super::{Arrival, Phase, Router};
use crate::dialect::Surface;
use crate::filter::answer::{Answer, busy_answer};

impl Router {
    /// So many bytes more of the body have come. An answer where that is too many: don't read them.
    pub fn received(&mut self, bytes: usize) -> Option<Answer> {
        let Phase::Reading { surface, body, .. } = &self.phase else { return None };
        let (surface, length) = (*surface, body.length().saturating_add(bytes));
        let refused = match self.fits(u64::try_from(length).unwrap_or(u64::MAX)) {
            Err(refusal) => Some(refused(surface, refusal)),
            Ok(()) => {
                let Phase::Reading { held, .. } = &mut self.phase else { return None };
                held.arrive(length).err().map(|_| busy_answer(surface))
            }
        };
        if refused.is_some() {
            self.phase = Phase::Other;
        }
        refused
    }

    /// A piece of the body, which [`Router::received`] let pass; `end`: there will be no other.
    pub fn arrives(&mut self, piece: Vec<u8>, end: bool) -> Arrival {
        let Phase::Reading { body, .. } = &mut self.phase else { return Arrival::Wait };
        if !(body.push(piece) || end) {
            return Arrival::Wait;
        }
        if !end && body.is_one_small_piece() {
            return Arrival::Keep;
        }
        Arrival::Whole
    }

    /// The body is whole, and is not to be worked on at this moment: the answer.
    pub fn is_one_too_many(&mut self) -> Answer {
        let surface = match &self.phase {
            Phase::Reading { surface, .. } => *surface,
            _ => Surface::Chat,
        };
        self.phase = Phase::Other;
        busy_answer(surface)
    }

    /// How many bytes of the body have come.
    pub fn length(&self) -> usize {
        match &self.phase {
            Phase::Reading { body, .. } => body.length(),
            _ => 0,
        }
    }

    /// The whole body, for [`Router::plan`].
    ///
    /// # Errors
    /// The answer where there is no room to work on it.
    pub fn take_body(&mut self) -> Result<Vec<u8>, Answer> {
        let Phase::Reading { surface, body, held, .. } = &mut self.phase else { return Ok(Vec::new()) };
        held.arrived();
        if held.may_work(body.length(), held.vm()).is_ok() {
            return Ok(body.take());
        }
        let answer = busy_answer(*surface);
        self.phase = Phase::Other;
        Err(answer)
    }

    /// The body has not come in time.
    pub fn is_late(&mut self) -> Option<Answer> {
        let Phase::Reading { surface, .. } = &self.phase else { return None };
        let answer = late(*surface);
        self.phase = Phase::Other;
        Some(answer)
    }
}
