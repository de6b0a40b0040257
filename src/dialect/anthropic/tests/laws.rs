//! Laws: what is written reads back as it was, whole or as a stream cut anywhere.

use super::super::reader::MessageReader;
use super::super::writer::MessageWriter;
use super::super::{Anthropic, NATIVE};
use super::{target, turn};
use crate::chat::{
    Arguments, Choice, Effort, Event, Features, Finish, Format, Maker, Message, Part, PartKind, Reply,
    Request, Role, Sampling, Source, Thinking, Thought, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
    Usage,
};
use crate::dialect::{Caller, Losses, Memo, Provider, StreamReader, StreamWriter, Surface, Unsupported};
use crate::failure::Head;
use crate::json::{Raw, Text};
use proptest::prelude::*;
use proptest::sample::select;

type Made<T> = BoxedStrategy<T>;

fn words() -> Made<Text<'static>> {
    "[a-zé😀\"\\\\\n\u{1} ]{0,12}[a-z]".prop_map(Text::from).boxed()
}

fn id() -> Made<Text<'static>> {
    "[a-zA-Z0-9_-]{1,8}".prop_map(Text::from).boxed()
}

fn json(choices: &'static [&'static str]) -> Made<Raw<'static>> {
    select(choices).prop_map(Raw::trusted).boxed()
}

