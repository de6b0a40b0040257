//! The stream: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html>.
//!
//! Frames of AWS, each an event or an exception. Blocks are kept apart by their index, so it does not matter in which
//! order their pieces come; a text or a thought begins without a word about it. The answer is whole with `messageStop`;
//! the counts come after it, in `metadata`.

use super::wire::{called, cited_page, empty_failure, finish, is_servers, usage};
use crate::chat::{Event, Maker};
use crate::dialect::piece::citation::{Cited, Length, Page};
use crate::dialect::seam::{FrameReader, Framed, Framing, Sink};
use crate::dialect::talk::Called;
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, classify_exception};
use crate::json::{Raw, Text};
use crate::stream::Stopped;
use crate::stream::eventstream::{AwsFrame, Corrupt, EventStream, MessageType};
use std::collections::BTreeMap;

/// The reader of such a stream.
pub(super) type ConverseReader = Framed<ConverseFrames, ConverseEvents>;

impl ConverseReader {
    pub(super) fn new(memo: &Memo) -> ConverseReader {
        let events = ConverseEvents { memo: memo.clone(), ..ConverseEvents::default() };
        Framed::over(ConverseFrames { stream: EventStream::new(), has_frame: false }, events)
    }
}

/// AWS's framing, or what stands in its place.
pub(super) struct ConverseFrames {
    stream: EventStream,
    has_frame: bool,
}

impl Framing for ConverseFrames {
    type Frame<'f> = AwsFrame<'f>;

    fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(AwsFrame<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let ConverseFrames { stream, has_frame } = self;
        let pushed = stream.push(bytes, &mut |frame| {
            *has_frame = true;
            sink(frame)
        });
        pushed.map_err(|stopped| match stopped {
            // Whatever stands in front of the provider may answer with something else.
            Stopped::Framing(Corrupt::Prelude) if !*has_frame => {
                Failure::malformed("its body is no event stream of AWS")
            }
            stopped => stopped.into(),
        })
    }

    fn held(&self) -> usize {
        self.stream.held()
    }
}

impl FrameReader<ConverseFrames, Sink<'_>> for ConverseEvents {
    fn take(&mut self, frame: AwsFrame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut has_token = self.has_token;
        let result = self.read(&frame, &mut |event| {
            has_token |= event.is_token();
            sink(event);
        });
        self.has_token = has_token;
        result
    }

    fn finish(&mut self, frames: &ConverseFrames, _: &mut Sink<'_>) -> Result<(), Failure> {
        if self.is_over {
            return Ok(());
        }
        match (self.has_stopped, self.has_started, frames.stream.is_inside_frame()) {
            (true, _, false) => Ok(()),
            (_, _, true) => Err(Failure::malformed("its stream ends inside an event")),
            (_, true, _) => Err(Failure::malformed("its stream ends without messageStop")),
            _ => Err(Failure::malformed("its stream ends before the answer begins")),
        }
    }

    fn is_over(&self) -> bool {
        self.is_over
    }
}

/// What is known of a stream so far.
#[derive(Debug, Default)]
pub(super) struct ConverseEvents {
    memo: Memo,
    has_started: bool,
    /// `messageStart` was there: a second one is of another answer.
    has_begun: bool,
    /// Something was said, thought or called.
    has_token: bool,
    /// `messageStop` was there: only the counts may follow.
    has_stopped: bool,
    /// So were the counts after it, which are the last that Bedrock says.
    is_over: bool,
    /// Calls by the provider's index of their block, those that have ended included.
    blocks: BTreeMap<u64, Open>,
    /// Calls of the caller's own tools so far.
    calls: u32,
    /// Characters of text so far.
    length: Length,
    /// The block of the last words.
    cited: (u64, Cited),
}

#[derive(Debug)]
struct Open {
    kind: OpenKind,
    has_arguments: bool,
    has_ended: bool,
}

#[derive(Clone, Copy, Debug)]
enum OpenKind {
    /// A call and its number.
    Tool(u32),
    /// The call whose arguments are the answer's text.
    Answer,
    /// Tools of the server, and what nobody knew yesterday.
    Other,
}

