//! Walking the members of an object and the elements of an array: from node to node where there are nodes, else by reading.

use super::outline::{OutlineNode, wide};
use super::raw::Kind;
use super::scan::{skip_blanks, string_end};
use super::{Raw, Text};

/// One member of an object. Places are those in the object's text.
pub(super) struct ObjectMember<'a> {
    /// Of the name's quote.
    pub start: usize,
    pub name: Text<'a>,
    pub value_start: usize,
    pub value: Raw<'a>,
    pub end: usize,
}

/// The children of a container.
#[derive(Clone)]
struct Children<'a> {
    /// The container's text.
    text: &'a str,
    /// Where it begins in the document.
    base: usize,
    /// The nodes of what is still to come.
    nodes: &'a [OutlineNode],
    /// Whether each child has one.
    is_whole: bool,
    /// Where reading goes on; only where they haven't.
    at: usize,
}

impl<'a> Children<'a> {
    fn of(container: Raw<'a>, kind: Kind) -> Children<'a> {
        let text = if container.kind() == kind { container.as_json() } else { "" };
        let (base, is_whole, nodes) = match container.nodes().split_first() {
            Some((own, nodes)) if !text.is_empty() => (wide(own.start), own.is_whole(), nodes),
            _ => (0, false, &[][..]),
        };
        Children { text, base, nodes, is_whole, at: 1 }
    }

    /// The node of the next child, and those in it.
    #[inline]
    fn take(&mut self) -> Option<(&'a OutlineNode, &'a [OutlineNode])> {
        let node = self.nodes.first()?;
        let (nodes, rest) = self.nodes.split_at_checked(node.count())?;
        self.nodes = rest;
        Some((node, nodes))
    }

    /// A piece of the container's text, by places in the document.
    #[inline]
    fn piece(&self, start: usize, end: usize) -> Option<&'a str> {
        self.text.get(start.checked_sub(self.base)?..end.checked_sub(self.base)?)
    }

    /// The value that begins at a place of the container's text, and where it ends.
    fn value(&mut self, start: usize) -> Option<(Raw<'a>, usize)> {
        let (nodes, end) = match self.nodes.first() {
            Some(node) if wide(node.start) == self.base.checked_add(start)? => {
                let (node, nodes) = self.take()?;
                (nodes, wide(node.end).checked_sub(self.base)?)
            }
            _ => (&[][..], value_end(self.text.as_bytes(), start)?),
        };
        Some((Raw::known(self.text.get(start..end)?, nodes), end))
    }
}

/// See [`Raw::fields`].
#[derive(Clone)]
pub struct Fields<'a>(Children<'a>);

impl<'a> Fields<'a> {
    pub(super) fn of(object: Raw<'a>) -> Fields<'a> {
        Fields(Children::of(object, Kind::Object))
    }

    /// The next member.
    pub(super) fn member(&mut self) -> Option<ObjectMember<'a>> {
        if self.0.is_whole {
            let (node, nodes) = self.0.take()?;
            self.0.known(node, nodes)
        } else {
            self.0.read_member()
        }
    }
}

impl<'a> Children<'a> {
    fn known(&self, node: &OutlineNode, nodes: &'a [OutlineNode]) -> Option<ObjectMember<'a>> {
        let (key, start, end) = (wide(node.key), wide(node.start), wide(node.end));
        let name = self.piece(key, key.checked_add(usize::from(node.key_length))?)?;
        let name = if node.may_have_escaped_name() { Text::encoded(name) } else { Text::from(name) };
        let value = Raw::known(self.piece(start, end)?, nodes);
        Some(ObjectMember {
            start: key.checked_sub(self.base)?.checked_sub(1)?,
            name,
            value_start: start.checked_sub(self.base)?,
            value,
            end: end.checked_sub(self.base)?,
        })
    }

    #[inline(never)]
    fn read_member(&mut self) -> Option<ObjectMember<'a>> {
        let bytes = self.text.as_bytes();
        let start = next_start(bytes, self.at);
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let name_end = string_end(bytes, start)?;
        let colon = skip_blanks(bytes, name_end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let value_start = skip_blanks(bytes, colon + 1);
        let (value, end) = self.value(value_start)?;
        self.at = end;
        let name = Text::encoded(self.text.get(start + 1..name_end - 1)?);
        Some(ObjectMember { start, name, value_start, value, end })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Text<'a>, Raw<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.member().map(|member| (member.name, member.value))
    }
}

/// See [`Raw::items`].
#[derive(Clone)]
pub struct Items<'a>(Children<'a>);

