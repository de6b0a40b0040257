//! A call of a tool in an answer: the caller's tool, or the one whose arguments are the answer.

use crate::dialect::seam::Memo;
use crate::json::Text;

/// What becomes of a call of a tool by the name that was sent.
pub enum Called<'a> {
    /// Its arguments are the answer.
    Answer,
    /// The caller's tool, by the caller's name.
    Tool(Text<'a>),
}

impl<'a> Called<'a> {
    /// By the name that the provider says.
    pub fn of(name: Text<'a>, memo: &Memo) -> Called<'a> {
        if memo.format_tool.as_deref().is_some_and(|tool| name == tool) {
            return Called::Answer;
        }
        if memo.renamed.is_empty() {
            return Called::Tool(name);
        }
        Called::Tool(Text::from(memo.original(&name.decode()).to_owned()))
    }
}
