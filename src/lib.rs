//! Switchover: failover and translation between LLM providers, inside Envoy.
//!
//! ```text
//! bytes ─▶ host ─▶ filter ─▶ dialect (caller side) ─▶ plan ─▶ dialect (provider side) ─▶ bytes, per attempt
//! bytes ◀─ host ◀─ filter ◀─ dialect (caller side) ◀─ failure ◀─ dialect (provider side) ◀─ bytes
//! ```
//!
//! Imports go one way: `json, stream → chat, failure → dialect → settings → plan → config → filter → host`.
//! Everything but `host` is sans-IO: bytes or values in, values out, with time, randomness and ids as arguments.
//! So the same code runs natively, in the command, under wasm-bindgen-test and in the filter.

pub mod chat;
pub mod config;
pub mod dialect;
pub mod failure;
pub mod filter;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub mod host;
pub mod json;
pub mod plan;
pub mod settings;
pub mod stream;
