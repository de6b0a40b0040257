//! The items of an answer's `output`, for whole answers and for streams.

use super::code;
use super::seal::EncryptedContent;
use crate::chat::{Arguments, Choice, Citation, CodeOutcome, CodeRun, PartKind, Source, Thought};
use crate::dialect::piece::citation;
use crate::json::{Raw, Text, Writer};
use std::collections::BTreeMap;

/// One item.
pub(super) enum OutputItem<'a> {
    Message(Vec<MessagePart<'a>>),
    Reasoning {
        summary: Text<'a>,
        seal: EncryptedContent<'a>,
    },
    Call {
        id: Text<'a>,
        name: Text<'a>,
        arguments: Text<'a>,
    },
    /// A picture, in base64, as OpenAI's own models give theirs.
    Picture(Text<'a>),
    /// Code that the provider ran, and what came of it.
    Code(CodeRun<'a>, Option<CodeOutcome<'a>>),
    /// Of a tool whose input is a text.
    CustomCall {
        id: Text<'a>,
        name: Text<'a>,
        input: Text<'a>,
    },
}

/// A part of a message.
pub(super) struct MessagePart<'a> {
    pub(super) is_refusal: bool,
    pub(super) text: Text<'a>,
    /// Chat Completions' entries, one a token.
    pub(super) logprobs: Vec<Raw<'a>>,
    /// Counted from its own beginning.
    pub(super) citations: Vec<Citation<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ItemStatus {
    InProgress,
    Completed,
    Incomplete,
}

impl ItemStatus {
    pub(super) fn name(self) -> &'static str {
        match self {
            ItemStatus::InProgress => "in_progress",
            ItemStatus::Completed => "completed",
            ItemStatus::Incomplete => "incomplete",
        }
    }
}

impl OutputItem<'_> {
    /// An id of our own: `turn` is the turn's, `index` the item's place in the output.
    pub(super) fn id(&self, turn: &str, index: u32) -> String {
        let prefix = match self {
            OutputItem::Message(_) => "msg",
            OutputItem::Reasoning { .. } => "rs",
            OutputItem::Call { .. } => "fc",
            OutputItem::Picture(_) => "ig",
            OutputItem::Code(..) => "ci",
            OutputItem::CustomCall { .. } => "ctc",
        };
        format!("{prefix}_{turn}_{index}")
    }

    pub(super) fn write(&self, id: &str, status: ItemStatus, w: &mut Writer<'_>) {
        w.object(|w| match self {
            OutputItem::Message(said) => {
                w.key("id").string(id);
                w.key("type").string("message");
                w.key("status").string(status.name());
                w.key("role").string("assistant");
                w.key("content").array(|w| said.iter().for_each(|said| said.write(w)));
            }
            OutputItem::Reasoning { summary, seal } => {
                w.key("id").string(id);
                w.key("type").string("reasoning");
                w.key("summary").array(|w| {
                    if !summary.is_empty() {
                        write_summary(summary, w);
                    }
                });
                if status != ItemStatus::InProgress {
                    w.key("encrypted_content").text(&seal.text());
                }
            }
            OutputItem::Picture(data) => {
                w.key("id").string(id);
                w.key("type").string("image_generation_call");
                // A picture comes whole, or not at all.
                let is_open = status == ItemStatus::InProgress;
                w.key("status").string(if is_open { status.name() } else { ItemStatus::Completed.name() });
                w.key("result");
                if is_open { w.null() } else { w.text(data) }
            }
            OutputItem::Code(run, outcome) => {
                w.key("id").string(id);
                // What nothing came of was cut, whatever came after it.
                let status = if status == ItemStatus::InProgress { status } else { ItemStatus::Incomplete };
                code::write(run, outcome.as_ref(), (&code::container(&run.name), status.name()), w);
            }
            OutputItem::Call { id: call_id, name, arguments } => {
                w.key("id").string(id);
                w.key("type").string("function_call");
                w.key("status").string(status.name());
                w.key("call_id").text(call_id);
                w.key("name").text(name);
                w.key("arguments").text(arguments);
            }
            // It has no status: <https://platform.openai.com/docs/api-reference/responses/object>.
            OutputItem::CustomCall { id: call_id, name, input } => {
                w.key("id").string(id);
                w.key("type").string("custom_tool_call");
                w.key("call_id").text(call_id);
                w.key("name").text(name);
                w.key("input").text(input);
            }
        });
    }
}

impl MessagePart<'_> {
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        w.object(|w| {
            if self.is_refusal {
                w.key("type").string("refusal");
                w.key("refusal").text(&self.text);
                return;
            }
            w.key("type").string("output_text");
            w.key("text").text(&self.text);
            w.key("annotations").array(|w| self.citations.iter().for_each(|one| write_annotation(one, w)));
            w.key("logprobs").array(|w| self.write_logprobs(true, w));
        });
    }

    /// The elements of the array. An item's have the tokens' bytes, a stream's don't.
    pub(super) fn write_logprobs(&self, has_bytes: bool, w: &mut Writer<'_>) {
        for entry in &self.logprobs {
            w.object(|w| {
                write_logprob(*entry, has_bytes, w);
                let others = entry.get("top_logprobs").into_iter().flat_map(Raw::items);
                w.key("top_logprobs")
                    .array(|w| others.for_each(|other| w.object(|w| write_logprob(other, has_bytes, w))));
            });
        }
    }
}

pub(super) fn write_annotation(of: &Citation<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("url_citation");
        citation::write(of, w);
    });
}

