//! Tools, which of them may be called, and the form of an answer without one.

use crate::chat::{Features, Format, PartKind, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME_BEDROCK, Renames, among, free_name, is_fine};
use crate::dialect::piece::structured::{ANY_OBJECT, NO_ARGUMENTS, narrowed, with_object_type};
use crate::dialect::{Dialect, Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};
use std::collections::BTreeSet;

/// The API refuses more strict tools in one request.
const MAX_STRICT_TOOLS: usize = 20;

#[derive(Clone, Debug, PartialEq)]
enum Choice {
    Auto,
    None,
    Any,
    /// By the name that is sent.
    Tool(String),
}

/// What goes out about tools and the form of the answer.
#[derive(Debug, Default)]
pub(super) struct Plan<'r> {
    offered: Vec<Offer<'r>>,
    /// Names of tools that the conversation used and the request does not offer any more. The API wants each tool it
    /// reads about declared; they come with the choice `none`.
    recalled: Vec<Text<'r>>,
    choice: Option<Choice>,
    one_at_a_time: bool,
    /// The tool whose arguments are the answer: name, description, schema.
    format_tool: Option<(String, String, String)>,
    /// The schema of the answer, for `output_config.format`.
    schema: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Offer<'r> {
    tool: &'r Tool<'r>,
    /// The schema that a strict tool is held to.
    strict: Option<Vec<u8>>,
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
        let mut plan = Plan { one_at_a_time: request.parallel_tool_calls == Some(false), ..Plan::default() };
        plan.offer(request, target, losses)?;
        plan.choose(request, names)?;
        if plan.offered.is_empty() {
            plan.recall(request);
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
        let is_strict = |tool: &Tool<'_>| matches!(tool.kind, ToolKind::Function { strict: Some(true), .. });
        let few = request.tools.iter().filter(|tool| is_strict(tool)).count() <= MAX_STRICT_TOOLS;
        let can_be_strict = few && target.has(Features::JSON_SCHEMA);
        for (index, tool) in request.tools.iter().enumerate() {
            if among.as_ref().is_some_and(|names| !names.contains(&tool.name.decode())) {
                continue;
            }
            let mut offer = Offer { tool, strict: None };
            match &tool.kind {
                ToolKind::Function { schema, strict: Some(true) } => {
                    let schema = schema.unwrap_or(Raw::trusted(NO_ARGUMENTS));
                    offer.strict = can_be_strict.then(|| narrowed(schema)).flatten();
                    if offer.strict.is_none() {
                        losses.advisory(Member::Strict);
                    }
                }
                ToolKind::Foreign { dialect, .. } if *dialect != Dialect::Anthropic.name() => {
                    let why = format!("is a tool that only the dialect \"{dialect}\" has");
                    losses.meaning(format!("tools[{index}]"), &why)?;
                    continue;
                }
                _ => {}
            }
            self.offered.push(offer);
        }
        Ok(())
    }

    fn choose(&mut self, request: &Request<'_>, names: &Renames) -> Result<(), Refusal> {
        self.choice = match &request.tool_choice {
            None => None,
            Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => Some(Choice::Auto),
            Some(ToolChoice::None) => Some(Choice::None),
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

    fn recall(&mut self, request: &'r Request<'r>) {
        let mut known = BTreeSet::new();
        for part in request.messages.iter().flat_map(|message| &message.parts) {
            if let PartKind::ToolCall(call) = &part.kind
                && known.insert(call.name.decode())
            {
                self.recalled.push(call.name.clone());
            }
        }
        self.choice = (!self.recalled.is_empty()).then_some(Choice::None);
    }

    /// The form of the answer. Where a tool must be called anyway there is no answer to give a form to.
    fn form(&mut self, request: &Request<'_>, target: &Target, names: &Renames) {
        let must_call = matches!(self.choice, Some(Choice::Any | Choice::Tool(_)));
        let (name, description, schema) = match &request.format {
            Format::Text => return,
            Format::Json => (None, None, ANY_OBJECT.to_owned()),
            Format::Schema { name, description, schema, .. } => {
                if target.has(Features::JSON_SCHEMA)
                    && let Some(schema) = narrowed(*schema)
                {
                    self.schema = Some(schema);
                    return;
                }
                (name.as_ref(), description.as_ref(), with_object_type(Some(*schema)))
            }
        };
        if must_call {
            return;
        }
        let taken: BTreeSet<String> = self.sent_names(names).map(Text::into_string).collect();
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
        let may_call = !self.offered.is_empty() && self.choice != Some(Choice::None);
        self.choice = Some(if may_call { Choice::Any } else { Choice::Tool(name.clone()) });
        self.format_tool = Some((name, told, schema));
    }

    fn sent_names<'n>(&'n self, names: &'n Renames) -> impl Iterator<Item = Text<'n>> {
        let offered = self.offered.iter().map(|offer| &offer.tool.name);
        offered.chain(&self.recalled).map(|name| names.sent(name))
    }

    /// Whether the answer must begin with a tool call.
    pub(super) fn forces_tool(&self) -> bool {
        matches!(self.choice, Some(Choice::Any | Choice::Tool(_)))
    }

    /// For [`crate::dialect::Memo::format_tool`].
    pub(super) fn format_tool_name(&self) -> Option<String> {
        self.format_tool.as_ref().map(|(name, ..)| name.clone())
    }

    pub(super) fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// Writes the members `tools` and `tool_choice`, if there is something to say.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if self.offered.is_empty() && self.recalled.is_empty() && self.format_tool.is_none() {
            return;
        }
        w.key("tools").array(|w| {
            for offer in &self.offered {
                write_tool(offer, names, w);
            }
            for name in &self.recalled {
                w.object(|w| {
                    w.key("name").text(&names.sent(name));
                    w.key("input_schema").raw(Raw::trusted(r#"{"type":"object"}"#));
                });
            }
            if let Some((name, description, schema)) = &self.format_tool {
                w.object(|w| {
                    w.key("name").string(name);
                    w.key("description").string(description);
                    w.key("input_schema").raw(Raw::trusted(schema));
                });
            }
        });
        let choice = match &self.choice {
            None if self.one_at_a_time => &Choice::Auto,
            None => return,
            Some(choice) => choice,
        };
        w.key("tool_choice").object(|w| {
            w.key("type").string(match choice {
                Choice::Auto => "auto",
                Choice::None => "none",
                Choice::Any => "any",
                Choice::Tool(_) => "tool",
            });
            if let Choice::Tool(name) = choice {
                w.key("name").string(name);
            }
            if self.one_at_a_time && *choice != Choice::None {
                w.key("disable_parallel_tool_use").bool(true);
            }
        });
    }

    /// Writes `format` into `output_config`.
    pub(super) fn write_format(&self, w: &mut Writer<'_>) {
        if let Some(schema) = self.schema.as_deref().and_then(|schema| std::str::from_utf8(schema).ok()) {
            w.key("format").object(|w| {
                w.key("type").string("json_schema");
                w.key("schema").raw(Raw::trusted(schema));
            });
        }
    }
}

fn write_tool(offer: &Offer<'_>, names: &Renames, w: &mut Writer<'_>) {
    let tool = offer.tool;
    let schema = match &tool.kind {
        ToolKind::Foreign { raw, .. } => return w.raw(*raw),
        ToolKind::Function { schema, .. } => *schema,
    };
    w.object(|w| {
        w.key("name").text(&names.sent(&tool.name));
        if let Some(description) = tool.description.as_ref().filter(|description| !description.is_empty()) {
            w.key("description").text(description);
        }
        w.key("input_schema");
        match offer.strict.as_deref().and_then(|schema| std::str::from_utf8(schema).ok()) {
            Some(schema) => {
                w.raw(Raw::trusted(schema));
                w.key("strict").bool(true);
            }
            None => w.raw(Raw::trusted(&with_object_type(schema))),
        }
        if let Some(cache) = tool.cache {
            w.key("cache_control").raw(cache);
        }
    });
}
