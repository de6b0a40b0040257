//! The three callers: how an application keeps its history with an official SDK.

use crate::script::{Outcome, Piece, Script};
use serde_json::{Value, json};
use switchover::dialect::Surface;

pub const CALLERS: [Surface; 3] = [Surface::Chat, Surface::Messages, Surface::Responses];

/// An application with its history.
#[derive(Clone, Debug)]
pub struct Caller {
    pub surface: Surface,
    /// All but the conversation.
    head: Value,
    pub history: Vec<Value>,
}

impl Caller {
    pub fn new(surface: Surface, script: &Script) -> Caller {
        let schema = json!({"type": "object", "properties": {"q": {}}, "additionalProperties": true});
        let tool = |name: &String| match surface {
            Surface::Chat => json!({"type": "function", "function": {"name": name, "parameters": schema}}),
            Surface::Messages => json!({"name": name, "input_schema": schema}),
            _ => json!({"type": "function", "name": name, "parameters": schema, "strict": false}),
        };
        let tools: Vec<Value> = script.tools.iter().map(tool).collect();
        let mut head = json!({"model": "asked", "tools": tools});
        let mut history = Vec::new();
        match (surface, &script.system) {
            (Surface::Messages, system) => {
                head["max_tokens"] = json!(8000);
                if let Some(system) = system {
                    head["system"] = json!(system);
                }
                if script.thinks {
                    head["thinking"] = json!({"type": "enabled", "budget_tokens": 2000});
                }
            }
            (_, system) => {
                history.extend(system.as_ref().map(|text| json!({"role": "system", "content": text})));
                if script.thinks && surface == Surface::Chat {
                    head["reasoning_effort"] = json!("medium");
                } else if script.thinks {
                    head["reasoning"] = json!({"effort": "medium"});
                }
            }
        }
        if surface == Surface::Responses {
            head["store"] = json!(false);
            head["include"] = json!(["reasoning.encrypted_content"]);
        }
        let mut caller = Caller { surface, head, history };
        caller.say(&script.first);
        caller
    }

    pub fn body(&self, streams: bool) -> String {
        let mut body = self.head.clone();
        let list = if self.surface == Surface::Responses { "input" } else { "messages" };
        body[list] = json!(self.history);
        if streams {
            body["stream"] = json!(true);
        }
        body.to_string()
    }

    /// The user speaks.
    pub fn say(&mut self, pieces: &[Piece]) {
        if pieces.is_empty() {
            return;
        }
        let content = match pieces {
            [Piece::Text(text)] => json!(text),
            several => several.iter().map(|piece| self.piece(piece)).collect(),
        };
        self.history.push(json!({"role": "user", "content": content}));
    }

    fn piece(&self, piece: &Piece) -> Value {
        match (self.surface, piece) {
            (Surface::Responses, Piece::Text(text)) => json!({"type": "input_text", "text": text}),
            (_, Piece::Text(text)) => json!({"type": "text", "text": text}),
            (surface, Piece::Picture(data)) => picture(surface, data),
        }
    }

    /// The answer as it came is a part of the history from now on.
    pub fn keep(&mut self, answer: &Value) {
        match self.surface {
            Surface::Chat => self.history.push(answer["choices"][0]["message"].clone()),
            Surface::Messages => {
                self.history.push(json!({"role": "assistant", "content": answer["content"]}));
            }
            _ => self.history.extend(answer["output"].as_array().unwrap().iter().cloned()),
        }
    }

    /// The ids and names of the calls in an answer.
    pub fn calls(&self, answer: &Value) -> Vec<(String, String)> {
        let (list, kind, id) = match self.surface {
            Surface::Chat => (&answer["choices"][0]["message"]["tool_calls"], "function", "id"),
            Surface::Messages => (&answer["content"], "tool_use", "id"),
            _ => (&answer["output"], "function_call", "call_id"),
        };
        let calls = list.as_array().into_iter().flatten().filter(|call| call["type"] == kind);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let name = |call: &Value| text(call.pointer("/function/name").unwrap_or(&call["name"]));
        calls.map(|call| (text(&call[id]), name(call))).collect()
    }

    /// What the tools say to them, and then the user.
    pub fn answer(&mut self, results: &[(String, Outcome)], words: &[Piece]) {
        if self.surface != Surface::Messages {
            let result = |(id, outcome): &(String, Outcome)| self.result(id, outcome);
            self.history.extend(results.iter().map(result).collect::<Vec<_>>());
            return self.say(words);
        }
        let results = results.iter().map(|(id, outcome)| self.result(id, outcome));
        let content: Vec<Value> = results.chain(words.iter().map(|piece| self.piece(piece))).collect();
        self.history.push(json!({"role": "user", "content": content}));
    }

    fn result(&self, id: &str, outcome: &Outcome) -> Value {
        let text = Piece::Text(outcome.text.clone());
        let pictures = outcome.picture.iter().map(|data| picture(self.surface, data));
        let parts = || -> Vec<Value> { std::iter::once(self.piece(&text)).chain(pictures).collect() };
        match (self.surface, &outcome.picture) {
            (Surface::Chat, _) => json!({"role": "tool", "tool_call_id": id, "content": outcome.text}),
            (Surface::Messages, _) => {
                let content = if outcome.picture.is_some() { json!(parts()) } else { json!(outcome.text) };
                let mut block = json!({"type": "tool_result", "tool_use_id": id, "content": content});
                if outcome.is_error {
                    block["is_error"] = json!(true);
                }
                block
            }
            (_, picture) => {
                let output = if picture.is_some() { json!(parts()) } else { json!(outcome.text) };
                json!({"type": "function_call_output", "call_id": id, "output": output})
            }
        }
    }
}

fn picture(surface: Surface, data: &str) -> Value {
    let url = format!("data:image/png;base64,{data}");
    match surface {
        Surface::Chat => json!({"type": "image_url", "image_url": {"url": url}}),
        Surface::Messages => {
            json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}})
        }
        _ => json!({"type": "input_image", "image_url": url, "detail": "auto"}),
    }
}
