//! The form of an answer from Claude or on Bedrock: a JSON Schema that the API holds the answer to, or a tool whose
//! arguments are the answer.
//!
//! Structured outputs take a subset of JSON Schema
//! (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html>); a request with anything else is a 400.
//! So a schema goes there only if it can be said in the subset: objects are closed, which narrows what the schema
//! allows, and limits such as `minimum` move into the description, as Anthropic's own SDK does it. What can't be said so
//! becomes the schema of a tool that the model is made to call; [`crate::dialect::Memo::format_tool`] turns the call
//! back into text. Any JSON object (`json_object`) is asked for in the same way, with an open schema.

use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};
use std::collections::BTreeMap;

/// The schema of "any JSON object".
pub(in crate::dialect) const ANY_OBJECT: &str = r#"{"type":"object","additionalProperties":true}"#;

/// The schema of a tool without arguments.
pub(in crate::dialect) const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

const FORMATS: [&str; 10] =
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"];

/// Schemas nested deeper than this are not looked at; the API has a bound too.
const MAX_DEPTH: usize = 64;

/// The schema in the words of structured outputs; `None` if it can't be said so.
pub(in crate::dialect) fn narrowed(schema: Raw<'_>) -> Option<Vec<u8>> {
    if is_recursive(schema) {
        return None;
    }
    let mut out = Vec::with_capacity(schema.as_json().len() + 64);
    write_schema(schema, &mut Writer::new(&mut out), 0)?;
    Some(out)
}

fn write_schema(schema: Raw<'_>, w: &mut Writer<'_>, depth: usize) -> Option<()> {
    if schema.kind() != Kind::Object || depth > MAX_DEPTH {
        return None;
    }
    const SAYS_SOMETHING: [&str; 8] =
        ["type", "properties", "anyOf", "oneOf", "allOf", "enum", "const", "$ref"];
    if !schema.fields().any(|(name, _)| SAYS_SOMETHING.iter().any(|known| name == *known)) {
        return None;
    }
    let is_name = |kind: Raw<'_>| kind.text().is_some_and(|kind| kind == "object");
    let kind = schema.get("type").unwrap_or(Raw::NULL);
    let is_object = is_name(kind) || kind.items().any(is_name) || schema.get("properties").is_some();
    let mut limits: Vec<(Text<'_>, Raw<'_>)> = Vec::new();
    let mut description = None;
    w.open_object();
    for (name, value) in schema.fields() {
        match name.decode().as_ref() {
            "type" | "required" | "const" | "enum" | "title" | "default" => w.key_text(&name).raw(value),
            "$ref" => w.key("$ref").raw(value),
            "description" => description = value.text(),
            "properties" | "$defs" | "definitions" => write_map(&name, value, w, depth)?,
            "items" => {
                w.key("items");
                write_schema(value, w, depth + 1)?;
            }
            "anyOf" | "oneOf" | "allOf" => {
                w.key(if name == "allOf" { "allOf" } else { "anyOf" }).open_array();
                for choice in value.items() {
                    write_schema(choice, w, depth + 1)?;
                }
                w.close_array();
            }
            "format" if value.text().is_some_and(|text| FORMATS.iter().any(|known| text == *known)) => {
                w.key("format").raw(value);
            }
            "minItems" if matches!(value.as_u64(), Some(0 | 1)) => w.key("minItems").raw(value),
            "additionalProperties" => match value.as_bool() {
                Some(_) => {}
                // A map from any key to a schema has no place in the subset.
                None => return None,
            },
            "patternProperties"
            | "not"
            | "if"
            | "then"
            | "else"
            | "dependentSchemas"
            | "prefixItems"
            | "unevaluatedProperties"
            | "propertyNames" => return None,
            "$schema" | "$id" | "$comment" | "strict" => {}
            _ => limits.push((name, value)),
        }
    }
    if is_object {
        // An open object without properties would be narrowed to an empty one.
        let is_closed = schema.get("additionalProperties").and_then(Raw::as_bool) == Some(false);
        let is_empty = schema.get("properties").is_none_or(|properties| properties.fields().next().is_none());
        if is_empty && !is_closed {
            return None;
        }
        w.key("additionalProperties").bool(false);
    }
    write_description(description, &limits, w);
    w.close_object();
    Some(())
}

