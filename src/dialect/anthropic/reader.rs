//! The provider's stream: named events, one block of content after another, `message_stop` at the end.
//!
//! <https://docs.anthropic.com/en/docs/build-with-claude/streaming>. Blocks are kept apart by their index, so it does
//! not matter in which order their pieces come; one that begins twice, or a message that does, is of another answer. Unknown events and blocks are passed over, as the API asks its clients.

use super::begun::Begun;
use super::code;
use super::framing::{MessageEvent, MessageFrames};
use super::growing::{ArgumentBytes, BlockBeingRead, end_block, say};
use super::parts::{ReadBlock, read_block};
use super::seal::{self, Seal};
use super::wire::{Counts, cited_page, explanation, finish};
use crate::chat::{Event, Finish, Maker, PartKind};
use crate::dialect::piece::citation::{Cited, Length, Page};
use crate::dialect::seam::{FrameReader, Framed, Sink};
use crate::dialect::{Body, Memo};
use crate::failure::Failure;
use crate::json::{Kind, Raw, Shape, Text};
use std::collections::BTreeMap;

/// What is known of a stream so far.
#[derive(Debug, Default)]
pub(super) struct MessageEvents {
    memo: Memo,
    has_started: bool,
    /// `message_stop` was there: nothing after it counts.
    has_ended: bool,
    has_finish: bool,
    begun: Begun,
    /// Blocks by the provider's index, those that have ended included.
    blocks: BTreeMap<u64, BlockBeingRead>,
    counts: Counts,
    /// Tool calls of the caller's own tools so far.
    calls: u32,
    /// Characters of text so far.
    length: Length,
    /// Bytes of code that was not told so far.
    held: usize,
    /// The name and the shape of the last event, if it was nothing but text.
    usual: Option<(String, Shape)>,
}

impl MessageEvents {
    /// # Errors
    /// The failure that an `error` event reports.
    fn event(&mut self, name: &str, data: &[u8], sink: &mut Sink<'_>) -> Result<(), Failure> {
        if let Some((known, shape)) = &self.usual
            && known == name
            && let Some([text, _]) = shape.strings(data)
        {
            self.length.add_literal(text);
            sink(Event::Text { choice: 0, text: Text::encoded(text) });
            return Ok(());
        }
        // Whatever comes between may end the block that the text belongs to.
        self.usual = None;
        let event = Body::new(data);
        let Ok(event) = event.json() else {
            if name == "error" {
                return Err(super::failure_of_event(data));
            }
            sink(Event::Malformed);
            return Ok(());
        };
        let kind = event.get("type").and_then(Raw::text).unwrap_or_else(|| Text::from(name));
        self.begun.check(&kind, event)?;
        let understood = match kind.decode().as_ref() {
            "error" => return Err(super::failure_of_event(data)),
            "ping" => {
                sink(Event::Ping);
                Some(())
            }
            "message_start" => self.start(event, sink),
            "content_block_start" => self.block_start(event, sink),
            "content_block_delta" => {
                let understood = self.block_delta(event, sink);
                self.usual = self.usual_text(event, data).map(|shape| (name.to_owned(), shape));
                understood
            }
            "content_block_stop" => self.block_stop(event, sink),
            "message_delta" => self.message_delta(event, sink),
            "message_stop" => {
                self.stop(sink);
                Some(())
            }
            "" => None,
            _ => Some(()),
        };
        if understood.is_none() {
            sink(Event::Malformed);
        }
        Ok(())
    }

