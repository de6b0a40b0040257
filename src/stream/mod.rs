//! Framing of streams: bytes as they come off the wire to whole events, whatever the chunks.
//!
//! Only framing: what an event means is its dialect's business.

pub mod eventstream;
pub mod sse;
