//! JSON: walking finds what another parser finds, and an edit changes what it says and nothing else.

use serde_json::Value;
use switchover::json::{Document, Edit, Kind, Raw, Writer, edit_object, indented};

pub fn any(data: &[u8]) {
    // Text that isn't JSON gives wrong answers but always ends.
    if let Ok(text) = std::str::from_utf8(data) {
        let raw = Raw::trusted(text);
        let _ = (raw.fields().count(), raw.items().count(), raw.as_u64(), raw.compact());
    }
    let (raw, document) = (Raw::parse(data), Document::read(data));
    assert_eq!(raw.is_ok(), document.is_ok());
    let (Ok(raw), Ok(document)) = (raw, document) else { return };
    // Another parser goes less deep; then there is nothing to compare.
    let Ok(value) = serde_json::from_str::<Value>(raw.as_json()) else { return };
    same(raw, &value);
    same(document.root(), &value);
    let compact = raw.compact();
    same(Raw::parse(compact.as_bytes()).unwrap(), &value);
    same(Raw::parse(indented(raw).as_bytes()).unwrap(), &value);
    edits(raw);
    edits(document.root());
}

fn same(raw: Raw<'_>, value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                same(raw.get(name).unwrap(), member);
            }
            assert!(raw.fields().all(|(name, _)| members.contains_key(name.decode().as_ref())));
        }
        Value::Array(items) => {
            assert_eq!(raw.items().count(), items.len());
            raw.items().zip(items).for_each(|(raw, item)| same(raw, item));
        }
        Value::String(text) => {
            let read = raw.text().unwrap();
            assert_eq!(read.decode(), text.as_str());
            assert_eq!(read.is_blank(), text.trim().is_empty());
            let mut out = Vec::new();
            Writer::new(&mut out).string(text);
            assert_eq!(Raw::parse(&out).unwrap().text().unwrap().decode(), text.as_str());
        }
        Value::Number(number) => {
            assert_eq!(raw.kind(), Kind::Number);
            if let Some(whole) = number.as_u64() {
                assert_eq!(raw.as_u64(), Some(whole));
            }
        }
        Value::Bool(bool) => assert_eq!(raw.as_bool(), Some(*bool)),
        Value::Null => assert!(raw.is_null()),
    }
}

fn edits(raw: Raw<'_>) {
    let before: Vec<_> = raw.fields().collect();
    let mut out = Vec::new();
    edit_object(raw, |_, _| Edit::Keep, &[], &mut out);
    assert_eq!(out, raw.as_json().as_bytes(), "kept");
    if raw.kind() != Kind::Object {
        return;
    }
    for chosen in 0..before.len().min(4) {
        for way in 0..3 {
            let mut at = 0..;
            let decide = |_: &_, _: Raw<'_>| match (at.next() == Some(chosen), way) {
                (false, _) => Edit::Keep,
                (true, 0) => Edit::Remove,
                (true, 1) => Edit::Put(b"[1]"),
                (true, _) => Edit::Rename("renamed"),
            };
            out.clear();
            edit_object(raw, decide, &[("added", b"{}")], &mut out);
            let mut expected: Vec<_> = before.clone();
            match way {
                0 => drop(expected.remove(chosen)),
                1 => expected[chosen].1 = Raw::trusted("[1]"),
                _ => expected[chosen].0 = "renamed".into(),
            }
            // What is added stands after a value that is new anyway, so that all behind it stays as it is.
            let place = if way == 1 { chosen + 1 } else { expected.len() };
            expected.insert(place, ("added".into(), Raw::trusted("{}")));
            let edited = Raw::parse(&out).unwrap();
            assert!(edited.fields().eq(expected), "{}", edited.as_json());
        }
    }
}
