//! OpenAI's form on both sides: bytes are edited, and the model is never built.
//!
//! Only the model's name changes, and what a provider calls otherwise or doesn't know. Vectors keep the form they came in
//! unless it is not the one that was asked for: some compatible servers know no `encoding_format` and send numbers.

use super::reply::{check_count, no_vector};
use super::request::{EmbeddingsRequest, Input};
use super::vector::Vector;
use crate::chat::Usage;
use crate::dialect::Wanted;
use crate::dialect::seam::WholeAnswer;
use crate::dialect::seam::openai_path;
use crate::dialect::{Embeds, Losses, Outgoing, Refusal, Seen, Target, Turn};
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};

/// # Errors
/// Tokens, for a provider that takes texts only.
pub(super) fn request(
    body: Raw<'_>,
    request: &EmbeddingsRequest<'_>,
    embeds: &Embeds,
    target: &Target,
    model: &str,
    losses: &mut Losses,
) -> Result<Outgoing, Refusal> {
    if !embeds.takes_tokens && matches!(request.input, Input::Tokens(_)) {
        request.input.texts(&format!("Provider `{}`", target.row.name))?;
    }
    let name_of_model = string(model);
    let mut out = Vec::with_capacity(body.as_json().len() + 64);
    let decide = |name: &Text<'_>, value: Raw<'_>| match name.decode().as_ref() {
        "model" => Edit::Put(&name_of_model),
        "dimensions" if embeds.dimensions != "dimensions" => Edit::Rename(embeds.dimensions),
        known => match embeds.only {
            Some(only) if !only.contains(&known) => {
                if !value.is_null() {
                    losses.advisory(known.to_owned());
                }
                Edit::Remove
            }
            _ => Edit::Keep,
        },
    };
    edit_object(body, decide, &[], &mut out);
    Ok(Outgoing { path: openai_path(target, model, "/embeddings"), body: out, ..Outgoing::default() })
}

/// # Errors
/// What is wrong with the answer, as a clause.
pub(super) fn reply(
    turn: &Turn,
    wanted: Wanted,
    answer: Raw<'_>,
    length: usize,
) -> Result<WholeAnswer, String> {
    let data = answer.get("data").filter(|data| data.kind() == Kind::Array).ok_or("it has no data")?;
    check_count(data.items().count(), wanted)?;
    let mut edited = Vec::with_capacity(length);
    let mut w = Writer::new(&mut edited);
    w.open_array();
    for (index, item) in (0_u64..).zip(data.items()) {
        let vector = item.get("embedding").and_then(Vector::of).ok_or_else(|| no_vector(index))?;
        let mut embedding = Vec::new();
        vector.write(wanted.base64, &mut Writer::new(&mut embedding)).ok_or_else(|| no_vector(index))?;
        let mut element = Vec::with_capacity(embedding.len() + 64);
        let decide = |name: &Text<'_>, _: Raw<'_>| {
            if *name == "embedding" { Edit::Put(&embedding) } else { Edit::Keep }
        };
        edit_object(item, decide, &[], &mut element);
        w.raw(Raw::trusted(std::str::from_utf8(&element).unwrap_or("null")));
    }
    w.close_array();
    let model = string(&turn.requested_model);
    let mut body = Vec::with_capacity(edited.len() + 256);
    let decide = |name: &Text<'_>, _: Raw<'_>| match name.decode().as_ref() {
        "model" => Edit::Put(&model),
        "data" => Edit::Put(&edited),
        _ => Edit::Keep,
    };
    let more: &[(&str, &[u8])] = if answer.get("model").is_none() { &[("model", &model)] } else { &[] };
    edit_object(answer, decide, more, &mut body);
    let usage = Usage { input: tokens(answer), ..Usage::default() };
    let named = answer.present("model").and_then(Raw::text).map(Text::into_string);
    Ok(WholeAnswer { body, seen: Seen { usage, model: named, ..Seen::default() } })
}

fn tokens(answer: Raw<'_>) -> Option<u64> {
    answer.at(&["usage", "prompt_tokens"])?.as_u64()
}

fn string(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    Writer::new(&mut out).string(text);
    out
}
