//! A streamed answer for a caller: <https://platform.openai.com/docs/api-reference/responses-streaming>.
//!
//! `response.created`, `response.in_progress`; of each item its beginning, its pieces, each piece's end and its own;
//! `response.completed` or `response.incomplete` with all of it once more. Words and thoughts follow one another; calls
//! stay open until the answer ends, as pieces of two calls may interleave.

use super::code;
use super::item::ItemStatus;
use super::open::{Numbered, OpenItem, OpenResponse};
use super::reply::{Progress, ResponseFrame};
use super::seal::EncryptedContent;
use super::wire::{incomplete_reason, write_error_event};
use crate::chat::{Citation, CodeOutcome, CodeRun, Event, Maker, Source, Usage};
use crate::dialect::piece::{citation, tier};
use crate::dialect::{CallerError, FreeForm, Memo, StreamWriter, Turn};
use crate::json::{Raw, Text};
use std::collections::BTreeMap;

pub(super) struct ResponseEvents {
    frame: ResponseFrame,
    to: Numbered,
    has_begun: bool,
    next_index: u32,
    /// Words and thoughts: the ones that are being said.
    open: Vec<OpenResponse>,
    /// The calls, by number.
    calls: BTreeMap<u32, OpenResponse>,
    /// Code of which nothing came so far, by its name.
    runs: BTreeMap<String, OpenResponse>,
    /// How many characters the texts of the items have that are over.
    length: u64,
    /// What words rest on that no message is open for: the next one's.
    cited: Vec<Citation<'static>>,
    /// The items that are over, by their place.
    done: BTreeMap<u32, Vec<u8>>,
    usage: Usage,
    tier: Option<Text<'static>>,
    /// The tools whose input is a text.
    free_form: FreeForm,
    /// Why the answer is incomplete.
    reason: Option<&'static str>,
}

impl ResponseEvents {
    pub(super) fn new(turn: &Turn, memo: &Memo) -> ResponseEvents {
        ResponseEvents {
            frame: ResponseFrame::new(turn, memo),
            to: Numbered::default(),
            has_begun: false,
            next_index: 0,
            open: Vec::new(),
            calls: BTreeMap::new(),
            runs: BTreeMap::new(),
            length: 0,
            cited: Vec::new(),
            done: BTreeMap::new(),
            usage: Usage::default(),
            tier: None,
            free_form: memo.free_form.clone(),
            reason: None,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let ResponseEvents { frame, to, .. } = self;
        let ending = Progress { is_open: true, reason: None };
        for name in ["response.created", "response.in_progress"] {
            to.event(name, out, |w| {
                w.key("response");
                frame.write(ending, &Usage::default(), None, w, |_| {});
            });
        }
    }

    /// Begins an item; words and thoughts before it are over.
    fn add(&mut self, kind: OpenItem, out: &mut Vec<u8>) {
        self.begin(out);
        self.close(out, ItemStatus::Completed, |_| true);
        let number = if let OpenItem::Call { number, .. } = &kind { Some(*number) } else { None };
        let run = if let OpenItem::Code(run, _) = &kind { Some(code::container(&run.name)) } else { None };
        let open = OpenResponse::begin(kind, self.next_index, &self.frame.id, &mut self.to, out);
        self.next_index = self.next_index.saturating_add(1);
        let before = match (number, run) {
            (Some(number), _) => self.calls.insert(number, open),
            (None, Some(run)) => self.runs.insert(run, open),
            (None, None) => {
                self.open.push(open);
                None
            }
        };
        if let Some(before) = before {
            self.over(before, ItemStatus::Completed, out);
        }
    }

    fn close(&mut self, out: &mut Vec<u8>, status: ItemStatus, which: impl Fn(&OpenResponse) -> bool) {
        let (over, open) = std::mem::take(&mut self.open).into_iter().partition(|open| which(open));
        self.open = open;
        for open in Vec::into_iter(over) {
            self.over(open, status, out);
        }
    }

    fn over(&mut self, open: OpenResponse, status: ItemStatus, out: &mut Vec<u8>) {
        let index = open.index;
        self.length = self.length.saturating_add(open.length());
        self.done.insert(index, open.end(status, &mut self.to, out));
    }

    fn say(&mut self, is_refusal: bool, text: &Text<'_>, out: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        if !self.open.iter().any(|open| matches!(open.kind, OpenItem::Message(_))) {
            self.add(OpenItem::Message(Vec::new()), out);
        }
        let ResponseEvents { open, to, length, cited, .. } = self;
        let message = open.iter_mut().find(|open| matches!(open.kind, OpenItem::Message(_)));
        if let Some(message) = message {
            message.say(is_refusal, text, to, out);
            if !is_refusal {
                for citation in std::mem::take(cited) {
                    message.cite(&citation, *length, to, out);
                }
            }
        }
    }

    /// The thought that is being thought, or a new one.
    fn thought(&mut self, out: &mut Vec<u8>) -> Option<(&mut OpenResponse, &mut Numbered)> {
        if !self.open.iter().any(is_thought) {
            self.add(OpenItem::Reasoning { summary: String::new(), seal: EncryptedContent::Unsigned }, out);
        }
        let ResponseEvents { open, to, .. } = self;
        open.iter_mut().find(|open| is_thought(open)).map(|open| (open, to))
    }

    /// A seal ends its thought.
    fn seal(&mut self, with: EncryptedContent<'static>, out: &mut Vec<u8>) {
        if let Some((OpenResponse { kind: OpenItem::Reasoning { seal, .. }, .. }, _)) = self.thought(out) {
            *seal = with;
        }
        self.close(out, ItemStatus::Completed, is_thought);
    }

