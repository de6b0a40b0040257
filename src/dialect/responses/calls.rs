//! Ids of calls that another provider made and this one would refuse, in the caller's own bytes.

use crate::dialect::piece::ids;
use crate::json::{Edit, Raw, Text, Writer, edit_object};
use memchr::memmem;

/// The longest id of a call: "Invalid 'input\[2\].call_id': string too long. Expected a string with maximum length 64"
/// (AnswerDotAI/fastllm#45,
/// NousResearch/hermes-agent#73538).
pub(super) const MAX_ID: usize = 64;

const ID: &str = "call_id";

/// The input with a shorter id for each that is too long, the same for a call and its result; `None`: none is.
pub(super) fn shortened(input: Raw<'_>) -> Option<Vec<u8>> {
    if !has_long(input.as_json()) {
        return None;
    }
    let mut out = Vec::with_capacity(input.as_json().len());
    Writer::new(&mut out).array(|w| input.items().for_each(|item| write(item, w)));
    Some(out)
}

/// Whether there may be one. Each item isn't looked into where there is none.
fn has_long(json: &str) -> bool {
    memmem::find_iter(json.as_bytes(), "\"call_id\"").any(|at| {
        let rest = json.get(at.saturating_add(ID.len()).saturating_add(2)..).unwrap_or_default();
        let id = rest.split('"').nth(1).unwrap_or_default();
        id.len() > MAX_ID
    })
}

fn write(item: Raw<'_>, w: &mut Writer<'_>) {
    let id = item.get(ID).and_then(Raw::text);
    let Some(id) = id.filter(|id| id.decode().chars().count() > MAX_ID) else { return w.raw(item) };
    let mut short = Vec::with_capacity(MAX_ID);
    Writer::new(&mut short).text(&ids::within(&id, MAX_ID));
    let mut out = Vec::with_capacity(item.as_json().len());
    let decide = |name: &Text<'_>, _: Raw<'_>| if *name == ID { Edit::Put(&short) } else { Edit::Keep };
    edit_object(item, decide, &[], &mut out);
    w.raw(Raw::trusted(std::str::from_utf8(&out).unwrap_or("null")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_too_long_is_shortened() {
        let input = |id: &str| {
            format!(
                r#"[{{"type":"function_call","call_id":"{id}"}},{{"type":"function_call_output", "call_id": "{id}","output":"é"}}]"#
            )
        };
        assert_eq!(shortened(Raw::trusted(&input(&"x".repeat(64)))), None);
        let long = shortened(Raw::trusted(&input(&"x".repeat(65)))).unwrap();
        let long: serde_json::Value = serde_json::from_slice(&long).unwrap();
        assert_eq!(long[0]["call_id"], long[1]["call_id"]);
        assert_eq!(long[0]["call_id"].as_str().unwrap().len(), 64);
        assert_eq!(long[1]["output"], "é");
        assert_eq!(shortened(Raw::trusted(r#""call_id""#)), None);
    }
}
