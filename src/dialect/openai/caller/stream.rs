//! A streamed answer out of the model: `chat.completion.chunk` events.

use super::reply::{finish_name, made_up_id, write_annotations, write_audio, write_image};
use super::streamed::{StreamedChoice, choice_of};
use crate::chat::{Arguments, Event, Maker, ToolCall, Usage};
use crate::dialect::openai::{calls, reasoning, wire};
use crate::dialect::piece::{citation, tier};
use crate::dialect::{CallerError, FreeForm, Memo, StreamWriter, Turn};
use crate::json::{Raw, Text, Writer};
use crate::stream::sse;

/// Writes chunks, <https://platform.openai.com/docs/api-reference/chat/streaming>.
pub(super) struct ChatChunks {
    /// From the opening brace to before `choices`: the same in every chunk.
    opening: Vec<u8>,
    /// The provider's id of the answer.
    id: Option<Text<'static>>,
    /// The answer has started, and nobody was told: what else is known of it at once stands in the first chunk.
    has_started: bool,
    /// For the opening, which waits for the provider's id.
    turn: Turn,
    /// Calls are told as `function_call`, of which there is one.
    legacy: bool,
    /// Whose calls are told as `custom`.
    free_form: FreeForm,
    choices: Vec<StreamedChoice>,
    usage: Usage,
    /// Which capacity serves it, until a chunk tells it. OpenAI's clients take it from the first; some providers say it at the end.
    tier: Option<Text<'static>>,
    /// What stands around a text of this choice, once one was written.
    around: Option<(u32, Vec<u8>, Vec<u8>)>,
}

impl ChatChunks {
    pub(super) fn new(turn: &Turn, memo: &Memo) -> ChatChunks {
        ChatChunks {
            opening: Vec::new(),
            id: None,
            has_started: false,
            turn: turn.clone(),
            legacy: memo.calls_functions,
            free_form: memo.free_form.clone(),
            choices: Vec::new(),
            usage: Usage::default(),
            tier: None,
            around: None,
        }
    }

    fn open(&mut self) {
        if !self.opening.is_empty() {
            return;
        }
        let turn = &self.turn;
        let mut w = Writer::new(&mut self.opening);
        w.open_object();
        w.key("id");
        match &self.id {
            Some(id) => w.text(id),
            None => w.string(&made_up_id(turn)),
        }
        w.key("object").string("chat.completion.chunk");
        w.key("created").u64(turn.created);
        w.key("model").string(&turn.requested_model);
        if let Some(tier) = self.tier.take() {
            w.key("service_tier").text(&tier);
        }
    }

