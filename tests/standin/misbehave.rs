//! From a request to an answer, good or bad as told.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Response};
use serde_json::{Value, json};

use crate::answer::{self, Asked};
use crate::behaviour::{Behaviour, Failure, Point, RetryAfter};
use crate::body::{Answer, Script, Step};
use crate::dialect::{Event, Family, Fault, Part, Received, Route, Speaks, refusal};
use crate::fast;
use crate::log::Note;
use crate::provider::{self, Provider};
use crate::validate::{self, Arrived};

/// An answer before anything is done to it.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    content_type: String,
    events: Vec<Event>,
    /// A stream has no content-length.
    stream: bool,
}

impl Reply {
    fn whole(status: u16, body: impl Into<Bytes>) -> Self {
        let events = vec![Event { bytes: body.into(), part: Part::Token }];
        Self { status, headers: Vec::new(), content_type: "application/json".into(), events, stream: false }
    }
}

pub async fn respond(
    provider: &Arc<Provider>,
    request: Request<Incoming>,
    reset: &Arc<AtomicBool>,
) -> io::Result<Response<Answer>> {
    if provider.speaks == Speaks::Echo {
        return echo(provider, request);
    }
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    if let Some(ready) = &provider.ready {
        return Ok(fast::respond(ready, provider.speaks, head.uri.path(), &body));
    }
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut note = provider.log.note(head.method.as_str(), target, &head.headers, &body);
    let behaviour = provider.behaviour();
    tokio::time::sleep(Duration::from_millis(behaviour.delay_ms)).await;
    if behaviour.stall == Some(Point::Headers) {
        note.set("outcome", json!("stalled before the headers"));
        std::future::pending::<()>().await;
    }
    if behaviour.cut == Some(Point::Headers) || behaviour.reset == Some(Point::Headers) {
        let resets = behaviour.reset == Some(Point::Headers);
        reset.store(resets, Ordering::Relaxed);
        note.finish(if resets { "reset" } else { "cut" });
        return Err(io::Error::other("broken off on demand"));
    }
    let found = Route::find(head.uri.path(), provider.speaks);
    let reply = match found {
        Some(route) => {
            let arrived = Arrived {
                method: head.method.as_str(),
                path: head.uri.path(),
                query: head.uri.query().unwrap_or_default(),
                headers: &head.headers,
                body: &body,
            };
            reply(provider, &behaviour, &route, &arrived, &note)
        }
        None => {
            let family = match provider.speaks {
                Speaks::Only(family) => family,
                _ => Family::OpenAi,
            };
            note.set("problem", json!(format!("there is nothing at {}", head.uri.path())));
            refused(family, Failure::NotFound, None, None, "")
        }
    };
    Ok(send(reply, &behaviour, note, reset))
}

fn reply(
    provider: &Provider,
    behaviour: &Behaviour,
    route: &Route,
    arrived: &Arrived<'_>,
    note: &Note,
) -> Reply {
    let key = provider.key();
    let checked = validate::head(route.family, arrived, key.as_deref());
    let body = serde_json::from_slice::<Value>(arrived.body);
    let asked = match &body {
        Ok(body) => {
            let version = arrived.headers.get("anthropic-version").and_then(|version| version.to_str().ok());
            route.endpoint.read(&Received {
                body,
                query: arrived.query,
                version,
                model: route.model.clone(),
                stream: route.stream,
            })
        }
        Err(error) => Err(Fault::new(format!("We could not parse the JSON body of your request: {error}"))),
    };
    let fault = checked.as_ref().err().or(asked.as_ref().err());
    if let Some(fault) = fault {
        note.set("problem", json!(fault.message));
    }
    let model = asked.as_ref().map_or("the-model", |asked| asked.model.as_str());
    if behaviour.replaces() {
        let mut reply = replacement(route.family, behaviour, model);
        let blocked = reply.status == 200 && behaviour.failure.is_some() && behaviour.status.is_none();
        if let (true, Ok(Asked { stream: true, .. })) = (blocked, &asked) {
            // Google refuses a prompt with a 200, which is an event where a stream was asked for.
            reply.stream = true;
            reply.content_type = route.endpoint.stream_type().into();
            for event in &mut reply.events {
                let data = String::from_utf8_lossy(&event.bytes).into_owned();
                event.bytes = format!("data: {data}\n\n").into();
            }
        }
        return reply;
    }
    match (fault.filter(|_| !provider.lenient), &asked) {
        (None, Ok(asked)) => {
            let said =
                answer::answer(&provider.name, asked, behaviour, provider.next_number(), provider::now());
            let mut reply = Reply::whole(200, route.endpoint.whole(asked, &said).to_string());
            if asked.stream {
                reply.events = route.endpoint.events(asked, &said);
                reply.content_type = route.endpoint.stream_type().into();
                reply.stream = true;
            }
            disturb(&mut reply, behaviour, route);
            reply
        }
        (Some(fault), _) | (None, Err(fault)) => {
            refused(route.family, fault.failure, Some(&fault.message), fault.param.as_deref(), model)
        }
    }
}

