//! A streamed answer for a caller, in the order that Anthropic's SDKs want: `message_start`; each block's start, pieces
//! and stop; `message_delta` with the stop reason and all usage; `message_stop`.
//!
//! Blocks follow one another. Only where pieces of two tool calls really interleave, as the model of a stream allows,
//! is the first one still open when the second one starts: nothing is kept back and nothing is lost, as the SDKs put
//! pieces together by index.

use super::prefix::Prefix;
use super::reply::caller_id;
use super::wire::{stop_reason, write_error_event, write_usage};
use super::{cited, code, seal};
use crate::chat::{Citation, CodeOutcome, CodeRun, Event, Finish, Maker, Usage};
use crate::dialect::piece::{citation, tier};
use crate::dialect::{CallerError, StreamWriter, Turn};
use crate::json::{Text, Writer};
use crate::stream::sse::write_event;
use std::collections::BTreeMap;

pub(super) struct MessageWriter {
    id: String,
    model: String,
    /// `message_start` is out. It waits for the first piece, so that it can say the prompt's tokens where the
    /// provider says them first.
    has_begun: bool,
    next_index: u32,
    /// Text or a thought: one at most.
    open: Option<BlockBeingWritten>,
    /// The calls that are not over, by number.
    calls: BTreeMap<u32, WrittenCall>,
    /// What words rest on that no text is open for: the next one's.
    cited: Vec<Citation<'static>>,
    /// Blanks before a text: Anthropic takes no text of nothing else back, so it begins with its first other character.
    blank: String,
    usage: Usage,
    /// Which capacity serves it, in Anthropic's words: only `message_start` has a place for it.
    tier: Option<Text<'static>>,
    /// Stop reason and stop sequence.
    finish: Finish<'static>,
    has_calls: bool,
}

