//! `switchover schema`: the table of [`super::file`] as JSON Schema, for editors and for whoever writes the file by
//! program. It is as strict as the checker about each value; what takes several values to judge only `check` tells.

use super::file::{FILE, KeyRow, LABEL, Literal, Object, Presence, ValueKind};
use super::time::{DURATION_PATTERN, show_ms};
use crate::json::{Raw, Writer};

/// What the schema calls itself: a name, as it is wherever `switchover schema` wrote it. The number is the file's `version`.
const ID: &str = "urn:switchover:schema:1";

/// The first line of a `switchover.yaml` for editors, whose schema `switchover schema > switchover.schema.json` put beside it.
pub const EDITOR_LINE: &str = "# yaml-language-server: $schema=switchover.schema.json";

/// The JSON Schema (draft 2020-12) of `switchover.yaml`, indented.
pub fn schema() -> String {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out);
    w.open_object();
    w.key("$schema").string("https://json-schema.org/draft/2020-12/schema");
    w.key("$id").string(ID);
    w.key("title").string("switchover.yaml");
    object(&FILE, None, &mut w);
    w.close_object();
    let compact = String::from_utf8(out).unwrap_or_default();
    let mut indented = String::with_capacity(compact.len() * 2);
    indent(Raw::trusted(&compact), 0, &mut indented);
    indented.push('\n');
    indented
}

fn object(object: &Object, doc: Option<&str>, w: &mut Writer<'_>) {
    w.key("description").string(doc.unwrap_or(object.doc));
    w.key("type").string("object");
    w.key("additionalProperties").bool(false);
    let required = || object.fields.iter().filter(|field| matches!(field.need, Presence::Required));
    if required().next().is_some() {
        w.key("required").array(|w| required().for_each(|field| w.string(field.name)));
    }
    if !object.exactly_one.is_empty() {
        w.key("oneOf").array(|w| {
            for name in object.exactly_one {
                w.object(|w| w.key("required").array(|w| w.string(name)));
            }
        });
    }
    w.key("properties").object(|w| {
        for KeyRow { name, kind: of, need, doc } in object.fields {
            w.key(name).object(|w| {
                kind(of, Some(doc), w);
                if let Presence::Default(literal) = need {
                    default(literal, w.key("default"));
                }
            });
        }
    });
}

/// The members that say what a value is.
fn kind(of: &ValueKind, doc: Option<&str>, w: &mut Writer<'_>) {
    if let ValueKind::Object(inner) = of {
        return object(inner, doc, w);
    }
    if let Some(doc) = doc {
        w.key("description").string(&described(of, doc));
    }
    match of {
        ValueKind::Bool => w.key("type").string("boolean"),
        ValueKind::Whole { min, max } => {
            w.key("type").string("integer");
            w.key("minimum").u64(*min);
            w.key("maximum").u64(*max);
        }
        ValueKind::Number { min, max } => {
            w.key("type").string("number");
            w.key("minimum").f64(*min);
            w.key("maximum").f64(*max);
        }
        ValueKind::Duration { .. } => {
            w.key("type").string("string");
            w.key("pattern").string(DURATION_PATTERN);
        }
        ValueKind::Text(form) => {
            w.key("type").string("string");
            w.key("pattern").string(form.pattern);
        }
        ValueKind::OneOf(choices, _) => {
            w.key("enum").array(|w| choices().into_iter().for_each(|choice| w.string(choice)))
        }
        ValueKind::Map(keys) => {
            w.key("type").string("object");
            w.key("propertyNames").object(|w| w.key("pattern").string(keys.pattern));
            w.key("additionalProperties").object(|w| kind(&LABEL, None, w));
        }
        ValueKind::List { of, min } => {
            w.key("type").string("array");
            if *min > 0 {
                w.key("minItems").u64(u64::try_from(*min).unwrap_or(u64::MAX));
            }
            w.key("items").object(|w| kind(of, None, w));
        }
        ValueKind::Later(_) => {
            w.key("type").string("array");
            w.key("maxItems").u64(0);
        }
        ValueKind::Object(_) => {}
    }
}

/// A key's meaning, with what JSON Schema has no word for.
fn described(of: &ValueKind, doc: &str) -> String {
    match of {
        ValueKind::Duration { min_ms, max_ms } => {
            format!(
                "{doc} A duration from {} to {}, like 500ms, 10s, 5m or 1h.",
                show_ms(*min_ms),
                show_ms(*max_ms)
            )
        }
        _ => doc.to_owned(),
    }
}

