//! Chat Completions as Azure sends them: what its content filter saw comes along, in a stream first of all.
//! <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter-annotations>

use serde_json::{Value, json};

use super::openai::Chat;
use super::{Endpoint, Event, Fault, Part, Received, sse};
use crate::answer::{Asked, Said};

pub struct AzureChat;

fn prompt_results() -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    json!([{"prompt_index": 0, "content_filter_results": {"hate": safe, "self_harm": safe, "sexual": safe,
        "violence": safe, "jailbreak": {"filtered": false, "detected": false}}}])
}

impl Endpoint for AzureChat {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        // With the deployment in the path comes a version; the newer path needs none.
        let version = received.query.split('&').find_map(|pair| pair.strip_prefix("api-version="));
        if received.model.is_some() && version.is_none_or(str::is_empty) {
            return Err(Fault::new("Missing required query parameter: api-version"));
        }
        Chat.read(received)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut answer = Chat.whole(asked, said);
        answer["prompt_filter_results"] = prompt_results();
        for choice in answer["choices"].as_array_mut().into_iter().flatten() {
            choice["content_filter_results"] = prompt_results()[0]["content_filter_results"].take();
        }
        answer
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let first = json!({"id": "", "object": "", "created": 0, "model": "", "choices": [],
            "prompt_filter_results": prompt_results()});
        let mut events = vec![sse(None, &first, Part::Lifecycle)];
        events.extend(Chat.events(asked, said));
        events
    }
}
