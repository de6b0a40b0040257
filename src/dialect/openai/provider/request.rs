//! The model into a Chat Completions request: the members of the request itself.

use super::chunks::{self, MistralMessages};
use super::message::Messages;
use super::{custom, search, searched};
use crate::chat::{Effort, Features, Format, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::Member;
use crate::dialect::openai::quirks;
use crate::dialect::openai::wire::{OBFUSCATION, OWN};
use crate::dialect::piece::names::{Renames, among, of_tools};
use crate::dialect::seam::Sending;
use crate::dialect::seam::openai_path;
use crate::dialect::talk::{
    NO_FORCE, NO_JSON, NO_SCHEMA, NO_STOP, is_of_lost, lose_code, lose_foreign, openais_user,
};
use crate::dialect::{
    CacheMarks, Dialect, Losses, Memo, Outgoing, Quirk, Refusal, Row, Target, Thoughts, carry_extra,
};
use crate::json::{Raw, Text, Writer};

/// The longest name of a function, in bytes.
const MAX_NAME: usize = 64;

/// Writes the request that `target` gets.
///
/// # Errors
/// What Chat Completions can't carry of it.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, losses, .. } = to;
    let requested = request.model.decode();
    let model = target.model(&requested);
    let path = openai_path(target, model, "/chat/completions");
    let usage_asked = request.stream && quirks::counts_streams(target.row);
    // Names in the caller's own dialect are the caller's business.
    let names = match request.dialect {
        OWN if !target.row.has(Quirk::Chunks) => Renames::default(),
        _ => Renames::new(of_tools(request), MAX_NAME),
    };
    let mut composer = Composer { request, target, names: &names, losses };
    w.open_object();
    w.key("model").string(model);
    w.key("messages");
    if target.row.has(Quirk::Chunks) {
        MistralMessages::new(request.dialect, &names, composer.losses).write(request, w)?;
    } else {
        Messages::new(target, request.dialect, &names, composer.losses).write(&request.messages, w)?;
    }
    composer.tools(w)?;
    search::write_all(request, target, model, composer.losses, w)?;
    composer.limits(w)?;
    composer.sampling(w)?;
    composer.thinking(w)?;
    composer.format(w)?;
    composer.extra(w)?;
    if request.stream {
        w.key("stream").bool(true);
    }
    if usage_asked {
        w.key("stream_options").object(|w| w.key("include_usage").bool(true));
    }
    w.close_object();
    let renamed = names.into_changed();
    let tells_pages = searched::tells_pages(target.row);
    let memo = Memo { usage_asked, stream: request.stream, renamed, tells_pages, ..Memo::default() };
    Ok(Outgoing { path, memo, ..Outgoing::default() })
}

struct Composer<'c> {
    request: &'c Request<'c>,
    target: &'c Target,
    names: &'c Renames,
    losses: &'c mut Losses,
}

impl<'c> Composer<'c> {
    /// Writes a member that is there, unless the provider rejects it.
    fn put(&mut self, name: &'static str, value: Option<Raw<'_>>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        if let Some(value) = value
            && quirks::takes(self.target.row, name, value, self.losses)?
        {
            w.key(name).raw(value);
        }
        Ok(())
    }

    fn put_u64(&mut self, name: &'static str, value: Option<u64>, w: &mut Writer<'_>) -> Result<(), Refusal> {
        match value {
            Some(value) => self.put(name, Some(Raw::trusted(&value.to_string())), w),
            None => Ok(()),
        }
    }