impl ConverseEvents {
    /// # Errors
    /// The failure that an exception is.
    fn read(&mut self, frame: &AwsFrame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        if frame.message_type != MessageType::Event {
            let payload = match frame.text(":error-message") {
                Some(message) if frame.payload.is_empty() => message.as_bytes(),
                _ => frame.payload,
            };
            return Err(classify_exception(frame.name, payload, 0));
        }
        let event = Body::new(frame.payload);
        let Ok(event) = event.json() else {
            sink(Event::Malformed);
            return Ok(());
        };
        let understood = match frame.name {
            "metadata" => {
                if let Some(usage) = event.present("usage").map(usage).filter(|usage| !usage.is_empty()) {
                    sink(Event::Usage(usage));
                }
                self.is_over = self.has_stopped;
                Some(())
            }
            _ if self.has_stopped => Some(()),
            "messageStart" if std::mem::replace(&mut self.has_begun, true) => {
                return Err(Failure::malformed("its stream holds pieces of two answers"));
            }
            "messageStart" => {
                self.ensure_started(sink);
                Some(())
            }
            "contentBlockStart" => self.block_start(event, sink),
            "contentBlockDelta" => self.block_delta(event, sink),
            "contentBlockStop" => self.block_stop(event, sink),
            "messageStop" => self.stop(event, sink)?,
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

    fn block_start(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let index = event.get("contentBlockIndex").and_then(Raw::as_u64)?;
        let start = event.present("start")?;
        self.ensure_started(sink);
        let kind = match start.present("toolUse") {
            Some(tool) if !is_servers(tool) => {
                let name = tool.get("name").and_then(Raw::text)?;
                match called(name, &self.memo) {
                    Called::Answer => OpenKind::Answer,
                    Called::Tool(name) => {
                        let id = tool.get("toolUseId").and_then(Raw::text)?;
                        let number = self.calls;
                        self.calls = self.calls.saturating_add(1);
                        sink(Event::ToolStart { choice: 0, index: number, id, name, signature: None });
                        OpenKind::Tool(number)
                    }
                }
            }
            _ => OpenKind::Other,
        };
        self.blocks.insert(index, Open { kind, has_arguments: false, has_ended: false });
        Some(())
    }

    fn block_delta(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let delta = event.present("delta")?;
        self.ensure_started(sink);
        let (kind, value) = delta.fields().find(|(_, value)| !value.is_null())?;
        match kind.decode().as_ref() {
            "text" | "citation" => {
                let index = event.get("contentBlockIndex").and_then(Raw::as_u64).unwrap_or(0);
                self.words(index, &kind, value, sink)?;
            }
            "reasoningContent" => self.thought(value, sink),
            "toolUse" => {
                let index = event.get("contentBlockIndex").and_then(Raw::as_u64)?;
                let fragment = value.get("input").and_then(Raw::text)?;
                let open = self.blocks.get_mut(&index)?;
                open.has_arguments |= !fragment.is_empty();
                match open.kind {
                    _ if fragment.is_empty() => {}
                    OpenKind::Tool(index) => sink(Event::ToolArguments { choice: 0, index, fragment }),
                    OpenKind::Answer => say(fragment, sink),
                    OpenKind::Other => {}
                }
            }
            // What nobody knew yesterday.
            _ => {}
        }
        Some(())
    }

    /// Words, or what the words of their block rest on.
    fn words(&mut self, block: u64, kind: &Text<'_>, value: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        if self.cited.0 != block {
            self.cited.1.tell(&mut self.length, sink);
            self.cited = (block, Cited { start: self.length.count(), pages: Vec::new() });
        }
        if *kind == "citation" {
            self.cited.1.pages.extend(cited_page(value).map(Page::into_owned));
        } else {
            let text = value.text()?;
            self.length.add(&text);
            say(text, sink);
        }
        Some(())
    }

    fn thought(&self, value: Raw<'_>, sink: &mut Sink<'_>) {
        let maker = self.memo.maker.unwrap_or(Maker::Bedrock);
        let text = |name| value.present(name).and_then(Raw::text).filter(|text| !text.is_empty());
        if let Some(text) = text("text") {
            sink(Event::Thought { choice: 0, text, maker: Some(maker) });
        }
        if let Some(signature) = text("signature") {
            sink(Event::ThoughtSignature { choice: 0, maker, signature });
        }
        if let Some(data) = text("redactedContent") {
            sink(Event::ThoughtSealed { choice: 0, maker, data });
        }
    }

    fn block_stop(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let index = event.get("contentBlockIndex").and_then(Raw::as_u64)?;
        if let Some(open) = self.blocks.get_mut(&index) {
            open.end(sink);
        }
        Some(())
    }

    fn stop(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Result<Option<()>, Failure> {
        let Some(finish) = finish(event, self.calls > 0) else { return Ok(None) };
        if let Some(failure) = empty_failure(&finish, event).filter(|_| !self.has_token) {
            return Err(failure);
        }
        self.ensure_started(sink);
        for open in self.blocks.values_mut() {
            open.end(sink);
        }
        self.cited.1.tell(&mut self.length, sink);
        sink(Event::Finish { choice: 0, finish });
        self.has_stopped = true;
        Ok(Some(()))
    }
}

impl Open {
    /// A call without a word about its arguments has none: callers want `{}` then.
    fn end(&mut self, sink: &mut Sink<'_>) {
        if std::mem::replace(&mut self.has_ended, true) || self.has_arguments {
            return;
        }
        let nothing = Text::from("{}");
        match self.kind {
            OpenKind::Tool(index) => sink(Event::ToolArguments { choice: 0, index, fragment: nothing }),
            OpenKind::Answer => say(nothing, sink),
            OpenKind::Other => {}
        }
    }
}

fn say(text: Text<'_>, sink: &mut Sink<'_>) {
    if !text.is_empty() {
        sink(Event::Text { choice: 0, text });
    }
}
