//! Ids of tool calls that a caller or a provider would reject, and what stands for them.
//!
//! Anthropic's are `^[a-zA-Z0-9_-]+$` and Converse's the same with at most 64; Mistral's are nine letters and digits; OpenAI's have
//! at most 40 characters. Others have anything in them: Kimi's `functions.weather:0`, which its model must see again as it was, or it stops
//! calling tools. So what an Anthropic caller gets for such an id says what it was ([`plain`]), and [`original`] gives that back
//! without remembering anything. What a provider gets depends on nothing but the id: each attempt and each turn sends the same.

use crate::chat::{PartKind, Request};
use crate::json::Text;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Begins an id that stands for another. Nobody's own ids begin so; one that does is written out as well.
const PREFIX: &str = "sw_";

/// The id in letters, digits, `_` and `-`: itself if it is so, else `sw_` and each other byte as `_` with its two hexadecimal
/// digits. Different ids stay different.
pub fn plain<'i>(id: &'i Text<'_>) -> Text<'i> {
    let decoded = id.decode();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !decoded.is_empty() && decoded.bytes().all(is_plain) && unescaped(&decoded).is_none() {
        return id.clone();
    }
    Text::from(escaped(&decoded))
}

/// The id that [`plain`] was given.
pub fn original(id: Text<'_>) -> Text<'_> {
    let original = unescaped(&id.decode());
    original.map_or(id, Text::from)
}

/// As [`plain`], in at most `limit` characters: of a longer one the beginning and a sum of all of it.
pub fn plain_within<'i>(id: &'i Text<'_>, limit: usize) -> Text<'i> {
    let plain = plain(id);
    if plain.decode().len() <= limit { plain } else { Text::from(shortened(&plain.decode(), limit)) }
}

/// The id, if it has at most `limit` characters; else as [`plain_within`].
pub fn within<'i>(id: &'i Text<'_>, limit: usize) -> Text<'i> {
    if id.decode().chars().count() <= limit { id.clone() } else { plain_within(id, limit) }
}

/// The request with an id of its own for each call, as Anthropic and Converse want it ("`tool_use` ids must be unique"): servers of
/// open models count anew in each answer, or give none. Of several calls with one id, the results come in their order.
pub fn apart<'r, 'a>(request: &'r Request<'a>) -> Cow<'r, Request<'a>> {
    let mut calls =
        request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match &part.kind {
            PartKind::ToolCall(call) => Some(call.id.decode()),
            _ => None,
        });
    let mut taken = BTreeSet::new();
    if calls.all(|id| taken.insert(id)) {
        return Cow::Borrowed(request);
    }
    let mut request = request.clone();
    let mut apart = Apart::default();
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        match &mut part.kind {
            PartKind::ToolCall(call) => call.id = Text::from(apart.call(&call.id.decode())),
            PartKind::ToolResult(result) => {
                result.call_id = Text::from(apart.result(&result.call_id.decode()));
            }
            _ => {}
        }
    }
    Cow::Owned(request)
}

/// Gives each call of a conversation an id of its own, in their order: what comes later changes none before.
#[derive(Debug, Default)]
pub struct Apart {
    taken: BTreeSet<String>,
    /// How many calls there were of an id.
    used: BTreeMap<String, u64>,
    /// The calls of an id that no result has answered.
    open: BTreeMap<String, VecDeque<String>>,
}

impl Apart {
    /// What is sent for the id of the next call.
    pub fn call(&mut self, id: &str) -> String {
        let number = self.used.entry(id.to_owned()).or_insert(1);
        let mut sent = id.to_owned();
        while !self.taken.insert(sent.clone()) {
            *number = number.saturating_add(1);
            sent = format!("{id}_{number}");
        }
        self.open.entry(id.to_owned()).or_default().push_back(sent.clone());
        sent
    }

    /// What is sent for the id that the next result has.
    pub fn result(&mut self, id: &str) -> String {
        self.open.get_mut(id).and_then(VecDeque::pop_front).unwrap_or_else(|| id.to_owned())
    }
}

/// So many letters and digits that stand for an id.
pub fn digits(id: &str, count: usize) -> String {
    // FNV-1a: nobody gains from two ids that meet, and one turn's are few.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let all = "0123456789abcdefghijklmnopqrstuvwxyz";
    let mut rest = hash;
    let digit = |_| {
        let digit = usize::try_from(rest % 36).ok()?;
        rest /= 36;
        all.chars().nth(digit)
    };
    (0..count).filter_map(digit).collect()
}

/// So many digits hold all of a sum.
const DIGITS: usize = 13;

