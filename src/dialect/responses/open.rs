//! An item of a streamed answer while it is being said, and the events of its pieces.

use super::item::{ItemStatus, MessagePart, OutputItem, write_annotation, write_summary};
use super::seal::EncryptedContent;
use crate::chat::{Citation, CodeOutcome, CodeRun};
use crate::dialect::piece::citation;
use crate::json::{Raw, Text, Writer};
use crate::stream::sse::write_event;

/// Writes events, numbered.
#[derive(Default)]
pub(super) struct Numbered {
    pub(super) next: u64,
}

impl Numbered {
    pub(super) fn event(&mut self, name: &str, out: &mut Vec<u8>, members: impl FnOnce(&mut Writer<'_>)) {
        write_event(out, Some(name), |out| {
            Writer::new(out).object(|w| {
                w.key("type").string(name);
                w.key("sequence_number").u64(self.next);
                members(w);
            });
        });
        self.next = self.next.saturating_add(1);
    }
}

pub(super) struct OpenResponse {
    /// Its place in the output.
    pub(super) index: u32,
    pub(super) id: String,
    pub(super) kind: OpenItem,
}

pub(super) enum OpenItem {
    Message(Vec<OpenPiece>),
    Reasoning {
        summary: String,
        seal: EncryptedContent<'static>,
    },
    /// `is_custom`: of a tool whose input is a text.
    Call {
        number: u32,
        id: Text<'static>,
        name: Text<'static>,
        arguments: String,
        is_custom: bool,
    },
    Picture(Text<'static>),
    Code(CodeRun<'static>, Option<CodeOutcome<'static>>),
}

/// A part of a message, as far as it was said.
pub(super) struct OpenPiece {
    is_refusal: bool,
    text: String,
    /// One entry a token, as JSON.
    logprobs: Vec<String>,
    citations: Vec<Citation<'static>>,
}

impl OpenResponse {
    /// The item as it stands.
    fn item(&self) -> OutputItem<'_> {
        match &self.kind {
            OpenItem::Message(pieces) => OutputItem::Message(pieces.iter().map(OpenPiece::said).collect()),
            OpenItem::Reasoning { summary, seal } => {
                OutputItem::Reasoning { summary: Text::from(summary.as_str()), seal: seal.clone() }
            }
            OpenItem::Picture(data) => OutputItem::Picture(data.clone()),
            OpenItem::Code(run, outcome) => OutputItem::Code(run.clone(), outcome.clone()),
            OpenItem::Call { id, name, arguments, is_custom: true, .. } => OutputItem::CustomCall {
                id: id.clone(),
                name: name.clone(),
                input: Text::from(arguments.as_str()),
            },
            OpenItem::Call { id, name, arguments, .. } => OutputItem::Call {
                id: id.clone(),
                name: name.clone(),
                arguments: Text::from(arguments.as_str()),
            },
        }
    }

    /// Says that it begins.
    pub(super) fn begin(
        kind: OpenItem,
        index: u32,
        turn: &str,
        to: &mut Numbered,
        out: &mut Vec<u8>,
    ) -> OpenResponse {
        let mut open = OpenResponse { index, id: String::new(), kind };
        open.id = open.item().id(turn, index);
        to.event("response.output_item.added", out, |w| {
            w.key("output_index").u64(u64::from(index));
            w.key("item");
            open.item().write(&open.id, ItemStatus::InProgress, w);
        });
        open
    }

