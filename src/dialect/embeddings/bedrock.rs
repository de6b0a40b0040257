//! Embedding models on Bedrock, which each have a form of their own behind `InvokeModel`:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html>,
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html>.

use super::reply::EmbeddingsReply;
use super::request::EmbeddingsRequest;
use super::vector::Vector;
use super::{Embedder, cohere, leave_out};
use crate::dialect::{Outgoing, Refusal, Sending, path_segment};
use crate::failure::Head;
use crate::json::{Raw, Writer};

/// Titan's text embeddings.
struct Titan;
/// Cohere's.
struct CohereOnBedrock;

/// Whose model it is, by its id: regions and ARNs may stand before the maker's name.
pub(super) fn of(model: &str) -> Option<&'static dyn Embedder> {
    if model.contains("amazon.titan-embed") {
        Some(&Titan)
    } else if model.contains("cohere.embed") {
        Some(&CohereOnBedrock)
    } else {
        None
    }
}

impl Embedder for Titan {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let texts = request.input.texts("Titan")?;
        let [text] = texts else {
            let message = format!(
                "Titan embeds one text a request, and `input` has {}. Send each text in a request of its own.",
                texts.len()
            );
            return Err(Refusal::unsupported("input", message));
        };
        leave_out(request, &[], to.losses);
        let mut dimensions = request.dimensions;
        if dimensions.is_some() && !to.model().contains("titan-embed-text-v2") {
            to.losses
                .meaning("dimensions", "can't be chosen for this model of Titan's, which has one size")?;
            dimensions = None;
        }
        let mut body = Vec::with_capacity(256);
        Writer::new(&mut body).object(|w| {
            w.key("inputText").text(text);
            if let Some(dimensions) = dimensions {
                w.key("dimensions").u64(dimensions);
            }
        });
        Ok(Outgoing { path: path(&to), body, ..Outgoing::default() })
    }

    fn read<'a>(&self, head: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        let vector = Vector::of(answer.get("embedding")?)?;
        let tokens = answer.get("inputTextTokenCount").and_then(Raw::as_u64).or_else(|| counted(head));
        Some(EmbeddingsReply { vectors: vec![vector], tokens })
    }
}

impl Embedder for CohereOnBedrock {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let body = cohere::body(request, to.model(), None, to.losses)?;
        Ok(Outgoing { path: path(&to), body, ..Outgoing::default() })
    }

    fn read<'a>(&self, head: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        Some(EmbeddingsReply { vectors: cohere::vectors(answer)?, tokens: counted(head) })
    }
}

fn path(to: &Sending<'_>) -> String {
    format!("{}/model/{}/invoke", to.target.endpoint.base_path, path_segment(to.model()))
}

/// Bedrock counts in a header where a model's own form has no place for it.
fn counted(head: &Head<'_>) -> Option<u64> {
    head.text("x-amzn-bedrock-input-token-count")?.parse().ok()
}
