//! Every header that the filter sets, reads or keeps, once.

use crate::json::is_same;

/// One header line.
pub type Header<'h> = (&'h [u8], &'h [u8]);

/// Header lines to be set, all in one piece of memory and in the form in which Envoy takes them at once: an allocation for
/// each name and value would cost more than what is done with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList {
    /// Of each line the length of its name and of its value, as 32-bit little-endian numbers.
    sizes: Vec<u8>,
    /// Names and values, each ended by NUL.
    text: Vec<u8>,
}

impl HeaderList {
    /// No line, and room for a usual request's.
    pub fn new() -> HeaderList {
        HeaderList { sizes: Vec::with_capacity(32 * 8), text: Vec::with_capacity(1024) }
    }

    /// Adds a line.
    pub fn push(&mut self, name: &(impl AsRef<[u8]> + ?Sized), value: &(impl AsRef<[u8]> + ?Sized)) {
        let (name, value) = (name.as_ref(), value.as_ref());
        // No header is that long: Envoy's limits are in kilobytes.
        let (Ok(name_size), Ok(value_size)) = (u32::try_from(name.len()), u32::try_from(value.len())) else {
            return;
        };
        let both = (u64::from(value_size) << 32) | u64::from(name_size);
        self.sizes.extend_from_slice(&both.to_le_bytes());
        self.text.reserve(name.len() + value.len() + 2);
        self.text.extend_from_slice(name);
        self.text.push(0);
        self.text.extend_from_slice(value);
        self.text.push(0);
    }

    /// Adds a line with a number.
    pub fn push_number(&mut self, name: &str, value: u64) {
        // Nearly all are small, and dividing by ten takes a processor of 32 bits, as a VM is one, much longer in 64.
        match u32::try_from(value) {
            Ok(mut value) => {
                let mut digits = [b'0'; 10];
                let mut from = digits.len();
                for (at, digit) in digits.iter_mut().enumerate().rev() {
                    *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
                    (value, from) = (value / 10, at);
                    if value == 0 {
                        break;
                    }
                }
                self.push(name, digits.get(from..).unwrap_or_default());
            }
            Err(_) => self.push(name, &value.to_string()),
        }
    }

    /// Adds a line with a key, in sixteen hexadecimal digits.
    pub fn push_key(&mut self, name: &str, key: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |byte: u8| DIGITS.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
        let mut digits = [b'0'; 16];
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for (pair, byte) in pairs.iter_mut().zip(key.to_be_bytes()) {
            *pair = [digit(byte >> 4), digit(byte)];
        }
        self.push(name, &digits);
    }

    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.sizes.len() / 8
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Its lines, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        let mut rest = self.text.as_slice();
        let mut next = move |size: &[u8]| {
            let size = u32::from_le_bytes(size.try_into().ok()?);
            let (word, tail) = rest.split_at_checked(usize::try_from(size).ok()?)?;
            rest = tail.get(1..)?;
            Some(word)
        };
        self.sizes.chunks_exact(8).map_while(move |sizes| {
            let (name, value) = sizes.split_at_checked(4)?;
            Some((next(name)?, next(value)?))
        })
    }

    /// What Envoy takes: the count, all sizes, then the text.
    pub fn serialized(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + self.sizes.len() + self.text.len());
        out.extend_from_slice(&u32::try_from(self.len()).unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.sizes);
        out.extend_from_slice(&self.text);
        out
    }
}

/// What a header map needs to become another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edits<'h> {
    /// Set or added.
    pub set: Vec<Header<'h>>,
    /// The names of lines that go.
    pub remove: Vec<&'h [u8]>,
}

