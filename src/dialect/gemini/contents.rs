//! The conversation: the system instruction and the turns of user and model.
//!
//! The API wants turns that alternate and begin with the user, results of tools that match the calls before them in
//! number and order, and no empty text.

use super::generation::GeminiModel;
use super::media::{self, Lost};
use super::part::{GeminiPart, ToolOutput};
use crate::chat::{Maker, Part, PartKind, Request, Thought, ToolCall, ToolResult};
use crate::dialect::loss::{Loss, Member, Place, Spot};
use crate::dialect::talk::{Here, Spoken, Turns};
use crate::dialect::{Losses, Refusal};
use crate::json::{Raw, Text};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The system instruction and the turns, checked: writing them can't fail any more.
///
/// # Errors
/// What the dialect can't carry, results of calls that are not there.
pub(super) fn turns<'r>(
    request: &'r Request<'r>,
    model: GeminiModel<'_>,
    losses: &mut Losses,
) -> Result<Turns<GeminiPart<'r>>, Refusal> {
    let mut reader = PartReader { model, calls: BTreeMap::new() };
    let mut turns = Turns::in_pieces(request, losses, |part, here, pieces| reader.read(part, here, pieces))?;
    sort_outputs(&mut turns.turns);
    turns.turns.iter_mut().filter(|turn| !turn.is_user).for_each(|turn| seal(&mut turn.pieces));
    Ok(turns)
}

/// Results of tools stand first, in the order of their calls: without ids nothing else tells which is whose.
fn sort_outputs<'r>(turns: &mut [Spoken<GeminiPart<'r>>]) {
    let mut places: BTreeMap<Cow<'r, str>, usize> = BTreeMap::new();
    for turn in turns {
        if turn.is_user {
            turn.pieces.sort_by_cached_key(|piece| match piece {
                GeminiPart::Output(output) => {
                    (0, places.get(&output.id.decode()).copied().unwrap_or(usize::MAX))
                }
                _ => (1, 0),
            });
        } else {
            let called = turn.pieces.iter().filter_map(|piece| match piece {
                GeminiPart::Call { call, .. } => Some(call.id.decode()),
                _ => None,
            });
            places = called.zip(0..).collect();
        }
    }
}

/// Gives back the seal of an answer where Gemini puts it: on the last text; without text on the thought before it, or
/// on the first tool call.
fn seal<'r>(pieces: &mut Vec<GeminiPart<'r>>) {
    let has_text = pieces.iter().any(|piece| matches!(piece, GeminiPart::Text { .. }));
    let mut open = None;
    for piece in std::mem::take(pieces) {
        match (piece, pieces.last_mut()) {
            (GeminiPart::Signature(seal), Some(GeminiPart::Thought { signature, .. })) if !has_text => {
                *signature = Some(seal);
            }
            (GeminiPart::Signature(seal), _) => open = Some(seal),
            (piece, _) => pieces.push(piece),
        }
    }
    let Some(seal) = open else { return };
    let text = pieces.iter_mut().rev().find_map(|piece| match piece {
        GeminiPart::Text { signature, .. } => Some(signature),
        _ => None,
    });
    if let Some(signature) = text {
        *signature = Some(seal);
        return;
    }
    let call = pieces.iter_mut().find_map(|piece| match piece {
        GeminiPart::Call { signature, .. } => Some(signature),
        _ => None,
    });
    match call {
        Some(signature) => _ = signature.get_or_insert(seal),
        None => pieces.push(GeminiPart::Signature(seal)),
    }
}

/// Reads the parts of messages.
struct PartReader<'r, 'l> {
    model: GeminiModel<'l>,
    /// The names of all calls so far, by their ids; of several with one id the last counts.
    calls: BTreeMap<Cow<'r, str>, &'r Text<'r>>,
}

