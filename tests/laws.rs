//! Laws that hold for any conversation, and not only for the golden ones.
//!
//! `read(write(x)) = x` for Chat Completions, over requests and streams that the generators here make up; what is not
//! its own inverse on purpose (cache breakpoints, signatures and thoughts, which OpenAI takes no back) they leave out.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::strategy::Union;
use switchover::chat::{
    Arguments, Effort, Event, Finish, Format, Logprobs, Maker, Message, Part, PartKind, Request, Role,
    Sampling, Source, Thinking, Tool, ToolCall, ToolChoice, ToolKind, ToolResult, Usage,
};
use switchover::dialect::{
    Endpoint, Loss, Losses, Memo, Sending, Surface, Target, Turn, Unsupported, exchange, provider,
};
use switchover::json::{Raw, Text, Writer};

fn target() -> Target {
    let row = provider("openai").unwrap();
    Target::at(
        "openai",
        row,
        Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: "/v1".into() },
    )
}

fn turn(model: &str, stream: bool) -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: model.to_owned(),
        stream,
        stream_usage: true,
        id: "law".to_owned(),
        created: 0,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}

/// Any characters, those that JSON escapes among them.
fn text() -> impl Strategy<Value = Text<'static>> {
    "[a-z\"\\\\\n\u{0}-\u{1f}é😀/<{ ]{1,12}".prop_map(Text::from)
}

fn word() -> impl Strategy<Value = Text<'static>> {
    "[a-zA-Z0-9_-]{1,16}".prop_map(Text::from)
}

fn number() -> impl Strategy<Value = Raw<'static>> {
    prop::sample::select(vec!["0", "1.0", "-0.50", "2e-1", "0.7"]).prop_map(Raw::trusted)
}

fn value() -> impl Strategy<Value = Raw<'static>> {
    prop::sample::select(vec!["{}", "[1, 2.0]", "\"\\u00e9\"", "true", r#"{"a" : {"b":[null]}}"#])
        .prop_map(Raw::trusted)
}

fn schema() -> impl Strategy<Value = Raw<'static>> {
    prop::sample::select(vec![r#"{"type":"object"}"#, r#"{ "properties": {"a": {"type":"string"}} }"#])
        .prop_map(Raw::trusted)
}

/// Members that no dialect has; their names differ.
fn extra() -> impl Strategy<Value = Vec<(Text<'static>, Raw<'static>)>> {
    vec(value(), 0..3).prop_map(|values| {
        values.into_iter().enumerate().map(|(at, value)| (Text::from(format!("x_{at}")), value)).collect()
    })
}

fn base64(types: &'static [&'static str]) -> impl Strategy<Value = Source<'static>> {
    let types = prop::sample::select(types.to_vec());
    (types, "([A-Za-z0-9+/]{4}){1,5}")
        .prop_map(|(media_type, data)| Source::Base64 { media_type: media_type.into(), data: data.into() })
}

fn content_part() -> impl Strategy<Value = PartKind<'static>> {
    let url = "https://[a-z]{1,8}\\.test/[a-z]{0,8}".prop_map(|url| Source::Url(url.into()));
    let image = prop_oneof![base64(&["image/png", "image/jpeg"]), url];
    let file = "file-[a-z]{3}".prop_map(|id| Source::File(id.into()));
    let named = (base64(&["application/pdf"]), word()).prop_map(|(source, name)| (source, Some(name)));
    let document = prop_oneof![named, (file, of(word()))];
    prop_oneof![
        text().prop_map(PartKind::Text),
        (image, of(word())).prop_map(|(source, detail)| PartKind::Image { source, detail }),
        ("[A-Za-z0-9]{4,12}", word())
            .prop_map(|(data, format)| PartKind::Audio { data: data.into(), format }),
        document.prop_map(|(source, name)| PartKind::Document {
            source,
            name,
            context: None,
            citations: None
        }),
    ]
}

fn parts(
    of: impl Strategy<Value = PartKind<'static>>,
    most: usize,
) -> impl Strategy<Value = Vec<Part<'static>>> {
    vec(of.prop_map(Part::from), 1..most)
}

fn message(role: Role, parts: Vec<Part<'static>>, rest: Rest) -> Message<'static> {
    Message { role, parts, name: rest.0, extra: rest.1 }
}

type Rest = (Option<Text<'static>>, Vec<(Text<'static>, Raw<'static>)>);

fn call() -> impl Strategy<Value = PartKind<'static>> {
    let arguments = prop_oneof![Just(Text::from("{}")), text(), Just(Text::default())];
    (word(), word(), arguments).prop_map(|(id, name, arguments)| {
        PartKind::ToolCall(ToolCall { id, name, arguments: Arguments::Encoded(arguments), signature: None })
    })
}

fn assistant_parts() -> impl Strategy<Value = Vec<Part<'static>>> {
    let texts = vec(text().prop_map(PartKind::Text), 0..3);
    let refusal = of(text().prop_map(PartKind::Refusal));
    (texts, refusal, vec(call(), 0..3)).prop_map(|(texts, refusal, calls)| {
        texts.into_iter().chain(refusal).chain(calls).map(Part::from).collect()
    })
}

