//! What a target hears: the body that went out, in words that are the same for every dialect.

use crate::maker::Wire;
use serde_json::Value;

/// All that one side says until the other speaks. Blanks don't count in words: what is blank may be left out, and what
/// was two may be one now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    pub is_user: bool,
    pub words: String,
    /// In base64, those of results first.
    pub pictures: Vec<String>,
    pub calls: Vec<Call>,
    pub results: Vec<Heard>,
    /// Signatures and seals, in their order.
    pub seals: Vec<String>,
    /// The words of thoughts.
    pub thoughts: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub arguments: Value,
}

/// The result of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub id: String,
    pub text: String,
}

/// The conversation of a body, and the names of its tools.
#[derive(Debug, Default)]
pub struct Body {
    pub system: String,
    pub tools: Vec<String>,
    pub sides: Vec<Side>,
    pub wire: Option<Wire>,
}

pub fn bare(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

/// What a tool told: JSON may be written anew.
pub fn told(text: &str) -> String {
    let bared = bare(text);
    let json = serde_json::from_str::<Value>(&bared).ok().filter(Value::is_object);
    json.map_or(bared, |json| json.to_string())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Body {
    pub fn read(wire: Wire, body: &Value) -> Body {
        let mut heard = Body { wire: Some(wire), ..Body::default() };
        let function = |tool: &Value| text(&tool["function"]["name"]);
        heard.tools = match wire {
            Wire::Chat | Wire::Cohere => list(&body["tools"]).map(function).collect(),
            Wire::Responses | Wire::Messages => {
                list(&body["tools"]).map(|tool| text(&tool["name"])).collect()
            }
            Wire::Gemini => {
                let all = list(&body["tools"]).flat_map(|tools| list(&tools["functionDeclarations"]));
                all.map(|tool| text(&tool["name"])).collect()
            }
            Wire::Converse => {
                list(&body["toolConfig"]["tools"]).map(|tool| text(&tool["toolSpec"]["name"])).collect()
            }
        };
        match wire {
            Wire::Chat | Wire::Cohere => list(&body["messages"]).for_each(|message| heard.chat(message)),
            Wire::Responses => list(&body["input"]).for_each(|item| heard.item(item)),
            Wire::Messages => {
                list(&body["system"]).for_each(|part| heard.system.push_str(&bare(&text(&part["text"]))));
                heard.system.push_str(&bare(&text(&body["system"])));
                list(&body["messages"]).for_each(|message| heard.message(message));
            }
            Wire::Gemini => {
                let system = list(&body["systemInstruction"]["parts"]);
                system.for_each(|part| heard.system.push_str(&bare(&text(&part["text"]))));
                list(&body["contents"]).for_each(|turn| heard.turn(turn));
            }
            Wire::Converse => {
                list(&body["system"]).for_each(|part| heard.system.push_str(&bare(&text(&part["text"]))));
                list(&body["messages"]).for_each(|message| heard.converse(message));
            }
        }
        heard
    }

    /// The side of that role: the last, or a new one.
    fn side(&mut self, is_user: bool) -> &mut Side {
        if self.sides.last().is_none_or(|side| side.is_user != is_user) {
            self.sides.push(Side { is_user, ..Side::default() });
        }
        self.sides.last_mut().unwrap()
    }

    fn chat(&mut self, message: &Value) {
        let role = text(&message["role"]);
        // Mistral takes no user's words right behind results.
        if message["content"] == "(I have read the result.)" {
            return;
        }
        let mut said = Side::default();
        said.content(&message["content"]);
        said.words.push_str(&bare(&text(&message["tool_plan"])));
        match role.as_str() {
            "system" | "developer" => self.system.push_str(&said.words),
            "tool" => {
                let id = text(&message["tool_call_id"]);
                self.side(true).result(id, said);
            }
            "user" => self.side(true).add(said),
            "assistant" => {
                for call in list(&message["tool_calls"]) {
                    let function = &call["function"];
                    said.call(text(&call["id"]), &function["name"], &function["arguments"]);
                }
                for name in ["reasoning_content", "reasoning"] {
                    said.thoughts.push_str(&text(&message[name]));
                }
                for detail in list(&message["reasoning_details"]) {
                    said.seals
                        .extend(detail["signature"].as_str().or(detail["data"].as_str()).map(str::to_owned));
                }
                self.side(false).add(said);
            }
            other => panic!("the role {other}"),
        }
    }

    fn item(&mut self, item: &Value) {
        let mut said = Side::default();
        match item["type"].as_str().unwrap_or("message") {
            "message" => {
                said.content(&item["content"]);
                match item["role"].as_str().unwrap() {
                    "system" | "developer" => self.system.push_str(&said.words),
                    role => self.side(role == "user").add(said),
                }
            }
            "function_call" => {
                said.call(text(&item["call_id"]), &item["name"], &item["arguments"]);
                self.side(false).add(said);
            }
            "function_call_output" => {
                said.content(&item["output"]);
                self.side(true).result(text(&item["call_id"]), said);
            }
            "reasoning" => {
                said.seals.extend(item["encrypted_content"].as_str().map(str::to_owned));
                list(&item["summary"]).for_each(|part| said.thoughts.push_str(&text(&part["text"])));
                self.side(false).add(said);
            }
            other => panic!("an item {other}"),
        }
    }

    fn message(&mut self, message: &Value) {
        let mut said = Side::default();
        for block in list(&message["content"]) {
            match block["type"].as_str().unwrap() {
                "tool_use" => said.call(text(&block["id"]), &block["name"], &block["input"]),
                "tool_result" => {
                    let mut result = Side::default();
                    result.content(&block["content"]);
                    said.result(text(&block["tool_use_id"]), result);
                }
                "thinking" => {
                    said.seals.push(text(&block["signature"]));
                    said.thoughts.push_str(&text(&block["thinking"]));
                }
                "redacted_thinking" => said.seals.push(text(&block["data"])),
                _ => {}
            }
        }
        said.content(&message["content"]);
        // Anthropic takes neighbours for one turn.
        self.side(message["role"] == "user").add(said);
    }

    /// Turns take turns where the house wants it so.
    fn turns(&mut self, role: &Value, said: Side) {
        let is_user = role == "user";
        assert!(self.sides.last().is_none_or(|last| last.is_user != is_user), "two turns of {role}");
        assert!(is_user || !self.sides.is_empty(), "the assistant begins");
        self.side(is_user).add(said);
    }

    fn turn(&mut self, turn: &Value) {
        let mut said = Side::default();
        for part in list(&turn["parts"]) {
            let seal = part["thoughtSignature"].as_str();
            said.seals.extend(seal.filter(|seal| !seal.starts_with("skip_")).map(str::to_owned));
            if part["thought"] == true {
                said.thoughts.push_str(&text(&part["text"]));
            } else if let Some(call) = part.get("functionCall") {
                said.call(text(&call["id"]), &call["name"], &call["args"]);
            } else if let Some(output) = part.get("functionResponse") {
                let mut result = Side::default();
                let response = &output["response"];
                let told = response
                    .get("result")
                    .or(response.get("error"))
                    .filter(|_| response.as_object().unwrap().len() == 1);
                let told = told.unwrap_or(response);
                result.words = bare(&told.as_str().map_or_else(|| told.to_string(), str::to_owned));
                list(&output["parts"])
                    .for_each(|part| result.pictures.push(text(&part["inlineData"]["data"])));
                said.result(text(&output["id"]), result);
            } else if let Some(data) = part["inlineData"]["data"].as_str() {
                said.pictures.push(data.to_owned());
            } else {
                said.words.push_str(&bare(&text(&part["text"])));
            }
        }
        self.turns(&turn["role"], said);
    }

    fn converse(&mut self, message: &Value) {
        let mut said = Side::default();
        for block in list(&message["content"]) {
            if let Some(tool) = block.get("toolUse") {
                said.call(text(&tool["toolUseId"]), &tool["name"], &tool["input"]);
            } else if let Some(tool) = block.get("toolResult") {
                let mut result = Side::default();
                result.content(&tool["content"]);
                said.result(text(&tool["toolUseId"]), result);
            } else if let Some(thought) = block.get("reasoningContent") {
                let words = &thought["reasoningText"];
                said.thoughts.push_str(&text(&words["text"]));
                said.seals.extend(
                    words["signature"].as_str().or(thought["redactedContent"].as_str()).map(str::to_owned),
                );
            }
        }
        said.content(&message["content"]);
        self.turns(&message["role"], said);
    }
}

impl Side {
    /// Texts and pictures; what else there is others read.
    fn content(&mut self, content: &Value) {
        self.words.push_str(&bare(&text(content)));
        for part in list(content) {
            let url = part["image_url"]["url"].as_str().or(part["image_url"].as_str());
            let data = part["source"]["data"].as_str().or(part["image"]["source"]["bytes"].as_str());
            if let Some(data) = url.and_then(|url| url.strip_prefix("data:image/png;base64,")).or(data) {
                self.pictures.push(data.to_owned());
            } else {
                self.words.push_str(&bare(&text(&part["text"])));
            }
        }
    }

    fn call(&mut self, id: String, name: &Value, arguments: &Value) {
        let parsed = arguments.as_str().map(|arguments| serde_json::from_str(arguments).unwrap());
        let arguments = parsed.unwrap_or_else(|| arguments.clone());
        self.calls.push(Call { id, name: text(name), arguments });
    }

    fn result(&mut self, id: String, said: Side) {
        // What stands for nothing, and before the words of a tool that failed.
        const NOTHING: [&str; 3] = ["(Thetoolreturnednothing.)", "Theresultisinthenextmessage.", "Error"];
        let text = said.words.strip_prefix("Error:").unwrap_or(&said.words);
        let text = if NOTHING.contains(&text) { "" } else { text };
        let text = told(text);
        self.results.push(Heard { id, text });
        self.pictures.extend(said.pictures);
    }

    pub fn add(&mut self, other: Side) {
        self.words.push_str(&other.words);
        self.pictures.extend(other.pictures);
        self.calls.extend(other.calls);
        self.results.extend(other.results);
        self.seals.extend(other.seals);
        self.thoughts.push_str(&other.thoughts);
    }
}
