//! An item of a streamed answer, as far as it has come: what of it was told already.
//!
//! By the book each piece comes once, and then once more in the event that ends it; servers that speak Responses leave out one or
//! the other. So what an ending has and no piece had is told then.

use super::super::code;
use super::super::wire::picture;
use super::item::{self, BETWEEN, ItemKind};
use super::places::ItemName;
use super::reply;
use crate::chat::{CodeRun, Event, PartKind, RunName, Source};
use crate::dialect::Memo;
use crate::dialect::piece::citation::Length;
use crate::dialect::seam::Sink;
use crate::json::{Raw, Text};
use std::collections::BTreeMap;

/// What the items of one answer count together.
#[derive(Default)]
pub(super) struct ItemCounts {
    /// Of its calls.
    pub(super) calls: u32,
    /// Of its words.
    pub(super) length: Length,
}

/// Which of an item's words for its thoughts were told: the thought itself, or what the provider tells about it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Thought,
    Summary,
}

#[derive(Default)]
pub(super) struct GrowingItem {
    /// Once something came that only items of a kind have.
    kind: Option<ItemKind>,
    id: Option<ItemName>,
    call_id: Option<ItemName>,
    /// The number of its call, once that has begun.
    call: Option<u32>,
    has_arguments: bool,
    /// Of the code that is run, once its item began; and whether the code was told.
    run: Option<RunName<'static>>,
    is_run_told: bool,
    /// How its thought was told so far, and the number of the last part.
    thought: Option<(Voice, u64)>,
    /// The parts of its message by their number.
    parts: BTreeMap<u64, GrowingPart>,
    is_over: bool,
}

struct GrowingPart {
    /// How many characters came before it.
    start: u64,
    is_told: bool,
    is_cited: bool,
}

impl GrowingItem {
    pub(super) fn kind(&self) -> Option<ItemKind> {
        self.kind
    }

    pub(super) fn names(&self) -> impl Iterator<Item = ItemName> {
        [self.id, self.call_id].into_iter().flatten()
    }

    /// Its id, as a piece of it or it itself has it.
    pub(super) fn identify(&mut self, id: Option<Raw<'_>>) {
        if self.id.is_none() {
            self.id = ItemName::of(id);
        }
    }

    fn note(&mut self, item: Raw<'_>) {
        if item.present("type").is_some() {
            self.kind.get_or_insert(ItemKind::of(item));
        }
        self.identify(item.get("id"));
        if self.call_id.is_none() {
            self.call_id = ItemName::of(item.get("call_id"));
        }
    }

    /// A call begins, if it has a name already.
    pub(super) fn begin(&mut self, item: Raw<'_>, counts: &mut ItemCounts, memo: &Memo, sink: &mut Sink<'_>) {
        self.note(item);
        if ItemKind::of(item) == ItemKind::Code {
            self.run.get_or_insert_with(|| code::own_name(item));
        }
        if self.call.is_some() || !matches!(ItemKind::of(item), ItemKind::Call) {
            return;
        }
        let Some(call) = item::call(item, memo) else { return };
        let index = counts.calls;
        counts.calls = index.saturating_add(1);
        self.call = Some(index);
        sink(Event::ToolStart { choice: 0, index, id: call.id, name: call.name, signature: None });
    }

    /// All of the code that is run.
    pub(super) fn interpret(&mut self, code: Text<'_>, sink: &mut Sink<'_>) {
        self.kind.get_or_insert(ItemKind::Code);
        let Some(name) = self.run.clone().filter(|_| !self.is_run_told) else { return };
        self.is_run_told = true;
        sink(Event::Code { choice: 0, run: CodeRun { name, code } });
    }

    fn end_run(&mut self, item: Raw<'_>, sink: &mut Sink<'_>) {
        let name = self.run.get_or_insert_with(|| code::own_name(item)).clone();
        let (run, outcome) = code::read(item, name);
        self.interpret(run.code, sink);
        if let Some(outcome) = outcome {
            sink(Event::CodeOutcome { choice: 0, outcome });
        }
        for url in code::pictures(item) {
            sink(Event::Image { choice: 0, source: Source::Url(url) });
        }
    }

    fn part(&mut self, number: u64, counts: &mut ItemCounts) -> &mut GrowingPart {
        self.kind.get_or_insert(ItemKind::Message);
        self.parts.entry(number).or_insert_with(|| GrowingPart {
            start: counts.length.count(),
            is_told: false,
            is_cited: false,
        })
    }

