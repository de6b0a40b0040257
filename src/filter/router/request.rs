//! A request's headers: whether it is ours, and what is taken from it.

use super::refuse::refused;
use super::{Phase, RequestStep, Router};
use crate::dialect::{Refusal, Surface};
use crate::filter::answer::header_value;
use crate::filter::drill::Wish;
use crate::filter::headers::{self, Header};
use crate::filter::health;
use crate::filter::intake::Intake;
use crate::filter::memory::Held;
use crate::filter::models;

impl Router {
    /// A request's headers; `end`: there is no body.
    pub fn request(&mut self, headers: &[Header<'_>], end: bool) -> RequestStep {
        if let Some(answer) = health::answer(&self.runtime.config, headers) {
            return RequestStep::Answer(answer);
        }
        let reserved = headers.iter().filter(|(name, _)| headers::is_reserved(name));
        let Some(path) = self.our_path(headers) else {
            // Only what could choose a cluster of ours is taken from others' traffic.
            let ours = reserved.filter(|(name, _)| name.starts_with(b"x-switchover-"));
            return RequestStep::Pass { remove: ours.map(|(name, _)| name.to_vec()).collect() };
        };
        let method = headers::find(headers, ":method").unwrap_or_default();
        if let Some(answer) = models::answer(&self.runtime.config, path, method, headers) {
            return RequestStep::Answer(answer);
        }
        let Some(surface) = Surface::of_path(path) else {
            let ours = reserved.filter(|(name, _)| name.starts_with(b"x-switchover-"));
            return RequestStep::Pass { remove: ours.map(|(name, _)| name.to_vec()).collect() };
        };
        match self.acceptable(surface, method, headers, end) {
            Err(refusal) => RequestStep::Answer(refused(surface, refusal)),
            Ok(()) => {
                let wish = Wish::of(&self.runtime.config, headers);
                self.phase = Phase::Reading {
                    surface,
                    headers: dialect_headers(headers.iter().copied()),
                    wish,
                    body: Intake::of_request(headers),
                    held: Held::nothing(&self.runtime.memory),
                };
                let remove = headers.iter().filter(|(name, _)| self.is_removed(name));
                RequestStep::Read { remove: remove.map(|(name, _)| name.to_vec()).collect() }
            }
        }
    }

    /// Whether a header of a request of ours is not for the filters after us: one that only we or Envoy may set, or a
    /// tenant that nobody has verified.
    fn is_removed(&self, name: &[u8]) -> bool {
        let untrusted = self.runtime.config.tenant.as_ref().filter(|tenant| !tenant.trusted);
        headers::is_reserved(name) || untrusted.is_some_and(|tenant| tenant.header.as_bytes() == name)
    }

    /// The path below our base path, if host and base path are ours.
    fn our_path<'h>(&self, headers: &[Header<'h>]) -> Option<&'h str> {
        let listen = &self.runtime.config.listen;
        if !listen.hosts.is_empty() && !listen.takes(headers::text(headers, ":authority")?) {
            return None;
        }
        headers::text(headers, ":path")?.strip_prefix(listen.base_path.as_str())
    }

    fn acceptable(
        &self,
        surface: Surface,
        method: &[u8],
        headers: &[Header<'_>],
        end: bool,
    ) -> Result<(), Refusal> {
        if method != b"POST" {
            let message = format!("{} takes POST requests only. Send the request with POST.", surface.path());
            return Err(Refusal::of(405, "method_not_allowed", &message));
        }
        if let Some(coding) = headers::text(headers, "content-encoding")
            .filter(|coding| !coding.trim().eq_ignore_ascii_case("identity"))
        {
            let message =
                format!("The body is compressed with {}. Send it as plain JSON.", header_value(coding));
            return Err(Refusal::of(415, "unsupported_encoding", &message));
        }
        if end {
            return Err(Refusal::invalid("", "The request has no body. Send a JSON object."));
        }
        let length = headers::text(headers, "content-length").and_then(|length| length.parse::<u64>().ok());
        self.fits(length.unwrap_or(0))
    }

    /// Whether a body of so many bytes is not too long.
    pub(super) fn fits(&self, length: u64) -> Result<(), Refusal> {
        let most = self.runtime.config.listen.max_body_bytes;
        if length <= most {
            return Ok(());
        }
        let message =
            format!("The body has more than the {most} bytes that are allowed here. Send a shorter request.");
        Err(Refusal::of(413, "request_too_large", message))
    }
}

/// The headers that a provider of the caller's dialect may see.
pub(in crate::filter) fn dialect_headers<'h>(
    headers: impl Iterator<Item = Header<'h>>,
) -> Vec<(String, String)> {
    let ours = headers.filter(|(name, _)| headers::of_dialect(name));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok();
    ours.filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
}
