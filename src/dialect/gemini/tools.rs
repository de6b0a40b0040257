//! Tools, and which of them may be called.

use super::code;
use super::generation::GeminiModel;
use super::names::Names;
use super::schema::{self, Use};
use super::search;
use crate::chat::{Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::{Loss, Member};
use crate::dialect::piece::names::set;
use crate::dialect::talk::{Chosen, is_strict, lose_foreign, not_in_tools};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// What a tool's schema becomes if it can't be said in Gemini's keywords and may be dropped.
const ANY_ARGUMENTS: &[u8] = br#"{"type":"object"}"#;

/// What goes out about tools.
#[derive(Debug, Default)]
pub(super) struct GeminiTools<'r> {
    offered: Vec<Declaration<'r>>,
    /// Google searches, as JSON.
    search: Option<String>,
    /// Google runs code.
    runs_code: bool,
    choice: Option<Chosen<'r>>,
    /// Only these may be called, by the caller's names.
    allowed: Vec<&'r Text<'r>>,
}

#[derive(Debug)]
struct Declaration<'r> {
    tool: &'r Tool<'r>,
    /// Of the arguments, in Gemini's keywords; none for a tool that takes none.
    schema: Option<Vec<u8>>,
}

impl<'r> GeminiTools<'r> {
    /// # Errors
    /// Tools that only another dialect has and schemas that can't be said, unless dropping them is allowed; a choice of
    /// a tool that isn't there.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<GeminiTools<'r>, Refusal> {
        let mut plan = GeminiTools::default();
        let among = match &request.tool_choice {
            Some(ToolChoice::Among { names, required: false }) => Some(set(names)),
            _ => None,
        };
        let has_functions = request.tools.iter().any(|tool| matches!(tool.kind, ToolKind::Function { .. }));
        for (index, tool) in request.tools.iter().enumerate() {
            if tool.cache.is_some() {
                losses.advisory("cache_control");
            }
            if among.as_ref().is_none_or(|names| names.contains(&tool.name.decode())) {
                match &tool.kind {
                    ToolKind::WebSearch(search) => {
                        plan.search =
                            search::json(search, index, (request, has_functions), target.row.host, losses)?;
                        continue;
                    }
                    ToolKind::CodeExecution(run) => {
                        plan.runs_code |= code::goes_out(run, index, (request, has_functions), losses)?;
                        continue;
                    }
                    _ => {}
                }
                plan.offered.extend(declared(tool, index, losses)?);
            }
        }
        let choice = request.tool_choice.as_ref();
        if plan.search.is_some() && choice.is_some_and(search::is_forced) {
            let why = "asks that a search be made, and Gemini decides by itself whether it makes one";
            losses.meaning("tool_choice", why)?;
        } else if plan.runs_code && choice.is_some_and(search::is_forced) {
            let why = "asks that code be run, and Gemini decides by itself whether it runs some";
            losses.meaning("tool_choice", why)?;
        } else {
            plan.choose(request, target, losses)?;
        }
        if request.parallel_tool_calls == Some(false) && plan.may_call() {
            losses.advisory(Member::Parallel);
        }
        Ok(plan)
    }

    fn choose(
        &mut self,
        request: &'r Request<'r>,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<(), Refusal> {
        let tools: Vec<_> = self.offered.iter().map(|declared| declared.tool).collect();
        let chosen = Chosen::of(request, tools.iter().copied(), target, losses)?;
        match request.tool_choice.as_ref().filter(|_| chosen.is_some()) {
            Some(ToolChoice::Named(name)) => self.allowed.push(name),
            Some(ToolChoice::Among { names, required: true }) => self.allowed.extend(names),
            _ => {}
        }
        let offered = set(self.offered.iter().map(|declared| &declared.tool.name));
        let all = set(request.tools.iter().map(|tool| &tool.name));
        for name in &self.allowed {
            if !all.contains(&name.decode()) {
                return Err(not_in_tools(name, " Add it there."));
            }
        }
        self.allowed.retain(|name| offered.contains(&name.decode()));
        self.choice = chosen.filter(|_| !self.offered.is_empty());
        Ok(())
    }

    /// The model may answer with a tool call.
    pub(super) fn may_call(&self) -> bool {
        self.search.is_some()
            || self.runs_code
            || !self.offered.is_empty() && self.choice != Some(Chosen::None)
    }

    /// The model can't answer with anything else.
    pub(super) fn must_call(&self) -> bool {
        self.choice.as_ref().is_some_and(Chosen::forces_tool)
    }

    /// A model that takes no schema of the answer beside tools does without tools that may not be called.
    pub(super) fn leave_uncallable(&mut self, model: GeminiModel<'_>) {
        if !model.is_levelled() && !self.may_call() {
            *self = GeminiTools::default();
        }
    }

    /// Writes the members `tools` and `toolConfig`.
    pub(super) fn write(&self, names: &Names, w: &mut Writer<'_>) {
        if self.search.is_some() || self.runs_code {
            return w.key("tools").array(|w| {
                if let Some(search) = &self.search {
                    w.object(|w| w.key("googleSearch").raw(Raw::trusted(search)));
                }
                if self.runs_code {
                    w.object(|w| w.key("codeExecution").object(|_| {}));
                }
            });
        }
        if self.offered.is_empty() {
            return;
        }
        w.key("tools").array(|w| {
            w.object(|w| {
                w.key("functionDeclarations")
                    .array(|w| self.offered.iter().for_each(|declared| declared.write(names, w)));
            });
        });
        let Some(choice) = &self.choice else { return };
        w.key("toolConfig").object(|w| {
            w.key("functionCallingConfig").object(|w| {
                w.key("mode").string(match choice {
                    Chosen::Auto => "AUTO",
                    Chosen::None => "NONE",
                    Chosen::Any | Chosen::Tool(_) => "ANY",
                });
                if !self.allowed.is_empty() {
                    w.key("allowedFunctionNames")
                        .array(|w| self.allowed.iter().for_each(|name| w.text(&names.sent(name))));
                }
            });
        });
    }
}

fn declared<'r>(
    tool: &'r Tool<'r>,
    index: usize,
    losses: &mut Losses,
) -> Result<Option<Declaration<'r>>, Refusal> {
    let schema = match &tool.kind {
        ToolKind::Function { schema, .. } => *schema,
        // Made a function before.
        ToolKind::FreeForm { .. } | ToolKind::WebSearch(_) | ToolKind::CodeExecution(_) => None,
        ToolKind::Foreign { dialect, .. } => {
            lose_foreign(index, tool, dialect, losses)?;
            return Ok(None);
        }
    };
    if is_strict(tool) {
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
    Ok(Some(Declaration { tool, schema }))
}

impl Declaration<'_> {
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
