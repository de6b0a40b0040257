//! Translations as data: every folder under `tests/golden` is a case, found and never listed.
//!
//! ```text
//! request/<caller>/<case>/in.json            what a caller sends; see `others` for whose requests are shown
//!                        /<target>.json      what `switchover translate request` prints for that target, or
//!                        /<target>.refused.json   the error body that the caller gets
//! reply/<target>/<case>/in.{json,html,txt}  a provider's whole answer
//!                       /<caller>.json       what a caller gets, or failure.json
//! stream/<target>/<case>/in.{sse,frames.json}   a provider's stream; frames: see `golden/frames.rs`
//!                        /<caller>.sse       what a caller gets; with failure.json if the stream fails, then alone
//!                                            if it fails before the first token
//! any case               /turn.json          optional: {"targets": "all", "unsupported": "drop", "stream_usage": false,
//!                                            "format_tool": "json", "renamed": [["sent", "caller's"]],
//!                                            "maker": "anthropic-claude-v1", "calls_functions": true,
//!                                            "origin": "1a2b3c4d", "repeated": "null", "free_form": ["apply_patch"],
//!                                            "instructions": {"prepend": "…", "append": "…"}}
//! ```
//!
//! A pair of caller and dialect that the library has must have its expected file. `BLESS=1 cargo test --test golden`
//! writes them all: read the diff.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[cfg(target_family = "wasm")]
use crate::fs;
#[cfg(target_family = "wasm")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[path = "golden/frames.rs"]
mod frames;

use std::collections::BTreeSet;
use std::fmt::Write as _;
#[cfg(not(target_family = "wasm"))]
use std::fs;
use std::path::{Path, PathBuf};
use switchover::chat::Maker;
use switchover::dialect::{
    Api, CallerError, Declared, Endpoint, FreeForm, Host, Instructions, Memo, Outgoing, PROVIDERS, Pipe, Row,
    Surface, Target, Turn, Unsupported, exchange, failure_json, provider,
};
use switchover::failure::{Failure, Head};
use switchover::json::{Kind, Raw};

const CALLERS: &[(&str, Surface)] =
    &[("openai", Surface::Chat), ("anthropic", Surface::Messages), ("responses", Surface::Responses)];

/// Converse takes more for a Claude that can do all: thoughts come back, answers are held to schemas.
const CLAUDE_ON_CONVERSE: &str = "bedrock_claude";

/// OpenAI's dialect without Responses: what callers of Responses are translated to.
const CHAT: &str = "chat";

/// OpenAI's Responses, for callers of other dialects.
const RESPONSES: &str = "openai_responses";

/// Target id (a dialect's name), provider, and the model where it isn't the row's example.
type Shown = (&'static str, &'static str, Option<&'static str>);

const TARGETS: &[Shown] = &[
    ("openai", "openai", None),
    (CHAT, "openai_compatible", None),
    (RESPONSES, "openai", None),
    ("anthropic", "anthropic", None),
    ("gemini", "gemini", None),
    ("bedrock", "bedrock", None),
    (CLAUDE_ON_CONVERSE, "bedrock", Some("us.anthropic.claude-sonnet-4-6-v1:0")),
    ("cohere", "cohere", None),
    ("mistral", "mistral", None),
];

/// Azure with a deployment and an `api-version` in the path.
const DEPLOYMENT: &str = "azure_deployment";

/// A row that has two names is shown by the short one, `vertex`.
const LONG_NAME: &str = "gemini_vertex";

/// The same for each other row, whose dialects differ little from one above: only the requests whose `turn.json` says
/// `"targets": "all"` are shown for them.
fn others() -> impl Iterator<Item = Shown> {
    let is_other =
        |row: &&Row| row.name != LONG_NAME && TARGETS.iter().all(|(_, provider, _)| *provider != row.name);
    let rows = PROVIDERS.iter().filter(is_other).map(|row| (row.name, row.name, None));
    rows.chain([(DEPLOYMENT, "azure_openai", Some("chat-production"))])
}

fn is_other(target: &Target) -> bool {
    TARGETS.iter().all(|(id, ..)| *id != target.id)
}

fn targets() -> Vec<Target> {
    let built = TARGETS.iter().copied().chain(others()).map(|(id, name, model)| {
        let row = provider(name).unwrap();
        let base = row.endpoint.unwrap_or("https://provider.test").trim_start_matches("https://");
        let base = base.trim_start_matches("http://");
        let (host, path) = base.split_once('/').map_or((base, String::new()), |(h, p)| (h, format!("/{p}")));
        let model = model.unwrap_or(row.example_model);
        let endpoint = Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: path };
        let said = Declared { max_output_tokens: Some(8192), ..Declared::default() };
        Target {
            model: Some(model.to_owned()),
            api: api_of(id),
            api_version: (id == DEPLOYMENT).then(|| "2024-10-21".to_owned()),
            project: Some("acme".to_owned()),
            location: Some("us-east-1".to_owned()),
            ..Target::at(id, row, endpoint).with(Some(model), said)
        }
    });
    built.collect()
}

