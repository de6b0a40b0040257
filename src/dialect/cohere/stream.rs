//! The stream: <https://docs.cohere.com/docs/streaming>. Typed events, `message-end` last; some servers add `[DONE]`.

use super::wire::{citations, empty_failure, finish, usage};
use crate::chat::Event;
use crate::dialect::seam::{FrameReader, Framed, Sink};
use crate::dialect::talk::Called;
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, classify_event, reports_error};
use crate::json::{Raw, Text};
use crate::stream::sse::{Frame, Sse};
use std::collections::BTreeMap;

/// The reader of such a stream.
pub(super) type ChatReader = Framed<Sse, CohereEvents>;

impl ChatReader {
    pub(super) fn new(memo: &Memo) -> ChatReader {
        Framed::over(Sse::new(), CohereEvents { memo: memo.clone(), ..CohereEvents::default() })
    }
}

impl FrameReader<Sse, Sink<'_>> for CohereEvents {
    fn take(&mut self, frame: Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut has_token = self.has_token;
        let result = self.read(frame, &mut |event| {
            has_token |= event.is_token();
            sink(event);
        });
        self.has_token = has_token;
        result
    }

    fn finish(&mut self, sse: &Sse, _: &mut Sink<'_>) -> Result<(), Failure> {
        if self.has_ended {
            return Ok(());
        }
        if self.has_started {
            return Err(Failure::malformed("its stream ends without message-end"));
        }
        // Somebody in front of the provider may answer a stream with a whole error.
        match Raw::parse(sse.leftover()) {
            Ok(raw) if reports_error(raw) => Err(classify_event(raw, 0)),
            _ => Err(Failure::malformed("its stream ends before the answer begins")),
        }
    }

    fn is_over(&self) -> bool {
        self.has_ended
    }
}

/// What is known of a stream so far.
#[derive(Debug, Default)]
pub(super) struct CohereEvents {
    memo: Memo,
    has_started: bool,
    /// `message-start` was there: a second one is of another answer.
    has_begun: bool,
    /// Something was said, thought or called.
    has_token: bool,
    /// `message-end` was there: nothing after it counts.
    has_ended: bool,
    /// Calls by the provider's index, those that have ended included.
    calls: BTreeMap<u64, CohereCall>,
    /// Calls of the caller's own tools so far.
    count: u32,
}

#[derive(Debug)]
struct CohereCall {
    /// The number of the call; `None`: its arguments are the answer's text.
    number: Option<u32>,
    has_arguments: bool,
    /// The arguments so far, as long as they may become `null`, which means that there are none.
    null: String,
    has_ended: bool,
}

impl CohereEvents {
    fn read(&mut self, frame: Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let event = Body::new(frame.data);
        let Some(event) = event.object() else {
            sink(Event::Malformed);
            return Ok(());
        };
        let kind = event.present("type").and_then(Raw::text).unwrap_or_else(|| Text::from(frame.event));
        let kind = kind.decode();
        if kind == "error" || (kind != "message-end" && reports_error(event)) {
            return Err(classify_event(event, 0));
        }
        let understood = match kind.as_ref() {
            "message-start" if std::mem::replace(&mut self.has_begun, true) => {
                return Err(Failure::malformed("its stream holds pieces of two answers"));
            }
            "message-start" => {
                let id = event.present("id").and_then(Raw::text);
                self.ensure_started(id, sink);
                Some(())
            }
            "content-start" | "content-delta" => self.content(event, sink),
            "tool-plan-delta" => self.plan(event, sink),
            "tool-call-start" => self.call_start(event, sink),
            "tool-call-delta" => self.call_delta(event, sink),
            "tool-call-end" => {
                let wire = event.get("index").and_then(Raw::as_u64).unwrap_or(0);
                if let Some(call) = self.calls.get_mut(&wire) {
                    call.end(sink);
                }
                Some(())
            }
            "message-end" => self.end(event, sink)?,
            "" => None,
            "citation-start" => {
                if let Some(cited) = event.at(&["delta", "message", "citations"]) {
                    let cited = citations(one(cited));
                    cited.for_each(|citation| sink(Event::Citation { choice: 0, citation }));
                }
                Some(())
            }
            // Ends of citations and of content, and what nobody knew yesterday.
            _ => Some(()),
        };
        if understood.is_none() {
            sink(Event::Malformed);
        }
        Ok(())
    }

    fn ensure_started(&mut self, id: Option<Text<'_>>, sink: &mut Sink<'_>) {
        if !std::mem::replace(&mut self.has_started, true) {
            sink(Event::Start { id, model: None });
        }
    }

