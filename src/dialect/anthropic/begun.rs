//! What of a stream's answer has begun.

use crate::failure::Failure;
use crate::json::{Raw, Text};
use std::collections::BTreeSet;

/// What began. A proxy that tries again after half an answer, or mixes two up, sends two answers as one: put together they
/// would look like a good one, with a broken call in it.
#[derive(Debug, Default)]
pub(super) struct Begun {
    message: bool,
    blocks: BTreeSet<u64>,
}

impl Begun {
    /// # Errors
    /// The message or one of its blocks begins for the second time.
    pub(super) fn check(&mut self, kind: &Text<'_>, event: Raw<'_>) -> Result<(), Failure> {
        let again = if *kind == "message_start" {
            std::mem::replace(&mut self.message, true)
        } else if *kind == "content_block_start" {
            let index = event.get("index").and_then(Raw::as_u64);
            index.is_some_and(|index| !self.blocks.insert(index))
        } else {
            false
        };
        if again {
            return Err(Failure::malformed("its stream holds pieces of two answers"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_twice() {
        let mut begun = Begun::default();
        let mut check = |kind: &'static str, event: &'static str| {
            begun.check(&Text::from(kind), Raw::trusted(event)).is_ok()
        };
        assert!(check("message_start", "{}") && check("content_block_start", r#"{"index":0}"#));
        assert!(
            check("content_block_delta", r#"{"index":0}"#) && check("content_block_stop", r#"{"index":0}"#)
        );
        assert!(check("content_block_start", r#"{"index":1}"#));
        assert!(!check("content_block_start", r#"{"index":0}"#) && !check("message_start", "{}"));
    }
}
