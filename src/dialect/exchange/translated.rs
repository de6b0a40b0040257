//! An answer through the model: read by the provider's dialect, written by the caller's.

use super::left_out::{Carried, LeftOut};
use crate::chat::Event;
use crate::dialect::seam::{Caller, CallerError, Pipe, Seen, StreamReader, StreamWriter};
use crate::dialect::talk::FreeFormCalls;
use crate::failure::Failure;

/// A stream through the model.
pub(super) struct Translated {
    pub(super) reader: Box<dyn StreamReader>,
    pub(super) writer: Box<dyn StreamWriter>,
    /// Whose dialect that writes.
    pub(super) caller: &'static dyn Caller,
    pub(super) left_out: LeftOut,
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
        let Translated { reader, writer, seen, caller, left_out, free_form, .. } = self;
        let (mut token, mut failed) = (false, None);
        let mut take = |event: Event<'_>| {
            token |= write(&event, (*caller, left_out), writer.as_mut(), &mut failed, seen, out);
        };
        match free_form {
            Some(calls) => reader.push(bytes, &mut |event| calls.pass(event, &mut take))?,
            None => reader.push(bytes, &mut take)?,
        }
        failed.map_or(Ok(token), Err)
    }

    fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Translated { reader, writer, seen, caller, left_out, free_form, .. } = self;
        let mut failed = None;
        let mut take = |event: Event<'_>| {
            write(&event, (*caller, left_out), writer.as_mut(), &mut failed, seen, out);
        };
        match free_form {
            Some(calls) => {
                reader.finish(&mut |event| calls.pass(event, &mut take))?;
                calls.close(None, &mut take);
            }
            None => reader.finish(&mut take)?,
        }
        if let Some(failure) = failed {
            return Err(failure);
        }
        if let Some(rest) = left_out.rest()? {
            writer.event(&rest, out);
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

/// Writes one event, unless one before it `failed`. Whether the caller has something to see then.
fn write(
    event: &Event<'_>,
    (caller, left_out): (&dyn Caller, &mut LeftOut),
    writer: &mut dyn StreamWriter,
    failed: &mut Option<Failure>,
    seen: &mut Seen,
    out: &mut Vec<u8>,
) -> bool {
    if failed.is_some() {
        return false;
    }
    seen.note(event);
    match left_out.take(event, caller) {
        Ok(Carried::AsItIs) => {
            writer.event(event, out);
            event.is_token()
        }
        Ok(Carried::After(first)) => {
            writer.event(&first, out);
            writer.event(event, out);
            true
        }
        Ok(Carried::Instead(other)) => {
            writer.event(&other, out);
            true
        }
        Ok(Carried::Nothing) => false,
        Err(failure) => {
            *failed = Some(failure);
            false
        }
    }
}