fn default(literal: &Literal, w: &mut Writer<'_>) {
    match literal {
        Literal::Bool(truth) => w.bool(*truth),
        Literal::Whole(number) => w.u64(*number),
        Literal::Number(number) => w.f64(*number),
        Literal::Text(text) => w.string(text),
        Literal::Nothing => w.array(|_| {}),
        Literal::Texts(texts) => w.array(|w| texts().into_iter().for_each(|text| w.string(text))),
    }
}

/// Writes a value with two blanks a level; a list of scalars stays on its line.
fn indent(value: Raw<'_>, level: usize, out: &mut String) {
    let lines = |out: &mut String, level: usize| {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    };
    let nested =
        value.fields().count() > 0 || value.items().any(|item| item.as_json().starts_with(['{', '[']));
    if !nested {
        out.push_str(&value.as_json().replace("\",\"", "\", \""));
        return;
    }
    let is_object = value.as_json().starts_with('{');
    out.push(if is_object { '{' } else { '[' });
    let members = value.fields().map(|(key, value)| (Some(key), value));
    for (index, (key, member)) in members.chain(value.items().map(|item| (None, item))).enumerate() {
        if index > 0 {
            out.push(',');
        }
        lines(out, level + 1);
        if let Some(key) = key {
            // Keys are names of the table and of JSON Schema, which need no escapes.
            out.push_str(&format!("\"{}\": ", key.decode()));
        }
        indent(member, level + 1, out);
    }
    lines(out, level);
    out.push(if is_object { '}' } else { ']' });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Every key of the table, by its path.
    fn keys(object: &Object, path: &str, found: &mut Vec<String>) {
        for field in object.fields {
            let path = format!("{path}/properties/{}", field.name);
            found.push(path.clone());
            match field.kind {
                ValueKind::Object(inner) => keys(inner, &path, found),
                ValueKind::List { of: ValueKind::Object(inner), .. } => {
                    keys(inner, &format!("{path}/items"), found)
                }
                _ => {}
            }
        }
    }

    #[test]
    fn has_every_key_of_the_table_and_no_other() {
        let schema: Value = serde_json::from_str(&schema()).unwrap();
        let mut expected = Vec::new();
        keys(&FILE, "", &mut expected);
        for path in &expected {
            assert!(schema.pointer(path).is_some_and(|key| key["description"].is_string()), "{path}");
        }
        fn count(value: &Value) -> usize {
            let own = value.get("properties").and_then(Value::as_object).map_or(0, serde_json::Map::len);
            let inner: usize = match value {
                Value::Object(members) => members.values().map(count).sum(),
                Value::Array(items) => items.iter().map(count).sum(),
                _ => 0,
            };
            own + inner
        }
        // No key of the table is called "properties", so each such member is the schema's own.
        assert_eq!(count(&schema), expected.len());
        fn strict(value: &Value) {
            if value.get("properties").is_some_and(Value::is_object) {
                assert_eq!(value["additionalProperties"], Value::Bool(false), "{value}");
            }
            value.as_object().into_iter().flat_map(|m| m.values()).for_each(strict);
        }
        strict(&schema);
    }

    /// A default that the checker would refuse would be no default.
    #[test]
    fn defaults_are_of_their_kind() {
        fn look(object: &'static Object) {
            for field in object.fields {
                if let Presence::Default(literal) = &field.need {
                    let mut json = Vec::new();
                    default(literal, &mut Writer::new(&mut json));
                    let mut problems = crate::config::problem::Problems::default();
                    let node = crate::config::node::read_json(&json, &mut problems).unwrap();
                    crate::config::shape::check(&node, &field.kind, field.name, &mut problems);
                    assert!(problems.is_empty(), "{problems:?}");
                }
                match field.kind {
                    ValueKind::Object(inner) => look(inner),
                    ValueKind::List { of: ValueKind::Object(inner), .. } => look(inner),
                    _ => {}
                }
            }
        }
        look(&FILE);
    }

    #[test]
    fn reads_well() {
        let text = schema();
        assert!(text.starts_with("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"));
        assert!(text.ends_with("\n}\n") && text.lines().all(|line| !line.ends_with(' ')));
    }
}
