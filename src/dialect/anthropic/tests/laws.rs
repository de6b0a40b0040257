//! Laws: what is written reads back as it was, whole or as a stream cut anywhere.

use super::super::NATIVE;
use super::super::provider::write as write_request;
use super::super::reader::MessageReader;
use super::super::reply;
use super::super::writer::MessageWriter;
use super::made::{answer, finish, request};
use super::{target, turn};
use crate::chat::{
    Arguments, Choice, Event, Features, Finish, Part, PartKind, Reply, Thought, ToolCall, Usage,
};
use crate::dialect::seam::Sending;
use crate::dialect::{Body, Caller, Losses, Memo, StreamReader, StreamWriter, Surface, Target, Unsupported};
use crate::failure::Head;
use crate::json::{Raw, Text, Writer};
use proptest::prelude::*;
use std::collections::BTreeSet;

const USAGE: Usage = Usage {
    input: Some(100),
    cache_read: Some(70),
    cache_write: Some(20),
    output: Some(5),
    reasoning: Some(2),
};

/// The events of an answer, arguments in two pieces.
fn events(parts: &[Part<'static>], finish: &Finish<'static>) -> Vec<Event<'static>> {
    let mut events = vec![Event::Start { id: Some("msg_1".into()), model: None }];
    let mut calls = 0;
    for part in parts {
        match &part.kind {
            PartKind::Text(text) => events.push(Event::Text { choice: 0, text: text.clone() }),
            PartKind::Thought(thought) => {
                let maker = crate::chat::Maker::Anthropic;
                if let Some(data) = &thought.sealed {
                    events.push(Event::ThoughtSealed { choice: 0, maker, data: data.clone() });
                } else {
                    events.push(Event::Thought { choice: 0, text: thought.text.clone(), maker: Some(maker) });
                    let signature = thought.signature.clone().unwrap();
                    events.push(Event::ThoughtSignature { choice: 0, maker, signature });
                }
            }
            PartKind::ToolCall(call) => {
                let (id, name) = (call.id.clone(), call.name.clone());
                events.push(Event::ToolStart { choice: 0, index: calls, id, name, signature: None });
                let json = call.arguments.text().into_string();
                let (head, tail) = json.split_at(1);
                for fragment in [head, tail] {
                    let fragment = Text::from(fragment.to_owned());
                    events.push(Event::ToolArguments { choice: 0, index: calls, fragment });
                }
                calls += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    events.push(Event::Usage(USAGE));
    events.push(Event::Finish { choice: 0, finish: finish.clone() });
    events
}

/// Puts events together to an answer.
#[derive(Default)]
struct Fold {
    parts: Vec<PartKind<'static>>,
    calls: Vec<usize>,
    finish: Option<Finish<'static>>,
    usage: Usage,
}

impl Fold {
    fn take(&mut self, event: &Event<'_>) {
        let own = |text: &Text<'_>| text.clone().into_owned();
        let join = |one: &Text<'_>, more: &Text<'_>| Text::from(format!("{}{}", one.decode(), more.decode()));
        match event {
            Event::Text { text, .. } => match self.parts.last_mut() {
                Some(PartKind::Text(known)) => *known = join(known, text),
                _ => self.parts.push(PartKind::Text(own(text))),
            },
            Event::Thought { text, .. } => match self.parts.last_mut() {
                Some(PartKind::Thought(Thought { text: known, signature: None, sealed: None, .. })) => {
                    *known = join(known, text);
                }
                _ => self.parts.push(PartKind::Thought(Thought {
                    text: own(text),
                    signature: None,
                    sealed: None,
                    maker: None,
                })),
            },
            Event::ThoughtSignature { maker, signature, .. } => {
                let Some(PartKind::Thought(thought)) = self.parts.last_mut() else { panic!("seals nothing") };
                thought.maker = Some(*maker);
                thought.signature = Some(own(signature));
            }
            Event::ThoughtSealed { maker, data, .. } => self.parts.push(PartKind::Thought(Thought {
                text: Text::default(),
                signature: None,
                sealed: Some(own(data)),
                maker: Some(*maker),
            })),
            Event::ToolStart { id, name, .. } => {
                self.calls.push(self.parts.len());
                self.parts.push(PartKind::ToolCall(ToolCall {
                    id: own(id),
                    name: own(name),
                    arguments: Arguments::Encoded(Text::default()),
                    signature: None,
                }));
            }
            Event::ToolArguments { index, fragment, .. } => {
                let at = self.calls[usize::try_from(*index).unwrap()];
                if let PartKind::ToolCall(ToolCall { arguments: Arguments::Encoded(known), .. }) =
                    &mut self.parts[at]
                {
                    *known = join(known, fragment);
                }
            }
            Event::Usage(usage) => self.usage.update(usage),
            Event::Finish { finish, .. } => {
                assert!(self.finish.is_none(), "one finish");
                self.finish = Some(match finish {
                    Finish::StopSequence(text) => Finish::StopSequence(text.as_ref().map(own)),
                    Finish::Length => Finish::Length,
                    Finish::ToolCalls => Finish::ToolCalls,
                    Finish::Refusal => Finish::Refusal,
                    Finish::Pause => Finish::Pause,
                    other => panic!("{other:?}"),
                });
            }
            _ => {}
        }
    }
}

fn comparable(kind: &PartKind<'_>) -> String {
    match kind {
        PartKind::ToolCall(call) => {
            format!("{:?} {:?} {}", call.id, call.name, call.arguments.object())
        }
        other => format!("{other:?}"),
    }
}

fn read_stream(bytes: &[u8], cut: usize) -> Fold {
    let mut reader = MessageReader::new(false, &Memo::default());
    let mut fold = Fold::default();
    let (head, tail) = bytes.split_at(cut.min(bytes.len()));
    for piece in [head, tail] {
        reader.push(piece, &mut |event| fold.take(&event)).unwrap();
    }
    reader.finish(&mut |event| fold.take(&event)).unwrap();
    fold
}

const EVERYTHING: Features = Features::TOOLS
    .with(Features::IMAGE_URLS)
    .with(Features::JSON_SCHEMA)
    .with(Features::REASONING)
    .with(Features::REASONING_EFFORT)
    .with(Features::SAMPLING);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_request_comes_back(request in request()) {
        // Calls of one id get ids of their own, as the API refuses them: see `piece::ids`.
        let mut ids = BTreeSet::new();
        let mut parts = request.messages.iter().flat_map(|message| &message.parts);
        prop_assume!(parts.all(|part| match &part.kind {
            PartKind::ToolCall(call) => ids.insert(call.id.decode().into_owned()),
            _ => true,
        }));
        let mut losses = Losses::new(Unsupported::Refuse);
        let target = Target { max_output_tokens: None, ..target(EVERYTHING) };
        let mut written = Vec::new();
        let mut write = |w: &mut Writer<'_>| {
            let to = Sending { target: &target, turn: &turn(Surface::Messages), losses: &mut losses };
            write_request(&request, to, w).unwrap();
            w.length()
        };
        let length = write(&mut Writer::new(&mut written));
        prop_assert_eq!((write(&mut Writer::weighing(&mut Vec::new())), length), (length, written.len()));
        prop_assert!(losses.dropped().is_empty(), "{:?}", losses.dropped());
        let read = Caller::read(&NATIVE, Raw::parse(&written).unwrap()).unwrap();
        prop_assert_eq!(&read, &request, "{}", String::from_utf8_lossy(&written));
    }

    #[test]
    fn an_answer_comes_back(parts in answer(), finish in finish()) {
        let choices = vec![Choice { parts, finish, logprobs: None, citations: Vec::new() }];
        let reply = Reply { id: Some("msg_1".into()), model: Some("asked".into()), choices, usage: USAGE, ..Reply::default() };
        let mut body = Vec::new();
        Caller::write(&NATIVE, &reply, &turn(Surface::Messages), &Memo::default(), &mut body);
        let body = Body::new(&body);
        let read = reply::read(&Head::default(), &body, &Memo::default()).unwrap();
        prop_assert_eq!(&read, &reply);
    }

    #[test]
    fn a_stream_comes_back_however_it_is_cut(parts in answer(), finish in finish(), cut in 0..6000usize) {
        let mut out = Vec::new();
        let mut writer = MessageWriter::new(&turn(Surface::Messages));
        for event in events(&parts, &finish) {
            writer.event(&event, &mut out);
        }
        writer.end(&mut out);
        let fold = read_stream(&out, cut);
        let parts: Vec<_> = parts.iter().map(|part| comparable(&part.kind)).collect();
        prop_assert_eq!(fold.parts.iter().map(comparable).collect::<Vec<_>>(), parts);
        prop_assert_eq!(fold.finish, Some(finish));
        prop_assert_eq!(fold.usage, USAGE);
    }

    #[test]
    fn a_cut_stream_never_ends_well(parts in answer(), cut in 0..6000usize) {
        let mut out = Vec::new();
        let mut writer = MessageWriter::new(&turn(Surface::Messages));
        for event in events(&parts, &Finish::Length) {
            writer.event(&event, &mut out);
        }
        writer.end(&mut out);
        let cut = cut % (out.len() - 1);
        let mut reader = MessageReader::new(false, &Memo::default());
        reader.push(&out[..cut], &mut |_| {}).unwrap();
        let ended = reader.finish(&mut |_| {});
        prop_assert!(ended.is_err());
    }

    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), is_aws in any::<bool>()) {
        let mut reader = MessageReader::new(is_aws, &Memo::default());
        let _ = reader.push(&bytes, &mut |_| {});
        let ended = reader.finish(&mut |_| {});
        prop_assert!(ended.is_err());
        let _ = reply::read(&Head::default(), &Body::new(&bytes), &Memo::default());
    }
}
