//! A response of an equal's, whole or in an event of its stream: what it tells, and how it goes on.

use super::origin;
use super::wire::{finish_name, read_usage};
use crate::dialect::Seen;
use crate::json::{Edit, Raw, Text, edit_object};

/// What a response tells about itself.
pub(super) fn look(response: Raw<'_>, seen: &mut Seen) {
    response.present("model").into_iter().for_each(|model| seen.note_model(model));
    if let Some(usage) = response.present("usage") {
        seen.usage.update(&read_usage(usage));
    }
    seen.finish = Some(finish_name(response).to_owned());
}

/// Copies a response with the caller's name of the model and marks on what is sealed.
pub(super) fn with_model(response: Raw<'_>, model: &[u8], origin: Option<&str>, out: &mut Vec<u8>) {
    let decide = |name: &Text<'_>, value: Raw<'_>| match origin {
        _ if name == "model" => Edit::Put(model),
        Some(origin) if name == "output" => {
            origin::marked_all(value, origin).map_or(Edit::Keep, Edit::Replace)
        }
        _ => Edit::Keep,
    };
    let more: &[(&str, &[u8])] = if response.get("model").is_none() { &[("model", model)] } else { &[] };
    edit_object(response, decide, more, out);
}