    fn run(&mut self, run: &CodeRun<'_>, out: &mut Vec<u8>) {
        self.add(OpenItem::Code(run.clone().into_owned(), None), out);
        if let Some(open) = self.runs.get(&code::container(&run.name)) {
            open.interpret(&mut self.to, out);
        }
    }

    fn outcome(&mut self, outcome: &CodeOutcome<'_>, out: &mut Vec<u8>) {
        let name = code::container(&outcome.name);
        if !self.runs.contains_key(&name) {
            // Its code was in an answer before.
            let run = CodeRun { name: outcome.name.clone(), code: Text::default() };
            self.run(&run, out);
        }
        let Some(mut open) = self.runs.remove(&name) else { return };
        if let OpenItem::Code(_, of) = &mut open.kind {
            *of = Some(outcome.clone().into_owned());
        }
        self.over(open, ItemStatus::Completed, out);
    }

    fn call(
        &mut self,
        number: u32,
        (id, name): (&Text<'_>, &Text<'_>),
        signature: Option<&(Maker, Text<'_>)>,
        out: &mut Vec<u8>,
    ) {
        if let Some((maker, signature)) = signature {
            self.close(out, ItemStatus::Completed, is_thought);
            self.seal(EncryptedContent::Call(*maker, signature.clone().into_owned()), out);
        }
        let is_custom = self.free_form.has(name);
        let (id, name) = (id.clone().into_owned(), name.clone().into_owned());
        self.add(OpenItem::Call { number, id, name, arguments: String::new(), is_custom }, out);
    }
}

fn is_thought(open: &OpenResponse) -> bool {
    matches!(open.kind, OpenItem::Reasoning { .. })
}

impl StreamWriter for ResponseEvents {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Start { .. } => self.begin(out),
            Event::Usage(usage) => self.usage.update(usage),
            Event::ServiceTier(of) => {
                self.tier = tier::openais(of, tier::is_of_responses).map(Text::into_owned);
            }
            Event::Finish { choice: 0, finish } => self.reason = incomplete_reason(finish),
            Event::Text { choice: 0, text } => self.say(false, text, out),
            Event::Refusal { choice: 0, text } => self.say(true, text, out),
            Event::Thought { choice: 0, text, .. } if !text.is_empty() => {
                if let Some((open, to)) = self.thought(out) {
                    open.think(text, to, out);
                }
            }
            Event::ThoughtSignature { choice: 0, maker, signature } => {
                self.seal(EncryptedContent::Signature(*maker, signature.clone().into_owned()), out);
            }
            Event::ThoughtSealed { choice: 0, maker, data } => {
                self.close(out, ItemStatus::Completed, is_thought);
                self.seal(EncryptedContent::Thought(*maker, data.clone().into_owned()), out);
            }
            Event::ToolStart { choice: 0, index, id, name, signature } => {
                self.call(*index, (id, name), signature.as_ref(), out);
            }
            Event::Code { choice: 0, run } => self.run(run, out),
            Event::CodeOutcome { choice: 0, outcome } => self.outcome(outcome, out),
            Event::ToolArguments { choice: 0, index, fragment } if !fragment.is_empty() => {
                if let Some(call) = self.calls.get_mut(index) {
                    call.argue(fragment, &mut self.to, out);
                }
            }
            Event::Image { choice: 0, source: Source::Base64 { data, .. } } => {
                self.add(OpenItem::Picture(data.clone().into_owned()), out);
                self.close(out, ItemStatus::Completed, |open| matches!(open.kind, OpenItem::Picture(_)));
            }
            Event::Citation { choice: 0, citation } => {
                let ResponseEvents { open, to, length, .. } = self;
                let message = open.iter_mut().find(|open| matches!(open.kind, OpenItem::Message(_)));
                match message {
                    Some(message) => message.cite(citation, *length, to, out),
                    None => self.cited.push(citation::kept(citation, 0)),
                }
            }
            Event::Logprobs { choice: 0, raw } => {
                self.open.iter_mut().for_each(|open| open.note_logprobs(*raw));
            }
            // A comment keeps the connection and no client sees it.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            // Malformed events are counted elsewhere; the dialect has one answer.
            _ => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        if !self.cited.is_empty() {
            let cited = std::mem::take(&mut self.cited);
            self.say(false, &Text::from(citation::in_words(&cited)), out);
        }
        let ending = Progress { is_open: false, reason: self.reason };
        let last = self.next_index.saturating_sub(1);
        // What was cut is the last thing.
        let mut open: Vec<OpenResponse> = std::mem::take(&mut self.open);
        open.extend(std::mem::take(&mut self.calls).into_values());
        open.extend(std::mem::take(&mut self.runs).into_values());
        open.sort_by_key(|open| open.index);
        for open in open {
            let status = if open.index == last { ending.status() } else { ItemStatus::Completed };
            self.over(open, status, out);
        }
        let ResponseEvents { frame, to, done, usage, tier, .. } = self;
        let name = if ending.reason.is_some() { "response.incomplete" } else { "response.completed" };
        to.event(name, out, |w| {
            w.key("response");
            frame.write(ending, usage, tier.as_ref(), w, |w| {
                for item in done.values() {
                    w.raw(Raw::trusted(std::str::from_utf8(item).unwrap_or("null")));
                }
            });
        });
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        write_error_event(error, self.to.next, out);
    }
}
