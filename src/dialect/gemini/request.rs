//! Requests: <https://ai.google.dev/api/generate-content#request-body>.

use super::code;
use super::config::GenerationConfig;
use super::contents;
use super::generation::GeminiModel;
use super::names::Names;
use super::part::GeminiPart;
use super::tools::GeminiTools;
use crate::chat::{PartKind, Request};
use crate::dialect::loss::Member;
use crate::dialect::seam::Sending;
use crate::dialect::seam::google_path;
use crate::dialect::talk::{SILENT_USER, Spoken};
use crate::dialect::{Memo, Outgoing, Refusal, carry_extra};
use crate::json::{Text, Writer};

/// Stands where a tool call of another model has no signature: Gemini 3 refuses a call without one, and takes this for
/// "made elsewhere" (<https://ai.google.dev/gemini-api/docs/thought-signatures#faqs>).
const MADE_ELSEWHERE: &str = "skip_thought_signature_validator";

/// # Errors
/// What the dialect can't carry, unless `losses` allows dropping it.
pub(super) fn write(request: &Request<'_>, to: Sending<'_>, w: &mut Writer<'_>) -> Result<Outgoing, Refusal> {
    let Sending { target, losses, .. } = to;
    let requested = request.model.decode();
    let model = GeminiModel::of(target, &requested);
    let turns = contents::turns(request, model, losses)?;
    let mut tools = GeminiTools::of(request, target, losses)?;
    if request.format != crate::chat::Format::Text {
        tools.leave_uncallable(model);
    }
    let config = GenerationConfig::of(request, model, &tools, losses)?;
    if request.user.is_some() {
        losses.advisory(Member::User);
    }
    if request.cache.is_some() {
        losses.advisory("cache_control");
    }
    carry_extra(request, losses)?;
    let names = Names::new(tool_names(request));

    w.object(|w| {
        if !turns.system.is_empty() {
            w.key("systemInstruction").object(|w| write_pieces(&turns.system, model, &names, w));
        }
        w.key("contents").array(|w| {
            if turns.begins_silent() {
                w.object(|w| {
                    w.key("role").string("user");
                    w.key("parts").array(|w| w.object(|w| w.key("text").string(SILENT_USER)));
                });
            }
            turns.turns.iter().for_each(|turn| write_turn(turn, model, &names, w));
        });
        tools.write(&names, w);
        config.write(w);
    });
    Ok(Outgoing {
        path: google_path(
            target,
            model.name,
            if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" },
        )?,
        headers: Vec::new(),
        memo: Memo { renamed: names.into_changed(), stream: request.stream, ..Memo::default() },
        ..Outgoing::default()
    })
}

fn write_turn(turn: &Spoken<GeminiPart<'_>>, model: GeminiModel<'_>, names: &Names, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("role").string(if turn.is_user { "user" } else { "model" });
        write_pieces(&turn.pieces, model, names, w);
    });
}

/// Writes the member `parts`.
fn write_pieces(pieces: &[GeminiPart<'_>], model: GeminiModel<'_>, names: &Names, w: &mut Writer<'_>) {
    w.key("parts").array(|w| {
        let mut is_first_call = true;
        for piece in pieces {
            w.object(|w| write_piece(piece, model, names, &mut is_first_call, w));
        }
    });
}

fn write_piece(
    piece: &GeminiPart<'_>,
    model: GeminiModel<'_>,
    names: &Names,
    is_first_call: &mut bool,
    w: &mut Writer<'_>,
) {
    match piece {
        GeminiPart::Text { text, signature } => {
            w.key("text").text(text);
            write_signature(*signature, w);
        }
        GeminiPart::Media(media) => media.write(w),
        GeminiPart::Thought { text, signature } => {
            w.key("text").text(text);
            w.key("thought").bool(true);
            write_signature(*signature, w);
        }
        GeminiPart::Signature(signature) => {
            w.key("text").string("");
            write_signature(Some(signature), w);
        }
        GeminiPart::Code(run) => code::write_run(run, w),
        GeminiPart::Outcome(outcome) => code::write_outcome(outcome, w),
        GeminiPart::Output(output) => output.write(names, model.is_levelled(), w),
        GeminiPart::Call { call, arguments, signature } => {
            w.key("functionCall").object(|w| {
                // Older models' APIs know no ids.
                if model.is_levelled() {
                    w.key("id").text(&call.id);
                }
                w.key("name").text(&names.sent(&call.name));
                w.key("args").raw(crate::json::Raw::trusted(arguments));
            });
            // Of the calls of one turn only the first has to be signed.
            let must_be_signed = std::mem::take(is_first_call) && model.is_levelled();
            match signature {
                None if must_be_signed => w.key("thoughtSignature").string(MADE_ELSEWHERE),
                signature => write_signature(*signature, w),
            }
        }
    }
}

fn write_signature(signature: Option<&Text<'_>>, w: &mut Writer<'_>) {
    if let Some(signature) = signature {
        w.key("thoughtSignature").text(signature);
    }
}

fn tool_names<'r>(request: &'r Request<'r>) -> impl Iterator<Item = &'r Text<'r>> + Clone {
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let used = parts.filter_map(|part| match &part.kind {
        PartKind::ToolCall(call) => Some(&call.name),
        PartKind::ToolResult(result) => result.name.as_ref(),
        _ => None,
    });
    request.tools.iter().map(|tool| &tool.name).chain(used)
}
