//! Laws: what is written to a caller of Responses reads back as a provider's; a stream is the whole answer, at any split; garbage is
//! no panic. And what a conversation becomes over its turns.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pieces;
mod turns;

use super::{reply, stream::ReadResponse};
use crate::chat::{Arguments, Choice, Event, Finish, Maker, Part, PartKind, Reply, Thought, ToolCall, Usage};
use crate::dialect::responses::Responses;
use crate::dialect::{Body, Caller, Memo, StreamReader, Surface, Turn, Unsupported};
use crate::failure::{Failure, Head};
use crate::json::Text;
use proptest::prelude::*;

pub(super) fn turn(surface: Surface) -> Turn {
    Turn {
        surface,
        requested_model: "asked".to_owned(),
        stream: false,
        stream_usage: true,
        id: "law".to_owned(),
        created: 7,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

fn memo() -> Memo {
    Memo { origin: Some("0a".to_owned()), by_responses: true, ..Memo::default() }
}

fn text() -> impl Strategy<Value = Text<'static>> {
    "[a-z\"\\\\\n\u{0}-\u{1f}é😀/<{ ]{1,12}".prop_map(Text::from)
}

fn kind() -> impl Strategy<Value = PartKind<'static>> {
    let sealed = |data: String| Some(Text::from(data));
    let call = ("[a-z0-9_-]{1,8}", "[a-z_]{1,8}", "[{\"a:1}é\\\\]{1,10}");
    prop_oneof![
        text().prop_map(PartKind::Text),
        text().prop_map(PartKind::Refusal),
        (text(), "[A-Za-z0-9+/=]{1,12}").prop_map(move |(text, data)| {
            let maker = Some(Maker::OpenAi);
            PartKind::Thought(Thought { text, signature: sealed(data), sealed: None, maker })
        }),
        "[A-Za-z0-9+/=]{1,12}".prop_map(move |data| {
            let maker = Some(Maker::OpenAi);
            PartKind::Thought(Thought { text: Text::default(), signature: None, sealed: sealed(data), maker })
        }),
        call.prop_map(|(id, name, arguments)| {
            let arguments = Arguments::Encoded(arguments.into());
            PartKind::ToolCall(ToolCall { id: id.into(), name: name.into(), arguments, signature: None })
        }),
    ]
}

/// Text after text is one text of a caller's.
fn parts() -> impl Strategy<Value = Vec<Part<'static>>> {
    let joins = |before: &PartKind<'_>, next: &PartKind<'_>| {
        matches!(
            (before, next),
            (PartKind::Text(_), PartKind::Text(_)) | (PartKind::Refusal(_), PartKind::Refusal(_))
        )
    };
    prop::collection::vec(kind(), 0..7).prop_map(move |mut kinds| {
        kinds.dedup_by(|next, before| joins(before, next));
        kinds.into_iter().map(Part::from).collect()
    })
}

