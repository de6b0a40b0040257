//! Streams: `data:` events, each a whole `GenerateContentResponse`.
//!
//! There is no terminator. A stream is whole if each of its candidates gave a finish reason; some models repeat it in
//! every event, so the last one counts, and callers see it when the bytes have ended. Tool calls come whole. An event
//! that can't be read is left out; one that is an error ends the stream.

use super::partial::Partial;
use super::wire::{self, GeminiCalls, Said};
use crate::chat::{Event, Finish, Maker, Source};
use crate::dialect::seam::{FrameReader, Framed, Sink};
use crate::dialect::{Body, Memo};
use crate::failure::{Failure, Head, classify};
use crate::json::{Kind, Raw, Text};
use crate::stream::sse::{Frame, Sse};

/// Most alternative answers that are followed; the API gives no more than eight.
const MAX_CANDIDATES: usize = 128;

const HEAD: Head<'static> = Head { status: 200, headers: &[] };

/// The reader of such a stream.
pub(super) type GeminiChunks = Framed<Sse, State>;

pub(super) struct State {
    memo: Memo,
    started: bool,
    response_id: Option<String>,
    candidates: Vec<Candidate>,
}

#[derive(Default)]
struct Candidate {
    calls: u32,
    runs: u32,
    /// The arguments of the last call, if they come value by value.
    partial: Option<Partial>,
    /// There is something to use: no thoughts alone.
    spoke: bool,
    finish: Option<Finish<'static>>,
    /// The seal of the last text. What that rests on comes at the end, and must be told before the seal ends it.
    seal: Option<Text<'static>>,
    /// All that it said, for what its words rest on.
    text: String,
    /// The last `groundingMetadata`, as JSON.
    grounding: Option<String>,
    /// What it is if it never speaks.
    empty: Option<Failure>,
}

impl GeminiChunks {
    pub(super) fn new(memo: &Memo) -> GeminiChunks {
        let state = State { memo: memo.clone(), started: false, response_id: None, candidates: Vec::new() };
        Framed::over(Sse::new(), state)
    }
}

impl FrameReader<Sse, Sink<'_>> for State {
    fn take(&mut self, frame: Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let event = Body::new(frame.data);
        let Ok(response) = event.json() else {
            sink(Event::Malformed);
            return Ok(());
        };
        if let Some(failure) = wire::reported(response, &HEAD) {
            return Err(failure);
        }
        self.response(response, sink);
        Ok(())
    }

    fn finish(&mut self, sse: &Sse, sink: &mut Sink<'_>) -> Result<(), Failure> {
        if !sse.leftover().is_empty() {
            return Err(cut(sse.leftover()));
        }
        if !self.started {
            return Err(Failure::malformed("the stream ended before the answer began"));
        }
        let is_whole = |candidate: &Candidate| candidate.finish.is_some();
        if self.candidates.is_empty() || !self.candidates.iter().all(is_whole) {
            return Err(Failure::malformed("the stream ended in the middle of the answer"));
        }
        if let Some(failure) = self.candidates.iter_mut().find_map(|candidate| candidate.empty.take()) {
            return Err(failure);
        }
        for (candidate, choice) in std::mem::take(&mut self.candidates).into_iter().zip(0..) {
            // Arguments that were cut stay so.
            if let (Some(partial), Some(Finish::Stop | Finish::ToolCalls)) =
                (candidate.partial, &candidate.finish)
            {
                end_arguments(partial, choice, candidate.calls, sink);
            }
            let grounding = candidate.grounding.as_deref().map(Raw::trusted);
            for citation in wire::citations(grounding, &candidate.text) {
                sink(Event::Citation { choice, citation });
            }
            end_text(candidate.seal, choice, sink);
            if let Some(finish) = candidate.finish {
                sink(Event::Finish { choice, finish });
            }
        }
        Ok(())
    }

    /// There is no terminator: a finish reason may be followed by more.
    fn is_over(&self) -> bool {
        false
    }
}

