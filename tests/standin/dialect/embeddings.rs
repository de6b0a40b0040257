//! Embeddings of OpenAI, Google and Cohere.
//!
//! The vectors are made up from the text alone, so that one text has the same vector at every provider.
//! <https://platform.openai.com/docs/api-reference/embeddings> <https://ai.google.dev/api/embeddings>
//! <https://docs.cohere.com/reference/embed>

use serde_json::{Value, json};

use super::{Endpoint, Fault, Received, known, required, required_list};
use crate::answer::{Asked, Said};

/// The dimensions of a vector when none are asked for.
const DIMENSIONS: u64 = 256;
const MOST_DIMENSIONS: u64 = 3072;

pub struct OpenAi;
pub struct Google;
pub struct GoogleBatch;
pub struct VertexPredict;
pub struct Cohere;
pub struct Titan;
pub struct CohereOnBedrock;

impl Endpoint for OpenAi {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(body, &["dimensions", "encoding_format", "input", "model", "user"])?;
        let model = match &received.model {
            Some(model) => model.clone(),
            None => required(body, "model")?.to_owned(),
        };
        let base64 = match body["encoding_format"].as_str() {
            None | Some("float") => false,
            Some("base64") => true,
            Some(other) => {
                return Err(Fault::at(
                    "encoding_format",
                    format!("'{other}' is neither 'float' nor 'base64'."),
                ));
            }
        };
        asked(model, openai_inputs(&body["input"])?, body["dimensions"].as_u64(), base64)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let data = asked.inputs.iter().enumerate().map(|(index, text)| {
            let vector = vector(text, asked.dimensions);
            let embedding = if asked.base64 {
                let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                json!(base64(&bytes))
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        });
        json!({"object": "list", "data": data.collect::<Value>(), "model": asked.model,
            "usage": {"prompt_tokens": said.prompt_tokens, "total_tokens": said.prompt_tokens}})
    }
}

/// A text, texts, tokens or lists of tokens.
fn openai_inputs(input: &Value) -> Result<Vec<String>, Fault> {
    let wrong = || {
        Fault::at(
            "input",
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
        )
    };
    match input {
        Value::Null => Err(Fault::at("input", "Missing required parameter: 'input'.")),
        Value::String(text) if !text.is_empty() => Ok(vec![text.clone()]),
        Value::Array(list) if list.first().is_some_and(Value::is_number) => Ok(vec![input.to_string()]),
        Value::Array(list) if !list.is_empty() => {
            let texts = list.iter().map(|item| match item {
                Value::String(text) if !text.is_empty() => Ok(text.clone()),
                Value::Array(tokens) if !tokens.is_empty() => Ok(item.to_string()),
                _ => Err(wrong()),
            });
            texts.collect()
        }
        _ => Err(wrong()),
    }
}

fn asked(model: String, inputs: Vec<String>, dimensions: Option<u64>, base64: bool) -> Result<Asked, Fault> {
    let dimensions = dimensions.unwrap_or(DIMENSIONS);
    if !(1..=MOST_DIMENSIONS).contains(&dimensions) {
        return Err(Fault::at(
            "dimensions",
            format!("{dimensions} dimensions are not supported by this model."),
        ));
    }
    let prompt_bytes = inputs.iter().map(String::len).sum();
    Ok(Asked { model, inputs, dimensions, base64, count: 1, prompt_bytes, ..Asked::default() })
}

/// FNV-1a of the text, stirred for each dimension; values from -1 to 1.
fn vector(text: &str, dimensions: u64) -> Vec<f32> {
    let seed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let value = |at: u64| {
        let stirred = (seed ^ at.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let [high, low, ..] = stirred.to_be_bytes();
        f32::from(i16::from_be_bytes([high, low])) / 32768.0
    };
    (0..dimensions).map(value).collect()
}

fn google_request(request: &Value, model: Option<String>) -> Result<(String, Option<u64>, String), Fault> {
    let parts = request["content"]["parts"].as_array().map_or(&[][..], Vec::as_slice);
    let text: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
    if text.is_empty() {
        return Err(Fault::at("content", "* EmbedContentRequest.content contains an empty Part."));
    }
    let config = &request["embedContentConfig"];
    let dimensions =
        request["outputDimensionality"].as_u64().or_else(|| config["outputDimensionality"].as_u64());
    Ok((text.join(" "), dimensions, model.unwrap_or_default()))
}

impl Endpoint for Google {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(
            body,
            &[
                "content",
                "model",
                "taskType",
                "title",
                "outputDimensionality",
                "embedContentConfig",
                "autoTruncate",
            ],
        )?;
        let (text, dimensions, model) = google_request(body, received.model.clone())?;
        asked(model, vec![text], dimensions, false)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let text = asked.inputs.first().map_or("", String::as_str);
        json!({"embedding": {"values": vector(text, asked.dimensions)},
            "usageMetadata": {"promptTokenCount": said.prompt_tokens}})
    }
}