/// The answer as a provider of Responses gives it whole.
fn whole(parts: &[Part<'static>], finish: &Finish<'static>) -> Vec<u8> {
    let choice =
        Choice { parts: parts.to_vec(), finish: finish.clone(), logprobs: None, citations: Vec::new() };
    let usage = Usage { input: Some(3), output: Some(2), ..Usage::default() };
    let mut body = Vec::new();
    let reply = Reply { choices: vec![choice], usage, ..Reply::default() };
    Responses.write(&reply, &turn(Surface::Responses), &Memo::default(), &mut body);
    body
}

/// The same as a stream.
fn streamed(parts: &[Part<'static>], finish: &Finish<'static>) -> Vec<u8> {
    let choice = 0;
    let mut bytes = Vec::new();
    let mut writer = Responses.stream(&turn(Surface::Responses), &Memo::default());
    let mut each = |event: Event<'_>| writer.event(&event, &mut bytes);
    each(Event::Start { id: None, model: None });
    let mut index = 0;
    for part in parts {
        match part.kind.clone() {
            PartKind::Text(text) => {
                let text = text.decode();
                let (start, end) = text.split_at(text.char_indices().nth(1).map_or(0, |(at, _)| at));
                each(Event::Text { choice, text: start.into() });
                each(Event::Text { choice, text: end.into() });
            }
            PartKind::Refusal(text) => each(Event::Refusal { choice, text }),
            PartKind::Thought(Thought { text, signature, sealed, maker }) => {
                each(Event::Thought { choice, text, maker });
                let maker = maker.unwrap();
                signature
                    .into_iter()
                    .for_each(|signature| each(Event::ThoughtSignature { choice, maker, signature }));
                sealed.into_iter().for_each(|data| each(Event::ThoughtSealed { choice, maker, data }));
            }
            PartKind::ToolCall(call) => {
                each(Event::ToolStart {
                    choice,
                    index,
                    id: call.id.clone(),
                    name: call.name.clone(),
                    signature: None,
                });
                each(Event::ToolArguments { choice, index, fragment: call.arguments.text() });
                index += 1;
            }
            _ => {}
        }
    }
    each(Event::Finish { choice, finish: finish.clone() });
    each(Event::Usage(Usage { input: Some(3), output: Some(2), ..Usage::default() }));
    writer.end(&mut bytes);
    bytes
}

/// What a stream comes to, put together as a caller does: pieces that follow one another are one.
#[derive(Debug, Default, PartialEq)]
struct Gathered {
    said: Vec<String>,
    rest: Vec<String>,
    failure: Option<Failure>,
}

fn gather(bytes: &[u8], cuts: &[usize]) -> Gathered {
    let mut reader = ReadResponse::new(&memo());
    let mut gathered = Gathered::default();
    let mut from = 0;
    let cuts: Vec<usize> = cuts.iter().copied().chain([bytes.len()]).collect();
    for to in cuts {
        let mut sink = |event: Event<'_>| note(&event, &mut gathered);
        let pushed = StreamReader::push(&mut reader, &bytes[from..to], &mut sink);
        from = to;
        if let Err(failure) = pushed {
            gathered.failure = Some(failure);
            return gathered;
        }
    }
    let mut sink = |event: Event<'_>| note(&event, &mut gathered);
    let finished = StreamReader::finish(&mut reader, &mut sink);
    gathered.failure = finished.err();
    gathered
}

fn note(event: &Event<'_>, to: &mut Gathered) {
    let mut piece = |kind: String, text: &Text<'_>| match to.said.last_mut() {
        Some(last) if last.starts_with(&kind) => last.push_str(&text.decode()),
        _ => to.said.push(format!("{kind}{}", text.decode())),
    };
    match event {
        Event::Text { text, .. } => piece("text:".to_owned(), text),
        Event::Refusal { text, .. } => piece("refusal:".to_owned(), text),
        Event::Thought { text, .. } => piece("thought:".to_owned(), text),
        Event::ToolArguments { index, fragment, .. } => piece(format!("arguments {index}:"), fragment),
        other => match other {
            Event::ThoughtSignature { .. }
            | Event::ThoughtSealed { .. }
            | Event::ToolStart { .. }
            | Event::Image { .. }
            | Event::Citation { .. } => to.said.push(format!("{other:?}")),
            other => to.rest.push(format!("{other:?}")),
        },
    }
}

/// A whole answer in the same words.
fn told(reply: &Reply<'_>) -> Vec<String> {
    let mut gathered = Gathered::default();
    let (choice, mut index) = (0, 0);
    for part in &reply.choices[0].parts {
        let mut each = |event: Event<'_>| note(&event, &mut gathered);
        match part.kind.clone() {
            PartKind::Text(text) => each(Event::Text { choice, text }),
            PartKind::Refusal(text) => each(Event::Refusal { choice, text }),
            PartKind::Thought(thought) => {
                if !thought.text.is_empty() {
                    each(Event::Thought { choice, text: thought.text, maker: None });
                }
                let maker = Maker::OpenAi;
                let signature = thought.signature;
                signature
                    .into_iter()
                    .for_each(|signature| each(Event::ThoughtSignature { choice, maker, signature }));
                thought
                    .sealed
                    .into_iter()
                    .for_each(|data| each(Event::ThoughtSealed { choice, maker, data }));
            }
            PartKind::ToolCall(call) => {
                each(Event::ToolStart {
                    choice,
                    index,
                    id: call.id.clone(),
                    name: call.name.clone(),
                    signature: None,
                });
                each(Event::ToolArguments { choice, index, fragment: call.arguments.text() });
                index += 1;
            }
            _ => {}
        }
    }
    gathered.said
}

fn read(body: &[u8], check: impl FnOnce(&Reply<'_>)) {
    check(&reply::read(&Head { status: 200, headers: &[] }, &Body::new(body), &memo()).unwrap());
}

fn finishes() -> impl Strategy<Value = Finish<'static>> {
    prop::sample::select(vec![Finish::Stop, Finish::Length, Finish::ContentFilter])
}

proptest! {
    /// The caller's writer keeps calls open until the end, so their ids come last: the items are compared by kind.
    #[test]
    fn law_a_stream_is_the_whole_answer(parts in parts(), finish in finishes()) {
        let streamed = streamed(&parts, &finish);
        let gathered = gather(&streamed, &[]);
        prop_assert_eq!(&gathered.failure, &None);
        let sorted = |mut said: Vec<String>| {
            said.sort();
            said
        };
        read(&whole(&parts, &finish), |reply| {
            assert_eq!(sorted(told(reply)), sorted(gathered.said.clone()));
            assert_eq!(reply.usage.output, Some(2));
        });
    }

    #[test]
    fn law_any_split_gives_the_same(parts in parts(), cuts in prop::collection::vec(0usize..4000, 0..12)) {
        let bytes = streamed(&parts, &Finish::Stop);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(gather(&bytes, &cuts), gather(&bytes, &[]));
    }

    #[test]
    fn law_a_cut_stream_has_no_clean_end(parts in parts(), at in 0usize..4000) {
        let bytes = streamed(&parts, &Finish::Stop);
        let at = at % bytes.len();
        prop_assert!(gather(&bytes[..at], &[]).failure.is_some());
    }

    #[test]
    fn law_garbage_is_no_panic(parts in parts(), at in 0usize..4000, junk in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut bytes = streamed(&parts, &Finish::Stop);
        let at = at % bytes.len();
        bytes.splice(at..at, junk.iter().copied());
        let _ = gather(&bytes, &[at / 2]);
        let _ = gather(&junk, &[]);
        let mut body = whole(&parts, &Finish::Stop);
        let at = at % body.len();
        body.splice(at..at, junk.iter().copied());
        let _ = reply::read(&Head::default(), &Body::new(&body), &memo());
    }
}
