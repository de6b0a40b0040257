//! Signatures of other makers on their way through an Anthropic caller.
//!
//! A caller keeps the thoughts of an answer and sends them back. Claude's signatures travel as they are; those of
//! another maker get its format name in front, so that on the way back they reach that maker and never Claude, who
//! would reject the request. A signature that belongs to a tool call (Gemini's) travels in an empty thought before it.

use crate::chat::Maker;
use crate::json::Text;

/// Between a maker's format and its signature; no base64 has it.
const MARK: &str = ":";
/// The same for the signature of the tool call that follows.
const CALL_MARK: &str = "+call:";

/// What a `signature` or `data` member holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seal<'a> {
    /// Nothing: the thought was never signed.
    None,
    Thought(Maker, Text<'a>),
    /// It belongs to the tool call after this block.
    ToolCall(Maker, Text<'a>),
}

/// What stands before a maker's signature.
pub(super) fn prefix(maker: Maker, of_tool_call: bool) -> String {
    match (maker, of_tool_call) {
        (Maker::Anthropic, _) => String::new(),
        (maker, true) => format!("{}{CALL_MARK}", maker.format()),
        (maker, false) => format!("{}{MARK}", maker.format()),
    }
}

pub(super) fn open(text: Text<'_>) -> Seal<'_> {
    if text.is_empty() {
        return Seal::None;
    }
    for maker in [Maker::Gemini, Maker::OpenAi, Maker::Bedrock] {
        let decoded = text.decode();
        let Some(rest) = decoded.strip_prefix(maker.format()) else { continue };
        if let Some(rest) = rest.strip_prefix(CALL_MARK) {
            return Seal::ToolCall(maker, Text::from(rest.to_owned()));
        }
        if let Some(rest) = rest.strip_prefix(MARK) {
            return Seal::Thought(maker, Text::from(rest.to_owned()));
        }
    }
    Seal::Thought(Maker::Anthropic, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() {
        for maker in [Maker::Anthropic, Maker::Gemini, Maker::OpenAi, Maker::Bedrock] {
            let sent = format!("{}c2ln==", prefix(maker, false));
            assert_eq!(open(Text::from(sent)), Seal::Thought(maker, Text::from("c2ln==")));
        }
        let sent = format!("{}c2ln", prefix(Maker::Gemini, true));
        assert_eq!(open(Text::from(sent)), Seal::ToolCall(Maker::Gemini, Text::from("c2ln")));
        assert_eq!(open(Text::from("")), Seal::None);
    }
}
