//! A stream of `chat.completion.chunk` events into the model's events.

use super::media;
use super::searched::Searched;
use super::tool_calls::StreamedCalls;
use crate::chat::{Event, Finish, Maker};
use crate::dialect::openai::ending::{Ending, is_done};
use crate::dialect::openai::{answer, reasoning, wire};
use crate::dialect::seam::{FrameReader, Framed, Sink};
use crate::dialect::{Body, Memo};
use crate::failure::Failure;
use crate::json::{Raw, Text};
use crate::stream::sse::{Frame, Sse};
use std::rc::Rc;

/// The reader of such a stream.
pub(super) type ReadChunks = Framed<Sse, ChunkReader>;

pub(super) struct ChunkReader {
    memo: Rc<Memo>,
    started: bool,
    /// The answer's id, for calls that come without one.
    id: Option<String>,
    ending: Ending,
    calls: Vec<StreamedCalls>,
    /// Of the last thought.
    maker: Option<Maker>,
    searched: Searched,
}

impl ReadChunks {
    pub(super) fn new(memo: &Memo) -> ReadChunks {
        let state = ChunkReader {
            memo: Rc::new(memo.clone()),
            started: false,
            id: None,
            ending: Ending::default(),
            calls: Vec::new(),
            maker: None,
            searched: Searched::new(memo.tells_pages),
        };
        Framed::over(Sse::new(), state)
    }
}

impl FrameReader<Sse, Sink<'_>> for ChunkReader {
    fn take(&mut self, frame: Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        if is_done(frame.data) {
            self.ending.set_done();
            return Ok(());
        }
        let event = Body::new(frame.data);
        let Some(chunk) = event.object() else {
            sink(Event::Malformed);
            return Ok(());
        };
        let failure = match frame.event {
            "error" => Some(crate::failure::classify_event(chunk, 0)),
            _ => answer::reported(chunk),
        };
        failure.map_or_else(|| self.chunk(chunk, sink), Err)
    }

    fn finish(&mut self, sse: &Sse, sink: &mut Sink<'_>) -> Result<(), Failure> {
        self.ending.close(sse)?;
        self.searched.tell(sink);
        for choice in self.ending.unfinished() {
            let has_calls = self.calls_of(choice).is_some_and(|calls| !calls.is_empty());
            sink(Event::Finish { choice, finish: wire::finish_of(None, has_calls) });
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.ending.is_done()
    }
}

impl ChunkReader {
    fn chunk(&mut self, chunk: Raw<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let mut choices = Raw::NULL;
        let mut usage = None;
        let mut id = None;
        let mut model = None;
        let mut tier = None;
        for (name, value) in chunk.fields().filter(|(_, value)| !value.is_null()) {
            match name.decode().as_ref() {
                "id" => id = value.text().filter(|id| !id.is_empty()),
                "model" => model = value.text().filter(|model| !model.is_empty()),
                "choices" => choices = value,
                "usage" => usage = Some(value),
                "service_tier" => tier = value.text(),
                "search_results" => self.searched.note(value, true),
                "citations" => self.searched.note(value, false),
                "prompt_filter_results" => self.ending.note_filter(chunk),
                // Groq's place for it.
                "x_groq" => usage = usage.or_else(|| value.present("usage")),
                _ => {}
            }
        }
        if choices.is_null() && usage.is_none() {
            sink(Event::Malformed);
            return Ok(());
        }
        // Azure begins with a chunk of its filter's results, which has neither id nor choices.
        if !self.started && (choices.items().next().is_some() || usage.is_some()) {
            self.started = true;
            self.id = id.as_ref().map(|id| id.decode().into_owned());
            sink(Event::Start { id, model });
            tier.into_iter().for_each(|tier| sink(Event::ServiceTier(tier)));
        }
        // Moonshot's place for it.
        usage = usage.or_else(|| choices.items().find_map(|choice| choice.present("usage")));
        for choice in choices.items() {
            self.choice(choice, sink)?;
        }
        if let Some(usage) = usage.map(wire::read_usage).filter(|usage| !usage.is_empty()) {
            sink(Event::Usage(usage));
        }
        Ok(())
    }

    /// # Errors
    /// The failure that the choice reports.
    fn choice(&mut self, value: Raw<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let index = value.get("index").and_then(Raw::as_u64).unwrap_or(0);
        let Ok(choice) = u32::try_from(index) else {
            sink(Event::Malformed);
            return Ok(());
        };
        self.ending.begin(choice);
        // Some servers send the whole message at once.
        if let Some(delta) = value.present("delta").or_else(|| value.present("message")) {
            self.delta(choice, delta, sink);
        }
        if let Some(raw) = value.present("logprobs") {
            sink(Event::Logprobs { choice, raw });
        }
        let Some(reason) = wire::reason(value) else {
            return answer::reported(value).map_or(Ok(()), Err);
        };
        let has_calls = self.calls_of(choice).is_some_and(|calls| !calls.is_empty());
        let finish = wire::finish_of(Some(reason), has_calls);
        if let Some(failure) = answer::failed_choice(value, &finish) {
            return Err(failure);
        }
        if self.ending.finish(choice) {
            if finish != Finish::Length
                && let Some(calls) = self.calls_of(choice)
            {
                calls.end(choice, sink);
            }
            if choice == 0 {
                self.searched.tell(sink);
            }
            sink(Event::Finish { choice, finish });
        }
        Ok(())
    }