impl<'r> PartReader<'r, '_> {
    fn read(
        &mut self,
        part: &'r Part<'r>,
        here: &mut Here<'_>,
        pieces: &mut Vec<GeminiPart<'r>>,
    ) -> Result<(), Refusal> {
        here.note_cache(part);
        if here.is_odd_instruction(part) {
            return here.lose("can't be sent to Gemini: its system instruction is text");
        }
        if here.losses.answers_nothing(&part.kind) {
            return here.lose("answers a call that was left out");
        }
        match &part.kind {
            PartKind::ToolCall(call) => pieces.push(self.call(call)),
            PartKind::ToolResult(result) => self.output(result, here, pieces)?,
            PartKind::Thought(thought) if thought.maker == Some(Maker::Gemini) => {
                add_thought(thought, pieces);
            }
            // Never sent wrong: what another model thought and signed would be refused, or taken for Gemini's.
            PartKind::Thought(_) => here.losses.advisory(Loss::THOUGHTS),
            kind => self.said(kind, here, pieces)?,
        }
        Ok(())
    }

    /// Text and media, or what is left of them.
    fn said(
        &self,
        kind: &'r PartKind<'r>,
        here: &mut Here<'_>,
        pieces: &mut Vec<GeminiPart<'r>>,
    ) -> Result<(), Refusal> {
        if let PartKind::Document { citations: Some(citations), .. } = kind
            && citations.get("enabled").and_then(Raw::as_bool) == Some(true)
        {
            let why = "asks for citations, which Gemini doesn't give for documents";
            here.lose_member(".citations", why)?;
        }
        match self.content(kind, here, pieces) {
            Ok(()) => Ok(()),
            Err(why) => {
                here.lose(&why)?;
                here.losses.left_out(kind);
                Ok(())
            }
        }
    }

    /// Text and media.
    fn content(
        &self,
        kind: &'r PartKind<'r>,
        here: &mut Here<'_>,
        pieces: &mut Vec<GeminiPart<'r>>,
    ) -> Result<(), Lost> {
        match kind {
            PartKind::Text(text) | PartKind::Refusal(text) => {
                if !text.is_empty() {
                    pieces.push(GeminiPart::Text { text, signature: None });
                }
            }
            PartKind::Image { source, detail } => {
                if detail.as_ref().is_some_and(|detail| *detail != "auto") {
                    here.losses.advisory(Member::Detail);
                }
                pieces.push(GeminiPart::Media(media::image(source, self.model)?));
            }
            PartKind::Audio { data, format } => pieces.push(GeminiPart::Media(media::audio(data, format))),
            PartKind::Document { source, name, context, .. } => {
                let document = media::document(source, self.model)?;
                // No member has it, and the conversation may speak of the file by its name.
                if let Some(name) = name.as_ref().filter(|name| !name.is_empty()) {
                    pieces.push(GeminiPart::Text { text: name, signature: None });
                }
                if let Some(context) = context.as_ref().filter(|context| !context.is_empty()) {
                    pieces.push(GeminiPart::Text { text: context, signature: None });
                }
                pieces.push(GeminiPart::Media(document));
            }
            PartKind::Code(run) if run.name.maker == Maker::Gemini => pieces.push(GeminiPart::Code(run)),
            PartKind::CodeOutcome(outcome) if outcome.name.maker == Maker::Gemini => {
                pieces.push(GeminiPart::Outcome(outcome));
            }
            PartKind::Code(_) | PartKind::CodeOutcome(_) => {
                return Err("is code that another provider ran".into());
            }
            PartKind::Foreign { kind, .. } => {
                let kind = kind.decode();
                return Err(format!("is of the type \"{kind}\", which Gemini doesn't take").into());
            }
            PartKind::ToolCall(_) | PartKind::ToolResult(_) | PartKind::Thought(_) => {}
        }
        Ok(())
    }

    fn call(&mut self, call: &'r ToolCall<'r>) -> GeminiPart<'r> {
        let arguments = call.arguments.object();
        self.calls.insert(call.id.decode(), &call.name);
        let signature = call.signature.as_ref().filter(|(maker, _)| *maker == Maker::Gemini);
        GeminiPart::Call { call, arguments, signature: signature.map(|(_, signature)| signature) }
    }

    fn output(
        &mut self,
        result: &'r ToolResult<'r>,
        here: &mut Here<'_>,
        pieces: &mut Vec<GeminiPart<'r>>,
    ) -> Result<(), Refusal> {
        let called = self.calls.get(&result.call_id.decode()).copied();
        let Some(name) = called.or(result.name.as_ref()) else {
            let id = result.call_id.decode();
            let place = Place { message: here.message(), spot: Spot::Message };
            let why = format!(
                "has the result of the tool call \"{id}\", but no message before it makes that call. Send the assistant's \
                 message with the call too: Gemini wants to know the tool's name."
            );
            return Err(Refusal::invalid_at(place, why));
        };
        let mut inside = Vec::new();
        for part in &result.parts {
            here.note_cache(part);
            self.said(&part.kind, here, &mut inside)?;
        }
        let (output, rest) = ToolOutput::of(result, name, inside, self.model);
        pieces.push(GeminiPart::Output(output));
        pieces.extend(rest);
        Ok(())
    }
}

/// What Gemini thought and signed. A seal that came alone belongs to the text of its turn.
fn add_thought<'r>(thought: &'r Thought<'r>, pieces: &mut Vec<GeminiPart<'r>>) {
    if !thought.text.is_empty() {
        pieces.push(GeminiPart::Thought { text: &thought.text, signature: None });
    }
    let seal = thought.sealed.as_ref().or(thought.signature.as_ref());
    pieces.extend(seal.filter(|seal| !seal.is_empty()).map(GeminiPart::Signature));
}