    fn tools(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        let tools = self.carried_tools()?;
        let takes = |kind| quirks::takes_choice(self.target, kind);
        let offered = || tools.iter().copied();
        let mut wanted =
            request.tool_choice.as_ref().filter(|choice| !is_of_lost(choice, request, offered()));
        if wanted.is_none() && request.tool_choice.is_some() {
            self.losses.advisory("tool_choice");
        }
        // Also of a tool that the request doesn't have: by another dialect's name for it nobody here knows it.
        if request.dialect != OWN
            && let Some(ToolChoice::Named(name)) = wanted
            && !offered().any(|tool| tool.name == *name)
        {
            self.losses.meaning("tool_choice", "names a tool that is not in tools")?;
            wanted = None;
        }
        // A provider that can't be told to call none is offered none.
        if tools.is_empty() || request.tool_choice == Some(ToolChoice::None) && !takes("none") {
            return Ok(());
        }
        let choice = wanted.filter(|choice| takes(kind_of_choice(choice)));
        let choice = choice.filter(|choice| !search::is_named(choice, &tools));
        if choice.is_none() && wanted.is_some() {
            self.losses.meaning("tool_choice", NO_FORCE)?;
        }
        w.key("tools").open_array();
        for tool in tools {
            write_tool(tool, self.names, self.target.row, w);
        }
        w.close_array();
        if let Some(choice) = choice {
            let mut json = Vec::new();
            let any = quirks::required_choice(self.target.row);
            let kind = custom::kind_of_named(choice, request);
            write_choice(choice, any, kind, self.names, &mut Writer::new(&mut json));
            self.put("tool_choice", as_raw(&json), w)?;
        }
        let parallel = request.parallel_tool_calls.map(|on| Raw::trusted(if on { "true" } else { "false" }));
        self.put("parallel_tool_calls", parallel, w)
    }

    /// The tools that go out: of a choice among some only those, as most compatible providers know no `allowed_tools`.
    fn carried_tools(&mut self) -> Result<Vec<&'c Tool<'c>>, Refusal> {
        let request = self.request;
        let mut carried = Vec::with_capacity(request.tools.len());
        let among = among(request.tool_choice.as_ref());
        for (index, tool) in request.tools.iter().enumerate() {
            if among.as_ref().is_some_and(|names| !names.contains(&tool.name.decode())) {
                continue;
            }
            match &tool.kind {
                // A member of the request.
                ToolKind::WebSearch(_) => {}
                ToolKind::CodeExecution(_) => lose_code(index, self.losses)?,
                ToolKind::Foreign { dialect, .. } if *dialect != Dialect::OpenAi.name() => {
                    lose_foreign(index, tool, dialect, self.losses)?;
                }
                ToolKind::Foreign { raw, .. }
                    if self.target.row.has(Quirk::Chunks) && !chunks::is_own_tool(*raw) =>
                {
                    let why = "is a tool that only its own provider runs, so it can't be sent to Mistral";
                    self.losses.meaning(format!("tools[{index}]"), why)?;
                }
                _ => carried.push(tool),
            }
            if tool.cache.is_some() && !quirks::adds_outer_cache_marks(self.target.row) {
                self.losses.advisory("cache_control");
            }
        }
        Ok(carried)
    }

    fn limits(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        let limit = request.max_tokens.map(|asked| self.target.capped(asked, self.losses));
        self.put_u64(quirks::max_tokens_name(self.target.row), limit, w)?;
        match request.stop.as_slice() {
            [] => {}
            _ if !self.target.has(Features::STOP) => self.losses.meaning(Member::Stop, NO_STOP)?,
            [one] => w.key("stop").text(one),
            several => w.key("stop").array(|w| several.iter().for_each(|stop| w.text(stop))),
        }
        if let Some(n) = request.candidates {
            if self.target.has(Features::CANDIDATES) {
                self.put_u64("n", Some(n), w)?;
            } else if n > 1 {
                self.losses.meaning("n", "asks for several answers, and this target gives one")?;
            }
        }
        if request.logprobs.on {
            if self.target.has(Features::LOGPROBS) {
                self.put("logprobs", Some(Raw::trusted("true")), w)?;
                self.put_u64("top_logprobs", request.logprobs.top, w)?;
            } else {
                let why = "can't be had from this target, which gives no probabilities of tokens";
                self.losses.meaning("logprobs", why)?;
            }
        }
        Ok(())
    }

