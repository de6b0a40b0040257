//! The choices of servers that are nearly compatible, made such that OpenAI's clients can read them.
//!
//! OpenAI's clients put the fragments of a call together by `index`, answer a call by its `id` and parse its `arguments`;
//! several servers leave out one or another, count anew for each call, or send the arguments as an object. And they know
//! five reasons for an answer's end: the stricter of them fail at another server's word for one of these.

use super::json_string;
use crate::dialect::openai::calls::Places;
use crate::dialect::openai::provider::{is_id, made_up_id};
use crate::dialect::openai::{answer, wire};
use crate::json::{Edit, Kind, Raw, Text, edit_object};
use std::collections::BTreeMap;

/// The calls of a stream's choices.
#[derive(Default)]
pub(super) struct CallNumbers {
    choices: BTreeMap<u64, ChoiceCalls>,
    /// The server's own numbers are not those of the calls.
    renumbers: bool,
    /// The fragments in the chunk, in order.
    fragments: Vec<Fragment>,
}

/// The calls of one choice.
#[derive(Default)]
struct ChoiceCalls {
    seen: Vec<CallSeen>,
    places: Places,
}

struct CallSeen {
    id: String,
    is_named: bool,
}

/// What is known of a call, or of a piece of it.
#[derive(Clone, Copy, Default)]
struct Fragment {
    /// The call's number.
    number: usize,
    /// There is no more of the call to come, or was before.
    is_whole: bool,
    is_first: bool,
    /// Clients put strings of fragments together: what was told before must not be told again.
    repeats_id: bool,
    repeats_name: bool,
}

impl CallNumbers {
    /// A chunk begins.
    pub(super) fn begin(&mut self) {
        self.fragments.clear();
    }

    /// Whether a client could not read these fragments of `tool_calls`. Each is looked at once, in order.
    pub(super) fn must_mend(&mut self, choice: u64, calls: Raw<'_>) -> bool {
        let mut must = false;
        for call in calls.items() {
            let wire = call.get("index").and_then(Raw::as_u64);
            let fragment = self.fragment(choice, wire, call);
            self.fragments.push(fragment);
            self.renumbers |= wire.is_some_and(|wire| u64::try_from(fragment.number) != Ok(wire));
            must |= wire.is_none() || fragment.must_mend(call);
        }
        must || self.renumbers
    }

    /// Whether a call begins in the chunk.
    pub(super) fn has_first(&self) -> bool {
        self.fragments.iter().any(|fragment| fragment.is_first)
    }

    /// The `choices` of a chunk as clients can read them. `answer`: its id.
    pub(super) fn mended(&self, choices: Raw<'_>, answer: Option<&Text<'_>>) -> Vec<u8> {
        let mut out = Vec::with_capacity(choices.as_json().len() + 32);
        let mut fragments = self.fragments.iter();
        list(choices, &mut out, |choice, out| {
            let at = choice.get("index").and_then(Raw::as_u64).unwrap_or(0);
            let has_calls = self.choices.get(&at).is_some_and(|calls| !calls.seen.is_empty());
            mend_choice(choice, Whole(false), has_calls, out, |calls, out| {
                list(calls, out, |call, out| {
                    fragments.next().copied().unwrap_or_default().mend(call, answer, out);
                });
            });
        });
        out
    }

    fn fragment(&mut self, choice: u64, wire: Option<u64>, call: Raw<'_>) -> Fragment {
        let ChoiceCalls { seen: calls, places } = self.choices.entry(choice).or_default();
        let id = said(call.get("id")).map(Text::into_string);
        let is_named = is_named(call);
        let id_of = |at: usize| calls.get(at).map_or("", |seen| seen.id.as_str());
        let Some(number) = places.find(wire, id.as_deref(), is_named, calls.len(), id_of) else {
            let number = calls.len();
            places.number(wire, number);
            let id = id.unwrap_or_default();
            places.name(&id, number);
            calls.push(CallSeen { id, is_named });
            return Fragment { number, is_first: true, ..Fragment::default() };
        };
        let Some(seen) = calls.get_mut(number) else { return Fragment::default() };
        let repeats_id = id.is_some() && !seen.id.is_empty();
        let repeats_name = is_named && seen.is_named;
        if let Some(id) = id.filter(|_| !repeats_id) {
            places.name(&id, number);
            seen.id = id;
        }
        seen.is_named |= is_named;
        Fragment { number, repeats_id, repeats_name, ..Fragment::default() }
    }
}

/// Whether a choice is whole, or a piece of a stream's.
#[derive(Clone, Copy)]
pub(super) struct Whole(pub(super) bool);

/// Whether a client could not read the end or the calls of a whole choice.
pub(super) fn must_mend(reason: Option<Raw<'_>>, calls: Option<Raw<'_>>) -> bool {
    let mut calls = calls.into_iter().flat_map(Raw::items);
    ending(reason, Whole(true), false).is_some() || calls.any(|call| Fragment::whole(0).must_mend(call))
}

