//! The group's last answer, when every target failed: a well-formed one, in the caller's dialect.

use super::answer::Answer;
use super::headers;
use crate::chat::{Choice, Event, Finish, Part, PartKind, Reply, Usage};
use crate::dialect::{Memo, Turn, exchange};
use crate::json::Text;

/// `content` as a chat, a message or a stream of one; `None` where the caller asked for something that no words stand for, such as
/// embeddings.
pub fn answer(turn: &Turn, content: &str) -> Option<Answer> {
    let caller = exchange::caller(turn.surface)?;
    // No attempt answers, so there is nothing to remember of one.
    let memo = Memo::default();
    let mut body = Vec::with_capacity(512);
    let usage = Usage { input: Some(0), output: Some(0), ..Usage::default() };
    if turn.stream {
        let mut writer = caller.stream(turn, &memo);
        for event in [
            Event::Start { id: None, model: None },
            Event::Text { choice: 0, text: Text::from(content) },
            Event::Finish { choice: 0, finish: Finish::Stop },
            Event::Usage(usage),
        ] {
            writer.event(&event, &mut body);
        }
        writer.end(&mut body);
    } else {
        let parts = vec![Part::from(PartKind::Text(Text::from(content)))];
        let choice = Choice { parts, finish: Finish::Stop, logprobs: None, citations: Vec::new() };
        caller.write(&Reply { choices: vec![choice], usage, ..Reply::default() }, turn, &memo, &mut body);
    }
    let content_type = if turn.stream { "text/event-stream; charset=utf-8" } else { "application/json" };
    let answer = Answer { status: 200, headers: vec![("content-type", content_type.to_owned())], body };
    Some(answer.with(headers::DEGRADED, "true"))
}
