//! Makes a value that satisfies a simple JSON Schema: arguments of tool calls and structured output.

use serde_json::{Map, Value, json};

/// How deep a schema that refers to itself is followed.
const DEPTH: usize = 8;

/// A value for `schema`; properties that are not required are filled in too, as models mostly do.
pub fn example(schema: &Value) -> Value {
    value(schema, schema, "", DEPTH)
}

fn value(schema: &Value, root: &Value, name: &str, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str() {
        let found = target.strip_prefix('#').and_then(|path| root.pointer(path)).unwrap_or(&Value::Null);
        return value(found, root, name, depth - 1);
    }
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for any in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema[any].as_array().and_then(|schemas| schemas.first()) {
            return value(first, root, name, depth - 1);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.first()?.as_str());
    // Gemini's own schemas write the types in capitals.
    match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("string") => json!(string(schema, name)),
        Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(3)),
        Some("number") => json!(schema["minimum"].as_f64().unwrap_or(1.5)),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        Some("array") => {
            let length = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 16);
            Value::Array((0..length).map(|_| value(&schema["items"], root, name, depth - 1)).collect())
        }
        _ => object(schema, root, depth),
    }
}

fn object(schema: &Value, root: &Value, depth: usize) -> Value {
    let properties = schema["properties"].as_object();
    let members = properties.into_iter().flatten();
    Value::Object(
        members.map(|(name, of)| (name.clone(), value(of, root, name, depth - 1))).collect::<Map<_, _>>(),
    )
}

fn string(schema: &Value, name: &str) -> String {
    match (schema["format"].as_str(), name) {
        (Some("date"), _) => "2026-11-21".into(),
        (Some("date-time"), _) => "2026-11-21T09:00:00Z".into(),
        (Some("email"), _) => "ada@example.org".into(),
        (Some("uri"), _) => "https://example.org/".into(),
        (Some("uuid"), _) => "0b0f2d6e-6f6e-4c55-9d3a-1f0f6a4f3b11".into(),
        // Something a JSON escape and a multibyte character can go wrong in.
        (_, "city" | "location" | "place") => "Zürich".into(),
        _ => format!("a \"{name}\" ☃"),
    }
}
