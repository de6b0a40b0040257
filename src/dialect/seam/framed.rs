//! A stream frame by frame: what every reader of one does, whatever its dialect makes of a frame.
//!
//! Bytes go into the framing, whole frames come out and go to the dialect, until the dialect says that the answer is
//! over or that it failed. A dialect writes a [`FrameReader`] and has a [`StreamReader`] or a [`Pipe`].

use super::error::CallerError;
use super::seen::Seen;
use super::{Pipe, StreamReader};
use crate::chat::Event;
use crate::failure::Failure;
use crate::stream::sse::{self, Sse};

/// Where a reader's events go.
pub type Sink<'s> = dyn FnMut(Event<'_>) + 's;

/// How a stream's frames lie in its bytes.
pub trait Framing: 'static {
    type Frame<'f>;
    /// Gives `sink` each frame that the chunk completes, up to the first that fails.
    ///
    /// # Errors
    /// What `sink` said; that the bytes are no such stream.
    fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(Self::Frame<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure>;
    /// How many bytes are kept of a frame that is not whole.
    fn held(&self) -> usize;
}

impl Framing for Sse {
    type Frame<'f> = sse::Frame<'f>;

    fn push(
        &mut self,
        bytes: &[u8],
        sink: &mut dyn FnMut(sse::Frame<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        Ok(Sse::push(self, bytes, sink)?)
    }

    fn held(&self) -> usize {
        Sse::held(self)
    }
}

/// What a dialect makes of the frames of a stream: events of the model ([`Sink`]), or a caller's bytes.
pub trait FrameReader<F: Framing, Out: ?Sized> {
    /// Takes one frame. None comes after the answer is over, or after a failure.
    ///
    /// # Errors
    /// The failure that it reports.
    fn take(&mut self, frame: F::Frame<'_>, out: &mut Out) -> Result<(), Failure>;
    /// The end of the bytes.
    ///
    /// # Errors
    /// The answer is not whole.
    fn finish(&mut self, framing: &F, out: &mut Out) -> Result<(), Failure>;
    /// See [`StreamReader::is_over`].
    fn is_over(&self) -> bool;
    /// How many bytes are kept of the frames so far until they can be told.
    fn held(&self) -> usize {
        0
    }
}

/// What a dialect on both sides makes of the frames of a stream.
pub trait FramePipe<F: Framing>: FrameReader<F, Vec<u8>> {
    /// Whether the caller has something to see.
    fn has_token(&self) -> bool;
    /// See [`Pipe::fail`].
    fn fail(&self, error: &CallerError, out: &mut Vec<u8>);
    fn seen(&self) -> &Seen;
}

/// A stream in its framing.
pub struct Framed<F, S> {
    framing: F,
    state: S,
    /// What ended it.
    failure: Option<Failure>,
}

impl<F: Framing, S> Framed<F, S> {
    pub fn over(framing: F, state: S) -> Framed<F, S> {
        Framed { framing, state, failure: None }
    }

    fn read<Out: ?Sized>(&mut self, bytes: &[u8], out: &mut Out) -> Result<(), Failure>
    where
        S: FrameReader<F, Out>,
    {
        self.check()?;
        let Framed { framing, state, failure } = self;
        let read = framing.push(bytes, &mut |frame| {
            if state.is_over() { Ok(()) } else { state.take(frame, out) }
        });
        read.inspect_err(|why| *failure = Some(why.clone()))
    }

    /// A stream that failed stays so.
    fn check(&self) -> Result<(), Failure> {
        self.failure.clone().map_or(Ok(()), Err)
    }
}

impl<F: Framing, S> StreamReader for Framed<F, S>
where
    S: for<'s> FrameReader<F, Sink<'s>>,
{
    fn push(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Failure> {
        self.read(bytes, sink)
    }

    fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), Failure> {
        self.check()?;
        self.state.finish(&self.framing, sink)
    }

    fn is_over(&self) -> bool {
        self.state.is_over()
    }

    fn held(&self) -> usize {
        self.framing.held().saturating_add(self.state.held())
    }
}

impl<F: Framing, S: FramePipe<F>> Pipe for Framed<F, S> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<bool, Failure> {
        self.read(bytes, out)?;
        Ok(self.state.has_token())
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        self.check()?;
        self.state.finish(&self.framing, out)
    }

    fn is_over(&self) -> bool {
        self.state.is_over()
    }

    fn held(&self) -> usize {
        self.framing.held()
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        self.state.fail(error, out);
    }

    fn seen(&self) -> &Seen {
        self.state.seen()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes letters; `e` ends the answer and `f` is a failure.
    #[derive(Default)]
    struct Letters {
        is_over: bool,
    }

    impl FrameReader<Sse, Sink<'_>> for Letters {
        fn take(&mut self, frame: sse::Frame<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
            match frame.data {
                b"f" => return Err(Failure::timeout("f")),
                b"e" => self.is_over = true,
                _ => sink(Event::Ping),
            }
            Ok(())
        }

        fn finish(&mut self, _: &Sse, _: &mut Sink<'_>) -> Result<(), Failure> {
            if self.is_over { Ok(()) } else { Err(Failure::malformed("cut")) }
        }

        fn is_over(&self) -> bool {
            self.is_over
        }
    }

    fn run(letters: &str) -> (Vec<Result<(), Failure>>, usize) {
        let mut reader = Framed::over(Sse::with_limit(20), Letters::default());
        let mut count = 0;
        let mut sink = |_: Event<'_>| count += 1;
        let chunks = letters.split_terminator('|').map(|letter| format!("data: {letter}\n\n"));
        let mut results: Vec<_> =
            chunks.map(|chunk| StreamReader::push(&mut reader, chunk.as_bytes(), &mut sink)).collect();
        results.push(StreamReader::finish(&mut reader, &mut sink));
        (results, count)
    }

    #[test]
    fn what_comes_after_the_end_is_not_read() {
        assert_eq!(run("a|b|e|c|f"), (vec![Ok(()); 6], 2));
        assert_eq!(run("a"), (vec![Ok(()), Err(Failure::malformed("cut"))], 1));
    }

    #[test]
    fn a_failure_stays() {
        let failed = || Err(Failure::timeout("f"));
        assert_eq!(run("a|f|b|e"), (vec![Ok(()), failed(), failed(), failed(), failed()], 1));
        let broken = || Err(Failure::malformed("an event of the stream is larger than 20 bytes"));
        assert_eq!(run("a|0123456789abcdef|b"), (vec![Ok(()), broken(), broken(), broken()], 1));
    }
}