/// What the bytes after the last event are: a piece of an event, or no stream at all.
fn cut(leftover: &[u8]) -> Failure {
    match (leftover.first(), Raw::parse(leftover)) {
        (Some(b'{' | b'['), Ok(body)) => wire::reported(body, &HEAD)
            .unwrap_or_else(|| Failure::malformed("the body is a whole JSON answer, not a stream")),
        (Some(b'{' | b'['), Err(_)) => Failure::malformed("the body is a piece of JSON, not a stream"),
        (Some(b'<'), _) => classify(&HEAD, leftover, 0),
        _ => Failure::malformed("the stream ended inside an event"),
    }
}

impl State {
    fn response(&mut self, response: Raw<'_>, sink: &mut Sink<'_>) {
        if response.kind() != Kind::Object {
            return sink(Event::Malformed);
        }
        let candidates = response.present("candidates");
        let usage = response.present("usageMetadata");
        if candidates.is_none() && usage.is_none() {
            return sink(Event::Malformed);
        }
        if !self.started {
            self.started = true;
            let id = response.present("responseId").and_then(Raw::text);
            self.response_id = id.as_ref().map(|id| id.decode().into_owned());
            sink(Event::Start { id, model: response.present("modelVersion").and_then(Raw::text) });
        }
        for (candidate, place) in candidates.into_iter().flat_map(Raw::items).zip(0u64..) {
            let index = candidate.present("index").and_then(Raw::as_u64).unwrap_or(place);
            match usize::try_from(index).ok().filter(|index| *index < MAX_CANDIDATES) {
                Some(index) => self.candidate(candidate, index, sink),
                None => sink(Event::Malformed),
            }
        }
        if let Some(usage) = usage.map(wire::usage).filter(|usage| !usage.is_empty()) {
            sink(Event::Usage(usage));
        }
    }

    fn candidate(&mut self, value: Raw<'_>, index: usize, sink: &mut Sink<'_>) {
        while self.candidates.len() <= index {
            self.candidates.push(Candidate::default());
        }
        let (Some(state), Ok(choice)) = (self.candidates.get_mut(index), u32::try_from(index)) else {
            return;
        };
        let response_id = self.response_id.as_deref();
        let (count, runs) = (state.calls, state.runs);
        let mut calls = GeminiCalls { memo: &self.memo, response_id, candidate: choice, count, runs };
        for part in value.at(&["content", "parts"]).into_iter().flat_map(Raw::items) {
            let call = calls.count;
            if let Some(whole) = part.present("functionCall")
                && is_partial(whole, state.partial.is_some())
            {
                state.spoke = true;
                end_text(state.seal.take(), choice, sink);
                say_partly(whole, &mut state.partial, calls.read(part), (choice, call), sink);
                continue;
            }
            let Some(mut said) = calls.read(part) else { continue };
            state.spoke |= says_something(&said);
            match &mut said {
                Said::Text { text, signature: None } if text.is_empty() => continue,
                Said::Text { text, signature } => {
                    state.text.push_str(&text.decode());
                    let seal = signature.take().map(Text::into_owned);
                    end_text(std::mem::replace(&mut state.seal, seal), choice, sink);
                }
                _ => end_text(state.seal.take(), choice, sink),
            }
            say(said, choice, call, sink);
        }
        (state.calls, state.runs) = (calls.count, calls.runs);
        if let Some(grounding) = value.present("groundingMetadata") {
            state.grounding = Some(grounding.as_json().to_owned());
        }
        if let Some(raw) = value.present("logprobsResult").and_then(wire::logprobs) {
            sink(Event::Logprobs { choice, raw: Raw::trusted(&raw) });
        }
        if let Some(reason) = value.present("finishReason").and_then(Raw::text) {
            let finish = wire::finish(reason, state.calls > 0);
            state.empty = if state.spoke { None } else { wire::empty_failure(&finish, value) };
            state.finish = Some(finish.into_owned());
        } else if state.spoke {
            state.empty = None;
        }
    }
}

/// Whether it is more than a thought, or the seal of one.
fn says_something(said: &Said<'_>) -> bool {
    match said {
        Said::Text { text, .. } => !text.is_empty(),
        Said::Thought { .. } => false,
        Said::Call(_)
        | Said::Image { .. }
        | Said::Audio { .. }
        | Said::Code { .. }
        | Said::Outcome { .. }
        | Said::Foreign(_) => true,
    }
}

