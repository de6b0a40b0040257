//! Google's embeddings: <https://ai.google.dev/api/embeddings> and, on Vertex, the same call for Gemini's models and
//! `:predict` for the older ones
//! (<https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>), as Google's SDK
//! chooses them. What a text is for (`taskType`) has no place in OpenAI's form and is left to the model.

use super::reply::EmbeddingsReply;
use super::request::EmbeddingsRequest;
use super::vector::Vector;
use super::{Embedder, leave_out};
use crate::dialect::{Outgoing, Refusal, Sending, seam::google_path};
use crate::failure::Head;
use crate::json::{Kind, Raw, Text, Writer};

/// Gemini's API.
pub(super) struct GoogleAi;
/// `:embedContent` on Vertex.
struct Contents;
/// `:predict` on Vertex.
struct Predict;

pub(super) fn on_vertex(model: &str) -> &'static dyn Embedder {
    let id = model.rsplit('/').next().unwrap_or(model);
    if id.contains("gemini") || id.contains("maas") { &Contents } else { &Predict }
}

impl Embedder for GoogleAi {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let model = to.model();
        let model = model.strip_prefix("models/").unwrap_or(model);
        let resource = format!("models/{model}");
        write_contents(request, model, to, |w, text| {
            w.key("model").string(&resource);
            write_content(w, text);
            if let Some(dimensions) = request.dimensions {
                w.key("outputDimensionality").u64(dimensions);
            }
        })
    }

    fn read<'a>(&self, _: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        read_contents(answer)
    }
}

impl Embedder for Contents {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        write_contents(request, to.model(), to, |w, text| {
            write_content(w, text);
            if let Some(dimensions) = request.dimensions {
                w.key("embedContentConfig").object(|w| w.key("outputDimensionality").u64(dimensions));
            }
        })
    }

    fn read<'a>(&self, _: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        read_contents(answer)
    }
}

impl Embedder for Predict {
    fn write(&self, request: &EmbeddingsRequest<'_>, to: Sending<'_>) -> Result<Outgoing, Refusal> {
        let texts = request.input.texts("Vertex")?;
        leave_out(request, &[], to.losses);
        let mut body = Vec::with_capacity(256);
        Writer::new(&mut body).object(|w| {
            w.key("instances")
                .array(|w| texts.iter().for_each(|text| w.object(|w| w.key("content").text(text))));
            if let Some(dimensions) = request.dimensions {
                w.key("parameters").object(|w| w.key("outputDimensionality").u64(dimensions));
            }
        });
        Ok(Outgoing { path: google_path(to.target, to.model(), "predict")?, body, ..Outgoing::default() })
    }

    fn read<'a>(&self, _: &Head<'_>, answer: Raw<'a>) -> Option<EmbeddingsReply<'a>> {
        let predictions = answer.get("predictions").filter(|list| list.kind() == Kind::Array)?;
        let vector = |one: Raw<'a>| one.at(&["embeddings", "values"]).and_then(Vector::of);
        let count = |one: Raw<'a>| one.at(&["embeddings", "statistics", "token_count"])?.as_u64();
        Some(EmbeddingsReply {
            vectors: predictions.items().map(vector).collect::<Option<_>>()?,
            tokens: predictions.items().map(count).try_fold(0_u64, |sum, one| Some(sum.saturating_add(one?))),
        })
    }
}

/// One text in a call of its own, several in a batch; `write` writes the members of one.
fn write_contents(
    request: &EmbeddingsRequest<'_>,
    model: &str,
    to: Sending<'_>,
    write: impl Fn(&mut Writer<'_>, &Text<'_>),
) -> Result<Outgoing, Refusal> {
    let texts = request.input.texts("Gemini")?;
    leave_out(request, &[], to.losses);
    let mut body = Vec::with_capacity(256);
    let mut w = Writer::new(&mut body);
    let method = if let [text] = texts {
        w.object(|w| write(w, text));
        "embedContent"
    } else {
        w.object(|w| {
            w.key("requests").array(|w| texts.iter().for_each(|text| w.object(|w| write(w, text))));
        });
        "batchEmbedContents"
    };
    Ok(Outgoing { path: google_path(to.target, model, method)?, body, ..Outgoing::default() })
}

fn write_content(w: &mut Writer<'_>, text: &Text<'_>) {
    w.key("content").object(|w| w.key("parts").array(|w| w.object(|w| w.key("text").text(text))));
}

/// Of one text or of several. Not every model counts tokens here.
fn read_contents(answer: Raw<'_>) -> Option<EmbeddingsReply<'_>> {
    let vectors = match (answer.get("embedding"), answer.get("embeddings")) {
        (Some(one), _) => vec![Vector::of(one.get("values")?)?],
        (None, Some(several)) if several.kind() == Kind::Array => {
            several.items().map(|one| one.get("values").and_then(Vector::of)).collect::<Option<_>>()?
        }
        _ => return None,
    };
    let tokens = answer.at(&["usageMetadata", "promptTokenCount"]).and_then(Raw::as_u64);
    Some(EmbeddingsReply { vectors, tokens })
}
