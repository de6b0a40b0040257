//! Compatible providers that refuse what they don't know, in their own words: Groq and Fireworks.

use serde_json::Value;

use super::openai::Chat;
use super::{Endpoint, Event, Fault, Received};
use crate::answer::{Asked, Said};

/// `property 'prompt_cache_key' is unsupported` (zed-industries/zed#36215), a system prompt that is no string (livekit/agents#1790) and
/// members of messages (SimonSchubert/Kai#265). What it knows is in its SDK for Python, 1.7, and `stream_options`.
pub struct Groq;

/// `Extra inputs are not permitted, field: …` (musistudio/claude-code-router#377, vercel/ai#18306). What it knows is in its SDK for Python,
/// 1.2, and `stream_options`.
pub struct Fireworks;

/// OpenAI's parameters that neither knows.
const OPENAIS_ALONE: &[&str] = &[
    "audio",
    "modalities",
    "moderation",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "verbosity",
    "web_search_options",
];

const GROQ_TIERS: &[&str] = &["auto", "on_demand", "flex", "performance"];

impl Endpoint for Groq {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        let alone = OPENAIS_ALONE.iter().chain(&["prediction", "prompt_cache_key", "store", "cache_control"]);
        if let Some(name) = alone.into_iter().find(|name| !body[**name].is_null()) {
            return Err(Fault::new(format!("property '{name}' is unsupported")));
        }
        let tier = &body["service_tier"];
        if !tier.is_null() && !tier.as_str().is_some_and(|tier| GROQ_TIERS.contains(&tier)) {
            return Err(Fault::at("service_tier", format!("`service_tier` must be one of {GROQ_TIERS:?}")));
        }
        for (at, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
            let role = message["role"].as_str().unwrap_or_default();
            let place = format!("'messages.{at}' : for 'role:{role}' the following must be satisfied");
            if role == "system" && !message["content"].is_string() {
                return Err(Fault::new(format!(
                    "{place}[('messages.{at}.content' : value must be a string)]"
                )));
            }
            if let Some(name) =
                unknown(message, &["role", "content", "name", "tool_calls", "tool_call_id", "reasoning"])
            {
                return Err(Fault::new(format!(
                    "{place}[('messages.{at}' : property '{name}' is unsupported)]"
                )));
            }
        }
        let mut known = body.clone();
        if known["reasoning_effort"] == "default" {
            known["reasoning_effort"] = Value::Null;
        }
        for message in known["messages"].as_array_mut().into_iter().flatten() {
            message.as_object_mut().into_iter().for_each(|members| _ = members.remove("reasoning"));
        }
        Chat.read(&Received { body: &known, model: received.model.clone(), ..*received })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        Chat.whole(asked, said)
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        Chat.events(asked, said)
    }
}

impl Endpoint for Fireworks {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        let extra = |place: String, value: &Value| {
            Err(Fault::at(
                place.clone(),
                format!("Extra inputs are not permitted, field: '{place}', value: {value}"),
            ))
        };
        if let Some(name) = OPENAIS_ALONE.iter().chain(&["store"]).find(|name| !body[**name].is_null()) {
            return extra((*name).to_owned(), &body[*name]);
        }
        for (at, message) in body["messages"].as_array().into_iter().flatten().enumerate() {
            let place = format!("messages[{at}].content");
            let mut parts = message["content"].as_array().into_iter().flatten().enumerate();
            if let Some((number, part)) = parts.find(|(_, part)| !part["cache_control"].is_null()) {
                let list = format!("{place}.list[ChatMessageContent][{number}].cache_control");
                return extra(list, &part["cache_control"]);
            }
        }
        let mut known = body.clone();
        for message in known["messages"].as_array_mut().into_iter().flatten() {
            message.as_object_mut().into_iter().for_each(|members| _ = members.remove("reasoning_content"));
        }
        Chat.read(&Received { body: &known, model: received.model.clone(), ..*received })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        Chat.whole(asked, said)
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        Chat.events(asked, said)
    }
}

fn unknown<'m>(message: &'m Value, known: &[&str]) -> Option<&'m str> {
    let members = message.as_object()?;
    members.keys().map(String::as_str).find(|name| !known.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(endpoint: &dyn Endpoint, body: Value) -> String {
        let received =
            Received { body: &body, query: "", version: None, model: Some("m".to_owned()), stream: None };
        endpoint.read(&received).err().map_or(String::new(), |fault| fault.message)
    }

    #[test]
    fn each_in_its_own_words() {
        let said = json!([{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}]);
        assert!(
            refused(&Fireworks, json!({"messages": said}))
                .starts_with("Extra inputs are not permitted, field: 'messages[0]")
        );
        let system = json!([{"role": "system", "content": [{"type": "text", "text": "a"}]}]);
        assert!(
            refused(&Groq, json!({"messages": system}))
                .ends_with("[('messages.0.content' : value must be a string)]")
        );
        assert_eq!(
            refused(&Groq, json!({"prompt_cache_key": "k"})),
            "property 'prompt_cache_key' is unsupported"
        );
    }
}
