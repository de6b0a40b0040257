//! What planning must know of a request, whatever surface it came to.

use super::{Limits, read};
use crate::chat::{Features, Request};
use crate::dialect::embeddings;
use crate::dialect::loss::{Refusal, is_all_advice};
use crate::dialect::surface::Surface;
use crate::json::{Kind, Raw, Text};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `model` as the caller wrote it.
    pub model: String,
    /// The caller wants the answer as server-sent events.
    pub stream: bool,
    /// The caller of an OpenAI stream asked for a usage chunk.
    pub stream_usage: bool,
    /// What a target must have for the request to mean the same there.
    pub needs: Features,
    /// Every dialect can carry it: no need to try.
    pub is_plain: bool,
    /// Bytes of JSON that one context window has to hold; 0 where none has to.
    pub prompt_bytes: usize,
}

/// Reads a caller's request as far as planning goes. What is too much for `limits`, or could be read in two ways, is not
/// read any further.
///
/// # Errors
/// What is wrong with it, in words for the caller.
pub fn ask(surface: Surface, body: Raw<'_>, limits: &Limits) -> Result<Asked, Refusal> {
    ask_once(surface, body, limits).map(|(asked, _)| asked)
}

/// As [`ask`], with the request as its caller's dialect reads it, where that was read.
///
/// # Errors
/// As [`ask`].
pub fn ask_once<'a>(
    surface: Surface,
    body: Raw<'a>,
    limits: &Limits,
) -> Result<(Asked, Option<Request<'a>>), Refusal> {
    if let Some(path) = body.repeated() {
        let message =
            format!("{path} is there twice, so that readers may differ on which counts. Send it once.");
        return Err(Refusal::invalid(path, message));
    }
    limits.hold(surface, body)?;
    match surface {
        Surface::Chat | Surface::Messages | Surface::Responses => ask_chat(surface, body, limits),
        Surface::Embeddings => Ok((ask_embeddings(body)?, None)),
        Surface::CountTokens => Ok((ask_count(body)?, None)),
    }
}

fn ask_chat<'a>(
    surface: Surface,
    body: Raw<'a>,
    limits: &Limits,
) -> Result<(Asked, Option<Request<'a>>), Refusal> {
    let request = read(surface, body)?;
    limits.hold_unknown(&request)?;
    let model = request.model.decode().into_owned();
    // A response may be about what its provider stores, and its reader knows when it isn't.
    let is_empty = request.messages.is_empty() && surface != Surface::Responses;
    there(&[("model", model.is_empty()), ("messages", is_empty)])?;
    let asked = Asked {
        model,
        stream: request.stream,
        stream_usage: request.stream_usage,
        needs: request.needs(),
        is_plain: request.is_plain() && is_all_advice(&request),
        prompt_bytes: body.as_json().len(),
    };
    Ok((asked, Some(request)))
}

fn ask_embeddings(body: Raw<'_>) -> Result<Asked, Refusal> {
    let request = embeddings::EmbeddingsRequest::read(body)?;
    there(&[("model", request.model.is_empty()), ("input", request.input.count() == 0)])?;
    let prompt_bytes = embeddings::EmbeddingsRequest::longest(body);
    Ok(Asked { model: request.model.into_string(), prompt_bytes, ..Asked::default() })
}

/// The provider reads the rest: it is the one who counts.
fn ask_count(body: Raw<'_>) -> Result<Asked, Refusal> {
    if body.kind() != Kind::Object {
        return Err(Refusal::invalid("", "The body must be a JSON object."));
    }
    let model = body.get("model").and_then(Raw::text).map(Text::into_string).unwrap_or_default();
    let messages = body.get("messages").is_some_and(|messages| messages.items().next().is_some());
    there(&[("model", model.is_empty()), ("messages", !messages)])?;
    Ok(Asked { model, ..Asked::default() })
}

fn there(members: &[(&str, bool)]) -> Result<(), Refusal> {
    match members.iter().find(|(_, is_missing)| *is_missing) {
        None => Ok(()),
        Some((param, _)) => {
            let message = format!("The request has no `{param}`, or an empty one. Say what is meant.");
            Err(Refusal::invalid(*param, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(surface: Surface, body: &str) -> Result<Asked, Refusal> {
        ask(surface, Raw::parse(body.as_bytes()).unwrap(), &Limits::NONE)
    }

    #[test]
    fn what_is_no_chat() {
        let of = |body| asked(Surface::Embeddings, body).unwrap();
        let one = of(r#"{"model":"m","input":"four","stream":true}"#);
        assert_eq!(one, Asked { model: "m".into(), prompt_bytes: 6, ..Asked::default() });
        // Each text is embedded by itself, so the longest must fit.
        assert_eq!(of(r#"{"model":"m","input":["a","four"]}"#).prompt_bytes, 6);
        assert_eq!(of(r#"{"model":"m","input":[1,2,3]}"#).prompt_bytes, 7);
        assert_eq!(of(r#"{"model":"m","input":[[1],[2,3]]}"#).prompt_bytes, 5);
        // A count of too many tokens is what is asked for.
        let count = asked(Surface::CountTokens, r#"{"model":"m","messages":[{}]}"#).unwrap();
        assert_eq!(count, Asked { model: "m".into(), ..Asked::default() });
    }

    #[test]
    fn what_is_there_twice() {
        for (surface, body, path) in [
            (Surface::Chat, r#"{"model":"m","messages":[],"mod\u0065l":"n"}"#, "model"),
            (
                Surface::Messages,
                r#"{"model":"m","messages":[{"role":"user","role":"assistant"}]}"#,
                "messages[0].role",
            ),
            (
                Surface::CountTokens,
                r#"{"model":"m","messages":[{}],"tools":[{"input_schema":{"a":1,"a":2}}]}"#,
                "tools[0].input_schema.a",
            ),
            (Surface::Responses, r#"{"model":"m","input":"x","x":{"y":[{"z":1,"z":1}]}}"#, "x.y[0].z"),
            (Surface::Embeddings, r#"{"model":"m","input":"a","input":"b"}"#, "input"),
        ] {
            let refusal = asked(surface, body).unwrap_err();
            assert_eq!((refusal.status, refusal.param.as_deref()), (400, Some(path)), "{body}");
            assert!(refusal.message.starts_with(&format!("{path} is there twice")), "{}", refusal.message);
        }
        // Arguments are text.
        let call = r#"{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}}]}]}"#;
        assert!(asked(Surface::Chat, call).is_ok());
    }

    #[test]
    fn what_says_nothing() {
        for (surface, body, param) in [
            (Surface::Chat, r#"{"messages":[{"role":"user","content":"x"}]}"#, "model"),
            (Surface::Chat, r#"{"model":"m","messages":[]}"#, "messages"),
            (Surface::Embeddings, r#"{"input":"x"}"#, "model"),
            (Surface::Embeddings, r#"{"model":"m","input":null}"#, "input"),
            (Surface::CountTokens, r#"{"messages":[{}]}"#, "model"),
            (Surface::CountTokens, r#"{"model":"m","messages":"x"}"#, "messages"),
        ] {
            let refusal = asked(surface, body).unwrap_err();
            assert_eq!((refusal.status, refusal.param.as_deref()), (400, Some(param)), "{body}");
        }
        for surface in [Surface::Embeddings, Surface::CountTokens] {
            assert_eq!(asked(surface, "[]").unwrap_err().message, "The body must be a JSON object.");
        }
    }
}
