//! The form of an answer: a schema that the API holds it to, or a tool whose arguments are the answer.

use super::Chosen;
use crate::chat::{Features, Format};
use crate::dialect::Target;
use crate::dialect::piece::names::{free_name, is_fine};
use crate::dialect::piece::structured::{ANY_OBJECT, described, narrowed, with_object_type};
use crate::json::{Raw, Text};
use std::collections::BTreeSet;

/// The form that the caller wants.
#[derive(Clone, Debug)]
pub struct WantedForm<'r> {
    pub name: Option<&'r Text<'r>>,
    pub description: Option<&'r Text<'r>>,
    /// Of the answer; nothing for any JSON object.
    pub schema: Option<Raw<'r>>,
}

impl<'r> WantedForm<'r> {
    /// Nothing for words.
    pub fn of(format: &'r Format<'r>) -> Option<WantedForm<'r>> {
        match format {
            Format::Text => None,
            Format::Json => Some(WantedForm { name: None, description: None, schema: None }),
            Format::Schema { name, description, schema, .. } => Some(WantedForm {
                name: name.as_ref(),
                description: description.as_ref(),
                schema: Some(*schema),
            }),
        }
    }

    /// The schema in the words of structured outputs, if it can be said so.
    pub fn held(&self) -> Option<String> {
        narrowed(self.schema?).and_then(|json| String::from_utf8(json).ok())
    }

    /// The same for an API that has no place for words about the answer but the schema itself.
    pub fn held_with_words(&self) -> Option<String> {
        self.held().map(|schema| described(schema, self.description))
    }

    /// A tool that gives the answer; its name is none of `taken` and within `limit`, in bytes.
    pub fn as_tool(&self, limit: usize, taken: BTreeSet<String>) -> AnswerTool {
        let wanted = self.name.map(Text::decode).filter(|name| is_fine(name, limit));
        let mut description = ABOUT.to_owned();
        if let Some(said) = self.description {
            description = format!("{description} {}", said.decode());
        }
        AnswerTool {
            name: free_name(wanted.as_deref().unwrap_or("json_answer"), limit, taken),
            description,
            schema: self.schema.map_or(ANY_OBJECT.to_owned(), |schema| with_object_type(Some(schema))),
        }
    }
}

const ABOUT: &str = "Gives the answer. Its input is the JSON object that the conversation asks for, itself: the members \
                     asked for are the members of the input.";

/// The tool whose arguments are the answer: [`crate::dialect::Memo::format_tool`] turns its call back into text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerTool {
    pub name: String,
    pub description: String,
    pub schema: String,
}

impl AnswerTool {
    /// Has it called, or another tool where others may be called; where the model can't be made to, its words ask for it.
    pub fn chosen(&self, beside_others: bool, target: &Target) -> Chosen<'static> {
        if !target.has(Features::FORCED_TOOLS) {
            return Chosen::Auto;
        }
        if beside_others { Chosen::Any } else { Chosen::Tool(Text::from(self.name.clone())) }
    }
}

/// What becomes of the form, where structured outputs can go together with tools.
#[derive(Clone, Debug, Default)]
pub enum AnswerForm<'r> {
    /// None is asked for, or a tool must be called anyway: then there is no answer to give a form to.
    #[default]
    Free,
    /// With the schema in the words of structured outputs.
    Held(WantedForm<'r>, String),
    Tool(AnswerTool),
}

impl<'r> AnswerForm<'r> {
    /// `holds`: the target has structured outputs; `must_call`: a tool must be called. For the rest see
    /// [`WantedForm::as_tool`].
    pub fn of(
        format: &'r Format<'r>,
        holds: bool,
        must_call: bool,
        limit: usize,
        taken: impl FnOnce() -> BTreeSet<String>,
    ) -> AnswerForm<'r> {
        let Some(wanted) = WantedForm::of(format) else { return AnswerForm::Free };
        match holds.then(|| wanted.held()).flatten() {
            Some(schema) => AnswerForm::Held(wanted, schema),
            None if must_call => AnswerForm::Free,
            None => AnswerForm::Tool(wanted.as_tool(limit, taken())),
        }
    }

    pub fn tool(&self) -> Option<&AnswerTool> {
        match self {
            AnswerForm::Tool(tool) => Some(tool),
            _ => None,
        }
    }

    /// For [`crate::dialect::Memo::format_tool`].
    pub fn tool_name(&self) -> Option<String> {
        self.tool().map(|tool| tool.name.clone())
    }

    pub fn is_held(&self) -> bool {
        matches!(self, AnswerForm::Held(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'r>(format: &'r Format<'r>, holds: bool, must_call: bool) -> AnswerForm<'r> {
        AnswerForm::of(format, holds, must_call, 64, || ["shape".to_owned()].into())
    }

    fn schema(schema: &str) -> Format<'_> {
        let (name, schema) = (Some(Text::from("shape")), Raw::trusted(schema));
        Format::Schema { name, description: Some(Text::from("A shape.")), schema, strict: None }
    }

    #[test]
    fn a_schema_that_can_be_held_is() {
        let closed = schema(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#);
        assert!(of(&closed, true, true).is_held());
        assert!(matches!(of(&closed, false, true), AnswerForm::Free));
        assert!(matches!(of(&Format::Text, true, false), AnswerForm::Free));
    }

    #[test]
    fn else_a_tool_gives_the_answer() {
        let open = schema(r#"{"properties":{},"additionalProperties":{}}"#);
        let form = of(&open, true, false);
        let tool = form.tool().unwrap();
        assert_eq!(tool.name, "shape_2");
        assert!(tool.description.ends_with("of the input. A shape."), "{}", tool.description);
        assert_eq!(tool.schema, r#"{"properties":{},"additionalProperties":{},"type":"object"}"#);
        let target = Target::example("cohere");
        assert_eq!(tool.chosen(true, &target), Chosen::Any);
        assert_eq!(tool.chosen(false, &target), Chosen::Tool(Text::from("shape_2")));
        let free = Target { capabilities: Features::TOOLS, ..target };
        assert_eq!(tool.chosen(false, &free), Chosen::Auto);
        assert_eq!(of(&Format::Json, true, false).tool_name().as_deref(), Some("json_answer"));
    }
}
