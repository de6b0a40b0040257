//! Names inside paths. A model name can never choose another path: decided here, once.

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// A name as one segment of a path: everything but RFC 3986's unreserved characters is percent-encoded, and a name of
/// dots alone is too, so that `..` stays a name.
pub fn path_segment(name: &str) -> String {
    let dots = name.bytes().all(|byte| byte == b'.');
    let mut out = String::with_capacity(name.len() + 8);
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && !dots) {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from(HEX.get(usize::from(nibble)).copied().unwrap_or(b'0'));
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::path_segment;

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(path_segment("gpt-5.4-mini"), "gpt-5.4-mini");
        assert_eq!(path_segment("../../v1/files?x#y"), "..%2F..%2Fv1%2Ffiles%3Fx%23y");
        assert_eq!(path_segment(".."), "%2E%2E");
        assert_eq!(path_segment("anthropic.claude-v2:1"), "anthropic.claude-v2%3A1");
        assert_eq!(path_segment("é\r\n"), "%C3%A9%0D%0A");
    }
}
