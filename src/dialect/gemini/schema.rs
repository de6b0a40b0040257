//! JSON Schemas in the keywords that Gemini takes, for `parametersJsonSchema` and `responseJsonSchema`.
//!
//! Which those are stands in the reference of both fields
//! (<https://ai.google.dev/api/generate-content#FIELDS.response_json_schema>); anything else may be a 400. References
//! are followed, as a node with `$ref` may have nothing beside it; only a schema that contains itself keeps them.
//! Limits that Gemini can't hold the model to (`pattern`, `minLength`, …) are told to the model in the description. What
//! would change the shape of an answer (`not`, `if`, `patternProperties`, …) is told too where the schema is a tool's,
//! which is advice to the model, and is a flaw where it is the answer's.

use crate::dialect::schema::{Flaw, Keywords, MAX_DEPTH, Node, Tree};
use crate::json::{Kind, Raw, Text, Writer};

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The arguments of a tool.
    Arguments,
    /// The form of the answer.
    Answer,
}

/// Following references may make a schema larger, but not by more than this factor (and some room).
const MAX_GROWTH: usize = 16;
const ROOM: usize = 64 * 1024;

/// Say nothing about what is valid.
const SILENT: [&str; 12] = [
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "definitions",
    "$vocabulary",
    "$dynamicAnchor",
    "strict",
    "readOnly",
    "writeOnly",
    "deprecated",
];

/// Decide about the shape of an answer, and have no counterpart.
const STRUCTURAL: [&str; 16] = [
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "patternProperties",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedProperties",
    "unevaluatedItems",
    "$dynamicRef",
    "$recursiveRef",
];

/// The values of `format` that Gemini knows.
const FORMATS: [&str; 7] = ["date-time", "date", "time", "int32", "int64", "float", "double"];

/// The schema in Gemini's keywords.
///
/// # Errors
/// Why it can't be said in them.
pub(super) fn adapted(schema: Raw<'_>, purpose: Use) -> Result<Vec<u8>, Flaw> {
    let limit = schema.as_json().len().saturating_mul(MAX_GROWTH).saturating_add(ROOM);
    let mut adapter = Adapter { tree: Tree::new(schema), purpose, again: Vec::new(), limit };
    let mut out = Vec::with_capacity(schema.as_json().len());
    adapter.node(schema, 0, &mut out)?;
    adapter.definitions(&mut out)?;
    Ok(out)
}

/// Whether a tool takes no arguments: then it goes without a schema, as the API wants it.
pub(super) fn is_empty(schema: Raw<'_>) -> bool {
    let says_more = |name: &str| match name {
        "properties" | "anyOf" | "oneOf" | "allOf" | "$ref" | "patternProperties" => {
            schema.get(name).is_some_and(|value| {
                value.fields().next().is_some() || value.items().next().is_some() || value.text().is_some()
            })
        }
        _ => schema.get(name).is_some_and(|value| value.as_json() != "false"),
    };
    let names =
        ["properties", "anyOf", "oneOf", "allOf", "$ref", "patternProperties", "additionalProperties"];
    !names.into_iter().any(says_more)
}

struct Adapter<'a> {
    tree: Tree<'a>,
    purpose: Use,
    /// The references that stay, with the names of their definitions.
    again: Vec<(String, String)>,
    /// Most bytes of the whole.
    limit: usize,
}

impl<'a> Adapter<'a> {
    fn node(&mut self, schema: Raw<'a>, depth: usize, out: &mut Vec<u8>) -> Result<(), Flaw> {
        if depth > MAX_DEPTH {
            return Err(Flaw::TooDeep);
        }
        if out.len() > self.limit {
            return Err(Flaw::TooLarge);
        }
        match self.tree.node(schema)? {
            Node::Anything => out.extend_from_slice(b"{}"),
            Node::Nothing => return Err(Flaw::Keyword("false".to_owned())),
            Node::Again(reference) => {
                let reference = format!("#/$defs/{}", self.name_of(reference));
                Writer::new(out).object(|w| w.key("$ref").string(&reference));
            }
            Node::Keywords(keywords) => {
                self.object(&keywords, depth, out)?;
                self.tree.leave(&keywords);
            }
        }
        Ok(())
    }

    fn name_of(&mut self, reference: String) -> String {
        if let Some((_, name)) = self.again.iter().find(|(known, _)| *known == reference) {
            return name.clone();
        }
        let name = format!("node{}", self.again.len() + 1);
        self.again.push((reference, name.clone()));
        name
    }

    /// Adds `$defs` to the object that `out` is, for the references that stay.
    fn definitions(&mut self, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let mut at = 0;
        while let Some((reference, name)) = self.again.get(at).cloned() {
            if at == 0 {
                reopen(out);
                Writer::new(out).key("$defs");
                out.push(b'{');
            } else {
                out.push(b',');
            }
            Writer::new(out).key(&name);
            let definition = self.tree.definition(&reference)?;
            self.definition(definition, out)?;
            at += 1;
        }
        if at > 0 {
            out.extend_from_slice(b"}}");
        }
        Ok(())
    }

