//! What planning must know of a request, whatever surface it came to.

use super::embeddings;
use super::{Losses, Refusal, Surface, carry_extra, exchange};
use crate::chat::Features;
use crate::json::{Kind, Raw, Text};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// `model` as the caller wrote it.
    pub model: String,
    pub stream: bool,
    /// The caller of an OpenAI stream asked for a usage chunk.
    pub stream_usage: bool,
    pub needs: Features,
    /// Every dialect can carry it: no need to try.
    pub is_plain: bool,
    /// Bytes of JSON that one context window has to hold; 0 where none has to.
    pub prompt_bytes: usize,
}

/// Reads a caller's request as far as planning goes.
///
/// # Errors
/// What is wrong with it, in words for the caller.
pub fn ask(surface: Surface, body: Raw<'_>) -> Result<Asked, Refusal> {
    match surface {
        Surface::Chat | Surface::Messages | Surface::Responses => ask_chat(surface, body),
        Surface::Embeddings => ask_embeddings(body),
        Surface::CountTokens => ask_count(body),
    }
}

fn ask_chat(surface: Surface, body: Raw<'_>) -> Result<Asked, Refusal> {
    let request = exchange::read(surface, body)?;
    let model = request.model.decode().into_owned();
    // A response may be about what its provider stores, and its reader knows when it isn't.
    let is_empty = request.messages.is_empty() && surface != Surface::Responses;
    there(&[("model", model.is_empty()), ("messages", is_empty)])?;
    Ok(Asked {
        model,
        stream: request.stream,
        stream_usage: request.stream_usage,
        needs: request.needs(),
        is_plain: request.is_plain() && carry_extra(surface, &request, &mut Losses::default()).is_ok(),
        prompt_bytes: body.as_json().len(),
    })
}

fn ask_embeddings(body: Raw<'_>) -> Result<Asked, Refusal> {
    let request = embeddings::Request::read(body)?;
    there(&[("model", request.model.is_empty()), ("input", request.input.count() == 0)])?;
    let prompt_bytes = embeddings::Request::longest(body);
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
        ask(surface, Raw::parse(body.as_bytes()).unwrap())
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
