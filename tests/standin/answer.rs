//! What is asked and what is said, apart from any dialect: the "model" behind every provider.

use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::schema;

/// A request as the model sees it; each dialect reads its own into this.
#[derive(Default, Clone)]
pub struct Asked {
    pub model: String,
    pub stream: bool,
    /// The text of the last user turn.
    pub last_text: String,
    /// The results of tools in the last turn; the model then answers with text.
    pub tool_results: Vec<String>,
    pub tools: Vec<Tool>,
    pub choice: Choice,
    /// At most one tool call in an answer.
    pub one_tool: bool,
    /// The JSON Schema the answer must satisfy.
    pub schema: Option<Value>,
    /// Any JSON object will do.
    pub json_object: bool,
    pub thinking: bool,
    /// Thinking comes sealed, told or not (Responses).
    pub sealed: bool,
    pub max_tokens: Option<u64>,
    /// Choices wanted (`n`, `candidateCount`).
    pub count: usize,
    /// Usage at the end of a stream wanted (OpenAI only asks for it).
    pub usage: bool,
    /// Bytes of prompt, of which the token count is made up.
    pub prompt_bytes: usize,
    /// Texts to embed.
    pub inputs: Vec<String>,
    pub dimensions: u64,
    pub base64: bool,
}

#[derive(Clone)]
pub struct Tool {
    pub name: String,
    pub schema: Value,
}

#[derive(Default, Clone, PartialEq)]
pub enum Choice {
    #[default]
    Auto,
    None,
    Any,
    Named(String),
}

/// The model's answer; each dialect writes it in its own form.
#[derive(Default, Clone)]
pub struct Said {
    /// Unique for this process; dialects put their prefix before it.
    pub id: String,
    /// Unix seconds.
    pub created: u64,
    pub thinking: Vec<String>,
    /// The text, as the deltas that a stream sends.
    pub text: Vec<String>,
    pub calls: Vec<Call>,
    pub stop: Stop,
    pub prompt_tokens: u64,
    pub output_tokens: u64,
    pub thinking_tokens: u64,
}

#[derive(Clone)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

#[derive(Default, Clone, Copy, PartialEq)]
pub enum Stop {
    #[default]
    End,
    Length,
    Tools,
    Filtered,
}

impl Said {
    pub fn whole_text(&self) -> String {
        self.text.concat()
    }

    pub fn whole_thinking(&self) -> String {
        self.thinking.concat()
    }
}

/// What the signature of a thinking block must be when it comes back on the next turn.
pub const SIGNATURE: &str = "c3RhbmRpbi1zaWduYXR1cmU=";

/// Makes up the answer of the provider `name`.
pub fn answer(name: &str, asked: &Asked, behaviour: &Behaviour, number: u64, now: u64) -> Said {
    let mut said = Said {
        id: format!("standin{now:x}{number:06x}"),
        created: now,
        prompt_tokens: u64::try_from(asked.prompt_bytes / 4 + 1).unwrap_or(1),
        ..Said::default()
    };
    if asked.thinking {
        said.thinking = deltas("The user wants an answer. Überlegen wir: short and friendly it is.");
    }
    let calls = calls(asked, behaviour, &said.id);
    if calls.is_empty() {
        said.text = text(name, asked, behaviour);
    } else {
        if asked.choice == Choice::Auto {
            said.text = deltas("Let me look that up ✈ for you.");
        }
        said.stop = Stop::Tools;
        said.calls = calls;
    }
    said.thinking_tokens = count(&said.thinking);
    said.output_tokens = count(&said.text) + said.thinking_tokens + 12 * count(&said.calls);
    if let Some(limit) = asked.max_tokens.filter(|limit| said.calls.is_empty() && *limit < count(&said.text))
    {
        said.text.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        said.output_tokens = limit + said.thinking_tokens;
        said.stop = Stop::Length;
    }
    match behaviour.finish.as_deref() {
        Some("length") => said.stop = Stop::Length,
        Some("content_filter") => said.stop = Stop::Filtered,
        Some("stop") => said.stop = Stop::End,
        _ => {}
    }
    said
}

fn count<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn calls(asked: &Asked, behaviour: &Behaviour, id: &str) -> Vec<Call> {
    let told = behaviour.call.as_ref();
    let talk = asked.last_text.to_lowercase();
    let wanted = match &asked.choice {
        _ if asked.tools.is_empty() => return Vec::new(),
        Choice::None => return Vec::new(),
        // A forced choice forces even after a result, as the providers do.
        Choice::Any | Choice::Named(_) => true,
        Choice::Auto if !asked.tool_results.is_empty() => false,
        Choice::Auto => told.is_some() || talk.contains("weather") || talk.contains("call"),
    };
    if !wanted {
        return Vec::new();
    }
    let named = match &asked.choice {
        Choice::Named(name) => Some(name.as_str()),
        _ => told.and_then(|call| call["name"].as_str()),
    };
    let first = asked.tools.iter().find(|tool| named.is_none_or(|name| name == tool.name));
    let many = if talk.contains("both") && !asked.one_tool { 2 } else { 1 };
    first
        .into_iter()
        .chain(asked.tools.iter().filter(|tool| first.is_some_and(|first| first.name != tool.name)))
        .take(many)
        .enumerate()
        .map(|(at, tool)| Call {
            id: format!("{id}{at}"),
            name: tool.name.clone(),
            arguments: told
                .and_then(|call| call.get("arguments"))
                .cloned()
                .unwrap_or_else(|| schema::example(&tool.schema)),
        })
        .collect()
}

fn text(name: &str, asked: &Asked, behaviour: &Behaviour) -> Vec<String> {
    if let Some(count) = behaviour.events {
        return (0..count).map(|at| format!("token-{at} ")).collect();
    }
    if let Some(text) = &behaviour.text {
        return deltas(text);
    }
    if let Some(schema) = &asked.schema {
        return deltas(&schema::example(schema).to_string());
    }
    if asked.json_object {
        return deltas(&serde_json::json!({"provider": name, "said": asked.last_text}).to_string());
    }
    let mut text = match asked.tool_results.as_slice() {
        [] => format!("Hello from {name}. You said: {} — grüße 👋 こんにちは", asked.last_text),
        results => format!("Hello from {name}. The tool said: {} — danke 🙏", results.join(" | ")),
    };
    if let Some(size) = behaviour.reply_bytes {
        while text.len() < size {
            text.push_str(" And so on, naïvely, at length.");
        }
    }
    deltas(&text)
}

/// Cuts a text where a tokenizer might: before blanks, and long words every six characters.
fn deltas(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut length = 0;
    for character in text.chars() {
        match parts.last_mut() {
            Some(part) if length < 6 && !(character == ' ' && length > 1) => {
                part.push(character);
                length += 1;
            }
            _ => {
                parts.push(character.to_string());
                length = 1;
            }
        }
    }
    parts
}
