//! A caller's request, read into the model.
//!
//! What is wrong is refused with its place; what nobody knew yesterday is kept in `extra` and is never an error.

use super::parts::{Wrong, read_content};
use super::{code, unread};
use crate::chat::{
    CODE_EXECUTION, CodeExecution, Effort, Format, Message, Request, Role, Tool, ToolChoice, ToolKind,
    WEB_SEARCH, WebSearch,
};
use crate::dialect::{Dialect, Refusal};
use crate::json::{Kind, Raw, Text};

type Read<T> = Result<T, Refusal>;

pub(super) fn read(body: Raw<'_>) -> Read<Request<'_>> {
    if body.kind() != Kind::Object {
        return Err(Refusal::invalid("", "The body must be a JSON object."));
    }
    let mut request = Request { dialect: Dialect::Anthropic.name(), ..Request::default() };
    let mut system = None;
    let mut has = (false, false);
    for (name, value) in body.fields() {
        if value.is_null() {
            continue;
        }
        match name.decode().as_ref() {
            "model" => {
                has.0 = true;
                request.model = text("model", value)?;
            }
            "messages" => {
                has.1 = true;
                request.messages = messages(value)?;
            }
            "system" => {
                system = Some(self::system(value)?);
                request.extra.extend(unread::members(value, "system"));
            }
            "max_tokens" => request.max_tokens = Some(whole("max_tokens", value)?),
            "tools" => request.tools = tools(value, &mut request.extra)?,
            "tool_choice" => tool_choice(value, &mut request)?,
            "thinking" => thinking(name, value, &mut request)?,
            "output_config" => output_config(value, &mut request)?,
            // The name that it had in beta, which callers still use.
            "output_format" => request.format = output_format("output_format", value)?,
            "stop_sequences" => {
                let at = |index| format!("stop_sequences[{index}]");
                let list = array("stop_sequences", value)?;
                request.stop =
                    list.enumerate().map(|(index, one)| text(&at(index), one)).collect::<Read<_>>()?;
            }
            "temperature" => request.sampling.temperature = Some(number("temperature", value)?),
            "top_p" => request.sampling.top_p = Some(number("top_p", value)?),
            "top_k" => request.sampling.top_k = Some(number("top_k", value)?),
            "metadata" => metadata(value, &mut request),
            "cache_control" => request.cache = Some(value),
            "stream" => {
                request.stream = value.as_bool().ok_or_else(|| wrong("stream", "must be true or false"))?
            }
            _ => request.extra.push((name, value)),
        }
    }
    // A stream of this dialect always ends with its usage.
    request.stream_usage = request.stream;
    if let Some(system) = system.filter(|system| !system.parts.is_empty()) {
        request.messages.insert(0, system);
    }
    match (has, request.max_tokens) {
        ((false, _), _) => Err(missing("model")),
        ((_, false), _) => Err(missing("messages")),
        (_, None) => Err(missing("max_tokens")),
        _ => Ok(request),
    }
}

/// In Anthropic's own words.
fn missing(param: &str) -> Refusal {
    Refusal::invalid(param, format!("{param}: Field required"))
}

fn wrong(param: impl Into<String>, what: &str) -> Refusal {
    let param = param.into();
    let message = format!("{param} {what}.");
    Refusal::invalid(param, message)
}

fn text<'a>(at: &str, value: Raw<'a>) -> Read<Text<'a>> {
    value.text().ok_or_else(|| wrong(at, "must be a string"))
}

fn whole(at: &str, value: Raw<'_>) -> Read<u64> {
    value.as_u64().ok_or_else(|| wrong(at, "must be a whole number of zero or more"))
}

fn number<'a>(at: &str, value: Raw<'a>) -> Read<Raw<'a>> {
    if value.kind() == Kind::Number { Ok(value) } else { Err(wrong(at, "must be a number")) }
}

fn array<'a>(at: &str, value: Raw<'a>) -> Read<impl Iterator<Item = Raw<'a>> + use<'a>> {
    if value.kind() == Kind::Array { Ok(value.items()) } else { Err(wrong(at, "must be a list")) }
}

