//! JSON Schemas on their way to a provider that takes a subset: references followed, `allOf` laid open.
//!
//! A dialect walks a schema node by node; [`Tree::node`] gives each as one flat list of keywords. Nothing here knows
//! which keywords a provider takes.

use crate::json::{Kind, Raw, Text};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Nodes nested deeper than this are not looked at.
pub const MAX_DEPTH: usize = 64;

/// Most nodes that are looked at in one schema.
const MAX_STEPS: usize = 20_000;

/// Most bytes that are passed over in looking for what references lead to.
const MAX_SEARCHED: usize = 64 * 1024 * 1024;

/// Why a schema can't be walked; the end of a sentence that begins with its place in the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A `$ref` that leads nowhere, or out of the document.
    Reference(String),
    /// A `$ref` that leads to itself without anything in between.
    Circle(String),
    TooDeep,
    TooLarge,
    /// A `$ref` that leads back to a node around it by required properties alone.
    Recursion(String),
    /// A keyword that the provider can't hold an answer to.
    Keyword(String),
    /// Neither an object nor a boolean.
    NoSchema,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Flaw::Reference(to) => {
                write!(f, "has a schema with the reference \"{to}\", which leads to nothing in it")
            }
            Flaw::Circle(to) => write!(f, "has a schema whose reference \"{to}\" leads back to itself"),
            Flaw::Recursion(to) => write!(
                f,
                "has a schema whose \"{to}\" contains itself in required properties, which this target can't hold an \
                 answer to"
            ),
            Flaw::TooDeep => write!(f, "has a schema nested deeper than {MAX_DEPTH} levels"),
            Flaw::TooLarge => f.write_str("has a schema that is too large once its references are followed"),
            Flaw::Keyword(name) => {
                write!(f, "has a schema with `{name}`, which this target can't hold an answer to")
            }
            Flaw::NoSchema => f.write_str("has something else than an object where a schema must stand"),
        }
    }
}

/// A schema with what its references point into.
pub struct Tree<'a> {
    root: Raw<'a>,
    /// The references that lead from the root to the node being written.
    open: Vec<String>,
    /// How many nodes may still be looked at: references can make a small document huge.
    steps_left: usize,
    /// How many bytes may still be passed over in looking for what references lead to.
    search_left: usize,
    found: BTreeMap<String, Raw<'a>>,
    /// What is in the containers on the way there, by where they begin.
    children: BTreeMap<usize, BTreeMap<Cow<'a, str>, Raw<'a>>>,
}

struct Gathering<'a> {
    all: Vec<(Text<'a>, Raw<'a>)>,
    entered: Vec<String>,
    /// The references that led here from the node.
    path: Vec<String>,
}

/// A node of a [`Tree`].
pub enum SchemaNode<'a> {
    Keywords(Keywords<'a>),
    /// `true`: anything goes.
    Anything,
    /// `false`: nothing does.
    Nothing,
    /// A reference to a node that is being written: the schema contains itself.
    Again(String),
}

/// The keywords of one node, of what it refers to and of its `allOf`; of one name there may be several.
pub struct Keywords<'a> {
    pub all: Vec<(Text<'a>, Raw<'a>)>,
    /// How many references were opened.
    entered: usize,
}

impl<'a> Tree<'a> {
    pub fn new(root: Raw<'a>) -> Tree<'a> {
        Tree {
            root,
            open: vec!["#".to_owned()],
            steps_left: MAX_STEPS,
            search_left: MAX_SEARCHED,
            found: BTreeMap::new(),
            children: BTreeMap::new(),
        }
    }

    /// The node that a reference leads to, with nothing open but itself.
    ///
    /// # Errors
    /// It leads nowhere.
    pub fn definition(&mut self, reference: &str) -> Result<Raw<'a>, Flaw> {
        self.open = vec![reference.to_owned()];
        self.target(reference)
    }