    /// A definition's own reference is open already, so its node is opened without it.
    fn definition(&mut self, schema: Raw<'a>, out: &mut Vec<u8>) -> Result<(), Flaw> {
        self.node(schema, 1, out)
    }

    fn object(&mut self, keywords: &Keywords<'a>, depth: usize, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let mut gathered = Gathered::of(keywords, self.purpose)?;
        if gathered.kinds.is_empty()
            && (depth == 0 && self.purpose == Use::Arguments || !gathered.properties.is_empty())
        {
            gathered.kinds.push(Text::from("object"));
        }
        out.push(b'{');
        gathered.write_plain(&mut Writer::new(out));
        if !gathered.properties.is_empty() {
            begin(out, "properties", b'{');
            for (name, schema) in &gathered.properties {
                // A property that must not be there is one that the schema doesn't have.
                if schema.as_bool() != Some(false) {
                    separate(out);
                    Writer::new(out).key_text(name);
                    self.node(*schema, depth + 1, out)?;
                }
            }
            out.push(b'}');
        }
        if let Some(schema) = gathered.additional {
            begin_value(out, "additionalProperties");
            match schema.as_bool() {
                Some(_) => out.extend_from_slice(schema.as_json().as_bytes()),
                None => self.node(schema, depth + 1, out)?,
            }
        }
        if let Some(schema) = gathered.items {
            begin_value(out, "items");
            self.node(schema, depth + 1, out)?;
        }
        for (name, schemas) in [("prefixItems", gathered.prefix), ("anyOf", gathered.any_of)] {
            if let Some(schemas) = schemas {
                begin(out, name, b'[');
                for schema in schemas.items() {
                    separate(out);
                    self.node(schema, depth + 1, out)?;
                }
                out.push(b']');
            }
        }
        out.push(b'}');
        Ok(())
    }
}

/// Makes room for one more member in the object that ends here.
fn reopen(out: &mut Vec<u8>) {
    out.pop();
    separate(out);
}

fn separate(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'{' | b'[' | b',')) {
        out.push(b',');
    }
}

fn begin_value(out: &mut Vec<u8>, name: &str) {
    separate(out);
    Writer::new(out).key(name);
}

fn begin(out: &mut Vec<u8>, name: &str, bracket: u8) {
    begin_value(out, name);
    out.push(bracket);
}

/// A node's keywords, sorted by what becomes of them.
#[derive(Default)]
struct Gathered<'a> {
    kinds: Vec<Text<'a>>,
    description: Option<Text<'a>>,
    /// Go as they are.
    plain: Vec<(Text<'a>, Raw<'a>)>,
    choices: Option<Vec<Raw<'a>>>,
    required: Vec<Text<'a>>,
    properties: Vec<(Text<'a>, Raw<'a>)>,
    additional: Option<Raw<'a>>,
    items: Option<Raw<'a>>,
    prefix: Option<Raw<'a>>,
    any_of: Option<Raw<'a>>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    /// What the model is told instead.
    told: Vec<(Text<'a>, Raw<'a>)>,
}

