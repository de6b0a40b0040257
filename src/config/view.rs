//! Reads values out of a document that [`super::shape`] has looked at, with the table's defaults for what is not
//! written. What has the wrong kind reads as not written: it has been reported, and no further problem may follow from it.

use super::file::{DEFAULTS, Literal, Object, Presence, ValueKind};
use super::node::{Node, Value};
use super::problem::{Position, element, member};
use super::time::duration_ms;

/// A map of the document, seen through the table.
#[derive(Clone)]
pub(super) struct View<'n> {
    object: &'static Object,
    /// `None` where the map is left out: all is default then.
    node: Option<&'n Node>,
    /// The file's `defaults`, for a group: what it doesn't say itself is read there.
    shared: Option<&'n Node>,
    pub path: String,
    /// Where the map begins; its parent's place where it is left out.
    pub at: Option<Position>,
}

impl<'n> View<'n> {
    pub(super) fn new(object: &'static Object, node: &'n Node) -> View<'n> {
        View { object, node: Some(node), shared: None, path: String::new(), at: node.at }
    }

    /// The path of a member and where it is written: its value, else the map.
    pub(super) fn place(&self, name: &str) -> (String, Option<Position>) {
        (member(&self.path, name), self.own(name).map_or(self.at, |node| node.at))
    }

    /// A member, whatever its kind: the map's own, else a shared one.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        self.own(name).or_else(|| self.inherited(name))
    }

    fn own(&self, name: &str) -> Option<&'n Node> {
        self.node.and_then(|node| node.get(name))
    }

    fn inherited(&self, name: &str) -> Option<&'n Node> {
        self.shared.filter(|_| DEFAULTS.field(name).is_some()).and_then(|node| node.get(name))
    }

    /// Whether the map says it itself. What is shared is judged where it is written.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.own(name).is_some()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether it is written as a map without a key.
    pub(super) fn is_empty_map(&self) -> bool {
        let value = self.node.map(|node| &node.value);
        value.is_some_and(|value| matches!(value, Value::Map(entries) if entries.is_empty()))
    }

    fn default(&self, name: &str) -> Option<&'static Literal> {
        match &self.object.field(name)?.need {
            Presence::Default(literal) => Some(literal),
            Presence::Required | Presence::Optional => None,
        }
    }

    /// A text as written or by default, even if its form is wrong.
    pub(super) fn text(&self, name: &str) -> Option<&'n str> {
        self.get(name).and_then(Node::text).or(match self.default(name) {
            Some(Literal::Text(text)) => Some(text),
            _ => None,
        })
    }

    /// A text whose form is right.
    pub(super) fn formed(&self, name: &str) -> Option<&'n str> {
        let text = self.text(name)?;
        match &self.object.field(name)?.kind {
            ValueKind::Text(form) if !(form.accepts)(text) => None,
            ValueKind::OneOf(choices, _) if !choices().contains(&text) => None,
            _ => Some(text),
        }
    }

    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.formed(name).map(str::to_owned)
    }

    pub(super) fn whole(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Node::whole).or(match self.default(name) {
            Some(Literal::Whole(number)) => Some(*number),
            _ => None,
        })
    }

    /// A whole number that the table bounds to 32 bits.
    pub(super) fn small(&self, name: &str) -> Option<u32> {
        self.whole(name).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Node::number).or(match self.default(name) {
            Some(Literal::Number(number)) => Some(*number),
            _ => None,
        })
    }

    pub(super) fn truth(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Node::truth).or(match self.default(name) {
            Some(Literal::Bool(truth)) => Some(*truth),
            _ => None,
        })
    }

    /// A duration in milliseconds.
    pub(super) fn ms(&self, name: &str) -> Option<u64> {
        self.text(name).and_then(duration_ms)
    }

    /// The texts of a list; those of another kind are left out.
    pub(super) fn texts(&self, name: &str) -> Vec<&'n str> {
        match (self.get(name), self.default(name)) {
            (Some(node), _) => node.items().iter().filter_map(Node::text).collect(),
            (None, Some(Literal::Texts(texts))) => texts(),
            (None, _) => Vec::new(),
        }
    }

    pub(super) fn strings(&self, name: &str) -> Vec<String> {
        self.texts(name).into_iter().map(str::to_owned).collect()
    }

    /// A map inside; one that is left out has defaults only.
    pub(super) fn object(&self, name: &str) -> Option<View<'n>> {
        let ValueKind::Object(object) = self.object.field(name)?.kind else { return None };
        let (path, at) = match self.inherited(name).filter(|_| !self.owns(name)) {
            Some(shared) => (member("defaults", name), shared.at),
            None => self.place(name),
        };
        Some(View { object, node: self.get(name), shared: None, path, at })
    }

    /// A map inside, if it is written.
    pub(super) fn written_object(&self, name: &str) -> Option<View<'n>> {
        self.object(name).filter(|_| self.has(name))
    }

    /// The file's model groups, each with what it takes from `defaults`.
    pub(super) fn groups(&self) -> Vec<View<'n>> {
        let shared = self.get("defaults");
        self.objects("model_groups").into_iter().map(|group| View { shared, ..group }).collect()
    }

    /// The maps of a list.
    pub(super) fn objects(&self, name: &str) -> Vec<View<'n>> {
        let Some(ValueKind::List { of: ValueKind::Object(object), .. }) =
            self.object.field(name).map(|field| &field.kind)
        else {
            return Vec::new();
        };
        let path = member(&self.path, name);
        let items = self.get(name).map(Node::items).unwrap_or_default();
        let view = |(index, node): (usize, &'n Node)| View {
            object,
            node: Some(node),
            shared: None,
            path: element(&path, index),
            at: node.at,
        };
        items.iter().enumerate().map(view).collect()
    }
}
