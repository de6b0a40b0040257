//! A trip made from the request alone.

use super::{Planned, Route, Trip};
use crate::dialect::{Surface, Turn, ask};
use crate::filter::Runtime;
use crate::filter::aside::Asides;
use crate::filter::headers::{self, Header};
use crate::filter::router::dialect_headers;
use crate::json::Document;
use std::rc::Rc;

impl Trip {
    /// A trip of one's own, where the router role's is in another VM and there is no handoff, from the request as the
    /// router role let it go: of a plan without drills, and for its first attempt, nothing is missing.
    pub fn from_request(
        runtime: &Rc<Runtime>,
        headers: &[Header<'_>],
        body: Vec<u8>,
        now_ms: u64,
    ) -> Option<Trip> {
        let config = &runtime.config;
        let key = headers::key(headers, headers::TRIP)?;
        let mut names = headers::text(headers, headers::ORDER)?.split('|');
        let name = names.next()?;
        let (place, group) = config.groups.iter().enumerate().find(|(_, group)| group.name == name)?;
        let path = headers::text(headers, ":path")?;
        let surface = Surface::of_path(path.strip_prefix(config.listen.base_path.as_str())?)?;
        let document = Document::parse(body).ok()?;
        let asked = ask(surface, document.root(), &config.listen.limits).ok()?;
        let turn = Turn {
            surface,
            requested_model: asked.model,
            stream: asked.stream,
            stream_usage: asked.stream_usage,
            id: Turn::id_of(key),
            created: now_ms / 1000,
            unsupported: group.unsupported,
            caller_headers: dialect_headers(headers.iter().copied()),
        };
        let order = names.map(|id| runtime.target(id)).collect::<Option<_>>()?;
        let route = Route { group: place, turn, order, drills: Vec::new(), asides: Asides::default() };
        Some(Trip::new(runtime, route, Some(document), Planned::Elsewhere))
    }
}
