//! What Google refuses.

use serde_json::Value;

use crate::answer::{Choice, SIGNATURE, Tool};
use crate::dialect::{Fault, known, schema_or_empty};

pub const KNOWN: &[&str] = &[
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "safetySettings",
    "generationConfig",
    "cachedContent",
    "labels",
    "modelArmorConfig",
    "serviceTier",
    "store",
];
pub const CONFIG: &[&str] = &[
    "audioTimestamp",
    "audioTranscriptionConfig",
    "candidateCount",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
    "frequencyPenalty",
    "imageConfig",
    "logprobs",
    "maxOutputTokens",
    "mediaResolution",
    "modelSelectionConfig",
    "presencePenalty",
    "responseFormat",
    "responseJsonSchema",
    "responseLogprobs",
    "responseMimeType",
    "responseModalities",
    "responseSchema",
    "routingConfig",
    "seed",
    "speechConfig",
    "stopSequences",
    "temperature",
    "thinkingConfig",
    "topK",
    "topP",
    "translationConfig",
];
/// The subset of OpenAPI that `parameters` and `responseSchema` are; JSON Schema has members of its own.
const SCHEMA: &[&str] = &[
    "additionalProperties",
    "anyOf",
    "default",
    "defs",
    "description",
    "enum",
    "example",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "nullable",
    "pattern",
    "properties",
    "propertyOrdering",
    "ref",
    "required",
    "title",
    "type",
];
/// A part has exactly one of these.
const DATA: &[&str] = &[
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];
/// What may stand in for a signature where the call was not the model's own.
/// <https://ai.google.dev/gemini-api/docs/thought-signatures>
const DUMMIES: &[&str] = &["skip_thought_signature_validator", "context_engineering_is_the_way_to_go"];

/// Where in a request names of its own begin.
#[derive(Clone, Copy, PartialEq)]
pub enum Inside {
    Message,
    Schema,
}

/// Google reads `snake_case` as well as `camelCase`, and its SDK sends both.
pub fn camel(value: &Value, inside: Inside) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| camel(item, inside)).collect(),
        Value::Object(members) => {
            let renamed = members.iter().map(|(name, value)| {
                let mut words = name.split('_');
                let mut known = words.next().unwrap_or_default().to_owned();
                for word in words {
                    let (first, rest) = word.split_at_checked(1).unwrap_or_default();
                    known.push_str(&first.to_ascii_uppercase());
                    known.push_str(rest);
                }
                let value = match known.as_str() {
                    "args" | "response" | "parametersJsonSchema" | "responseJsonSchema" | "labels" => {
                        value.clone()
                    }
                    "parameters" | "responseSchema" => camel(value, Inside::Schema),
                    "properties" if inside == Inside::Schema => {
                        let members = value.as_object().into_iter().flatten();
                        Value::Object(members.map(|(name, of)| (name.clone(), camel(of, inside))).collect())
                    }
                    _ => camel(value, inside),
                };
                (known, value)
            });
            Value::Object(renamed.collect())
        }
        _ => value.clone(),
    }
}

pub fn unknown(value: &Value, names: &[&str], place: &str) -> Result<(), Fault> {
    known(value, names).map_err(|fault| {
        let name = fault.param.unwrap_or_default();
        Fault::at(
            name.clone(),
            format!("Invalid JSON payload received. Unknown name \"{name}\"{place}: Cannot find field."),
        )
    })
}

pub fn schema(of: &Value, place: &str) -> Result<(), Fault> {
    if !of.is_object() {
        return Ok(());
    }
    unknown(of, SCHEMA, &format!(" at '{place}'"))?;
    let members = of["properties"].as_object().into_iter().flatten();
    members
        .map(|(_, of)| of)
        .chain([&of["items"]])
        .chain(of["anyOf"].as_array().into_iter().flatten())
        .try_for_each(|of| schema(of, &format!("{place}.properties")))
}

pub fn parts(content: &Value, place: &str) -> Result<(), Fault> {
    if content.is_null() {
        return Ok(());
    }
    let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
    if parts.is_empty() {
        return Err(Fault::new(format!(
            "* GenerateContentRequest.{place}.parts: contents.parts must not be empty."
        )));
    }
    for (at, part) in parts.iter().enumerate() {
        let data = DATA.iter().filter(|name| !part[**name].is_null()).count();
        let empty = part["text"] == "" && part["thoughtSignature"].is_null();
        if data != 1 || empty {
            return Err(Fault::new(format!(
                "* GenerateContentRequest.{place}.parts[{at}].data: required oneof field 'data' must have one initialized field"
            )));
        }
        let response = &part["functionResponse"];
        if response.is_object()
            && !(response["response"].is_object()
                && response["name"].as_str().is_some_and(|name| !name.is_empty()))
        {
            return Err(Fault::new(format!(
                "* GenerateContentRequest.{place}.parts[{at}].function_response: Name and an object as response are required"
            )));
        }
        let call = &part["functionCall"];
        if call.is_object()
            && (!call["name"].is_string() || !(call["args"].is_object() || call["args"].is_null()))
        {
            return Err(Fault::new(format!(
                "* GenerateContentRequest.{place}.parts[{at}].function_call: Name and an object as args are required"
            )));
        }
    }
    Ok(())
}

