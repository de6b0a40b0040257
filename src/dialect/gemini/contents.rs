//! The conversation: the system instruction and the turns of user and model.
//!
//! The API wants turns that alternate and begin with the user, results of tools that match the calls before them in
//! number and order, and no empty text. A caller of another dialect need not keep to that, so neighbours of one role
//! become one turn, and where the user says nothing before the model does, a turn says just that ([`SILENT_USER`]).

use super::generation::Model;
use super::media::{self, Lost, Media};
use super::result::ToolOutput;
use crate::chat::{Maker, Message, Part, PartKind, Request, Role, Thought, ToolCall, ToolResult};
use crate::dialect::loss::{Loss, Place, Spot};
use crate::dialect::talk::Calls;
use crate::dialect::{Losses, Refusal};
use crate::json::Text;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Stands where the conversation begins with the model, or has no turn at all: a fact rather than an instruction, so
/// that it steers the answer as little as may be.
pub(super) const SILENT_USER: &str = "(The user has not said anything yet.)";

/// One part on its way out.
#[derive(Debug)]
pub(super) enum Piece<'r> {
    /// `signature`: what Gemini sealed its answer with.
    Text {
        text: &'r Text<'r>,
        signature: Option<&'r Text<'r>>,
    },
    Media(Media<'r>),
    Thought {
        text: &'r Text<'r>,
        signature: Option<&'r Text<'r>>,
    },
    Call {
        call: &'r ToolCall<'r>,
        arguments: Cow<'r, str>,
        signature: Option<&'r Text<'r>>,
    },
    Output(ToolOutput<'r>),
    /// The seal of an answer whose text is not there any more.
    Signature(&'r Text<'r>),
}

#[derive(Debug)]
pub(super) struct Turn<'r> {
    pub(super) is_user: bool,
    pub(super) pieces: Vec<Piece<'r>>,
}

/// The system instruction and the turns, checked: writing them can't fail any more.
#[derive(Debug, Default)]
pub(super) struct Talk<'r> {
    pub(super) system: Vec<&'r Text<'r>>,
    pub(super) turns: Vec<Turn<'r>>,
}

impl<'r> Talk<'r> {
    /// # Errors
    /// What the dialect can't carry, arguments of tool calls that are no object, results of calls that are not there.
    pub(super) fn of(
        request: &'r Request<'r>,
        model: Model<'_>,
        losses: &mut Losses,
    ) -> Result<Talk<'r>, Refusal> {
        let mut talk = Talk::default();
        let mut calls = BTreeMap::new();
        for (index, message) in request.messages.iter().enumerate() {
            if message.name.is_some() {
                losses.advisory(Loss::NAMES);
            }
            let mut reader =
                Reader { model, message: index, numbered: Calls::of(index), calls: &mut calls, losses };
            match message.role {
                Role::System | Role::Developer => talk.system.extend(reader.system(message)?),
                Role::User => talk.add(true, reader.pieces(message)?),
                Role::Assistant => talk.add(false, reader.pieces(message)?),
            }
        }
        talk.sort_outputs();
        talk.turns.iter_mut().filter(|turn| !turn.is_user).for_each(Turn::seal);
        Ok(talk)
    }

    fn add(&mut self, is_user: bool, pieces: Vec<Piece<'r>>) {
        match self.turns.last_mut() {
            Some(turn) if turn.is_user == is_user => turn.pieces.extend(pieces),
            _ if pieces.is_empty() => {}
            _ => self.turns.push(Turn { is_user, pieces }),
        }
    }

    /// Results of tools stand first, in the order of their calls: without ids nothing else tells which is whose.
    fn sort_outputs(&mut self) {
        let mut places: BTreeMap<Cow<'r, str>, usize> = BTreeMap::new();
        for turn in &mut self.turns {
            if turn.is_user {
                turn.pieces.sort_by_cached_key(|piece| match piece {
                    Piece::Output(output) => {
                        (0, places.get(&output.id.decode()).copied().unwrap_or(usize::MAX))
                    }
                    _ => (1, 0),
                });
            } else {
                let called = turn.pieces.iter().filter_map(|piece| match piece {
                    Piece::Call { call, .. } => Some(call.id.decode()),
                    _ => None,
                });
                places = called.zip(0..).collect();
            }
        }
    }
}

impl Turn<'_> {
    /// Gives back the seal of an answer where Gemini puts it: on the last text; without text on the thought before it, or
    /// on the first tool call.
    fn seal(&mut self) {
        let has_text = self.pieces.iter().any(|piece| matches!(piece, Piece::Text { .. }));
        let mut open = None;
        for piece in std::mem::take(&mut self.pieces) {
            match (piece, self.pieces.last_mut()) {
                (Piece::Signature(seal), Some(Piece::Thought { signature, .. })) if !has_text => {
                    *signature = Some(seal);
                }
                (Piece::Signature(seal), _) => open = Some(seal),
                (piece, _) => self.pieces.push(piece),
            }
        }
        let Some(seal) = open else { return };
        let text = self.pieces.iter_mut().rev().find_map(|piece| match piece {
            Piece::Text { signature, .. } => Some(signature),
            _ => None,
        });
        if let Some(signature) = text {
            *signature = Some(seal);
            return;
        }
        let call = self.pieces.iter_mut().find_map(|piece| match piece {
            Piece::Call { signature, .. } => Some(signature),
            _ => None,
        });
        match call {
            Some(signature) => _ = signature.get_or_insert(seal),
            None => self.pieces.push(Piece::Signature(seal)),
        }
    }
}

