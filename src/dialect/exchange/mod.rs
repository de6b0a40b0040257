//! One exchange between a caller and a target: what the filter and the command call.
//!
//! Where both sides speak the same dialect the bytes are edited in place ([`Native`]) and everything unknown survives;
//! otherwise the request is read into the model by the caller's dialect and written by the provider's.

mod api;
mod asked;
mod hosted;
mod instructed;
mod left_out;
mod limits;
mod naming;
mod show;
mod told;
mod translated;

pub use asked::{Asked, ask, ask_once};
pub use limits::Limits;
pub use show::failure_json;

use super::loss::{Losses, Refusal};
use super::openai::OpenAi;
use super::providers::{Dialect, Host, Quirk, Row};
use super::responses::Responses;
use super::seam::{
    Api, Body, Caller, CallerError, FreeForm, Memo, Native, Outgoing, Pipe, Provider, Seen, Sending, Target,
    Turn, WholeAnswer,
};
use super::surface::Surface;
use super::talk::{FreeFormCalls, as_functions, free_form_of, has_free_form, restore};
use super::{anthropic, bedrock, cohere, embeddings, gemini, openai, responses};
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

/// The dialect in which a target is spoken to, once it is known which of OpenAI's APIs a request goes by.
fn provider_by(target: &Target, by_responses: bool) -> &'static Provider {
    if by_responses { &responses::provider::PROVIDER } else { provider(target.row) }
}

/// The shortcut where both sides speak the same, if a request doesn't go by Responses though its caller speaks another dialect.
pub fn native(surface: Surface, target: &Target) -> Option<&'static dyn Native> {
    let row = target.row;
    let has_responses = match target.api {
        Api::Auto => row.has(Quirk::Responses),
        Api::Responses => row.has_responses(),
        Api::Chat => false,
    };
    match (surface, row.dialect) {
        (Surface::Chat | Surface::Messages, Dialect::OpenAi) if target.api == Api::Responses => None,
        (Surface::Chat, Dialect::OpenAi) if !row.has(Quirk::Chunks) => Some(&OpenAi),
        (Surface::Messages, Dialect::Anthropic) => Some(anthropic::of(row)),
        // Claude's houses count as Anthropic does, but for Bedrock, which has no such call.
        (Surface::CountTokens, Dialect::Anthropic) if row.host != Host::Bedrock => Some(anthropic::of(row)),
        (Surface::Responses, Dialect::OpenAi) if has_responses => Some(&Responses),
        _ => None,
    }
}

/// Whether a request goes by OpenAI's Responses though its caller speaks another dialect: `exchange/api.rs` says
/// when, and why.
pub fn by_responses(turn: &Turn, body: Raw<'_>, target: &Target) -> bool {
    api::by_responses(turn.surface, body, target, &turn.requested_model)
}

