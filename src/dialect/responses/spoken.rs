//! Instructions in the user's words, in the caller's own bytes, for a model that has no role for them: what
//! `crate::dialect::exchange` does of other callers' requests. Each message keeps its place.

use crate::dialect::Target;
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};

/// What the user says before all else.
pub(super) struct SaidByUser(Option<String>);

impl SaidByUser {
    /// `None`: the target has a role for instructions, or they are something that only the provider can say what is wrong with.
    pub(super) fn of(body: Raw<'_>, target: &Target) -> Option<SaidByUser> {
        if !target.lacks_system_role() {
            return None;
        }
        let said = match body.present("instructions") {
            None => Text::default(),
            Some(said) => said.text()?,
        };
        Some(SaidByUser(Some(target.instructions.around(&said.decode())).filter(|text| !text.is_empty())))
    }

    /// Whether they come from beside the input.
    pub(super) fn is_said(&self) -> bool {
        self.0.is_some()
    }

    /// The input with them; `None`: it stays as it is.
    pub(super) fn before(&self, input: Raw<'_>) -> Option<Vec<u8>> {
        if !self.is_said() && !input.items().any(is_instruction) {
            return None;
        }
        let mut out = Vec::with_capacity(input.as_json().len());
        Writer::new(&mut out).array(|w| {
            if let Some(text) = &self.0 {
                write(w, |w| w.string(text));
            }
            match input.kind() {
                Kind::String => write(w, |w| w.raw(input)),
                _ => input.items().for_each(|item| by_the_user(item, w)),
            }
        });
        Some(out)
    }
}

fn write(w: &mut Writer<'_>, content: impl FnOnce(&mut Writer<'_>)) {
    w.object(|w| {
        w.key("role").string("user");
        content(w.key("content"));
    });
}

fn is_instruction(item: Raw<'_>) -> bool {
    item.get("role").and_then(Raw::text).is_some_and(|role| role == "system" || role == "developer")
}

fn by_the_user(item: Raw<'_>, w: &mut Writer<'_>) {
    if !is_instruction(item) {
        return w.raw(item);
    }
    let mut out = Vec::with_capacity(item.as_json().len());
    let decide =
        |name: &Text<'_>, _: Raw<'_>| if *name == "role" { Edit::Put(b"\"user\"") } else { Edit::Keep };
    edit_object(item, decide, &[], &mut out);
    w.raw(Raw::trusted(std::str::from_utf8(&out).unwrap_or("null")));
}
