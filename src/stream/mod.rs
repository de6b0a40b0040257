//! Framing of streams: bytes as they come off the wire to whole events, whatever the chunks.
//!
//! Only framing: what an event means is its dialect's business.

pub mod eventstream;
pub mod sse;

/// Why a stream is not read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped<F, E> {
    /// Its framing is broken.
    Framing(F),
    /// Who takes its events said so.
    Sink(E),
}