    /// Words of a part of its message.
    pub(super) fn say(
        &mut self,
        number: u64,
        (text, is_refusal): (Text<'_>, bool),
        counts: &mut ItemCounts,
        sink: &mut Sink<'_>,
    ) {
        if text.is_empty() {
            return;
        }
        self.part(number, counts).is_told = true;
        if is_refusal {
            return sink(Event::Refusal { choice: 0, text });
        }
        counts.length.add(&text);
        sink(Event::Text { choice: 0, text });
    }

    /// All words of a part, where none came before.
    pub(super) fn say_rest(
        &mut self,
        number: u64,
        words: (Text<'_>, bool),
        counts: &mut ItemCounts,
        sink: &mut Sink<'_>,
    ) {
        if !self.part(number, counts).is_told {
            self.say(number, words, counts, sink);
        }
    }

    /// What words of a part rest on.
    pub(super) fn cite(
        &mut self,
        number: u64,
        annotation: Raw<'_>,
        counts: &mut ItemCounts,
        sink: &mut Sink<'_>,
    ) {
        let part = self.part(number, counts);
        part.is_cited = true;
        let start = part.start;
        if let Some(citation) = item::citation(annotation, start) {
            sink(Event::Citation { choice: 0, citation });
        }
    }

    /// A piece of its thought. `is_whole`: of a part that is over.
    pub(super) fn think(
        &mut self,
        voice: Voice,
        number: u64,
        text: Text<'_>,
        is_whole: bool,
        sink: &mut Sink<'_>,
    ) {
        self.kind.get_or_insert(ItemKind::Reasoning);
        let is_other = self.thought.is_some_and(|(known, _)| known != voice);
        let is_known = self.thought == Some((voice, number));
        if text.is_empty() || is_other || is_whole && is_known {
            return;
        }
        if self.thought.is_some() && !is_known {
            sink(Event::Thought { choice: 0, text: Text::from(BETWEEN), maker: None });
        }
        self.thought = Some((voice, number));
        sink(Event::Thought { choice: 0, text, maker: None });
    }

    /// A piece of the arguments of its call. `is_whole`: all of them.
    pub(super) fn argue(&mut self, fragment: Text<'_>, is_whole: bool, sink: &mut Sink<'_>) {
        self.kind.get_or_insert(ItemKind::Call);
        let Some(index) = self.call.filter(|_| !(fragment.is_empty() || is_whole && self.has_arguments))
        else {
            return;
        };
        self.has_arguments = true;
        sink(Event::ToolArguments { choice: 0, index, fragment });
    }

    /// It is over, and here it is whole.
    pub(super) fn end(&mut self, item: Raw<'_>, counts: &mut ItemCounts, memo: &Memo, sink: &mut Sink<'_>) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.note(item);
        match ItemKind::of(item) {
            ItemKind::Message => self.end_message(item, counts, sink),
            ItemKind::Call => {
                self.begin(item, counts, memo, sink);
                let whole = item.get("arguments").and_then(Raw::text).unwrap_or_default();
                self.argue(whole, true, sink);
                let is_cut =
                    item.get("status").and_then(Raw::text).is_some_and(|status| status == "incomplete");
                // Callers parse what they get.
                if !is_cut {
                    self.argue(Text::from("{}"), true, sink);
                }
            }
            ItemKind::Reasoning => self.end_thought(item, memo, sink),
            ItemKind::Picture => {
                if let Some(PartKind::Image { source, .. }) = picture(item) {
                    sink(Event::Image { choice: 0, source });
                }
            }
            ItemKind::Code => self.end_run(item, sink),
            ItemKind::Other => {}
        }
    }

    fn end_message(&mut self, item: Raw<'_>, counts: &mut ItemCounts, sink: &mut Sink<'_>) {
        let parts = item.get("content").into_iter().flat_map(Raw::items);
        for (part, number) in parts.zip(0u64..) {
            let Some(words) = item::words(part) else { continue };
            if !self.part(number, counts).is_told {
                self.say(number, words, counts, sink);
                if let Some(logprobs) = part.present("logprobs").and_then(reply::logprobs_of) {
                    sink(Event::Logprobs { choice: 0, raw: Raw::trusted(&logprobs) });
                }
            }
            if self.part(number, counts).is_cited {
                continue;
            }
            for annotation in part.get("annotations").into_iter().flat_map(Raw::items) {
                self.cite(number, annotation, counts, sink);
            }
        }
    }

    /// A seal ends its thought.
    fn end_thought(&mut self, item: Raw<'_>, memo: &Memo, sink: &mut Sink<'_>) {
        let Some(thought) = item::thought(item, memo) else { return };
        let was_told = self.thought.is_some();
        if !was_told {
            self.think(Voice::Summary, 0, thought.text, true, sink);
        }
        let (Some(maker), Some(seal)) = (thought.maker, thought.signature.or(thought.sealed)) else { return };
        sink(match self.thought {
            Some(_) => Event::ThoughtSignature { choice: 0, maker, signature: seal },
            None => Event::ThoughtSealed { choice: 0, maker, data: seal },
        });
    }
}