/// `openai` shows Chat Completions to the callers that are not of Responses, whatever its model would be asked by: which of the two
/// that is, is shown beside the function that decides it.
fn api_of(id: &str) -> Api {
    if id == RESPONSES { Api::Responses } else { Api::Auto }
}

/// The target as it is shown to the callers of a path.
fn shown_to(surface: Surface, target: &Target) -> Target {
    let is_chat = target.id == "openai" && surface != Surface::Responses;
    Target { api: if is_chat { Api::Chat } else { target.api }, ..target.clone() }
}

/// Whether the library has a way between the two, and the cases show it: to the others, [`CHAT`] is as OpenAI.
fn pair_exists(surface: Surface, target: &Target) -> bool {
    let for_responses_only = target.id == CHAT;
    let for_others_only = target.id == RESPONSES;
    if for_responses_only && surface != Surface::Responses || for_others_only && surface == Surface::Responses
    {
        return false;
    }
    exchange::native(surface, target).is_some() || exchange::caller(surface).is_some()
}

struct Case {
    folder: PathBuf,
    /// `turn.json`, or an empty object.
    settings: String,
    wanted: BTreeSet<String>,
    problems: Vec<String>,
}

impl Case {
    fn new(folder: &Path) -> Case {
        let settings = fs::read_to_string(folder.join("turn.json")).unwrap_or_else(|_| "{}".to_owned());
        Raw::parse(settings.as_bytes())
            .unwrap_or_else(|error| panic!("{}/turn.json: {error}", folder.display()));
        Case { folder: folder.to_owned(), settings, wanted: BTreeSet::new(), problems: Vec::new() }
    }

    fn setting(&self, name: &str) -> Option<Raw<'_>> {
        Raw::trusted(&self.settings).present(name)
    }

    fn input(&self) -> (String, Vec<u8>) {
        let mut inputs = files(&self.folder).into_iter().filter(|name| name.starts_with("in."));
        let name = inputs.next().unwrap_or_else(|| panic!("{} has no in.*", self.folder.display()));
        assert!(inputs.next().is_none(), "{} has two inputs", self.folder.display());
        let bytes = fs::read(self.folder.join(&name)).unwrap();
        (name.trim_start_matches("in.").to_owned(), bytes)
    }

    fn turn(&self, surface: Surface, body: Raw<'_>) -> Turn {
        let setting = |name| self.setting(name).and_then(Raw::as_bool);
        let drop = self.setting("unsupported").and_then(Raw::text).is_some_and(|text| text == "drop");
        let asked = body.at(&["stream_options", "include_usage"]).and_then(Raw::as_bool);
        Turn {
            surface,
            requested_model: body
                .get("model")
                .and_then(Raw::text)
                .map_or("production-llm".into(), |m| m.into_string()),
            stream: body.get("stream").and_then(Raw::as_bool).unwrap_or(false),
            stream_usage: asked.or(setting("stream_usage")).unwrap_or(true),
            id: "golden".to_owned(),
            created: 1_750_000_000,
            unsupported: if drop { Unsupported::Drop } else { Unsupported::Refuse },
            caller_headers: Vec::new(),
        }
    }

    fn memo(&self, stream: bool) -> Memo {
        let setting = |name| self.setting(name).and_then(Raw::as_bool);
        let text = |raw: Raw<'_>| raw.text().unwrap().into_string();
        let pair = |raw: Raw<'_>| {
            let mut names = raw.items();
            (text(names.next().unwrap()), text(names.next().unwrap()))
        };
        Memo {
            renamed: self.setting("renamed").map(|all| all.items().map(pair).collect()).unwrap_or_default(),
            format_tool: self.setting("format_tool").map(text),
            maker: self.setting("maker").map(|format| Maker::from_format(&text(format)).unwrap()),
            usage_asked: true,
            stream,
            // As the writer of its requests knows.
            tells_pages: self.folder.parent().is_some_and(|target| target.ends_with("perplexity")),
            repeated: self.setting("repeated").map(text),
            origin: self.setting("origin").map(text),
            calls_functions: setting("calls_functions").unwrap_or(false),
            free_form: FreeForm {
                names: self
                    .setting("free_form")
                    .map(|all| all.items().map(text).collect())
                    .unwrap_or_default(),
                as_functions: self.setting("free_form").is_some(),
            },
            by_responses: false,
            wanted: Default::default(),
        }
    }

    fn instructions(&self) -> Instructions {
        let text = |name| Some(self.setting("instructions")?.present(name)?.text()?.into_string());
        Instructions { prepend: text("prepend"), append: text("append") }
    }

    /// Compares with the expected file, or writes it.
    fn expect(&mut self, name: &str, actual: &str) {
        self.wanted.insert(name.to_owned());
        let path = self.folder.join(name);
        if bless() {
            fs::write(&path, actual).unwrap();
            return;
        }
        match fs::read_to_string(&path) {
            Ok(expected) if expected == actual => {}
            Ok(expected) => self.problems.push(difference(&path, &expected, actual)),
            Err(_) => self.problems.push(format!("{} is missing; it would be:\n{actual}", path.display())),
        }
    }

    /// No expected file may be left that nothing produces.
    fn close(mut self) -> Vec<String> {
        for name in files(&self.folder) {
            if name.starts_with("in.") || name == "turn.json" || self.wanted.contains(&name) {
                continue;
            }
            if bless() {
                fs::remove_file(self.folder.join(&name)).unwrap();
            } else {
                self.problems.push(format!("{}/{name} is not what comes out", self.folder.display()));
            }
        }
        self.problems
    }
}

