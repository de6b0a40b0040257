//! A response of an equal's, whole or in an event of its stream: what it tells, and how it goes on.

use super::origin;
use super::wire::{finish_name, read_usage};
use crate::dialect::{Memo, Seen, Turn};
use crate::json::{Edit, Raw, Text, Writer, edit_object};

/// What a response tells about itself.
pub(super) fn look(response: Raw<'_>, seen: &mut Seen) {
    response.present("model").into_iter().for_each(|model| seen.note_model(model));
    if let Some(usage) = response.present("usage") {
        seen.usage.update(&read_usage(usage));
    }
    seen.finish = Some(finish_name(response).to_owned());
}

/// What of a response is told in the caller's own words.
pub(super) struct Restored {
    /// The caller's name of the model, as JSON.
    pub(super) model: Vec<u8>,
    /// Marks what is sealed.
    pub(super) origin: Option<String>,
    /// The caller's instructions, as JSON, where the target's own were around them: a response repeats them.
    pub(super) instructions: Option<String>,
}

impl Restored {
    pub(super) fn new(turn: &Turn, memo: &Memo) -> Restored {
        let mut model = Vec::with_capacity(turn.requested_model.len() + 2);
        Writer::new(&mut model).string(&turn.requested_model);
        Restored { model, origin: memo.origin.clone(), instructions: memo.repeated.clone() }
    }

    /// Copies a response with the caller's words and marks on what is sealed.
    pub(super) fn write(&self, response: Raw<'_>, out: &mut Vec<u8>) {
        let Restored { model, origin, instructions } = self;
        let decide = |name: &Text<'_>, value: Raw<'_>| match (origin, instructions) {
            _ if name == "model" => Edit::Put(model),
            (_, Some(instructions)) if name == "instructions" => Edit::Put(instructions.as_bytes()),
            (Some(origin), _) if name == "output" => {
                origin::marked_all(value, origin).map_or(Edit::Keep, Edit::Replace)
            }
            _ => Edit::Keep,
        };
        let more: &[(&str, &[u8])] = if response.get("model").is_none() { &[("model", model)] } else { &[] };
        edit_object(response, decide, more, out);
    }
}
