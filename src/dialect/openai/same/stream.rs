//! A provider's chunks to a caller who speaks them: each event's JSON is checked, its `model` replaced, all else kept.
//!
//! The hot path: an event like the one before it but for its text is copied around that text ([`Shape`]).

use super::calls::{CallNumbers, Whole, ending};
use super::{json_string, usual};
use crate::dialect::openai::ending::{Ending, is_done};
use crate::dialect::openai::{answer, wire};
use crate::dialect::seam::{FramePipe, FrameReader, Framed};
use crate::dialect::{Body, CallerError, Memo, Seen, Turn};
use crate::failure::{Failure, classify_event};
use crate::json::{Edit, Raw, Shape, Text, edit_object};
use crate::stream::sse::{self, Frame, Sse};

/// The pipe of such a stream.
pub(super) type EditedChunks = Framed<Sse, ChunkEditor>;

pub(super) struct ChunkEditor {
    /// What the caller asked for, as JSON.
    model: Vec<u8>,
    /// We asked for usage and the caller didn't: its chunk is for us.
    hides_usage: bool,
    ending: Ending,
    seen: Seen,
    token: bool,
    numbers: CallNumbers,
    /// How the last event that was read in full begins and ends: as it came, and as it went out.
    usual: Option<(Shape, Shape)>,
    /// Events that taught a shape which the next one did not have.
    unlike: u32,
}

/// After so many in a row no more shapes are learned: each costs a little.
const MOST_UNLIKE: u32 = 8;

impl EditedChunks {
    pub(super) fn new(turn: &Turn, memo: &Memo) -> EditedChunks {
        let state = ChunkEditor {
            model: json_string(&turn.requested_model),
            hides_usage: memo.usage_asked && !turn.stream_usage,
            ending: Ending::default(),
            seen: Seen::default(),
            token: false,
            numbers: CallNumbers::default(),
            usual: None,
            unlike: 0,
        };
        Framed::over(Sse::new(), state)
    }
}

impl FrameReader<Sse, Vec<u8>> for ChunkEditor {
    fn take(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        if let Some((came, went)) = &self.usual
            && frame.event.is_empty()
            && let Some(strings) = came.strings(frame.data)
        {
            self.unlike = 0;
            went.write(&strings, out);
            return Ok(());
        }
        self.other(frame, out)
    }

    fn finish(&mut self, sse: &Sse, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.ending.close(sse)?;
        // Ours, also where the provider only closed the stream.
        out.extend_from_slice(sse::DONE);
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.ending.is_done()
    }
}

impl FramePipe<Sse> for ChunkEditor {
    fn has_token(&self) -> bool {
        self.token
    }

    fn fail(&self, error: &CallerError, out: &mut Vec<u8>) {
        wire::write_error_event(error, out);
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}

/// What a look at a chunk tells.
#[derive(Default)]
struct Look {
    has_model: bool,
    has_choices: bool,
    has_usage: bool,
    /// Calls that OpenAI's clients can't read as they are.
    mends_calls: bool,
    /// The same of a finish reason.
    mends_end: bool,
    may_fail: bool,
    /// A choice ends, or fails.
    has_finish: bool,
    /// Of the first choice that reports one.
    failure: Option<Failure>,
}

impl ChunkEditor {
    /// Takes a frame that is not as the one before it.
    ///
    /// # Errors
    /// The failure that it reports.
    fn other(&mut self, frame: Frame<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.usual = None;
        if is_done(frame.data) {
            self.ending.set_done();
            return Ok(());
        }
        let event = Body::new(frame.data);
        let Some(chunk) = event.object() else {
            self.seen.note_malformed();
            return Ok(());
        };
        if frame.event == "error" {
            return Err(classify_event(chunk, 0));
        }
        self.chunk(frame, chunk, out)
    }

    /// Edits one chunk.
    ///
    /// # Errors
    /// The failure that it reports.
    fn chunk(&mut self, frame: Frame<'_>, chunk: Raw<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
        let look = self.look(chunk);
        if look.may_fail || look.failure.is_some() {
            // The chunk says more than a choice's finish reason does.
            if let Some(failure) = answer::reported(chunk).or(look.failure) {
                return Err(failure);
            }
        }
        if self.hides_usage && look.has_usage && !look.has_choices {
            return Ok(());
        }
        let choices = if look.mends_calls || look.mends_end { chunk.get("choices") } else { None };
        let id = || chunk.get("id").and_then(Raw::text).filter(|id| !id.is_empty());
        let choices = choices.map(|choices| self.numbers.mended(choices, id().as_ref()));
        let ChunkEditor { model, hides_usage, .. } = &*self;
        let start = out.len();
        let event = (!frame.event.is_empty()).then_some(frame.event);
        sse::write_event(out, event, |out| {
            let decide = |name: &Text<'_>, value: Raw<'_>| {
                if name == "model" {
                    Edit::Put(model)
                } else if let (Some(choices), true) = (&choices, name == "choices") {
                    Edit::Put(choices)
                } else if *hides_usage && name == "usage" && value.is_null() {
                    Edit::Remove
                } else {
                    Edit::Keep
                }
            };
            let more: &[(&str, &[u8])] = if look.has_model { &[] } else { &[("model", model)] };
            edit_object(chunk, decide, more, out);
        });
        let is_special = look.has_usage
            || look.may_fail
            || look.has_finish
            || look.mends_calls
            || self.numbers.has_first();
        if !is_special && event.is_none() && self.unlike < MOST_UNLIKE {
            self.unlike += 1;
            self.usual = usual::learn(frame.data, out.get(start..).unwrap_or_default());
        }
        Ok(())
    }

