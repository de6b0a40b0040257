//! Tools, which of them may be called, and the form of an answer that Converse can't hold to a schema.
//!
//! Converse has no choice `none`: then nothing is offered, and what was called before is told in words
//! ([`super::told`]), as it is where the conversation used tools that the request doesn't offer any more.

use super::blocks::write_cache_point;
use super::family::Family;
use crate::chat::{Features, PartKind, Request, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::piece::names::{MAX_NAME_BEDROCK, Renames};
use crate::dialect::piece::structured::with_object_type;
use crate::dialect::talk::{AnswerForm, Chosen, Offered, ToolHabits};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What goes out about tools and the form of the answer.
#[derive(Debug)]
pub(super) struct ConverseTools<'r> {
    offered: Vec<Offered<'r>>,
    choice: Option<Chosen<'r>>,
    form: AnswerForm<'r>,
    caches: bool,
}

impl<'r> ConverseTools<'r> {
    /// # Errors
    /// Tools that only another dialect has, unless dropping them is allowed; a choice of a tool that isn't there.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        names: &Renames,
        losses: &mut Losses,
    ) -> Result<ConverseTools<'r>, Refusal> {
        let caches = Family::of(target.model(&request.model.decode())).caches_tools();
        let holds = target.has(Features::JSON_SCHEMA);
        let habits = ToolHabits {
            own: None,
            strict: Some(holds),
            caches,
            searches: None,
            runs_code: false,
            is_alone_if_named: false,
        };
        let mut offered = Offered::all(request, habits, losses)?;
        let mut choice = Chosen::of(request, offered.iter().map(|offered| offered.tool), target, losses)?;
        if request.parallel_tool_calls == Some(false) && !offered.is_empty() {
            losses.advisory(Member::Parallel);
        }
        if choice == Some(Chosen::None) {
            offered.clear();
        }
        let must_call = choice.as_ref().is_some_and(Chosen::forces_tool);
        let form = AnswerForm::of(&request.format, holds, must_call, MAX_NAME_BEDROCK, || {
            offered.iter().map(|offered| names.sent(&offered.tool.name).into_string()).collect()
        });
        if let Some(tool) = form.tool() {
            choice = Some(tool.chosen(!offered.is_empty(), target));
        }
        Ok(ConverseTools { offered, choice, form, caches })
    }

    /// Whether the answer must begin with a tool call.
    pub(super) fn forces_tool(&self) -> bool {
        self.choice.as_ref().is_some_and(Chosen::forces_tool)
    }

    pub(super) fn form(&self) -> &AnswerForm<'r> {
        &self.form
    }

    /// Each call's name by its id, if what was called before must be told in words.
    pub(super) fn told(&self, request: &'r Request<'r>) -> Option<BTreeMap<Cow<'r, str>, &'r Text<'r>>> {
        if !self.offered.is_empty() || self.form.tool().is_some() {
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

    /// Writes the member `toolConfig`, if there is something to call.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if self.offered.is_empty() && self.form.tool().is_none() {
            return;
        }
        w.key("toolConfig").object(|w| {
            w.key("tools").array(|w| {
                for offered in &self.offered {
                    write_tool(offered, names, w);
                    if self.caches
                        && let Some(cache) = offered.tool.cache
                    {
                        let is_long = cache.get("ttl").and_then(Raw::text).is_some_and(|ttl| ttl == "1h");
                        write_cache_point(is_long, w);
                    }
                }
                if let Some(tool) = self.form.tool() {
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
                None | Some(Chosen::None) => {}
                Some(Chosen::Auto) => w.key("toolChoice").object(|w| w.key("auto").object(|_| {})),
                Some(Chosen::Any) => w.key("toolChoice").object(|w| w.key("any").object(|_| {})),
                Some(Chosen::Tool(name)) => w
                    .key("toolChoice")
                    .object(|w| w.key("tool").object(|w| w.key("name").text(&names.sent(name)))),
            }
        });
    }

    /// Writes `textFormat` into `outputConfig`. The schema is a string there.
    pub(super) fn write_text_format(&self, w: &mut Writer<'_>) {
        let AnswerForm::Held(format, schema) = &self.form else { return };
        w.key("textFormat").object(|w| {
            w.key("type").string("json_schema");
            w.key("structure").object(|w| {
                w.key("jsonSchema").object(|w| {
                    w.key("schema").string(schema);
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

fn write_tool(offered: &Offered<'_>, names: &Renames, w: &mut Writer<'_>) {
    let tool = offered.tool;
    let ToolKind::Function { schema, .. } = &tool.kind else { return };
    w.object(|w| {
        w.key("toolSpec").object(|w| {
            w.key("name").text(&names.sent(&tool.name));
            if let Some(description) = tool.description.as_ref().filter(|description| !description.is_blank())
            {
                w.key("description").text(description);
            }
            let schema = offered.strict.clone().unwrap_or_else(|| with_object_type(*schema));
            w.key("inputSchema").object(|w| w.key("json").raw(Raw::trusted(&schema)));
            if offered.strict.is_some() {
                w.key("strict").bool(true);
            }
        });
    });
}