#[test]
fn requests() {
    let targets = targets();
    run("request", |group, case| {
        let surface = CALLERS.iter().find(|(name, _)| *name == group).map(|(_, surface)| *surface);
        let surface = surface.unwrap_or_else(|| panic!("no caller is called {group}"));
        let (_, bytes) = case.input();
        let body = Raw::parse(&bytes).unwrap_or_else(|error| panic!("{}: {error}", case.folder.display()));
        let turn = case.turn(surface, body);
        let instructions = case.instructions();
        let all = case.setting("targets").and_then(Raw::text).is_some_and(|text| text == "all");
        let shown = |target: &&Target| pair_exists(surface, target) && (all || !is_other(target));
        for target in targets.iter().filter(shown) {
            let target = &Target { instructions: instructions.clone(), ..shown_to(surface, target) };
            match exchange::request(&turn, body, target) {
                Ok(outgoing) => case.expect(&format!("{}.json", target.id), &outgoing_json(&outgoing)),
                Err(refusal) => {
                    let error = exchange::error(surface, &CallerError::from(refusal));
                    case.expect(&format!("{}.refused.json", target.id), &pretty_bytes(&error));
                }
            }
        }
    });
}

#[test]
fn replies() {
    let targets = targets();
    run("reply", |group, case| {
        let (extension, bytes) = case.input();
        let media: &[u8] = match extension.as_str() {
            "json" => b"application/json",
            "html" => b"text/html; charset=utf-8",
            _ => b"text/plain",
        };
        let head = Head { status: 200, headers: &[(b"content-type", media)] };
        for (caller, surface, target) in callers_of(&targets, group) {
            let turn = case.turn(surface, Raw::trusted("{}"));
            match exchange::reply(&turn, target, &case.memo(false), &head, &bytes) {
                Ok(answer) => case.expect(&format!("{caller}.json"), &pretty_bytes(&answer.body)),
                Err(failure) => case.expect("failure.json", &failure_text(&failure)),
            }
        }
    });
}

