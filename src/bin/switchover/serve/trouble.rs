//! What isn't as the file wants it: one place for each thing that can be so, until it is so no more.

/// Sentences.
#[derive(Debug, Default)]
pub struct Troubles {
    /// The file is wrong, or wasn't taken over.
    pub file: Option<String>,
    /// Something else than the file is served, as somebody wanted.
    pub back: Option<String>,
    /// A file that Envoy reads couldn't be written, or was refused.
    pub parts: Option<String>,
    /// A copy of a key couldn't be written.
    pub keys: Option<String>,
    /// There is no Envoy at the moment.
    pub envoy: Option<String>,
}

impl Troubles {
    /// All of them, a sentence each.
    pub fn all(&self) -> impl Iterator<Item = String> {
        let all = [&self.envoy, &self.file, &self.back, &self.parts, &self.keys];
        all.into_iter().flatten().flat_map(|words| words.lines()).map(str::to_owned)
    }
}
