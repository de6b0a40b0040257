//! What happens in a conversation, in nobody's words yet: the generators.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// One conversation from its first word on.
#[derive(Clone, Debug)]
pub struct Script {
    pub system: Option<String>,
    /// Names of tools, each another.
    pub tools: Vec<String>,
    /// The caller asks for thinking.
    pub thinks: bool,
    pub first: Vec<Piece>,
    pub rounds: Vec<Round>,
}

/// An answer, and what the caller says to it.
#[derive(Clone, Debug)]
pub struct Round {
    /// Who answers; any number stands for somebody.
    pub maker: usize,
    pub streams: bool,
    /// Of the provider's bytes, so many come at a time.
    pub chunk: usize,
    pub said: Vec<Said>,
    /// What the tools say, in the order of calls; of more calls than these the last counts again.
    pub outcomes: Vec<Outcome>,
    /// The results come in another order than the calls.
    pub swaps: bool,
    /// What the user says next. After results of tools there may be nothing.
    pub words: Vec<Piece>,
    /// What the user adds, as nobody answered.
    pub more: Option<Vec<Piece>>,
}

/// A piece of an answer; a maker gives what it has.
#[derive(Clone, Debug)]
pub enum Said {
    Thought {
        text: String,
        seal: String,
    },
    /// A thought that only its maker can read.
    Sealed(String),
    Text(String),
    /// A call of the tool of this number.
    Call {
        tool: usize,
        id: String,
        arguments: Value,
    },
}

#[derive(Clone, Debug)]
pub enum Piece {
    Text(String),
    /// A PNG in base64.
    Picture(String),
}

#[derive(Clone, Debug)]
pub struct Outcome {
    pub text: String,
    pub picture: Option<String>,
    pub is_error: bool,
}

/// Any characters, those that JSON escapes among them, and at least one letter: blanks alone may be left out.
fn words() -> impl Strategy<Value = String> {
    "[a-z][a-z\"\\\\\n\u{0}-\u{1f}é😀/<{ ]{0,10}[ \n]?"
}

/// Some models write blanks before they call.
fn spoken() -> impl Strategy<Value = String> {
    prop_oneof![4 => words(), 1 => Just("\n\n".to_owned())]
}

fn base64() -> impl Strategy<Value = String> {
    "([A-Za-z0-9+/]{4}){2,6}"
}

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![2 => words().prop_map(Piece::Text), 1 => base64().prop_map(Piece::Picture)]
}

/// A user's turn has words.
fn turn() -> impl Strategy<Value = Vec<Piece>> {
    (words(), vec(piece(), 0..3))
        .prop_map(|(first, rest)| std::iter::once(Piece::Text(first)).chain(rest).collect())
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, -2e-7, 1e21]).prop_map(Value::from),
        words().prop_map(Value::from),
        Just(json!("")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..3).prop_map(Value::from), object(inner).prop_map(Value::from)]
    })
}

fn object(of: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    vec(("[a-zé\"$._ ]{0,6}", of), 0..4).prop_map(|members| members.into_iter().collect())
}

/// Ids of one house are of few letters, so that some meet.
fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9_-]{1,40}",
        "functions\\.[a-z]{1,4}:[0-9]",
        "[a-zA-Z0-9_.:/=|é-]{1,90}",
        "call_[0-2]{0,1}(_[2-3])?",
        "sw_[a-f0-9_]{1,6}"
    ]
}

fn said() -> impl Strategy<Value = Said> {
    let seal = || "[A-Za-z0-9+/]{20,40}={0,2}";
    prop_oneof![
        1 => (prop_oneof![3 => words(), 1 => Just(String::new())], seal()).prop_map(|(text, seal)| Said::Thought { text, seal }),
        1 => seal().prop_map(Said::Sealed),
        2 => spoken().prop_map(Said::Text),
        2 => (0..4usize, id(), object(json_value())).prop_map(|(tool, id, arguments)| {
            Said::Call { tool, id, arguments: Value::from(arguments) }
        }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let json = object(json_value()).prop_map(|object| Value::from(object).to_string());
    let text = prop_oneof![3 => words(), 1 => json, 1 => Just(String::new())];
    (text, of(base64()), prop::bool::weighted(0.2)).prop_map(|(text, picture, is_error)| Outcome {
        text,
        picture,
        is_error,
    })
}

fn round() -> impl Strategy<Value = Round> {
    let answer = (vec(said(), 0..4), words(), vec(outcome(), 1..3), any::<bool>());
    let next = (of(turn()), turn(), prop::option::weighted(0.2, turn()));
    (any::<usize>(), any::<bool>(), 1..40usize, answer, next).prop_map(
        |(maker, streams, chunk, (mut said, last, outcomes, swaps), (then, words, more))| {
            let calls = said.iter().any(|said| matches!(said, Said::Call { .. }));
            if !calls {
                said.push(Said::Text(last));
            }
            let words = if calls { then.unwrap_or_default() } else { words };
            Round { maker, streams, chunk, said, outcomes, swaps, words, more }
        },
    )
}

/// Names that some houses refuse: with dots, of other letters, too long, and those that such become.
fn tools() -> impl Strategy<Value = Vec<String>> {
    let name = prop_oneof![
        2 => "[a-zA-Z][a-zA-Z0-9_-]{0,20}",
        1 => "[a-c][._/][a-c]",
        1 => "[a-c]_[a-c](_2)?",
        1 => "mcp[.:/][a-zé ]{1,6}",
        1 => "[a-z]{60,130}",
    ];
    prop::collection::btree_set(name, 1..4).prop_map(|names| names.into_iter().collect())
}

pub fn script() -> impl Strategy<Value = Script> {
    let rounds = vec(round(), 1..5);
    (of(words()), tools(), any::<bool>(), turn(), rounds)
        .prop_map(|(system, tools, thinks, first, rounds)| Script { system, tools, thinks, first, rounds })
}