fn object<'a>(at: &str, value: Raw<'a>) -> Read<Raw<'a>> {
    if value.kind() == Kind::Object { Ok(value) } else { Err(wrong(at, "must be an object")) }
}

fn system(value: Raw<'_>) -> Read<Message<'_>> {
    let parts = read_content(value).map_err(|Wrong { at, what }| wrong(format!("system{at}"), what))?;
    Ok(Message { role: Role::System, parts, name: None, extra: Vec::new() })
}

fn messages(value: Raw<'_>) -> Read<Vec<Message<'_>>> {
    let mut messages = Vec::new();
    for (index, message) in array("messages", value)?.enumerate() {
        let at = format!("messages[{index}]");
        object(&at, message)?;
        let role = message.present("role").ok_or_else(|| wrong(format!("{at}.role"), "is required"))?;
        let role = match text(&format!("{at}.role"), role)?.decode().as_ref() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" => Role::System,
            _ => return Err(wrong(format!("{at}.role"), "must be \"user\", \"assistant\" or \"system\"")),
        };
        let content = match message.present("content") {
            Some(content) => content,
            // A beta's message that says how to go on, and nothing else.
            None if role == Role::System && message.present("output_config").is_some() => Raw::trusted("[]"),
            None => return Err(wrong(format!("{at}.content"), "is required")),
        };
        let below = |error: Wrong| wrong(format!("{at}.content{}", error.at), error.what);
        let parts = read_content(content).map_err(below)?;
        let known = |name: &Text<'_>| *name == "role" || *name == "content";
        let extra = message.fields().filter(|(name, _)| !known(name));
        let extra = extra.chain(unread::members(content, "content")).collect();
        messages.push(Message { role, parts, name: None, extra });
    }
    Ok(messages)
}

/// Reads tools; what only this dialect says about one goes to `extra`.
fn tools<'a>(value: Raw<'a>, extra: &mut Vec<(Text<'a>, Raw<'a>)>) -> Read<Vec<Tool<'a>>> {
    let mut tools = Vec::new();
    for (index, raw) in array("tools", value)?.enumerate() {
        let at = format!("tools[{index}]");
        object(&at, raw)?;
        let kind = raw.present("type").and_then(Raw::text);
        let name = raw.present("name").and_then(Raw::text);
        if let Some(kind) = kind.filter(|kind| *kind != "custom") {
            if kind.decode().starts_with("web_search_2") {
                // The types differ by their dates: <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/web-search-tool>.
                let search = ToolKind::WebSearch(WebSearch::of(Dialect::Anthropic.name(), raw));
                tools.push(Tool {
                    name: Text::from(WEB_SEARCH),
                    description: None,
                    kind: search,
                    cache: raw.present("cache_control"),
                });
                continue;
            }
            if code::is_tool(&kind) {
                let cache = raw.present("cache_control");
                let kind = ToolKind::CodeExecution(CodeExecution { dialect: Dialect::Anthropic.name(), raw });
                tools.push(Tool { name: Text::from(CODE_EXECUTION), description: None, kind, cache });
                continue;
            }
            // A tool of the server, or a set of them: the API knows it by type.
            let kind_of_tool = ToolKind::Foreign { dialect: Dialect::Anthropic.name(), raw };
            tools.push(Tool {
                name: name.unwrap_or(kind),
                description: None,
                kind: kind_of_tool,
                cache: None,
            });
            continue;
        }
        let mut tool = Tool {
            name: name.ok_or_else(|| wrong(format!("{at}.name"), "is required"))?,
            description: None,
            kind: ToolKind::Function { schema: None, strict: None },
            cache: None,
        };
        let (mut schema, mut strict) = (None, None);
        for (member, value) in raw.fields().filter(|(_, value)| !value.is_null()) {
            match member.decode().as_ref() {
                "type" | "name" => {}
                "description" => tool.description = Some(text(&format!("{at}.description"), value)?),
                "input_schema" => schema = Some(object(&format!("{at}.input_schema"), value)?),
                "strict" => strict = value.as_bool(),
                "cache_control" => tool.cache = Some(value),
                other => extra.push((Text::from(format!("tools[{index}].{other}")), value)),
            }
        }
        tool.kind = ToolKind::Function { schema, strict };
        tools.push(tool);
    }
    Ok(tools)
}