fn result() -> impl Strategy<Value = Part<'static>> {
    let parts = parts(text().prop_map(PartKind::Text), 3);
    (word(), of(word()), parts).prop_map(|(call_id, name, parts)| {
        PartKind::ToolResult(ToolResult { call_id, name, parts, is_error: false }).into()
    })
}

/// A turn of the conversation: results never stand next to results, which would be one message.
fn messages() -> impl Strategy<Value = Vec<Message<'static>>> {
    let rest = || (of(word()), extra());
    let plain = |role: Role| {
        (parts(text().prop_map(PartKind::Text), 3), rest())
            .prop_map(move |(parts, rest)| vec![message(role, parts, rest)])
    };
    let user =
        (parts(content_part(), 4), rest()).prop_map(|(parts, rest)| vec![message(Role::User, parts, rest)]);
    let assistant =
        (assistant_parts(), rest()).prop_map(|(parts, rest)| vec![message(Role::Assistant, parts, rest)]);
    let round = (assistant_parts(), vec(result(), 1..3)).prop_map(|(parts, results)| {
        vec![
            message(Role::Assistant, parts, (None, Vec::new())),
            message(Role::User, results, (None, Vec::new())),
            message(Role::User, vec![PartKind::Text("And?".into()).into()], (None, Vec::new())),
        ]
    });
    let turn = Union::new([
        plain(Role::System).boxed(),
        plain(Role::Developer).boxed(),
        user.boxed(),
        assistant.boxed(),
        round.boxed(),
    ]);
    vec(turn, 1..5).prop_map(|turns| turns.into_iter().flatten().collect())
}

fn tools() -> impl Strategy<Value = Vec<Tool<'static>>> {
    let tool = (word(), of(text()), of(schema()), of(any::<bool>())).prop_map(
        |(name, description, schema, strict)| Tool {
            name,
            description,
            kind: ToolKind::Function { schema, strict },
            cache: None,
        },
    );
    vec(tool, 1..4)
}

fn tool_choice() -> impl Strategy<Value = ToolChoice<'static>> {
    prop_oneof![
        Just(ToolChoice::Auto),
        Just(ToolChoice::None),
        Just(ToolChoice::Required),
        word().prop_map(ToolChoice::Named),
    ]
}

fn format() -> impl Strategy<Value = Format<'static>> {
    prop_oneof![
        Just(Format::Text),
        Just(Format::Json),
        (word(), of(text()), schema(), of(any::<bool>())).prop_map(|(name, description, schema, strict)| {
            Format::Schema { name: Some(name), description, schema, strict }
        }),
    ]
}

prop_compose! {
    fn sampling()(
        temperature in of(number()), top_p in of(number()), seed in of(number()),
        frequency_penalty in of(number()), presence_penalty in of(number()),
    ) -> Sampling<'static> {
        Sampling { temperature, top_p, top_k: None, seed, frequency_penalty, presence_penalty, logit_bias: None }
    }
}

prop_compose! {
    fn request()(
        (model, messages) in (text(), messages()),
        (tools, tool_choice, parallel_tool_calls) in prop_oneof![
            Just((Vec::new(), None, None)),
            (tools(), of(tool_choice()), of(any::<bool>())),
        ],
        (format, sampling) in (format(), sampling()),
        (max_tokens, candidates) in (of(any::<u64>()), of(1u64..5)),
        stop in vec(text(), 0..3),
        effort in of(prop::sample::select(Effort::ALL.to_vec())),
        logprobs in of(of(0u64..20)),
        (user, stream, extra) in (of(text()), any::<bool>(), extra()),
    ) -> Request<'static> {
        Request {
            dialect: "openai",
            model, messages, tools, tool_choice, parallel_tool_calls, format, max_tokens, stop, sampling,
            thinking: Thinking { effort, off: effort == Some(Effort::None), ..Thinking::default() },
            candidates,
            logprobs: Logprobs { on: logprobs.is_some(), top: logprobs.flatten() },
            user,
            stream,
            // Usage is always asked for.
            stream_usage: stream,
            cache: None,
            extra,
        }
    }
}

