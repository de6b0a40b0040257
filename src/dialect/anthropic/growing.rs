//! A block of a streamed answer, as far as it has come, and what is told when it ends.

use super::code;
use crate::chat::Event;
use crate::dialect::piece::citation::{Cited, Length};
use crate::dialect::seam::Sink;
use crate::json::Text;

/// A block, by what it is about.
#[derive(Debug)]
pub(super) enum BlockBeingRead {
    Text(Cited),
    Thought,
    Tool(ArgumentBytes),
    /// The call whose arguments are the answer's text.
    Answer(ArgumentBytes),
    /// Code that Claude runs: its tool, its id, and its input as it began with it and as far as it has come since.
    Code {
        tool: &'static str,
        id: String,
        whole: String,
        pieces: String,
    },
    /// Other tools of the server's and what nobody knew yesterday.
    Other,
    Ended,
}

/// The arguments of a tool call so far.
#[derive(Debug, Default)]
pub(super) struct ArgumentBytes {
    /// The number of the call.
    pub(super) call: u32,
    /// What `content_block_start` held already; it counts only if no fragment follows.
    pub(super) whole: Option<String>,
    pub(super) has_fragment: bool,
}

/// Tells words, and counts them.
pub(super) fn say(length: &mut Length, text: Text<'_>, sink: &mut Sink<'_>) {
    if !text.is_empty() {
        length.add(&text);
        sink(Event::Text { choice: 0, text });
    }
}

/// What a block has to tell when it ends: arguments that never came as fragments came whole at the start, or there are none: callers want `{}` then.
pub(super) fn end_block(
    open: &mut BlockBeingRead,
    length: &mut Length,
    held: &mut usize,
    sink: &mut Sink<'_>,
) {
    let ended = std::mem::replace(open, BlockBeingRead::Ended);
    let whole = |arguments: &ArgumentBytes| match &arguments.whole {
        _ if arguments.has_fragment => None,
        Some(whole) => Some(Text::from(whole.clone())),
        None => Some(Text::from("{}")),
    };
    match ended {
        BlockBeingRead::Tool(arguments) => {
            if let Some(fragment) = whole(&arguments) {
                sink(Event::ToolArguments { choice: 0, index: arguments.call, fragment });
            }
        }
        BlockBeingRead::Answer(arguments) => {
            if let Some(text) = whole(&arguments) {
                say(length, text, sink);
            }
        }
        BlockBeingRead::Code { tool, id, whole, pieces } => {
            *held = held.saturating_sub(whole.len().saturating_add(pieces.len()));
            let input = if pieces.is_empty() { whole } else { pieces };
            sink(Event::Code { choice: 0, run: code::run_of_pieces(tool, id, &input) });
        }
        BlockBeingRead::Text(mut cited) => cited.tell(length, sink),
        BlockBeingRead::Thought | BlockBeingRead::Other | BlockBeingRead::Ended => {}
    }
}