    /// The effort that the caller wants, or its budget.
    fn wanted(&self) -> Option<Effort> {
        let thinking = &self.request.thinking;
        let off = (thinking.off && self.target.knows_off()).then_some(Effort::None);
        thinking.effort.or_else(|| thinking.budget.map(effort_of_budget)).or(off)
    }

    fn sampling(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let sampling = &self.request.sampling;
        let samples =
            self.target.samples(self.wanted().and_then(|effort| self.target.efforts.nearest(effort)));
        let highest = quirks::highest_temperature(self.target.row);
        let temperature = match (sampling.temperature.and_then(Raw::as_f64), highest) {
            (Some(asked), Some((highest, json))) if asked > highest => Some(Raw::trusted(json)),
            _ => sampling.temperature,
        };
        for (name, value) in [("temperature", temperature), ("top_p", sampling.top_p)] {
            match value {
                Some(_) if !samples => self.losses.advisory(name),
                value => self.put(name, value, w)?,
            }
        }
        if sampling.top_k.is_some() {
            self.losses.advisory("top_k");
        }
        // Mistral counts seeds from zero.
        let is_below = |seed: Raw<'_>| seed.as_f64().is_some_and(|seed| seed < 0.0);
        if self.target.row.has(Quirk::Chunks) && sampling.seed.is_some_and(is_below) {
            self.losses.advisory("seed");
        } else {
            self.put(quirks::seed_name(self.target.row), sampling.seed, w)?;
        }
        for (name, value) in [
            ("frequency_penalty", sampling.frequency_penalty),
            ("presence_penalty", sampling.presence_penalty),
            ("logit_bias", sampling.logit_bias),
        ] {
            match value {
                Some(_) if !self.target.has(Features::PENALTIES) => self.losses.advisory(name),
                value => self.put(name, value, w)?,
            }
        }
        Ok(())
    }

