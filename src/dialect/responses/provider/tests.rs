//! Laws: what is written to Responses reads back; a stream is the whole answer, at any split; garbage is no panic.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
