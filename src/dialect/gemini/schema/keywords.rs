//! What becomes of each keyword of a node: it goes as it is, it is said in another, or the model is told.

use super::Use;
use crate::dialect::piece::schema::{Flaw, Keywords};
use crate::json::{Kind, Raw, Text, Writer};
use std::collections::BTreeSet;

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

/// A node's keywords, sorted by what becomes of them.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    pub(super) kinds: Vec<Text<'a>>,
    description: Option<Text<'a>>,
    /// Go as they are.
    plain: Vec<(Text<'a>, Raw<'a>)>,
    choices: Option<Vec<Raw<'a>>>,
    required: Vec<Text<'a>>,
    required_names: BTreeSet<String>,
    pub(super) properties: Vec<(Text<'a>, Raw<'a>)>,
    property_names: BTreeSet<String>,
    pub(super) additional: Option<Raw<'a>>,
    pub(super) items: Option<Raw<'a>>,
    pub(super) prefix: Option<Raw<'a>>,
    pub(super) any_of: Option<Raw<'a>>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    /// What the model is told instead.
    told: Vec<(Text<'a>, Raw<'a>)>,
}

impl<'a> Gathered<'a> {
    pub(super) fn of(keywords: &Keywords<'a>, purpose: Use) -> Result<Gathered<'a>, Flaw> {
        let mut gathered = Gathered::default();
        let is_integer = keywords
            .all
            .iter()
            .any(|(name, value)| *name == "type" && value.text().is_some_and(|kind| kind == "integer"));
        // The type first: without one, values tell it.
        for types in [true, false] {
            for (name, value) in keywords.all.iter().filter(|(name, _)| (*name == "type") == types) {
                gathered.take(name, *value, is_integer, purpose)?;
            }
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
                    if self.required_names.insert(name.decode().into_owned()) {
                        self.required.push(name);
                    }
                }
            }
            "properties" => {
                for (name, schema) in value.fields() {
                    if self.property_names.insert(name.decode().into_owned()) {
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
            "title" if value.is_null() => {}
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
            "default" if value.is_null() => {}
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

    /// `enum` and `const`: Gemini takes strings and numbers. Null becomes a type; other values are told, and choices among
    /// which is the empty string, which Gemini rejects.
    fn take_choices(&mut self, name: &Text<'a>, values: Vec<Raw<'a>>, whole: Raw<'a>) {
        let of_kind = |kinds: &[Kind]| values.iter().all(|value| kinds.contains(&value.kind()));
        if self.choices.is_some() || !of_kind(&[Kind::String, Kind::Number, Kind::Null]) {
            if self.kinds.is_empty() && !values.is_empty() && of_kind(&[Kind::Bool]) {
                self.kinds.push(Text::from("boolean"));
            }
            self.told.push((name.clone(), whole));
            return;
        }
        if values.iter().any(|value| value.as_json() == r#""""#) {
            if self.kinds.is_empty() && of_kind(&[Kind::String]) {
                self.kinds.push(Text::from("string"));
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

    /// Adds what other readers of schemas take for granted and Gemini wants to read: what is required is a property too,
    /// and an array has elements.
    pub(super) fn complete(&mut self) {
        for name in &self.required {
            if self.property_names.insert(name.decode().into_owned()) {
                self.properties.push((name.clone(), Raw::trusted("{}")));
            }
        }
        let is_array = self.kinds.iter().any(|kind| *kind == "array");
        if is_array && self.items.is_none() && self.prefix.is_none() {
            self.items = Some(Raw::trusted("{}"));
        }
    }

    pub(super) fn requires(&self, name: &Text<'_>) -> bool {
        self.required_names.contains(name.decode().as_ref())
    }

    /// Writes what has no node inside.
    pub(super) fn write_plain(&self, w: &mut Writer<'_>) {
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
            self.told.iter().map(|(name, value)| format!("{}: {}", name.decode(), value.compact())).collect();
        let gap = if self.description.is_some() { "\n\n" } else { "" };
        let told = Text::from(format!("{gap}{{{}}}", told.join(", ")));
        w.key("description").texts(self.description.iter().chain([&told]));
    }
}
