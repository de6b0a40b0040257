//! JSON Schemas in the keywords that Gemini takes, for `parametersJsonSchema` and `responseJsonSchema`.
//!
//! Which those are stands in the reference of both fields
//! (<https://ai.google.dev/api/generate-content#FIELDS.response_json_schema>); anything else may be a 400. References
//! are followed, as a node with `$ref` may have nothing beside it; only an answer's that contains itself keeps them.
//! Limits that Gemini can't hold the model to (`pattern`, `minLength`, …) are told to the model in the description. What
//! would change the shape of an answer (`not`, `if`, `patternProperties`, …) is told too where the schema is a tool's,
//! which is advice to the model, and is a flaw where it is the answer's.

mod keywords;

use crate::dialect::piece::schema::{Flaw, Keywords, MAX_DEPTH, SchemaNode, Tree};
use crate::json::{Raw, Text, Writer};
use keywords::Gathered;

/// What a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The arguments of a tool.
    Arguments,
    /// The form of the answer.
    Answer,
}

/// Following references may make a schema larger, but not by more than this factor (and some room); a large one by less, as
/// there may be many.
const MAX_GROWTH: usize = 16;
const MAX_GROWTH_OF_LARGE: usize = 2;
const LARGE: usize = 4 * 1024;
const ROOM: usize = 64 * 1024;

/// The schema in Gemini's keywords.
///
/// # Errors
/// Why it can't be said in them.
pub(super) fn adapted(schema: Raw<'_>, purpose: Use) -> Result<Vec<u8>, Flaw> {
    let length = schema.as_json().len();
    let growth = if length > LARGE { MAX_GROWTH_OF_LARGE } else { MAX_GROWTH };
    let limit = length.saturating_mul(growth).saturating_add(ROOM);
    let mut adapter =
        Adapter { tree: Tree::new(schema), purpose, again: Vec::new(), open: Vec::new(), optional: 0, limit };
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
    /// The references that lead here, each with the optional properties that led to it.
    open: Vec<(String, usize)>,
    /// How many optional properties lead here.
    optional: usize,
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
            SchemaNode::Anything => out.extend_from_slice(b"{}"),
            SchemaNode::Nothing => return Err(Flaw::Keyword("false".to_owned())),
            SchemaNode::Again(reference) => self.again(reference, out)?,
            SchemaNode::Keywords(keywords) => {
                let before = self.open.len();
                let entered = self.tree.entered(&keywords).iter();
                self.open.extend(entered.map(|reference| (reference.clone(), self.optional)));
                self.object(&keywords, depth, out)?;
                self.open.truncate(before);
                self.tree.leave(&keywords);
            }
        }
        Ok(())
    }

    /// A node that is being written already. An answer's may be referred to, if only an optional property leads back; a
    /// tool's is told, as Gemini refuses a request for a tool that it finds too deep.
    fn again(&mut self, reference: String, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let name = reference.rsplit(['/', '#']).next().unwrap_or_default();
        if self.purpose == Use::Arguments {
            let told = match name {
                "" => "Again the whole, as it is described around this.".to_owned(),
                name => format!("Again a `{name}`, as it is described around this."),
            };
            Writer::new(out).object(|w| w.key("description").string(&told));
            return Ok(());
        }
        let since =
            self.open.iter().rev().find(|(open, _)| *open == reference).map_or(0, |(_, optional)| *optional);
        if self.optional == since {
            return Err(Flaw::Recursion(reference));
        }
        let reference = format!("#/$defs/{}", self.name_of(reference));
        Writer::new(out).object(|w| w.key("$ref").string(&reference));
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
            Writer::new(out).key_string(&name);
            let definition = self.tree.definition(&reference)?;
            self.node(definition, 1, out)?;
            at += 1;
        }
        if at > 0 {
            out.extend_from_slice(b"}}");
        }
        Ok(())
    }

    fn object(&mut self, keywords: &Keywords<'a>, depth: usize, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let mut gathered = Gathered::of(keywords, self.purpose)?;
        gathered.complete();
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
                    let is_optional = !gathered.requires(name);
                    self.optional += usize::from(is_optional);
                    self.node(*schema, depth + 1, out)?;
                    self.optional -= usize::from(is_optional);
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
    Writer::new(out).key_string(name);
}

fn begin(out: &mut Vec<u8>, name: &str, bracket: u8) {
    begin_value(out, name);
    out.push(bracket);
}

#[cfg(test)]
mod tests;