impl Endpoint for GoogleBatch {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        known(received.body, &["requests"])?;
        let requests = required_list(received.body, "requests")?;
        let mut inputs = Vec::new();
        let mut size = None;
        for (at, request) in requests.iter().enumerate() {
            let named = request["model"].as_str().unwrap_or_default().trim_start_matches("models/");
            if Some(named) != received.model.as_deref() {
                return Err(Fault::at(
                    "requests",
                    format!(
                        "* BatchEmbedContentsRequest.requests[{at}].model: unexpected model name format or mismatch with the path"
                    ),
                ));
            }
            let (text, dimensions, _) = google_request(request, None)?;
            inputs.push(text);
            size = size.or(dimensions);
        }
        asked(received.model.clone().unwrap_or_default(), inputs, size, false)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let vectors = asked.inputs.iter().map(|text| json!({"values": vector(text, asked.dimensions)}));
        json!({"embeddings": vectors.collect::<Value>(), "usageMetadata": {"promptTokenCount": said.prompt_tokens}})
    }
}

impl Endpoint for VertexPredict {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        known(received.body, &["instances", "parameters"])?;
        let instances = required_list(received.body, "instances")?;
        let texts: Option<Vec<_>> =
            instances.iter().map(|one| one["content"].as_str().map(str::to_owned)).collect();
        let texts = texts.ok_or_else(|| Fault::at("instances", "Required property content is missing"))?;
        let dimensions = received.body["parameters"]["outputDimensionality"].as_u64();
        asked(received.model.clone().unwrap_or_default(), texts, dimensions, false)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let predictions = asked.inputs.iter().map(|text| {
            json!({"embeddings": {"values": vector(text, asked.dimensions),
                "statistics": {"token_count": said.prompt_tokens, "truncated": false}}})
        });
        json!({"predictions": predictions.collect::<Value>()})
    }
}

impl Endpoint for Cohere {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        known(
            body,
            &[
                "embedding_types",
                "images",
                "input_type",
                "inputs",
                "max_tokens",
                "model",
                "output_dimension",
                "priority",
                "texts",
                "truncate",
            ],
        )?;
        let model = required(body, "model")?.to_owned();
        required(body, "input_type")?;
        let types = body["embedding_types"].as_array().map_or(&[][..], Vec::as_slice);
        if types.iter().any(|kind| kind != "float" && kind != "base64") {
            return Err(Fault::at(
                "embedding_types",
                "invalid embedding type: the stand-in has float and base64",
            ));
        }
        let inputs: Vec<String> = match (&body["texts"], &body["inputs"]) {
            (Value::Array(texts), _) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            (_, Value::Array(inputs)) => {
                inputs.iter().map(|input| super::openai::text(&input["content"])).collect()
            }
            _ => Vec::new(),
        };
        if inputs.is_empty() {
            return Err(Fault::at(
                "texts",
                "invalid request: one of texts, images or inputs must be provided",
            ));
        }
        asked(model, inputs, body["output_dimension"].as_u64(), types.iter().any(|kind| kind == "base64"))
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let vectors = asked.inputs.iter().map(|text| vector(text, asked.dimensions));
        let embeddings = if asked.base64 {
            let texts = vectors.map(|vector| {
                base64(&vector.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
            });
            json!({"base64": texts.collect::<Vec<_>>()})
        } else {
            json!({"float": vectors.collect::<Vec<_>>()})
        };
        json!({"id": said.id, "response_type": "embeddings_by_type", "embeddings": embeddings, "texts": asked.inputs,
            "meta": {"api_version": {"version": "2"}, "billed_units": {"input_tokens": said.prompt_tokens}}})
    }
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>
impl Endpoint for Titan {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let body = received.body;
        let model = received.model.clone().unwrap_or_default();
        let newer = ["inputText", "dimensions", "normalize", "embeddingTypes"];
        known(body, if model.contains("v2") { &newer } else { &newer[..1] })?;
        let dimensions = body["dimensions"].as_u64();
        if dimensions.is_some_and(|size| ![256, 512, 1024].contains(&size)) {
            return Err(Fault::at(
                "dimensions",
                "Malformed input request: dimensions is not in the allowed set",
            ));
        }
        asked(model, vec![required(body, "inputText")?.to_owned()], dimensions, false)
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let vector = vector(asked.inputs.first().map_or("", String::as_str), asked.dimensions);
        json!({"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": said.prompt_tokens})
    }
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>
impl Endpoint for CohereOnBedrock {
    fn read(&self, received: &Received<'_>) -> Result<Asked, Fault> {
        let mut body = received.body.clone();
        if !body["model"].is_null() {
            return Err(Fault::at(
                "model",
                "Malformed input request: extraneous key [model] is not permitted",
            ));
        }
        body["model"] = json!(received.model);
        Cohere.read(&Received {
            body: &body,
            query: received.query,
            version: received.version,
            model: None,
            stream: None,
        })
    }

    fn whole(&self, asked: &Asked, said: &Said) -> Value {
        let mut answer = Cohere.whole(asked, said);
        if let Some(members) = answer.as_object_mut() {
            members.remove("meta");
        }
        answer
    }
}

pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or(0);
            text.push(if place > group.len() { '=' } else { char::from(DIGITS[digit]) });
        }
    }
    text
}
