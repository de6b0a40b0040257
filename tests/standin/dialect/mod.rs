//! The dialects: which one a path is, and what each must know to read a request and write an answer.

mod accents;
mod anthropic;
mod azure;
mod bedrock;
mod cohere;
mod embeddings;
mod errors;
mod eventstream;
mod gemini;
mod hosted;
mod openai;
mod responses;
mod route;
mod strict;

use std::str::FromStr;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::answer::{Asked, Said};
use crate::behaviour::Failure;

pub use errors::refusal;
pub use route::{ENDPOINTS, Route};

/// Who is spoken to: errors and credentials are the provider's, whatever model answers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Family {
    OpenAi,
    Mistral,
    DeepSeek,
    Groq,
    Fireworks,
    Azure,
    Anthropic,
    Google,
    Vertex,
    Bedrock,
    Cohere,
}

/// What a provider understands.
#[derive(Clone, Copy, PartialEq)]
pub enum Speaks {
    /// Whatever the path says.
    Auto,
    Only(Family),
    /// No LLM: sends every request back to whom it came from.
    Echo,
}

impl FromStr for Speaks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "auto" => Self::Auto,
            "echo" => Self::Echo,
            "openai" => Self::Only(Family::OpenAi),
            "mistral" => Self::Only(Family::Mistral),
            "deepseek" => Self::Only(Family::DeepSeek),
            "groq" => Self::Only(Family::Groq),
            "fireworks" => Self::Only(Family::Fireworks),
            "azure_openai" => Self::Only(Family::Azure),
            "anthropic" => Self::Only(Family::Anthropic),
            "gemini" => Self::Only(Family::Google),
            "vertex" => Self::Only(Family::Vertex),
            "bedrock" => Self::Only(Family::Bedrock),
            "cohere" => Self::Only(Family::Cohere),
            _ => {
                return Err(format!(
                    "`{text}` is none of auto, echo, openai, mistral, deepseek, groq, fireworks, azure_openai, anthropic, gemini, vertex, bedrock, cohere"
                ));
            }
        })
    }
}

/// What is wrong with a request, for the provider's own error.
#[derive(Debug)]
pub struct Fault {
    pub failure: Failure,
    pub message: String,
    /// The member of the request it is about.
    pub param: Option<String>,
}

impl Fault {
    pub fn new(message: impl Into<String>) -> Self {
        Self { failure: Failure::InvalidRequest, message: message.into(), param: None }
    }

    pub fn at(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(message) }
    }
}

/// A piece of a stream.
#[derive(Clone, Debug)]
pub struct Event {
    pub bytes: Bytes,
    pub part: Part,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Part {
    /// Before anything is said: `message_start`, `ping`, the empty `role` chunk.
    Lifecycle,
    Token,
    /// After everything is said: stop reasons, usage.
    Closing,
    Terminator,
}

/// A request as an endpoint gets it, apart from HTTP.
pub struct Received<'a> {
    pub body: &'a Value,
    pub query: &'a str,
    /// The `anthropic-version` header.
    pub version: Option<&'a str>,
    /// The model in the path.
    pub model: Option<String>,
    /// Whether the path asks for a stream, where it does.
    pub stream: Option<bool>,
}

/// One API of a dialect.
pub trait Endpoint: Sync {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault>;
    fn whole(&self, asked: &Asked, said: &Said) -> Value;

    /// None where there is no stream.
    fn events(&self, _asked: &Asked, _said: &Said) -> Vec<Event> {
        Vec::new()
    }

    /// An error in the middle of a stream.
    fn failure_event(&self, family: Family, failure: Failure, message: Option<&str>) -> Event {
        let refused = errors::refusal(family, failure, message, None, "the-model");
        sse(None, &refused.body, Part::Token)
    }

    /// An event that is not what it should be.
    fn malformed_event(&self) -> Event {
        Event {
            bytes: Bytes::from_static(b"data: {\"choices\": [{\"delta\": {\"conte\n\n"),
            part: Part::Token,
        }
    }

    fn stream_type(&self) -> &'static str {
        "text/event-stream"
    }
}

/// A server-sent event.
pub fn sse(name: Option<&str>, data: &Value, part: Part) -> Event {
    let text = match name {
        Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        None => format!("data: {data}\n\n"),
    };
    Event { bytes: text.into(), part }
}

/// A member that must be there and be a text that is not empty.
pub fn required<'a>(body: &'a Value, name: &str) -> Result<&'a str, Fault> {
    match &body[name] {
        Value::String(text) if !text.is_empty() => Ok(text),
        Value::Null => Err(Fault::at(name, format!("Missing required parameter: '{name}'."))),
        other => Err(Fault::at(
            name,
            format!("Invalid type for '{name}': expected a string, but got {other} instead."),
        )),
    }
}

/// A member that must be there and be a list that is not empty.
pub fn required_list<'a>(body: &'a Value, name: &str) -> Result<&'a [Value], Fault> {
    match body[name].as_array() {
        Some(list) if !list.is_empty() => Ok(list),
        Some(_) => Err(Fault::at(
            name,
            format!("Invalid '{name}': empty array. Expected an array with minimum length 1."),
        )),
        None if body[name].is_null() => {
            Err(Fault::at(name, format!("Missing required parameter: '{name}'.")))
        }
        None => Err(Fault::at(name, format!("Invalid type for '{name}': expected an array."))),
    }
}

/// Members that no reference knows are refused, as most providers do.
pub fn known(body: &Value, names: &[&str]) -> Result<(), Fault> {
    match body
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys())
        .find(|key| !names.contains(&key.as_str()))
    {
        Some(key) => Err(Fault::at(key.clone(), format!("Unknown parameter: '{key}'."))),
        None => Ok(()),
    }
}

/// The schema that tools without parameters have.
pub fn schema_or_empty(schema: &Value) -> Value {
    if schema.is_object() { schema.clone() } else { json!({"type": "object", "properties": {}}) }
}
