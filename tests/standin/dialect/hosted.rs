//! Anthropic's Messages where another sells them: on Bedrock (invoke) and on Vertex (rawPredict), and the counting of
//! tokens. <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html>
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude>

use serde_json::{Value, json};

use super::anthropic::{self, Messages};
use super::embeddings::base64;
use super::{Endpoint, Event, Family, Fault, Part, Received, eventstream};
use crate::answer::{Asked, Said};
use crate::behaviour::Failure;

pub struct OnBedrock;
pub struct OnVertex;
pub struct CountTokens;
pub struct CountOnVertex;

/// Reads a body in which the model and the version change places with the path and the header.
fn read(received: &Received<'_>, versions: &[&str], streams: &[&str]) -> Result<Asked, Fault> {
    let mut body = received.body.clone();
    let version = body["anthropic_version"].as_str().unwrap_or_default().to_owned();
    if !versions.contains(&version.as_str()) {
        return Err(Fault::at(
            "anthropic_version",
            format!("anthropic_version: '{version}' is none of {}", versions.join(", ")),
        ));
    }
    if !body["model"].is_null() {
        return Err(Fault::at("model", "model: Extra inputs are not permitted"));
    }
    if let Some(members) = body.as_object_mut() {
        for name in ["anthropic_beta"].iter().chain(streams) {
            members.remove(*name);
        }
        members.remove("anthropic_version");
    }
    anthropic::known(&body)?;
    if !body["stream"].is_null() {
        return Err(Fault::at("stream", "stream: Extra inputs are not permitted"));
    }
    let model = received.model.clone().unwrap_or_default();
    anthropic::read(&body, model, received.stream.unwrap_or(false), Some(version.as_str()))
}

impl Endpoint for OnBedrock {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        read(received, &["bedrock-2023-05-31", "2026-10-21"], &[])
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        Messages.whole(asked, said)
    }

    /// Anthropic's events, each in base64 in a frame of Bedrock's.
    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let events = Messages.events(asked, said).into_iter().filter_map(|event| {
            let text = String::from_utf8_lossy(&event.bytes).into_owned();
            let data = text.lines().find_map(|line| line.strip_prefix("data: "))?;
            let mut data = data.to_owned();
            if event.part == Part::Terminator {
                let counts = json!({"inputTokenCount": said.prompt_tokens, "outputTokenCount": said.output_tokens,
                    "invocationLatency": 7, "firstByteLatency": 3});
                data = json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": counts}).to_string();
            }
            let payload = json!({"bytes": base64(data.as_bytes()), "p": "abcdefghijkl"});
            Some(eventstream::event("chunk", &payload, event.part))
        });
        events.collect()
    }

    fn failure_event(&self, _: Family, failure: Failure, message: Option<&str>) -> Event {
        eventstream::failure(failure, message)
    }

    fn malformed_event(&self) -> Event {
        let payload = json!({"bytes": base64(b"{\"type\":\"content_block_delta\",\"index\":0,\"del")});
        eventstream::event("chunk", &payload, Part::Token)
    }

    fn stream_type(&self) -> &'static str {
        eventstream::TYPE
    }
}

impl Endpoint for OnVertex {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        if received.stream == Some(true) && received.body["stream"] != true {
            return Err(Fault::at("stream", "streamRawPredict needs \"stream\": true in the body"));
        }
        read(received, &["vertex-2023-10-16", "2026-10-21"], &["stream"])
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        Messages.whole(asked, said)
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        Messages.events(asked, said)
    }

    fn failure_event(&self, family: Family, failure: Failure, message: Option<&str>) -> Event {
        Messages.failure_event(family, failure, message)
    }

    fn malformed_event(&self) -> Event {
        Messages.malformed_event()
    }
}

impl Endpoint for CountTokens {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let mut body = received.body.clone();
        if !body["max_tokens"].is_null() || !body["stream"].is_null() {
            return Err(Fault::at("max_tokens", "max_tokens: Extra inputs are not permitted"));
        }
        body["max_tokens"] = json!(1_000_000);
        Messages.read(&Received {
            body: &body,
            query: received.query,
            version: received.version,
            model: None,
            stream: None,
        })
    }

    fn whole(&self, _: &Asked, said: &Said) -> Value {
        json!({"input_tokens": said.prompt_tokens})
    }
}

/// The body names the model, as nowhere else on Vertex.
impl Endpoint for CountOnVertex {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let mut body = received.body.clone();
        let version = body.as_object_mut().and_then(|members| members.remove("anthropic_version"));
        if version != Some(json!("vertex-2023-10-16")) {
            return Err(Fault::at("anthropic_version", "anthropic_version: Field required"));
        }
        CountTokens.read(&Received {
            body: &body,
            query: received.query,
            version: Some("2023-06-01"),
            model: None,
            stream: None,
        })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        CountTokens.whole(asked, said)
    }
}