/// Whether a schema contains itself, by `#` or through definitions that lead back to one another.
fn is_recursive(schema: Raw<'_>) -> bool {
    let mut refs = Vec::new();
    collect_refs(schema, 0, &mut refs);
    if refs.iter().any(|target| target == "#") {
        return true;
    }
    let mut edges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for holder in ["$defs", "definitions"] {
        for (name, definition) in schema.get(holder).map(Raw::fields).into_iter().flatten() {
            let mut targets = Vec::new();
            collect_refs(definition, 0, &mut targets);
            edges.entry(format!("#/{holder}/{}", name.decode())).or_default().append(&mut targets);
        }
    }
    leads_round(&edges)
}

/// Whether definitions lead back to one another: those that lead to no other are taken away until none is left that does.
fn leads_round(edges: &BTreeMap<String, Vec<String>>) -> bool {
    let mut leads_to: BTreeMap<&str, usize> = BTreeMap::new();
    let mut led_to_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, targets) in edges {
        let known = targets.iter().filter(|target| edges.contains_key(*target));
        for target in known.clone() {
            led_to_by.entry(target).or_default().push(name);
        }
        leads_to.insert(name, known.count());
    }
    let ends = leads_to.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name);
    let mut ends: Vec<&str> = ends.collect();
    let mut left = edges.len();
    while let Some(end) = ends.pop() {
        left = left.saturating_sub(1);
        for name in led_to_by.remove(end).unwrap_or_default() {
            if let Some(count) = leads_to.get_mut(name) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ends.push(name);
                }
            }
        }
    }
    left > 0
}

/// The targets of all `$ref`s below a value.
fn collect_refs(value: Raw<'_>, depth: usize, refs: &mut Vec<String>) {
    if depth > MAX_DEPTH {
        return;
    }
    for (name, member) in value.fields() {
        match member.text() {
            Some(target) if name == "$ref" => refs.push(target.into_string()),
            _ => collect_refs(member, depth + 1, refs),
        }
    }
    for item in value.items() {
        collect_refs(item, depth + 1, refs);
    }
}

fn write_map(name: &Text<'_>, value: Raw<'_>, w: &mut Writer<'_>, depth: usize) -> Option<()> {
    w.key_text(name).open_object();
    for (key, schema) in value.fields() {
        w.key_text(&key);
        write_schema(schema, w, depth + 1)?;
    }
    w.close_object();
    Some(())
}

/// Limits that the API can't hold the answer to are told to the model.
fn write_description(said: Option<Text<'_>>, limits: &[(Text<'_>, Raw<'_>)], w: &mut Writer<'_>) {
    if limits.is_empty() {
        if let Some(said) = said {
            w.key("description").text(&said);
        }
        return;
    }
    let told: Vec<String> =
        limits.iter().map(|(name, value)| format!("{}: {}", name.decode(), value.as_json())).collect();
    let gap = if said.is_some() { "\n\n" } else { "" };
    let limits = Text::from(format!("{gap}{{{}}}", told.join(", ")));
    w.key("description").texts(said.iter().chain([&limits]));
}

/// A schema with words about the answer, before its own where it has some: what the APIs have no other place for.
pub(in crate::dialect) fn described(schema: String, said: Option<&Text<'_>>) -> String {
    let raw = Raw::trusted(&schema);
    let own = raw.get("description").and_then(Raw::text).filter(|own| !own.is_blank());
    let Some(said) = said.filter(|said| !said.is_blank() && own.as_ref().is_none_or(|own| own != *said))
    else {
        return schema;
    };
    let mut told = Vec::new();
    let gap = Text::from(BETWEEN_WORDS);
    let words = std::iter::once(said).chain(own.iter().flat_map(|own| [&gap, own]));
    Writer::new(&mut told).texts(words);
    let mut out = Vec::with_capacity(schema.len().saturating_add(told.len()).saturating_add(20));
    let drop_own =
        |name: &Text<'_>, _: Raw<'_>| if *name == "description" { Edit::Remove } else { Edit::Keep };
    edit_object(raw, drop_own, &[("description", &told)], &mut out);
    String::from_utf8(out).unwrap_or(schema)
}

