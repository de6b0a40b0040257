//! Tools, which of them may be called, and the form of an answer that Converse can't hold to a schema.
//!
//! Converse has no choice `none`: then nothing is offered, and what was called before is told in words
//! ([`super::told`]), as it is where the conversation used tools that the request doesn't offer any more.

use super::blocks::write_cache_point;
use super::family::Family;
use crate::chat::{Features, Format, PartKind, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME_BEDROCK, Renames, among, free_name, is_fine};
use crate::dialect::piece::structured::{ANY_OBJECT, NO_ARGUMENTS, narrowed, with_object_type};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq)]
enum Choice {
    Auto,
    Any,
    /// By the name that is sent.
    Tool(String),
}

/// What goes out about tools and the form of the answer.
#[derive(Debug, Default)]
pub(super) struct Plan<'r> {
    offered: Vec<Offer<'r>>,
    choice: Option<Choice>,
    /// The tool whose arguments are the answer.
    format_tool: Option<FormatTool>,
    /// The schema of the answer, for `outputConfig.textFormat`.
    text_format: Option<TextFormat<'r>>,
    caches: bool,
}

#[derive(Debug)]
struct Offer<'r> {
    tool: &'r Tool<'r>,
    /// The schema that a strict tool is held to.
    strict: Option<String>,
}

#[derive(Debug)]
struct FormatTool {
    name: String,
    description: String,
    schema: String,
}