    fn thinking(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let thinking = &self.request.thinking;
        // The API has no word about it: OpenAI shows none here, and the others show what there is.
        let shows = quirks::thoughts(self.target.row) != Some(Thoughts::Never);
        if thinking.show.is_some_and(|wanted| wanted != shows) && !self.target.never_thinks() {
            self.losses.advisory(Member::Shown);
        }
        match self.wanted() {
            Some(effort) if self.target.has(Features::REASONING_EFFORT) => {
                let Some(told) = self.target.effort(effort, self.losses) else { return Ok(()) };
                let json = format!("\"{}\"", told.name());
                self.put("reasoning_effort", Some(Raw::trusted(&json)), w)
            }
            Some(Effort::None) if self.target.never_thinks() => Ok(()),
            Some(_) => {
                let is_budget = thinking.budget.is_some();
                self.losses.advisory(if is_budget { Member::Thinking } else { Member::Effort });
                Ok(())
            }
            // Mistral's models think when they are told how hard.
            None if thinking.adaptive && self.target.row.has(Quirk::Chunks) => {
                self.losses.advisory("thinking");
                Ok(())
            }
            // Not every model can be kept from thinking, and the least it does is each model's own.
            None if thinking.off && !self.target.never_thinks() => {
                self.losses.advisory("thinking");
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn format(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let mut json = Vec::new();
        let mut format = Writer::new(&mut json);
        match &self.request.format {
            Format::Text => return Ok(()),
            Format::Json if !self.target.has(Features::JSON_MODE) => {
                return self.losses.meaning(Member::Format, NO_JSON);
            }
            Format::Schema { .. } if !self.target.has(Features::JSON_SCHEMA) => {
                return self.losses.meaning(Member::Format, NO_SCHEMA);
            }
            Format::Json => format.object(|w| w.key("type").string("json_object")),
            Format::Schema { name, description, schema, strict } => format.object(|w| {
                w.key("type").string("json_schema");
                w.key("json_schema").object(|w| {
                    // OpenAI wants a name where others have none.
                    w.key("name").text(name.as_ref().unwrap_or(&Text::from("answer")));
                    if let Some(description) = description {
                        w.key("description").text(description);
                    }
                    w.key("schema").raw(*schema);
                    if let Some(strict) = strict {
                        w.key("strict").bool(*strict);
                    }
                });
            }),
        }
        self.put("response_format", as_raw(&json), w)
    }

    fn extra(&mut self, w: &mut Writer<'_>) -> Result<(), Refusal> {
        let request = self.request;
        if let Some(user) = openais_user(request, self.losses) {
            let mut json = Vec::new();
            Writer::new(&mut json).text(user);
            self.put("user", as_raw(&json), w)?;
        }
        match request.cache {
            Some(cache) if quirks::adds_outer_cache_marks(self.target.row) => {
                w.key(CacheMarks::ANTHROPICS).raw(cache);
            }
            Some(_) => self.losses.advisory(CacheMarks::ANTHROPICS),
            None => {}
        }
        if request.dialect != OWN {
            return carry_extra(request, self.losses);
        }
        // The caller's own dialect: what we have no word for may mean something there.
        for (name, value) in &request.extra {
            if *name == OBFUSCATION {
                // Nobody but OpenAI's own house knows it, to whom such a request goes as it was written.
                self.losses.advisory(OBFUSCATION);
            } else if quirks::takes(self.target.row, &name.decode(), *value, self.losses)? {
                w.key_text(name).raw(*value);
            }
        }
        Ok(())
    }
}

fn as_raw(json: &[u8]) -> Option<Raw<'_>> {
    std::str::from_utf8(json).ok().map(Raw::trusted)
}

/// The effort whose own budget comes nearest; nothing above `high`, which not every model knows.
fn effort_of_budget(budget: u64) -> Effort {
    match budget {
        0..=2_048 => Effort::Low,
        2_049..=8_192 => Effort::Medium,
        _ => Effort::High,
    }
}

fn write_tool(tool: &Tool<'_>, names: &Renames, row: &Row, w: &mut Writer<'_>) {
    let (schema, strict) = match &tool.kind {
        ToolKind::Function { schema, strict } => (schema, strict),
        ToolKind::WebSearch(_) | ToolKind::CodeExecution(_) => return,
        ToolKind::FreeForm { grammar } => return custom::write(tool, grammar.as_ref(), names, w),
        ToolKind::Foreign { raw, .. } => return w.raw(*raw),
    };
    w.object(|w| {
        w.key("type").string("function");
        w.key("function").object(|w| {
            w.key("name").text(&names.sent(&tool.name));
            if let Some(description) = &tool.description {
                w.key("description").text(description);
            }
            match schema {
                Some(schema) => w.key("parameters").raw(*schema),
                // At Mistral also a function without arguments must have one.
                None if row.has(Quirk::Chunks) => w.key("parameters").raw(Raw::trusted(NO_ARGUMENTS)),
                None => {}
            }
            if let Some(strict) = strict {
                w.key("strict").bool(*strict);
            }
        });
        if let Some(cache) = tool.cache.filter(|_| quirks::adds_outer_cache_marks(row)) {
            w.key(CacheMarks::ANTHROPICS).raw(cache);
        }
    });
}

/// The kind of a choice, for the row's quirk.
fn kind_of_choice(choice: &ToolChoice<'_>) -> &'static str {
    match choice {
        ToolChoice::Auto | ToolChoice::Among { required: false, .. } => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required | ToolChoice::Among { required: true, .. } => "required",
        ToolChoice::Named(_) => "named",
    }
}

const NO_ARGUMENTS: &str = r#"{"type":"object","properties":{}}"#;

/// `any` is the word for "some tool", `kind` what a named one is.
fn write_choice(choice: &ToolChoice<'_>, any: &str, kind: &'static str, names: &Renames, w: &mut Writer<'_>) {
    match choice {
        ToolChoice::Auto | ToolChoice::Among { required: false, .. } => w.string("auto"),
        ToolChoice::None => w.string("none"),
        ToolChoice::Required | ToolChoice::Among { required: true, .. } => w.string(any),
        ToolChoice::Named(name) => w.object(|w| {
            w.key("type").string(kind);
            w.key(kind).object(|w| w.key("name").text(&names.sent(name)));
        }),
    }
}