#[test]
fn streams() {
    let targets = targets();
    run("stream", |group, case| {
        let (extension, bytes) = case.input();
        let bytes = match extension.as_str() {
            "frames.json" => frames::encode(Raw::parse(&bytes).unwrap()),
            _ => bytes,
        };
        for (caller, surface, target) in callers_of(&targets, group) {
            let mut turn = case.turn(surface, Raw::trusted("{}"));
            turn.stream = true;
            let memo = case.memo(true);
            let run = |cuts: &[usize]| stream(&turn, target, &memo, &bytes, cuts);
            let mut streamed = run(&(1..bytes.len()).collect::<Vec<_>>());
            let whole = run(&[]);
            if (&streamed.out, &streamed.failure) != (&whole.out, &whole.failure) {
                case.problems.push(format!("{}: byte by byte differs for {caller}", case.folder.display()));
            }
            let step = bytes.len() / 100 + 1;
            for at in (1..bytes.len()).step_by(step) {
                let split = run(&[at]);
                if (&split.out, &split.failure) != (&whole.out, &whole.failure) {
                    case.problems
                        .push(format!("{}: a split at {at} differs for {caller}", case.folder.display()));
                    break;
                }
            }
            for at in (0..bytes.len()).step_by(step) {
                let cut = stream(&turn, target, &memo, &bytes[..at], &[]);
                if cut.failure.is_none() && !may_end(target, group, &bytes[..at]) {
                    case.problems
                        .push(format!("{}: cut at {at} it ends cleanly for {caller}", case.folder.display()));
                    break;
                }
            }
            if let Some(failure) = &streamed.failure {
                case.expect("failure.json", &failure_text(failure));
                streamed.pipe.fail(&CallerError::of_failure(failure, &target.id), &mut streamed.out);
            }
            if streamed.token {
                case.expect(&format!("{caller}.sse"), &String::from_utf8(streamed.out).unwrap());
            }
        }
    });
}

#[test]
fn cases_are_named_one_way() {
    let is_kebab = |name: &str| name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let mut cases = Vec::new();
    for (kind, depth) in [
        ("request", 2),
        ("reply", 2),
        ("stream", 2),
        ("failure", 2),
        ("embeddings/request", 1),
        ("embeddings/reply", 2),
        ("config", 1),
        ("config/good", 1),
    ] {
        let mut paths = vec![root().join(kind)];
        for _ in 0..depth {
            paths = paths.iter().flat_map(|path| entries(path)).collect();
        }
        assert!(!paths.is_empty(), "no case under {kind}");
        cases.extend(paths);
    }
    let other = cases.iter().filter(|case| !is_kebab(case.file_stem().unwrap().to_str().unwrap()));
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&PathBuf>::new(), "cases are named in kebab-case");
}

struct Streamed {
    out: Vec<u8>,
    /// The caller saw something before the end or the failure, if each push is sent on at once.
    token: bool,
    failure: Option<Failure>,
    pipe: Box<dyn Pipe>,
}

/// Runs a stream cut at `cuts`.
fn stream(turn: &Turn, target: &Target, memo: &Memo, bytes: &[u8], cuts: &[usize]) -> Streamed {
    let pipe = exchange::stream(turn, target, memo).unwrap();
    let mut streamed = Streamed { out: Vec::new(), token: false, failure: None, pipe };
    let Streamed { out, token, failure, pipe } = &mut streamed;
    let mut from = 0;
    for &to in cuts.iter().chain([&bytes.len()]) {
        match pipe.push(&bytes[from..to], out) {
            Ok(seen) => *token |= seen,
            Err(error) => {
                *failure = Some(error);
                return streamed;
            }
        }
        from = to;
    }
    match pipe.finish(out) {
        // A reader may keep everything until the end: then there was an answer.
        Ok(()) => *token = true,
        Err(error) => *failure = Some(error),
    }
    streamed
}

/// Where a dialect's stream may be taken for whole before its last byte: OpenAI's after the terminator's text, and,
/// as some compatible servers send none, after an event once there is a finish reason.
fn may_end(target: &Target, group: &str, prefix: &[u8]) -> bool {
    let dialect = if group == "responses" { group } else { target.dialect().name() };
    let text = String::from_utf8_lossy(prefix);
    let at_event_end = text.ends_with("\n\n")
        || text.ends_with("\r\n\r")
        || text.ends_with("\r\r")
        || text.ends_with("\r\n\r\n");
    match dialect {
        "openai" => {
            let squeezed = text.replace(": ", ":");
            let finished = squeezed.replace("\"finish_reason\":\"\"", "").contains("\"finish_reason\":\"");
            squeezed.contains("data:[DONE]") || at_event_end && finished
        }
        // Once the terminator's event is whole but for its last line ends.
        "anthropic" if target.row.host == Host::Bedrock => {
            frames::are_whole(prefix) && frames::ends_message(prefix)
        }
        "anthropic" => text.contains("\"message_stop\"}"),
        // Some servers send OpenAI's terminator after Cohere's own.
        "cohere" => {
            let after = text.split_once("\"message-end\"").map_or("", |(_, after)| after);
            at_event_end || after.contains("\n\n")
        }
        "responses" => {
            at_event_end
                && ["completed", "incomplete"]
                    .iter()
                    .any(|end| text.contains(&format!("event: response.{end}")))
        }
        // The counts after it may be missing.
        "bedrock" => text.contains("messageStop") && frames::are_whole(prefix),
        _ => at_event_end,
    }
}

