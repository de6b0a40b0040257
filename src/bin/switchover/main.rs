//! The native command.
// Cargo builds it for every integration test, tests/wasm.rs included: for WebAssembly it is an empty crate.
#![cfg_attr(target_family = "wasm", no_main)]
#![cfg(not(target_family = "wasm"))]

fn main() {}
