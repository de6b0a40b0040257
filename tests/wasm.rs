//! The core in Node: the same tests as natively, on 32 bits, where there is no clock, no file, no thread and no host.
//!
//! Each file here that needs nothing but the core is named once more below; its `test` is then wasm-bindgen-test's.
//! Anything of the core that reached for a host would not even link.
#![cfg(target_family = "wasm")]

mod json;
