//! `switchover translate …`: what a target would receive, and what the caller would receive of its answer.

use crate::document::CheckedFile;
use crate::input;
use crate::stop::{Stop, print};
use std::path::PathBuf;
use switchover::config::{Config, TargetSettings};
use switchover::dialect::{CallerError, Memo, Surface, Turn, exchange, failure_json};
use switchover::failure::{Failure, Head, classify};
use switchover::filter::{Asking, group_of, translate};
use switchover::json::Writer;

#[derive(clap::Subcommand)]
pub enum TranslateArgs {
    /// Reads a caller's request body; prints what the target would receive: method, path, headers, body.
    Request(RequestArgs),
    /// Reads a provider's answer; prints what the caller would receive, or the failure that it is.
    Response(ResponseArgs),
}

#[derive(clap::Args)]
struct Direction {
    /// The switchover.yaml.
    file: PathBuf,
    /// The id of the target.
    #[arg(long)]
    target: String,
    /// The path that the caller sent the request to.
    #[arg(long, default_value = "/v1/chat/completions")]
    path: String,
}

#[derive(clap::Args)]
pub struct RequestArgs {
    #[command(flatten)]
    way: Direction,
    /// A header of the request, as NAME=VALUE; several times for several.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = input::header)]
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

#[derive(clap::Args)]
pub struct ResponseArgs {
    #[command(flatten)]
    way: Direction,
    /// The provider's HTTP status.
    #[arg(long, default_value_t = 200)]
    status: u16,
    /// The answer's content-type. Default: text/event-stream with --stream, else application/json.
    #[arg(long)]
    content_type: Option<String>,
    /// A header of the answer, as NAME=VALUE; several times for several.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = input::header)]
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The caller asked for a stream.
    #[arg(long)]
    stream: bool,
    /// The caller's request body, for what the answer's translation needs to know of it. Default: a plain chat.
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
}

/// # Errors
/// The file or an argument is wrong, or the request is refused; then the caller's error body is printed.
pub fn run(call: &TranslateArgs) -> Result<(), Stop> {
    match call {
        TranslateArgs::Request(args) => request(args),
        TranslateArgs::Response(args) => response(args),
    }
}

fn request(args: &RequestArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.way.file)?;
    let (place, _) = input::target(&document, &args.way.target)?;
    let surface = input::surface(&document.config, &args.way.path)?;
    let body = input::body()?;
    let translated = translate(&document.config, place, &asking(surface, &args.headers, &body));
    let (_, outgoing) = translated.map_err(|refusal| input::refuse(surface, refusal))?;
    let mut json = Vec::with_capacity(outgoing.body.len() + 512);
    outgoing.write_json(&mut json);
    input::print_json(&json)
}

fn asking<'a>(surface: Surface, headers: &'a [(Vec<u8>, Vec<u8>)], body: &'a [u8]) -> Asking<'a> {
    Asking { surface, headers, body, id: input::ID, created: input::CREATED }
}

fn response(args: &ResponseArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.way.file)?;
    let (place, target) = input::target(&document, &args.way.target)?;
    let surface = input::surface(&document.config, &args.way.path)?;
    let asked = match &args.request {
        Some(file) => input::body_from(file)?,
        None => plain_request(&document.config, place, surface, args.stream),
    };
    let translated = translate(&document.config, place, &asking(surface, &[], &asked));
    let (mut turn, outgoing) = translated.map_err(|refusal| input::refuse(surface, refusal))?;
    let mut memo = outgoing.memo;
    if args.stream {
        turn.stream = true;
        memo.stream = true;
    }
    let body = input::body()?;
    let default = if turn.stream { "text/event-stream" } else { "application/json" };
    let content_type = args.content_type.as_deref().unwrap_or(default);
    let mut headers: Vec<(&[u8], &[u8])> = vec![(b"content-type", content_type.as_bytes())];
    headers.extend(args.headers.iter().map(|(name, value)| (&name[..], &value[..])));
    let head = Head { status: args.status, headers: &headers };
    match answer(&turn, target, &memo, &head, &body) {
        Ok(bytes) => print(&bytes),
        Err(failure) => {
            let mut json = Vec::with_capacity(256);
            failure_json(&failure, &mut json);
            input::print_json(&json)
        }
    }
}

/// A request that says as little as one can.
fn plain_request(config: &Config, target: usize, surface: Surface, stream: bool) -> Vec<u8> {
    let model = group_of(config, target, "").map_or("", |group| group.name.as_str());
    let message = |w: &mut Writer<'_>| {
        w.object(|w| {
            w.key("role").string("user");
            w.key("content").string("Hello");
        });
    };
    let mut out = Vec::with_capacity(256);
    Writer::new(&mut out).object(|w| {
        w.key("model").string(model);
        match surface {
            Surface::Embeddings | Surface::Responses => w.key("input").string("Hello"),
            _ => w.key("messages").array(message),
        }
        if surface == Surface::Messages {
            w.key("max_tokens").u64(1024);
        }
        if stream {
            w.key("stream").bool(true);
        }
        if stream && surface == Surface::Chat {
            w.key("stream_options").object(|w| w.key("include_usage").bool(true));
        }
    });
    out
}

/// The caller's answer, as the filter makes it of a provider's.
fn answer(
    turn: &Turn,
    target: &TargetSettings,
    memo: &Memo,
    head: &Head<'_>,
    body: &[u8],
) -> Result<Vec<u8>, Failure> {
    let now_ms = input::CREATED * 1000;
    if !head.is_success() {
        return Err(classify(head, body, now_ms));
    }
    if !turn.stream {
        return exchange::reply(turn, &target.wire, memo, head, body).map(|answer| answer.body);
    }
    let media = head.media_type().unwrap_or_default();
    let document = ["application/json", "text/html", "application/problem+json"];
    if document.iter().any(|known| media.eq_ignore_ascii_case(known)) {
        return Err(classify(head, body, now_ms));
    }
    stream(turn, target, memo, body)
}

/// Byte by byte, as the worst network would bring it: what was sent before a failure is sent.
fn stream(turn: &Turn, target: &TargetSettings, memo: &Memo, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let Some(mut pipe) = exchange::stream(turn, &target.wire, memo) else {
        return Err(Failure::malformed("this path has no streams"));
    };
    let mut out = Vec::with_capacity(body.len() * 2);
    let mut token = false;
    let mut failed = None;
    for byte in body.chunks(1) {
        match pipe.push(byte, &mut out) {
            Ok(seen) => token |= seen,
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    let failed = match failed {
        None => pipe.finish(&mut out).err(),
        failed => failed,
    };
    match failed {
        None if token => Ok(out),
        None => Err(Failure::malformed("the stream ended before its first token")),
        Some(failure) if !token => Err(failure),
        Some(failure) => {
            pipe.fail(&CallerError::of_failure(&failure, target.id()), &mut out);
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::json::Raw;

    #[test]
    fn a_plain_request_is_json() {
        let yaml = b"version: 1\ntargets: [{id: a, provider: openai, model: m, credential: k}]\n\
            credentials: [{id: k, secret_env: K}]\nmodel_groups: [{name: g, targets: [{id: a}]}]\n";
        let config = Config::from_yaml(yaml).unwrap();
        for surface in [Surface::Chat, Surface::Messages, Surface::Responses, Surface::Embeddings] {
            let body = plain_request(&config, 0, surface, true);
            let raw = Raw::parse(&body).unwrap();
            assert!(raw.get("model").and_then(Raw::text).is_some_and(|model| model == "g"), "{surface:?}");
        }
    }
}