/// The `choices` of a whole answer as clients can read them. `answer`: its id.
pub(super) fn mended(choices: Raw<'_>, answer: Option<&Text<'_>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(choices.as_json().len() + 64);
    list(choices, &mut out, |choice, out| {
        let calls = choice.at(&["message", "tool_calls"]);
        let has_calls = calls.is_some_and(|calls| calls.items().next().is_some());
        mend_choice(choice, Whole(true), has_calls, out, |calls, out| {
            let mut number = 0;
            list(calls, out, |call, out| {
                Fragment::whole(number).mend(call, answer, out);
                number += 1;
            });
        });
    });
    out
}

/// OpenAI's word for a server's own, as JSON; `None` for one of OpenAI's, and for one that nobody knew yesterday. A whole
/// answer without a reason has ended.
pub(super) fn ending(reason: Option<Raw<'_>>, whole: Whole, has_calls: bool) -> Option<Vec<u8>> {
    let said = reason.and_then(Raw::text).filter(|reason| !reason.is_empty());
    let Some(said) = said else {
        return match (whole, reason) {
            (Whole(true), _) => Some(json_string(wire::finish_name(&wire::finish_of(None, has_calls)))),
            (Whole(false), Some(empty)) if !empty.is_null() => Some(b"null".to_vec()),
            _ => None,
        };
    };
    let is_openai = |known: &&str| said == **known;
    if ["stop", "length", "tool_calls", "content_filter", "function_call"].iter().any(is_openai) {
        return None;
    }
    match wire::finish_of(reason, has_calls) {
        crate::chat::Finish::Other(_) => None,
        finish => Some(json_string(wire::finish_name(&finish))),
    }
}

fn mend_choice<'a>(
    choice: Raw<'a>,
    whole: Whole,
    has_calls: bool,
    out: &mut Vec<u8>,
    mut mend_calls: impl FnMut(Raw<'a>, &mut Vec<u8>),
) {
    let reason = choice.get("finish_reason");
    let ending = ending(reason, whole, has_calls);
    let mut more: Vec<(&str, &[u8])> = Vec::new();
    more.extend(ending.as_deref().filter(|_| reason.is_none()).map(|ending| ("finish_reason", ending)));
    let lacks_message = whole.0 && answer::message_of(choice).is_none();
    if lacks_message && choice.get("message").is_none() {
        more.push(("message", NO_MESSAGE));
    }
    let decide = |name: &Text<'a>, value: Raw<'a>| {
        if let (true, Some(ending)) = (name == "finish_reason", &ending) {
            return Edit::Replace(ending.clone());
        }
        if lacks_message && name == "message" {
            return Edit::Put(NO_MESSAGE);
        }
        if !value.is_null() && (name == "delta" || name == "message") {
            return Edit::Replace(replaced(value, "tool_calls", &mut mend_calls));
        }
        Edit::Keep
    };
    edit_object(choice, decide, &more, out);
}

/// Of a choice that the filter emptied: clients look into it.
const NO_MESSAGE: &[u8] = br#"{"role":"assistant","content":"","refusal":null}"#;

impl Fragment {
    fn whole(number: usize) -> Fragment {
        Fragment { number, is_whole: true, is_first: true, ..Fragment::default() }
    }

    /// Whether there is more to do than to number it.
    fn must_mend(self, call: Raw<'_>) -> bool {
        let Some(function) = call.present("function") else { return false };
        let lacks = is_named(call) && (call.present("type").is_none() || said(call.get("id")).is_none());
        self.is_first && lacks || self.repeats_id || self.repeats_name || self.function(function).is_some()
    }

    fn mend(self, call: Raw<'_>, answer: Option<&Text<'_>>, out: &mut Vec<u8>) {
        let (index, id);
        let mut more: Vec<(&str, &[u8])> = Vec::new();
        if !self.is_whole {
            index = self.number.to_string();
            more.push(("index", index.as_bytes()));
        }
        let is_start = self.is_first && is_named(call);
        let lacks_id = is_start && said(call.get("id")).is_none();
        if lacks_id {
            id = json_string(&made_up_id(answer, self.number).decode());
            more.push(("id", &id));
        }
        let lacks_type = is_start && call.present("type").is_none();
        if lacks_type {
            more.push(("type", b"\"function\""));
        }
        let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
            "index" if !self.is_whole => Edit::Remove,
            "id" if lacks_id || self.repeats_id => Edit::Remove,
            "type" if lacks_type => Edit::Remove,
            "function" => self.function(value).map_or(Edit::Keep, Edit::Replace),
            _ => Edit::Keep,
        };
        edit_object(call, decide, &more, out);
    }

    /// The function, where its name was told before, or its arguments are no string, or nothing though it is whole.
    fn function(self, function: Raw<'_>) -> Option<Vec<u8>> {
        let given = function.get("arguments");
        let string = match given.map(|given| (given.kind(), given)) {
            Some((Kind::Object, object)) => Some(json_string(&object.compact())),
            Some((Kind::String, text)) if text.text().is_some_and(|text| !text.is_blank()) => None,
            _ => self.is_whole.then(|| b"\"{}\"".to_vec()),
        };
        if string.is_none() && !self.repeats_name {
            return None;
        }
        let mut out = Vec::with_capacity(function.as_json().len() + 32);
        let added = string.as_deref().filter(|_| given.is_none()).map(|string| ("arguments", string));
        let decide = |name: &Text<'_>, _: Raw<'_>| match &string {
            Some(string) if name == "arguments" => Edit::Put(string),
            _ if name == "name" && self.repeats_name => Edit::Remove,
            _ => Edit::Keep,
        };
        edit_object(function, decide, added.as_slice(), &mut out);
        Some(out)
    }
}