/// The shortcut for this request, unless it has what the provider's form of the dialect lacks: tools whose input is a text, which are
/// functions there, or a role for instructions.
fn native_for(turn: &Turn, body: Raw<'_>, target: &Target) -> Option<&'static dyn Native> {
    let lacks = || {
        turn.surface == Surface::Chat
            && (target.lacks_system_role() || !target.row.has(Quirk::FreeForm) && openai::has_free_form(body))
    };
    native(turn.surface, target).filter(|_| !by_responses(turn, body, target) && !lacks())
}

/// Whether a target may have no way to carry what isn't plain: where both sides speak the same, only some accents of its provider or
/// its house refuse anything.
pub fn may_refuse(turn: &Turn, body: Raw<'_>, target: &Target) -> bool {
    let target = &*target.asked_for(&turn.requested_model);
    let (surface, row) = (turn.surface, target.row);
    match native_for(turn, body, target) {
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

/// What is changed of a request before its provider's dialect writes it. How many messages there are now before the caller's first;
/// and the free-form tools, for the memo.
fn prepare(
    read: &mut Request<'_>,
    target: &Target,
    by_responses: bool,
    losses: &mut Losses,
) -> (usize, FreeForm) {
    let before = instructed::instruct(read, target);
    if target.lacks_system_role() {
        instructed::by_the_user(read);
    }
    let mut free_form = free_form_of(read);
    if by_responses || !target.row.has(Quirk::FreeForm) {
        free_form.as_functions = !free_form.names.is_empty();
        as_functions(read);
    }
    hosted::forget(read, target, by_responses, losses);
    (before, free_form)
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
    let target = &*target.asked_for(&turn.requested_model);
    let mut losses = Losses::new(turn.unsupported);
    let mut names = CallerNames::new(names_of(turn.surface), body);
    match written(turn, body, target, &mut losses, &mut names) {
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
    let target = &*target.asked_for(&turn.requested_model);
    let mut losses = Losses::new(turn.unsupported);
    let way = native_for(turn, body, target);
    let (Some(read), None) = (read.filter(|read| is_as_read(read, target)), way) else {
        return front(turn, body, target).map(|outgoing| outgoing.body.len().saturating_add(outgoing.kept));
    };
    let mut out = Vec::with_capacity(FIRST_BYTES);
    let mut w = Writer::weighing(&mut out);
    let provider = provider_by(target, by_responses(turn, body, target));
    match (provider.write)(read, Sending { target, turn, losses: &mut losses }, &mut w) {
        Ok(_) => Ok(w.length()),
        Err(refusal) => Err(refusal.named(&mut CallerNames::new(names_of(turn.surface), body))),
    }
}

/// Whether the request is written as it was read ([`prepare`]).
fn is_as_read(read: &Request<'_>, target: &Target) -> bool {
    let is_told_otherwise =
        || target.lacks_system_role() && read.messages.iter().any(instructed::is_instruction);
    target.instructions.is_empty() && !has_free_form(read) && !hosted::is_in(read) && !is_told_otherwise()
}

/// Room for a request without long texts.
const FIRST_BYTES: usize = 1024;

fn written(
    turn: &Turn,
    body: Raw<'_>,
    target: &Target,
    losses: &mut Losses,
    names: &mut CallerNames<'_>,
) -> Result<Outgoing, Refusal> {
    match (native_for(turn, body, target), caller(turn.surface)) {
        (Some(native), _) => native.request(body, Sending { target, turn, losses }),
        (None, Some(caller)) => {
            let mut read = caller.read(body)?;
            let (before, free_form) = prepare(&mut read, target, by_responses(turn, body, target), losses);
            names.before = before;
            let mut out = Vec::with_capacity(body.as_json().len().saturating_add(FIRST_BYTES));
            let write = provider_by(target, by_responses(turn, body, target)).write;
            let mut outgoing = write(&read, Sending { target, turn, losses }, &mut Writer::new(&mut out))?;
            outgoing.body = out;
            outgoing.memo.free_form = free_form;
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

/// Whether an answer comes by Responses: the way that its request went.
fn goes_by_responses(turn: &Turn, target: &Target, memo: &Memo) -> bool {
    let is_translated = matches!(turn.surface, Surface::Chat | Surface::Messages);
    memo.by_responses || target.api == Api::Responses && is_translated
}

fn native_of(turn: &Turn, target: &Target, memo: &Memo) -> Option<&'static dyn Native> {
    native(turn.surface, target).filter(|_| !memo.by_responses && !memo.free_form.as_functions)
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
    match (native_of(turn, target, memo), caller(turn.surface)) {
        (Some(native), _) => native.reply(turn, memo, head, body),
        (None, Some(caller)) => {
            let read = provider_by(target, goes_by_responses(turn, target, memo)).read;
            let mut reply = read(head, body, memo)?;
            told::replace(&mut reply, caller);
            left_out::replace(&mut reply, caller)
                .map_err(|failure| Failure { status: head.status, ..failure })?;
            restore(&mut reply, memo);
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
    if let Some(native) = native_of(turn, target, memo) {
        return Some(native.stream(turn, memo));
    }
    let caller = caller(turn.surface)?;
    let reader = (provider_by(target, goes_by_responses(turn, target, memo)).stream)(memo);
    Some(Box::new(Translated {
        reader,
        writer: caller.stream(turn, memo),
        caller,
        left_out: left_out::LeftOut::default(),
        free_form: FreeFormCalls::of(memo),
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
