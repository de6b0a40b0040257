//! The law of growth: twice the input is at most 2.2 times the work, whatever the input looks like.
//!
//! `growth count SIZE [PART [EVERY]]` does each piece of work once, with inputs of SIZE elements and of twice as many, each in a function
//! of its own so that callgrind can tell them apart; `tests/bench/growth.py` compares. `growth time SIZE` measures time
//! instead, natively and much larger: what a person looks at. What is done is what the filter does: read a caller's request,
//! plan it, try it, write it; read an answer or a stream and write it for the caller.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench may fail by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "`growth time` measures time")]

mod answers;
#[path = "../../golden/frames.rs"]
#[expect(dead_code, reason = "the golden cases use the rest")]
mod frames;
mod marks;
mod requests;
mod streams;
mod words;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;
use switchover::dialect::{Limits, Memo, Surface, Target, Turn, Unsupported, ask, dropped_line, exchange};
use switchover::failure::Head;
use switchover::filter::Runtime;
use switchover::json::{Document, Kind, Raw, values};

/// (target's id, its provider and what that needs)
const TARGETS: [(&str, &str); 10] = [
    ("openai", r#""provider": "openai", "model": "gpt-5.4-mini""#),
    ("responses", r#""provider": "openai", "model": "gpt-5.4-mini", "api": "responses""#),
    ("chat", r#""provider": "openai_compatible", "model": "llama-4""#),
    ("mistral", r#""provider": "mistral", "model": "mistral-large-2512""#),
    ("deepseek", r#""provider": "deepseek", "model": "deepseek-chat""#),
    ("anthropic", r#""provider": "anthropic", "model": "claude-sonnet-4-5""#),
    ("gemini", r#""provider": "gemini", "model": "gemini-3-flash""#),
    ("nova", r#""provider": "bedrock", "model": "amazon.nova-pro-v1:0""#),
    ("converse", r#""provider": "bedrock", "model": "us.anthropic.claude-sonnet-4-6-v1:0""#),
    ("cohere", r#""provider": "cohere", "model": "command-a-03-2025""#),
];

/// Who may get an answer of this target in its dialect of chats: OpenAI answers its own Responses otherwise.
fn callers(target: &str) -> impl Iterator<Item = Surface> {
    let is_own = target == "openai" || target == "responses";
    [Surface::Chat, Surface::Messages, Surface::Responses]
        .into_iter()
        .filter(move |surface| !(is_own && *surface == Surface::Responses))
}

/// One thing to do, with inputs of any size.
pub struct Work {
    name: String,
    /// Makes the input, and gives back its size, where it is a request, and what to do with it.
    prepare: Box<dyn Fn(usize) -> (Size, Run)>,
}

/// What the file bounds of a request: its bytes, and its values (`listen.max_values`).
#[derive(Clone, Copy, Default)]
struct Size {
    bytes: usize,
    values: usize,
}

impl Size {
    fn of(body: &str) -> Size {
        // Of numbers in a list 16 are one; the arguments of calls are JSON in a string.
        fn shares(value: Raw<'_>) -> usize {
            match value.kind() {
                Kind::Array => 16 + value.items().map(|item| shares(item).max(least(item))).sum::<usize>(),
                Kind::Object => 16 + value.fields().map(|(_, value)| 16 + shares(value)).sum::<usize>(),
                Kind::String => value
                    .text()
                    .map(|text| text.into_string())
                    .filter(|text| text.starts_with('{'))
                    .map_or(0, |text| 16 * values(&text, usize::MAX / 64).unwrap()),
                _ => 0,
            }
        }
        fn least(item: Raw<'_>) -> usize {
            if item.kind() == Kind::String { 16 } else { 1 }
        }
        let document = Document::of(body).unwrap();
        Size { bytes: body.len(), values: shares(document.root()) / 16 }
    }
}

/// Does it, and answers whether the input was taken.
type Run = Box<dyn FnMut() -> bool>;

/// A request of any size, made once for all targets.
struct Body {
    make: fn(usize) -> String,
    made: RefCell<BTreeMap<usize, Rc<str>>>,
}

impl Body {
    fn of(&self, size: usize) -> Rc<str> {
        Rc::clone(self.made.borrow_mut().entry(size).or_insert_with(|| (self.make)(size).into()))
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (verb, size) = (words[0].as_str(), words[1].parse::<usize>().unwrap());
    let wanted = words.get(2).map_or("", String::as_str);
    let runtime = Runtime::load(config().as_bytes()).unwrap();
    // Each third of them, say: targets come in tens, so every shape meets others.
    let every = words.get(3).map_or(1, |every| every.parse::<usize>().unwrap());
    let all = all(&runtime).into_iter().filter(|work| work.name.contains(wanted)).step_by(every);
    match verb {
        "count" => count(all, size),
        "time" => time(all, size),
        _ => std::process::exit(2),
    }
}

fn config() -> String {
    let target = |(id, rest): &(&str, &str)| {
        format!(r#"{{"id": "{id}", "endpoint": "http://127.0.0.1:1/v1", "max_output_tokens": 8192, {rest}}}"#)
    };
    let targets: Vec<String> = TARGETS.iter().map(target).collect();
    format!(
        r#"{{"version": 1, "targets": [{}], "model_groups": [{{"name": "m", "targets": [{{"id": "openai"}}]}}]}}"#,
        targets.join(", ")
    )
}

fn all(runtime: &Runtime) -> Vec<Work> {
    let targets: Vec<Target> = (0..TARGETS.len()).map(|place| runtime.wire(place).unwrap().clone()).collect();
    let mut all = Vec::new();
    for (surface, name, make) in requests::shapes() {
        let (surface, body) = (*surface, Rc::new(Body { make: *make, made: RefCell::default() }));
        let planned = Rc::clone(&body);
        let prepare = Box::new(move |size| plan(surface, planned.of(size)));
        all.push(Work { name: format!("{name} of {surface:?}, planned"), prepare });
        let told = Rc::clone(&body);
        let prepare = Box::new(move |size| words::replaced(surface, &told, size));
        all.push(Work { name: format!("{name} of {surface:?}, each text replaced"), prepare });
        for target in &targets {
            let (name, target) = (format!("{name} of {surface:?} to {}", target.id), target.clone());
            let body = Rc::clone(&body);
            all.push(Work { name, prepare: Box::new(move |size| request(surface, body.of(size), &target)) });
        }
    }
    for (id, name, make) in answers::SHAPES {
        for surface in callers(id) {
            let target = targets.iter().find(|target| target.id == *id).unwrap().clone();
            let name = format!("{name} from {id} for {surface:?}");
            all.push(Work {
                name,
                prepare: Box::new(move |size| reply(surface, &make(size), size, &target)),
            });
        }
    }
    for (id, name, make) in streams::SHAPES {
        for surface in callers(id) {
            let target = targets.iter().find(|target| target.id == *id).unwrap().clone();
            let name = format!("{name} from {id} for {surface:?}");
            all.push(Work { name, prepare: Box::new(move |size| stream(surface, *make, size, &target)) });
        }
    }
    all
}

/// Prints a line for each piece of work: its number among callgrind's functions, whether it was taken, its name.
fn count(all: impl Iterator<Item = Work>, size: usize) {
    let mut lines = String::new();
    for (place, work) in all.enumerate() {
        let (mut taken, mut sizes) = (true, Vec::new());
        for (number, size) in [(2 * place, size), (2 * place + 1, 2 * size)] {
            let (size, mut run) = (work.prepare)(size);
            marks::run(number, &mut || taken &= run());
            sizes.push(size);
        }
        let (bytes, values) = (sizes[1].bytes - sizes[0].bytes, sizes[1].values - sizes[0].values);
        writeln!(lines, "{} {taken} {bytes} {values} {}", 2 * place, work.name).unwrap();
    }
    print!("{lines}");
}

fn time(all: impl Iterator<Item = Work>, size: usize) {
    for work in all {
        let mut taken = true;
        let mut of = |size| {
            let (_, mut run) = (work.prepare)(size);
            let start = Instant::now();
            taken &= run();
            start.elapsed().as_secs_f64() * 1e3
        };
        let times = [of(size), of(2 * size), of(4 * size)];
        let growth = times[2] / times[0];
        println!(
            "{growth:6.1}  {:9.2} {:9.2} {:9.2} ms  {taken:5}  {}",
            times[0], times[1], times[2], work.name
        );
    }
}

fn turn(surface: Surface, stream: bool, unsupported: Unsupported) -> Turn {
    Turn {
        surface,
        requested_model: "m".to_owned(),
        stream,
        stream_usage: true,
        id: "0".to_owned(),
        created: 0,
        unsupported,
        caller_headers: Vec::new(),
    }
}

/// What the router role does with a request before it tries targets.
fn plan(surface: Surface, body: Rc<str>) -> (Size, Run) {
    let size = Size::of(&body);
    let run = move || {
        let document = Document::parse(body.as_bytes().to_vec());
        document.is_ok_and(|document| ask(surface, document.root(), &Limits::NONE).is_ok())
    };
    (size, Box::new(run))
}

/// What this target gets of a request. Where something is left out, also the trial that refuses it.
fn request(surface: Surface, body: Rc<str>, target: &Target) -> (Size, Run) {
    let target = target.clone();
    let (strict, lenient) =
        (turn(surface, false, Unsupported::Refuse), turn(surface, false, Unsupported::Drop));
    let document = Document::of(body.to_string()).ok();
    let run = move || {
        let Some(document) = &document else { return false };
        let outgoing = exchange::request(&lenient, document.root(), &target);
        if outgoing.as_ref().is_ok_and(|outgoing| outgoing.dropped.is_empty()) {
            return true;
        }
        black_box(exchange::request(&strict, document.root(), &target).is_ok());
        outgoing.is_ok_and(|outgoing| {
            black_box(dropped_line(&outgoing.dropped));
            true
        })
    };
    (Size::of(&body), Box::new(run))
}

/// A request with so many tools whose names change on their way.
fn memo(surface: Surface, size: usize, target: &Target, stream: bool) -> Memo {
    let body = requests::renamed_tools(surface, size);
    let document = Document::parse(body.into_bytes()).unwrap();
    exchange::request(&turn(surface, stream, Unsupported::Drop), document.root(), target).unwrap().memo
}

fn reply(surface: Surface, body: &str, size: usize, target: &Target) -> (Size, Run) {
    let (target, memo, body) = (target.clone(), memo(surface, size, target, false), body.to_owned());
    let turn = turn(surface, false, Unsupported::Drop);
    let run = move || {
        let head = Head { status: 200, headers: &[(b"content-type", b"application/json")] };
        black_box(exchange::reply(&turn, &target, &memo, &head, body.as_bytes())).is_ok()
    };
    (Size::default(), Box::new(run))
}

/// As it comes off a network, and a part of it byte by byte.
fn stream(surface: Surface, make: fn(usize) -> Vec<u8>, size: usize, target: &Target) -> (Size, Run) {
    let (target, memo) = (target.clone(), memo(surface, size, target, true));
    let turn = turn(surface, true, Unsupported::Drop);
    let ways = [(1460, make(size)), (1, make(size / 10))];
    let run = move || {
        ways.iter().all(|(piece, events)| {
            let mut pipe = exchange::stream(&turn, &target, &memo).unwrap();
            let mut out = Vec::new();
            events.chunks(*piece).all(|chunk| {
                out.clear();
                pipe.push(chunk, &mut out).is_ok()
            }) && pipe.finish(&mut out).is_ok()
        })
    };
    (Size::default(), Box::new(run))
}
