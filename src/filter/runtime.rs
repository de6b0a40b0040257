//! The configuration as both roles use it: checked once, at load.

use super::identity::identity;
use super::load::Load;
use super::memory::Memory;
use super::telemetry::Telemetry;
use crate::config::{Config, Twin};
use crate::dialect::Target;
use crate::plan::Seat;
use std::cell::Cell;
use std::rc::Rc;

/// What one plugin configuration says, ready for requests.
#[derive(Debug)]
pub struct Runtime {
    /// What the file says.
    pub config: Config,
    /// The requests of this worker that are on their way.
    pub(super) load: Load,
    pub(super) memory: Rc<Memory>,
    pub(super) telemetry: Telemetry,
    /// Of each target whether a request of this worker has reached it.
    reached: Vec<Cell<bool>>,
    /// One for each target; see [`Runtime::identity`].
    identities: Vec<u64>,
}

impl Runtime {
    /// Nothing is held, counted or reached yet.
    pub fn new(config: Config) -> Runtime {
        let memory = Rc::new(Memory::new(config.listen.memory));
        let reached = config.targets.iter().map(|_| Cell::new(false)).collect();
        let identities = config.targets.iter().map(|target| identity(&config, target)).collect();
        Runtime {
            config,
            load: Load::default(),
            memory,
            telemetry: Telemetry::default(),
            reached,
            identities,
        }
    }

    /// Reads a plugin configuration: `switchover.yaml` as JSON.
    ///
    /// # Errors
    /// Every problem, in the words of `switchover check`.
    pub fn load(json: &[u8]) -> Result<Runtime, Vec<String>> {
        let config = Config::from_json(json)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(Runtime::new(config))
    }

    /// The drills that are on, a sentence each, for the operator's log.
    pub fn drills(&self, now_ms: u64) -> impl Iterator<Item = String> {
        self.config.drills.iter().filter(move |drill| drill.is_on(now_ms)).map(move |drill| {
            let minutes = (drill.until_ms - now_ms).div_ceil(60_000);
            format!(
                "A drill is on: {} {} for {}.{:04} % of its requests, for {minutes} more minutes.",
                self.id(drill.target),
                drill.effect.name(),
                drill.per_million / 10_000,
                drill.per_million % 10_000,
            )
        })
    }

    /// A target as the dialects see it, by its place.
    pub fn wire(&self, place: usize) -> Option<&Target> {
        self.config.targets.get(place).map(|target| &target.wire)
    }

    /// The name of the group at a place.
    pub fn group_name(&self, place: usize) -> &str {
        self.config.groups.get(place).map_or("?", |group| group.name.as_str())
    }

    /// The id of the target at a place.
    pub fn id(&self, place: usize) -> &str {
        self.wire(place).map_or("?", |target| target.id.as_str())
    }

    /// Notes that Envoy has picked the target for an attempt: it has an address.
    pub(super) fn reach(&self, place: usize) {
        if let Some(reached) = self.reached.get(place) {
            reached.set(true);
        }
    }

    /// Whether Envoy surely has an address of the target: one that was reached before, or that DNS has nothing to do with.
    pub(super) fn has_address(&self, place: usize) -> bool {
        self.reached.get(place).is_some_and(Cell::get)
            || self.wire(place).is_some_and(|target| is_numeric(&target.endpoint.host))
    }

    /// The number by which the news of the target at a place is known (`filter/identity.rs`).
    pub fn identity(&self, place: usize) -> Option<u64> {
        self.identities.get(place).copied()
    }

    /// The place of the target with an identity.
    pub fn identified(&self, identity: u64) -> Option<usize> {
        self.identities.iter().position(|known| *known == identity)
    }

    /// A target's place by its id.
    pub fn target(&self, id: &str) -> Option<usize> {
        self.config.targets.iter().position(|target| target.id() == id)
    }

    /// The seat that an endpoint's metadata names: a target's id, or the id and [`Twin::Fail`]'s suffix. The other twin
    /// has the real endpoints.
    pub fn seat(&self, name: &str) -> Option<Seat> {
        let (id, twin) = match name.strip_suffix(Twin::Fail.suffix()) {
            Some(id) => (id, Some(Twin::Fail)),
            None => (name, None),
        };
        Some(Seat { target: self.target(id)?, twin })
    }
}

/// Whether a host is an address already: no name has a colon, or consists of digits.
fn is_numeric(host: &str) -> bool {
    host.contains(':') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
