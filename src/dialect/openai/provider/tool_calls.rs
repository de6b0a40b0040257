//! The tool calls of a streamed choice: which call a fragment belongs to.
//!
//! By the book the first fragment of a call has `index`, `id` and name, the others only `index` and a piece of the
//! arguments. Compatible servers leave out the index, repeat id and name in each fragment, give all calls the index 0,
//! or send a call whole; text may come between.

use super::reply::made_up_id;
use crate::chat::Event;
use crate::dialect::Memo;
use crate::dialect::openai::calls::{self, Places};
use crate::json::{Kind, Raw, Text};
use std::rc::Rc;

/// The calls of one choice.
pub(super) struct StreamedCalls {
    memo: Rc<Memo>,
    calls: Vec<StreamedCall>,
    places: Places,
    has_started: bool,
}

struct StreamedCall {
    id: String,
    /// Its start is out: the name is known.
    started: bool,
    /// Arguments that came before the name.
    held: String,
    has_arguments: bool,
}

impl StreamedCalls {
    pub(super) fn new(memo: &Rc<Memo>) -> StreamedCalls {
        StreamedCalls {
            memo: Rc::clone(memo),
            calls: Vec::new(),
            places: Places::default(),
            has_started: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_started
    }

    /// Takes a fragment. `id` is the answer's.
    pub(super) fn delta(
        &mut self,
        choice: u32,
        fragment: Raw<'_>,
        function: Raw<'_>,
        id: Option<&str>,
        sink: &mut dyn FnMut(Event<'_>),
    ) {
        let wire = fragment.get("index").and_then(Raw::as_u64);
        let text = |raw: Raw<'_>, name: &str| {
            let text = raw.get(name).and_then(Raw::text).filter(|text| !text.is_empty());
            text.map(|text| text.decode().into_owned())
        };
        let given = text(fragment, "id").filter(|id| id != "null");
        let name = text(function, "name");
        let at = self.place(wire, given.as_deref(), name.is_some()).unwrap_or_else(|| {
            let at = self.calls.len();
            self.places.number(wire, at);
            self.calls.push(StreamedCall {
                id: String::new(),
                started: false,
                held: String::new(),
                has_arguments: false,
            });
            at
        });
        let (Ok(index), Some(call)) = (u32::try_from(at), self.calls.get_mut(at)) else { return };
        if let Some(given) = given.filter(|_| call.id.is_empty()) {
            self.places.name(&given, at);
            call.id = given;
        }
        if let Some(name) = name.filter(|_| !call.started) {
            call.started = true;
            self.has_started = true;
            if call.id.is_empty() {
                call.id = made_up_id(id.map(Text::from).as_ref(), at).into_string();
                self.places.name(&call.id, at);
            }
            sink(Event::ToolStart {
                choice,
                index,
                id: Text::from(call.id.as_str()),
                name: Text::from(self.memo.original(&name)),
                signature: calls::signature(fragment),
            });
            let held = std::mem::take(&mut call.held);
            if !held.is_empty() {
                sink(Event::ToolArguments { choice, index, fragment: Text::from(held) });
            }
        }
        // A free-form tool's input is a text, and an empty one is one.
        let input = function.present("input");
        call.has_arguments |= input.is_some();
        let arguments = function.present("arguments").or(input).unwrap_or(Raw::NULL);
        let piece = match arguments.kind() {
            Kind::Null => return,
            Kind::String => arguments.text().unwrap_or_default(),
            // An object that should have been a string.
            _ => Text::from(arguments.as_json()),
        };
        call.has_arguments |= !piece.is_blank();
        if !call.started {
            call.held.push_str(&piece.decode());
        } else if !piece.is_empty() {
            sink(Event::ToolArguments { choice, index, fragment: piece });
        }
    }

    /// The end of the choice: a call without a word about its arguments has none, and callers want `{}` then.
    pub(super) fn end(&self, choice: u32, sink: &mut dyn FnMut(Event<'_>)) {
        for (call, index) in self.calls.iter().zip(0u32..) {
            if call.started && !call.has_arguments {
                sink(Event::ToolArguments { choice, index, fragment: Text::from("{}") });
            }
        }
    }

    /// The call that a fragment belongs to; `None`: a new one.
    fn place(&self, wire: Option<u64>, id: Option<&str>, named: bool) -> Option<usize> {
        let id_of = |at: usize| self.calls.get(at).map_or("", |call| call.id.as_str());
        self.places.find(wire, id, named, self.calls.len(), id_of)
    }
}
