//! Tools, and which of them may be called.

use super::generation::Model;
use super::names::Names;
use super::schema::{self, Use};
use crate::chat::{Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::{Loss, Member};
use crate::dialect::piece::names::set;
use crate::dialect::{Losses, Refusal};
use crate::json::{Raw, Text, Writer};

/// What a tool's schema becomes if it can't be said in Gemini's keywords and may be dropped.
const ANY_ARGUMENTS: &[u8] = br#"{"type":"object"}"#;

/// `functionCallingConfig.mode`, <https://ai.google.dev/api/caching#FunctionCallingConfig>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Auto,
    Any,
    None,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Auto => "AUTO",
            Mode::Any => "ANY",
            Mode::None => "NONE",
        }
    }
}

/// What goes out about tools.
#[derive(Debug, Default)]
pub(super) struct Plan<'r> {
    offered: Vec<Offer<'r>>,
    mode: Option<Mode>,
    /// Only these may be called, by the caller's names.
    allowed: Vec<&'r Text<'r>>,
}

#[derive(Debug)]
struct Offer<'r> {
    tool: &'r Tool<'r>,
    /// Of the arguments, in Gemini's keywords; none for a tool that takes none.
    schema: Option<Vec<u8>>,
}

impl<'r> Plan<'r> {
    /// # Errors
    /// Tools that only another dialect has and schemas that can't be said, unless dropping them is allowed; a choice of
    /// a tool that isn't there.
    pub(super) fn of(request: &'r Request<'r>, losses: &mut Losses) -> Result<Plan<'r>, Refusal> {
        let mut plan = Plan::default();
        let among = match &request.tool_choice {
            Some(ToolChoice::Among { names, required: false }) => Some(set(names)),
            _ => None,
        };
        for (index, tool) in request.tools.iter().enumerate() {
            if tool.cache.is_some() {
                losses.advisory("cache_control");
            }
            if among.as_ref().is_none_or(|names| names.contains(&tool.name.decode())) {
                plan.offered.extend(offer(tool, index, losses)?);
            }
        }
        plan.choose(request.tool_choice.as_ref())?;
        if request.parallel_tool_calls == Some(false) && plan.may_call() {
            losses.advisory(Member::Parallel);
        }
        Ok(plan)
    }

    fn choose(&mut self, choice: Option<&'r ToolChoice<'r>>) -> Result<(), Refusal> {
        let mode = match choice {
            None => return Ok(()),
            Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => Mode::Auto,
            Some(ToolChoice::None) => Mode::None,
            Some(ToolChoice::Required) => Mode::Any,
            Some(ToolChoice::Named(name)) => {
                self.allowed.push(name);
                Mode::Any
            }
            Some(ToolChoice::Among { names, required: true }) => {
                self.allowed.extend(names);
                Mode::Any
            }
        };
        let offered = set(self.offered.iter().map(|offer| &offer.tool.name));
        for name in &self.allowed {
            let name = name.decode();
            if !offered.contains(&name) {
                let message =
                    format!("tool_choice names the tool \"{name}\", which is not in tools. Add it there.");
                return Err(Refusal::invalid("tool_choice", message));
            }
        }
        if mode == Mode::Any && self.offered.is_empty() {
            return Err(Refusal::invalid(
                "tool_choice",
                "tool_choice wants a tool to be called, but the request has no such tool. Add it to tools.",
            ));
        }
        self.mode = (!self.offered.is_empty()).then_some(mode);
        Ok(())
    }

    /// The model may answer with a tool call.
    pub(super) fn may_call(&self) -> bool {
        !self.offered.is_empty() && self.mode != Some(Mode::None)
    }

    /// The model can't answer with anything else.
    pub(super) fn must_call(&self) -> bool {
        self.mode == Some(Mode::Any)
    }

    /// A model that takes no schema of the answer beside tools does without tools that may not be called.
    pub(super) fn leave_uncallable(&mut self, model: Model<'_>) {
        if !model.is_levelled() && !self.may_call() {
            *self = Plan::default();
        }
    }

    /// Writes the members `tools` and `toolConfig`.
    pub(super) fn write(&self, names: &Names, w: &mut Writer<'_>) {
        if self.offered.is_empty() {
            return;
        }
        w.key("tools").array(|w| {
            w.object(|w| {
                w.key("functionDeclarations")
                    .array(|w| self.offered.iter().for_each(|offer| offer.write(names, w)));
            });
        });
        let Some(mode) = self.mode else { return };
        w.key("toolConfig").object(|w| {
            w.key("functionCallingConfig").object(|w| {
                w.key("mode").string(mode.name());
                if !self.allowed.is_empty() {
                    w.key("allowedFunctionNames")
                        .array(|w| self.allowed.iter().for_each(|name| w.text(&names.sent(name))));
                }
            });
        });
    }
}

fn offer<'r>(tool: &'r Tool<'r>, index: usize, losses: &mut Losses) -> Result<Option<Offer<'r>>, Refusal> {
    let (schema, strict) = match &tool.kind {
        ToolKind::Function { schema, strict } => (*schema, *strict),
        ToolKind::Foreign { dialect, .. } => {
            let why = format!("is a tool that only the dialect \"{dialect}\" has");
            losses.meaning(format!("tools[{index}]"), &why)?;
            return Ok(None);
        }
    };
    if strict == Some(true) {
        losses.advisory(Member::Strict);
    }
    let schema = schema.filter(|schema| !schema.is_null() && !schema::is_empty(*schema));
    let adapted = schema.map(|schema| schema::adapted(schema, Use::Arguments)).transpose();
    let schema = match adapted {
        Ok(adapted) => adapted,
        Err(flaw) => {
            losses.meaning(Loss::OfTool(index, Member::Arguments), &flaw.to_string())?;
            Some(ANY_ARGUMENTS.to_vec())
        }
    };
    Ok(Some(Offer { tool, schema }))
}

impl Offer<'_> {
    fn write(&self, names: &Names, w: &mut Writer<'_>) {
        w.object(|w| {
            w.key("name").text(&names.sent(&self.tool.name));
            if let Some(description) = self.tool.description.as_ref().filter(|said| !said.is_empty()) {
                w.key("description").text(description);
            }
            if let Some(schema) = self.schema.as_deref().and_then(|schema| std::str::from_utf8(schema).ok()) {
                w.key("parametersJsonSchema").raw(Raw::trusted(schema));
            }
        });
    }
}
