//! A rendered document as a tree, with the reasons that a person who reads it needs.
//!
//! Built once, written as YAML ([`super::yaml`]) with the comments, or as JSON ([`super::json`]) without. Parts that
//! stand in many places are [`TreeNode::SharedTree`]: YAML writes them once and refers to them, JSON repeats them.

use std::rc::Rc;

/// A part of a document.
#[derive(Clone, Debug)]
pub enum TreeNode {
    Bool(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    List(Vec<ListItem>),
    Map(Vec<TreeMember>),
    SharedTree(Rc<SharedTree>),
}

/// An element of a list.
#[derive(Clone, Debug)]
pub struct ListItem {
    /// Stands above it; empty: nothing does.
    pub why: String,
    pub value: TreeNode,
}

/// A member of a map.
#[derive(Clone, Debug)]
pub struct TreeMember {
    pub key: String,
    /// Stands above it; empty: nothing does.
    pub why: String,
    pub value: TreeNode,
}

/// See [`TreeNode::SharedTree`].
#[derive(Debug)]
pub struct SharedTree {
    /// The anchor's name in YAML: letters, digits, `-` and `_`.
    pub name: String,
    pub value: TreeNode,
}

impl TreeNode {
    /// A part that will stand in several places. Characters that an anchor can't have become `_`.
    pub fn shared(name: &str, value: TreeNode) -> TreeNode {
        let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        TreeNode::SharedTree(Rc::new(SharedTree { name: name.chars().map(plain).collect(), value }))
    }

    /// The same with each shared part in each of its places.
    pub fn repeated(&self) -> TreeNode {
        match self {
            TreeNode::SharedTree(shared) => shared.value.repeated(),
            TreeNode::List(items) => {
                let repeated =
                    |item: &ListItem| ListItem { why: item.why.clone(), value: item.value.repeated() };
                TreeNode::List(items.iter().map(repeated).collect())
            }
            TreeNode::Map(members) => {
                let repeated = |member: &TreeMember| TreeMember {
                    key: member.key.clone(),
                    why: member.why.clone(),
                    value: member.value.repeated(),
                };
                TreeNode::Map(members.iter().map(repeated).collect())
            }
            plain => plain.clone(),
        }
    }

    /// A map's members; none of anything else.
    pub fn members(&self) -> &[TreeMember] {
        match self {
            TreeNode::Map(members) => members,
            TreeNode::SharedTree(shared) => shared.value.members(),
            _ => &[],
        }
    }

    /// The value of a map's member.
    pub fn member(&self, key: &str) -> Option<&TreeNode> {
        self.members().iter().find(|member| member.key == key).map(|member| &member.value)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            TreeNode::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list's elements; none of anything else.
    pub fn items(&self) -> &[ListItem] {
        match self {
            TreeNode::List(items) => items,
            TreeNode::SharedTree(shared) => shared.value.items(),
            _ => &[],
        }
    }
}

/// Builds a map, entry by entry.
#[derive(Clone, Debug, Default)]
pub struct Map {
    entries: Vec<TreeMember>,
    why: String,
}

impl Map {
    pub fn new() -> Map {
        Map::default()
    }

    /// A message of a type that the field does not fix (a protobuf `Any`).
    pub fn typed(message: &str) -> Map {
        Map::new().with("@type", format!("type.googleapis.com/{message}"))
    }

    /// Says why the next entry is as it is.
    pub fn why(mut self, reason: &str) -> Map {
        reason.clone_into(&mut self.why);
        self
    }

    pub fn with(mut self, key: &str, value: impl Into<TreeNode>) -> Map {
        let why = std::mem::take(&mut self.why);
        self.entries.push(TreeMember { key: key.to_owned(), why, value: value.into() });
        self
    }

    /// All the entries of another map behind these.
    pub fn and(mut self, other: Map) -> Map {
        self.entries.extend(other.entries);
        self
    }

    /// Leaves the entry out, with its reason, where there is no value.
    pub fn with_some(mut self, key: &str, value: Option<impl Into<TreeNode>>) -> Map {
        match value {
            Some(value) => self.with(key, value),
            None => {
                self.why.clear();
                self
            }
        }
    }
}

impl From<Map> for TreeNode {
    fn from(map: Map) -> TreeNode {
        TreeNode::Map(map.entries)
    }
}

/// A map of one entry.
pub fn one(key: &str, value: impl Into<TreeNode>) -> TreeNode {
    Map::new().with(key, value).into()
}

/// A list without reasons.
pub fn list<N: Into<TreeNode>>(values: impl IntoIterator<Item = N>) -> TreeNode {
    TreeNode::List(
        values.into_iter().map(|value| ListItem { why: String::new(), value: value.into() }).collect(),
    )
}

/// Milliseconds as protobuf's JSON writes durations: `1.5s`.
pub fn duration(ms: u64) -> TreeNode {
    let (seconds, rest) = (ms / 1000, ms % 1000);
    if rest == 0 {
        return TreeNode::Text(format!("{seconds}s"));
    }
    let fraction = format!("{rest:03}");
    TreeNode::Text(format!("{seconds}.{}s", fraction.trim_end_matches('0')))
}

/// An address as Envoy's `core.v3.Address`.
pub fn address(host: &str, port: u16) -> TreeNode {
    one("socket_address", Map::new().with("address", host).with("port_value", u64::from(port)))
}

impl From<&str> for TreeNode {
    fn from(text: &str) -> TreeNode {
        TreeNode::Text(text.to_owned())
    }
}

impl From<String> for TreeNode {
    fn from(text: String) -> TreeNode {
        TreeNode::Text(text)
    }
}

impl From<bool> for TreeNode {
    fn from(truth: bool) -> TreeNode {
        TreeNode::Bool(truth)
    }
}

impl From<u64> for TreeNode {
    fn from(number: u64) -> TreeNode {
        TreeNode::Whole(number)
    }
}

impl From<f64> for TreeNode {
    fn from(number: f64) -> TreeNode {
        TreeNode::Number(number)
    }
}
