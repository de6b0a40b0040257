//! What a request is written for.

use super::{Target, Turn};
use crate::dialect::loss::Losses;

/// To whom a request goes, in which exchange, and what is lost of it on the way.
#[derive(Debug)]
pub struct Sending<'s> {
    /// Who gets it.
    pub target: &'s Target,
    /// What it is part of.
    pub turn: &'s Turn,
    /// What can't be carried is told here.
    pub losses: &'s mut Losses,
}

impl<'s> Sending<'s> {
    /// The model that the target is asked for.
    pub fn model(&self) -> &'s str {
        self.target.model(&self.turn.requested_model)
    }
}
