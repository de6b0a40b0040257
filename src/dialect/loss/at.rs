//! A place in a request, and reading what must be there: refusals name the place.
//!
//! A place is a chain on the stack; nothing is allocated unless a refusal is written.

use super::Refusal;
use crate::json::{Kind, Raw, Text};
use std::fmt;

/// Where in a request: `messages[2].content`.
#[derive(Clone, Copy)]
pub struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: PathStep<'p>,
}

#[derive(Clone, Copy)]
enum PathStep<'p> {
    Name(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    /// A member of the request itself.
    pub fn member(name: &'p str) -> At<'p> {
        At { parent: None, step: PathStep::Name(name) }
    }

    pub fn name(&'p self, name: &'p str) -> At<'p> {
        At { parent: Some(self), step: PathStep::Name(name) }
    }

    pub fn index(&'p self, index: usize) -> At<'p> {
        At { parent: Some(self), step: PathStep::Index(index) }
    }

    /// A refusal of what stands here; `what` is the end of a sentence that begins with the place.
    pub fn refuse(&self, what: &str) -> Refusal {
        Refusal::invalid(self.to_string(), format!("{self} {what}"))
    }

    pub fn missing(&self, what: &str) -> Refusal {
        self.refuse(&format!("is missing: {what}"))
    }

    fn must_be(&self, what: &str, value: Raw<'_>) -> Refusal {
        self.refuse(&format!("must be {what}, not {}.", kind_name(value.kind())))
    }

    /// # Errors
    /// It is no string.
    pub fn text<'a>(&self, value: Raw<'a>) -> Result<Text<'a>, Refusal> {
        value.text().ok_or_else(|| self.must_be("a string", value))
    }

    /// # Errors
    /// It is not `true` or `false`.
    pub fn boolean(&self, value: Raw<'_>) -> Result<bool, Refusal> {
        value.as_bool().ok_or_else(|| self.must_be("true or false", value))
    }

    /// # Errors
    /// It is no whole number of zero or more.
    pub fn whole(&self, value: Raw<'_>) -> Result<u64, Refusal> {
        value.as_u64().ok_or_else(|| match value.kind() {
            Kind::Number => self.refuse("must be a whole number of zero or more."),
            _ => self.must_be("a whole number", value),
        })
    }

    /// # Errors
    /// It is no number.
    pub fn number<'a>(&self, value: Raw<'a>) -> Result<Raw<'a>, Refusal> {
        self.of_kind(Kind::Number, value)
    }

    /// # Errors
    /// It is no object.
    pub fn object<'a>(&self, value: Raw<'a>) -> Result<Raw<'a>, Refusal> {
        self.of_kind(Kind::Object, value)
    }

    /// # Errors
    /// It is no array.
    pub fn array<'a>(&self, value: Raw<'a>) -> Result<Raw<'a>, Refusal> {
        self.of_kind(Kind::Array, value)
    }

    /// A string member of the object here.
    ///
    /// # Errors
    /// It is missing or no string.
    pub fn required_text<'a>(&self, object: Raw<'a>, name: &str, what: &str) -> Result<Text<'a>, Refusal> {
        let at = self.name(name);
        match object.present(name) {
            Some(value) => at.text(value),
            None => Err(at.missing(what)),
        }
    }

    fn of_kind<'a>(&self, kind: Kind, value: Raw<'a>) -> Result<Raw<'a>, Refusal> {
        if value.kind() == kind { Ok(value) } else { Err(self.must_be(kind_name(kind), value)) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            PathStep::Name(name) if self.parent.is_none() => f.write_str(name),
            PathStep::Name(name) => write!(f, ".{name}"),
            PathStep::Index(index) => write!(f, "[{index}]"),
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::String => "a string",
        Kind::Number => "a number",
        Kind::Bool => "a boolean",
        Kind::Null => "null",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_place() {
        let messages = At::member("messages");
        let message = messages.index(2);
        let at = message.name("content");
        assert_eq!(at.to_string(), "messages[2].content");
        let refusal = at.text(Raw::trusted("[]")).unwrap_err();
        assert_eq!(refusal.message, "messages[2].content must be a string, not an array.");
        assert_eq!(refusal.param.as_deref(), Some("messages[2].content"));
        let refusal = at.whole(Raw::trusted("-1")).unwrap_err();
        assert_eq!(refusal.message, "messages[2].content must be a whole number of zero or more.");
        let refusal = message.required_text(Raw::trusted("{}"), "role", "say who speaks.").unwrap_err();
        assert_eq!(refusal.message, "messages[2].role is missing: say who speaks.");
    }
}