    fn look(&mut self, chunk: Raw<'_>) -> Look {
        let mut look = Look::default();
        self.numbers.begin();
        for (name, value) in chunk.fields() {
            match name.decode().as_ref() {
                "model" => {
                    look.has_model = true;
                    self.seen.note_model(value);
                }
                "choices" => {
                    for choice in value.items() {
                        look.has_choices = true;
                        self.look_at_choice(choice, &mut look);
                    }
                }
                "usage" if !value.is_null() => {
                    look.has_usage = true;
                    self.seen.usage.update(&wire::read_usage(value));
                }
                "prompt_filter_results" => self.ending.note_filter(chunk),
                "x_groq" => {
                    if let Some(usage) = value.present("usage") {
                        self.seen.usage.update(&wire::read_usage(usage));
                    }
                }
                // What may be an error; whether it is one takes a closer look.
                "error" if !value.is_null() => look.may_fail = true,
                "object" if value.as_json() == r#""error""# => look.may_fail = true,
                _ => {}
            }
        }
        look
    }

    fn look_at_choice(&mut self, choice: Raw<'_>, look: &mut Look) {
        let mut index = 0;
        let mut reason = None;
        let mut may_fail = false;
        for (name, value) in choice.fields().filter(|(_, value)| !value.is_null()) {
            match name.decode().as_ref() {
                "index" => index = value.as_u64().and_then(|index| u32::try_from(index).ok()).unwrap_or(0),
                "delta" | "message" => {
                    for (name, value) in value.fields() {
                        self.token |= is_token(&name, value);
                        if name == "tool_calls" {
                            let at = choice.get("index").and_then(Raw::as_u64).unwrap_or(0);
                            look.mends_calls |= self.numbers.must_mend(at, value);
                        }
                    }
                }
                "finish_reason" if value.as_json() == "\"\"" => look.mends_end = true,
                "finish_reason" => reason = Some(value),
                "error" => may_fail = true,
                // Moonshot's place for it.
                "usage" => self.seen.usage.update(&wire::read_usage(value)),
                _ => {}
            }
        }
        self.ending.begin(index);
        look.has_finish |= reason.is_some() || may_fail;
        if let Some(reason) = reason {
            let finish = wire::finish_of(Some(reason), false);
            if let Some(failure) = answer::failed_choice(choice, &finish) {
                look.failure.get_or_insert(failure);
                return;
            }
            look.mends_end |= ending(Some(reason), Whole(false), false).is_some();
            self.token = true;
            if self.ending.finish(index) && index == 0 {
                self.seen.finish = reason.text().map(Text::into_string);
            }
        } else if may_fail && let Some(failure) = answer::reported(choice) {
            look.failure.get_or_insert(failure);
        }
    }
}

/// Whether a member of a delta is something to see.
fn is_token(name: &Text<'_>, value: Raw<'_>) -> bool {
    let is_shown = matches!(
        name.decode().as_ref(),
        "content"
            | "refusal"
            | "tool_calls"
            | "function_call"
            | "audio"
            | "reasoning_content"
            | "reasoning"
            | "reasoning_details"
    );
    is_shown && !matches!(value.as_json(), "null" | "\"\"" | "[]" | "{}")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::turn;
    use super::*;
    use crate::dialect::Pipe;
    use crate::failure::Class;

    fn run(input: &str, stream_usage: bool) -> (String, Vec<bool>, Result<Seen, Failure>) {
        let memo = Memo { usage_asked: true, stream: true, ..Memo::default() };
        let mut pipe = EditedChunks::new(&turn(stream_usage), &memo);
        let (mut out, mut tokens) = (Vec::new(), Vec::new());
        let mut result = Ok(());
        for line in input.split_inclusive("\n\n") {
            match pipe.push(line.as_bytes(), &mut out) {
                Ok(token) => tokens.push(token),
                Err(failure) => result = Err(failure),
            }
        }
        let result = result.and_then(|()| pipe.finish(&mut out)).map(|()| pipe.seen().clone());
        (String::from_utf8(out).unwrap(), tokens, result)
    }

    const ROLE: &str = "data: {\"id\":\"c\", \"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}, \"x\":1.0}],\"usage\":null}\n\n";
    const TEXT: &str = "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"\\u00e9\"}}]}\n\n";
    const STOP: &str = "data: {\"model\":\"m\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const USAGE: &str =
        "data: {\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    const DONE: &str = "data: [DONE]\n\n";

    #[test]
    fn passes_everything_but_the_model() {
        let input = [ROLE, TEXT, STOP, USAGE, DONE].concat();
        let (out, tokens, seen) = run(&input, true);
        assert_eq!(out, input.replace("\"m\"", "\"asked\""));
        assert_eq!(tokens, [false, true, true, true, true]);
        let seen = seen.unwrap();
        assert_eq!((seen.usage.input, seen.usage.output), (Some(1), Some(2)));
        assert_eq!((seen.model.as_deref(), seen.finish.as_deref()), (Some("m"), Some("stop")));
    }

    #[test]
    fn events_of_one_shape_pass_as_others_do() {
        let text = |text: &str| ROLE.replace("\"content\":\"\"", &format!("\"content\":{text}"));
        let hidden = TEXT.replace("}}]}", "}}],\"obfuscation\":\"xyz\"}");
        let call = r#"{"index":0,"function":{"arguments":"{\""}}"#;
        let call = TEXT.replace("\"content\":\"\\u00e9\"", &format!("\"tool_calls\":[{call}]"));
        let thought = TEXT.replace("content", "reasoning_content");
        let mut events = vec![
            ROLE.to_owned(),
            text("\"a\""),
            text("\"b\""),
            text("\"\""),
            text("null"),
            text("\"\\\"c\""),
        ];
        for event in [&hidden, &call, &thought] {
            events.extend([event.clone(), event.clone(), event.replace("\":\"", "\":\"q")]);
        }
        let two = TEXT.replace("[{\"delta", "[{\"index\":1,\"delta\":{\"content\":\"1\"}},{\"delta");
        events.extend([
            two.clone(),
            two,
            TEXT.to_owned(),
            STOP.to_owned().replace("}]", "},{\"index\":1,\"finish_reason\":\"stop\"}]"),
            DONE.to_owned(),
        ]);
        let whole = events.concat();
        let (out, _, result) = run(&whole, true);
        assert_eq!(
            out.replace("\"qm\"", "\"m\""),
            whole.replace("\"qm\"", "\"m\"").replace("\"m\"", "\"asked\"")
        );
        result.unwrap();
    }

    #[test]
    fn a_broken_event_of_the_usual_shape_is_left_out() {
        for broken in ["\\x", "\u{1}", "a\"b"] {
            let event = TEXT.replace("\\u00e9", broken);
            let (out, _, result) = run(&[TEXT, TEXT, &event, TEXT, STOP, DONE].concat(), true);
            assert_eq!(out, [TEXT, TEXT, TEXT, STOP, DONE].concat().replace("\"m\"", "\"asked\""));
            assert_eq!(result.unwrap().malformed_events, 1);
        }
    }

    #[test]
    fn hides_usage_that_only_we_asked_for() {
        let (out, _, seen) = run(&[ROLE, TEXT, STOP, USAGE, DONE].concat(), false);
        let expected = [&ROLE.replace(",\"usage\":null", ""), TEXT, STOP, DONE].concat();
        assert_eq!(out, expected.replace("\"m\"", "\"asked\""));
        assert_eq!(seen.unwrap().usage.output, Some(2));
    }

    #[test]
    fn ends() {
        let class =
            |input: &[&str]| run(&input.concat(), true).2.map(|_| ()).map_err(|failure| failure.class);
        assert_eq!(class(&[ROLE, TEXT, STOP]), Ok(()));
        assert_eq!(class(&[ROLE, TEXT, DONE]), Ok(()));
        assert_eq!(class(&[TEXT, STOP, "data: [DONE]"]), Ok(()));
        for cut in [&[][..], &[ROLE], &[ROLE, TEXT], &[DONE], &[TEXT, STOP, "data: {"], &["{\"choices\":[]}"]]
        {
            assert_eq!(class(cut), Err(Class::Malformed), "{cut:?}");
        }
        let filtered = "data: {\"choices\":[],\"prompt_filter_results\":[{\"content_filter_results\":{\"hate\":{\"filtered\":true}}}]}\n\n";
        assert_eq!(class(&[filtered, DONE]), Err(Class::ContentPolicy));
        assert_eq!(class(&[filtered, STOP, DONE]), Ok(()));
        let (out, _, result) = run(&[TEXT, "data: {oops\n\n", STOP, DONE].concat(), true);
        assert_eq!(out, [TEXT, STOP, DONE].concat().replace("\"m\"", "\"asked\""));
        assert_eq!(result.unwrap().malformed_events, 1);
    }

    #[test]
    fn reports_errors() {
        let error = "data: {\"error\":{\"message\":\"Overloaded\",\"type\":\"overloaded_error\"}}\n\n";
        let (out, tokens, result) = run(&[ROLE, error, TEXT].concat(), true);
        assert!(result.is_err());
        assert_eq!((out, tokens), (ROLE.replace("\"m\"", "\"asked\""), vec![false]));
        assert!(run(&["event: error\n", error].concat(), true).2.is_err());
        assert!(run("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}\n\n", true).2.is_err());
    }
}
