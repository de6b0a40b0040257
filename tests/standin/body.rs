//! The body of an answer as a script: send, wait, hang, break off.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Sleep;

use crate::log::Note;

/// What to do next with the body.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Nothing more, ever; the connection stays.
    Hang,
    /// Close the connection.
    Cut,
    /// Reset the connection.
    Reset,
}

/// How long what was sent gets to arrive before the connection breaks: a reset overtakes data otherwise.
const ARRIVAL: Duration = Duration::from_millis(30);

pub enum Answer {
    Whole(Option<Bytes>),
    /// Events made in advance, sent one by one without waiting.
    Ready(Arc<[Bytes]>, usize),
    Script(Box<Script>),
    /// What comes in goes out, chunk by chunk.
    Echo(Incoming),
}

pub struct Script {
    pub steps: VecDeque<Step>,
    /// Set to make the connection end with a reset.
    pub reset: Arc<AtomicBool>,
    pub note: Note,
    wait: Option<Pin<Box<Sleep>>>,
    sent: usize,
}

impl Script {
    pub fn new(steps: Vec<Step>, reset: Arc<AtomicBool>, mut note: Note) -> Self {
        if steps.is_empty() {
            note.finish("whole");
        }
        Self { steps: steps.into(), reset, note, wait: None, sent: 0 }
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, io::Error>>> {
        loop {
            if let Some(wait) = &mut self.wait {
                if wait.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.wait = None;
            }
            match self.steps.front_mut() {
                None => {
                    self.note.finish("whole");
                    return Poll::Ready(None);
                }
                Some(Step::Send(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.steps.pop_front();
                    self.sent += bytes.len();
                    if self.steps.is_empty() {
                        // With a content-length nobody asks for more.
                        self.note.finish("whole");
                    }
                    if !bytes.is_empty() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                }
                Some(Step::Wait(time)) => {
                    self.wait = Some(Box::pin(tokio::time::sleep(*time)));
                    self.steps.pop_front();
                }
                Some(Step::Hang) => {
                    self.note.set("outcome", serde_json::json!("stalled"));
                    return Poll::Pending;
                }
                Some(step @ (Step::Cut | Step::Reset)) => {
                    let resets = matches!(step, Step::Reset);
                    if self.sent != usize::MAX {
                        self.sent = usize::MAX;
                        self.wait = Some(Box::pin(tokio::time::sleep(ARRIVAL)));
                        continue;
                    }
                    self.reset.store(resets, Ordering::Relaxed);
                    self.note.finish(if resets { "reset" } else { "cut" });
                    return Poll::Ready(Some(Err(io::Error::other("broken off on demand"))));
                }
            }
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.note.finish("left by the client");
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Ready(events, at) => {
                let event = events.get(*at).cloned();
                *at += 1;
                Poll::Ready(event.map(|event| Ok(Frame::data(event))))
            }
            Self::Script(script) => script.next(context).map(|next| next.map(|bytes| bytes.map(Frame::data))),
            Self::Echo(incoming) => Pin::new(incoming).poll_frame(context).map_err(io::Error::other),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                let length = bytes.as_ref().map_or(0, Bytes::len);
                SizeHint::with_exact(u64::try_from(length).unwrap_or(u64::MAX))
            }
            _ => SizeHint::default(),
        }
    }
}