    fn ensure_started(&mut self, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.has_started, true) {
            sink(Event::Start { id: None, model: None });
        }
    }

    fn start(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let message = event.present("message").filter(|message| message.kind() == Kind::Object)?;
        if !std::mem::replace(&mut self.has_started, true) {
            let text = |name| message.present(name).and_then(Raw::text);
            sink(Event::Start { id: text("id"), model: text("model") });
            let tier = message.at(&["usage", "service_tier"]).and_then(Raw::text);
            tier.into_iter().for_each(|tier| sink(Event::ServiceTier(tier)));
            // An answer that goes on after a tool of the server's may begin with what is there already.
            if memchr::memmem::find(message.as_json().as_bytes(), b"[{").is_some() {
                self.blocks_at_start(message, sink);
            }
        }
        self.count(message, sink);
        Some(())
    }

    #[cold]
    fn blocks_at_start(&mut self, message: Raw<'_>, sink: &mut Sink<'_>) {
        for (block, index) in message.get("content").into_iter().flat_map(Raw::items).zip(0..) {
            self.block(index, block, sink);
        }
        self.end_blocks(sink);
    }

    fn count(&mut self, of: Raw<'_>, sink: &mut Sink<'_>) {
        if let Some(usage) = of.present("usage") {
            self.counts.update(usage);
            sink(Event::Usage(self.counts.usage()));
        }
    }

    fn block_start(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let index = event.get("index").and_then(Raw::as_u64)?;
        self.block(index, event.present("content_block")?, sink)
    }

    fn block(&mut self, index: u64, block: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let part = match read_block(block).ok()? {
            ReadBlock::Part(part) => part.kind,
            ReadBlock::CallSignature(..) => return Some(()),
        };
        self.ensure_started(sink);
        let open = match part {
            PartKind::Text(text) => {
                let start = self.length.count();
                say(&mut self.length, text, sink);
                let pages = block.get("citations").into_iter().flat_map(Raw::items).filter_map(cited_page);
                BlockBeingRead::Text(Cited { start, pages: pages.map(Page::into_owned).collect() })
            }
            PartKind::Thought(thought) => {
                match (thought.sealed, thought.signature) {
                    (Some(data), _) => {
                        sink(Event::ThoughtSealed { choice: 0, maker: Maker::Anthropic, data })
                    }
                    (None, signature) => {
                        if !thought.text.is_empty() {
                            let maker = Some(Maker::Anthropic);
                            sink(Event::Thought { choice: 0, text: thought.text, maker });
                        }
                        if let Some(signature) = signature {
                            sink(Event::ThoughtSignature { choice: 0, maker: Maker::Anthropic, signature });
                        }
                    }
                }
                BlockBeingRead::Thought
            }
            PartKind::ToolCall(call) => {
                let input = block.get("input").filter(|input| input.fields().next().is_some());
                let whole = input.map(|input| input.as_json().to_owned());
                if self.memo.format_tool.as_deref().is_some_and(|name| call.name == name) {
                    BlockBeingRead::Answer(ArgumentBytes { whole, ..ArgumentBytes::default() })
                } else {
                    let number = self.calls;
                    self.calls = self.calls.saturating_add(1);
                    let name = self.memo.original(&call.name.decode()).to_owned();
                    let name = if self.memo.renamed.is_empty() { call.name } else { Text::from(name) };
                    sink(Event::ToolStart { choice: 0, index: number, id: call.id, name, signature: None });
                    BlockBeingRead::Tool(ArgumentBytes { call: number, whole, has_fragment: false })
                }
            }
            PartKind::Foreign { raw, .. } => self.hosted(raw, sink),
            _ => BlockBeingRead::Other,
        };
        self.blocks.insert(index, open);
        Some(())
    }

    /// What a tool of the server's does.
    fn hosted(&mut self, block: Raw<'_>, sink: &mut Sink<'_>) -> BlockBeingRead {
        if let Some(outcome) = code::outcome(block) {
            sink(Event::CodeOutcome { choice: 0, outcome });
            return BlockBeingRead::Ended;
        }
        let Some(tool) = code::called(block) else { return BlockBeingRead::Other };
        let input = block.get("input").filter(|input| input.fields().next().is_some());
        let whole = input.map(|input| input.as_json().to_owned()).unwrap_or_default();
        let id = block.get("id").and_then(Raw::text).map(Text::into_string).unwrap_or_default();
        self.held = self.held.saturating_add(whole.len());
        BlockBeingRead::Code { tool, id, whole, pieces: String::new() }
    }

    fn block_delta(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let index = event.get("index").and_then(Raw::as_u64)?;
        let delta = event.present("delta")?;
        let kind = delta.get("type").and_then(Raw::text)?;
        let text = |name| delta.get(name).and_then(Raw::text);
        self.ensure_started(sink);
        let open = self.blocks.get_mut(&index);
        match (kind.decode().as_ref(), open) {
            (_, Some(BlockBeingRead::Other)) => {}
            ("text_delta", _) => say(&mut self.length, text("text")?, sink),
            ("citations_delta", Some(BlockBeingRead::Text(cited))) => {
                let page = delta.get("citation").and_then(cited_page);
                cited.pages.extend(page.map(Page::into_owned));
            }
            ("thinking_delta", _) => {
                let text = text("thinking")?;
                if !text.is_empty() {
                    sink(Event::Thought { choice: 0, text, maker: Some(Maker::Anthropic) });
                }
            }
            ("signature_delta", _) => {
                if let Seal::Thought(maker, signature) = seal::open(text("signature")?) {
                    sink(Event::ThoughtSignature { choice: 0, maker, signature });
                }
            }
            ("input_json_delta", Some(BlockBeingRead::Tool(_) | BlockBeingRead::Answer(_)))
                if text("partial_json")?.is_empty() => {}
            ("input_json_delta", Some(BlockBeingRead::Tool(arguments))) => {
                arguments.has_fragment = true;
                sink(Event::ToolArguments {
                    choice: 0,
                    index: arguments.call,
                    fragment: text("partial_json")?,
                });
            }
            ("input_json_delta", Some(BlockBeingRead::Answer(arguments))) => {
                arguments.has_fragment = true;
                say(&mut self.length, text("partial_json")?, sink);
            }
            ("input_json_delta", Some(BlockBeingRead::Code { pieces, .. })) => {
                let piece = text("partial_json")?.into_string();
                self.held = self.held.saturating_add(piece.len());
                pieces.push_str(&piece);
            }
            ("input_json_delta", _) => return None,
            // What nobody knew yesterday.
            _ => {}
        }
        Some(())
    }

    /// The shape of an event that says text, in a block that can have it.
    fn usual_text(&self, event: Raw<'_>, data: &[u8]) -> Option<Shape> {
        let index = event.get("index").and_then(Raw::as_u64)?;
        let is_other = matches!(self.blocks.get(&index), Some(BlockBeingRead::Other));
        let delta = event.present("delta").filter(|delta| {
            !is_other && delta.get("type").and_then(Raw::text).is_some_and(|kind| kind == "text_delta")
        })?;
        let inside = delta.get("text")?.as_json().strip_prefix('"')?.strip_suffix('"')?;
        let start = inside.as_ptr().addr().checked_sub(data.as_ptr().addr())?;
        Shape::of(data, &[(start, start + inside.len())])
    }

    fn block_stop(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let index = event.get("index").and_then(Raw::as_u64)?;
        if let Some(open) = self.blocks.get_mut(&index) {
            end_block(open, &mut self.length, &mut self.held, sink);
        }
        Some(())
    }

    fn message_delta(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        self.ensure_started(sink);
        self.end_blocks(sink);
        self.count(event, sink);
        let delta = event.present("delta")?;
        if let Some(reason) = delta.present("stop_reason").and_then(Raw::text)
            && !std::mem::replace(&mut self.has_finish, true)
        {
            let mut finish = finish(reason, delta.present("stop_sequence").and_then(Raw::text));
            if finish == Finish::ToolCalls && self.calls == 0 && self.memo.format_tool.is_some() {
                finish = Finish::Stop;
            }
            if let Some(text) = explanation(delta, &finish) {
                sink(Event::Refusal { choice: 0, text });
            }
            sink(Event::Finish { choice: 0, finish });
        }
        Some(())
    }

    fn stop(&mut self, sink: &mut Sink<'_>) {
        self.ensure_started(sink);
        self.end_blocks(sink);
        if !std::mem::replace(&mut self.has_finish, true) {
            let finish = if self.calls > 0 { Finish::ToolCalls } else { Finish::Stop };
            sink(Event::Finish { choice: 0, finish });
        }
        self.has_ended = true;
    }

    fn end_blocks(&mut self, sink: &mut Sink<'_>) {
        for open in self.blocks.values_mut() {
            end_block(open, &mut self.length, &mut self.held, sink);
        }
    }
}

