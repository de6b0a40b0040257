//! Cohere's embeddings: <https://docs.cohere.com/reference/embed>. Bedrock's form of them is nearly the same.

use super::reply::EmbeddingsReply;
use super::request::EmbeddingsRequest;
use super::vector::Vector;
use super::{Embedder, leave_out};
use crate::dialect::{Losses, Outgoing, Refusal, Sending};
use crate::failure::Head;
use crate::json::{Kind, Raw, Writer};

/// What the texts are for must be said, and OpenAI's callers don't: most embed what they store. A caller who searches
/// says `input_type` beside the other members.
const DEFAULT_INPUT_TYPE: &str = "search_document";

/// Most texts of one request.
const MOST_TEXTS: usize = 96;

/// The API of Cohere itself.
pub(super) struct CohereEmbed;

impl Embedder for CohereEmbed {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let model = to.model();
        let body = body(request, model, Some(model), to.losses)?;
        let path = format!("{}/v2/embed", to.target.endpoint.base_path);
        Ok(Outgoing { path, body, ..Outgoing::default() })
    }

    fn read<'a>(&self, _: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        let counted = ["billed_units", "tokens"];
        let count = |of: &&str| answer.at(&["meta", of, "input_tokens"]).and_then(Raw::as_u64);
        Some(EmbeddingsReply { vectors: vectors(answer)?, tokens: counted.iter().find_map(count) })
    }
}

/// The request's body; `named` where the body names the model.
///
/// # Errors
/// What the model can't carry, unless `losses` allows dropping it.
pub(super) fn body(
    request: &EmbeddingsRequest<'_>,
    model: &str,
    named: Option<&str>,
    losses: &mut Losses,
) -> Result<Vec<u8>, Refusal> {
    let texts = request.input.texts("Cohere")?;
    if texts.len() > MOST_TEXTS {
        let message = format!(
            "Cohere embeds at most {MOST_TEXTS} texts a request, and `input` has {}. Send fewer at a time.",
            texts.len()
        );
        return Err(Refusal::unsupported("input", message));
    }
    leave_out(request, &["input_type"], losses);
    let mut dimensions = request.dimensions;
    if dimensions.is_some() && has_one_size(model) {
        losses.meaning("dimensions", "can't be chosen for this model of Cohere's, which has one size")?;
        dimensions = None;
    }
    let mut out = Vec::with_capacity(256);
    Writer::new(&mut out).object(|w| {
        if let Some(model) = named {
            w.key("model").string(model);
        }
        match &request.input_type {
            Some(said) => w.key("input_type").text(said),
            None => w.key("input_type").string(DEFAULT_INPUT_TYPE),
        }
        w.key("texts").array(|w| texts.iter().for_each(|text| w.text(text)));
        w.key("embedding_types").array(|w| w.string("float"));
        if let Some(dimensions) = dimensions {
            w.key("output_dimension").u64(dimensions);
        }
    });
    Ok(out)
}

/// Version 4 and later let one choose.
fn has_one_size(model: &str) -> bool {
    model.contains("-v2") || model.contains("-v3")
}

/// By type, as version 2 of the API writes them and as Bedrock does for types that were asked for; or a plain list.
pub(super) fn vectors(answer: Raw<'_>) -> Option<Vec<Vector<'_>>> {
    let embeddings = answer.get("embeddings")?;
    let list = embeddings.get("float").unwrap_or(embeddings);
    (list.kind() == Kind::Array).then(|| list.items().map(Vector::Numbers).collect())
}
