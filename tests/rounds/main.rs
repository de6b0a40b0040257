//! Round trips: a conversation that goes on with another maker at each turn, and with the first one again.
//!
//! Laws over conversations, most of which the generators make up, for each caller's dialect:
//!
//! * whoever answers next hears all that was said, and what it sealed itself comes back to it and reaches nobody else;
//! * code that a maker ran (`code`) comes back to it, whatever the rest of the conversation is;
//! * what a target got of a turn is the beginning of what it gets of the next, byte for byte: its cache of prompts holds.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod answer;
mod caller;
mod code;
#[path = "../golden/frames.rs"]
#[expect(dead_code, reason = "the golden cases have more of them")]
mod frames;
mod heard;
mod joined;
mod maker;
mod prefix;
mod rules;
mod script;
mod stream;
mod talk;

use caller::CALLERS;
use proptest::prelude::*;
use script::script;
use talk::Talk;

/// Few cases, each of many requests; `PROPTEST_CASES` says how many.
fn cases() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(asked.unwrap_or(10)) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn whoever_answers_next_hears_all(script in script()) {
        for surface in CALLERS {
            Talk::of(surface, &script).everybody_hears();
        }
    }

    #[test]
    fn the_next_turn_begins_with_the_last(script in script()) {
        for surface in CALLERS {
            prefix::holds(&Talk::of(surface, &script));
        }
    }
}
