//! The headers of an attempt: those that the provider gets, and the caller's of a good answer.

use super::{Attempt, OwnHeader};
use crate::config::Effect;
use crate::dialect::{Dialect, Outgoing};
use crate::failure::Head;
use crate::filter::answer::header_value;
use crate::filter::headers::{self, Header};
use std::borrow::Cow;

impl Attempt {
    /// The headers that the provider gets, all of them: what the caller sent that it may see, and the dialect's own.
    pub fn request_headers(&self, current: &[Header<'_>], outgoing: &Outgoing) -> Vec<OwnHeader> {
        let Some(target) = self.wire() else { return Vec::new() };
        if let Some(Effect::Fail(_)) = self.drill {
            return drill_headers();
        }
        let own = |name: &'static str, value: String| -> OwnHeader {
            (Cow::Borrowed(name.as_bytes()), Cow::Owned(value.into_bytes()))
        };
        let fixed = |name: &'static str, value: &'static str| -> OwnHeader {
            (Cow::Borrowed(name.as_bytes()), Cow::Borrowed(value.as_bytes()))
        };
        let accept = match (self.trip.turn.stream, target.dialect()) {
            (false, _) => "application/json",
            (true, Dialect::Bedrock) => "application/vnd.amazon.eventstream",
            (true, _) => "text/event-stream",
        };
        let mut out = vec![
            fixed(":method", "POST"),
            own(":path", outgoing.path.clone()),
            own(":authority", target.endpoint.authority()),
            fixed(":scheme", if target.endpoint.tls { "https" } else { "http" }),
            fixed("content-type", "application/json"),
            own("content-length", (outgoing.body.len() + outgoing.kept).to_string()),
            fixed("accept", accept),
            own(headers::TARGET, target.id.clone()),
        ];
        out.extend(outgoing.headers.iter().map(|(name, value)| own(name, value.clone())));
        let kept = current.iter().filter(|(name, _)| headers::for_provider(name));
        out.extend(kept.map(|(name, value)| (Cow::Owned(name.to_vec()), Cow::Owned(value.to_vec()))));
        out
    }

    /// The caller's headers of a good answer; `length` of a whole one.
    pub(super) fn answer_headers(&self, head: &Head<'_>, length: Option<usize>) -> Vec<OwnHeader> {
        let own = |name: &'static str, value: String| {
            (Cow::Borrowed(name.as_bytes()), Cow::Owned(value.into_bytes()))
        };
        let content_type =
            if length.is_some() { "application/json" } else { "text/event-stream; charset=utf-8" };
        let mut out: Vec<OwnHeader> =
            vec![own(":status", "200".to_owned()), own("content-type", content_type.to_owned())];
        match length {
            Some(length) => out.push(own("content-length", length.to_string())),
            None => out.push(own("cache-control", "no-cache".to_owned())),
        }
        let kept = head.headers.iter().filter(|(name, _)| headers::for_caller(name));
        out.extend(kept.map(|(name, value)| (Cow::Owned(name.to_vec()), Cow::Owned(value.to_vec()))));
        if let Some(target) = self.wire() {
            out.push(own(headers::TARGET, target.id.clone()));
            out.push(own(headers::MODEL, header_value(target.model(&self.trip.turn.requested_model))));
        }
        out.push(own(headers::GROUP, header_value(self.trip.group_name())));
        out.push(own(headers::ATTEMPTS, self.number.to_string()));
        out.push(own(headers::DECISION, header_value(&self.trip.decision(self.target))));
        if let Some(mark) = self.trip.drill_mark(Some(self.target)) {
            out.push(own(headers::DRILL, mark));
        }
        if !self.dropped.is_empty() {
            out.push(own(headers::DROPPED, header_value(&self.dropped.join(", "))));
        }
        out
    }
}

/// What a drilled attempt sends to the twin: nothing of the caller's, and no target's name, so no credential is added.
fn drill_headers() -> Vec<OwnHeader> {
    let pairs = [(":method", "POST"), (":path", "/"), (":authority", "drill"), (":scheme", "http")];
    let pairs = pairs.into_iter().chain([("content-length", "0")]);
    pairs.map(|(name, value)| (Cow::Borrowed(name.as_bytes()), Cow::Borrowed(value.as_bytes()))).collect()
}
