//! Tools, which of them may be called, and the form of the answer.
//!
//! `tool_choice` knows no name: a named tool is the only one offered, and one must be called. A form of the answer can't
//! be asked for together with tools (<https://docs.cohere.com/docs/structured-outputs>): then it is a tool more, whose
//! arguments are the answer.

use crate::chat::{Features, Request, Tool, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME, Renames};
use crate::dialect::piece::structured::with_object_type;
use crate::dialect::talk::{AnswerTool, Chosen, Offered, ToolHabits, WantedForm, is_strict};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// A named tool is the only one, so a choice of it is one of any.
const HABITS: ToolHabits = ToolHabits {
    own: None,
    strict: None,
    caches: false,
    searches: None,
    runs_code: false,
    is_alone_if_named: true,
};

/// What goes out about tools and the form of the answer.
#[derive(Debug)]
pub(super) struct CohereTools<'r> {
    offered: Vec<Offered<'r>>,
    strict: bool,
    choice: Option<Chosen<'r>>,
    answer_tool: Option<AnswerTool>,
    response_format: Option<ResponseFormat>,
}

#[derive(Debug)]
enum ResponseFormat {
    AnyObject,
    Schema(String),
}

impl<'r> CohereTools<'r> {
    /// # Errors
    /// Tools that only another dialect has, unless dropping them is allowed; a choice of a tool that isn't there.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        names: &Renames,
        losses: &mut Losses,
    ) -> Result<CohereTools<'r>, Refusal> {
        let offered = Offered::all(request, HABITS, losses)?;
        let choice = Chosen::of(request, offered.iter().map(|offered| offered.tool), target, losses)?;
        let mut tools =
            CohereTools { offered, choice, strict: false, answer_tool: None, response_format: None };
        tools.hold_strictly(target, losses);
        if request.parallel_tool_calls == Some(false) && !tools.offered.is_empty() {
            losses.advisory(Member::Parallel);
        }
        if let Some(wanted) = WantedForm::of(&request.format) {
            tools.form(&wanted, target, names);
        }
        Ok(tools)
    }

    /// Strictness holds for all tools or for none, and each must have a required argument then.
    fn hold_strictly(&mut self, target: &Target, losses: &mut Losses) {
        if !self.offered.iter().any(|offered| is_strict(offered.tool)) {
            return;
        }
        self.strict = target.has(Features::JSON_SCHEMA)
            && self.offered.iter().all(|offered| is_strict(offered.tool) && has_required(offered.tool));
        if !self.strict {
            losses.advisory(Member::Strict);
        }
    }

    fn form(&mut self, wanted: &WantedForm<'_>, target: &Target, names: &Renames) {
        if self.choice == Some(Chosen::None) {
            // Nothing may be called, so nothing need be offered.
            self.offered.clear();
        }
        if self.offered.is_empty() {
            self.response_format = match wanted.schema {
                None if target.has(Features::JSON_MODE) => Some(ResponseFormat::AnyObject),
                Some(_) if target.has(Features::JSON_SCHEMA) => {
                    wanted.held_with_words().map(ResponseFormat::Schema)
                }
                _ => None,
            };
            if self.response_format.is_some() {
                return;
            }
        }
        if self.choice.as_ref().is_some_and(Chosen::forces_tool) {
            // Where a tool must be called anyway there is no answer to give a form to.
            return;
        }
        let taken = self.offered.iter().map(|offered| names.sent(&offered.tool.name).into_string());
        self.answer_tool = Some(wanted.as_tool(MAX_NAME, taken.collect()));
        self.choice = Some(Chosen::Any);
        self.strict = false;
    }

    /// For [`crate::dialect::Memo::format_tool`].
    pub(super) fn format_tool_name(&self) -> Option<String> {
        self.answer_tool.as_ref().map(|tool| tool.name.clone())
    }

    /// Writes `tools`, `strict_tools`, `tool_choice` and `response_format`, as far as there is something to say.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if !self.offered.is_empty() || self.answer_tool.is_some() {
            w.key("tools").array(|w| {
                for Offered { tool, .. } in &self.offered {
                    let ToolKind::Function { schema, .. } = &tool.kind else { continue };
                    let schema = with_object_type(*schema);
                    write_tool(&names.sent(&tool.name), tool.description.as_ref(), &schema, w);
                }
                if let Some(tool) = &self.answer_tool {
                    let description = Text::from(tool.description.as_str());
                    write_tool(&Text::from(tool.name.as_str()), Some(&description), &tool.schema, w);
                }
            });
            if self.strict {
                w.key("strict_tools").bool(true);
            }
            match &self.choice {
                None | Some(Chosen::Auto) => {}
                Some(Chosen::None) => w.key("tool_choice").string("NONE"),
                Some(Chosen::Any | Chosen::Tool(_)) => w.key("tool_choice").string("REQUIRED"),
            }
        }
        if let Some(format) = &self.response_format {
            w.key("response_format").object(|w| {
                w.key("type").string("json_object");
                if let ResponseFormat::Schema(schema) = format {
                    w.key("json_schema").raw(Raw::trusted(schema));
                }
            });
        }
    }
}

fn has_required(tool: &Tool<'_>) -> bool {
    let ToolKind::Function { schema: Some(schema), .. } = &tool.kind else { return false };
    schema.get("required").is_some_and(|required| required.items().next().is_some())
}

fn write_tool(name: &Text<'_>, description: Option<&Text<'_>>, schema: &str, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("function");
        w.key("function").object(|w| {
            w.key("name").text(name);
            if let Some(description) = description {
                w.key("description").text(description);
            }
            w.key("parameters").raw(Raw::trusted(schema));
        });
    });
}
