//! Verdicts: why a member of a group may be asked or not, in words.

use crate::chat::Features;
use crate::settings::SwitchedOff;

/// Why a member is in the order or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can take the request.
    In,
    /// The file lets no request go to it.
    Off(SwitchedOff),
    /// It has not all that the request needs.
    Lacks(Features),
    /// The request surely exceeds its window of so many tokens.
    TooLong(u64),
    /// Embeddings: its model is not the one whose vectors the group gives.
    OtherVectors,
    /// Its dialect can't carry the request, in words.
    CantCarry(String),
    /// What its dialect makes of the request has so many bytes, and so many may be sent.
    TooLarge(usize, u64),
    /// It rate limited us or its quota is spent, until so many milliseconds since 1970.
    Cooling(u64),
    /// So many streams of it in a row broke off: it is left alone until so many milliseconds since 1970.
    Ejected {
        /// So many in a row.
        streams: u32,
        /// Milliseconds since 1970.
        until_ms: u64,
    },
    /// Envoy has it ejected; so many percent of the requests look whether it is back, and this one doesn't.
    Missing(u32),
    /// It has come back and gets so many percent of the requests; this one isn't among them.
    Returning(u32),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::In => f.write_str("can take the request"),
            Verdict::Off(SwitchedOff::Disabled) => f.write_str("is disabled in the file"),
            Verdict::Off(SwitchedOff::WithGroup) => {
                f.write_str("is of a fallback group that is disabled in the file")
            }
            Verdict::Off(SwitchedOff::NoKey) => f.write_str("is out: its key is missing"),
            Verdict::Lacks(missing) => {
                write!(f, "lacks {}", missing.names().collect::<Vec<_>>().join(", "))
            }
            Verdict::TooLong(window) => write!(f, "has a context window of only {window} tokens"),
            Verdict::OtherVectors => f.write_str("answers with another model's vectors"),
            Verdict::CantCarry(why) => write!(f, "can't carry the request: {why}"),
            Verdict::TooLarge(bytes, most) => {
                write!(
                    f,
                    "would get {bytes} bytes once the request is translated, of {most} that may be sent"
                )
            }
            Verdict::Cooling(until) => write!(f, "is cooling down until {until} ms after 1970"),
            Verdict::Ejected { streams: 1, .. } => f.write_str("is ejected: its last stream broke off"),
            Verdict::Ejected { streams, .. } => {
                write!(f, "is ejected: its last {streams} streams broke off")
            }
            Verdict::Missing(percent) => {
                write!(f, "is ejected: {percent} % of the requests look whether it is back")
            }
            Verdict::Returning(percent) => {
                write!(f, "is coming back: {percent} % of the requests go there first")
            }
        }
    }
}
