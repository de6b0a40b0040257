//! Requests and answers made up for the laws, in the form that the dialect reads them back in.

use crate::chat::{
    Arguments, Effort, Finish, Format, Maker, Message, Part, PartKind, Request, Role, Sampling, Source,
    Thinking, Thought, Tool, ToolCall, ToolChoice, ToolKind, ToolResult,
};
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

pub(super) fn request() -> Made<Request<'static>> {
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
                dialect: "anthropic",
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
pub(super) fn answer() -> Made<Vec<Part<'static>>> {
    // Two texts or two unsealed thoughts in a row are one in a stream.
    proptest::collection::vec(prop_oneof![said(), thought(), call()], 0..5)
        .prop_map(|kinds| {
            let mut kinds = kinds;
            kinds.dedup_by(|one, other| matches!((one, other), (PartKind::Text(_), PartKind::Text(_))));
            kinds.into_iter().map(Part::from).collect()
        })
        .boxed()
}

pub(super) fn finish() -> Made<Finish<'static>> {
    prop_oneof![
        Just(Finish::Length),
        Just(Finish::ToolCalls),
        Just(Finish::Refusal),
        Just(Finish::Pause),
        words().prop_map(|text| Finish::StopSequence(Some(text))),
    ]
    .boxed()
}
