//! Thoughts in Chat Completions, which has no word for them.
//!
//! What the model thought is shown as `reasoning_content` (text, as DeepSeek and others do it) and, so that signatures
//! can come back on the next turn, as `reasoning_details`: an array of `reasoning.text`, `reasoning.summary` and
//! `reasoning.encrypted`, as OpenRouter does it (<https://openrouter.ai/docs/use-cases/reasoning-tokens>). `format`
//! says who made a signature. From callers we also take LiteLLM's `thinking_blocks`, which are Anthropic's own.

use crate::chat::{Maker, Part, PartKind, Thought};
use crate::json::{Raw, Text, Writer};

/// The members of a message that may hold thoughts.
#[derive(Clone, Copy, Default)]
pub(super) struct ThoughtMembers<'a> {
    details: Option<Raw<'a>>,
    blocks: Option<Raw<'a>>,
    text: Option<Raw<'a>>,
}

impl<'a> ThoughtMembers<'a> {
    /// Takes a member if it is one of these.
    pub(super) fn take(&mut self, name: &str, value: Raw<'a>) -> bool {
        let place = match name {
            "reasoning_details" => &mut self.details,
            "thinking_blocks" => &mut self.blocks,
            "reasoning_content" => &mut self.text,
            // The same text under another name: the first counts.
            "reasoning" => {
                self.text.get_or_insert(value);
                return true;
            }
            _ => return false,
        };
        *place = Some(value);
        true
    }

    /// The plain text, without signatures.
    pub(super) fn text(&self) -> Option<Text<'a>> {
        self.text.and_then(Raw::text).filter(|text| !text.is_empty())
    }

    pub(super) fn details(&self) -> impl Iterator<Item = Raw<'a>> + use<'a> {
        self.details.into_iter().flat_map(Raw::items)
    }

    /// The thoughts, from the form that holds most.
    pub(super) fn read(&self) -> Vec<Part<'a>> {
        let mut thoughts = Vec::new();
        let mut last_index = None;
        for detail in self.details() {
            let index = detail.get("index").and_then(Raw::as_u64);
            let Some(thought) = read_detail(detail) else { continue };
            // Callers that collect a stream's fragments may send them back unjoined.
            let continues = index.is_some() && index == last_index && thought.sealed.is_none();
            match thoughts.last_mut() {
                Some(open) if continues && is_open(open) => join(open, thought),
                _ => thoughts.push(thought),
            }
            last_index = index;
        }
        if thoughts.is_empty() {
            thoughts.extend(self.blocks.into_iter().flat_map(Raw::items).filter_map(read_block));
        }
        match (thoughts.as_mut_slice(), self.text()) {
            ([], Some(text)) => thoughts.push(plain(text)),
            // A signature whose text only stands in `reasoning_content`.
            ([only], Some(text)) if only.text.is_empty() && only.signature.is_some() => only.text = text,
            _ => {}
        }
        thoughts.into_iter().map(|thought| PartKind::Thought(thought).into()).collect()
    }
}

/// The text of the thoughts that nobody signed, which are the only ones that their maker reads as text.
pub(super) fn unsigned<'p, 'a: 'p>(parts: impl Iterator<Item = &'p Part<'a>>) -> Option<String> {
    let mut all = String::new();
    for part in parts {
        if let PartKind::Thought(Thought { text, signature: None, sealed: None, maker: None }) = &part.kind {
            all.push_str(&text.decode());
        }
    }
    (!all.is_empty()).then_some(all)
}

/// A thought that nobody signed.
pub(super) fn plain(text: Text<'_>) -> Thought<'_> {
    Thought { text, signature: None, sealed: None, maker: None }
}

fn is_open(thought: &Thought<'_>) -> bool {
    thought.signature.is_none() && thought.sealed.is_none()
}

fn join<'a>(open: &mut Thought<'a>, next: Thought<'a>) {
    if !next.text.is_empty() {
        // What was joined before is not copied again.
        let mut whole = std::mem::take(&mut open.text).into_string();
        whole.push_str(&next.text.decode());
        open.text = Text::from(whole);
    }
    open.signature = next.signature;
    open.maker = open.maker.or(next.maker);
}