    fn delta(&mut self, choice: u32, delta: Raw<'_>, sink: &mut Sink<'_>) {
        let mut thoughts = reasoning::ThoughtMembers::default();
        let mut content = Raw::NULL;
        let mut refusal = None;
        let mut calls = Raw::NULL;
        let mut function = None;
        let mut annotations = Raw::NULL;
        let mut media = (Raw::NULL, Raw::NULL);
        for (name, value) in delta.fields().filter(|(_, value)| !value.is_null()) {
            match name.decode().as_ref() {
                "content" => content = value,
                "refusal" => refusal = value.text(),
                "tool_calls" => calls = value,
                "function_call" => function = Some(value),
                "annotations" => annotations = value,
                "images" => media.0 = value,
                "audio" => media.1 = value,
                name => _ = thoughts.take(name, value),
            }
        }
        emit_thoughts(choice, &thoughts, &mut self.maker, sink);
        emit_content(choice, content, &mut self.searched, sink);
        media::emit(choice, media, |text| self.searched.say(choice, text), sink);
        if let Some(text) = refusal.filter(|text| !text.is_empty()) {
            sink(Event::Refusal { choice, text });
        }
        if !annotations.is_null() {
            self.searched.set_told();
        }
        wire::citations(annotations).for_each(|citation| sink(Event::Citation { choice, citation }));
        if calls.is_null() && function.is_none() {
            return;
        }
        let id = self.id.take();
        if let Some(state) = self.calls_of(choice) {
            for call in calls.items() {
                let called = call.present("function").or_else(|| call.present("custom"));
                state.delta(choice, call, called.unwrap_or(Raw::NULL), id.as_deref(), sink);
            }
            if let Some(function) = function {
                state.delta(choice, Raw::NULL, function, id.as_deref(), sink);
            }
        }
        self.id = id;
    }

    fn calls_of(&mut self, choice: u32) -> Option<&mut StreamedCalls> {
        let at = usize::try_from(choice).ok().filter(|at| *at < 128)?;
        while self.calls.len() <= at {
            self.calls.push(StreamedCalls::new(&self.memo));
        }
        self.calls.get_mut(at)
    }
}

/// `known`: the maker of the fragments before, who is told once.
fn emit_thoughts(
    choice: u32,
    thoughts: &reasoning::ThoughtMembers<'_>,
    known: &mut Option<Maker>,
    sink: &mut Sink<'_>,
) {
    let mut told = false;
    for detail in thoughts.details() {
        let Some(mut thought) = reasoning::read_detail(detail) else { continue };
        *known = thought.maker.or(*known);
        thought.maker = *known;
        if !thought.text.is_empty() {
            told = true;
            sink(Event::Thought { choice, text: thought.text, maker: thought.maker });
        }
        let Some(maker) = thought.maker else { continue };
        if let Some(signature) = thought.signature {
            sink(Event::ThoughtSignature { choice, maker, signature });
        }
        if let Some(data) = thought.sealed {
            sink(Event::ThoughtSealed { choice, maker, data });
        }
    }
    if let (false, Some(text)) = (told, thoughts.text()) {
        sink(Event::Thought { choice, text, maker: None });
    }
}

/// Content by the book is a string; Mistral's models that reason send an array of chunks.
fn emit_content(choice: u32, content: Raw<'_>, searched: &mut Searched, sink: &mut Sink<'_>) {
    let mut emit = |text: Option<Text<'_>>, thinks: bool, sink: &mut Sink<'_>| {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        if !thinks {
            searched.say(choice, &text);
        }
        sink(if thinks {
            Event::Thought { choice, text, maker: None }
        } else {
            Event::Text { choice, text }
        });
    };
    emit(content.text(), false, sink);
    for piece in content.items() {
        match piece.present("thinking") {
            Some(thought) => {
                emit(thought.text(), true, sink);
                thought.items().for_each(|item| emit(item.get("text").and_then(Raw::text), true, sink));
            }
            None => {
                emit(piece.get("text").and_then(Raw::text).or_else(|| piece.text()), false, sink);
                if let Some(source) = media::picture(piece) {
                    sink(Event::Image { choice, source });
                }
            }
        }
    }
}
