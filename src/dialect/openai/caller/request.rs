//! A Chat Completions request into the model: the members of the request itself.
//!
//! <https://platform.openai.com/docs/api-reference/chat/create>. Unknown members are kept, never an error; a `null`
//! counts as absent, as it does at OpenAI.

use super::{message, tools};
use crate::chat::{Effort, Format, Request, Tool, ToolKind, WEB_SEARCH, WebSearch};
use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::dialect::openai::wire;
use crate::json::{Kind, Raw, Text};

/// Reads a request.
///
/// # Errors
/// What is wrong with it, with its place.
pub(super) fn read(body: Raw<'_>) -> Result<Request<'_>, Refusal> {
    if body.kind() != Kind::Object {
        return Err(Refusal::invalid("", "The body must be a JSON object with `model` and `messages`."));
    }
    let mut reader = ChatReading::default();
    reader.request.dialect = wire::OWN;
    if calls_functions(body) {
        // An answer has room for one call only.
        reader.request.parallel_tool_calls = Some(false);
    }
    for (name, value) in body.fields().filter(|(_, value)| !value.is_null()) {
        let key = name.decode();
        let at = At::member(&key);
        let known = reader.conversation(&key, value, &at)?
            || reader.tools(&key, value, &at)?
            || reader.answer(&key, value, &at)?
            || reader.sampling(&key, value, &at)?;
        if !known {
            reader.request.extra.push((name, value));
        }
    }
    reader.finish()
}

/// Whether the caller speaks of `functions` only, as was done before there were `tools`.
pub(super) fn calls_functions(body: Raw<'_>) -> bool {
    body.present("functions").is_some() && body.present("tools").is_none()
}

#[derive(Default)]
struct ChatReading<'a> {
    request: Request<'a>,
    /// The older name of `max_completion_tokens`, which wins.
    max_tokens: Option<u64>,
    safety_identifier: Option<Raw<'a>>,
    search: Option<Raw<'a>>,
    /// The legacy spelling of `tool_choice`, which wins.
    function_call: Option<Raw<'a>>,
}