/// Reads one entry of `reasoning_details`; an unknown one says nothing to us.
pub(super) fn read_detail(detail: Raw<'_>) -> Option<Thought<'_>> {
    let text = |name| detail.get(name).and_then(Raw::text).filter(|text| !text.is_empty());
    let maker = text("format").and_then(|format| Maker::from_format(&format.decode()));
    let kind = text("type")?;
    if kind == "reasoning.encrypted" {
        return Some(Thought { text: Text::default(), signature: None, sealed: Some(text("data")?), maker });
    }
    let words = match kind.decode().as_ref() {
        "reasoning.text" => text("text"),
        "reasoning.summary" => text("summary"),
        _ => return None,
    };
    let signature = text("signature");
    let says_something = words.is_some() || signature.is_some();
    says_something.then(|| Thought { text: words.unwrap_or_default(), signature, sealed: None, maker })
}

/// Whose signatures and seals go to a provider that gets thoughts as callers wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seals {
    /// Whoever's: what stands behind an address may be anybody's, and so may the model that a router picks.
    Anyones,
    /// This maker's, or of a maker that is none of ours; and those that don't say whose they are.
    Of(Option<Maker>),
    /// It seals nothing itself.
    Nobodys,
}

impl Seals {
    /// Whether a thought goes there.
    pub(super) fn have(self, thought: &Thought<'_>) -> bool {
        if is_open(thought) {
            return true;
        }
        match self {
            // What a provider of Responses sealed can be opened by that house only.
            _ if is_sealed_by_house(thought) => false,
            Seals::Anyones => true,
            Seals::Of(maker) => thought.maker.is_none() || thought.maker == maker,
            Seals::Nobodys => false,
        }
    }

    /// The same of an entry of `reasoning_details`.
    pub(super) fn have_detail(self, detail: Raw<'_>) -> bool {
        read_detail(detail).is_none_or(|thought| self.have(&thought))
    }

    /// The same of one of Anthropic's thinking blocks.
    pub(super) fn have_block(self, block: Raw<'_>) -> bool {
        read_block(block).is_none_or(|thought| self.have(&thought))
    }
}

/// The mark is that of `responses/provider/seal.rs`.
fn is_sealed_by_house(thought: &Thought<'_>) -> bool {
    let seal = thought.signature.as_ref().or(thought.sealed.as_ref());
    thought.maker == Some(Maker::OpenAi) && seal.is_some_and(|seal| seal.decode().starts_with("switchover."))
}

/// Reads one of Anthropic's thinking blocks.
fn read_block(block: Raw<'_>) -> Option<Thought<'_>> {
    let text = |name| block.get(name).and_then(Raw::text).filter(|text| !text.is_empty());
    let maker = Some(Maker::Anthropic);
    match text("type")?.decode().as_ref() {
        "thinking" => {
            let words = text("thinking").unwrap_or_default();
            Some(Thought { text: words, signature: text("signature"), sealed: None, maker })
        }
        "redacted_thinking" => {
            Some(Thought { text: Text::default(), signature: None, sealed: Some(text("data")?), maker })
        }
        _ => None,
    }
}

/// Writes `reasoning_content` and `reasoning_details`, if there are thoughts.
pub(super) fn write<'t, 'a: 't>(thoughts: impl Iterator<Item = &'t Thought<'a>> + Clone, w: &mut Writer<'_>) {
    if thoughts.clone().any(|thought| !thought.text.is_empty()) {
        w.key("reasoning_content").texts(thoughts.clone().map(|thought| &thought.text));
    }
    if thoughts.clone().next().is_none() {
        return;
    }
    w.key("reasoning_details").array(|w| {
        for (thought, index) in thoughts.zip(0u32..) {
            match (&thought.sealed, thought.maker) {
                (Some(data), maker) => write_sealed(data, maker, index, w),
                (None, maker) => {
                    write_detail(Some(&thought.text), thought.signature.as_ref(), maker, index, w)
                }
            }
        }
    });
}

/// Writes a `reasoning.text` entry, or a streamed fragment of one.
pub(super) fn write_detail(
    text: Option<&Text<'_>>,
    signature: Option<&Text<'_>>,
    maker: Option<Maker>,
    index: u32,
    w: &mut Writer<'_>,
) {
    w.object(|w| {
        w.key("type").string("reasoning.text");
        if let Some(text) = text {
            w.key("text").text(text);
        }
        if let Some(signature) = signature {
            w.key("signature").text(signature);
        }
        write_place(maker, index, w);
    });
}

/// Writes a `reasoning.encrypted` entry.
pub(super) fn write_sealed(data: &Text<'_>, maker: Option<Maker>, index: u32, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("reasoning.encrypted");
        w.key("data").text(data);
        write_place(maker, index, w);
    });
}

fn write_place(maker: Option<Maker>, index: u32, w: &mut Writer<'_>) {
    if let Some(maker) = maker {
        w.key("format").string(maker.format());
    }
    w.key("index").u64(u64::from(index));
}