    /// Where a piece belongs.
    fn place(&self, part: Option<(&'static str, usize)>, w: &mut Writer<'_>) {
        w.key("item_id").string(&self.id);
        w.key("output_index").u64(u64::from(self.index));
        if let Some((name, index)) = part {
            w.key(name).u64(u64::try_from(index).unwrap_or(u64::MAX));
        }
    }

    /// Words of a message.
    pub(super) fn say(&mut self, is_refusal: bool, text: &Text<'_>, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Message(pieces) = &self.kind else { return };
        if pieces.last().is_none_or(|piece| piece.is_refusal != is_refusal) {
            self.end_piece(to, out);
            let OpenItem::Message(pieces) = &mut self.kind else { return };
            pieces.push(OpenPiece {
                is_refusal,
                text: String::new(),
                logprobs: Vec::new(),
                citations: Vec::new(),
            });
            self.part_event("response.content_part.added", to, out);
        }
        let OpenItem::Message(pieces) = &mut self.kind else { return };
        let at = pieces.len().saturating_sub(1);
        if let Some(piece) = pieces.last_mut() {
            piece.text.push_str(&text.decode());
        }
        let name = if is_refusal { "response.refusal.delta" } else { "response.output_text.delta" };
        to.event(name, out, |w| {
            self.place(Some(("content_index", at)), w);
            w.key("delta").text(text);
            if !is_refusal {
                // They come after their words, so the whole text has them.
                w.key("logprobs").array(|_| {});
            }
        });
    }

    /// Log probabilities of the last words.
    pub(super) fn note_logprobs(&mut self, raw: Raw<'_>) {
        let OpenItem::Message(pieces) = &mut self.kind else { return };
        let Some(piece) = pieces.last_mut() else { return };
        let entries = raw.get("content").into_iter().flat_map(Raw::items);
        piece.logprobs.extend(entries.map(|entry| entry.as_json().to_owned()));
    }

    /// How many characters its texts have.
    pub(super) fn length(&self) -> u64 {
        let OpenItem::Message(pieces) = &self.kind else { return 0 };
        pieces.iter().map(OpenPiece::length).sum()
    }

    /// What the last words rest on. `before`: the characters of the messages before this one.
    pub(super) fn cite(&mut self, cited: &Citation<'_>, before: u64, to: &mut Numbered, out: &mut Vec<u8>) {
        let back = self.length().saturating_add(before);
        let OpenItem::Message(pieces) = &mut self.kind else { return };
        let at = pieces.len().saturating_sub(1);
        let Some(piece) = pieces.last_mut().filter(|piece| !piece.is_refusal) else { return };
        let own = citation::kept(cited, back.saturating_sub(piece.length()));
        piece.citations.push(own.clone());
        let number = piece.citations.len().saturating_sub(1);
        to.event("response.output_text.annotation.added", out, |w| {
            self.place(Some(("content_index", at)), w);
            w.key("annotation_index").u64(u64::try_from(number).unwrap_or(u64::MAX));
            w.key("annotation");
            write_annotation(&own, w);
        });
    }

    fn end_piece(&self, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Message(pieces) = &self.kind else { return };
        let Some(piece) = pieces.last() else { return };
        let at = pieces.len().saturating_sub(1);
        let (event, member) = match piece.is_refusal {
            true => ("response.refusal.done", "refusal"),
            false => ("response.output_text.done", "text"),
        };
        to.event(event, out, |w| {
            self.place(Some(("content_index", at)), w);
            w.key(member).string(&piece.text);
            if !piece.is_refusal {
                w.key("logprobs").array(|w| piece.said().write_logprobs(false, w));
            }
        });
        self.part_event("response.content_part.done", to, out);
    }

    /// An event about the message's last part.
    fn part_event(&self, name: &str, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Message(pieces) = &self.kind else { return };
        let Some(piece) = pieces.last() else { return };
        to.event(name, out, |w| {
            self.place(Some(("content_index", pieces.len().saturating_sub(1))), w);
            w.key("part");
            piece.said().write(w);
        });
    }

    /// Words of a thought.
    pub(super) fn think(&mut self, text: &Text<'_>, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Reasoning { summary, .. } = &mut self.kind else { return };
        let is_first = summary.is_empty();
        summary.push_str(&text.decode());
        if is_first {
            self.summary_event("response.reasoning_summary_part.added", to, out, |w| {
                w.key("part");
                write_summary(&Text::default(), w);
            });
        }
        self.summary_event("response.reasoning_summary_text.delta", to, out, |w| w.key("delta").text(text));
    }

    fn summary_event(
        &self,
        name: &str,
        to: &mut Numbered,
        out: &mut Vec<u8>,
        members: impl FnOnce(&mut Writer<'_>),
    ) {
        to.event(name, out, |w| {
            self.place(Some(("summary_index", 0)), w);
            members(w);
        });
    }

    pub(super) fn argue(&mut self, fragment: &Text<'_>, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Call { arguments, is_custom, .. } = &mut self.kind else { return };
        arguments.push_str(&fragment.decode());
        let name = match is_custom {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        to.event(name, out, |w| {
            self.place(None, w);
            w.key("delta").text(fragment);
        });
    }

    /// Says all of the code that is run.
    pub(super) fn interpret(&self, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Code(run, _) = &self.kind else { return };
        to.event("response.code_interpreter_call.in_progress", out, |w| self.place(None, w));
        for (name, member) in [("delta", "delta"), ("done", "code")] {
            to.event(&format!("response.code_interpreter_call_code.{name}"), out, |w| {
                self.place(None, w);
                w.key(member).text(&run.code);
            });
        }
        to.event("response.code_interpreter_call.interpreting", out, |w| self.place(None, w));
    }

    /// Says that it is over, and gives the item whole.
    pub(super) fn end(mut self, status: ItemStatus, to: &mut Numbered, out: &mut Vec<u8>) -> Vec<u8> {
        match &self.kind {
            OpenItem::Message(_) => self.end_piece(to, out),
            OpenItem::Reasoning { summary, .. } if !summary.is_empty() => {
                let text = Text::from(summary.as_str());
                self.summary_event("response.reasoning_summary_text.done", to, out, |w| {
                    w.key("text").text(&text)
                });
                self.summary_event("response.reasoning_summary_part.done", to, out, |w| {
                    w.key("part");
                    write_summary(&text, w);
                });
            }
            OpenItem::Reasoning { .. } | OpenItem::Code(_, None) => {}
            OpenItem::Code(..) => {
                to.event("response.code_interpreter_call.completed", out, |w| self.place(None, w));
            }
            OpenItem::Picture(_) => {
                for name in
                    ["response.image_generation_call.in_progress", "response.image_generation_call.completed"]
                {
                    to.event(name, out, |w| self.place(None, w));
                }
            }
            OpenItem::Call { arguments, is_custom, .. } => {
                if arguments.trim().is_empty() && !is_custom {
                    self.argue(&Text::from("{}"), to, out);
                }
                self.end_arguments(to, out);
            }
        }
        let mut item = Vec::with_capacity(256);
        self.item().write(&self.id, status, &mut Writer::new(&mut item));
        to.event("response.output_item.done", out, |w| {
            w.key("output_index").u64(u64::from(self.index));
            w.key("item").raw(Raw::trusted(std::str::from_utf8(&item).unwrap_or("null")));
        });
        item
    }

    fn end_arguments(&self, to: &mut Numbered, out: &mut Vec<u8>) {
        let OpenItem::Call { arguments, is_custom, .. } = &self.kind else { return };
        let (name, member) = match is_custom {
            true => ("response.custom_tool_call_input.done", "input"),
            false => ("response.function_call_arguments.done", "arguments"),
        };
        to.event(name, out, |w| {
            self.place(None, w);
            w.key(member).string(arguments);
        });
    }
}

impl OpenPiece {
    fn length(&self) -> u64 {
        let length = if self.is_refusal { 0 } else { self.text.chars().count() };
        u64::try_from(length).unwrap_or(u64::MAX)
    }

    fn said(&self) -> MessagePart<'_> {
        MessagePart {
            is_refusal: self.is_refusal,
            text: Text::from(self.text.as_str()),
            logprobs: self.logprobs.iter().map(|entry| Raw::trusted(entry)).collect(),
            citations: self.citations.clone(),
        }
    }
}
