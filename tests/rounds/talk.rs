//! A conversation as it goes: each round is answered by its maker, and the caller goes on with what it got.

use crate::answer::{parts, whole};
use crate::caller::Caller;
use crate::heard::{self, Body, Call, Heard, Side, bare};
use crate::joined::joined;
use crate::maker::{Maker, Seals, Wire, everybody, makers};
use crate::rules;
use crate::script::{Outcome, Piece, Said, Script};
use crate::stream::streamed;
use serde_json::Value;
use switchover::dialect::{Memo, Surface, Turn, Unsupported, exchange};
use switchover::failure::Head;
use switchover::json::Raw;

/// A turn of the conversation, as it was meant.
#[derive(Debug)]
enum Spoken {
    User { words: String, pictures: Vec<String>, results: Vec<String> },
    Assistant(Answered),
}

/// What a maker said.
#[derive(Debug)]
struct Answered {
    /// Its number among the makers, and how it was asked.
    maker: usize,
    wire: Wire,
    words: String,
    /// The thoughts' words.
    thoughts: String,
    seals: Vec<String>,
    /// Its own ids, numbers of tools and arguments.
    calls: Vec<(Option<String>, usize, Value)>,
}

pub struct Talk {
    pub surface: Surface,
    pub script: Script,
    /// The bodies of the caller, turn by turn.
    pub bodies: Vec<String>,
    /// The bodies that nobody answered, by number: the user said more.
    pub unanswered: Vec<usize>,
    spoken: Vec<Spoken>,
}

