//! A stream of Responses into the model's events: <https://platform.openai.com/docs/api-reference/responses-streaming>.

use super::super::same::failed;
use super::super::wire::{close, read_usage};
use super::growing::{GrowingItem, ItemCounts, Voice};
use super::places::places;
use super::reply;
use crate::chat::Event;
use crate::dialect::seam::{FrameReader, Framed, Sink};
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, classify_event, reports_error};
use crate::json::{Raw, Text};
use crate::stream::sse::{Frame, Sse};
use std::collections::BTreeMap;

/// The reader of such a stream.
pub(super) type ReadResponse = Framed<Sse, ResponseReader>;

pub(super) struct ResponseReader {
    memo: Memo,
    has_begun: bool,
    /// The answer's id.
    id: Option<String>,
    has_ended: bool,
    /// By their place in the output.
    items: BTreeMap<u64, GrowingItem>,
    /// The place of the last one, for servers that don't say it.
    last: u64,
    /// This one says it.
    is_numbered: bool,
    counts: ItemCounts,
}

impl ReadResponse {
    pub(super) fn new(memo: &Memo) -> ReadResponse {
        let state = ResponseReader {
            memo: memo.clone(),
            has_begun: false,
            id: None,
            has_ended: false,
            items: BTreeMap::new(),
            last: 0,
            is_numbered: false,
            counts: ItemCounts::default(),
        };
        Framed::over(Sse::new(), state)
    }
}

impl FrameReader<Sse, Sink<'_>> for ResponseReader {
    fn take(&mut self, frame: Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        // Chat Completions' terminator, which some servers send here too.
        if frame.data.trim_ascii() == b"[DONE]" {
            return Ok(());
        }
        let event = Body::new(frame.data);
        let Some(event) = event.object() else {
            sink(Event::Malformed);
            return Ok(());
        };
        let kind = event.get("type").and_then(Raw::text).unwrap_or_else(|| Text::from(frame.event));
        let kind = kind.decode();
        if reports_error(event) || kind == "error" {
            return Err(classify_event(event, 0));
        }
        match kind.as_ref() {
            "response.failed" | "response.cancelled" => return Err(failed()),
            "response.created" | "response.in_progress" | "response.queued" => {
                return self.begin(event, sink);
            }
            "response.completed" | "response.incomplete" => {
                self.begin(event, sink)?;
                self.end(event.get("response").unwrap_or(Raw::NULL), sink);
            }
            "keepalive" | "ping" => sink(Event::Ping),
            kind => self.piece(kind, event, sink),
        }
        Ok(())
    }

    fn finish(&mut self, sse: &Sse, _: &mut Sink<'_>) -> Result<(), Failure> {
        close(self.has_ended, self.has_begun, sse)
    }

    fn is_over(&self) -> bool {
        self.has_ended
    }
}

impl ResponseReader {
    /// # Errors
    /// Another answer begins in the middle of this one.
    fn begin(&mut self, event: Raw<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let (id, model) = event.get("response").map(reply::names).unwrap_or_default();
        let said = id.as_ref().map(|id| id.decode().into_owned());
        if self.has_begun {
            let is_other = said.is_some() && self.id.is_some() && said != self.id;
            return match is_other {
                true => Err(Failure::malformed("another answer begins in the middle of this one")),
                false => Ok(()),
            };
        }
        self.has_begun = true;
        self.id = said;
        sink(Event::Start { id, model });
        Ok(())
    }

    /// Something of an item.
    fn piece(&mut self, kind: &str, event: Raw<'_>, sink: &mut Sink<'_>) {
        if !self.has_begun {
            self.has_begun = true;
            sink(Event::Start { id: None, model: None });
        }
        // Of beginnings and ends of parts, of tools that OpenAI runs, and of what only one server sends, callers of other dialects
        // get nothing.
        let is_of_item = [
            "output_item.",
            "output_text.",
            "refusal.",
            "reasoning_",
            "function_call_arguments.",
            "code_interpreter_call_code.",
        ];
        let of = kind.strip_prefix("response.").unwrap_or_default();
        if !is_of_item.iter().any(|start| of.starts_with(start)) {
            return;
        }
        let number = |name| event.get(name).and_then(Raw::as_u64);
        self.is_numbered |= number("output_index").is_some();
        self.last = number("output_index").unwrap_or(self.last);
        let ResponseReader { items, last, counts, memo, .. } = self;
        let item = items.entry(*last).or_default();
        item.identify(event.get("item_id"));
        let text = |name| event.get(name).and_then(Raw::text).unwrap_or_default();
        let given = event.get("item").unwrap_or(Raw::NULL);
        let part = number("content_index").unwrap_or(0);
        let summary = number("summary_index").unwrap_or(0);
        match kind {
            "response.output_item.added" => item.begin(given, counts, memo, sink),
            "response.output_item.done" => item.end(given, counts, memo, sink),
            "response.output_text.delta" => {
                item.say(part, (text("delta"), false), counts, sink);
                if let Some(logprobs) = event.present("logprobs").and_then(reply::logprobs_of) {
                    sink(Event::Logprobs { choice: 0, raw: Raw::trusted(&logprobs) });
                }
            }
            "response.output_text.done" => item.say_rest(part, (text("text"), false), counts, sink),
            "response.refusal.delta" => item.say(part, (text("delta"), true), counts, sink),
            "response.refusal.done" => item.say_rest(part, (text("refusal"), true), counts, sink),
            "response.output_text.annotation.added" => {
                item.cite(part, event.get("annotation").unwrap_or(Raw::NULL), counts, sink);
            }
            "response.reasoning_summary_text.delta" => {
                item.think(Voice::Summary, summary, text("delta"), false, sink);
            }
            "response.reasoning_summary_text.done" => {
                item.think(Voice::Summary, summary, text("text"), true, sink);
            }
            "response.reasoning_text.delta" => item.think(Voice::Thought, part, text("delta"), false, sink),
            "response.reasoning_text.done" => item.think(Voice::Thought, part, text("text"), true, sink),
            "response.code_interpreter_call_code.done" => item.interpret(text("code"), sink),
            "response.function_call_arguments.delta" => item.argue(text("delta"), false, sink),
            "response.function_call_arguments.done" => item.argue(text("arguments"), true, sink),
            _ => {}
        }
    }

    fn end(&mut self, response: Raw<'_>, sink: &mut Sink<'_>) {
        let ResponseReader { items, counts, memo, is_numbered, .. } = self;
        // What only the end has; a server may stream nothing else. What ended already says nothing more.
        if items.is_empty() || *is_numbered {
            let output: Vec<Raw<'_>> = response.get("output").into_iter().flat_map(Raw::items).collect();
            for (item, place) in output.iter().copied().zip(places(items, &output)) {
                items.entry(place).or_default().end(item, counts, memo, sink);
            }
        }
        if let Some(tier) = response.present("service_tier").and_then(Raw::text) {
            sink(Event::ServiceTier(tier));
        }
        if let Some(found) = reply::moderation(response) {
            sink(Event::Moderation(Raw::trusted(&found)));
        }
        let usage = response.present("usage").map(read_usage).filter(|usage| !usage.is_empty());
        usage.into_iter().for_each(|usage| sink(Event::Usage(usage)));
        self.has_ended = true;
        sink(Event::Finish { choice: 0, finish: reply::finish(response, self.counts.calls > 0) });
    }
}
