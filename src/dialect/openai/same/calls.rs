//! Numbers for the tool calls of a stream whose provider gives them none.
//!
//! OpenAI's clients put the fragments of a call together by `index` and fail without one; several compatible servers
//! send each call whole and leave it out.

use crate::json::{Edit, Raw, Text, edit_object};

/// Whether a `tool_calls` of a delta has a fragment without a number.
pub(super) fn lacks_numbers(calls: Raw<'_>) -> bool {
    calls.items().any(|call| call.present("index").is_none())
}

/// What was seen of each choice's calls.
#[derive(Default)]
pub(super) struct Numbers {
    choices: Vec<(u64, Vec<String>)>,
}

impl Numbers {
    /// The `choices` of a chunk with a number for each call.
    pub(super) fn given(&mut self, choices: Raw<'_>) -> Vec<u8> {
        let mut out = Vec::with_capacity(choices.as_json().len() + 32);
        list(choices, &mut out, |choice, out| {
            let at = choice.get("index").and_then(Raw::as_u64).unwrap_or(0);
            replace(choice, &["delta", "message"], out, |delta, out| {
                replace(delta, &["tool_calls"], out, |calls, out| {
                    list(calls, out, |call, out| self.call(at, call, out));
                });
            });
        });
        out
    }

    fn call(&mut self, choice: u64, call: Raw<'_>, out: &mut Vec<u8>) {
        if call.present("index").is_some() {
            return out.extend_from_slice(call.as_json().as_bytes());
        }
        let number = self.number(choice, call).to_string();
        let decide = |name: &Text<'_>, _: Raw<'_>| if name == "index" { Edit::Remove } else { Edit::Keep };
        edit_object(call, decide, &[("index", number.as_bytes())], out);
    }

    /// A fragment with a new id, or with a name and no id, begins a call; another goes on with its own or the last one.
    fn number(&mut self, choice: u64, call: Raw<'_>) -> usize {
        let at = match self.choices.iter().position(|(known, _)| *known == choice) {
            Some(at) => at,
            None => {
                self.choices.push((choice, Vec::new()));
                self.choices.len().saturating_sub(1)
            }
        };
        let Some((_, ids)) = self.choices.get_mut(at) else { return 0 };
        let id = said(call.get("id")).map(Text::into_string);
        let known = id.as_ref().and_then(|id| ids.iter().position(|known| known == id));
        let begins = id.is_some() || said(call.at(&["function", "name"])).is_some();
        match known {
            Some(number) => number,
            None if begins || ids.is_empty() => {
                ids.push(id.unwrap_or_default());
                ids.len().saturating_sub(1)
            }
            None => ids.len().saturating_sub(1),
        }
    }
}

fn said(value: Option<Raw<'_>>) -> Option<Text<'_>> {
    value.and_then(Raw::text).filter(|text| !text.is_empty())
}

/// Copies an array, each item by `write`.
fn list<'a>(items: Raw<'a>, out: &mut Vec<u8>, mut write: impl FnMut(Raw<'a>, &mut Vec<u8>)) {
    out.push(b'[');
    for (number, item) in items.items().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        write(item, out);
    }
    out.push(b']');
}

/// Copies an object, but these members by `write`.
fn replace<'a>(
    object: Raw<'a>,
    names: &[&str],
    out: &mut Vec<u8>,
    mut write: impl FnMut(Raw<'a>, &mut Vec<u8>),
) {
    let decide = |name: &Text<'a>, value: Raw<'a>| {
        if value.is_null() || !names.iter().any(|known| name == known) {
            return Edit::Keep;
        }
        let mut edited = Vec::with_capacity(value.as_json().len() + 16);
        write(value, &mut edited);
        Edit::Replace(edited)
    };
    edit_object(object, decide, &[], out);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_calls_of_each_choice() {
        let mut numbers = Numbers::default();
        let mut given = |calls: &str| {
            let choices = format!(r#"[{{"index":1,"delta":{{"role":"assistant","tool_calls":[{calls}]}}}}]"#);
            let choices = Raw::parse(choices.as_bytes()).unwrap();
            let out = String::from_utf8(numbers.given(choices)).unwrap();
            let calls = Raw::trusted(&out).items().next().unwrap().at(&["delta", "tool_calls"]).unwrap();
            calls.items().map(|call| call.get("index").unwrap().as_u64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(given(r#"{"id":"a","function":{"name":"f","arguments":"{"}}"#), [0]);
        assert_eq!(given(r#"{"function":{"arguments":"}"}}"#), [0]);
        assert_eq!(
            given(r#"{"id":"b","index":null,"function":{"name":"f"}},{"id":"c","function":{}}"#),
            [1, 2]
        );
        assert_eq!(given(r#"{"id":"a","function":{"arguments":" "}}"#), [0]);
        assert_eq!(given(r#"{"function":{"name":"g","arguments":"{}"}}"#), [3]);
        assert_eq!(given(r#"{"index":7}"#), [7]);
        assert!(lacks_numbers(Raw::trusted(r#"[{"index":0},{"id":"a"}]"#)));
        assert!(!lacks_numbers(Raw::trusted(r#"[{"index":0}]"#)));
    }
}