fn cache() -> Made<Option<Raw<'static>>> {
    proptest::option::of(json(&[r#"{"type":"ephemeral"}"#, r#"{"type":"ephemeral","ttl":"1h"}"#])).boxed()
}

fn image() -> Made<PartKind<'static>> {
    let source = prop_oneof![
        Just(Source::Base64 { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() }),
        Just(Source::Url("https://e.test/a.png".into())),
        Just(Source::File("file_1".into())),
    ];
    source.prop_map(|source| PartKind::Image { source, detail: None }).boxed()
}

fn document() -> Made<PartKind<'static>> {
    let pdf = Source::Base64 { media_type: "application/pdf".into(), data: "JVBERi0=".into() };
    let source =
        prop_oneof![Just(pdf), words().prop_map(Source::Text), Just(Source::Url("https://e.test/a".into()))];
    let citations = proptest::option::of(json(&[r#"{"enabled":true}"#]));
    (source, proptest::option::of(words()), proptest::option::of(words()), citations)
        .prop_map(|(source, name, context, citations)| PartKind::Document {
            source,
            name,
            context,
            citations,
        })
        .boxed()
}

fn foreign() -> Made<PartKind<'static>> {
    let raw = Raw::trusted(r#"{"type":"search_result","source":"s","title":"t","content":[]}"#);
    Just(PartKind::Foreign { dialect: "anthropic", kind: "search_result".into(), raw }).boxed()
}

fn said() -> Made<PartKind<'static>> {
    words().prop_map(PartKind::Text).boxed()
}

fn thought() -> Made<PartKind<'static>> {
    let seal = |text, signature, sealed| Thought { text, signature, sealed, maker: Some(Maker::Anthropic) };
    prop_oneof![
        (words(), id()).prop_map(move |(text, signature)| seal(text, Some(signature), None)),
        id().prop_map(move |data| seal(Text::default(), None, Some(data))),
    ]
    .prop_map(PartKind::Thought)
    .boxed()
}

fn call() -> Made<PartKind<'static>> {
    let arguments = json(&["{}", r#"{"a": 1.50}"#, r#"{"a":{"b":["}"]}}"#]).prop_map(Arguments::Json);
    (id(), select(&["f", "g"][..]), arguments)
        .prop_map(|(id, name, arguments)| {
            PartKind::ToolCall(ToolCall { id, name: name.into(), arguments, signature: None })
        })
        .boxed()
}

fn result() -> Made<Part<'static>> {
    let inner = proptest::collection::vec(with_cache(prop_oneof![said(), image(), document()].boxed()), 0..3);
    let result = (id(), inner, any::<bool>()).prop_map(|(call_id, parts, is_error)| {
        PartKind::ToolResult(ToolResult { call_id, name: None, parts, is_error })
    });
    with_cache(result.boxed())
}

fn with_cache(kind: Made<PartKind<'static>>) -> Made<Part<'static>> {
    (kind, cache())
        .prop_map(|(kind, cache)| {
            let is_bare = matches!(kind, PartKind::Thought(_) | PartKind::Foreign { .. });
            Part { cache: cache.filter(|_| !is_bare), kind }
        })
        .boxed()
}

fn message(role: Role, parts: Vec<Part<'static>>) -> Message<'static> {
    Message { role, parts, name: None, extra: Vec::new() }
}

/// Turns that alternate and begin with the user, results first.
fn messages() -> Made<Vec<Message<'static>>> {
    let user = (
        proptest::collection::vec(result(), 0..3),
        proptest::collection::vec(
            with_cache(prop_oneof![said(), image(), document(), foreign()].boxed()),
            1..3,
        ),
    )
        .prop_map(|(results, rest)| message(Role::User, results.into_iter().chain(rest).collect()));
    let assistant =
        proptest::collection::vec(with_cache(prop_oneof![said(), thought(), call()].boxed()), 1..4)
            .prop_map(|parts| message(Role::Assistant, parts));
    let system =
        proptest::collection::vec(with_cache(said()), 1..3).prop_map(|parts| message(Role::System, parts));
    let pairs = proptest::collection::vec((user, assistant), 1..4);
    (proptest::option::of(system), pairs, any::<bool>())
        .prop_map(|(system, pairs, ends_with_user)| {
            let turns = pairs.into_iter().flat_map(|(user, assistant)| [user, assistant]);
            let mut messages: Vec<_> = system.into_iter().chain(turns).collect();
            if ends_with_user {
                messages.pop();
            }
            messages
        })
        .boxed()
}

fn tool(name: &'static str) -> Made<Tool<'static>> {
    const SCHEMA: &str = r#"{"type":"object","properties":{"a":{}},"additionalProperties":false}"#;
    const CLOSED: &str =
        r#"{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}"#;
    let function = prop_oneof![
        json(&[SCHEMA, r#"{"type":"object"}"#])
            .prop_map(|schema| ToolKind::Function { schema: Some(schema), strict: None }),
        json(&[CLOSED]).prop_map(|schema| ToolKind::Function { schema: Some(schema), strict: Some(true) }),
    ];
    (function, proptest::option::of(words()), cache())
        .prop_map(move |(kind, description, cache)| Tool { name: name.into(), description, kind, cache })
        .boxed()
}

/// The choice of a tool, and whether several may be called.
fn choice() -> Made<(Option<ToolChoice<'static>>, Option<bool>)> {
    let parallel = || proptest::option::of(Just(false));
    prop_oneof![
        Just((None, None)),
        Just((Some(ToolChoice::None), None)),
        parallel().prop_map(|parallel| (Some(ToolChoice::Auto), parallel)),
    ]
    .boxed()
}

fn thinking() -> Made<Thinking> {
    let effort = proptest::option::of(select(&[Effort::Low, Effort::High, Effort::XHigh, Effort::Max][..]));
    prop_oneof![
        Just(Thinking::default()),
        Just(Thinking { off: true, ..Thinking::default() }),
        (effort, any::<bool>(), proptest::option::of(any::<bool>())).prop_map(|(effort, adaptive, show)| {
            Thinking { effort, adaptive, show: show.filter(|_| adaptive), ..Thinking::default() }
        }),
    ]
    .boxed()
}

fn request() -> Made<Request<'static>> {
    let format = prop_oneof![
        Just(Format::Text),
        json(&[r#"{"type":"object","properties":{"a":{"enum":[1]}},"additionalProperties":false}"#])
            .prop_map(|schema| Format::Schema { name: None, description: None, schema, strict: None }),
    ];
    let numbers = (proptest::option::of(json(&["0", "0.70", "1"])), proptest::option::of(json(&["40"])));
    let tools = (tool("f"), tool("g")).prop_map(|(f, g)| vec![f, g]);
    let rest = (
        proptest::option::of(words()),
        cache(),
        proptest::collection::vec(words(), 0..3),
        any::<bool>(),
        1..100_000u64,
    );
    (messages(), tools, choice(), thinking(), format, numbers, rest)
        .prop_map(|(messages, tools, choice, thinking, format, numbers, rest)| {
            let (user, cache, stop, stream, max_tokens) = rest;
            let thinks = thinking.adaptive;
            let (temperature, top_k) = if thinks { (None, None) } else { numbers };
            Request {
                model: "asked".into(),
                messages,
                tools,
                tool_choice: choice.0,
                parallel_tool_calls: choice.1,
                format,
                max_tokens: Some(max_tokens),
                stop,
                sampling: Sampling { temperature, top_k, ..Sampling::default() },
                thinking,
                user,
                stream,
                stream_usage: stream,
                cache,
                extra: vec![("inference_geo".into(), Raw::trusted("\"us\""))],
                ..Request::default()
            }
        })
        .boxed()
}

/// The parts of an answer: what a stream can say too.
fn answer() -> Made<Vec<Part<'static>>> {
    // Two texts or two unsealed thoughts in a row are one in a stream.
    proptest::collection::vec(prop_oneof![said(), thought(), call()], 0..5)
        .prop_map(|kinds| {
            let mut kinds = kinds;
            kinds.dedup_by(|one, other| matches!((one, other), (PartKind::Text(_), PartKind::Text(_))));
            kinds.into_iter().map(Part::from).collect()
        })
        .boxed()
}

fn finish() -> Made<Finish<'static>> {
    prop_oneof![
        Just(Finish::Length),
        Just(Finish::ToolCalls),
        Just(Finish::Refusal),
        Just(Finish::Pause),
        words().prop_map(|text| Finish::StopSequence(Some(text))),
    ]
    .boxed()
}

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
                let maker = Maker::Anthropic;
                if let Some(data) = &thought.sealed {
                    events.push(Event::ThoughtSealed { choice: 0, maker, data: data.clone() });
                } else {
                    events.push(Event::Thought { choice: 0, text: thought.text.clone() });
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
            format!("{:?} {:?} {}", call.id, call.name, call.arguments.object().unwrap_or_default())
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
        let mut losses = Losses::new(Unsupported::Refuse);
        let outgoing =
            Provider::write(&NATIVE, &request, &target(EVERYTHING), &turn(Surface::Messages), &mut losses).unwrap();
        prop_assert!(losses.dropped().is_empty(), "{:?}", losses.dropped());
        let read = Caller::read(&NATIVE, Raw::parse(&outgoing.body).unwrap()).unwrap();
        prop_assert_eq!(&read, &request, "{}", String::from_utf8_lossy(&outgoing.body));
    }

    #[test]
    fn an_answer_comes_back(parts in answer(), finish in finish()) {
        let choices = vec![Choice { parts, finish, logprobs: None }];
        let reply = Reply { id: Some("msg_1".into()), model: Some("asked".into()), choices, usage: USAGE, service_tier: None };
        let mut body = Vec::new();
        Caller::write(&NATIVE, &reply, &turn(Surface::Messages), &mut body);
        let read = Provider::read(&NATIVE, &Head::default(), &body, &Memo::default()).unwrap();
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
        let _ = Provider::read(&Anthropic { is_aws }, &Head::default(), &bytes, &Memo::default());
    }
}