impl HeaderList {
    /// What makes this list of `current`; `None` if setting all lines at once is cheaper, or a name stands twice.
    ///
    /// Envoy takes about as long for one edit as for two lines of a map that is set whole. `stays` says of a line that
    /// another filter will remove it.
    pub fn edits<'h>(&'h self, current: &[Header<'h>], stays: impl Fn(&[u8]) -> bool) -> Option<Edits<'h>> {
        let mut edits = Edits { set: Vec::with_capacity(12), remove: Vec::with_capacity(12) };
        // A bit for each line of `current` that is wanted.
        let mut wanted = 0u64;
        for (name, value) in self.iter() {
            let mut same = current.iter().enumerate().filter(|(_, (known, _))| is_same(known, name));
            match same.next() {
                None if edits.set.iter().any(|(known, _)| is_same(known, name)) => return None,
                None => edits.set.push((name, value)),
                Some((place, (_, old))) => {
                    let bit = 1u64.checked_shl(u32::try_from(place).ok()?)?;
                    if same.next().is_some() || wanted & bit != 0 {
                        return None;
                    }
                    wanted |= bit;
                    if !is_same(old, value) {
                        edits.set.push((name, value));
                    }
                }
            }
        }
        for (place, (name, _)) in current.iter().enumerate() {
            let bit = 1u64.checked_shl(u32::try_from(place).ok()?)?;
            if wanted & bit == 0 && !stays(name) {
                edits.remove.push(name);
            }
        }
        let (edited, whole) = (edits.set.len() + edits.remove.len(), self.len() + current.len());
        (edited * 2 <= whole).then_some(edits)
    }
}

/// Request, internal: the order that the router role chose; the route's `cluster_header`.
pub const ORDER: &str = "x-switchover-order";
/// Request, internal: the key of the [`super::Trip`], for the first attempt's translator.
pub const TRIP: &str = "x-switchover-trip";
/// Request, internal: the target of this attempt, for the credentials' matcher. Response, to the caller: who answered.
pub const TARGET: &str = "x-switchover-target";
/// Response, internal: this attempt's failure as JSON, see [`super::Trip`].
pub const FAILURE: &str = "x-switchover-failure";
/// Response, internal: Envoy shall try the next target.
pub const RETRY: &str = "x-switchover-retry";

/// Response, to the caller.
pub const GROUP: &str = "x-switchover-group";
/// Response, to the caller: what the provider was asked for in `model`.
pub const MODEL: &str = "x-switchover-model";
/// Response, to the caller: how many attempts it took.
pub const ATTEMPTS: &str = "x-switchover-attempts";
/// Response, to the caller: a sentence, why this target or why none.
pub const DECISION: &str = "x-switchover-decision";
/// Response, to the caller: what was left out of its request, by the caller's names.
pub const DROPPED: &str = "x-switchover-dropped";
/// Response, to the caller: `true` where the answer is the group's last one, as no target had one.
pub const DEGRADED: &str = "x-switchover-degraded";

/// Request, from a caller who may: force a drill. Response, to the caller: the drills that the request met.
pub const DRILL: &str = "x-switchover-drill";

const OURS: &[u8] = b"x-switchover-";
const ENVOYS: &[u8] = b"x-envoy-";
const FORWARDED: &[u8] = b"x-forwarded-";

/// Whether the filter that stands last in every order removes this header of a request, so that it may stay until then.
///
/// A target's name may not: the filter that adds credentials stands before that one, and of an attempt that was given up
/// while it waited the name is still there. A drilled attempt has none, and must find none.
pub fn is_stripped(name: &[u8]) -> bool {
    name != TARGET.as_bytes() && [OURS, ENVOYS, FORWARDED].iter().any(|prefix| name.starts_with(prefix))
}

/// Envoy's own facts about a request, which the filters after us may want; none of them changes what Envoy does.
const ENVOYS_FACTS: &[&[u8]] = &[
    b"x-envoy-external-address",
    b"x-envoy-internal",
    b"x-envoy-peer-metadata",
    b"x-envoy-peer-metadata-id",
    b"x-envoy-decorator-operation",
    b"x-envoy-original-path",
    b"x-envoy-original-host",
];

/// Whether a header of a request may only be set by us or Envoy: a caller's never takes effect.
pub fn is_reserved(name: &[u8]) -> bool {
    name.starts_with(OURS) || (name.starts_with(ENVOYS) && !ENVOYS_FACTS.contains(&name))
}

/// Headers of a caller that every provider may see: who calls and how to trace it. No credential, no cookie.
const FOR_PROVIDERS: &[&[u8]] =
    &[b"user-agent", b"x-request-id", b"x-client-request-id", b"traceparent", b"tracestate", b"b3"];

/// Whether a provider may see this header of the caller. All else is dropped, what earlier attempts added included:
/// Envoy carries the headers of one attempt, injected keys too, into the next.
pub fn for_provider(name: &[u8]) -> bool {
    FOR_PROVIDERS.contains(&name) || name.starts_with(b"x-b3-")
}

/// Headers of a caller that only a provider of the caller's own dialect may see.
const DIALECT_HEADERS: &[&[u8]] = &[b"anthropic-beta", b"anthropic-version", b"openai-beta"];

/// Whether it is one of them. The name is in lower case.
pub fn of_dialect(name: &[u8]) -> bool {
    DIALECT_HEADERS.contains(&name)
}

/// Headers of a provider's answer that reach the caller. Cookies, account names and transport stay behind.
const FOR_CALLERS: &[&[u8]] = &[b"date", b"openai-processing-ms", b"request-id", b"retry-after"];

/// Whether it is one of them. The name is in lower case.
pub fn for_caller(name: &[u8]) -> bool {
    FOR_CALLERS.contains(&name)
        || name.starts_with(b"x-ratelimit-")
        || name.starts_with(b"anthropic-ratelimit-")
}

/// The key that [`HeaderList::push_key`] wrote.
pub fn key(headers: &[Header<'_>], name: &str) -> Option<u64> {
    u64::from_str_radix(text(headers, name)?, 16).ok()
}

/// The first header of that name; names are in lower case, as HTTP/2 and Envoy have them.
pub fn find<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h [u8]> {
    headers.iter().find(|(known, _)| is_same(known, name.as_bytes())).map(|(_, value)| *value)
}

/// As [`find`]; nothing if it is not UTF-8.
pub fn text<'h>(headers: &[Header<'h>], name: &str) -> Option<&'h str> {
    std::str::from_utf8(find(headers, name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credential_is_on_a_list() {
        for name in [
            "authorization",
            "x-api-key",
            "api-key",
            "x-goog-api-key",
            "cookie",
            "x-amz-date",
            "x-amz-security-token",
        ] {
            assert!(!for_provider(name.as_bytes()) && !of_dialect(name.as_bytes()), "{name}");
        }
        assert!(!for_caller(b"set-cookie") && !for_caller(b"openai-organization"));
    }

    #[test]
    fn a_list_gives_back_what_it_took() {
        let mut list = HeaderList::new();
        list.push(":status", "200");
        list.push(b"x-bad", b"caf\xe9\0");
        list.push("x-empty", "");
        for number in [0, 9, 10, u64::MAX] {
            list.push_number("n", number);
        }
        let lines: Vec<Header<'_>> = list.iter().collect();
        let expected: [Header<'_>; 7] = [
            (b":status", b"200"),
            (b"x-bad", b"caf\xe9\0"),
            (b"x-empty", b""),
            (b"n", b"0"),
            (b"n", b"9"),
            (b"n", b"10"),
            (b"n", b"18446744073709551615"),
        ];
        assert_eq!(lines, expected);
        assert_eq!(list.len(), 7);
        for key in [0, 1, 0xfedc_ba98_7654_3210, u64::MAX] {
            let mut list = HeaderList::new();
            list.push_key("k", key);
            let lines: Vec<Header<'_>> = list.iter().collect();
            assert_eq!(super::key(&lines, "k"), Some(key));
        }
        let serialized = list.serialized();
        assert_eq!(serialized[..12], [7, 0, 0, 0, 7, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(serialized[4 + 7 * 8..][..12], *b":status\x00200\0");
    }

    #[test]
    fn edits_are_few_or_none() {
        let current: [Header<'_>; 5] =
            [(b":path", b"/a"), (b"host", b"h"), (b"cookie", b"c"), (b"accept", b"x"), (b"x-envoy-a", b"1")];
        let list = |lines: &[(&str, &str)]| {
            let mut list = HeaderList::new();
            lines.iter().for_each(|(name, value)| list.push(*name, *value));
            list
        };
        let wanted = list(&[(":path", "/b"), ("host", "h"), ("accept", "x"), ("new", "n")]);
        let edits = wanted.edits(&current, is_stripped).unwrap();
        assert_eq!(edits.set, [(&b":path"[..], &b"/b"[..]), (b"new", b"n")]);
        assert_eq!(edits.remove, [b"cookie"]);
        // Too many, and names that stand twice.
        assert_eq!(list(&[("a", "1"), ("b", "2"), ("c", "3")]).edits(&current, is_stripped), None);
        assert_eq!(list(&[("host", "1"), ("host", "2"), ("accept", "x")]).edits(&current, is_stripped), None);
        let twice: [Header<'_>; 3] = [(b"accept", b"1"), (b"accept", b"2"), (b"host", b"h")];
        assert_eq!(list(&[("accept", "1"), ("host", "h")]).edits(&twice, is_stripped), None);
        let double: [Header<'_>; 4] = [(b"cookie", b"1"), (b"cookie", b"2"), (b"host", b"h"), (b"a", b"b")];
        let edits = list(&[("host", "h"), ("a", "b"), ("c", "d")]);
        assert_eq!(edits.edits(&double, is_stripped).unwrap().remove, [b"cookie", b"cookie"]);
    }

    #[test]
    fn no_targets_name_is_left_for_a_drilled_attempt() {
        let mut drilled = HeaderList::new();
        [(":method", "POST"), (":path", "/")].iter().for_each(|(name, value)| drilled.push(*name, *value));
        let current: [Header<'_>; 4] = [
            (b":method", b"POST"),
            (b":path", b"/"),
            (b"x-switchover-target", b"a"),
            (b"x-switchover-trip", b"1"),
        ];
        let edits = drilled.edits(&current, is_stripped).unwrap();
        assert_eq!((edits.set, edits.remove), (vec![], vec![TARGET.as_bytes()]));
    }

    proptest::proptest! {
        #[test]
        fn law_edits_lead_to_the_list(
            current in proptest::collection::vec(("[a-f]|x-envoy-[ab]", "[12]"), 0..9),
            wanted in proptest::collection::vec(("[a-f]", "[12]"), 0..9),
        ) {
            let mut list = HeaderList::new();
            wanted.iter().for_each(|(name, value)| list.push(name, value));
            let lines: Vec<Header<'_>> = current.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
            if let Some(edits) = list.edits(&lines, is_stripped) {
                let mut map: Vec<Header<'_>> = lines.clone();
                for name in &edits.remove {
                    map.retain(|(known, _)| known != name);
                }
                for (name, value) in &edits.set {
                    // As Envoy: all of that name become one.
                    map.retain(|(known, _)| known != name);
                    map.push((name, value));
                }
                map.retain(|(name, _)| !is_stripped(name));
                let mut expected: Vec<Header<'_>> = list.iter().collect();
                expected.sort_unstable();
                map.sort_unstable();
                proptest::prop_assert_eq!(map, expected);
            }
        }
    }

    #[test]
    fn callers_control_nothing() {
        for name in ["x-switchover-order", "x-envoy-max-retries", "x-envoy-upstream-rq-timeout-ms"] {
            assert!(is_reserved(name.as_bytes()), "{name}");
        }
        assert!(!is_reserved(b"x-envoy-external-address") && !is_reserved(b"x-request-id"));
    }
}