impl<'a> Items<'a> {
    pub(super) fn of(array: Raw<'a>) -> Items<'a> {
        Items(Children::of(array, Kind::Array))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let children = &mut self.0;
        if children.is_whole {
            let (node, nodes) = children.take()?;
            return Some(Raw::known(children.piece(wide(node.start), wide(node.end))?, nodes));
        }
        let start = next_start(children.text.as_bytes(), children.at);
        let (item, end) = children.value(start)?;
        children.at = end;
        Some(item)
    }
}

/// Skips blanks and the comma before the next element.
#[inline]
fn next_start(bytes: &[u8], at: usize) -> usize {
    let at = skip_blanks(bytes, at);
    if bytes.get(at) == Some(&b',') { skip_blanks(bytes, at + 1) } else { at }
}

/// Where the value ends that begins at `start`; `None` at the end of the container.
fn value_end(bytes: &[u8], start: usize) -> Option<usize> {
    match bytes.get(start)? {
        b'"' => string_end(bytes, start),
        b'{' | b'[' => container_end(bytes, start),
        b'}' | b']' | b',' | b':' => None,
        _ => {
            let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n');
            let length = bytes.get(start..)?.iter().position(is_end);
            Some(length.map_or(bytes.len(), |length| start + length))
        }
    }
}

fn container_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = string_end(bytes, at)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

impl<'a> Raw<'a> {
    /// The members of an object in their order; nothing for any other value.
    pub fn fields(self) -> Fields<'a> {
        Fields::of(self)
    }

    /// The elements of an array in their order; nothing for any other value.
    pub fn items(self) -> Items<'a> {
        Items::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;
    use proptest::prelude::*;

    /// Everything that a walk finds, deeply.
    fn walked(raw: Raw<'_>) -> String {
        let members = raw.fields().map(|(name, value)| format!("{name:?}={}", walked(value)));
        let items = raw.items().map(walked);
        format!("{}<{}>", raw.as_json(), members.chain(items).collect::<Vec<_>>().join(" "))
    }

    fn json() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            "[0-9]{1,3}".prop_map(|digits| format!("-1{digits}")),
            "(null|true|false)",
            "[a-c é{}\\[\\],:]{0,9}([a-z]{60,70})?(\\\\[n\"u]|x)?"
                .prop_map(|text| format!("\"{}\"", text.replace("\\u", "\\u00e9"))),
        ];
        let blank = "[ \n]{0,2}";
        scalar.prop_recursive(4, 60, 6, move |inner| {
            let member = (blank, "[a-d]|\\\\u0061|[a-z]{14,18}", blank, inner.clone(), blank)
                .prop_map(|(a, name, b, value, c)| format!("{a}\"{name}\"{b}:{value}{c}"));
            let items = (blank, inner, blank).prop_map(|(a, value, b)| format!("{a}{value}{b}"));
            prop_oneof![
                prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(","))),
                prop::collection::vec(items, 0..6).prop_map(|all| format!("[{}]", all.join(","))),
            ]
        })
    }

    proptest! {
        #[test]
        fn law_an_outline_changes_no_walk(json in json(), many in 0usize..40) {
            // Short values enough that some get no node.
            let json = format!("[{}{json}]", "{\"a\":1},".repeat(many * many));
            let document = Document::of(json.as_str()).unwrap();
            let plain = Raw::trusted(&json);
            prop_assert_eq!(walked(document.root()), walked(plain));
            let (outlined, plain) = (document.root().items().last().unwrap(), plain.items().last().unwrap());
            for name in ["a", "b", "abcdefghijklmnop"] {
                prop_assert_eq!(outlined.get(name), plain.get(name));
                prop_assert!(plain.get(name).is_none() || plain.may_have_member(name) || json.contains("\\u0061"));
                prop_assert!(!plain.fields().any(|(key, _)| key.literal() == Ok(name)) || outlined.may_have_member(name));
            }
        }
    }

    #[test]
    fn hints_are_sure_of_no() {
        let json = r#"{"messages":[{"role":"developer","content":"\"name\" extra_content"}],"n":["user"]}"#;
        let document = Document::of(json).unwrap();
        let (outlined, plain) = (document.root(), Raw::trusted(json));
        for raw in [outlined, plain] {
            assert!(raw.may_have_member("role") && raw.may_have_string("developer"));
            assert!(!raw.may_have_member("extra_content") && !raw.may_have_string("system"));
        }
        // What stands in a text is told from a member only with an outline; a value's own name is none in it.
        assert!(plain.may_have_member("developer") && !outlined.may_have_member("developer"));
        assert!(!outlined.get("messages").unwrap().may_have_member("messages"));
    }
}