/// The fragments of a choice: thoughts, then text and calls in any order.
fn events() -> impl Strategy<Value = Vec<Event<'static>>> {
    let choice = 0;
    let thought = (vec(text(), 1..3), word(), word()).prop_map(move |(texts, signature, data)| {
        let maker = Maker::Anthropic;
        let texts = texts.into_iter().map(move |text| Event::Thought { choice, text, maker: Some(maker) });
        let sealed = Event::ThoughtSealed { choice, maker, data };
        texts.chain([Event::ThoughtSignature { choice, maker, signature }, sealed]).collect::<Vec<_>>()
    });
    let piece = prop_oneof![
        text().prop_map(move |text| vec![Event::Text { choice, text }]),
        text().prop_map(move |text| vec![Event::Refusal { choice, text }]),
        (word(), word(), of(word()), vec(text(), 0..3)).prop_map(move |(id, name, signature, fragments)| {
            let signature = signature.map(|signature| (Maker::Gemini, signature));
            let start = Event::ToolStart { choice, index: 0, id, name, signature };
            // A call without any is told as one of none: its end says `{}`.
            let last = Text::from("{}");
            let rest = fragments.into_iter().chain([last]).map(move |fragment| Event::ToolArguments {
                choice,
                index: 0,
                fragment,
            });
            std::iter::once(start).chain(rest).collect()
        }),
    ];
    let usage = (any::<u32>(), any::<u32>(), of(0u64..100), of(0u64..100), of(0u64..100));
    (of(word()), vec(thought, 0..3), vec(piece, 1..6), usage).prop_map(
        move |(id, thoughts, pieces, usage)| {
            let mut events =
                vec![Event::Start { id: Some(id.unwrap_or_else(|| "i".into())), model: Some("m".into()) }];
            events.extend(thoughts.into_iter().flatten());
            let mut calls = 0;
            for mut event in pieces.into_iter().flatten() {
                match &mut event {
                    Event::ToolStart { index, id, .. } => {
                        *index = calls;
                        calls += 1;
                        // Ids are unique in an answer.
                        *id = Text::from(format!("{}-{calls}", id.decode()));
                    }
                    Event::ToolArguments { index, .. } => *index = calls - 1,
                    _ => {}
                }
                events.push(event);
            }
            let finish = if calls > 0 { Finish::ToolCalls } else { Finish::Stop };
            events.push(Event::Finish { choice, finish });
            let (input, output, cache_read, cache_write, reasoning) = usage;
            events.push(Event::Usage(Usage {
                input: Some(u64::from(input)),
                output: Some(u64::from(output)),
                // One is written as 0 where only the other is known.
                cache_read: cache_read.or(cache_write.map(|_| 0)),
                cache_write,
                reasoning,
            }));
            events
        },
    )
}

/// All that is said, in its order; in how many parts may change.
#[derive(Debug, PartialEq)]
struct Said {
    instructions: String,
    results: String,
    /// The user's and the assistant's turns. Of a turn of the assistant words come first, then refusals, then calls: so Chat
    /// Completions has them.
    turns: Vec<(Role, [String; 3])>,
}

impl Said {
    fn of(request: &Request<'_>) -> Said {
        let mut said = Said { instructions: String::new(), results: String::new(), turns: Vec::new() };
        for message in &request.messages {
            for part in &message.parts {
                said.add(message.role, &part.kind);
            }
        }
        said
    }

    fn add(&mut self, role: Role, kind: &PartKind<'_>) {
        // Blanks come between texts that become one.
        let words: String = words(kind).chars().filter(|character| !character.is_whitespace()).collect();
        match (role, kind) {
            (Role::System | Role::Developer, _) => self.instructions.push_str(&words),
            (_, PartKind::ToolResult(_)) => self.results.push_str(&words),
            // Who says nothing has no turn.
            _ if words.is_empty() => {}
            _ => {
                if self.turns.last().is_none_or(|(last, _)| *last != role) {
                    self.turns.push((role, Default::default()));
                }
                let place = match kind {
                    PartKind::Refusal(_) => 1,
                    PartKind::ToolCall(_) => 2,
                    _ => 0,
                };
                let turn = self.turns.last_mut().and_then(|(_, turn)| turn.get_mut(place));
                turn.unwrap().push_str(&words);
            }
        }
    }

    fn is_nothing(&self) -> bool {
        self.instructions.is_empty() && self.results.is_empty() && self.turns.is_empty()
    }
}