fn tool_choice<'a>(value: Raw<'a>, request: &mut Request<'a>) -> Read<()> {
    object("tool_choice", value)?;
    let kind = value.present("type").and_then(Raw::text).unwrap_or_default();
    request.tool_choice = Some(match kind.decode().as_ref() {
        "auto" => ToolChoice::Auto,
        "none" => ToolChoice::None,
        "any" => ToolChoice::Required,
        "tool" => {
            let name = value.present("name").ok_or_else(|| wrong("tool_choice.name", "is required"))?;
            ToolChoice::Named(text("tool_choice.name", name)?)
        }
        _ => {
            return Err(wrong("tool_choice.type", "must be \"auto\", \"any\", \"tool\" or \"none\""));
        }
    });
    if let Some(disabled) = value.present("disable_parallel_tool_use").and_then(Raw::as_bool) {
        request.parallel_tool_calls = Some(!disabled);
    }
    Ok(())
}

fn thinking<'a>(name: Text<'a>, value: Raw<'a>, request: &mut Request<'a>) -> Read<()> {
    object("thinking", value)?;
    let kind = value.present("type").and_then(Raw::text).unwrap_or_default();
    let thinking = &mut request.thinking;
    match kind.decode().as_ref() {
        "enabled" => {
            let budget = value.present("budget_tokens").ok_or_else(|| missing("thinking.budget_tokens"))?;
            thinking.budget = Some(whole("thinking.budget_tokens", budget)?);
        }
        "adaptive" => thinking.adaptive = true,
        "disabled" => thinking.off = true,
        _ => {
            request.extra.push((name, value));
            return Ok(());
        }
    }
    for (name, member) in value.fields().filter(|(_, member)| !matches!(member.as_json(), "null" | "{}")) {
        if !["type", "budget_tokens", "display"].iter().any(|known| name == *known) {
            request.extra.push((Text::from(format!("thinking.{}", name.decode())), member));
        }
    }
    let display = value.present("display").and_then(Raw::text);
    request.thinking.show = display.map(|display| display != "omitted");
    Ok(())
}

fn output_config<'a>(value: Raw<'a>, request: &mut Request<'a>) -> Read<()> {
    for (name, value) in object("output_config", value)?.fields().filter(|(_, value)| !value.is_null()) {
        match name.decode().as_ref() {
            "effort" => {
                let effort = text("output_config.effort", value)?;
                let known = Effort::from_name(&effort.decode());
                request.thinking.effort = Some(known.ok_or_else(|| {
                    wrong("output_config.effort", "must be low, medium, high, xhigh or max")
                })?);
            }
            "format" => request.format = output_format("output_config.format", value)?,
            other => request.extra.push((Text::from(format!("output_config.{other}")), value)),
        }
    }
    Ok(())
}

fn output_format<'a>(path: &str, value: Raw<'a>) -> Read<Format<'a>> {
    let is_schema = value.get("type").and_then(Raw::text).is_some_and(|kind| kind == "json_schema");
    let schema = value.present("schema").filter(|_| is_schema);
    let schema = schema.ok_or_else(|| wrong(path, "must be {\"type\": \"json_schema\", \"schema\": …}"))?;
    let schema = object(&format!("{path}.schema"), schema)?;
    Ok(Format::Schema { name: None, description: None, schema, strict: None })
}

fn metadata<'a>(value: Raw<'a>, request: &mut Request<'a>) {
    for (name, value) in value.fields() {
        match value.text() {
            Some(user) if name == "user_id" => request.user = Some(user),
            _ if value.is_null() => {}
            _ => request.extra.push((Text::from(format!("metadata.{}", name.decode())), value)),
        }
    }
}