    fn content(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let content = event.at(&["delta", "message", "content"])?;
        self.ensure_started(None, sink);
        let text = |name| content.present(name).and_then(Raw::text).filter(|text| !text.is_empty());
        if let Some(text) = text("thinking") {
            sink(Event::Thought { choice: 0, text, maker: None });
        }
        if let Some(text) = text("text") {
            sink(Event::Text { choice: 0, text });
        }
        Some(())
    }

    fn plan(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let text = event.at(&["delta", "message", "tool_plan"])?.text()?;
        self.ensure_started(None, sink);
        say(text, sink);
        Some(())
    }

    fn call_start(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let wire = event.get("index").and_then(Raw::as_u64).unwrap_or(0);
        let call = one(event.at(&["delta", "message", "tool_calls"])?);
        let name = call.at(&["function", "name"])?.text()?;
        self.ensure_started(None, sink);
        if let Some(mut before) = self.calls.remove(&wire) {
            before.end(sink);
        }
        let number = match Called::of(name, &self.memo) {
            Called::Answer => None,
            Called::Tool(name) => {
                let number = self.count;
                self.count = self.count.saturating_add(1);
                let id = call.get("id").and_then(Raw::text).unwrap_or_default();
                sink(Event::ToolStart { choice: 0, index: number, id, name, signature: None });
                Some(number)
            }
        };
        let mut open = CohereCall { number, has_arguments: false, null: String::new(), has_ended: false };
        if let Some(fragment) = call.at(&["function", "arguments"]).and_then(Raw::text) {
            open.arguments(fragment, sink);
        }
        self.calls.insert(wire, open);
        Some(())
    }

    fn call_delta(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Option<()> {
        let wire = event.get("index").and_then(Raw::as_u64).unwrap_or(0);
        let call = one(event.at(&["delta", "message", "tool_calls"])?);
        let fragment = call.at(&["function", "arguments"])?.text()?;
        let open = self.calls.get_mut(&wire)?;
        open.arguments(fragment, sink);
        Some(())
    }

    fn end(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Result<Option<()>, Failure> {
        let Some(delta) = event.present("delta") else { return Ok(None) };
        let Some(finish) = finish(delta, self.count > 0)? else { return Ok(None) };
        if let Some(failure) = empty_failure(&finish).filter(|_| !self.has_token) {
            return Err(failure);
        }
        self.ensure_started(event.present("id").and_then(Raw::text), sink);
        for call in self.calls.values_mut() {
            call.end(sink);
        }
        if let Some(usage) = delta.present("usage").map(usage).filter(|usage| !usage.is_empty()) {
            sink(Event::Usage(usage));
        }
        sink(Event::Finish { choice: 0, finish });
        self.has_ended = true;
        Ok(Some(()))
    }
}

impl CohereCall {
    fn arguments(&mut self, fragment: Text<'_>, sink: &mut Sink<'_>) {
        if fragment.is_empty() {
            return;
        }
        if !self.has_arguments {
            // Blanks say nothing, and are not looked through again with each fragment.
            self.null.push_str(fragment.decode().trim());
            if "null".starts_with(&self.null) {
                return;
            }
            let begun = std::mem::take(&mut self.null);
            self.has_arguments = true;
            return self
                .say(if begun.len() > fragment.decode().len() { Text::from(begun) } else { fragment }, sink);
        }
        self.say(fragment, sink);
    }

    fn say(&self, fragment: Text<'_>, sink: &mut Sink<'_>) {
        match self.number {
            Some(index) => sink(Event::ToolArguments { choice: 0, index, fragment }),
            None => say(fragment, sink),
        }
    }

    /// A call without a word about its arguments has none: callers want `{}` then.
    fn end(&mut self, sink: &mut Sink<'_>) {
        if std::mem::replace(&mut self.has_ended, true) || self.has_arguments {
            return;
        }
        let begun = std::mem::take(&mut self.null);
        let is_cut = !matches!(begun.trim(), "" | "null");
        self.say(Text::from(if is_cut { begun } else { "{}".to_owned() }), sink);
    }
}

/// By the types it is one call; a list of one is taken too.
fn one(calls: Raw<'_>) -> Raw<'_> {
    calls.items().next().unwrap_or(calls)
}

fn say(text: Text<'_>, sink: &mut Sink<'_>) {
    if !text.is_empty() {
        sink(Event::Text { choice: 0, text });
    }
}
