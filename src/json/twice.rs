//! Members that an object has twice. Of those each parser takes another, so that what one has looked at is not what the
//! next one acts on.

use super::outline::{OutlineNode, outline, wide};
use super::{Raw, Text};
use std::borrow::Cow;

/// A path is told up to so many bytes.
const LONGEST_PATH: usize = 200;

/// So many names are compared one by one.
const FEW: usize = 8;

impl<'a> Raw<'a> {
    /// The path of a member that is there twice in its object, such as `messages[3].content`; of several, one. Names are
    /// the same if their characters are, however they are written. What stands in a string is not looked into.
    ///
    /// The work is linear, but for sorting the names of large objects.
    pub fn repeated(self) -> Option<String> {
        if self.is_outlined() {
            return repeated(self);
        }
        let nodes = outline(self.as_json(), usize::MAX).ok()?;
        repeated(Raw::known(self.as_json(), &nodes))
    }
}

fn repeated(root: Raw<'_>) -> Option<String> {
    let (text, nodes) = (root.as_json(), root.nodes());
    let base = wide(nodes.first()?.start);
    for (place, node) in nodes.iter().enumerate() {
        // What is short in an array has no node, and no members. An object of one member has none twice.
        if node.count() <= 2 && node.has_all_members() {
            continue;
        }
        let start = wide(node.start).checked_sub(base)?;
        let within = nodes.get(place..place.checked_add(node.count())?)?;
        if node.has_all_members()
            && (text.as_bytes().get(start) != Some(&b'{') || !may_repeat(text.as_bytes(), base, within))
        {
            continue;
        }
        let value = Raw::known(text.get(start..wide(node.end).checked_sub(base)?)?, within);
        let found = if node.has_all_members() {
            twice(value).map(|name| (value, name))
        } else {
            inside(value, false)
        };
        if let Some((object, name)) = found {
            return Some(path(root, start_in(root, object)?, &name));
        }
    }
    None
}

/// Where a value begins in the text of one that it is in.
fn start_in(outer: Raw<'_>, inner: Raw<'_>) -> Option<usize> {
    inner.as_json().as_ptr().addr().checked_sub(outer.as_json().as_ptr().addr())
}

/// A first look at the members of an object that has a node for each: lengths and first and last letters differ in most.
/// `base`: where the text begins that the nodes count from.
fn may_repeat(text: &[u8], base: usize, object: &[OutlineNode]) -> bool {
    let Some((_, mut rest)) = object.split_first() else { return true };
    let mut seen = 0u64;
    while let Some(node) = rest.first() {
        let (start, length) = (wide(node.key).wrapping_sub(base), usize::from(node.key_length));
        let letter = |at: usize| usize::from(text.get(at).copied().unwrap_or(0));
        let last = letter(start.wrapping_add(length).wrapping_sub(1));
        let bit = 1u64 << ((letter(start) * 5 + last * 11 + length * 3) & 63);
        if seen & bit != 0 || node.may_have_escaped_name() {
            return true;
        }
        seen |= bit;
        let Some(after) = rest.get(node.count()..) else { return true };
        rest = after;
    }
    false
}

/// A name that an object has twice.
fn twice(object: Raw<'_>) -> Option<String> {
    let mut names: Vec<Cow<'_, str>> = object.fields().map(|(name, _)| Text::into_decoded(name)).collect();
    if names.len() <= FEW {
        let mut rest = names.as_slice();
        while let Some((name, others)) = rest.split_first() {
            if others.contains(name) {
                return Some(name.to_string());
            }
            rest = others;
        }
        return None;
    }
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(one.to_string()),
        _ => None,
    })
}

/// As [`twice`], of a container that has no node for some of what is in it. Those are short, so few levels deep; what has
/// a node gets its own turn. `deep`: nothing in it has one.
fn inside(container: Raw<'_>, deep: bool) -> Option<(Raw<'_>, String)> {
    if let Some(name) = twice(container) {
        return Some((container, name));
    }
    let values = container.fields().map(|(_, value)| value).chain(container.items());
    values.filter(|value| deep || !value.is_outlined()).find_map(|value| inside(value, true))
}

/// The path of the member `name` of the object that begins at `place`.
fn path(root: Raw<'_>, place: usize, name: &str) -> String {
    let mut path = String::new();
    let (mut at, mut base) = (root, 0);
    while base != place && path.len() < LONGEST_PATH {
        let Some((step, start, value)) = step(at, place.saturating_sub(base)) else { break };
        add(&mut path, &step);
        (at, base) = (value, base.saturating_add(start));
    }
    add(&mut path, &TwiceStep::Name(name.to_owned()));
    if path.len() > LONGEST_PATH {
        let end = (0..=LONGEST_PATH).rev().find(|end| path.is_char_boundary(*end)).unwrap_or(0);
        path.truncate(end);
        path.push_str("...");
    }
    path
}

enum TwiceStep {
    Name(String),
    Index(usize),
}