#[derive(Debug)]
struct TextFormat<'r> {
    name: Option<&'r Text<'r>>,
    description: Option<&'r Text<'r>>,
    schema: String,
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
        let family = Family::of(target.model(&request.model.decode()));
        let mut plan = Plan { caches: family.caches_tools(), ..Plan::default() };
        plan.offer(request, target, losses)?;
        plan.choose(request, names)?;
        if request.parallel_tool_calls == Some(false) && !plan.offered.is_empty() {
            losses.advisory(Member::Parallel);
        }
        if request.tool_choice == Some(ToolChoice::None) {
            plan.offered.clear();
        }
        plan.form(request, target, names);
        Ok(plan)
    }

    fn offer(
        &mut self,
        request: &'r Request<'r>,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<(), Refusal> {
        let among = among(request.tool_choice.as_ref());
        for (index, tool) in request.tools.iter().enumerate() {
            if among.as_ref().is_some_and(|names| !names.contains(&tool.name.decode())) {
                continue;
            }
            let mut offer = Offer { tool, strict: None };
            match &tool.kind {
                ToolKind::Function { schema, strict: Some(true) } => {
                    let schema = schema.unwrap_or(Raw::trusted(NO_ARGUMENTS));
                    offer.strict =
                        target.has(Features::JSON_SCHEMA).then(|| narrowed(schema)).flatten().and_then(text);
                    if offer.strict.is_none() {
                        losses.advisory(Member::Strict);
                    }
                }
                ToolKind::Function { .. } => {}
                ToolKind::Foreign { dialect, .. } => {
                    let why = format!("is a tool that only the dialect \"{dialect}\" has");
                    losses.meaning(format!("tools[{index}]"), &why)?;
                    continue;
                }
            }
            if tool.cache.is_some() && !self.caches {
                losses.advisory("cache_control");
            }
            self.offered.push(offer);
        }
        Ok(())
    }

    fn choose(&mut self, request: &Request<'_>, names: &Renames) -> Result<(), Refusal> {
        self.choice = match &request.tool_choice {
            None | Some(ToolChoice::None) => None,
            Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => Some(Choice::Auto),
            Some(ToolChoice::Required | ToolChoice::Among { required: true, .. }) => Some(Choice::Any),
            Some(ToolChoice::Named(name)) => {
                if !self.offered.iter().any(|offer| offer.tool.name == *name) {
                    let message =
                        format!("tool_choice names the tool \"{}\", which is not in tools.", name.decode());
                    return Err(Refusal::invalid("tool_choice", message));
                }
                Some(Choice::Tool(names.sent(name).into_string()))
            }
        };
        if self.choice == Some(Choice::Any) && self.offered.is_empty() {
            return Err(Refusal::invalid(
                "tool_choice",
                "tool_choice wants a tool to be called, but the request has no such tool. Add it to tools.",
            ));
        }
        Ok(())
    }

    /// The form of the answer. Where a tool must be called anyway there is no answer to give a form to.
    fn form(&mut self, request: &'r Request<'r>, target: &Target, names: &Renames) {
        let (name, description, schema) = match &request.format {
            Format::Text => return,
            Format::Json => (None, None, ANY_OBJECT.to_owned()),
            Format::Schema { name, description, schema, .. } => {
                let (name, description) = (name.as_ref(), description.as_ref());
                if target.has(Features::JSON_SCHEMA)
                    && let Some(schema) = narrowed(*schema).and_then(text)
                {
                    self.text_format = Some(TextFormat { name, description, schema });
                    return;
                }
                (name, description, with_object_type(Some(*schema)))
            }
        };
        if self.forces_tool() {
            return;
        }
        let offered = self.offered.iter().map(|offer| names.sent(&offer.tool.name).into_string());
        let taken: BTreeSet<String> = offered.collect();
        let wanted = name.map(|name| name.decode().into_owned());
        let wanted = wanted.filter(|name| is_fine(name, MAX_NAME_BEDROCK));
        let name = free_name(wanted.as_deref().unwrap_or("json_answer"), MAX_NAME_BEDROCK, taken);
        let mut told =
            "Gives the answer. Its input is the JSON object that the conversation asks for, itself: \
                        the members asked for are the members of the input."
                .to_owned();
        if let Some(description) = description {
            told = format!("{told} {}", description.decode());
        }
        self.choice = Some(if self.offered.is_empty() { Choice::Tool(name.clone()) } else { Choice::Any });
        self.format_tool = Some(FormatTool { name, description: told, schema });
    }

    /// Whether the answer must begin with a tool call.
    pub(super) fn forces_tool(&self) -> bool {
        matches!(self.choice, Some(Choice::Any | Choice::Tool(_)))
    }

    /// Each call's name by its id, if what was called before must be told in words.
    pub(super) fn told(&self, request: &'r Request<'r>) -> Option<BTreeMap<Cow<'r, str>, &'r Text<'r>>> {
        if !self.offered.is_empty() || self.format_tool.is_some() {
            return None;
        }
        let mut calls = BTreeMap::new();
        for part in request.messages.iter().flat_map(|message| &message.parts) {
            if let PartKind::ToolCall(call) = &part.kind {
                calls.entry(call.id.decode()).or_insert(&call.name);
            }
        }
        Some(calls)
    }

    /// For [`crate::dialect::Memo::format_tool`].
    pub(super) fn format_tool_name(&self) -> Option<String> {
        self.format_tool.as_ref().map(|tool| tool.name.clone())
    }

    /// Writes the member `toolConfig`, if there is something to call.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if self.offered.is_empty() && self.format_tool.is_none() {
            return;
        }
        w.key("toolConfig").object(|w| {
            w.key("tools").array(|w| {
                for offer in &self.offered {
                    write_tool(offer, names, w);
                    if self.caches
                        && let Some(cache) = offer.tool.cache
                    {
                        let is_long = cache.get("ttl").and_then(Raw::text).is_some_and(|ttl| ttl == "1h");
                        write_cache_point(is_long, w);
                    }
                }
                if let Some(tool) = &self.format_tool {
                    w.object(|w| {
                        w.key("toolSpec").object(|w| {
                            w.key("name").string(&tool.name);
                            w.key("description").string(&tool.description);
                            w.key("inputSchema").object(|w| w.key("json").raw(Raw::trusted(&tool.schema)));
                        });
                    });
                }
            });
            match &self.choice {
                None => {}
                Some(Choice::Auto) => w.key("toolChoice").object(|w| w.key("auto").object(|_| {})),
                Some(Choice::Any) => w.key("toolChoice").object(|w| w.key("any").object(|_| {})),
                Some(Choice::Tool(name)) => {
                    w.key("toolChoice").object(|w| w.key("tool").object(|w| w.key("name").string(name)))
                }
            }
        });
    }

    pub(super) fn has_text_format(&self) -> bool {
        self.text_format.is_some()
    }

    /// Writes `textFormat` into `outputConfig`. The schema is a string there.
    pub(super) fn write_text_format(&self, w: &mut Writer<'_>) {
        let Some(format) = &self.text_format else { return };
        w.key("textFormat").object(|w| {
            w.key("type").string("json_schema");
            w.key("structure").object(|w| {
                w.key("jsonSchema").object(|w| {
                    w.key("schema").string(&format.schema);
                    if let Some(name) = format.name {
                        w.key("name").text(name);
                    }
                    if let Some(description) = format.description {
                        w.key("description").text(description);
                    }
                });
            });
        });
    }
}

fn text(json: Vec<u8>) -> Option<String> {
    String::from_utf8(json).ok()
}

fn write_tool(offer: &Offer<'_>, names: &Renames, w: &mut Writer<'_>) {
    let tool = offer.tool;
    let ToolKind::Function { schema, .. } = &tool.kind else { return };
    w.object(|w| {
        w.key("toolSpec").object(|w| {
            w.key("name").text(&names.sent(&tool.name));
            if let Some(description) = tool.description.as_ref().filter(|description| !description.is_blank())
            {
                w.key("description").text(description);
            }
            let schema = offer.strict.clone().unwrap_or_else(|| with_object_type(*schema));
            w.key("inputSchema").object(|w| w.key("json").raw(Raw::trusted(&schema)));
            if offer.strict.is_some() {
                w.key("strict").bool(true);
            }
        });
    });
}