/// What goes out for a body; never a refusal.
pub fn sent(surface: Surface, body: &str, maker: &Maker) -> (Turn, Memo, Wire, Vec<u8>) {
    let turn = Turn {
        surface,
        requested_model: "asked".to_owned(),
        stream: body.contains(r#""stream":true"#),
        stream_usage: false,
        id: "law".to_owned(),
        created: 1,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    };
    let raw = Raw::parse(body.as_bytes()).unwrap();
    let outgoing = exchange::request(&turn, raw, &maker.target)
        .unwrap_or_else(|refusal| panic!("{}: {}\n{body}", maker.target.id, refusal.message));
    let lost: Vec<_> =
        outgoing.dropped.iter().filter(|name| !ADVICE.iter().any(|known| name.contains(known))).collect();
    assert!(lost.is_empty(), "{}: {lost:?}", maker.target.id);
    let wire = maker.wire(&outgoing.path);
    let refused = rules::refusal(wire, &serde_json::from_slice(&outgoing.body).unwrap());
    let out = String::from_utf8_lossy(&outgoing.body);
    assert_eq!(refused, None, "{surface:?} at {}: {out}", maker.target.id);
    (turn, outgoing.memo, wire, outgoing.body)
}

/// What may be left out: the thoughts of others, and how much to think.
const ADVICE: [&str; 5] = ["thinking", "reasoning", "include", "max_tokens", "store"];

impl Talk {
    pub fn of(surface: Surface, script: &Script) -> Talk {
        let makers = makers();
        let mut caller = Caller::new(surface, script);
        let mut talk = Talk {
            surface,
            script: script.clone(),
            bodies: Vec::new(),
            unanswered: Vec::new(),
            spoken: Vec::new(),
        };
        talk.user(&script.first, Vec::new());
        for (number, round) in script.rounds.iter().enumerate() {
            let place = round.maker % makers.len();
            let maker = &makers[place];
            let body = caller.body(round.streams);
            let (turn, memo, wire, out) = sent(surface, &body, maker);
            let json: Value = serde_json::from_slice(&out).unwrap();
            let heard = Body::read(wire, &json);
            talk.bodies.push(body);
            talk.is_heard(maker, &heard, &String::from_utf8(out).unwrap());
            let said = maker.shape(wire, number, round, script.tools.len());
            let bytes = match round.streams {
                true => streamed(wire, &said, &heard.tools, maker.thinks_in()),
                false => whole(wire, &said, &heard.tools, maker.thinks_in()).to_string().into_bytes(),
            };
            let answer = told(&turn, maker, &memo, &bytes, round.chunk);
            talk.assistant(place, wire, maker, &said, &heard.tools);
            let calls = caller.calls(&answer);
            caller.keep(&answer);
            let mut outcomes = round.outcomes.iter().chain(std::iter::repeat(round.outcomes.last().unwrap()));
            let mut results: Vec<(String, Outcome)> =
                calls.iter().map(|(id, _)| (id.clone(), outcomes.next().unwrap().clone())).collect();
            talk.is_called(&calls);
            talk.user(&round.words, results.iter().map(|(_, outcome)| outcome).collect());
            if round.swaps {
                results.reverse();
            }
            if results.is_empty() {
                caller.say(&round.words)
            } else {
                caller.answer(&results, &round.words)
            }
            if let Some(more) = &round.more {
                // Nobody answered, and the user says more.
                talk.unanswered.push(talk.bodies.len());
                talk.bodies.push(caller.body(false));
                caller.say(more);
                talk.user(more, Vec::new());
            }
        }
        talk.bodies.push(caller.body(false));
        talk
    }

    fn user(&mut self, pieces: &[Piece], outcomes: Vec<&Outcome>) {
        let mut words = String::new();
        let mut pictures = Vec::new();
        let mut results = Vec::new();
        for outcome in outcomes {
            results.push(heard::told(&outcome.text));
            pictures.extend(outcome.picture.clone().filter(|_| self.surface != Surface::Chat));
        }
        for piece in pieces {
            match piece {
                Piece::Text(text) => words.push_str(&bare(text)),
                Piece::Picture(data) => pictures.push(data.clone()),
            }
        }
        match self.spoken.last_mut() {
            Some(Spoken::User { words: before, pictures: shown, .. }) => {
                before.push_str(&words);
                shown.extend(pictures);
            }
            _ => self.spoken.push(Spoken::User { words, pictures, results }),
        }
    }

    fn assistant(&mut self, place: usize, wire: Wire, maker: &Maker, said: &[Said], told: &[String]) {
        let mut answered = Answered {
            maker: place,
            wire,
            words: String::new(),
            thoughts: String::new(),
            seals: Vec::new(),
            calls: Vec::new(),
        };
        for piece in said {
            match piece {
                Said::Thought { text, seal } => {
                    answered.thoughts.push_str(text);
                    answered.seals.push(seal.clone());
                }
                Said::Sealed(seal) => answered.seals.push(seal.clone()),
                Said::Text(text) => answered.words.push_str(&bare(text)),
                Said::Call { tool, id, arguments } => {
                    answered.calls.push((Some(id.clone()), *tool, arguments.clone()));
                }
            }
        }
        if wire == Wire::Gemini {
            let parts = parts(said, told);
            let seal = |part: &Value| part["thoughtSignature"].as_str().map(str::to_owned);
            answered.seals = parts.iter().filter_map(seal).collect();
            let ids = parts.iter().filter_map(|part| part.get("functionCall"));
            for (call, id) in answered.calls.iter_mut().zip(ids) {
                call.0 = id["id"].as_str().map(str::to_owned);
            }
        } else if maker.seals(wire) == Seals::None {
            answered.seals.clear();
        }
        self.spoken.push(Spoken::Assistant(answered));
    }

    /// The caller was told of the calls by its own names.
    fn is_called(&self, calls: &[(String, String)]) {
        let Some(Spoken::Assistant(answered)) = self.spoken.last() else { panic!("nobody spoke") };
        let names: Vec<&String> = calls.iter().map(|(_, name)| name).collect();
        let meant: Vec<&String> =
            answered.calls.iter().map(|(_, tool, _)| &self.script.tools[*tool]).collect();
        assert_eq!(names, meant);
    }

    /// The whole history is heard by everybody.
    pub fn everybody_hears(&self) {
        for maker in everybody() {
            let (_, _, wire, out) = sent(self.surface, self.bodies.last().unwrap(), &maker);
            let body = Body::read(wire, &serde_json::from_slice(&out).unwrap());
            self.is_heard(&maker, &body, &String::from_utf8(out).unwrap());
        }
    }

    fn is_heard(&self, maker: &Maker, body: &Body, sent: &str) {
        let about = || format!("{:?} at {} {:?}: {sent}", self.surface, maker.target.id, maker.target.model);
        let wire = body.wire.unwrap();
        assert_eq!(body.system, bare(self.script.system.as_deref().unwrap_or_default()), "{}", about());
        assert_eq!(body.tools.len(), self.script.tools.len(), "{}", about());
        assert_eq!(body.sides.len(), self.spoken.len(), "{}", about());
        let mut called: &[Call] = &[];
        for (side, spoken) in body.sides.iter().zip(&self.spoken) {
            match spoken {
                Spoken::User { words, pictures, results } => {
                    assert!(side.is_user, "{}", about());
                    assert_eq!(&side.words, words, "{}", about());
                    // Results may be put into the order of their calls, or stay in the caller's.
                    // Where calls have no ids, order says whose they are.
                    let place = |at, heard: &Heard| match heard.id.as_str() {
                        "" => Some(at),
                        id => called.iter().position(|call| call.id == id),
                    };
                    let each = side.results.iter().enumerate();
                    let mut told: Vec<_> = each.map(|(at, heard)| (place(at, heard), &heard.text)).collect();
                    let (mut shown, mut meant) = (side.pictures.clone(), pictures.clone());
                    if told.len() > 1 {
                        told.sort();
                        shown.sort();
                        meant.sort();
                    }
                    assert_eq!(shown, meant, "{}", about());
                    let results: Vec<_> =
                        results.iter().enumerate().map(|(at, text)| (Some(at), text)).collect();
                    assert_eq!(told, results, "{}", about());
                }
                Spoken::Assistant(answered) => {
                    assert!(!side.is_user, "{}", about());
                    self.is_repeated(answered, side, maker, body, wire, &about);
                    called = &side.calls;
                }
            }
        }
    }

    /// What a maker said reaches the next as it was.
    fn is_repeated(
        &self,
        answered: &Answered,
        side: &Side,
        maker: &Maker,
        body: &Body,
        wire: Wire,
        about: &dyn Fn() -> String,
    ) {
        assert_eq!(side.words, answered.words, "{}", about());
        let said: Vec<(&String, &Value)> =
            side.calls.iter().map(|call| (&call.name, &call.arguments)).collect();
        let meant: Vec<(&String, &Value)> =
            answered.calls.iter().map(|(_, tool, arguments)| (&body.tools[*tool], arguments)).collect();
        assert_eq!(said, meant, "{}", about());
        let makers = makers();
        let by = &makers[answered.maker];
        let is_own =
            by.target.id == maker.target.id && by.target.model == maker.target.model && wire == answered.wire;
        if is_own {
            for (call, (id, ..)) in side.calls.iter().zip(&answered.calls) {
                if let Some(id) = id.as_ref().filter(|_| !call.id.is_empty()) {
                    assert_eq!(&call.id, id, "{}", about());
                }
            }
            if maker.plain_thoughts().is_some() && wire == Wire::Chat {
                assert_eq!(side.thoughts.trim(), answered.thoughts.trim(), "{}", about());
            }
        }
        let (seals, own) = (by.seals(answered.wire), maker.seals(wire));
        let is_its = seals == own && (seals != Seals::House || is_own);
        if is_its {
            assert_eq!(side.seals, answered.seals, "{}", about());
        } else if !maker.passes_on(wire) {
            assert!(side.seals.is_empty(), "{:?} {}", side.seals, about());
        }
    }
}

/// What the caller gets of an answer, whole: put together as its SDK does it.
fn told(turn: &Turn, maker: &Maker, memo: &Memo, bytes: &[u8], chunk: usize) -> Value {
    let name = &maker.target.id;
    if !turn.stream {
        let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
        let told = exchange::reply(turn, &maker.target, memo, &head, bytes);
        let told = told.unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
        return serde_json::from_slice(&told.body).unwrap();
    }
    let mut out = Vec::new();
    let mut pipe = exchange::stream(turn, &maker.target, memo).unwrap();
    for piece in bytes.chunks(chunk) {
        pipe.push(piece, &mut out).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
    }
    pipe.finish(&mut out).unwrap_or_else(|failure| panic!("{name}: {failure:?}"));
    joined(turn.surface, &out)
}
