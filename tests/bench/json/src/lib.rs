//! One parser of JSON behind two questions, native and as a WebAssembly module; run.py builds one for each feature.

#[cfg(feature = "jiter")]
#[path = "jiter.rs"]
mod parser;
#[cfg(feature = "ours")]
#[path = "ours.rs"]
mod parser;
#[cfg(feature = "serde_json")]
#[path = "serde_json.rs"]
mod parser;
#[cfg(feature = "simd-json")]
#[path = "simd_json.rs"]
mod parser;
#[cfg(feature = "sonic-rs")]
#[path = "sonic_rs.rs"]
mod parser;
/// What the others' bytes are counted from: the allocator, and nothing that reads JSON.
#[cfg(not(any(
    feature = "jiter",
    feature = "ours",
    feature = "serde_json",
    feature = "simd-json",
    feature = "sonic-rs"
)))]
mod parser {
    pub fn find(_: &[u8]) -> Option<usize> {
        None
    }
    pub fn tree(_: &[u8]) -> Option<usize> {
        None
    }
}

/// What is asked of a document.
pub const QUESTIONS: [(&str, fn(&[u8]) -> Option<usize>); 3] = [
    // Validates all of it; gives the length of `model`, and 1000 more if `stream` is true. Looks up `messages` too.
    ("find", parser::find),
    // Builds all of it; gives how many members the root has.
    ("tree", parser::tree),
    // What a parser that takes its input away from the caller pays besides.
    ("copy", |body| Some(std::hint::black_box(body.to_vec()).len())),
];

/// Asks `rounds` times. The last answer, or -1 for none.
pub fn ask(question: usize, body: &[u8], rounds: u32) -> i64 {
    let Some((_, ask)) = QUESTIONS.get(question) else { return -1 };
    let mut answer = None;
    for _ in 0..rounds {
        answer = std::hint::black_box(ask(std::hint::black_box(body)));
    }
    answer.and_then(|answer| i64::try_from(answer).ok()).unwrap_or(-1)
}

#[cfg(target_family = "wasm")]
mod module {
    static mut BODY: Vec<u8> = Vec::new();

    /// Room for a body; the caller writes it there.
    #[unsafe(no_mangle)]
    extern "C" fn room(size: usize) -> *mut u8 {
        // One thread, and nothing holds the body before between two calls.
        let body = unsafe { &mut *(&raw mut BODY) };
        *body = vec![0; size];
        body.as_mut_ptr()
    }

    #[unsafe(no_mangle)]
    extern "C" fn ask(question: usize, rounds: u32) -> i64 {
        super::ask(question, unsafe { &*(&raw const BODY) }, rounds)
    }
}
