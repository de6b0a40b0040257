//! Ends streams that flow: what [`Streams`] says is carried out.
//!
//! Nothing can be written into a stream outside its own callbacks, and none comes while its provider is silent. But an answer
//! that is told to go on, though nothing holds it, sends an empty piece down the filter chain (seen on 1.37 to 1.40): the
//! router role is called with it and writes the last words into it. One tick later, when they are out, the stream is reset.

use super::{abi, shared, store, telemetry, timer};
use crate::filter::Silence;
use crate::filter::watch::{Hurry, Streams};
use std::cell::RefCell;

thread_local! {
    static STREAMS: RefCell<Streams<Silence>> = RefCell::default();
}

/// Some bytes of a flowing stream came. `silence` is asked for once a stream.
pub fn touch(root: u32, context: u32, silence: impl FnOnce() -> Option<Silence>) {
    let stream = || silence().map(|silence| (silence.limits(), silence));
    if shared::lend(&STREAMS, |streams| streams.touch(root, context, stream)) == Some(true) {
        let _ = timer::hurry(root, need(root));
    }
}

/// The stream is over.
pub fn forget(context: u32) {
    shared::lend(&STREAMS, |streams| streams.forget(context));
}

pub fn need(root: u32) -> Hurry {
    shared::lend(&STREAMS, |streams| streams.need(root)).unwrap_or_default()
}

/// Ends the streams that are silent for too long, and those whose time is over.
pub fn tick(root: u32, now_ms: u64, since_ms: u64) {
    let Some(due) = shared::lend(&STREAMS, |streams| streams.tick(root, now_ms, since_ms)) else { return };
    for (_, why, silence) in &due.ending {
        let Some(told) = silence.ends(*why) else { continue };
        told.counts.iter().for_each(|count| telemetry::count(silence.runtime(), count));
        if let Some((target, news)) = told.news {
            store::tell(silence.runtime(), target, news, || now_ms);
        }
    }
    for (context, why, _) in &due.ending {
        abi::log(abi::Level::Warn, why.notice());
        let _ = abi::push_response(*context);
    }
    for context in due.over {
        let _ = abi::reset_response(context);
    }
}