fn is_named(call: Raw<'_>) -> bool {
    said(call.at(&["function", "name"])).is_some()
}

fn said(value: Option<Raw<'_>>) -> Option<Text<'_>> {
    value.and_then(Raw::text).filter(is_id)
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

/// An object, one member of it by `write`.
fn replaced<'a>(object: Raw<'a>, member: &str, write: &mut impl FnMut(Raw<'a>, &mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(object.as_json().len() + 32);
    let decide = |name: &Text<'a>, value: Raw<'a>| {
        if value.is_null() || !(name == member) {
            return Edit::Keep;
        }
        let mut edited = Vec::with_capacity(value.as_json().len() + 32);
        write(value, &mut edited);
        Edit::Replace(edited)
    };
    edit_object(object, decide, &[], &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(numbers: &mut CallNumbers, calls: &str) -> String {
        let choices = format!(r#"[{{"index":1,"delta":{{"role":"assistant","tool_calls":[{calls}]}}}}]"#);
        let choices = Raw::parse(choices.as_bytes()).unwrap();
        numbers.begin();
        let fragments = choices.items().next().unwrap().at(&["delta", "tool_calls"]).unwrap();
        if !numbers.must_mend(1, fragments) {
            return "as it is".to_owned();
        }
        let out = String::from_utf8(numbers.mended(choices, Some(&Text::from("c")))).unwrap();
        let calls = Raw::trusted(&out).items().next().unwrap().at(&["delta", "tool_calls"]).unwrap();
        let of = |call: Raw<'_>| format!("{}", call.get("index").unwrap().as_u64().unwrap());
        calls.items().map(of).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn counts_calls_of_each_choice() {
        let mut numbers = CallNumbers::default();
        let mut given = |calls: &str| chunk(&mut numbers, calls);
        assert_eq!(given(r#"{"id":"a","function":{"name":"f","arguments":"{"}}"#), "0");
        assert_eq!(given(r#"{"function":{"arguments":"}"}}"#), "0");
        assert_eq!(
            given(r#"{"id":"b","index":null,"function":{"name":"f"}},{"id":"c","function":{}}"#),
            "1 2"
        );
        assert_eq!(given(r#"{"id":"a","function":{"arguments":" "}}"#), "0");
        assert_eq!(given(r#"{"function":{"name":"g","arguments":"{}"}}"#), "3");
    }

    #[test]
    fn counts_where_the_server_does_not() {
        let call = |index: u32, id: &str, rest: &str| {
            format!(r#"{{"index":{index},"id":"{id}","type":"function","function":{{{rest}}}}}"#)
        };
        let start = r#""name":"f","arguments":"""#;
        let mut numbers = CallNumbers::default();
        assert_eq!(chunk(&mut numbers, &call(0, "a", start)), "as it is");
        assert_eq!(chunk(&mut numbers, r#"{"index":0,"function":{"arguments":"{}"}}"#), "as it is");
        assert_eq!(chunk(&mut numbers, &call(0, "b", start)), "1");
        assert_eq!(chunk(&mut numbers, r#"{"index":0,"function":{"arguments":"{}"}}"#), "1");
        let mut numbers = CallNumbers::default();
        assert_eq!(chunk(&mut numbers, &call(1, "a", start)), "0");
        assert_eq!(chunk(&mut numbers, &call(2, "b", start)), "1");
        assert_eq!(chunk(&mut numbers, r#"{"index":1,"function":{"arguments":"{}"}}"#), "0");
    }

    #[test]
    fn reasons_of_other_servers() {
        let of = |reason: &'static str, whole, calls| {
            let reason = Raw::trusted(reason);
            ending(Some(reason), Whole(whole), calls).map(|json| String::from_utf8(json).unwrap())
        };
        for kept in [r#""stop""#, r#""length""#, r#""tool_calls""#, r#""content_filter""#, r#""brand_new""#] {
            assert_eq!(of(kept, true, true), None);
        }
        assert_eq!(of(r#""eos""#, true, false).unwrap(), r#""stop""#);
        assert_eq!(of(r#""tool_use""#, false, true).unwrap(), r#""tool_calls""#);
        assert_eq!(of(r#""sensitive""#, false, false).unwrap(), r#""content_filter""#);
        assert_eq!((of("null", false, true), of(r#""""#, false, true).unwrap()), (None, "null".to_owned()));
        assert_eq!(of("null", true, true).unwrap(), r#""tool_calls""#);
    }
}
