//! Tools, which of them may be called, and the form of an answer without one.

use super::code;
use crate::chat::{Features, PartKind, Request, ToolKind, WEB_SEARCH, WebSearch};
use crate::dialect::piece::names::{MAX_NAME_BEDROCK, Renames};
use crate::dialect::piece::structured::{described, with_object_type};
use crate::dialect::talk::{
    AnswerForm, Chosen, Offered, SearchHabits, ToolHabits, is_strict, write_location,
};
use crate::dialect::{Dialect, Host, Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};
use std::collections::BTreeSet;

/// The API refuses more strict tools in one request.
const MAX_STRICT_TOOLS: usize = 20;

/// <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool>: at Claude's own API and on Vertex, not on Bedrock.
const SEARCHES: SearchHabits =
    SearchHabits { allows: true, blocks: true, location: true, context_size: false, max_uses: true };

/// What goes out about tools and the form of the answer.
#[derive(Debug)]
pub(super) struct ClaudeTools<'r> {
    offered: Vec<Offered<'r>>,
    /// Names of tools that the conversation used and the request does not offer any more. The API wants each tool it
    /// reads about declared; they come with the choice `none`.
    recalled: Vec<&'r Text<'r>>,
    choice: Option<Chosen<'r>>,
    one_at_a_time: bool,
    form: AnswerForm<'r>,
}

impl<'r> ClaudeTools<'r> {
    /// # Errors
    /// Tools that only another dialect has, unless dropping them is allowed; a choice of a tool that isn't there.
    pub(super) fn of(
        request: &'r Request<'r>,
        target: &Target,
        names: &Renames,
        losses: &mut Losses,
    ) -> Result<ClaudeTools<'r>, Refusal> {
        let holds = target.has(Features::JSON_SCHEMA);
        let few = request.tools.iter().filter(|tool| is_strict(tool)).count() <= MAX_STRICT_TOOLS;
        let own = Some(Dialect::Anthropic.name());
        let searches = (target.row.host != Host::Bedrock).then_some(SEARCHES);
        let strict = Some(few && holds);
        let runs_code = code::is_at(target.row.host);
        let habits = ToolHabits { own, strict, caches: true, searches, runs_code, is_alone_if_named: false };
        let offered = Offered::all(request, habits, losses)?;
        let mut choice = Chosen::of(request, offered.iter().map(|offered| offered.tool), target, losses)?;
        let recalled = if offered.is_empty() { called(request) } else { Vec::new() };
        if offered.is_empty() {
            choice = (!recalled.is_empty()).then_some(Chosen::None);
        }
        let must_call = choice.as_ref().is_some_and(Chosen::forces_tool);
        let form = AnswerForm::of(&request.format, holds, must_call, MAX_NAME_BEDROCK, || {
            let all = offered.iter().map(|offered| &offered.tool.name).chain(recalled.iter().copied());
            all.map(|name| names.sent(name).into_string()).collect()
        });
        if let Some(tool) = form.tool() {
            choice = Some(tool.chosen(!offered.is_empty() && choice != Some(Chosen::None), target));
        }
        let one_at_a_time = request.parallel_tool_calls == Some(false);
        Ok(ClaudeTools { offered, recalled, choice, one_at_a_time, form })
    }

    /// Whether the answer must begin with a tool call.
    pub(super) fn forces_tool(&self) -> bool {
        self.choice.as_ref().is_some_and(Chosen::forces_tool)
    }

    pub(super) fn form(&self) -> &AnswerForm<'r> {
        &self.form
    }

    /// Writes the members `tools` and `tool_choice`, if there is something to say.
    pub(super) fn write(&self, names: &Renames, w: &mut Writer<'_>) {
        if self.offered.is_empty() && self.recalled.is_empty() && self.form.tool().is_none() {
            return;
        }
        w.key("tools").array(|w| {
            for offered in &self.offered {
                write_tool(offered, names, w);
            }
            for name in &self.recalled {
                w.object(|w| {
                    w.key("name").text(&names.sent(name));
                    w.key("input_schema").raw(Raw::trusted(r#"{"type":"object"}"#));
                });
            }
            if let Some(tool) = self.form.tool() {
                w.object(|w| {
                    w.key("name").string(&tool.name);
                    w.key("description").string(&tool.description);
                    w.key("input_schema").raw(Raw::trusted(&tool.schema));
                });
            }
        });
        let choice = match &self.choice {
            None if self.one_at_a_time => &Chosen::Auto,
            None => return,
            Some(choice) => choice,
        };
        w.key("tool_choice").object(|w| {
            w.key("type").string(match choice {
                Chosen::Auto => "auto",
                Chosen::None => "none",
                Chosen::Any => "any",
                Chosen::Tool(_) => "tool",
            });
            if let Chosen::Tool(name) = choice {
                w.key("name").text(&names.sent(name));
            }
            if self.one_at_a_time && *choice != Chosen::None {
                w.key("disable_parallel_tool_use").bool(true);
            }
        });
    }

    /// Writes `format` into `output_config`.
    pub(super) fn write_format(&self, w: &mut Writer<'_>) {
        if let AnswerForm::Held(wanted, schema) = &self.form {
            let schema = described(schema.clone(), wanted.description);
            w.key("format").object(|w| {
                w.key("type").string("json_schema");
                w.key("schema").raw(Raw::trusted(&schema));
            });
        }
    }
}

/// In the form that all of Claude's models with searches take.
fn write_search(search: &WebSearch<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("web_search_20250305");
        w.key("name").string(WEB_SEARCH);
        if let Some(most) = search.max_uses {
            w.key("max_uses").u64(most);
        }
        if let Some(domains) = search.allowed_domains {
            w.key("allowed_domains").raw(domains);
        }
        // It takes only one of the two lists: what is not allowed is blocked anyway.
        if let (Some(domains), None) = (search.blocked_domains, search.allowed_domains) {
            w.key("blocked_domains").raw(domains);
        }
        write_location(search, w);
    });
}

/// The names of the tools that were called, each once.
fn called<'r>(request: &'r Request<'r>) -> Vec<&'r Text<'r>> {
    let mut known = BTreeSet::new();
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let names = parts.filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some(&call.name),
        _ => None,
    });
    names.filter(|name| known.insert(name.decode())).collect()
}

fn write_tool(offered: &Offered<'_>, names: &Renames, w: &mut Writer<'_>) {
    let tool = offered.tool;
    let schema = match &tool.kind {
        ToolKind::Foreign { raw, .. } => return w.raw(*raw),
        ToolKind::WebSearch(search) if search.dialect == Dialect::Anthropic.name() => {
            return w.raw(search.raw);
        }
        ToolKind::WebSearch(search) => return write_search(search, w),
        ToolKind::CodeExecution(own) if own.dialect == Dialect::Anthropic.name() => return w.raw(own.raw),
        ToolKind::CodeExecution(_) => return code::write_tool(w),
        ToolKind::Function { schema, .. } => *schema,
        // Made a function before.
        ToolKind::FreeForm { .. } => None,
    };
    w.object(|w| {
        w.key("name").text(&names.sent(&tool.name));
        if let Some(description) = tool.description.as_ref().filter(|description| !description.is_empty()) {
            w.key("description").text(description);
        }
        w.key("input_schema");
        match &offered.strict {
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