/// Reads the parts of one message.
struct Reader<'r, 'l> {
    model: Model<'l>,
    message: usize,
    numbered: Calls,
    /// The names of all calls so far, by their ids; of several with one id the last counts.
    calls: &'l mut BTreeMap<Cow<'r, str>, &'r Text<'r>>,
    losses: &'l mut Losses,
}

impl<'r> Reader<'r, '_> {
    fn lose(&mut self, at: usize, why: &str) -> Result<(), Refusal> {
        self.losses.meaning(Loss::part(self.message, at), why)
    }

    fn system(&mut self, message: &'r Message<'r>) -> Result<Vec<&'r Text<'r>>, Refusal> {
        let mut texts = Vec::new();
        for (at, part) in message.parts.iter().enumerate() {
            self.note_cache(part);
            match &part.kind {
                PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => {}
                PartKind::Text(text) | PartKind::Refusal(text) => texts.push(text),
                _ => self.lose(at, "can't be sent to Gemini: its system instruction is text")?,
            }
        }
        Ok(texts)
    }

    fn pieces(&mut self, message: &'r Message<'r>) -> Result<Vec<Piece<'r>>, Refusal> {
        let mut pieces = Vec::with_capacity(message.parts.len());
        for (at, part) in message.parts.iter().enumerate() {
            self.note_cache(part);
            match &part.kind {
                PartKind::ToolCall(call) => {
                    pieces.push(self.call(call, at)?);
                }
                PartKind::ToolResult(result) => self.output(result, at, &mut pieces)?,
                PartKind::Thought(thought) if thought.maker == Some(Maker::Gemini) => {
                    add_thought(thought, &mut pieces);
                }
                // Never sent wrong: what another model thought and signed would be refused, or taken for Gemini's.
                PartKind::Thought(_) => self.losses.advisory(Loss::THOUGHTS),
                kind => {
                    if let Err(why) = self.content(kind, &mut pieces) {
                        self.lose(at, &why)?;
                    }
                }
            }
        }
        Ok(pieces)
    }

    /// Text and media.
    fn content(&mut self, kind: &'r PartKind<'r>, pieces: &mut Vec<Piece<'r>>) -> Result<(), Lost> {
        match kind {
            PartKind::Text(text) | PartKind::Refusal(text) => {
                if !text.is_empty() {
                    pieces.push(Piece::Text { text, signature: None });
                }
            }
            PartKind::Image { source, detail } => {
                if detail.as_ref().is_some_and(|detail| *detail != "auto") {
                    self.losses.advisory("image_url.detail");
                }
                pieces.push(Piece::Media(media::image(source, self.model)?));
            }
            PartKind::Audio { data, format } => pieces.push(Piece::Media(media::audio(data, format))),
            PartKind::Document { source, name, context, citations } => {
                if citations.and_then(|citations| citations.get("enabled")?.as_bool()) == Some(true) {
                    return Err("asks for citations, which Gemini doesn't give for documents".into());
                }
                let document = media::document(source, self.model)?;
                // No member has it, and the conversation may speak of the file by its name.
                if let Some(name) = name.as_ref().filter(|name| !name.is_empty()) {
                    pieces.push(Piece::Text { text: name, signature: None });
                }
                if let Some(context) = context.as_ref().filter(|context| !context.is_empty()) {
                    pieces.push(Piece::Text { text: context, signature: None });
                }
                pieces.push(Piece::Media(document));
            }
            PartKind::Foreign { kind, .. } => {
                let kind = kind.decode();
                return Err(format!("is of the type \"{kind}\", which Gemini doesn't take").into());
            }
            PartKind::ToolCall(_) | PartKind::ToolResult(_) | PartKind::Thought(_) => {}
        }
        Ok(())
    }

    fn call(&mut self, call: &'r ToolCall<'r>, at: usize) -> Result<Piece<'r>, Refusal> {
        let arguments = self.numbered.arguments(call, at)?;
        self.calls.insert(call.id.decode(), &call.name);
        let signature = call.signature.as_ref().filter(|(maker, _)| *maker == Maker::Gemini);
        Ok(Piece::Call { call, arguments, signature: signature.map(|(_, signature)| signature) })
    }

    fn output(
        &mut self,
        result: &'r ToolResult<'r>,
        at: usize,
        pieces: &mut Vec<Piece<'r>>,
    ) -> Result<(), Refusal> {
        let called = self.calls.get(&result.call_id.decode()).copied();
        let Some(name) = called.or(result.name.as_ref()) else {
            let id = result.call_id.decode();
            let place = Place { message: self.message, spot: Spot::Message };
            let why = format!(
                "has the result of the tool call \"{id}\", but no message before it makes that call. Send the assistant's \
                 message with the call too: Gemini wants to know the tool's name."
            );
            return Err(Refusal::invalid_at(place, why));
        };
        let mut inside = Vec::new();
        for part in &result.parts {
            self.note_cache(part);
            if let Err(why) = self.content(&part.kind, &mut inside) {
                self.lose(at, &why)?;
            }
        }
        let (output, rest) = ToolOutput::of(result, name, inside, self.model);
        pieces.push(Piece::Output(output));
        pieces.extend(rest);
        Ok(())
    }

    fn note_cache(&mut self, part: &Part<'_>) {
        if part.cache.is_some() {
            self.losses.advisory("cache_control");
        }
    }
}

/// What Gemini thought and signed. A seal that came alone belongs to the text of its turn.
fn add_thought<'r>(thought: &'r Thought<'r>, pieces: &mut Vec<Piece<'r>>) {
    if !thought.text.is_empty() {
        pieces.push(Piece::Thought { text: &thought.text, signature: None });
    }
    let seal = thought.sealed.as_ref().or(thought.signature.as_ref());
    pieces.extend(seal.filter(|seal| !seal.is_empty()).map(Piece::Signature));
}
