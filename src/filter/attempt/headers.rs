//! The headers of an attempt: those that the provider gets, and the caller's of a good answer.

use super::Attempt;
use crate::config::Effect;
use crate::dialect::{Dialect, Outgoing, dropped_line};
use crate::failure::Head;
use crate::filter::answer::header_value;
use crate::filter::headers::{self, Header, HeaderList};

impl Attempt {
    /// The headers that the provider gets, all of them: what the caller sent that it may see, and the dialect's own.
    pub fn request_headers(&self, current: &[Header<'_>], outgoing: &Outgoing) -> HeaderList {
        let mut out = HeaderList::new();
        let Some(target) = self.wire() else { return out };
        if let Some(Effect::Fail(_)) = self.drill {
            return drill_headers(current);
        }
        let accept = match (self.trip.turn.stream, target.dialect()) {
            (false, _) => "application/json",
            (true, Dialect::Bedrock) => "application/vnd.amazon.eventstream",
            (true, _) => "text/event-stream",
        };
        out.push(":method", "POST");
        out.push(":path", &outgoing.path);
        out.push(":authority", &target.endpoint.authority());
        out.push(":scheme", if target.endpoint.tls { "https" } else { "http" });
        out.push("content-type", "application/json");
        out.push_number(
            "content-length",
            u64::try_from(outgoing.body.len() + outgoing.kept).unwrap_or(u64::MAX),
        );
        out.push("accept", accept);
        out.push(headers::TARGET, &target.id);
        outgoing.headers.iter().for_each(|(name, value)| out.push(*name, value));
        let kept = current.iter().filter(|(name, _)| headers::for_provider(name));
        kept.for_each(|(name, value)| out.push(*name, *value));
        out
    }

    /// The caller's headers of a good answer; `length` of a whole one.
    pub(super) fn answer_headers(&self, head: &Head<'_>, length: Option<usize>) -> HeaderList {
        let mut out = HeaderList::new();
        out.push(":status", "200");
        match length {
            Some(length) => {
                out.push("content-type", "application/json");
                out.push_number("content-length", u64::try_from(length).unwrap_or(u64::MAX));
            }
            None => {
                out.push("content-type", "text/event-stream; charset=utf-8");
                out.push("cache-control", "no-cache");
            }
        }
        let kept = head.headers.iter().filter(|(name, _)| headers::for_caller(name));
        kept.for_each(|(name, value)| out.push(*name, *value));
        let mut say = |name: &str, value: &str| out.push(name, &*header_value(value));
        if let Some(target) = self.wire() {
            say(headers::TARGET, &target.id);
            say(headers::MODEL, target.model(&self.trip.turn.requested_model));
        }
        say(headers::GROUP, self.trip.group_name());
        say(headers::DECISION, &self.trip.decision(self.target));
        if let Some(mark) = self.trip.drill_mark(Some(self.target)) {
            say(headers::DRILL, &mark);
        }
        if !self.dropped.is_empty() {
            say(headers::DROPPED, &dropped_line(&self.dropped));
        }
        out.push_number(headers::ATTEMPTS, u64::from(self.number));
        out
    }
}

/// What a drilled attempt sends to the twin: no target's name, so no credential is added, and of the caller's only what any
/// provider may see. The next attempt begins with these headers, and the access log reads the request's id from them.
fn drill_headers(current: &[Header<'_>]) -> HeaderList {
    let mut out = HeaderList::new();
    for (name, value) in [
        (":method", "POST"),
        (":path", "/"),
        (":authority", "drill"),
        (":scheme", "http"),
        ("content-length", "0"),
    ] {
        out.push(name, value);
    }
    let kept = current.iter().filter(|(name, _)| headers::for_provider(name));
    kept.for_each(|(name, value)| out.push(*name, *value));
    out
}
