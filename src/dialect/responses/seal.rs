//! Signatures of other makers on their way through a caller of Responses.
//!
//! A caller keeps the reasoning items of an answer and sends them back. Their `encrypted_content` is the one member that
//! nobody looks into, so a maker's signature travels there, marked as ours: `switchover.KIND.MAKER:DATA`. On the way
//! back it reaches that maker and never OpenAI, who would refuse the request.
//!
//! What a provider of this very dialect seals, only that provider can open: OpenAI refuses what Azure sealed, and the
//! other way round. So it travels as `switchover.own.ORIGIN:DATA`; see [`super::origin`].

use crate::chat::Maker;
use crate::json::Text;

/// No `encrypted_content` of OpenAI's begins so.
const MARK: &str = "switchover.";

/// What an `encrypted_content` holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum EncryptedContent<'a> {
    /// The thought was never signed. Marked all the same: OpenAI has no such item and must not be asked for it.
    Unsigned,
    /// The signature of the item's text.
    Signature(Maker, Text<'a>),
    /// The thought itself, readable for its maker.
    Thought(Maker, Text<'a>),
    /// The signature of the function call after this item.
    Call(Maker, Text<'a>),
    /// Of a provider of this dialect.
    Own(Text<'a>),
}

impl EncryptedContent<'_> {
    /// What goes into `encrypted_content`.
    pub(super) fn text(&self) -> Text<'static> {
        let (kind, maker, data) = match self {
            EncryptedContent::Unsigned => return Text::from(format!("{MARK}unsigned")),
            EncryptedContent::Own(data) => return data.clone().into_owned(),
            EncryptedContent::Signature(maker, data) => ("signature", maker, data),
            EncryptedContent::Thought(maker, data) => ("thought", maker, data),
            EncryptedContent::Call(maker, data) => ("call", maker, data),
        };
        Text::from(format!("{MARK}{kind}.{}:{}", maker.format(), data.decode()))
    }
}

/// Whether Switchover wrote this.
pub(super) fn is_ours(text: &Text<'_>) -> bool {
    text.decode().starts_with(MARK)
}

/// Marks what the provider of this origin sealed.
pub(super) fn own(origin: &str, data: &Text<'_>) -> String {
    format!("{MARK}{OWN}{origin}:{}", data.decode())
}

const OWN: &str = "own.";

/// The origin and the data of what [`own`] marked.
pub(super) fn open_own(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(MARK)?.strip_prefix(OWN)?.split_once(':')
}

pub(super) fn open(text: Text<'_>) -> EncryptedContent<'_> {
    let decoded = text.decode();
    let Some(rest) = decoded.strip_prefix(MARK) else { return EncryptedContent::Own(text) };
    if let Some((_, data)) = open_own(&decoded) {
        return EncryptedContent::Own(Text::from(data.to_owned()));
    }
    let read = || {
        let (kind, rest) = rest.split_once('.')?;
        let (maker, data) = rest.split_once(':')?;
        let (maker, data) = (Maker::from_format(maker)?, Text::from(data.to_owned()));
        match kind {
            "signature" => Some(EncryptedContent::Signature(maker, data)),
            "thought" => Some(EncryptedContent::Thought(maker, data)),
            "call" => Some(EncryptedContent::Call(maker, data)),
            _ => None,
        }
    };
    read().unwrap_or(EncryptedContent::Unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back() {
        for maker in [Maker::Anthropic, Maker::Gemini, Maker::OpenAi, Maker::Bedrock] {
            let data = || Text::from("c2ln:+.==");
            for seal in [
                EncryptedContent::Signature(maker, data()),
                EncryptedContent::Thought(maker, data()),
                EncryptedContent::Call(maker, data()),
                EncryptedContent::Own(data()),
                EncryptedContent::Unsigned,
            ] {
                assert_eq!(open(seal.text()), seal);
                assert_eq!(is_ours(&seal.text()), !matches!(seal, EncryptedContent::Own(_)));
            }
        }
        let own = own("1a2b", &Text::from("c2ln:="));
        assert_eq!(open_own(&own), Some(("1a2b", "c2ln:=")));
        assert_eq!(open(Text::from(own)), EncryptedContent::Own(Text::from("c2ln:=")));
        assert_eq!(open(Text::from("switchover.tomorrow.x:y")), EncryptedContent::Unsigned);
    }
}