/// Roles, parts, as many responses as calls right after them, and signatures where Gemini 3 wants them.
pub fn contents(contents: &[Value], model: &str) -> Result<(), Fault> {
    let mut open = 0;
    let mut last_role = "model";
    for (at, content) in contents.iter().enumerate() {
        let role = content["role"].as_str().unwrap_or("user");
        if !["user", "model", "function"].contains(&role) {
            return Err(Fault::new("Please use a valid role: user, model."));
        }
        parts(content, &format!("contents[{at}]"))?;
        let parts = content["parts"].as_array().map_or(&[][..], Vec::as_slice);
        let responses = parts.iter().filter(|part| part["functionResponse"].is_object()).count();
        let calls: Vec<&Value> = parts.iter().filter(|part| part["functionCall"].is_object()).collect();
        if responses != open {
            return Err(Fault::new(
                "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
            ));
        }
        if !calls.is_empty() && last_role == "model" {
            return Err(Fault::new(
                "Please ensure that function call turn comes immediately after a user turn or after a function response turn.",
            ));
        }
        if let Some(first) = calls.first().filter(|_| model.starts_with("gemini-3")) {
            let signature =
                first["thoughtSignature"].as_str().or_else(|| first["thought_signature"].as_str());
            if !signature.is_some_and(|text| text == SIGNATURE || DUMMIES.contains(&text)) {
                return Err(Fault::new(format!(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly. Function call `default_api:{}`, position {at}.",
                    first["functionCall"]["name"]
                )));
            }
        }
        open = calls.len();
        last_role = role;
    }
    if open > 0 {
        return Err(Fault::new(
            "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.",
        ));
    }
    Ok(())
}

/// Google's own tools beside functions: <https://github.com/googleapis/go-genai/issues/323>.
pub fn combination(tools: &Value) -> Result<(), Fault> {
    let has = |name: &str| tools.as_array().into_iter().flatten().any(|tool| !tool[name].is_null());
    if has("functionDeclarations") && (has("googleSearch") || has("codeExecution") || has("urlContext")) {
        return Err(Fault::new("Tool use with function calling is unsupported"));
    }
    Ok(())
}

pub fn tools(tools: &Value) -> Result<Vec<Tool>, Fault> {
    let mut found = Vec::new();
    let declarations = tools
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|tool| tool["functionDeclarations"].as_array().into_iter().flatten());
    for (at, declaration) in declarations.enumerate() {
        let place = format!("tools[0].function_declarations[{at}]");
        unknown(
            declaration,
            &[
                "behavior",
                "description",
                "name",
                "parameters",
                "parametersJsonSchema",
                "response",
                "responseJsonSchema",
            ],
            &format!(" at '{place}'"),
        )?;
        let name = declaration["name"].as_str().unwrap_or_default();
        let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts
            || name.len() > 64
            || !name.chars().all(|one| one.is_ascii_alphanumeric() || "_.:-".contains(one))
        {
            return Err(Fault::new(format!(
                "* GenerateContentRequest.{place}.name: Invalid function name. Must start with a letter or an underscore."
            )));
        }
        schema(&declaration["parameters"], &format!("{place}.parameters"))?;
        let schema = [&declaration["parametersJsonSchema"], &declaration["parameters"]]
            .into_iter()
            .find(|schema| schema.is_object());
        found.push(Tool { name: name.to_owned(), schema: schema_or_empty(schema.unwrap_or(&Value::Null)) });
    }
    Ok(found)
}

pub fn choice(config: &Value, tools: &[Tool]) -> Result<Choice, Fault> {
    let names: Vec<&str> =
        config["allowedFunctionNames"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.iter().any(|name| !tools.iter().any(|tool| tool.name == *name)) {
        return Err(Fault::new(
            "* GenerateContentRequest.tool_config.function_calling_config.allowed_function_names: must be names of function_declarations",
        ));
    }
    let mode = config["mode"].as_str().unwrap_or("AUTO");
    if !names.is_empty() && !["ANY", "VALIDATED"].contains(&mode) {
        return Err(Fault::new("allowed_function_names is only allowed when mode is ANY"));
    }
    match (mode, names.first()) {
        ("AUTO" | "MODE_UNSPECIFIED" | "VALIDATED", _) => Ok(Choice::Auto),
        ("NONE", _) => Ok(Choice::None),
        ("ANY", Some(name)) => Ok(Choice::Named((*name).to_owned())),
        ("ANY", None) => Ok(Choice::Any),
        _ => Err(Fault::new(format!(
            "Invalid value at 'tool_config.function_calling_config.mode': \"{mode}\""
        ))),
    }
}
