//! Tool calls and their results, told in words.
//!
//! Converse wants `toolConfig` wherever the conversation holds a tool call, and has no choice `none`. So where no tool
//! may be called, or none is offered any more, nothing is offered and what was called before is told as text: then no
//! tool can be called, and the model still knows what happened.

use crate::chat::{ToolCall, ToolResult};
use crate::json::{Text, Writer};

/// Writes a call as a text block.
pub(super) fn write_call(call: &ToolCall<'_>, w: &mut Writer<'_>) {
    let arguments = Text::from(call.arguments.object());
    let parts =
        [&Text::from("[Called the tool "), &call.name, &Text::from(" with "), &arguments, &Text::from("]")];
    w.object(|w| w.key("text").texts(parts));
}

/// Writes the text of a result as a text block; `name` is the tool's. Media follow as blocks of their own.
pub(super) fn write_result(
    result: &ToolResult<'_>,
    name: Option<&Text<'_>>,
    texts: &[&Text<'_>],
    w: &mut Writer<'_>,
) {
    let unknown = Text::from("called before");
    let name = name.or(result.name.as_ref()).unwrap_or(&unknown);
    let said = Text::from(match (result.is_error, texts.is_empty()) {
        (true, true) => " failed",
        (true, false) => " failed: ",
        (false, true) => " answered",
        (false, false) => " answered: ",
    });
    let (open, line, close) = (Text::from("[The tool "), Text::from("\n"), Text::from("]"));
    let mut parts = vec![&open, name, &said];
    for (at, text) in texts.iter().enumerate() {
        if at > 0 {
            parts.push(&line);
        }
        parts.push(text);
    }
    parts.push(&close);
    w.object(|w| w.key("text").texts(parts));
}
