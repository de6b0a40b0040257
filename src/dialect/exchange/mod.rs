//! One exchange between a caller and a target: what the filter and the command call.
//!
//! Where both sides speak the same dialect the bytes are edited in place ([`Native`]) and everything unknown survives;
//! otherwise the request is read into the model by the caller's dialect and written by the provider's.

mod asked;
mod limits;
mod naming;
mod show;
mod translated;

pub use asked::{Asked, ask, ask_once};
pub use limits::Limits;
pub use show::failure_json;

use super::loss::{Losses, Refusal};
use super::openai::OpenAi;
use super::providers::{Dialect, Host, Quirk, Row};
use super::responses::Responses;
use super::seam::{
    Body, Caller, CallerError, Memo, Native, Outgoing, Pipe, Provider, Seen, Sending, Target, Turn,
    WholeAnswer,
};
use super::surface::Surface;
use super::{anthropic, bedrock, cohere, embeddings, gemini, openai};
use crate::chat::Request;
use crate::failure::{Failure, Head};
use crate::json::{Raw, Writer};
use naming::CallerNames;
use translated::Translated;

/// The dialect of a chat surface; `None` for surfaces that are no chat.
pub fn caller(surface: Surface) -> Option<&'static dyn Caller> {
    match surface {
        Surface::Chat => Some(&OpenAi),
        Surface::Messages => Some(&anthropic::NATIVE),
        Surface::Responses => Some(&Responses),
        Surface::CountTokens | Surface::Embeddings => None,
    }
}

/// The dialect that a provider speaks.
pub fn provider(row: &Row) -> &'static Provider {
    match row.dialect {
        Dialect::OpenAi => &openai::provider::PROVIDER,
        Dialect::Anthropic => anthropic::provider::of(row),
        Dialect::Gemini => &gemini::PROVIDER,
        Dialect::Bedrock => &bedrock::PROVIDER,
        Dialect::Cohere => &cohere::PROVIDER,
    }
}

/// The shortcut where both sides speak the same.
pub fn native(surface: Surface, row: &Row) -> Option<&'static dyn Native> {
    match (surface, row.dialect) {
        (Surface::Chat, Dialect::OpenAi) if !row.has(Quirk::Chunks) => Some(&OpenAi),
        (Surface::Messages, Dialect::Anthropic) => Some(anthropic::of(row)),
        // Claude's houses count as Anthropic does, but for Bedrock, which has no such call.
        (Surface::CountTokens, Dialect::Anthropic) if row.host != Host::Bedrock => Some(anthropic::of(row)),
        (Surface::Responses, Dialect::OpenAi) if row.has(Quirk::Responses) => Some(&Responses),
        _ => None,
    }
}

/// Whether a provider may have no way to carry what isn't plain: where both sides speak the same, only some of its accents or its
/// house refuse anything.
pub fn may_refuse(surface: Surface, row: &Row) -> bool {
    match native(surface, row) {
        None => true,
        Some(_) if surface == Surface::Chat => {
            let refuses = |quirk: &Quirk| {
                matches!(quirk, Quirk::Without(_) | Quirk::NoneOf(_) | Quirk::Only(_) | Quirk::Choices(_))
            };
            row.quirks.iter().any(refuses)
        }
        Some(_) => surface == Surface::Responses || row.host != Host::Native,
    }
}

/// Whether a target has embeddings at all, for a request that asks for this model.
pub fn embeds(target: &Target, requested: &str) -> bool {
    embeddings::has(target, requested)
}

fn no_way(surface: Surface, row: &Row) -> Refusal {
    Refusal::unsupported(
        "model",
        format!(
            "Provider `{}` has nothing like {}. Choose a model group with a target that has it.",
            row.name,
            surface.path()
        ),
    )
}