const BETWEEN_WORDS: &str = "\n\n";

/// The API wants `"type": "object"` at the top of a tool's schema, which OpenAI's callers may leave out.
pub(in crate::dialect) fn with_object_type(schema: Option<Raw<'_>>) -> String {
    let Some(schema) = schema.filter(|schema| schema.kind() == Kind::Object) else {
        return NO_ARGUMENTS.to_owned();
    };
    if schema.present("type").is_some() {
        return schema.as_json().to_owned();
    }
    let mut out = Vec::with_capacity(schema.as_json().len() + 20);
    let drop_null = |name: &Text<'_>, _: Raw<'_>| if *name == "type" { Edit::Remove } else { Edit::Keep };
    edit_object(schema, drop_null, &[("type", b"\"object\"")], &mut out);
    String::from_utf8(out).unwrap_or_else(|_| NO_ARGUMENTS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(schema: &str) -> Option<String> {
        let raw = Raw::parse(schema.as_bytes()).unwrap();
        narrowed(raw).map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn closes_objects_and_tells_limits() {
        assert_eq!(
            narrow(
                r##"{"$schema":"x","type":"object","properties":{"n":{"type":"integer","minimum":1,"description":"A\nnumber"},"l":{"type":"array","items":{"$ref":"#/$defs/d"},"minItems":2},"o":{"oneOf":[{"type":"null"},{"type":"string","format":"date"}]}},"required":["n"],"$defs":{"d":{"type":"object","properties":{"x":{"enum":["a"]}},"additionalProperties":true}}}"##
            )
            .unwrap(),
            r##"{"type":"object","properties":{"n":{"type":"integer","description":"A\nnumber\n\n{minimum: 1}"},"l":{"type":"array","items":{"$ref":"#/$defs/d"},"description":"{minItems: 2}"},"o":{"anyOf":[{"type":"null"},{"type":"string","format":"date"}]}},"required":["n"],"$defs":{"d":{"type":"object","properties":{"x":{"enum":["a"]}},"additionalProperties":false}},"additionalProperties":false}"##
        );
    }

    #[test]
    fn words_about_an_answer_stand_before_the_schema_s_own() {
        let said = Text::from("About \"it\".");
        let of = |schema: &str| described(schema.to_owned(), Some(&said));
        assert_eq!(of(r#"{"type":"object"}"#), r#"{"type":"object","description":"About \"it\"."}"#);
        assert_eq!(
            of(r#"{"description":"Own.","type":"object"}"#),
            r#"{"type":"object","description":"About \"it\".\n\nOwn."}"#
        );
        for same in [r#"{"description":"About \"it\"."}"#, "{}"] {
            let blank = Text::from(" ");
            assert_eq!(described(same.to_owned(), Some(&blank)), same);
            assert_eq!(described(same.to_owned(), None), same);
        }
        assert_eq!(of(r#"{"description":"About \"it\"."}"#), r#"{"description":"About \"it\"."}"#);
    }

    #[test]
    fn what_the_subset_has_goes_out_as_it_is() {
        let schema = r#"{"type":"object","properties":{"a":{"type":["string","null"]}},"required":["a"],"additionalProperties":false}"#;
        assert_eq!(narrow(schema).unwrap(), schema);
    }

    #[test]
    fn what_it_lacks_is_not_narrowed_away() {
        for schema in [
            r#"{"type":"object"}"#,
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r##"{"type":"object","properties":{"child":{"$ref":"#"}}}"##,
            r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"object","properties":{"b":{"$ref":"#/$defs/b"}}},"b":{"type":"array","items":{"$ref":"#/$defs/a"}}}}"##,
            r#"{"type":"object","properties":{"a":{"description":"anything"}}}"#,
            r#"{"type":["object","null"]}"#,
            r#"{"type":"object","properties":{"a":true}}"#,
            r#"{"type":"array","prefixItems":[{"type":"string"}]}"#,
        ] {
            assert_eq!(narrow(schema), None, "{schema}");
        }
        let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(100), "}".repeat(100));
        assert_eq!(narrow(&deep), None);
    }
}
