//! The configuration as both roles use it: checked once, at load.

use crate::config::Config;
use crate::dialect::Target;

/// What one plugin configuration says, ready for requests.
#[derive(Debug)]
pub struct Runtime {
    pub config: Config,
}

impl Runtime {
    /// Reads a plugin configuration: `switchover.yaml` as JSON.
    ///
    /// # Errors
    /// Every problem, in the words of `switchover check`.
    pub fn load(json: &[u8]) -> Result<Runtime, Vec<String>> {
        let config = Config::from_json(json)
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(Runtime { config })
    }

    /// A target as the dialects see it, by its place.
    pub fn wire(&self, place: usize) -> Option<&Target> {
        self.config.targets.get(place).map(|target| &target.wire)
    }

    /// The id of the target at a place.
    pub fn id(&self, place: usize) -> &str {
        self.wire(place).map_or("?", |target| target.id.as_str())
    }

    /// A target's place by its id.
    pub fn target(&self, id: &str) -> Option<usize> {
        self.config.targets.iter().position(|target| target.id() == id)
    }
}
