//! An answer through the model: read by the provider's dialect, written by the caller's.

use crate::chat::Event;
use crate::dialect::seam::{CallerError, Pipe, Seen, StreamReader, StreamWriter};
use crate::dialect::talk::FreeFormCalls;
use crate::failure::Failure;

/// A stream through the model.
pub(super) struct Translated {
    pub(super) reader: Box<dyn StreamReader>,
    pub(super) writer: Box<dyn StreamWriter>,
    pub(super) free_form: Option<FreeFormCalls>,
    pub(super) seen: Seen,
    /// Its end may say again what was said.
    pub(super) repeats: bool,
    /// So many bytes came.
    pub(super) came: usize,
}

impl Pipe for Translated {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<bool, Failure> {
        self.came = self.came.saturating_add(bytes.len());
        let Translated { reader, writer, free_form, seen, .. } = self;
        let mut token = false;
        let mut take = |event: Event<'_>| {
            token |= event.is_token();
            seen.note(&event);
            writer.event(&event, out);
        };
        match free_form {
            Some(calls) => reader.push(bytes, &mut |event| calls.pass(event, &mut take))?,
            None => reader.push(bytes, &mut take)?,
        }
        Ok(token)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Translated { reader, writer, free_form, seen, .. } = self;
        let mut take = |event: Event<'_>| {
            seen.note(&event);
            writer.event(&event, out);
        };
        match free_form {
            Some(calls) => {
                reader.finish(&mut |event| calls.pass(event, &mut take))?;
                calls.close(None, &mut take);
            }
            None => reader.finish(&mut take)?,
        }
        writer.end(out);
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.reader.is_over()
    }

    fn held(&self) -> usize {
        self.reader.held().saturating_add(if self.repeats { self.came } else { 0 })
    }

    fn fail(&mut self, error: &CallerError, out: &mut Vec<u8>) {
        self.writer.fail(error, out);
    }

    fn seen(&self) -> &Seen {
        &self.seen
    }
}
