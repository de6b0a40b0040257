//! Tokens, as the provider counted them.

/// Counts of one answer; `None` is what the provider did not say. Never estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the prompt, cached ones included.
    pub input: Option<u64>,
    /// Of `input`: read from a cache.
    pub cache_read: Option<u64>,
    /// Of `input`: written to a cache.
    pub cache_write: Option<u64>,
    /// All tokens of the answer, reasoning included.
    pub output: Option<u64>,
    /// Of `output`: reasoning.
    pub reasoning: Option<u64>,
}

impl Usage {
    /// Takes over what a later report says; a stream's reports are cumulative.
    pub fn update(&mut self, later: &Usage) {
        self.input = later.input.or(self.input);
        self.cache_read = later.cache_read.or(self.cache_read);
        self.cache_write = later.cache_write.or(self.cache_write);
        self.output = later.output.or(self.output);
        self.reasoning = later.reasoning.or(self.reasoning);
    }

    /// Whether the provider said nothing.
    pub fn is_empty(&self) -> bool {
        *self == Usage::default()
    }
}
