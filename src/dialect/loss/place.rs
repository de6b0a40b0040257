//! The caller's names of places in the model, for refusals and the list of what was left out.
//!
//! A provider's writer knows messages of the model by their number. A caller's own places may differ: a system prompt
//! stands elsewhere, several results of tools are one message, an item is a part.

/// What is meant in a message of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spot {
    /// The message itself.
    Message,
    /// One of its parts.
    Part(usize),
}

/// A path such as `messages[2].content[1]` in the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Its number in the conversation, from 0.
    pub message: usize,
    /// What of it.
    pub spot: Spot,
}

impl std::fmt::Display for Place {
    /// As callers of Chat Completions and Messages write it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "messages[{}]", self.message)?;
        match self.spot {
            Spot::Message => Ok(()),
            Spot::Part(part) => write!(f, ".content[{part}]"),
        }
    }
}
