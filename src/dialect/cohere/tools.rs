//! Tools, which of them may be called, and the form of the answer.
//!
//! `tool_choice` knows no name: a named tool is the only one offered, and one must be called. A form of the answer can't
//! be asked for together with tools (<https://docs.cohere.com/docs/structured-outputs>): then it is a tool more, whose
//! arguments are the answer.

use crate::chat::{Features, Format, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME, Renames, among, free_name, is_fine};
use crate::dialect::piece::structured::{ANY_OBJECT, narrowed, with_object_type};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};
use std::collections::BTreeSet;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    None,
    Required,
}

/// What goes out about tools and the form of the answer.
#[derive(Debug, Default)]
pub(super) struct Plan<'r> {
    offered: Vec<&'r Tool<'r>>,
    strict: bool,
    choice: Option<Choice>,
    /// The tool whose arguments are the answer: name, description, schema.
    format_tool: Option<(String, String, String)>,
    response_format: Option<ResponseFormat>,
}

#[derive(Debug)]
enum ResponseFormat {
    AnyObject,
    Schema(String),
}

impl<'r> Plan<'r> {
    /// # Errors
    /// Tools that only another dialect has, unless dropping them is allowed; a choice of a tool that isn't there.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        names: &Renames,
        losses: &mut Losses,
    ) -> Result<Plan<'r>, Refusal> {
        let mut plan = Plan::default();
        plan.offer(request, losses)?;
        plan.choose(request)?;
        plan.hold_strictly(target, losses);
        if request.parallel_tool_calls == Some(false) && !plan.offered.is_empty() {
            losses.advisory(Member::Parallel);
        }
        plan.form(request, target, names);
        Ok(plan)
    }

    fn offer(&mut self, request: &'r Request<'r>, losses: &mut Losses) -> Result<(), Refusal> {
        let among = among(request.tool_choice.as_ref());
        for (index, tool) in request.tools.iter().enumerate() {
            let is_chosen = match &request.tool_choice {
                Some(ToolChoice::Among { .. }) => {
                    among.as_ref().is_some_and(|names| names.contains(&tool.name.decode()))
                }
                Some(ToolChoice::Named(name)) => tool.name == *name,
                _ => true,
            };
            if !is_chosen {
                continue;
            }
            if let ToolKind::Foreign { dialect, .. } = &tool.kind {
                let why = format!("is a tool that only the dialect \"{dialect}\" has");
                losses.meaning(format!("tools[{index}]"), &why)?;
                continue;
            }
            if tool.cache.is_some() {
                losses.advisory("cache_control");
            }
            self.offered.push(tool);
        }
        Ok(())
    }

    fn choose(&mut self, request: &Request<'_>) -> Result<(), Refusal> {
        self.choice = match &request.tool_choice {
            None | Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => None,
            Some(ToolChoice::None) => Some(Choice::None),
            Some(ToolChoice::Required | ToolChoice::Among { required: true, .. }) => Some(Choice::Required),
            Some(ToolChoice::Named(name)) => {
                if self.offered.is_empty() {
                    let message =
                        format!("tool_choice names the tool \"{}\", which is not in tools.", name.decode());
                    return Err(Refusal::invalid("tool_choice", message));
                }
                Some(Choice::Required)
            }
        };
        if self.choice == Some(Choice::Required) && self.offered.is_empty() {
            return Err(Refusal::invalid(
                "tool_choice",
                "tool_choice wants a tool to be called, but the request has no such tool. Add it to tools.",
            ));
        }
        Ok(())
    }

    /// Strictness holds for all tools or for none, and each must have a required argument then.
    fn hold_strictly(&mut self, target: &Target, losses: &mut Losses) {
        let is_strict = |tool: &&Tool<'_>| matches!(tool.kind, ToolKind::Function { strict: Some(true), .. });
        if !self.offered.iter().any(is_strict) {
            return;
        }
        self.strict = target.has(Features::JSON_SCHEMA)
            && self.offered.iter().all(|tool| is_strict(tool) && has_required(tool));
        if !self.strict {
            losses.advisory(Member::Strict);
        }
    }

    fn form(&mut self, request: &Request<'_>, target: &Target, names: &Renames) {
        let (name, description, schema) = match &request.format {
            Format::Text => return,
            Format::Json => (None, None, None),
            Format::Schema { name, description, schema, .. } => {
                (name.as_ref(), description.as_ref(), Some(*schema))
            }
        };
        if self.choice == Some(Choice::None) {
            // Nothing may be called, so nothing need be offered.
            self.offered.clear();
        }
        if self.offered.is_empty() {
            self.response_format = match schema {
                None if target.has(Features::JSON_MODE) => Some(ResponseFormat::AnyObject),
                Some(schema) if target.has(Features::JSON_SCHEMA) => {
                    narrowed(schema).and_then(|json| String::from_utf8(json).ok()).map(ResponseFormat::Schema)
                }
                _ => None,
            };
            if self.response_format.is_some() {
                return;
            }
        }
        if self.choice == Some(Choice::Required) {
            // Where a tool must be called anyway there is no answer to give a form to.
            return;
        }
        let taken: BTreeSet<String> =
            self.offered.iter().map(|tool| names.sent(&tool.name).into_string()).collect();
        let wanted = name.map(|name| name.decode().into_owned()).filter(|name| is_fine(name, MAX_NAME));
        let name = free_name(wanted.as_deref().unwrap_or("json_answer"), MAX_NAME, taken);
        let mut told =
            "Gives the answer. Its input is the JSON object that the conversation asks for, itself: \
                        the members asked for are the members of the input."
                .to_owned();
        if let Some(description) = description {
            told = format!("{told} {}", description.decode());
        }
        let schema = schema.map_or(ANY_OBJECT.to_owned(), |schema| with_object_type(Some(schema)));
        self.choice = Some(Choice::Required);
        self.strict = false;
        self.format_tool = Some((name, told, schema));
    }

    /// For [`crate::dialect::Memo::format_tool`].
    pub(super) fn format_tool_name(&self) -> Option<String> {
        self.format_tool.as_ref().map(|(name, ..)| name.clone())
    }

    /// Writes `tools`, `strict_tools`, `tool_choice` and `response_format`, as far as there is something to say.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if !self.offered.is_empty() || self.format_tool.is_some() {
            w.key("tools").array(|w| {
                for tool in &self.offered {
                    let ToolKind::Function { schema, .. } = &tool.kind else { continue };
                    let schema = with_object_type(*schema);
                    write_tool(&names.sent(&tool.name), tool.description.as_ref(), &schema, w);
                }
                if let Some((name, description, schema)) = &self.format_tool {
                    let description = Text::from(description.as_str());
                    write_tool(&Text::from(name.as_str()), Some(&description), schema, w);
                }
            });
            if self.strict {
                w.key("strict_tools").bool(true);
            }
            match self.choice {
                None => {}
                Some(Choice::None) => w.key("tool_choice").string("NONE"),
                Some(Choice::Required) => w.key("tool_choice").string("REQUIRED"),
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
