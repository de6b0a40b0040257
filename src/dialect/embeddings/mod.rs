//! Embeddings: OpenAI's form with callers, and what each provider has for it.
//!
//! | file | does |
//! |---|---|
//! | `request`, `reply`, `vector` | read a caller's request, write its answer |
//! | `same` | edits bytes where the provider speaks OpenAI's form too |
//! | `google`, `bedrock`, `cohere` | write a provider's request, read its answer |
//!
//! Vectors of different models can't be compared. Nothing here knows which models are the same: planning goes by their names
//! and by what the file says (`same_vectors`).

mod bedrock;
mod cohere;
mod google;
mod reply;
mod request;
mod same;
mod vector;

pub use request::EmbeddingsRequest;

use super::seam::Sending;
use super::seam::WholeAnswer;
use super::{Dialect, Host, Losses, Memo, Outgoing, Refusal, Target, Turn, Wanted};
use crate::dialect::Body;
use crate::failure::{Failure, Head, classify, reports_error};
use crate::json::{Kind, Raw};
use reply::EmbeddingsReply;

/// A provider's own way to embed texts.
trait Embedder: Sync {
    /// # Errors
    /// What the provider can't carry, unless `losses` allows dropping it.
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal>;

    /// Reads an answer that is an object and reports no error. `None` if it is no answer of this API.
    fn read<'a>(&self, head: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>>;
}

fn embedder(target: &Target, model: &str) -> Option<&'static dyn Embedder> {
    match (target.row.dialect, target.row.host) {
        (Dialect::Gemini, Host::Vertex) => Some(google::on_vertex(model)),
        (Dialect::Gemini, _) => Some(&google::GoogleAi),
        (Dialect::Bedrock, _) => bedrock::of(model),
        (Dialect::Cohere, _) => Some(&cohere::CohereEmbed),
        (Dialect::OpenAi | Dialect::Anthropic, _) => None,
    }
}

/// Writes the request that `target` gets.
///
/// # Errors
/// What is wrong with the caller's request or what this target can't carry of it.
pub(super) fn request(
    body: Raw<'_>,
    turn: &Turn,
    target: &Target,
    losses: &mut Losses,
) -> Result<Outgoing, Refusal> {
    let request = EmbeddingsRequest::read(body)?;
    let model = target.model(&turn.requested_model);
    let mut outgoing = match (target.row.embeds(), embedder(target, model)) {
        (Some(embeds), _) => same::request(body, &request, embeds, target, model, losses)?,
        (None, Some(embedder)) => embedder.write(&request, Sending { target, turn, losses })?,
        (None, None) => return Err(no_embeddings(target, model)),
    };
    outgoing.memo.wanted = Wanted { vectors: request.input.count(), base64: request.base64 };
    Ok(outgoing)
}

/// Whether a target has embeddings at all.
pub(super) fn has(target: &Target, requested: &str) -> bool {
    target.row.embeds().is_some() || embedder(target, target.model(requested)).is_some()
}

fn no_embeddings(target: &Target, model: &str) -> Refusal {
    let message = match target.row.dialect {
        Dialect::Bedrock => format!(
            "Bedrock's model `{model}` is no embedding model that is known here. Choose one of Titan's text embeddings or \
             of Cohere's."
        ),
        _ => format!(
            "Provider `{}` has no embeddings. Choose a model group with a target that has them.",
            target.row.name
        ),
    };
    Refusal::unsupported("model", message)
}

/// Turns a target's answer of a 2xx status into OpenAI's.
///
/// # Errors
/// The failure that the answer is.
pub(super) fn reply(
    turn: &Turn,
    target: &Target,
    memo: &Memo,
    head: &Head<'_>,
    body: &Body<'_>,
) -> Result<WholeAnswer, Failure> {
    let answer = match body.json() {
        Ok(answer) if answer.kind() == Kind::Object && !reports_error(answer) => answer,
        _ => return Err(classify(head, body.bytes, 0)),
    };
    let malformed = |reason: String| Failure { status: head.status, ..Failure::malformed(&reason) };
    if target.row.embeds().is_some() {
        return same::reply(turn, memo.wanted, answer, body.bytes.len()).map_err(malformed);
    }
    let embedder = embedder(target, target.model(&turn.requested_model));
    let reply = embedder.and_then(|embedder| embedder.read(head, answer));
    let reply = reply.ok_or_else(|| classify(head, body.bytes, 0))?;
    reply.write(turn, memo.wanted, body.bytes.len()).map_err(malformed)
}

/// Leaves out what only OpenAI's form has a place for.
fn leave_out(request: &EmbeddingsRequest<'_>, known: &[&str], losses: &mut Losses) {
    if request.user.is_some() {
        losses.advisory("user");
    }
    if request.input_type.is_some() && !known.contains(&"input_type") {
        losses.advisory("input_type");
    }
    for name in &request.extra {
        losses.advisory(name.clone());
    }
}
