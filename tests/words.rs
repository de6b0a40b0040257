//! Every text of every golden case: that each is found, that it can be replaced and nothing else is, and that the pieces
//! of a stream are the texts of the whole.
//!
//! What a caller sends and gets is taken from `tests/golden`: requests, whole answers, events, embeddings. A new case is a
//! new question to `switchover::dialect::words`, without a line here.
#![cfg(not(target_family = "wasm"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use switchover::dialect::words::{Side, Sort, Speaker, Strand, Word, rewrite, visit};
use switchover::dialect::{Limits, Surface, ask};
use switchover::json::{Kind, Raw};
use switchover::stream::sse::{Frame, Sse};

const CALLERS: &[(&str, Surface)] =
    &[("openai", Surface::Chat), ("anthropic", Surface::Messages), ("responses", Surface::Responses)];

/// Where language may stand that is no word: the last names of a path.
const NO_WORDS: &[&str] = &[
    // The gateway's own sentences, and a provider's about its filters.
    "error.message",
    "error:message",
    // A provider's name.
    "provider",
    // Base64, with blanks in it.
    "image_url.url",
];

/// Where language may stand that no dialect has a name for: of a request alone.
const OTHERS: &[&str] = &[".user", ".metadata.user_id", ".stop", ".stop_sequences", ".definition"];

const MARK: &str = " [marked]";

/// One body of a golden case.
struct Body {
    case: String,
    surface: Surface,
    /// What `Side` it is; of an event the name.
    side: Owned,
    json: String,
}

enum Owned {
    Request,
    Answer,
    Event(String),
}

impl Body {
    fn side(&self) -> Side<'_> {
        match &self.side {
            Owned::Request => Side::Request,
            Owned::Answer => Side::Answer,
            Owned::Event(name) => Side::Event(name),
        }
    }

    fn raw(&self) -> Raw<'_> {
        Raw::trusted(&self.json)
    }

    /// Its texts, in its order.
    fn words(&self) -> Vec<Said> {
        let mut words = Vec::new();
        visit(self.side(), self.surface, self.raw(), &mut |word| {
            words.push(Said {
                key: (word.sort, word.strand),
                speaker: word.speaker,
                is_piece: word.is_piece,
                text: word.text.decode().into_owned(),
            });
        });
        words
    }

    /// It with a mark at the end of each text.
    fn marked(&self) -> String {
        let mark = &mut |word: &Word<'_>| Some(format!("{}{MARK}", word.text.decode()));
        let marked = rewrite(self.side(), self.surface, self.raw(), mark);
        marked.map_or_else(|| self.json.clone(), |bytes| String::from_utf8(bytes).unwrap())
    }
}

type Key = (Sort, Strand);

struct Said {
    key: Key,
    speaker: Speaker,
    is_piece: bool,
    text: String,
}

#[test]
fn a_text_that_stays_changes_no_byte() {
    for body in bodies() {
        let same =
            rewrite(body.side(), body.surface, body.raw(), &mut |word| Some(word.text.decode().into_owned()));
        assert!(same.is_none(), "{}", body.case);
    }
}

