//! Reasoning on its way through a caller of another dialect: whose it is, which item it was, and the item's `encrypted_content`.
//!
//! It travels as the signature of the thought that the item tells (a signed thinking block, an entry of `reasoning_details`), or as
//! a sealed thought where it tells none. OpenAI refuses what Azure sealed, and both what nobody sealed, so only what bears the
//! origin's mark goes back to it ([`super::super::origin`]).

use crate::json::Text;

/// Before what this origin sealed.
pub(super) fn mark(origin: &str) -> String {
    format!("switchover.{origin}.")
}

/// What travels.
pub(super) fn close(origin: &str, id: &Text<'_>, sealed: &Text<'_>) -> Text<'static> {
    Text::from(format!("{}{}:{}", mark(origin), id.decode(), sealed.decode()))
}

/// The item's id and its `encrypted_content`; `None`: this origin did not seal it.
pub(super) fn open<'s>(travelled: &'s str, origin: &str) -> Option<(&'s str, &'s str)> {
    travelled.strip_prefix(&mark(origin))?.split_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_to_its_origin_alone() {
        let sent = close("0a", &Text::from("rs_1"), &Text::from("gAAAA-_b=:="));
        let sent = sent.decode();
        assert_eq!(open(&sent, "0a"), Some(("rs_1", "gAAAA-_b=:=")));
        assert_eq!(open(&sent, "0b"), None);
        assert_eq!(open("gAAAA-_b==", "0a"), None, "nobody marked it");
        assert!(sent.starts_with(&mark("0a")));
    }
}
