//! A conversation as most APIs want it: instructions apart, turns that alternate, results of tools first in theirs.
//!
//! A caller of another dialect need not keep to that, so neighbours of one role become one turn.

use super::{Here, Stand};
use crate::chat::{Part, PartKind, Request};
use crate::dialect::loss::{Losses, Refusal};

/// Stands where the conversation begins with the assistant, or has no turn at all: OpenAI takes such conversations, and
/// others refuse them. A fact rather than an instruction, so that it steers the answer as little as may be.
pub const SILENT_USER: &str = "(The user has not said anything yet.)";

/// The instructions and the turns, in pieces that can be written: that can't fail any more.
#[derive(Debug)]
pub struct Turns<P> {
    pub system: Vec<P>,
    pub turns: Vec<Spoken<P>>,
}

/// What one side says until the other speaks.
#[derive(Debug)]
pub struct Spoken<P> {
    pub is_user: bool,
    pub pieces: Vec<P>,
}

impl<P> Turns<P> {
    /// The turns in pieces: `read` adds those that a part becomes.
    ///
    /// # Errors
    /// The first of `read`.
    pub fn in_pieces<'r>(
        request: &'r Request<'r>,
        losses: &mut Losses,
        mut read: impl FnMut(&'r Part<'r>, &mut Here<'_>, &mut Vec<P>) -> Result<(), Refusal>,
    ) -> Result<Turns<P>, Refusal> {
        let mut turns = Turns { system: Vec::new(), turns: Vec::new() };
        Here::in_each(request, losses, |message, here| {
            let mut pieces = Vec::with_capacity(message.parts.len());
            here.each_part(message, |part, here| read(part, here, &mut pieces))?;
            turns.add(here.stand, pieces);
            Ok(())
        })?;
        Ok(turns)
    }

    fn add(&mut self, stand: Stand, pieces: Vec<P>) {
        let is_user = stand == Stand::User;
        match self.turns.last_mut() {
            _ if stand == Stand::System => self.system.extend(pieces),
            Some(turn) if turn.is_user == is_user => turn.pieces.extend(pieces),
            _ if pieces.is_empty() => {}
            _ => self.turns.push(Spoken { is_user, pieces }),
        }
    }

    /// Whether the user has said nothing before the assistant does: then a turn must say that ([`SILENT_USER`]).
    pub fn begins_silent(&self) -> bool {
        self.turns.first().is_none_or(|turn| !turn.is_user)
    }
}