struct BlockBeingWritten {
    index: u32,
    kind: OpenBlockKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum OpenBlockKind {
    Text,
    Thought,
}

struct WrittenCall {
    index: u32,
    input: Prefix,
}

impl MessageWriter {
    pub(super) fn new(turn: &Turn) -> MessageWriter {
        MessageWriter {
            id: format!("msg_{}", turn.id),
            model: turn.requested_model.clone(),
            has_begun: false,
            next_index: 0,
            open: None,
            calls: BTreeMap::new(),
            cited: Vec::new(),
            blank: String::new(),
            usage: Usage::default(),
            tier: None,
            finish: Finish::Stop,
            has_calls: false,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        event(out, "message_start", |w| {
            w.key("message").object(|w| {
                w.key("id").string(&self.id);
                w.key("type").string("message");
                w.key("role").string("assistant");
                w.key("model").string(&self.model);
                w.key("content").array(|_| {});
                w.key("stop_reason").null();
                w.key("stop_sequence").null();
                w.key("usage").object(|w| {
                    write_usage(&self.usage, w);
                    if let Some(tier) = &self.tier {
                        w.key("service_tier").text(tier);
                    }
                });
            });
        });
    }

    /// Opens a block, and closes text and thoughts before it: a new kind of content ends them.
    fn start(&mut self, out: &mut Vec<u8>, block: impl FnOnce(&mut Writer<'_>)) -> u32 {
        self.close(out, |_| true);
        self.blank.clear();
        let index = self.next_index;
        self.next_index = self.next_index.saturating_add(1);
        event(out, "content_block_start", |w| {
            w.key("index").u64(u64::from(index));
            w.key("content_block").object(block);
        });
        index
    }

    /// Closes the text or the thought.
    fn close(&mut self, out: &mut Vec<u8>, which: impl Fn(OpenBlockKind) -> bool) {
        if let Some(open) = self.open.take_if(|open| which(open.kind)) {
            stop(out, open.index);
        }
    }

    /// The index of the open block of this kind, if the last piece was its own.
    fn current(&self, kind: OpenBlockKind) -> Option<u32> {
        self.open.as_ref().filter(|open| open.kind == kind).map(|open| open.index)
    }

    fn text(&mut self, text: &Text<'_>, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        let current = self.current(OpenBlockKind::Text);
        if current.is_none() && text.is_blank() {
            return self.blank.push_str(&text.decode());
        }
        let index = current.unwrap_or_else(|| {
            let blank = std::mem::take(&mut self.blank);
            let index = self.start(out, |w| {
                w.key("type").string("text");
                w.key("text").string("");
            });
            self.open = Some(BlockBeingWritten { index, kind: OpenBlockKind::Text });
            if !blank.is_empty() {
                delta(out, index, "text_delta", |w| w.key("text").string(&blank));
            }
            index
        });
        delta(out, index, "text_delta", |w| w.key("text").text(text));
        for citation in std::mem::take(&mut self.cited) {
            cite(out, index, &citation);
        }
    }

    fn thought(&mut self, out: &mut Vec<u8>) -> u32 {
        self.current(OpenBlockKind::Thought).unwrap_or_else(|| {
            let index = self.start(out, |w| {
                w.key("type").string("thinking");
                w.key("thinking").string("");
                w.key("signature").string("");
            });
            self.open = Some(BlockBeingWritten { index, kind: OpenBlockKind::Thought });
            index
        })
    }

    /// A signature ends its thought.
    fn signature(&mut self, prefix: String, signature: &Text<'_>, out: &mut Vec<u8>) {
        let index = self.thought(out);
        delta(out, index, "signature_delta", |w| w.key("signature").texts([&Text::from(prefix), signature]));
        self.close(out, |kind| kind == OpenBlockKind::Thought);
    }

    fn sealed(&mut self, maker: Maker, data: &Text<'_>, out: &mut Vec<u8>) {
        let prefix = Text::from(seal::prefix(maker, false));
        let index = self.start(out, |w| {
            w.key("type").string("redacted_thinking");
            w.key("data").texts([&prefix, data]);
        });
        stop(out, index);
    }

    /// A call of a server's comes with its input in pieces, as SDKs expect it; what came of it comes whole.
    fn run(&mut self, run: &CodeRun<'_>, out: &mut Vec<u8>) {
        let index = self.start(out, |w| {
            code::write_call(&run.name, w);
            w.key("input").object(|_| {});
        });
        let mut input = Vec::with_capacity(64);
        code::write_input(run, &mut Writer::new(&mut input));
        let input = std::str::from_utf8(&input).unwrap_or("{}");
        delta(out, index, "input_json_delta", |w| w.key("partial_json").string(input));
        stop(out, index);
    }

    fn outcome(&mut self, outcome: &CodeOutcome<'_>, out: &mut Vec<u8>) {
        let index = self.start(out, |w| code::write_outcome(outcome, w));
        stop(out, index);
    }

    fn tool(&mut self, call: u32, id: &Text<'_>, name: &Text<'_>, out: &mut Vec<u8>) {
        self.has_calls = true;
        let index = self.start(out, |w| {
            w.key("type").string("tool_use");
            w.key("id").text(&caller_id(id, call));
            w.key("name").text(name);
            w.key("input").object(|_| {});
        });
        if let Some(before) = self.calls.insert(call, WrittenCall { index, input: Prefix::default() }) {
            before.end(out);
        }
    }

    fn arguments(&mut self, call: u32, fragment: &Text<'_>, out: &mut Vec<u8>) {
        if fragment.is_empty() {
            return;
        }
        let Some(open) = self.calls.get_mut(&call) else { return };
        let piece = open.input.feed(&fragment.decode());
        delta(out, open.index, "input_json_delta", |w| w.key("partial_json").string(&piece));
        if open.input.is_closed()
            && let Some(open) = self.calls.remove(&call)
        {
            open.end(out);
        }
    }
}

impl WrittenCall {
    fn end(&self, out: &mut Vec<u8>) {
        let rest = self.input.finish();
        if !rest.is_empty() {
            delta(out, self.index, "input_json_delta", |w| w.key("partial_json").string(rest));
        }
        stop(out, self.index);
    }
}

impl StreamWriter for MessageWriter {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { id, .. } => {
                if let Some(id) = id.as_ref().map(Text::decode).filter(|id| id.starts_with("msg_")) {
                    self.id = id.into_owned();
                }
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::ServiceTier(of) => self.tier = tier::anthropics(of).map(Text::into_owned),
            Event::Finish { choice: 0, finish } => self.finish = finish.clone().into_owned(),
            Event::Ping if self.has_begun => self::event(out, "ping", |_| {}),
            Event::Text { choice: 0, text } | Event::Refusal { choice: 0, text } => {
                self.begin(out);
                self.text(text, out);
            }
            Event::Thought { choice: 0, text, .. } if !text.is_empty() => {
                self.begin(out);
                let index = self.thought(out);
                delta(out, index, "thinking_delta", |w| w.key("thinking").text(text));
            }
            Event::ThoughtSignature { choice: 0, maker, signature } => {
                self.begin(out);
                self.signature(seal::prefix(*maker, false), signature, out);
            }
            Event::ThoughtSealed { choice: 0, maker, data } => {
                self.begin(out);
                self.sealed(*maker, data, out);
            }
            Event::ToolStart { choice: 0, index, id, name, signature } => {
                self.begin(out);
                if let Some((maker, signature)) = signature {
                    self.close(out, |kind| kind == OpenBlockKind::Thought);
                    self.signature(seal::prefix(*maker, true), signature, out);
                }
                self.tool(*index, id, name, out);
            }
            Event::Code { choice: 0, run } => {
                self.begin(out);
                self.run(run, out);
            }
            Event::CodeOutcome { choice: 0, outcome } => {
                self.begin(out);
                self.outcome(outcome, out);
            }
            Event::ToolArguments { choice: 0, index, fragment } => self.arguments(*index, fragment, out),
            Event::Citation { choice: 0, citation } => match self.current(OpenBlockKind::Text) {
                Some(index) => cite(out, index, citation),
                None => self.cited.push(citation::kept(citation, 0)),
            },
            // Malformed events are counted elsewhere; the dialect has one answer and no probabilities.
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if !self.cited.is_empty() {
            let cited = std::mem::take(&mut self.cited);
            self.text(&Text::from(citation::in_words(&cited)), out);
        }
        // In the order in which they began.
        let mut calls: Vec<WrittenCall> = std::mem::take(&mut self.calls).into_values().collect();
        calls.sort_by_key(|call| call.index);
        for call in calls {
            call.end(out);
        }
        self.close(out, |_| true);
        event(out, "message_delta", |w| {
            w.key("delta").object(|w| {
                w.key("stop_reason").string(stop_reason(&self.finish, self.has_calls));
                super::wire::write_stop_sequence(&self.finish, w);
            });
            w.key("usage").object(|w| write_usage(&self.usage, w));
        });
        event(out, "message_stop", |_| {});
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        write_error_event(error, out);
    }
}

fn event(out: &mut Vec<u8>, name: &str, members: impl FnOnce(&mut Writer<'_>)) {
    write_event(out, Some(name), |out| {
        Writer::new(out).object(|w| {
            w.key("type").string(name);
            members(w);
        });
    });
}

fn stop(out: &mut Vec<u8>, index: u32) {
    event(out, "content_block_stop", |w| w.key("index").u64(u64::from(index)));
}

fn cite(out: &mut Vec<u8>, index: u32, of: &Citation<'_>) {
    delta(out, index, "citations_delta", |w| {
        w.key("citation");
        cited::write(of, w);
    });
}

fn delta(out: &mut Vec<u8>, index: u32, kind: &str, members: impl FnOnce(&mut Writer<'_>)) {
    event(out, "content_block_delta", |w| {
        w.key("index").u64(u64::from(index));
        w.key("delta").object(|w| {
            w.key("type").string(kind);
            members(w);
        });
    });
}