/// Whether a `functionCall` is a piece of one. `goes_on`: one has begun.
fn is_partial(call: Raw<'_>, goes_on: bool) -> bool {
    let will = call.get("willContinue").and_then(Raw::as_bool) == Some(true);
    will || call.present("partialArgs").is_some() || goes_on && call.present("name").is_none()
}

/// `begun`: the call, where this piece of it has the name; `before`: the choice and how many calls there were in it.
fn say_partly(
    call: Raw<'_>,
    partial: &mut Option<Partial>,
    begun: Option<Said<'_>>,
    before: (u32, u32),
    sink: &mut Sink<'_>,
) {
    let (choice, mut calls) = before;
    if let Some(Said::Call(tool)) = begun {
        if let Some(partial) = partial.take() {
            end_arguments(partial, choice, calls, sink);
        }
        let (id, name, signature) = (tool.id, tool.name, tool.signature);
        sink(Event::ToolStart { choice, index: calls, id, name, signature });
        *partial = Some(Partial::default());
        calls = calls.saturating_add(1);
    }
    let (Some(open), Some(index)) = (partial.as_mut(), calls.checked_sub(1)) else { return };
    let mut told = String::new();
    for piece in call.get("partialArgs").into_iter().flat_map(Raw::items) {
        if open.take(piece, &mut told).is_none() {
            sink(Event::Malformed);
        }
    }
    if !told.is_empty() {
        sink(Event::ToolArguments { choice, index, fragment: Text::from(told) });
    }
    if call.get("willContinue").and_then(Raw::as_bool) != Some(true)
        && let Some(partial) = partial.take()
    {
        end_arguments(partial, choice, calls, sink);
    }
}

/// `calls`: how many there are with the one that ends.
fn end_arguments(partial: Partial, choice: u32, calls: u32, sink: &mut Sink<'_>) {
    let mut rest = String::new();
    partial.end(&mut rest);
    if let Some(index) = calls.checked_sub(1) {
        sink(Event::ToolArguments { choice, index, fragment: Text::from(rest) });
    }
}

fn end_text(seal: Option<Text<'static>>, choice: u32, sink: &mut Sink<'_>) {
    if let Some(data) = seal {
        sink(Event::ThoughtSealed { choice, maker: Maker::Gemini, data });
    }
}

/// `call`: how many tool calls there were before.
fn say(said: Said<'_>, choice: u32, call: u32, sink: &mut Sink<'_>) {
    match said {
        // Its seal is told when it is over.
        Said::Text { text, .. } => {
            if !text.is_empty() {
                sink(Event::Text { choice, text });
            }
        }
        Said::Thought { text, signature } => {
            if !text.is_empty() {
                sink(Event::Thought { choice, text, maker: Some(Maker::Gemini) });
            }
            if let Some(signature) = signature {
                sink(Event::ThoughtSignature { choice, maker: Maker::Gemini, signature });
            }
        }
        Said::Image { media_type, data, signature } => {
            sink(Event::Image { choice, source: Source::Base64 { media_type, data } });
            if let Some(data) = signature {
                sink(Event::ThoughtSealed { choice, maker: Maker::Gemini, data });
            }
        }
        Said::Audio { format, data } => sink(Event::Audio { choice, data, format }),
        Said::Call(tool) => {
            let fragment = Text::from(tool.arguments.text().into_string());
            sink(Event::ToolStart {
                choice,
                index: call,
                id: tool.id,
                name: tool.name,
                signature: tool.signature,
            });
            sink(Event::ToolArguments { choice, index: call, fragment });
        }
        Said::Code { run, signature } => {
            sink(Event::Code { choice, run });
            end_text(signature.map(Text::into_owned), choice, sink);
        }
        Said::Outcome { outcome, signature } => {
            sink(Event::CodeOutcome { choice, outcome });
            end_text(signature.map(Text::into_owned), choice, sink);
        }
        // No event has a place for it, and nothing that a caller can ask for brings it about.
        Said::Foreign(_) => {}
    }
}
