//! Changing some members of an object and copying all the rest byte for byte.

use super::outline::{Spans, string_end};
use super::raw::split_value;
use super::{Raw, Text};

/// What becomes of one member of an object.
pub enum Edit<'e> {
    /// Stays as it is.
    Keep,
    Remove,
    /// Gets this name; the value stays.
    Rename(&'e str),
    /// Gets this JSON as its value.
    Replace(Vec<u8>),
    /// As `Replace`, for JSON that is there already: what each event of a stream gets.
    Put(&'e [u8]),
}

/// Copies an object into `out`, asking `decide` for each member, then adds `more`: names and JSON values.
///
/// Blanks between members are kept where nothing is removed. A value that is no object is copied as it is.
pub fn edit_object<'a, 'e>(
    object: Raw<'a>,
    mut decide: impl FnMut(&Text<'a>, Raw<'a>) -> Edit<'e>,
    more: &[(&str, &[u8])],
    out: &mut Vec<u8>,
) {
    let text = object.as_json();
    let Some(mut rest) = text.strip_prefix('{') else {
        out.extend_from_slice(text.as_bytes());
        return;
    };
    out.push(b'{');
    let mut written = false;
    // Each turn: `lead` is what stands before the member (blanks and, from the second on, a comma).
    while let Some(member) = Member::first(rest, object.spans()) {
        match decide(&member.name, member.value) {
            Edit::Remove => {}
            edit => {
                let lead = if written {
                    member.lead
                } else {
                    member.lead.trim_start_matches([',', ' ', '\n', '\r', '\t'])
                };
                if written && !lead.contains(',') {
                    out.push(b',');
                }
                if !written && !member.lead.contains(',') {
                    out.extend_from_slice(member.lead.as_bytes());
                } else {
                    out.extend_from_slice(lead.as_bytes());
                }
                match edit {
                    Edit::Rename(name) => {
                        out.push(b'"');
                        out.extend_from_slice(name.as_bytes());
                        out.extend_from_slice(b"\":");
                        out.extend_from_slice(member.value.as_json().as_bytes());
                    }
                    Edit::Replace(value) => {
                        out.extend_from_slice(member.head.as_bytes());
                        out.extend_from_slice(&value);
                    }
                    Edit::Put(value) => {
                        out.extend_from_slice(member.head.as_bytes());
                        out.extend_from_slice(value);
                    }
                    Edit::Keep | Edit::Remove => {
                        out.extend_from_slice(member.head.as_bytes());
                        out.extend_from_slice(member.value.as_json().as_bytes());
                    }
                }
                written = true;
            }
        }
        rest = member.rest;
    }
    for (name, value) in more {
        if written {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value);
        written = true;
    }
    out.extend_from_slice(rest.as_bytes());
}

struct Member<'a> {
    /// Blanks and comma before the name.
    lead: &'a str,
    name: Text<'a>,
    /// From the name's quote to the value's first byte.
    head: &'a str,
    value: Raw<'a>,
    rest: &'a str,
}

impl<'a> Member<'a> {
    fn first(text: &'a str, spans: Spans<'a>) -> Option<Member<'a>> {
        let name_at = text.find(|c: char| !matches!(c, ',' | ' ' | '\t' | '\r' | '\n'))?;
        let (lead, member) = text.split_at_checked(name_at)?;
        if !member.starts_with('"') {
            return None;
        }
        let (name, after) = member.split_at_checked(string_end(member.as_bytes(), 0)?)?;
        let value_at = after.find(|c: char| !matches!(c, ':' | ' ' | '\t' | '\r' | '\n'))?;
        let (head, tail) = member.split_at_checked(name.len() + value_at)?;
        let (value, rest) = split_value(tail, spans)?;
        Some(Member { lead, name: Raw::trusted(name).text()?, head, value: Raw::known(value, spans), rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(json: &str, more: &[(&str, &[u8])]) -> String {
        let mut out = Vec::new();
        let raw = Raw::parse(json.as_bytes()).unwrap();
        edit_object(
            raw,
            |name, _| match name.decode().as_ref() {
                "model" => Edit::Replace(b"\"new\"".to_vec()),
                "gone" => Edit::Remove,
                "old" => Edit::Rename("renamed"),
                "put" => Edit::Put(b"true"),
                _ => Edit::Keep,
            },
            more,
            &mut out,
        );
        let text = String::from_utf8(out).unwrap();
        Raw::parse(text.as_bytes()).unwrap();
        text
    }

    #[test]
    fn keeps_every_other_byte() {
        assert_eq!(
            edited("{ \"x\" : 1.0e2,\n \"model\" :  \"m\", \"y\":[ ] }", &[]),
            "{ \"x\" : 1.0e2,\n \"model\" :  \"new\", \"y\":[ ] }"
        );
    }

    #[test]
    fn removes_first_middle_last_and_all() {
        assert_eq!(edited(r#"{"gone":1,"a":2}"#, &[]), r#"{"a":2}"#);
        assert_eq!(edited(r#"{"a":2,"gone":1,"b":3}"#, &[]), r#"{"a":2,"b":3}"#);
        assert_eq!(edited(r#"{"a":2,"gone":1}"#, &[]), r#"{"a":2}"#);
        assert_eq!(edited(r#"{"gone":1}"#, &[]), "{}");
        assert_eq!(edited(r#"{"gone":1}"#, &[("n", b"1"), ("o", b"2")]), r#"{"n":1,"o":2}"#);
        assert_eq!(edited(r#"{"old": [1]}"#, &[("n", b"1")]), r#"{"renamed":[1],"n":1}"#);
        assert_eq!(edited("{}", &[("n", b"1")]), r#"{"n":1}"#);
        assert_eq!(edited(r#"{"put" : 1 }"#, &[]), r#"{"put" : true }"#);
        assert_eq!(edited("[1]", &[]), "[1]");
    }
}