fn shortened(plain: &str, limit: usize) -> String {
    let kept = limit.saturating_sub(DIGITS.saturating_add(1));
    let mut out: String = plain.chars().take(kept).collect();
    out.push('-');
    out.push_str(&digits(plain, DIGITS));
    out
}

fn escaped(id: &str) -> String {
    let mut out = String::with_capacity(PREFIX.len().saturating_add(id.len()));
    out.push_str(PREFIX);
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("_{byte:02x}"));
        }
    }
    out
}

/// What an id stands for; `None` if it is its own.
fn unescaped(id: &str) -> Option<String> {
    let mut pieces = id.strip_prefix(PREFIX)?.split('_');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    // Only what was written here.
    String::from_utf8(bytes).ok().filter(|original| escaped(original) == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain_of(id: &str) -> String {
        plain(&Text::from(id)).into_string()
    }

    #[test]
    fn only_what_must_changes() {
        for id in ["toolu_01A", "call_abc-9", "D681PevKs", "sw_", "sw", "sw_a_zz", "sw_A_2E"] {
            assert_eq!(original(Text::from(id)).into_string(), if id == "sw_" { "" } else { id }, "{id}");
        }
        assert_eq!(plain_of("toolu_01A"), "toolu_01A");
        assert_eq!(plain_of("functions.w:0"), "sw_functions_2ew_3a0");
        assert_eq!(plain_of("é_"), "sw__c3_a9_5f");
        // What looks like one of ours is written out, so that it comes back.
        assert_eq!(plain_of("sw_a_2eb"), "sw_sw_5fa_5f2eb");
        assert_eq!(plain_of(""), "sw_");
    }

    #[test]
    fn long_ones_are_cut_and_stay_apart() {
        let long = |end: &str| Text::from("x".repeat(70) + end);
        let cut = plain_within(&long("a"), 64).into_string();
        assert_eq!(cut.len(), 64);
        assert_ne!(plain_within(&long("b"), 64), Text::from(cut));
        assert_eq!(within(&Text::from("functions.w:0"), 40), Text::from("functions.w:0"));
        assert_eq!(within(&long("a"), 40).into_string().len(), 40);
    }

    #[test]
    fn each_call_has_an_id_of_its_own() {
        use crate::chat::{Arguments, Message, Part, Role, ToolCall, ToolResult};
        let call = |id: &'static str| {
            let (id, name) = (Text::from(id), Text::from("f"));
            PartKind::ToolCall(ToolCall {
                id,
                name,
                arguments: Arguments::Encoded(Text::default()),
                signature: None,
            })
        };
        let result = |id: &'static str| {
            let call_id = Text::from(id);
            PartKind::ToolResult(ToolResult { call_id, name: None, parts: Vec::new(), is_error: false })
        };
        let told = |parts: Vec<PartKind<'static>>| {
            let parts = parts.into_iter().map(Part::from).collect();
            let message = Message { role: Role::User, parts, name: None, extra: Vec::new() };
            let request = Request { messages: vec![message], ..Request::default() };
            let id = |part: &Part<'_>| match &part.kind {
                PartKind::ToolCall(call) => call.id.decode().into_owned(),
                PartKind::ToolResult(result) => format!("={}", result.call_id.decode()),
                _ => String::new(),
            };
            apart(&request).messages[0].parts.iter().map(id).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(told(vec![call("a"), result("a"), call("b")]), "a =a b");
        let parts = vec![
            call("a"),
            call("a"),
            result("a"),
            result("a"),
            call("a_2"),
            call("a"),
            result("a"),
            result("z"),
        ];
        assert_eq!(told(parts), "a a_2 =a =a_2 a_2_2 a_3 =a_3 =z");
    }

    proptest::proptest! {
        /// Each id comes back, so no two become one.
        #[test]
        fn law_ids_come_back(id in "(sw_)?([a-z0-9_.:/-]{0,12}|\\PC{0,6}|(_[0-9a-f]{2}){0,3})") {
            let sent = plain_of(&id);
            proptest::prop_assert!(!sent.is_empty());
            proptest::prop_assert!(sent.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'), "{}", sent);
            proptest::prop_assert_eq!(original(Text::from(sent.as_str())).into_string(), id);
            // A turn later it is the same.
            let again = original(Text::from(sent.as_str())).into_string();
            proptest::prop_assert_eq!(plain_of(&again), sent);
        }

        #[test]
        fn law_ids_keep_their_limits(id in "\\PC{0,90}", limit in 20usize..70) {
            let sent = plain_within(&Text::from(id.as_str()), limit).into_string();
            proptest::prop_assert!(sent.len() <= limit);
            proptest::prop_assert!(within(&Text::from(id.as_str()), limit).into_string().chars().count() <= limit);
        }
    }
}