/// The callers of a dialect's answers. `responses` are OpenAI's responses, to callers of the same as they are, `openai` its chat
/// completions.
fn callers_of<'t>(targets: &'t [Target], dialect: &str) -> Vec<(&'static str, Surface, &'t Target)> {
    let mut ready = Vec::new();
    for (name, surface) in CALLERS {
        let id = match (dialect, *surface) {
            ("responses", Surface::Responses) => "openai",
            ("responses", _) => RESPONSES,
            ("openai", Surface::Responses) => CHAT,
            _ => dialect,
        };
        let target = targets.iter().find(|target| target.id == id);
        let target = target.unwrap_or_else(|| panic!("no target speaks {dialect}"));
        // Azure is as OpenAI: callers of Responses get its Responses, and a case is a chat completion.
        if dialect != "responses"
            && *surface == Surface::Responses
            && exchange::native(*surface, target).is_some()
        {
            continue;
        }
        if pair_exists(*surface, target) {
            ready.push((*name, *surface, target));
        }
    }
    ready
}

/// Runs every case of `tests/golden/<kind>/<group>/<case>`.
fn run(kind: &str, mut check: impl FnMut(&str, &mut Case)) {
    let root = root().join(kind);
    let mut problems = Vec::new();
    let mut cases = 0;
    for group in folders(&root) {
        let name = group.file_name().unwrap().to_str().unwrap().to_owned();
        for folder in folders(&group) {
            let mut case = Case::new(&folder);
            check(&name, &mut case);
            problems.extend(case.close());
            cases += 1;
        }
    }
    assert!(cases > 0, "no case under {}", root.display());
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn entries(of: &Path) -> Vec<PathBuf> {
    fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        entries(of).into_iter().filter(|path| fs::metadata(path).unwrap().is_dir()).collect();
    folders.sort();
    folders
}

fn files(of: &Path) -> Vec<String> {
    entries(of)
        .into_iter()
        .filter(|path| fs::metadata(path).unwrap().is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn outgoing_json(outgoing: &Outgoing) -> String {
    let mut out = Vec::new();
    outgoing.write_json(&mut out);
    pretty_bytes(&out)
}

fn failure_text(failure: &Failure) -> String {
    let mut out = Vec::new();
    failure_json(failure, &mut out);
    pretty_bytes(&out)
}

fn pretty_bytes(json: &[u8]) -> String {
    let raw = Raw::parse(json).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(json)));
    let mut out = String::new();
    pretty(raw, 0, &mut out);
    out.push('\n');
    out
}

/// Lays a value out over lines; members keep their order, numbers and strings the way they are written.
fn pretty(raw: Raw<'_>, depth: usize, out: &mut String) {
    let (open, close) = match raw.kind() {
        Kind::Object => ('{', '}'),
        Kind::Array => ('[', ']'),
        _ => return out.push_str(raw.as_json()),
    };
    out.push(open);
    let members = raw.fields().map(|(key, value)| (Some(key.into_string()), value));
    let mut empty = true;
    for (key, value) in members.chain(raw.items().map(|item| (None, item))) {
        out.push_str(if empty { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            write!(out, "{key:?}: ").unwrap();
        }
        pretty(value, depth + 1, out);
        empty = false;
    }
    if !empty {
        write!(out, "\n{}", "  ".repeat(depth)).unwrap();
    }
    out.push(close);
}

/// The first line that differs, with what is around it.
fn difference(path: &Path, expected: &str, actual: &str) -> String {
    let same = expected.lines().zip(actual.lines()).take_while(|(a, b)| a == b).count();
    let around =
        |text: &str| text.lines().skip(same.saturating_sub(2)).take(6).collect::<Vec<_>>().join("\n");
    format!(
        "{}: line {}\n--- expected\n{}\n--- actual\n{}",
        path.display(),
        same + 1,
        around(expected),
        around(actual)
    )
}
