//! What a callback wants of Envoy.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Let it go on.
    Go,
    /// Hold it: headers and trailers stay; of a body stays what the callback left in the buffer.
    Wait,
    /// Hold a piece of a body that the next callback shall have with what comes then. For few bytes: see [`Flow::stops_body`].
    Keep,
}

impl Flow {
    /// For headers (which lets a body come all the same) and for trailers.
    pub fn stops(self) -> u32 {
        match self {
            Flow::Go => 0,
            Flow::Wait | Flow::Keep => 1,
        }
    }

    /// For a body: "stop and watermark", not "stop and buffer". With that one Envoy hands out all that has come so far
    /// each time, and answers for itself where that, or what a filter makes of it, is more than its buffer's limit; with
    /// this one it hands out a piece at a time, and a full buffer only slows the sender down. What we need of a body
    /// that waits we take out of the buffer, which costs a call: of one that is below any limit it needn't.
    pub fn stops_body(self) -> u32 {
        match self {
            Flow::Go => 0,
            Flow::Keep => 1,
            Flow::Wait => 2,
        }
    }
}