/// Whether a stream may end here.
///
/// # Errors
/// It ended before `message_stop`.
pub(super) fn ended(has_started: bool, has_ended: bool, leftover: &[u8]) -> Result<(), Failure> {
    if has_ended {
        return Ok(());
    }
    // Somebody in front of the provider may answer a stream with a whole error.
    if !has_started && Raw::parse(leftover).is_ok_and(|raw| raw.present("error").is_some()) {
        return Err(super::failure_of_event(leftover));
    }
    Err(Failure::malformed(if has_started {
        "its stream ends without message_stop"
    } else {
        "its stream ends before the answer begins"
    }))
}

/// The reader of such a stream.
pub(super) type MessageReader = Framed<MessageFrames, MessageEvents>;

impl MessageReader {
    pub(super) fn new(is_aws: bool, memo: &Memo) -> MessageReader {
        Framed::over(
            MessageFrames::new(is_aws),
            MessageEvents { memo: memo.clone(), ..MessageEvents::default() },
        )
    }
}

impl FrameReader<MessageFrames, Sink<'_>> for MessageEvents {
    fn take(&mut self, piece: MessageEvent<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        self.event(piece.name, piece.data, sink)
    }

    fn finish(&mut self, frames: &MessageFrames, _: &mut Sink<'_>) -> Result<(), Failure> {
        ended(self.has_started, self.has_ended, frames.leftover())
    }

    fn is_over(&self) -> bool {
        self.has_ended
    }

    fn held(&self) -> usize {
        self.held
    }
}