#[test]
fn each_text_is_replaced_and_nothing_else() {
    for body in bodies() {
        let marked = body.marked();
        let after = Raw::parse(marked.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", body.case));
        assert_eq!(without_strings(&body.json), without_strings(&marked), "{}", body.case);
        let (before, after) = (leaves(body.raw()), leaves(after));
        let changed = before.iter().zip(&after).filter(|(before, after)| before != after);
        let changed: Vec<String> =
            changed.flat_map(|((_, before), (_, after))| texts(before, after)).collect();
        let told: Vec<String> = body.words().into_iter().map(|word| word.text).collect();
        assert_eq!(changed, told, "{}", body.case);
    }
}

#[test]
fn no_language_is_passed_over() {
    let (mut missed, mut used) = (Vec::new(), BTreeSet::new());
    for body in bodies() {
        let marked = body.marked();
        for ((path, text), after) in leaves(body.raw()).iter().zip(leaves(Raw::trusted(&marked))) {
            if *text != after.1 || !is_language(text) {
                continue;
            }
            match NO_WORDS.iter().find(|end| path.ends_with(*end)) {
                Some(known) => drop(used.insert(known)),
                None => missed.push(format!("{} {path}: {text}", body.case)),
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(NO_WORDS.iter().eq(NO_WORDS.iter().filter(|end| used.contains(end))), "only {used:?}");
}

#[test]
fn language_has_a_name() {
    for body in bodies() {
        let mark = &mut |word: &Word<'_>| (word.sort == Sort::Other).then(|| MARK.to_owned());
        let marked = rewrite(body.side(), body.surface, body.raw(), mark).unwrap_or_default();
        let marked = String::from_utf8(marked).unwrap();
        for ((path, text), after) in leaves(body.raw()).iter().zip(leaves(Raw::trusted(&marked))) {
            // What a check says of itself is nobody's speech.
            let is_known = path.contains(".moderation.")
                || matches!(body.side, Owned::Request) && OTHERS.iter().any(|end| path.ends_with(end));
            assert!(*text == after.1 || is_known || !is_language(text), "{} {path}: {text}", body.case);
        }
    }
}

#[test]
fn what_is_replaced_still_reads() {
    let mut read = 0;
    for body in bodies().iter().filter(|body| matches!(body.side, Owned::Request)) {
        let reads = |json: &str| ask(body.surface, Raw::trusted(json), &Limits::NONE).is_ok();
        if reads(&body.json) {
            assert!(reads(&body.marked()), "{}", body.case);
            read += 1;
        }
    }
    assert!(read > 100, "{read}");
}

#[test]
fn who_speaks_is_told() {
    for body in bodies() {
        for word in body.words() {
            let is_own = |speaker| match (&body.side, word.key.0) {
                (Owned::Request, Sort::Description) => speaker == Speaker::System,
                (Owned::Request, Sort::Arguments | Sort::Reasoning) => speaker == Speaker::Assistant,
                (Owned::Request, _) => true,
                // An answer of Responses repeats what its caller has set.
                (_, Sort::Text) if body.surface == Surface::Responses => speaker != Speaker::User,
                (_, Sort::Text | Sort::Refusal | Sort::Reasoning) => {
                    matches!(speaker, Speaker::Assistant | Speaker::Tool)
                }
                _ => true,
            };
            assert!(is_own(word.speaker), "{}: {:?} says {}", body.case, word.speaker, word.text);
        }
    }
}

/// The events of each golden stream for one caller.
fn streams(surface: Surface) -> BTreeMap<&'static str, Vec<&'static Body>> {
    let mut streams: BTreeMap<&str, Vec<&Body>> = BTreeMap::new();
    for body in bodies() {
        if body.surface == surface && matches!(body.side, Owned::Event(_)) {
            streams.entry(&body.case).or_default().push(body);
        }
    }
    streams
}

/// Each text of a stream, put together from its pieces.
fn joined(events: &[&Body]) -> BTreeMap<Key, String> {
    let mut joined: BTreeMap<Key, String> = BTreeMap::new();
    for word in events.iter().flat_map(|event| event.words()).filter(|word| word.is_piece) {
        joined.entry(word.key).or_default().push_str(&word.text);
    }
    joined
}

#[test]
fn pieces_make_what_a_stream_of_responses_says_again() {
    let mut said_again = 0;
    for (case, events) in streams(Surface::Responses) {
        let pieces = joined(&events);
        let last = events.last().unwrap();
        // What code printed is told once, with its item.
        let is_again = |word: &Said| !word.is_piece && word.speaker != Speaker::Tool;
        for word in events.iter().flat_map(|event| event.words()).filter(is_again) {
            if matches!(word.key.0, Sort::Text | Sort::Refusal | Sort::Reasoning) {
                assert_eq!(pieces.get(&word.key), Some(&word.text), "{case}");
                said_again += 1;
            }
        }
        let mut whole: BTreeMap<Key, Vec<String>> = BTreeMap::new();
        for word in last.words() {
            whole.entry(word.key).or_default().push(word.text);
        }
        let has_ended =
            matches!(&last.side, Owned::Event(name) if name != "error" && name != "response.failed");
        for (key, text) in pieces.into_iter().filter(|_| has_ended) {
            let inner = leaves_of_json(&text).filter(|_| key.0 == Sort::Arguments);
            let said = whole.remove(&key).unwrap_or_default();
            // Code is one text, also where it looks like arguments.
            if said != [text.as_str()] {
                assert_eq!(said, inner.unwrap_or_else(|| vec![text]), "{case} {key:?}");
            }
        }
    }
    assert!(said_again > 300, "{said_again}");
}

#[test]
fn callers_of_all_dialects_are_told_the_same() {
    let said = |surface| {
        let is_first =
            |(sort, strand): &Key| matches!(sort, Sort::Text | Sort::Refusal) && strand.choice == 0;
        let is_said = |word: &Said| is_first(&word.key) && word.speaker == Speaker::Assistant;
        let text = |(case, events): (&'static str, Vec<&Body>)| {
            let case = case.rsplit_once('/').unwrap().0;
            // What is said as a whole, of which there are no pieces.
            let words = events.iter().flat_map(|event| event.words()).filter(is_said);
            let wholes = words.filter(|word| !word.is_piece).map(|word| (word.key, word.text));
            let mut said: BTreeMap<Key, String> = wholes.collect();
            said.extend(joined(&events).into_iter().filter(|(key, _)| is_first(key)));
            (case, said.into_values().collect::<String>())
        };
        streams(surface).into_iter().map(text).collect::<BTreeMap<&str, String>>()
    };
    let [chat, messages, responses] = [Surface::Chat, Surface::Messages, Surface::Responses].map(said);
    let mut same = 0;
    // Code that ran is told in words to callers of Chat Completions, and as items to others.
    for (case, text) in chat.iter().filter(|(_, text)| !text.contains("```")) {
        // To a caller of its own dialect an answer in place of which a tool was called stays a call.
        let is_own = case.starts_with("stream/anthropic");
        for other in [messages.get(case).filter(|_| !is_own), responses.get(case)].into_iter().flatten() {
            // Not all callers get blanks before the first word, and some a line in place of a picture or of speech.
            let other = other.split("\n[image").next().unwrap().split("\n[audio").next().unwrap();
            assert_eq!(text.trim_start(), other.trim_start(), "{case}");
            same += 1;
        }
    }
    assert!(same > 200, "{same}");
}

/// Whether a person may have written it: there are words with a blank between them.
fn is_language(text: &str) -> bool {
    if let Some(leaves) = leaves_of_json(text) {
        return leaves.iter().any(|leaf| is_language(leaf));
    }
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic));
    words.count() > 1
}

/// The strings in a JSON object that is written in a string.
fn leaves_of_json(text: &str) -> Option<Vec<String>> {
    let raw = Raw::parse(text.as_bytes()).ok().filter(|raw| raw.kind() == Kind::Object)?;
    Some(leaves(raw).into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect())
}

/// The texts that were marked in a string; it is JSON itself if its end has no mark.
fn texts(before: &str, after: &str) -> Vec<String> {
    if after.strip_suffix(MARK) == Some(before) {
        return vec![before.to_owned()];
    }
    let (inner, marked) = (leaves_of_json(before).unwrap(), leaves_of_json(after).unwrap());
    for (before, after) in inner.iter().zip(&marked) {
        assert_eq!(after.strip_suffix(MARK), Some(before.as_str()));
    }
    assert_eq!(inner.len(), marked.len());
    inner
}

/// Each string that is no member's name, with the names on the way to it.
fn leaves(raw: Raw<'_>) -> Vec<(String, String)> {
    fn walk(path: &str, raw: Raw<'_>, found: &mut Vec<(String, String)>) {
        if let Some(text) = raw.text() {
            found.push((path.to_owned(), text.into_string()));
        }
        // An error event of Responses is an error itself.
        let is_error = raw.get("type").is_some_and(|kind| kind.as_json() == "\"error\"");
        for (name, value) in raw.fields() {
            let joint = if is_error { "error:" } else { "." };
            walk(&format!("{path}{joint}{}", name.decode()), value, found);
        }
        raw.items().for_each(|item| walk(path, item, found));
    }
    let mut found = Vec::new();
    walk("", raw, &mut found);
    found
}

/// A document without what stands in its strings.
fn without_strings(json: &str) -> String {
    let (mut kept, mut in_string, mut escaped) = (String::new(), false, false);
    for letter in json.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                in_string = !in_string;
                kept.push('"');
            }
            _ if !in_string => kept.push(letter),
            _ => {}
        }
    }
    kept
}