pub(super) fn write_summary(text: &Text<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("summary_text");
        w.key("text").text(text);
    });
}

/// Chat Completions may say `null` for the bytes; here they are a list always.
fn write_logprob(entry: Raw<'_>, has_bytes: bool, w: &mut Writer<'_>) {
    w.key("token").raw(entry.get("token").unwrap_or(Raw::trusted("\"\"")));
    w.key("logprob").raw(entry.get("logprob").unwrap_or(Raw::trusted("0")));
    if has_bytes {
        w.key("bytes").raw(entry.present("bytes").unwrap_or(Raw::trusted("[]")));
    }
}

/// The items that a whole answer is.
pub(super) fn items_of<'c>(choice: &'c Choice<'_>) -> Vec<OutputItem<'c>> {
    let logprobs = choice.logprobs.as_deref().map(Raw::trusted);
    let mut logprobs: Vec<Raw<'c>> =
        logprobs.and_then(|all| all.get("content")).into_iter().flat_map(Raw::items).collect();
    let mut items = Vec::new();
    // Where those stand of which nothing came so far.
    let mut runs = BTreeMap::new();
    for part in &choice.parts {
        match &part.kind {
            PartKind::Text(text) if !text.is_empty() => {
                say(&mut items, false, text.clone(), std::mem::take(&mut logprobs));
            }
            PartKind::Refusal(text) if !text.is_empty() => say(&mut items, true, text.clone(), Vec::new()),
            PartKind::Thought(thought) => items.extend(reasoning(thought)),
            PartKind::ToolCall(call) => {
                if let Some((maker, signature)) = &call.signature {
                    let seal = EncryptedContent::Call(*maker, signature.clone());
                    items.push(OutputItem::Reasoning { summary: Text::default(), seal });
                }
                let (id, name) = (call.id.clone(), call.name.clone());
                items.push(match &call.arguments {
                    Arguments::FreeForm(input) => OutputItem::CustomCall { id, name, input: input.clone() },
                    arguments => OutputItem::Call { id, name, arguments: whole(arguments.text()) },
                });
            }
            PartKind::Image { source: Source::Base64 { data, .. }, .. } => {
                items.push(OutputItem::Picture(data.clone()));
            }
            PartKind::Code(run) => {
                runs.insert(code::container(&run.name), items.len());
                items.push(OutputItem::Code(run.clone(), None));
            }
            PartKind::CodeOutcome(outcome) => {
                let at = runs.remove(&code::container(&outcome.name));
                match at.and_then(|at| items.get_mut(at)) {
                    Some(OutputItem::Code(_, of)) => *of = Some(outcome.clone()),
                    // Its code was in an answer before.
                    _ => {
                        let run = CodeRun { name: outcome.name.clone(), code: Text::default() };
                        items.push(OutputItem::Code(run, Some(outcome.clone())));
                    }
                }
            }
            // An answer has nothing else that this dialect knows.
            _ => {}
        }
    }
    if !choice.citations.is_empty() {
        cite(&mut items, &choice.citations);
    }
    items
}

/// Gives each part of a message what its words rest on; what is said of no words that are there is the last part's.
fn cite(items: &mut [OutputItem<'_>], citations: &[Citation<'_>]) {
    let mut from = 0;
    let mut last = None;
    for item in items {
        let OutputItem::Message(said) = item else { continue };
        for said in said.iter_mut().filter(|said| !said.is_refusal) {
            let end = citation::length(&said.text).saturating_add(from);
            let own = citations.iter().filter(|one| (from..end).contains(&one.start));
            said.citations = own.map(|one| citation::kept(one, from)).collect();
            from = end;
            last = Some(said);
        }
    }
    if let Some(last) = last {
        let beyond = citations.iter().filter(|one| one.start >= from);
        last.citations.extend(beyond.map(|one| citation::kept(one, from)));
    }
}

/// Adds to the message before: text that comes in several parts is one message, and text after text one part.
fn say<'c>(items: &mut Vec<OutputItem<'c>>, is_refusal: bool, text: Text<'c>, logprobs: Vec<Raw<'c>>) {
    let said = MessagePart { is_refusal, text, logprobs, citations: Vec::new() };
    match items.last_mut() {
        Some(OutputItem::Message(before)) => match before.last_mut() {
            Some(last) if last.is_refusal == is_refusal => {
                last.text = Text::from(format!("{}{}", last.text.decode(), said.text.decode()));
                last.logprobs.extend(said.logprobs);
            }
            _ => before.push(said),
        },
        _ => items.push(OutputItem::Message(vec![said])),
    }
}

fn reasoning<'c>(thought: &'c Thought<'_>) -> Option<OutputItem<'c>> {
    let seal = match (thought.maker, &thought.sealed, &thought.signature) {
        (Some(maker), Some(data), _) => EncryptedContent::Thought(maker, data.clone()),
        (Some(maker), None, Some(signature)) => EncryptedContent::Signature(maker, signature.clone()),
        // Nobody can take a signature back whose maker is not known.
        _ => EncryptedContent::Unsigned,
    };
    let says_something = !thought.text.is_empty() || seal != EncryptedContent::Unsigned;
    says_something.then(|| OutputItem::Reasoning { summary: thought.text.clone(), seal })
}

/// No arguments at all are an object without members: clients parse what they get.
pub(super) fn whole(arguments: Text<'_>) -> Text<'_> {
    if arguments.is_blank() { Text::from("{}") } else { arguments }
}
