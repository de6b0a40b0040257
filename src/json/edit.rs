//! Changing some members of an object and copying all the rest byte for byte.

use super::{Raw, Text};

/// What becomes of one member of an object.
pub enum Edit<'e> {
    /// Stays as it is.
    Keep,
    /// Goes, name and value.
    Remove,
    /// Gets this name; the value stays.
    Rename(&'e str),
    /// Gets this JSON as its value.
    Replace(Vec<u8>),
    /// As `Replace`, for JSON that is there already: what each event of a stream gets.
    Put(&'e [u8]),
}

/// Copies an object into `out`, asking `decide` for each member, and adds `more`: names and JSON values.
///
/// Blanks between members are kept where nothing is removed. A value that is no object is copied as it is.
pub fn edit_object<'a, 'e>(
    object: Raw<'a>,
    decide: impl FnMut(&Text<'a>, Raw<'a>) -> Edit<'e>,
    more: &[(&str, &[u8])],
    out: &mut Vec<u8>,
) {
    let kept = edit_front(object, decide, more, out);
    out.extend_from_slice(object.as_json().as_bytes().get(kept..).unwrap_or_default());
}

/// As [`edit_object`], without the rest that stays as it is: tells where in the object that begins. A large request of
/// which little changes need not be copied.
pub fn edit_front<'a, 'e>(
    object: Raw<'a>,
    mut decide: impl FnMut(&Text<'a>, Raw<'a>) -> Edit<'e>,
    more: &[(&str, &[u8])],
    out: &mut Vec<u8>,
) -> usize {
    let bytes = object.as_json().as_bytes();
    if bytes.first() != Some(&b'{') {
        return 0;
    }
    let copy = |out: &mut Vec<u8>, from: usize, to: usize| {
        out.extend_from_slice(bytes.get(from..to).unwrap_or_default());
    };
    // What stands before `copied` is in `out` or removed; `at` is past the last member.
    let (mut copied, mut at) = (0, 1);
    let (mut written, mut removed) = (false, false);
    // Past the last member that got a new value, if that was the last change: a place for `more`.
    let mut place = None;
    let mut fields = object.fields();
    while let Some(member) = fields.member() {
        let edit = decide(&member.name, member.value);
        if matches!(edit, Edit::Remove) {
            copy(out, copied, at);
            (copied, removed, place) = (member.end, true, None);
            at = member.end;
            continue;
        }
        if removed && !written {
            // The first that is left: its comma went with those before.
            copied = member.start;
        }
        let value: Option<&[u8]> = match &edit {
            Edit::Replace(value) => Some(value),
            Edit::Put(value) => Some(value),
            Edit::Rename(name) => {
                copy(out, copied, member.start);
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                (copied, place) = (member.value_start, None);
                None
            }
            Edit::Keep | Edit::Remove => None,
        };
        if let Some(value) = value {
            copy(out, copied, member.value_start);
            out.extend_from_slice(value);
            (copied, place) = (member.end, Some(member.end));
        }
        at = member.end;
        written = true;
    }
    if !more.is_empty() && place.is_none() {
        copy(out, copied, at);
        copied = at;
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
    copied
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
        assert_eq!(
            edited(r#"{"a":1, "model":2,"b":3}"#, &[("n", b"1")]),
            r#"{"a":1, "model":"new","n":1,"b":3}"#
        );
        assert_eq!(edited(r#"{"model":2,"gone":3}"#, &[("n", b"1")]), r#"{"model":"new","n":1}"#);
        assert_eq!(
            edited(r#"{ "gone":3 , "model":2 , "gone":3, "b" : 1 }"#, &[]),
            r#"{"model":"new", "b" : 1 }"#
        );
        assert_eq!(edited("{ }", &[("n", b"1")]), r#"{"n":1 }"#);
    }

    #[test]
    fn what_follows_the_last_change_is_left_out() {
        let raw = Raw::trusted(r#"{"model": 1, "messages": [2]}"#);
        let mut out = Vec::new();
        let decide = |name: &Text<'_>, _: Raw<'_>| if name == "model" { Edit::Put(b"3") } else { Edit::Keep };
        let kept = edit_front(raw, decide, &[("n", b"4")], &mut out);
        assert_eq!(
            (out.as_slice(), raw.as_json().get(kept..)),
            (br#"{"model": 3,"n":4"#.as_slice(), Some(r#", "messages": [2]}"#))
        );
    }

    proptest::proptest! {
        #[test]
        fn law_only_what_was_asked_for_changes(names in proptest::collection::vec("model|gone|old|put|x", 0..6), more: bool) {
            let members: Vec<String> = names.iter().map(|name| format!(" \"{name}\" : [1 , {{}}] ")).collect();
            let json = format!("{{{}}}", members.join(","));
            let edited = edited(&json, if more { &[("n", b"1")] } else { &[] });
            let expected: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != "gone")
                .map(|name| if name == "old" { "renamed" } else { name }).collect();
            let raw = Raw::trusted(&edited);
            let got: Vec<String> = raw.fields().map(|(name, _)| name.into_string()).filter(|name| name != "n").collect();
            proptest::prop_assert_eq!(got, expected);
            proptest::prop_assert_eq!(raw.get("n").is_some(), more);
        }
    }
}