fn refused(
    family: Family,
    failure: Failure,
    message: Option<&str>,
    param: Option<&str>,
    model: &str,
) -> Reply {
    let refused = refusal(family, failure, message, param, model);
    let mut reply = Reply::whole(refused.status, refused.body.to_string());
    reply.headers = refused.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    reply
}

/// What is said whatever was asked.
fn replacement(family: Family, behaviour: &Behaviour, model: &str) -> Reply {
    let status = behaviour.status.unwrap_or(200);
    let mut reply = if behaviour.html {
        let mut reply = Reply::whole(
            status,
            "<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Please wait…</h1></body></html>\n",
        );
        reply.content_type = "text/html; charset=utf-8".into();
        reply
    } else if behaviour.empty {
        Reply::whole(status, "")
    } else if let Some(body) = &behaviour.body {
        Reply::whole(status, body.as_str().map_or_else(|| body.to_string(), str::to_owned))
    } else {
        let failure = behaviour.failure.unwrap_or_else(|| Failure::of_status(status));
        let mut reply = refused(family, failure, behaviour.message.as_deref(), None, model);
        reply.status = behaviour.status.unwrap_or(reply.status);
        reply
    };
    if let Some(RetryAfter::RetryInfo(delay)) = &behaviour.retry_after {
        add_retry_info(&mut reply, delay);
    }
    reply
}

fn add_retry_info(reply: &mut Reply, delay: &str) {
    let info = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
    for event in &mut reply.events {
        if let Ok(mut body) = serde_json::from_slice::<Value>(&event.bytes) {
            match body["error"]["details"].as_array_mut() {
                Some(details) => details.push(info.clone()),
                None => body["error"]["details"] = json!([info]),
            }
            event.bytes = body.to_string().into();
        }
    }
}

/// Puts events into a stream that do not belong there.
fn disturb(reply: &mut Reply, behaviour: &Behaviour, route: &Route) {
    if let Some(at) = behaviour.error_event {
        let failure = behaviour.failure.unwrap_or(Failure::Overloaded);
        if !reply.stream {
            // There is no event to send: the error is the body of a 200.
            let refused = refused(route.family, failure, behaviour.message.as_deref(), None, "the-model");
            reply.events = refused.events;
            return;
        }
        let event = route.endpoint.failure_event(route.family, failure, behaviour.message.as_deref());
        reply.events.truncate(place(&reply.events, at));
        reply.events.push(event);
    }
    if let Some(at) = behaviour.malformed_event.filter(|_| reply.stream) {
        let at = place(&reply.events, at);
        reply.events.insert(at, route.endpoint.malformed_event());
    }
    if let Some(at) = behaviour.corrupt.filter(|_| reply.stream) {
        let at = place(&reply.events, at);
        if let Some(event) = reply.events.get_mut(at) {
            let mut bytes = event.bytes.to_vec();
            bytes.last_mut().into_iter().for_each(|byte| *byte ^= 0xff);
            event.bytes = bytes.into();
        }
    }
    if behaviour.crlf && reply.stream {
        for event in &mut reply.events {
            if let Ok(text) = std::str::from_utf8(&event.bytes) {
                event.bytes = text.replace('\n', "\r\n").into();
            }
        }
    }
}

/// How many events come before a point that is not given in bytes.
fn place(events: &[Event], point: Point) -> usize {
    let first =
        |parts: &[Part]| events.iter().position(|event| parts.contains(&event.part)).unwrap_or(events.len());
    match point {
        Point::Headers | Point::Body => 0,
        Point::FirstToken => first(&[Part::Token]),
        Point::Terminator => first(&[Part::Terminator]),
        Point::Events(count) => count.min(events.len()),
        Point::Bytes(_) => events.len(),
    }
}

/// How many bytes come before a point.
fn bytes_before(events: &[Event], point: Point) -> usize {
    let all: usize = events.iter().map(|event| event.bytes.len()).sum();
    match point {
        Point::Bytes(count) => count.min(all),
        _ => events.iter().take(place(events, point)).map(|event| event.bytes.len()).sum(),
    }
}

