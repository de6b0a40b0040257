//! Gemini's generateContent, at Google AI and on Vertex. <https://ai.google.dev/api/generate-content>

mod check;

use serde_json::{Value, json};

use super::{Endpoint, Event, Fault, Part, Received, required_list, sse};
use crate::answer::{Asked, SIGNATURE, Said, Stop};

pub struct Generate;

impl Endpoint for Generate {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = &check::camel(received.body, check::Inside::Message);
        let stream = received.stream.unwrap_or(false);
        if stream && !received.query.split('&').any(|pair| pair == "alt=sse") {
            return Err(Fault::new(
                "without alt=sse the answer is one JSON array, which the stand-in does not do",
            ));
        }
        check::unknown(body, check::KNOWN, "")?;
        let config = &body["generationConfig"];
        check::unknown(config, check::CONFIG, " at 'generation_config'")?;
        let contents = required_list(body, "contents")
            .map_err(|_| Fault::new("* GenerateContentRequest.contents: contents is not specified"))?;
        let model = received.model.clone().unwrap_or_default();
        check::contents(contents, &model)?;
        check::parts(&body["systemInstruction"], "system_instruction")?;
        check::combination(&body["tools"])?;
        let tools = check::tools(&body["tools"])?;
        let choice = check::choice(&body["toolConfig"]["functionCallingConfig"], &tools)?;
        let json = config["responseMimeType"] == "application/json";
        let schema = [&config["responseJsonSchema"], &config["responseSchema"]]
            .into_iter()
            .find(|schema| schema.is_object());
        if schema.is_some() && !json {
            return Err(Fault::new(
                "* GenerateContentRequest.generation_config.response_schema: only allowed with response_mime_type application/json",
            ));
        }
        check::schema(&config["responseSchema"], "generation_config.response_schema")?;
        let last = contents.last().unwrap_or(&Value::Null);
        let results = last["parts"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|part| part["functionResponse"].is_object());
        let user = contents.iter().rev().find(|content| content["role"] != "model").unwrap_or(last);
        let texts = user["parts"].as_array().into_iter().flatten().filter_map(|part| part["text"].as_str());
        Ok(Asked {
            model,
            stream,
            last_text: texts.collect::<Vec<_>>().join(" "),
            tool_results: results.map(|part| part["functionResponse"]["response"].to_string()).collect(),
            tools,
            choice,
            schema: schema.cloned(),
            json_object: json,
            thinking: config["thinkingConfig"]["includeThoughts"] == true,
            max_tokens: config["maxOutputTokens"].as_u64(),
            count: usize::try_from(config["candidateCount"].as_u64().unwrap_or(1)).unwrap_or(1),
            prompt_bytes: body["contents"].to_string().len(),
            ..Asked::default()
        })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut parts = Vec::new();
        if !said.thinking.is_empty() {
            parts.push(json!({"text": said.whole_thinking(), "thought": true}));
        }
        if !said.text.is_empty() {
            parts.push(json!({"text": said.whole_text()}));
        }
        parts.extend(calls(said));
        let candidates =
            (0..asked.count.max(1)).map(|index| candidate(index, &parts, Some(finish(said.stop))));
        answer(asked, said, candidates.collect(), said.output_tokens - said.thinking_tokens)
    }

    fn events(&self, asked: &Asked, said: &Said) -> Vec<Event> {
        let mut events = Vec::new();
        let mut written = 0;
        let total = said.output_tokens - said.thinking_tokens;
        let mut chunk = |part, parts: Vec<Value>, finish: Option<&str>| {
            // What was said so far; the last one says what the whole answer says.
            written = if finish.is_some() { total } else { total.min(written + 1) };
            let answer = answer(asked, said, json!([candidate(0, &parts, finish)]), written);
            events.push(sse(None, &answer, part));
        };
        for delta in &said.thinking {
            chunk(Part::Token, vec![json!({"text": delta, "thought": true})], None);
        }
        for delta in &said.text {
            chunk(Part::Token, vec![json!({"text": delta})], None);
        }
        // Calls come whole, all in one chunk.
        if !said.calls.is_empty() {
            chunk(Part::Token, calls(said), None);
        }
        chunk(Part::Terminator, vec![json!({"text": ""})], Some(finish(said.stop)));
        events
    }

    fn malformed_event(&self) -> Event {
        Event { bytes: "data: {\"candidates\": [{\"content\": {\"par\r\n\r\n".into(), part: Part::Token }
    }
}

fn calls(said: &Said) -> Vec<Value> {
    let call = |(at, call): (usize, &crate::answer::Call)| {
        let mut part = json!({"functionCall": {"name": call.name, "args": call.arguments}});
        // The first of parallel calls is signed.
        if at == 0 {
            part["thoughtSignature"] = json!(SIGNATURE);
        }
        part
    };
    said.calls.iter().enumerate().map(call).collect()
}

fn candidate(index: usize, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": index});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    candidate
}

fn answer(asked: &Asked, said: &Said, candidates: Value, output: u64) -> Value {
    let mut usage = json!({
        "promptTokenCount": said.prompt_tokens, "candidatesTokenCount": output,
        "totalTokenCount": said.prompt_tokens + output + said.thinking_tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": said.prompt_tokens}],
    });
    if said.thinking_tokens > 0 {
        usage["thoughtsTokenCount"] = json!(said.thinking_tokens);
    }
    json!({"candidates": candidates, "usageMetadata": usage, "modelVersion": asked.model, "responseId": said.id})
}

fn finish(stop: Stop) -> &'static str {
    match stop {
        // Calls have no reason of their own.
        Stop::End | Stop::Tools => "STOP",
        Stop::Length => "MAX_TOKENS",
        Stop::Filtered => "SAFETY",
    }
}