impl<'a> Gathered<'a> {
    fn of(keywords: &Keywords<'a>, purpose: Use) -> Result<Gathered<'a>, Flaw> {
        let mut gathered = Gathered::default();
        let is_integer = keywords
            .all
            .iter()
            .any(|(name, value)| *name == "type" && value.text().is_some_and(|kind| kind == "integer"));
        for (name, value) in &keywords.all {
            gathered.take(name, *value, is_integer, purpose)?;
        }
        Ok(gathered)
    }

    fn take(&mut self, name: &Text<'a>, value: Raw<'a>, is_integer: bool, purpose: Use) -> Result<(), Flaw> {
        let decoded = name.decode();
        match decoded.as_ref() {
            "type" => self.take_kinds(value),
            "nullable" if value.as_bool() == Some(true) => self.allow_null(),
            "nullable" => {}
            // What stands beside a reference counts more than what it leads to.
            "description" => self.description = self.description.take().or(value.text()),
            "enum" => self.take_choices(name, value.items().collect(), value),
            "const" => self.take_choices(name, vec![value], value),
            "required" => {
                for name in value.items().filter_map(Raw::text) {
                    if !self.required.contains(&name) {
                        self.required.push(name);
                    }
                }
            }
            "properties" => {
                for (name, schema) in value.fields() {
                    if !self.properties.iter().any(|(known, _)| *known == name) {
                        self.properties.push((name, schema));
                    }
                }
            }
            "additionalProperties" => self.additional = self.additional.or(Some(value)),
            "items" if value.kind() == Kind::Array => self.prefix = self.prefix.or(Some(value)),
            "items" if value.kind() == Kind::Object => self.items = self.items.or(Some(value)),
            "items" => {}
            "prefixItems" => self.prefix = Some(value),
            "anyOf" | "oneOf" if self.any_of.is_none() => self.any_of = Some(value),
            "exclusiveMinimum" if is_integer && value.as_i64().is_some() => {
                self.minimum = value.as_i64().map(|bound| bound.saturating_add(1));
            }
            "exclusiveMaximum" if is_integer && value.as_i64().is_some() => {
                self.maximum = value.as_i64().map(|bound| bound.saturating_sub(1));
            }
            "format" if !value.text().is_some_and(|text| FORMATS.iter().any(|known| text == *known)) => {
                self.told.push((name.clone(), value));
            }
            "title" | "format" | "minItems" | "maxItems" | "minimum" | "maximum" | "propertyOrdering" => {
                match self.plain.iter().find(|(known, _)| known == name) {
                    None => self.plain.push((name.clone(), value)),
                    Some((_, same)) if *same == value || decoded == "title" => {}
                    Some(_) => self.told.push((name.clone(), value)),
                }
            }
            silent if SILENT.contains(&silent) => {}
            structural if purpose == Use::Answer && STRUCTURAL.contains(&structural) => {
                return Err(Flaw::Keyword(structural.to_owned()));
            }
            "anyOf" | "oneOf" if purpose == Use::Answer => return Err(Flaw::Keyword(decoded.into_owned())),
            _ => self.told.push((name.clone(), value)),
        }
        Ok(())
    }

    fn take_kinds(&mut self, value: Raw<'a>) {
        for kind in value.text().into_iter().chain(value.items().filter_map(Raw::text)) {
            if !self.kinds.contains(&kind) {
                self.kinds.push(kind);
            }
        }
    }

    fn allow_null(&mut self) {
        let null = Text::from("null");
        if !self.kinds.contains(&null) {
            self.kinds.push(null);
        }
    }

    /// `enum` and `const`: Gemini takes strings and numbers. Null becomes a type; other values are told.
    fn take_choices(&mut self, name: &Text<'a>, values: Vec<Raw<'a>>, whole: Raw<'a>) {
        let of_kind = |kinds: &[Kind]| values.iter().all(|value| kinds.contains(&value.kind()));
        if self.choices.is_some() || !of_kind(&[Kind::String, Kind::Number, Kind::Null]) {
            if self.kinds.is_empty() && !values.is_empty() && of_kind(&[Kind::Bool]) {
                self.kinds.push(Text::from("boolean"));
            }
            self.told.push((name.clone(), whole));
            return;
        }
        let has_null = values.iter().any(|value| value.is_null());
        let choices: Vec<Raw<'a>> = values.into_iter().filter(|value| !value.is_null()).collect();
        if self.kinds.is_empty() {
            if choices.iter().any(|value| value.kind() == Kind::String) {
                self.kinds.push(Text::from("string"));
            }
            if choices.iter().any(|value| value.kind() == Kind::Number) {
                self.kinds.push(Text::from("number"));
            }
        }
        if has_null {
            self.allow_null();
        }
        if !choices.is_empty() {
            self.choices = Some(choices);
        }
    }

    /// Writes what has no node inside.
    fn write_plain(&self, w: &mut Writer<'_>) {
        match self.kinds.as_slice() {
            [] => {}
            [kind] => w.key("type").text(kind),
            kinds => w.key("type").array(|w| kinds.iter().for_each(|kind| w.text(kind))),
        }
        self.write_description(w);
        for (name, value) in &self.plain {
            let replaced =
                *name == "minimum" && self.minimum.is_some() || *name == "maximum" && self.maximum.is_some();
            if !replaced {
                w.key_text(name).raw(*value);
            }
        }
        for (name, bound, other) in
            [("minimum", self.minimum, i64::max as fn(i64, i64) -> i64), ("maximum", self.maximum, i64::min)]
        {
            if let Some(bound) = bound {
                let inclusive =
                    self.plain.iter().find(|(known, _)| *known == name).and_then(|(_, value)| value.as_i64());
                let bound = inclusive.map_or(bound, |inclusive| other(bound, inclusive));
                w.key(name).raw(Raw::trusted(&bound.to_string()));
            }
        }
        if let Some(choices) = &self.choices {
            w.key("enum").array(|w| choices.iter().for_each(|value| w.raw(*value)));
        }
        if !self.required.is_empty() {
            w.key("required").array(|w| self.required.iter().for_each(|name| w.text(name)));
        }
    }

    fn write_description(&self, w: &mut Writer<'_>) {
        if self.told.is_empty() {
            if let Some(said) = &self.description {
                w.key("description").text(said);
            }
            return;
        }
        let told: Vec<String> =
            self.told.iter().map(|(name, value)| format!("{}: {}", name.decode(), value.as_json())).collect();
        let gap = if self.description.is_some() { "\n\n" } else { "" };
        let told = Text::from(format!("{gap}{{{}}}", told.join(", ")));
        w.key("description").texts(self.description.iter().chain([&told]));
    }
}

#[cfg(test)]
mod tests;
