//! An item of the output: what a whole answer and the end of an item in a stream have in common.

use super::super::code;
use super::seal;
use crate::chat::{Arguments, Citation, Maker, Thought, ToolCall};
use crate::dialect::Memo;
use crate::dialect::piece::citation;
use crate::json::{Raw, Text, Writer};

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ItemKind {
    Message,
    Call,
    Reasoning,
    Picture,
    /// Code that OpenAI runs.
    Code,
    /// Other tools that OpenAI runs, and whatever comes tomorrow: callers of other dialects have no place for it.
    Other,
}

impl ItemKind {
    pub(super) fn of(item: Raw<'_>) -> ItemKind {
        let kind = item.get("type").and_then(Raw::text).unwrap_or_default();
        match kind.decode().as_ref() {
            "message" => ItemKind::Message,
            "function_call" => ItemKind::Call,
            "reasoning" => ItemKind::Reasoning,
            "image_generation_call" => ItemKind::Picture,
            code::CALL => ItemKind::Code,
            _ => ItemKind::Other,
        }
    }
}

fn text<'a>(object: Raw<'a>, name: &str) -> Option<Text<'a>> {
    object.get(name).and_then(Raw::text).filter(|text| !text.is_empty())
}

/// The words of a part of a message; the model's own, or those that it declines with.
pub(super) fn words(part: Raw<'_>) -> Option<(Text<'_>, bool)> {
    match text(part, "refusal") {
        Some(refusal) => Some((refusal, true)),
        None => text(part, "text").map(|said| (said, false)),
    }
}

/// The page that an annotation names; other annotations are of files in OpenAI's store. `from`: how many characters come before
/// the part that has it.
pub(super) fn citation(annotation: Raw<'_>, from: u64) -> Option<Citation<'_>> {
    let page = citation::page(annotation.get("url"), annotation.get("title"))?;
    let index = |name| annotation.get(name).and_then(Raw::as_u64).unwrap_or(0).saturating_add(from);
    Some(page.cited(index("start_index"), index("end_index")))
}

/// The call of a function; `None` without a name.
pub(super) fn call<'a>(item: Raw<'a>, memo: &Memo) -> Option<ToolCall<'a>> {
    let name = text(item, "name")?;
    let name =
        if memo.renamed.is_empty() { name } else { Text::from(memo.original(&name.decode()).to_owned()) };
    Some(ToolCall {
        id: text(item, "call_id").or_else(|| text(item, "id")).unwrap_or_default(),
        name,
        arguments: Arguments::Encoded(text(item, "arguments").unwrap_or_default()),
        signature: None,
    })
}

/// What an item of reasoning tells, and its seal; `None` if it has neither.
pub(super) fn thought<'a>(item: Raw<'a>, memo: &Memo) -> Option<Thought<'a>> {
    let told = told(item);
    let sealed = text(item, "encrypted_content").map(|sealed| {
        let origin = memo.origin.as_deref().unwrap_or_default();
        seal::close(origin, &text(item, "id").unwrap_or_default(), &sealed)
    });
    let maker = sealed.as_ref().map(|_| Maker::OpenAi);
    match (told.is_empty(), sealed) {
        (true, None) => None,
        (true, sealed) => Some(Thought { text: told, signature: None, sealed, maker }),
        (false, signature) => Some(Thought { text: told, signature, sealed: None, maker }),
    }
}

/// The thought itself where it is shown, else what OpenAI tells about it.
fn told(item: Raw<'_>) -> Text<'_> {
    let texts = |name| item.get(name).into_iter().flat_map(Raw::items).filter_map(|part| text(part, "text"));
    let mut all: Vec<Text<'_>> = texts("content").collect();
    if all.is_empty() {
        all = texts("summary").collect();
    }
    match all.len() {
        0 | 1 => all.pop().unwrap_or_default(),
        _ => Text::from(all.iter().map(Text::decode).collect::<Vec<_>>().join(BETWEEN)),
    }
}

/// Between two parts of what is told.
pub(super) const BETWEEN: &str = "\n\n";

/// Appends the elements of Responses' `logprobs` as Chat Completions writes them.
pub(super) fn write_logprobs(entries: Raw<'_>, w: &mut Writer<'_>) {
    for entry in entries.items() {
        w.object(|w| {
            write_logprob(entry, w);
            let others = entry.get("top_logprobs").into_iter().flat_map(Raw::items);
            w.key("top_logprobs").array(|w| others.for_each(|other| w.object(|w| write_logprob(other, w))));
        });
    }
}

fn write_logprob(entry: Raw<'_>, w: &mut Writer<'_>) {
    w.key("token").raw(entry.get("token").unwrap_or(Raw::trusted("\"\"")));
    w.key("logprob").raw(entry.get("logprob").unwrap_or(Raw::trusted("0")));
    // Streams have none.
    w.key("bytes").raw(entry.get("bytes").unwrap_or(Raw::NULL));
}