/// All there are.
fn bodies() -> &'static [Body] {
    static BODIES: LazyLock<Vec<Body>> = LazyLock::new(|| {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let mut bodies: Vec<Body> = whole(&golden).chain(streamed(&golden)).collect();
        for body in &mut bodies {
            body.case = Path::new(&body.case).strip_prefix(&golden).unwrap().display().to_string();
        }
        assert!(bodies.len() > 1000, "the golden cases were not found");
        bodies
    });
    &BODIES
}

/// Requests and whole answers.
fn whole(golden: &Path) -> impl Iterator<Item = Body> {
    let mut found = Vec::new();
    for (caller, surface) in CALLERS {
        let requests = folders(&golden.join("request").join(caller));
        found.extend(requests.iter().map(|case| (case.join("in.json"), *surface, Owned::Request)));
        let answers = cases(&golden.join("reply")).into_iter();
        found.extend(answers.map(|case| (case.join(format!("{caller}.json")), *surface, Owned::Answer)));
    }
    let requests = folders(&golden.join("embeddings/request")).into_iter();
    found.extend(requests.map(|case| (case.join("in.json"), Surface::Embeddings, Owned::Request)));
    let answers = cases(&golden.join("embeddings/reply")).into_iter();
    found.extend(answers.map(|case| (case.join("out.json"), Surface::Embeddings, Owned::Answer)));
    found.into_iter().filter_map(|(path, surface, side)| {
        // Some cases have no such file, and some requests are no JSON.
        let text = fs::read_to_string(&path).ok()?;
        let json = Raw::parse(text.as_bytes()).ok()?.as_json().to_owned();
        Some(Body { case: path.display().to_string(), surface, side, json })
    })
}

/// The events of streams.
fn streamed(golden: &Path) -> impl Iterator<Item = Body> {
    let mut found = Vec::new();
    for case in cases(&golden.join("stream")) {
        for (caller, surface) in CALLERS {
            let path = case.join(format!("{caller}.sse"));
            let Ok(bytes) = fs::read(&path) else { continue };
            let event = &mut |frame: Frame<'_>| {
                if let Some(raw) = Raw::parse(frame.data).ok().filter(|raw| raw.kind() == Kind::Object) {
                    let side = Owned::Event(frame.event.to_owned());
                    let (case, json) = (path.display().to_string(), raw.as_json().to_owned());
                    found.push(Body { case, surface: *surface, side, json });
                }
                Ok::<(), Infallible>(())
            };
            Sse::new().push(&bytes, event).unwrap();
        }
    }
    found.into_iter()
}

/// The folders in the folders of a folder.
fn cases(path: &Path) -> Vec<PathBuf> {
    folders(path).iter().flat_map(|dialect| folders(dialect)).collect()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    found.sort();
    found
}