impl<'a> ChatReading<'a> {
    fn conversation(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let request = &mut self.request;
        match key {
            "model" => request.model = at.text(value)?,
            "messages" => request.messages = message::read_all(value, at)?,
            "stream" => request.stream = at.boolean(value)?,
            "stream_options" => {
                let options = at.object(value)?;
                if let Some(asked) = options.present("include_usage") {
                    request.stream_usage = at.name("include_usage").boolean(asked)?;
                }
                // A stream that we write is not padded.
                let padded = options.get("include_obfuscation").filter(|asked| asked.as_bool() == Some(true));
                request.extra.extend(padded.map(|asked| (Text::from(wire::OBFUSCATION), asked)));
            }
            "user" => request.user = Some(at.text(value)?),
            "safety_identifier" => {
                at.text(value)?;
                self.safety_identifier = Some(value);
            }
            "cache_control" => request.cache = Some(at.object(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tools(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let request = &mut self.request;
        match key {
            "tools" => tools::read_all(value, at, &mut request.tools)?,
            "functions" => tools::read_functions(value, at, &mut request.tools)?,
            "tool_choice" => request.tool_choice = Some(tools::read_choice(value, at)?),
            "function_call" => self.function_call = Some(value),
            // Searches of the web are no tool here: <https://platform.openai.com/docs/guides/tools-web-search?api-mode=chat>.
            "web_search_options" if value.kind() == Kind::Object => self.search = Some(value),
            "parallel_tool_calls" => request.parallel_tool_calls = Some(at.boolean(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn answer(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let request = &mut self.request;
        match key {
            "response_format" => request.format = read_format(value, at)?,
            "max_tokens" => self.max_tokens = Some(at.whole(value)?),
            "max_completion_tokens" => request.max_tokens = Some(at.whole(value)?),
            "stop" => request.stop = read_stop(value, at)?,
            "n" => request.candidates = Some(at.whole(value)?),
            "logprobs" => request.logprobs.on = at.boolean(value)?,
            "top_logprobs" => request.logprobs.top = Some(at.whole(value)?),
            "reasoning_effort" => self.effort(value, at)?,
            "reasoning" if value.kind() == Kind::Object => self.reasoning(value, at)?,
            "thinking" => return self.thinking(value, at),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn sampling(&mut self, key: &str, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let sampling = &mut self.request.sampling;
        match key {
            "temperature" => sampling.temperature = Some(at.number(value)?),
            "top_p" => sampling.top_p = Some(at.number(value)?),
            "top_k" => sampling.top_k = Some(at.number(value)?),
            "seed" => sampling.seed = Some(at.number(value)?),
            "frequency_penalty" => sampling.frequency_penalty = Some(at.number(value)?),
            "presence_penalty" => sampling.presence_penalty = Some(at.number(value)?),
            "logit_bias" => sampling.logit_bias = Some(at.object(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn effort(&mut self, value: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        let name = at.text(value)?;
        // Groq's word for what happens anyway.
        if name == "default" {
            return Ok(());
        }
        let effort = Effort::from_name(&name.decode())
            .ok_or_else(|| at.refuse("must be one of none, minimal, low, medium, high, xhigh and max."))?;
        self.request.thinking.effort = Some(effort);
        self.request.thinking.off = effort == Effort::None;
        Ok(())
    }

    /// Anthropic's way to say it, which its callers keep with OpenAI's SDK, and some compatible providers' way, without a
    /// budget: <https://platform.claude.com/docs/en/api/openai-sdk>. Whether it is one of those.
    fn thinking(&mut self, value: Raw<'a>, at: &At<'_>) -> Result<bool, Refusal> {
        let thinking = &mut self.request.thinking;
        let Some(kind) = value.present("type").and_then(Raw::text) else { return Ok(false) };
        match (kind.decode().as_ref(), value.present("budget_tokens")) {
            ("enabled", Some(budget)) => thinking.budget = Some(at.name("budget_tokens").whole(budget)?),
            ("enabled" | "adaptive", _) => thinking.adaptive = thinking.effort.is_none(),
            ("disabled", _) => thinking.off = true,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// OpenRouter's way to say it, which also has a budget:
    /// <https://openrouter.ai/docs/use-cases/reasoning-tokens>.
    fn reasoning(&mut self, value: Raw<'a>, at: &At<'_>) -> Result<(), Refusal> {
        if let Some(effort) = value.present("effort") {
            self.effort(effort, &at.name("effort"))?;
        }
        let thinking = &mut self.request.thinking;
        if let Some(budget) = value.present("max_tokens") {
            thinking.budget = Some(at.name("max_tokens").whole(budget)?);
        }
        match value.present("enabled").and_then(Raw::as_bool) {
            Some(false) => thinking.off = true,
            Some(true) if thinking.effort.is_none() && thinking.budget.is_none() => thinking.adaptive = true,
            _ => {}
        }
        if value.present("exclude").and_then(Raw::as_bool) == Some(true) {
            thinking.show = Some(false);
        }
        Ok(())
    }

    fn finish(self) -> Result<Request<'a>, Refusal> {
        let mut request = self.request;
        if request.messages.is_empty() {
            return Err(At::member("messages").missing("give at least one message."));
        }
        request.max_tokens = request.max_tokens.or(self.max_tokens);
        if let Some(options) = self.search {
            // After the others, which have the numbers that the caller knows.
            let kind = ToolKind::WebSearch(WebSearch::of(wire::OWN, options));
            request.tools.push(Tool { name: Text::from(WEB_SEARCH), description: None, kind, cache: None });
        }
        if let (None, Some(value)) = (&request.tool_choice, self.function_call) {
            request.tool_choice = Some(tools::read_function_call(value, &At::member("function_call"))?);
        }
        if let Some(value) = self.safety_identifier {
            match request.user {
                // The newer name for the same thing.
                None => request.user = value.text(),
                Some(_) => request.extra.push((Text::from("safety_identifier"), value)),
            }
        }
        Ok(request)
    }
}

fn read_format<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Format<'a>, Refusal> {
    let kind = at.required_text(at.object(value)?, "type", "say text, json_object or json_schema.")?;
    match kind.decode().as_ref() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::Json),
        "json_schema" => {
            let at = at.name("json_schema");
            let given =
                value.present("json_schema").ok_or_else(|| at.missing("give a name and a schema."))?;
            let given = at.object(given)?;
            let text = |name| given.present(name).map(|value| at.name(name).text(value)).transpose();
            let flag = |name| given.present(name).map(|value| at.name(name).boolean(value)).transpose();
            Ok(Format::Schema {
                name: text("name")?,
                description: text("description")?,
                // Without a schema any object will do.
                schema: match given.present("schema") {
                    Some(schema) => at.name("schema").object(schema)?,
                    None => Raw::trusted("{}"),
                },
                strict: flag("strict")?,
            })
        }
        _ => Err(at.name("type").refuse("must be text, json_object or json_schema.")),
    }
}

fn read_stop<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Vec<Text<'a>>, Refusal> {
    match value.kind() {
        Kind::String => Ok(value.text().into_iter().collect()),
        Kind::Array => value.items().enumerate().map(|(i, item)| at.index(i).text(item)).collect(),
        _ => Err(at.refuse("must be a string or an array of strings.")),
    }
}