impl<'r> Turns<&'r Part<'r>> {
    /// The turns in parts, of which `admits` lets some through.
    ///
    /// # Errors
    /// The first of `admits`.
    pub fn of(
        request: &'r Request<'r>,
        losses: &mut Losses,
        mut admits: impl FnMut(&'r Part<'r>, &mut Here<'_>) -> Result<bool, Refusal>,
    ) -> Result<Turns<&'r Part<'r>>, Refusal> {
        let mut turns = Turns::in_pieces(request, losses, |part, here, parts| {
            if admits(part, here)? {
                parts.push(part);
            }
            Ok(())
        })?;
        for turn in turns.turns.iter_mut().filter(|turn| turn.is_user) {
            turn.pieces.sort_by_key(|part| !matches!(part.kind, PartKind::ToolResult(_)));
        }
        Ok(turns)
    }

    /// The last turn brings results of tools in a loop that no thought is part of. A loop of tools is one turn of the assistant's
    /// (<https://platform.claude.com/docs/en/build-with-claude/thinking-tool-workflows>), in which Claude thinks once and not again
    /// after results, unless it may think between calls: "Claude will not output another thinking block until after the next
    /// non-`tool_result` `user` turn" (anthropics/claude-cookbooks, `extended_thinking_with_tool_use.ipynb`).
    pub fn resumes_unthought(&self) -> bool {
        let begins = |turn: &Spoken<&Part<'_>>, test: fn(&PartKind<'_>) -> bool| {
            turn.pieces.first().is_some_and(|part| test(&part.kind))
        };
        let is_result = |kind: &PartKind<'_>| matches!(kind, PartKind::ToolResult(_));
        if !self.turns.last().is_some_and(|last| last.is_user && begins(last, is_result)) {
            return false;
        }
        // Whatever else the user says begins another loop.
        let goes_on = |turn: &&Spoken<&Part<'_>>| turn.pieces.iter().all(|part| is_result(&part.kind));
        let in_loop = self.turns.iter().rev().skip(1).take_while(|turn| !turn.is_user || goes_on(turn));
        let mut said = in_loop.filter(|turn| !turn.is_user).peekable();
        said.peek().is_some() && !said.any(|turn| begins(turn, |kind| matches!(kind, PartKind::Thought(_))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::{Message, Role, Thought, ToolResult};
    use crate::dialect::loss::Unsupported;
    use crate::json::Text;

    fn text(said: &str) -> PartKind<'_> {
        PartKind::Text(Text::from(said))
    }

    fn result() -> PartKind<'static> {
        let call_id = Text::from("c");
        PartKind::ToolResult(ToolResult { call_id, name: None, parts: Vec::new(), is_error: false })
    }

    fn message<'a>((role, parts): (Role, Vec<PartKind<'a>>)) -> Message<'a> {
        let parts = parts.into_iter().map(Part::from).collect();
        Message { role, parts, name: None, extra: Vec::new() }
    }

    fn request(messages: Vec<(Role, Vec<PartKind<'_>>)>) -> Request<'_> {
        Request { messages: messages.into_iter().map(message).collect(), ..Request::default() }
    }

    /// Who says how much, and whether a result stands first.
    fn shape(request: &Request<'_>) -> (usize, Vec<(bool, usize, bool)>) {
        let turns = of(request);
        let is_result = |part: &&Part<'_>| matches!(part.kind, PartKind::ToolResult(_));
        let each = turns.turns.iter();
        let each =
            each.map(|turn| (turn.is_user, turn.pieces.len(), turn.pieces.first().is_some_and(is_result)));
        (turns.system.len(), each.collect())
    }

    fn of<'r>(request: &'r Request<'r>) -> Turns<&'r Part<'r>> {
        let mut losses = Losses::new(Unsupported::Refuse);
        Turns::of(request, &mut losses, |part, _| Ok(part.kind != text(""))).unwrap()
    }

    #[test]
    fn neighbours_are_one_turn_and_results_stand_first() {
        let request = request(vec![
            (Role::User, vec![text("a")]),
            (Role::Developer, vec![text("be kind")]),
            (Role::User, vec![text("b"), result()]),
            (Role::Assistant, vec![text("")]),
            (Role::User, vec![text("c")]),
            (Role::Assistant, vec![text("d")]),
        ]);
        assert_eq!(shape(&request), (1, vec![(true, 4, true), (false, 1, false)]));
        assert!(!of(&request).begins_silent());
    }

    #[test]
    fn who_is_silent_and_what_goes_on_without_a_thought() {
        assert!(of(&request(vec![])).begins_silent());
        let answered = request(vec![(Role::Assistant, vec![text("a")]), (Role::User, vec![result()])]);
        assert!(of(&answered).begins_silent() && of(&answered).resumes_unthought());
        let asked = request(vec![(Role::Assistant, vec![text("a")]), (Role::User, vec![text("b")])]);
        assert!(!of(&asked).resumes_unthought());
    }

    #[test]
    fn one_thought_is_enough_for_a_loop() {
        let thought = || {
            PartKind::Thought(Thought { text: Text::from("t"), signature: None, sealed: None, maker: None })
        };
        let resumes = |turns: &[&str]| {
            let messages = turns.iter().map(|turn| match *turn {
                "user" => (Role::User, vec![text("a")]),
                "result" => (Role::User, vec![result()]),
                "thinks" => (Role::Assistant, vec![thought(), text("b")]),
                _ => (Role::Assistant, vec![text("b")]),
            });
            of(&request(messages.collect())).resumes_unthought()
        };
        assert!(!resumes(&["user", "thinks", "result"]));
        assert!(!resumes(&["user", "thinks", "result", "calls", "result"]));
        assert!(!resumes(&["user", "calls", "result", "thinks", "result"]));
        assert!(resumes(&["user", "calls", "result", "calls", "result"]));
        assert!(resumes(&["user", "thinks", "result", "calls", "user", "calls", "result"]));
        assert!(resumes(&["user", "thinks", "result", "user", "calls", "result"]));
        assert!(!resumes(&["user", "calls", "user"]) && !resumes(&["user", "calls"]));
        assert!(!resumes(&["result"]) && !resumes(&[]));
    }
}
