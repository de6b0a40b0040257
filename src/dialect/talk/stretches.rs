//! A conversation as APIs want it that look at messages rather than turns: a call is followed by its results and by nothing else.
//!
//! Anthropic takes neighbours of one role for one turn, and its callers count on it: a call in one message and another call in the
//! next, words between a call and its result. OpenAI answers "An assistant message with 'tool_calls' must be followed by tool
//! messages responding to each 'tool_call_id'".

use crate::chat::{Message, Part, PartKind, Role};

/// A message of the model, and its number.
#[derive(Clone, Copy, Debug)]
pub struct Indexed<'r> {
    pub index: usize,
    pub message: &'r Message<'r>,
}

/// A part, and where it stands in the model.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'r> {
    pub part: &'r Part<'r>,
    pub message: usize,
    pub at: usize,
}

impl Placed<'_> {
    /// Whether nothing stood between the two.
    pub fn continues(&self, before: &Placed<'_>) -> bool {
        self.message == before.message && self.at == before.at.saturating_add(1)
    }
}

/// What comes one after another.
#[derive(Debug)]
pub enum Stretch<'r> {
    /// What the assistant says until somebody else speaks; at least one message.
    Assistant(Vec<Indexed<'r>>),
    /// The result of a tool.
    Result(Placed<'r>),
    /// Instructions, or what the user says besides results: those have come before.
    Other(Indexed<'r>),
}

impl<'r> Indexed<'r> {
    /// All messages in their order.
    pub fn all(messages: &'r [Message<'r>]) -> impl Iterator<Item = Indexed<'r>> {
        messages.iter().enumerate().map(|(index, message)| Indexed { index, message })
    }

    /// Its parts, with their places.
    pub fn parts(self) -> impl Iterator<Item = Placed<'r>> {
        let message = self.index;
        self.message.parts.iter().enumerate().map(move |(at, part)| Placed { part, message, at })
    }

    /// An answer without a word: some APIs refuse one (Moonshot: "must not be empty", AstrBotDevs/AstrBot#7200), and nothing is lost with it.
    fn is_silent(&self) -> bool {
        let Message { role, parts, name, extra } = self.message;
        let is_empty = |part: &Part<'_>| matches!(&part.kind, PartKind::Text(text) if text.is_empty());
        *role == Role::Assistant && name.is_none() && extra.is_empty() && parts.iter().all(is_empty)
    }

    fn is_instruction(&self) -> bool {
        matches!(self.message.role, Role::System | Role::Developer)
    }
}

/// Puts what belongs to a call behind it: results first, then the rest as it came.
pub fn stretches<'r>(messages: impl Iterator<Item = Indexed<'r>>) -> Vec<Stretch<'r>> {
    let mut stretches = Vec::new();
    let (mut said, mut after): (Vec<Indexed<'r>>, Vec<Indexed<'r>>) = (Vec::new(), Vec::new());
    for indexed in messages.filter(|indexed| !indexed.is_silent()) {
        if indexed.message.role == Role::Assistant {
            // Instructions between a call and the next don't end the turn.
            let goes_on = after.is_empty() || calls(&said) && after.iter().all(Indexed::is_instruction);
            if !goes_on {
                take(&mut said, &mut after, &mut stretches);
            }
            said.push(indexed);
        } else {
            after.push(indexed);
        }
    }
    take(&mut said, &mut after, &mut stretches);
    stretches
}

/// Adds a turn and what came after it.
fn take<'r>(said: &mut Vec<Indexed<'r>>, after: &mut Vec<Indexed<'r>>, stretches: &mut Vec<Stretch<'r>>) {
    let has_calls = calls(said);
    if !said.is_empty() {
        stretches.push(Stretch::Assistant(std::mem::take(said)));
    }
    let results = |indexed: &Indexed<'r>| indexed.parts().filter(is_result).map(Stretch::Result);
    if has_calls {
        stretches.extend(after.iter().flat_map(results));
    }
    for indexed in after.drain(..) {
        if !has_calls {
            stretches.extend(results(&indexed));
        }
        stretches.push(Stretch::Other(indexed));
    }
}

fn is_result(placed: &Placed<'_>) -> bool {
    matches!(placed.part.kind, PartKind::ToolResult(_))
}

/// Whether a result must come. A call that only its own dialect knows is one too.
fn calls(said: &[Indexed<'_>]) -> bool {
    let is_call = |part: &Part<'_>| matches!(part.kind, PartKind::ToolCall(_) | PartKind::Foreign { .. });
    said.iter().any(|indexed| indexed.message.parts.iter().any(is_call))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Arguments, ToolCall, ToolResult};
    use crate::json::Text;

    /// A message in short: `a` assistant, `u` user, `s` system; then `.` for words, `c` for a call, `r` for a result.
    fn message(short: &str) -> Message<'_> {
        let role = match short.get(..1) {
            Some("a") => Role::Assistant,
            Some("s") => Role::System,
            _ => Role::User,
        };
        let part = |c: char| match c {
            'c' => PartKind::ToolCall(ToolCall {
                id: Text::from("c"),
                name: Text::from("f"),
                arguments: Arguments::Encoded(Text::from("{}")),
                signature: None,
            }),
            'r' => PartKind::ToolResult(ToolResult {
                call_id: Text::from("c"),
                name: None,
                parts: Vec::new(),
                is_error: false,
            }),
            _ => PartKind::Text(Text::from("a")),
        };
        let parts = short.chars().skip(1).map(|c| Part::from(part(c))).collect();
        Message { role, parts, name: None, extra: Vec::new() }
    }

    /// Messages of the assistant that became one with `+`, results with the place that they came from.
    fn order(conversation: &str) -> String {
        let messages: Vec<_> = conversation.split(' ').map(message).collect();
        let shown = |stretch: &Stretch<'_>| match stretch {
            Stretch::Assistant(said) => {
                said.iter().map(|one| one.index.to_string()).collect::<Vec<_>>().join("+")
            }
            Stretch::Result(placed) => format!("{}.{}", placed.message, placed.at),
            Stretch::Other(indexed) => indexed.index.to_string(),
        };
        stretches(Indexed::all(&messages)).iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_call_is_followed_by_its_results() {
        assert_eq!(order("s. u. a. u."), "0 1 2 3");
        assert_eq!(order("u. ac ac ur. a."), "0 1+2 3.0 3 4");
        assert_eq!(order("u. ac u. u.r ur"), "0 1 3.1 4.0 2 3 4");
        assert_eq!(order("u. ac s. ac urr a."), "0 1+3 4.0 4.1 2 4 5");
        assert_eq!(order("u. a. s. a. u."), "0 1 2 3 4");
        assert_eq!(order("s. u.r u. a."), "0 1.1 1 2 3");
    }
}