fn words(kind: &PartKind<'_>) -> String {
    match kind {
        PartKind::Text(text) | PartKind::Refusal(text) => text.decode().into_owned(),
        PartKind::ToolCall(call) => {
            format!("{} {} {}", call.id.decode(), call.name.decode(), call.arguments.object())
        }
        PartKind::Image { source, .. } | PartKind::Document { source, .. } => match source {
            Source::Base64 { media_type, data } => format!("{} {}", media_type.decode(), data.decode()),
            Source::Url(text) | Source::File(text) | Source::Text(text) => text.decode().into_owned(),
        },
        PartKind::Audio { data, format } => format!("{} {}", data.decode(), format.decode()),
        PartKind::ToolResult(result) => {
            let texts = result.parts.iter().map(|part| words(&part.kind));
            [result.call_id.decode().into_owned()].into_iter().chain(texts).collect()
        }
        _ => String::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn requests_come_back(request in request()) {
        let turn = turn(&request.model.decode(), request.stream);
        let mut losses = Losses::new(Unsupported::Refuse);
        let target = target();
        let mut written = Vec::new();
        let to = Sending { target: &target, turn: &turn, losses: &mut losses };
        (exchange::provider(target.row).write)(&request, to, &mut Writer::new(&mut written)).unwrap();
        // Of answers that are one message now, the first one's name and members are left.
        prop_assert!(losses.dropped().iter().all(|loss| matches!(loss, Loss::Each(_))), "{:?}", losses.dropped());
        let body = Raw::parse(&written).unwrap();
        let read = exchange::read(Surface::Chat, body).unwrap();
        // Texts become one string, answers one turn, and results follow their calls; then it stays as it is.
        let alone = |request: &Request<'static>| Request { messages: Vec::new(), ..request.clone() };
        prop_assert_eq!(Request { messages: Vec::new(), ..read.clone() }, alone(&request), "{}", body.as_json());
        // Where nobody says anything, somebody must say that.
        if !Said::of(&request).is_nothing() {
            prop_assert_eq!(Said::of(&read), Said::of(&request), "{}", body.as_json());
        }
        let mut again = Vec::new();
        let to = Sending { target: &target, turn: &turn, losses: &mut losses };
        (exchange::provider(target.row).write)(&read, to, &mut Writer::new(&mut again)).unwrap();
        prop_assert_eq!(std::str::from_utf8(&again), std::str::from_utf8(&written));

        // The shortcut changes nothing but the model, and a body that asks for usage already is the same bytes.
        let native = exchange::native(Surface::Chat, &target).unwrap();
        let mut edited = native.request(body, Sending { target: &target, turn: &turn, losses: &mut losses }).unwrap();
        edited.complete(body.as_json().as_bytes());
        prop_assert_eq!(&edited.body, &written);
        let renamed = Target { model: Some("other".into()), ..target };
        let mut edited = native.request(body, Sending { target: &renamed, turn: &turn, losses: &mut losses }).unwrap();
        edited.complete(body.as_json().as_bytes());
        let other = exchange::read(Surface::Chat, Raw::parse(&edited.body).unwrap()).unwrap();
        prop_assert_eq!(other, Request { model: "other".into(), ..read });
    }

    #[test]
    fn streams_come_back(events in events(), cuts in vec(any::<prop::sample::Index>(), 0..4)) {
        let caller = exchange::caller(Surface::Chat).unwrap();
        let mut bytes = Vec::new();
        let mut writer = caller.stream(&turn("m", true), &Memo::default());
        for event in &events {
            writer.event(event, &mut bytes);
        }
        writer.end(&mut bytes);

        let mut reader = (exchange::provider(provider("openai").unwrap()).stream)(&Memo::default());
        let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).chain([0, bytes.len()]).collect();
        places.sort_unstable();
        // Events borrow from the reader: compare them as they come.
        let mut rest = events.iter();
        let mut differences = Vec::new();
        let mut sink = |event: Event<'_>| {
            let expected = rest.next();
            if expected != Some(&event) {
                differences.push(format!("{event:?} instead of {expected:?}"));
            }
        };
        for place in places.windows(2) {
            reader.push(bytes.get(place[0]..place[1]).unwrap(), &mut sink).unwrap();
        }
        reader.finish(&mut sink).unwrap();
        prop_assert!(differences.is_empty() && rest.next().is_none(), "{differences:?}\n{}", String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..200), json in "[\\[\\]{}\":,a-z0-9\\\\ ]{0,80}") {
        for body in [bytes.as_slice(), json.as_bytes(), format!("data: {json}\n\n").as_bytes()] {
            if let Ok(body) = Raw::parse(body) {
                let _ = exchange::read(Surface::Chat, body);
            }
            let head = switchover::failure::Head { status: 200, headers: &[] };
            let (turn, target, memo) = (turn("m", true), target(), Memo::default());
            let _ = exchange::reply(&turn, &target, &memo, &head, body);
            let mut pipe = exchange::stream(&turn, &target, &memo).unwrap();
            let mut out = Vec::new();
            let _ = pipe.push(body, &mut out).and_then(|_| pipe.finish(&mut out));
            let mut reader = (exchange::provider(target.row).stream)(&memo);
            let _ = reader.push(body, &mut |_| ()).and_then(|()| reader.finish(&mut |_| ()));
        }
    }
}