fn send(reply: Reply, behaviour: &Behaviour, note: Note, reset: &Arc<AtomicBool>) -> Response<Answer> {
    let all: usize = reply.events.iter().map(|event| event.bytes.len()).sum();
    let ends = [
        (behaviour.end, None),
        (behaviour.stall, Some(Step::Hang)),
        (behaviour.cut, Some(Step::Cut)),
        (behaviour.reset, Some(Step::Reset)),
    ];
    let mut end = (all, None);
    for (point, step) in ends {
        if let Some(point) = point.filter(|point| *point != Point::Headers) {
            end = (bytes_before(&reply.events, point), step);
        }
    }
    let steps = steps(&reply, behaviour, end.0, end.1.clone());
    let mut response = Response::builder().status(reply.status);
    if let Some(headers) = response.headers_mut() {
        let content_type = behaviour.content_type.clone().unwrap_or(reply.content_type);
        insert(headers, "content-type", &content_type);
        if !reply.stream {
            // What is cut off later was still promised.
            let promised = if end.1.is_some() { all } else { end.0 };
            insert(headers, "content-length", &promised.to_string());
        }
        for (name, value) in &reply.headers {
            insert(headers, name, value);
        }
        retry_after(headers, behaviour.retry_after.as_ref());
        for (name, value) in &behaviour.headers {
            insert(headers, name, value);
        }
    }
    note.set("status", json!(reply.status));
    let answer = Answer::Script(Box::new(Script::new(steps, Arc::clone(reset), note)));
    response
        .body(answer)
        .unwrap_or_else(|error| crate::server::plain(500, "text/plain", format!("{error}\n")))
}

fn steps(reply: &Reply, behaviour: &Behaviour, until: usize, end: Option<Step>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut left = until;
    for (at, event) in reply.events.iter().enumerate() {
        if left == 0 {
            break;
        }
        if at > 0 && behaviour.slow_ms > 0 {
            steps.push(Step::Wait(Duration::from_millis(behaviour.slow_ms)));
        }
        let bytes = event.bytes.slice(..left.min(event.bytes.len()));
        left -= bytes.len();
        match behaviour.chunk_bytes.filter(|size| *size > 0) {
            None => steps.push(Step::Send(bytes)),
            Some(size) => {
                let mut from = 0;
                while from < bytes.len() {
                    let to = (from + size).min(bytes.len());
                    steps.push(Step::Send(bytes.slice(from..to)));
                    // A wait between, or they would travel as one.
                    steps.push(Step::Wait(Duration::from_millis(1)));
                    from = to;
                }
            }
        }
    }
    steps.extend(end);
    steps
}

fn insert(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes())) {
        headers.insert(name, value);
    }
}

fn retry_after(headers: &mut HeaderMap, when: Option<&RetryAfter>) {
    match when {
        Some(RetryAfter::Seconds(seconds)) => insert(headers, "retry-after", &seconds.to_string()),
        Some(RetryAfter::Date(seconds)) => {
            let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(*seconds));
            insert(headers, "retry-after", &date);
        }
        Some(RetryAfter::Ms(ms)) => insert(headers, "retry-after-ms", &ms.to_string()),
        Some(RetryAfter::RatelimitReset(time)) => {
            insert(headers, "x-ratelimit-limit-requests", "500");
            insert(headers, "x-ratelimit-remaining-requests", "0");
            insert(headers, "x-ratelimit-reset-requests", time);
        }
        Some(RetryAfter::RetryInfo(_)) | None => {}
    }
}

/// Sends back what comes, as it comes: an upstream that is no LLM.
fn echo(provider: &Provider, request: Request<Incoming>) -> io::Result<Response<Answer>> {
    let mut note =
        provider.log.note(request.method().as_str(), &request.uri().to_string(), request.headers(), b"");
    note.set("status", json!(200));
    note.finish("echoed");
    let content_type =
        request.headers().get("content-type").cloned().unwrap_or(HeaderValue::from_static("text/plain"));
    let line = format!("{} {}", request.method(), request.uri());
    let mut answer = Answer::Echo(request.into_body());
    if let Answer::Echo(body) = &answer
        && hyper::body::Body::is_end_stream(body)
    {
        answer = Answer::Whole(Some(format!("{}: {line}\n", provider.name).into()));
    }
    Response::builder()
        .header("content-type", content_type)
        .header("x-echo", line)
        .body(answer)
        .map_err(io::Error::other)
}
