//! Who sealed what: `encrypted_content` comes back to the provider that made it and to no other.
//!
//! OpenAI and Azure speak one dialect and each refuses what the other sealed, so in answers it is marked with its
//! origin, and in requests it is opened for that origin. Reasoning of another is left out, as the model can think anew;
//! whatever else is sealed (a compacted conversation) can't be done without. What is not marked goes through as it is.

use super::seal;
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Edit, Raw, Text, Writer, edit_object};
use memchr::memmem;

const SEALED: &str = "encrypted_content";

/// A short name of the place that a target's answers come from. It tells nobody where that is.
pub(super) fn of(target: &Target) -> String {
    let place = [target.endpoint.authority(), target.endpoint.base_path.clone()];
    // FNV-1a: nothing to guard, only to tell apart.
    let hash = place
        .iter()
        .flat_map(|text| text.bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{hash:08x}")
}

fn sealed(item: Raw<'_>) -> Option<Text<'_>> {
    item.present(SEALED).and_then(Raw::text).filter(|text| !text.is_empty())
}

/// What becomes of an item of the input.
enum ItemFate {
    Keep,
    Open(String),
    Foreign,
}

fn fate(item: Raw<'_>, origin: &str) -> ItemFate {
    let Some(text) = sealed(item) else { return ItemFate::Keep };
    let decoded = text.decode();
    match seal::open_own(&decoded) {
        Some((known, data)) if known == origin => ItemFate::Open(data.to_owned()),
        Some(_) => ItemFate::Foreign,
        None if seal::is_ours(&text) => ItemFate::Foreign,
        None => ItemFate::Keep,
    }
}

/// The input as this origin can read it; `None`: as it is.
///
/// # Errors
/// Something that another provider sealed and that is no reasoning.
pub(super) fn opened(input: Raw<'_>, origin: &str, losses: &mut Losses) -> Result<Option<Vec<u8>>, Refusal> {
    let json = input.as_json();
    // Nearly no request has such items: don't look into each of those that have none.
    if memmem::find(json.as_bytes(), b"switchover.").is_none()
        || !input.items().any(|item| !matches!(fate(item, origin), ItemFate::Keep))
    {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(json.len());
    let mut w = Writer::new(&mut out);
    w.open_array();
    for (index, item) in input.items().enumerate() {
        match fate(item, origin) {
            ItemFate::Keep => w.raw(item),
            ItemFate::Open(data) => {
                let item = with_sealed(item, &data);
                w.raw(Raw::trusted(std::str::from_utf8(&item).unwrap_or("null")));
            }
            ItemFate::Foreign
                if item.get("type").and_then(Raw::text).is_some_and(|kind| kind == "reasoning") =>
            {
                losses.advisory("input[].thinking");
            }
            ItemFate::Foreign => {
                losses.meaning(
                    format!("input[{index}]"),
                    "was sealed by another provider, and this target can't open it",
                )?;
            }
        }
    }
    w.close_array();
    Ok(Some(out))
}

fn with_sealed(item: Raw<'_>, data: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(item.as_json().len() + data.len());
    edit_object(
        item,
        |name, _| {
            if *name != SEALED {
                return Edit::Keep;
            }
            let mut json = Vec::with_capacity(data.len() + 2);
            Writer::new(&mut json).string(data);
            Edit::Replace(json)
        },
        &[],
        &mut out,
    );
    out
}

/// An item of an answer with the mark of its origin; `None`: nothing is sealed in it.
pub(super) fn marked(item: Raw<'_>, origin: &str) -> Option<Vec<u8>> {
    let data = sealed(item)?;
    Some(with_sealed(item, &seal::own(origin, &data)))
}

/// The `output` of an answer with marks; `None`: nothing is sealed in it.
pub(super) fn marked_all(output: Raw<'_>, origin: &str) -> Option<Vec<u8>> {
    memmem::find(output.as_json().as_bytes(), SEALED.as_bytes())?;
    if output.items().all(|item| sealed(item).is_none()) {
        return None;
    }
    let mut out = Vec::with_capacity(output.as_json().len() + 64);
    Writer::new(&mut out).array(|w| {
        for item in output.items() {
            match marked(item, origin) {
                Some(item) => w.raw(Raw::trusted(std::str::from_utf8(&item).unwrap_or("null"))),
                None => w.raw(item),
            }
        }
    });
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Unsupported;

    #[test]
    fn what_is_sealed_comes_back_to_its_maker_alone() {
        let output = r#"[{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gA=="},{"type":"message","content":[]}]"#;
        let marked = String::from_utf8(marked_all(Raw::trusted(output), "0a").unwrap()).unwrap();
        assert!(marked.contains(r#""encrypted_content":"switchover.own.0a:gA==""#), "{marked}");
        let opened = |origin| {
            let mut losses = Losses::new(Unsupported::Refuse);
            let out = opened(Raw::trusted(&marked), origin, &mut losses).unwrap().unwrap();
            (String::from_utf8(out).unwrap(), losses.dropped().len())
        };
        assert_eq!(opened("0a"), (output.to_owned(), 0));
        assert_eq!(opened("0b"), (r#"[{"type":"message","content":[]}]"#.to_owned(), 1));
        assert_eq!(
            marked_all(Raw::trusted(r#"[{"type":"reasoning","encrypted_content":null}]"#), "0a"),
            None
        );
    }

    #[test]
    fn a_conversation_that_another_has_sealed_is_not_cut() {
        let input = r#"[{"type":"compaction","encrypted_content":"switchover.own.0a:gA=="}]"#;
        let opened = |policy| opened(Raw::trusted(input), "0b", &mut Losses::new(policy));
        assert_eq!(opened(Unsupported::Refuse).unwrap_err().lost, Some("input[0]".to_owned().into()));
        assert_eq!(opened(Unsupported::Drop).unwrap().unwrap(), b"[]");
        let mut losses = Losses::new(Unsupported::Refuse);
        assert!(
            super::opened(
                Raw::trusted(r#"[{"type":"reasoning","encrypted_content":"gA=="}]"#),
                "0b",
                &mut losses
            )
            .unwrap()
            .is_none()
        );
    }
}