    /// One chunk; `members` are those after the opening.
    fn chunk(&self, out: &mut Vec<u8>, members: impl FnOnce(&mut Writer<'_>)) {
        sse::write_event(out, None, |out| {
            out.extend_from_slice(&self.opening);
            // Begins after the opening, so its first comma is ours.
            out.push(b',');
            let mut w = Writer::new(out);
            members(&mut w);
            w.close_object();
        });
    }

    /// A chunk of one choice. `end` is its finish reason.
    fn choice(
        &self,
        choice: u32,
        out: &mut Vec<u8>,
        logprobs: Option<Raw<'_>>,
        end: Option<&str>,
        delta: impl FnOnce(&mut Writer<'_>),
    ) {
        self.chunk(out, |w| {
            w.key("choices").array(|w| {
                w.object(|w| {
                    w.key("index").u64(u64::from(choice));
                    w.key("delta").object(delta);
                    w.key("logprobs").raw(logprobs.unwrap_or(Raw::NULL));
                    w.key("finish_reason");
                    match end {
                        Some(reason) => w.string(reason),
                        None => w.null(),
                    }
                });
            });
            if self.turn.stream_usage {
                w.key("usage").null();
            }
            if let (Some(_), Some(tier)) = (end, &self.tier) {
                w.key("service_tier").text(tier);
            }
        });
    }

    fn text(&mut self, choice: u32, text: &Text<'_>, out: &mut Vec<u8>) {
        let (Some((known, before, after)), Ok(literal)) = (&self.around, text.literal()) else {
            let start = out.len();
            self.delta(choice, out, |w| w.key("content").text(text));
            let written = out.get(start..).unwrap_or_default();
            self.around = text.literal().ok().and_then(|literal| self.around(choice, literal, written));
            return;
        };
        if *known != choice {
            self.around = None;
            return self.text(choice, text, out);
        }
        out.extend_from_slice(before);
        out.extend_from_slice(literal.as_bytes());
        out.extend_from_slice(after);
    }

    /// What stands around the text in its event. Only the opening is the provider's; what follows it is ours.
    fn around(&self, choice: u32, literal: &str, written: &[u8]) -> Option<(u32, Vec<u8>, Vec<u8>)> {
        const MARK: &[u8] = br#"{"content":""#;
        let opened = "data: ".len() + self.opening.len();
        let mark = memchr::memmem::find(written.get(opened..)?, MARK)?;
        let (before, rest) = written.split_at_checked(opened + mark + MARK.len())?;
        Some((choice, before.to_vec(), rest.get(literal.len()..)?.to_vec()))
    }

    fn delta(&self, choice: u32, out: &mut Vec<u8>, delta: impl FnOnce(&mut Writer<'_>)) {
        self.choice(choice, out, None, None, delta);
    }

    fn state(&mut self, choice: u32) -> Option<&mut StreamedChoice> {
        let at = usize::try_from(choice).ok()?;
        // OpenAI allows 128 choices; a stranger number is a provider's error.
        if at >= self.choices.len() && at < 128 {
            self.choices.resize(at + 1, StreamedChoice::default());
        }
        self.choices.get_mut(at)
    }

    fn start(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.has_started) {
            self.begin(0, out);
        }
    }

    /// The first chunk of a choice says who speaks.
    fn begin(&mut self, choice: u32, out: &mut Vec<u8>) {
        self.open();
        if self.state(choice).is_some_and(|state| !std::mem::replace(&mut state.begun, true)) {
            self.delta(choice, out, |w| {
                w.key("role").string("assistant");
                w.key("content").string("");
                w.key("refusal").null();
            });
        }
    }

    /// The index of the thought that this belongs to; `closes`: the next one is another.
    fn thought(&mut self, choice: u32, closes: bool) -> u32 {
        let Some(state) = self.state(choice) else { return 0 };
        let index = state.thoughts;
        state.thinking = !closes;
        state.named &= !closes;
        if closes {
            state.thoughts = index.saturating_add(1);
        }
        index
    }

    /// The maker, if this thought's fragments haven't told it yet.
    fn told(&mut self, choice: u32, maker: Option<Maker>) -> Option<Maker> {
        let state = self.state(choice)?;
        let maker = maker.filter(|_| !state.named)?;
        state.named = true;
        Some(maker)
    }

    fn thoughts(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        match event {
            Event::Thought { choice, text, maker } => {
                let index = self.thought(*choice, false);
                let maker = self.told(*choice, *maker);
                self.delta(*choice, out, |w| {
                    w.key("reasoning_content").text(text);
                    w.key("reasoning_details")
                        .array(|w| reasoning::write_detail(Some(text), None, maker, index, w));
                });
            }
            Event::ThoughtSignature { choice, maker, signature } => {
                let maker = self.told(*choice, Some(*maker));
                let index = self.thought(*choice, true);
                self.delta(*choice, out, |w| {
                    w.key("reasoning_details").array(|w| {
                        reasoning::write_detail(None, Some(signature), maker, index, w);
                    });
                });
            }
            Event::ThoughtSealed { choice, maker, data } => {
                // An unsigned thought before it ends here.
                if self.state(*choice).is_some_and(|state| state.thinking) {
                    self.thought(*choice, true);
                }
                let index = self.thought(*choice, true);
                self.delta(*choice, out, |w| {
                    w.key("reasoning_details")
                        .array(|w| reasoning::write_sealed(data, Some(*maker), index, w));
                });
            }
            _ => {}
        }
    }

    fn tool(
        &mut self,
        choice: u32,
        index: u32,
        names: (&Text<'_>, &Text<'_>),
        signature: Option<&(Maker, Text<'_>)>,
        out: &mut Vec<u8>,
    ) {
        let (id, name) = names;
        let arguments = match self.free_form.has(name) {
            true => Arguments::FreeForm(Text::default()),
            false => Arguments::Encoded(Text::default()),
        };
        if let (Arguments::FreeForm(_), Some(state)) = (&arguments, self.state(choice)) {
            state.free_form.insert(index);
        }
        let call = ToolCall { id: id.clone(), name: name.clone(), arguments, signature: signature.cloned() };
        match (self.legacy, index) {
            (true, 0) => self.delta(choice, out, |w| {
                w.key("function_call").object(|w| calls::write_function(&call, w));
            }),
            (true, _) => {}
            (false, _) => self.delta(choice, out, |w| {
                w.key("tool_calls").array(|w| calls::write(&call, Some(index), w));
            }),
        }
    }

    fn arguments(&mut self, choice: u32, index: u32, fragment: &Text<'_>, out: &mut Vec<u8>) {
        if self.legacy && index > 0 {
            return;
        }
        let is_free_form = self.state(choice).is_some_and(|state| state.free_form.contains(&index));
        self.delta(choice, out, |w| {
            if self.legacy {
                return w.key("function_call").object(|w| w.key("arguments").text(fragment));
            }
            w.key("tool_calls").array(|w| {
                w.object(|w| {
                    w.key("index").u64(u64::from(index));
                    match is_free_form {
                        // <https://github.com/openai/openai-openapi/issues/576>
                        true => w.key("custom").object(|w| w.key("input").text(fragment)),
                        false => w.key("function").object(|w| w.key("arguments").text(fragment)),
                    }
                });
            });
        });
    }
}

impl ChatChunks {
    /// Tells what was cited so far.
    fn cite(&mut self, choice: u32, out: &mut Vec<u8>) {
        let citations = self.state(choice).map(|state| std::mem::take(&mut state.citations));
        if let Some(citations) = citations.filter(|citations| !citations.is_empty()) {
            self.delta(choice, out, |w| write_annotations(&citations, w));
        }
    }
}

impl StreamWriter for ChatChunks {
    fn event(&mut self, event: &Event<'_>, out: &mut Vec<u8>) {
        if let (Event::Text { choice, text }, Some((known, ..))) = (event, &self.around)
            && choice == known
        {
            return self.text(*choice, text, out);
        }
        match event {
            Event::Start { id, .. } => {
                self.id = id.clone().filter(|id| !id.is_empty()).map(Text::into_owned);
                self.has_started = true;
                return;
            }
            Event::ServiceTier(of) => {
                self.tier = tier::openais(of, tier::is_of_chat).map(Text::into_owned);
                return;
            }
            _ => self.start(out),
        }
        if let Some(choice) = choice_of(event) {
            self.begin(choice, out);
        }
        match event {
            Event::Text { choice, text } => self.text(*choice, text, out),
            Event::Refusal { choice, text } => self.delta(*choice, out, |w| w.key("refusal").text(text)),
            Event::Thought { .. } | Event::ThoughtSignature { .. } | Event::ThoughtSealed { .. } => {
                self.thoughts(event, out);
            }
            Event::ToolStart { choice, index, id, name, signature } => {
                self.tool(*choice, *index, (id, name), signature.as_ref(), out);
            }
            Event::ToolArguments { choice, index, fragment } => {
                self.arguments(*choice, *index, fragment, out);
            }
            Event::Logprobs { choice, raw } => self.choice(*choice, out, Some(*raw), None, |_| {}),
            Event::Image { choice, source } => {
                let images = self.state(*choice).map(|state| &mut state.images);
                let index = images.map(|next| std::mem::replace(next, next.saturating_add(1)));
                self.delta(*choice, out, |w| {
                    let index = index.unwrap_or_default();
                    w.key("images").array(|w| write_image(source, index, w));
                });
            }
            Event::Audio { choice, data, .. } => {
                let is_first =
                    self.state(*choice).is_some_and(|state| !std::mem::replace(&mut state.sounds, true));
                let turn = &self.turn;
                self.delta(*choice, out, |w| {
                    // Clients put strings of fragments together: all but the sound is told once.
                    w.key("audio").object(|w| match is_first {
                        true => write_audio(data, turn, w),
                        false => w.key("data").text(data),
                    });
                });
            }
            Event::Citation { choice, citation } => {
                if let Some(state) = self.state(*choice) {
                    state.citations.push(citation::kept(citation, 0));
                }
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::Finish { choice, finish } => {
                self.cite(*choice, out);
                let name = finish_name(finish, self.legacy);
                self.choice(*choice, out, None, Some(name), |_| {});
            }
            // A comment keeps the connection and no client sees it.
            Event::Ping => out.extend_from_slice(b": ping\n\n"),
            // Told in words before.
            Event::Code { .. } | Event::CodeOutcome { .. } => {}
            // A chunk of its own, as at OpenAI.
            Event::Moderation(found) => self.chunk(out, |w| {
                w.key("choices").array(|_| {});
                w.key("moderation").raw(*found);
            }),
            Event::Start { .. } | Event::ServiceTier(_) | Event::Malformed => {}
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.start(out);
        // Some are told after the reason why a choice ends.
        for (choice, _) in (0..).zip(0..self.choices.len()) {
            self.cite(choice, out);
        }
        if self.turn.stream_usage && !self.usage.is_empty() {
            self.open();
            self.chunk(out, |w| {
                w.key("choices").array(|_| {});
                w.key("usage");
                wire::write_usage(&self.usage, w);
                if let Some(tier) = &self.tier {
                    w.key("service_tier").text(tier);
                }
            });
        }
        out.extend_from_slice(sse::DONE);
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        wire::write_error_event(error, out);
    }
}