/// Reads a caller's chat request into the model.
///
/// # Errors
/// What is wrong with it, in words for the caller.
pub fn read(surface: Surface, body: Raw<'_>) -> Result<Request<'_>, Refusal> {
    match caller(surface) {
        Some(caller) => caller.read(body),
        None => Err(Refusal::invalid("", "This path takes no chat request.")),
    }
}

/// Writes the request that `target` gets. `body` is the caller's, validated.
///
/// # Errors
/// What is wrong with the request or what this target can't carry of it.
pub fn request(turn: &Turn, body: Raw<'_>, target: &Target) -> Result<Outgoing, Refusal> {
    let mut outgoing = front(turn, body, target)?;
    outgoing.complete(body.as_json().as_bytes());
    Ok(outgoing)
}

/// As [`request`], without the end of the caller's request that stays as it is: [`Outgoing::kept`].
///
/// # Errors
/// As [`request`].
pub fn front(turn: &Turn, body: Raw<'_>, target: &Target) -> Result<Outgoing, Refusal> {
    let mut losses = Losses::new(turn.unsupported);
    let mut names = CallerNames::new(names_of(turn.surface), body);
    match written(turn, body, target, &mut losses) {
        Ok(mut outgoing) => {
            outgoing.dropped.extend(losses.into_dropped(&mut names));
            Ok(outgoing)
        }
        Err(refusal) => Err(refusal.named(&mut names)),
    }
}

/// How many bytes [`front`] would give, with what stays of the caller's request. `read` is the request as its caller's dialect reads
/// it, so that planning reads it once for all targets; long values are not copied.
///
/// # Errors
/// As [`request`].
pub fn weigh(
    turn: &Turn,
    body: Raw<'_>,
    read: Option<&Request<'_>>,
    target: &Target,
) -> Result<usize, Refusal> {
    let mut losses = Losses::new(turn.unsupported);
    let (Some(read), None) = (read, native(turn.surface, target.row)) else {
        return front(turn, body, target).map(|outgoing| outgoing.body.len().saturating_add(outgoing.kept));
    };
    let mut out = Vec::with_capacity(FIRST_BYTES);
    let mut w = Writer::weighing(&mut out);
    match (provider(target.row).write)(read, Sending { target, turn, losses: &mut losses }, &mut w) {
        Ok(_) => Ok(w.length()),
        Err(refusal) => Err(refusal.named(&mut CallerNames::new(names_of(turn.surface), body))),
    }
}

/// Room for a request without long texts.
const FIRST_BYTES: usize = 1024;

fn written(turn: &Turn, body: Raw<'_>, target: &Target, losses: &mut Losses) -> Result<Outgoing, Refusal> {
    match (native(turn.surface, target.row), caller(turn.surface)) {
        (Some(native), _) => native.request(body, Sending { target, turn, losses }),
        (None, Some(caller)) => {
            let read = caller.read(body)?;
            let mut out = Vec::with_capacity(body.as_json().len().saturating_add(FIRST_BYTES));
            let write = provider(target.row).write;
            let mut outgoing = write(&read, Sending { target, turn, losses }, &mut Writer::new(&mut out))?;
            outgoing.body = out;
            caller.remember(body, &mut outgoing.memo);
            Ok(outgoing)
        }
        _ if turn.surface == Surface::Embeddings => embeddings::request(body, turn, target, losses),
        _ => Err(no_way(turn.surface, target.row)),
    }
}

/// Whose words a path's callers use.
fn names_of(surface: Surface) -> &'static dyn Caller {
    match surface {
        Surface::Chat | Surface::Embeddings => &OpenAi,
        Surface::Messages | Surface::CountTokens => &anthropic::NATIVE,
        Surface::Responses => &Responses,
    }
}

/// Turns a target's whole answer of a 2xx status into what the caller gets.
///
/// # Errors
/// The failure that the answer is.
pub fn reply(
    turn: &Turn,
    target: &Target,
    memo: &Memo,
    head: &Head<'_>,
    body: &[u8],
) -> Result<WholeAnswer, Failure> {
    let body = &Body::new(body);
    match (native(turn.surface, target.row), caller(turn.surface)) {
        (Some(native), _) => native.reply(turn, memo, head, body),
        (None, Some(caller)) => {
            let reply = (provider(target.row).read)(head, body, memo)?;
            let mut answer =
                WholeAnswer { body: Vec::with_capacity(body.bytes.len() + 256), seen: Seen::of(&reply) };
            caller.write(&reply, turn, memo, &mut answer.body);
            Ok(answer)
        }
        _ if turn.surface == Surface::Embeddings => embeddings::reply(turn, target, memo, head, body),
        _ => Err(Failure::malformed("this path can't be answered by this provider")),
    }
}

/// Begins to turn a target's stream into what the caller gets.
pub fn stream(turn: &Turn, target: &Target, memo: &Memo) -> Option<Box<dyn Pipe>> {
    if let Some(native) = native(turn.surface, target.row) {
        return Some(native.stream(turn, memo));
    }
    let caller = caller(turn.surface)?;
    let reader = (provider(target.row).stream)(memo);
    Some(Box::new(Translated {
        reader,
        writer: caller.stream(turn, memo),
        seen: Seen::default(),
        // A response's end has all of it once more, and what Gemini's pages support is known by its place in the text.
        repeats: turn.surface == Surface::Responses || target.row.dialect == Dialect::Gemini,
        came: 0,
    }))
}

/// An error body in the envelope of the path.
pub fn error(surface: Surface, error: &CallerError) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let envelope = if surface.is_anthropic() { Surface::Messages } else { Surface::Chat };
    if let Some(caller) = caller(envelope) {
        caller.error(error, &mut out);
    }
    out
}

/// Whether a body is an error in the envelope of the path already.
pub fn is_error(surface: Surface, body: Raw<'_>) -> bool {
    let has = |path: &[&str]| body.at(path).and_then(Raw::text).is_some();
    let is_marked = body.get("type").and_then(Raw::text).is_some_and(|kind| kind == "error");
    has(&["error", "message"]) && (!surface.is_anthropic() || is_marked && has(&["error", "type"]))
}

#[cfg(test)]
mod tests;