fn add(path: &mut String, step: &TwiceStep) {
    match step {
        TwiceStep::Name(name) if path.is_empty() => path.push_str(name),
        TwiceStep::Name(name) => path.extend([".", name.as_str()]),
        TwiceStep::Index(index) => path.push_str(&format!("[{index}]")),
    }
}

/// The child that `place` of a container's text is in: what leads to it, where it begins, and itself.
fn step(container: Raw<'_>, place: usize) -> Option<(TwiceStep, usize, Raw<'_>)> {
    let names = container.fields().map(|(name, value)| (TwiceStep::Name(name.into_string()), value));
    let indices = container.items().enumerate().map(|(index, value)| (TwiceStep::Index(index), value));
    names.chain(indices).find_map(|(step, value)| {
        let start = start_in(container, value)?;
        let has = (start..start.saturating_add(value.as_json().len())).contains(&place);
        has.then_some((step, start, value))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;
    use std::collections::BTreeMap;

    fn repeated(json: &str) -> Option<String> {
        let outlined = Document::of(json).unwrap().root().repeated();
        assert_eq!(outlined, Raw::trusted(json).repeated(), "{json}");
        outlined
    }

    #[test]
    fn names_its_path() {
        for (json, path) in [
            (r#"{"a":1,"a":2}"#, "a"),
            (r#"{"model":1,"mod\u0065l":2}"#, "model"),
            (r#"{"messages":[{},{"role":"user","content":"x","content":"y"}]}"#, "messages[1].content"),
            (r#"[1,[2,{"x":[{"b":1,"c":2,"b":3}]}]]"#, "[1][1].x[0].b"),
            (r#"{"":1,"":2}"#, ""),
            (r#"{"aa":{"k":1},"bb":{"k":1,"k":1}}"#, "bb.k"),
        ] {
            assert_eq!(repeated(json).as_deref(), Some(path), "{json}");
        }
        for json in [
            "1",
            "{}",
            r#"{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}"#,
            r#"{"arguments":"{\"a\":1,\"a\":2}","a":1,"A":1}"#,
            r#"{"a":"a","b":"a"}"#,
        ] {
            assert_eq!(repeated(json), None, "{json}");
        }
    }

    #[test]
    fn is_seen_among_many() {
        let many = (0..5000).map(|n| format!("\"m{n}\":{{\"a\":1}}")).collect::<Vec<_>>().join(",");
        assert_eq!(repeated(&format!("{{{many}}}")), None);
        assert_eq!(repeated(&format!("{{{many},\"m\\u0031\":1}}")).as_deref(), Some("m1"));
        assert_eq!(repeated(&format!("{{{many},\"x\":{{\"b\":1,\"b\":1}}}}")).as_deref(), Some("x.b"));
        assert_eq!(
            repeated(&format!("[{{{many},\"x\":[[{{\"b\":1,\"b\":1}}]]}}]")).as_deref(),
            Some("[0].x[0][0].b")
        );
        let long = "n".repeat(100_000);
        let path = repeated(&format!(r#"{{"{long}":1,"{long}":2}}"#)).unwrap();
        assert_eq!(path, format!("{}...", "n".repeat(LONGEST_PATH)));
        let deep = 20_000;
        let json = format!("{}{{\"a\":1,\"a\":2}}{}", "[".repeat(deep), "]".repeat(deep));
        assert!(repeated(&json).unwrap().starts_with("[0][0][0]"));
    }

    /// By the other parser, which keeps one of each name.
    fn has_twins(value: &serde_json::value::RawValue) -> bool {
        type Members<'m> = Vec<(String, &'m serde_json::value::RawValue)>;
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    all.push(pair);
                }
                Ok(all)
            }
        }
        let text = value.get();
        if let Ok(all) =
            serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(text), Pairs)
        {
            let once: BTreeMap<_, _> = all.iter().map(|(name, value)| (name, value.get())).collect();
            return once.len() != all.len() || all.iter().any(|(_, value)| has_twins(value));
        }
        let items: Vec<&serde_json::value::RawValue> = serde_json::from_str(text).unwrap_or_default();
        items.into_iter().any(has_twins)
    }

    proptest::proptest! {
        #[test]
        fn law_as_another_parser_counts(members in proptest::collection::vec(("[ab]{1,2}|\\\\u0061|[c-z]", 0u8..4), 0..14), many in 0usize..30) {
            let value = |kind: &u8| match kind {
                0 => "1".to_owned(),
                1 => r#"{"a":1,"b":[{"a":1}]}"#.to_owned(),
                2 => r#"[{"a":1,"\u0061":2}]"#.to_owned(),
                _ => format!(r#"{{"a":"{}","b":{{}}}}"#, "x".repeat(70)),
            };
            let members: Vec<String> = members.iter().map(|(name, kind)| format!(r#""{name}":{}"#, value(kind))).collect();
            // Short values enough that some get no node.
            let json = format!("[{}{{{}}}]", "{\"k\":1},".repeat(many * many), members.join(","));
            let raw = serde_json::from_str::<&serde_json::value::RawValue>(&json).unwrap();
            proptest::prop_assert_eq!(repeated(&json).is_some(), has_twins(raw), "{}", json);
        }
    }
}