    /// Opens a node. After its keywords have been written, call [`Tree::leave`].
    ///
    /// # Errors
    /// What makes it no node.
    pub fn node(&mut self, schema: Raw<'a>) -> Result<SchemaNode<'a>, Flaw> {
        match schema.as_bool() {
            Some(true) => return Ok(SchemaNode::Anything),
            Some(false) => return Ok(SchemaNode::Nothing),
            None => {}
        }
        let mut gathering = Gathering { all: Vec::new(), entered: Vec::new(), path: Vec::new() };
        if let Some(reference) = self.gather(schema, &mut gathering)? {
            return Ok(SchemaNode::Again(reference));
        }
        let entered = gathering.entered.len();
        self.open.extend(gathering.entered);
        Ok(SchemaNode::Keywords(Keywords { all: gathering.all, entered }))
    }

    /// The references that this node followed; a reference back to one of them is [`SchemaNode::Again`].
    pub fn entered(&self, keywords: &Keywords<'_>) -> &[String] {
        let depth = self.open.len().saturating_sub(keywords.entered);
        self.open.get(depth..).unwrap_or_default()
    }

    pub fn leave(&mut self, keywords: &Keywords<'_>) {
        let depth = self.open.len().saturating_sub(keywords.entered);
        self.open.truncate(depth);
    }

    /// Collects what makes up a node; the reference if it leads to a node that is open already.
    fn gather(&mut self, schema: Raw<'a>, gathering: &mut Gathering<'a>) -> Result<Option<String>, Flaw> {
        if schema.kind() != Kind::Object {
            return Err(Flaw::NoSchema);
        }
        self.steps_left = self.steps_left.checked_sub(1).ok_or(Flaw::TooLarge)?;
        let mut parts = Vec::new();
        let mut reference = None;
        for (name, value) in schema.fields() {
            match name.decode().as_ref() {
                "$ref" => reference = Some(value.text().ok_or(Flaw::NoSchema)?.into_string()),
                "allOf" => parts.extend(value.items()),
                _ => gathering.all.push((name, value)),
            }
        }
        let depth = gathering.path.len();
        if let Some(reference) = reference {
            if self.open.contains(&reference) {
                return Ok(Some(reference));
            }
            if gathering.path.contains(&reference) || depth >= MAX_DEPTH {
                return Err(Flaw::Circle(reference));
            }
            parts.insert(0, self.target(&reference)?);
            gathering.path.push(reference.clone());
            gathering.entered.push(reference);
        }
        let is_only = parts.len() == 1;
        for part in parts {
            match part.as_bool() {
                Some(true) => {}
                Some(false) => return Err(Flaw::Keyword("allOf".to_owned())),
                None => match self.gather(part, gathering)? {
                    // A node that is nothing but another one: what stands beside the reference is not worth a refusal.
                    Some(reference) if is_only => return Ok(Some(reference)),
                    Some(reference) => return Err(Flaw::Circle(reference)),
                    None => {}
                },
            }
        }
        gathering.path.truncate(depth);
        Ok(None)
    }

    /// Follows a JSON pointer (RFC 6901) in a URI fragment.
    fn target(&mut self, reference: &str) -> Result<Raw<'a>, Flaw> {
        if let Some(found) = self.found.get(reference) {
            return Ok(*found);
        }
        let lost = || Flaw::Reference(reference.chars().take(100).collect());
        let pointer = reference.strip_prefix('#').ok_or_else(lost)?;
        if pointer.is_empty() {
            return Ok(self.root);
        }
        let mut at = self.root;
        for step in pointer.strip_prefix('/').ok_or_else(lost)?.split('/') {
            let step = percent_decoded(step).replace("~1", "/").replace("~0", "~");
            at = self.child(at, &step)?.ok_or_else(lost)?;
        }
        self.found.insert(reference.to_owned(), at);
        Ok(at)
    }

    /// A member of an object or an element of an array. What is in them is listed when it is first looked for: many
    /// references lead into the same definitions.
    fn child(&mut self, of: Raw<'a>, name: &str) -> Result<Option<Raw<'a>>, Flaw> {
        let place = of.as_json().as_ptr().addr();
        if !self.children.contains_key(&place) {
            self.search_left = self.search_left.checked_sub(of.as_json().len()).ok_or(Flaw::TooLarge)?;
            let members = of.fields().map(|(name, value)| (name.into_decoded(), value));
            let items = of.items().enumerate().map(|(index, item)| (Cow::Owned(index.to_string()), item));
            self.children.insert(place, members.chain(items).collect());
        }
        Ok(self.children.get(&place).and_then(|children| children.get(name)).copied())
    }
}

/// Undoes `%XX`; a pointer to a name with a space may be written so.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits =
            after.get(..2).filter(|_| byte == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(decoded) => {
                bytes.push(decoded);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(schema: &'static str) -> Result<String, Flaw> {
        let mut tree = Tree::new(Raw::parse(schema.as_bytes()).unwrap());
        let root = tree.root;
        match tree.node(root)? {
            SchemaNode::Keywords(keywords) => {
                tree.leave(&keywords);
                assert_eq!(tree.open, ["#"]);
                let all =
                    keywords.all.iter().map(|(name, value)| format!("{}={}", name.decode(), value.as_json()));
                Ok(all.collect::<Vec<_>>().join(" "))
            }
            SchemaNode::Again(reference) => Ok(format!("again {reference}")),
            SchemaNode::Anything => Ok("anything".to_owned()),
            SchemaNode::Nothing => Ok("nothing".to_owned()),
        }
    }

    #[test]
    fn follows_references_and_lays_all_of_open() {
        let schema = r##"{"$ref":"#/$defs/a~1b%20c","title":"T","allOf":[{"required":["x"]},true],
            "$defs":{"a/b c":{"allOf":[{"$ref":"#/$defs/d"}],"type":"object"},"d":{"minProperties":1}}}"##;
        assert!(keywords(schema).unwrap().starts_with(r#"title="T" $defs="#));
        assert!(keywords(schema).unwrap().ends_with(r#"type="object" minProperties=1 required=["x"]"#));
        assert_eq!(keywords(r##"{"$ref":"#"}"##).unwrap(), "again #");
        assert_eq!(keywords("true").unwrap(), "anything");
    }

    #[test]
    fn says_what_is_wrong() {
        let reference = |to: &str| Err(Flaw::Reference(to.to_owned()));
        assert_eq!(keywords(r##"{"$ref":"#/$defs/gone"}"##), reference("#/$defs/gone"));
        assert_eq!(keywords(r##"{"$ref":"https://e.test/s.json"}"##), reference("https://e.test/s.json"));
        assert_eq!(keywords(r##"{"allOf":[{"$ref":"#"},{}]}"##), Err(Flaw::Circle("#".to_owned())));
        let chain: String = (0..40)
            .map(|n| format!(r##","n{n}":{{"allOf":[{0},{0}]}}"##, format!(r##"{{"$ref":"#/n{}"}}"##, n + 1)))
            .collect();
        let bomb = format!(r##"{{"$ref":"#/n0"{chain},"n40":{{}}}}"##);
        assert_eq!(keywords(bomb.leak()), Err(Flaw::TooLarge));
        let circle = r##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}}}"##;
        assert_eq!(keywords(circle), Err(Flaw::Circle("#/$defs/a".to_owned())));
        assert_eq!(keywords("3"), Err(Flaw::NoSchema));
    }
}
