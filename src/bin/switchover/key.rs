//! Keys on this machine: looked at once, so that a missing or unusable one is told now and not by a failing request.
//!
//! No key is ever printed, one that was written into the file by mistake included.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use switchover::config::CredentialSource;

/// Where a key is.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Alone in a file of its own, at this path; the key as it was read.
    File(PathBuf, String),
    /// In a file with something around it that no header can carry; the key itself, and what to tell about the file.
    Wrapped(String, NoKey),
    /// In memory, from the environment.
    Value(String),
    /// Envoy finds it by itself.
    Nowhere,
}

/// What is wrong, and what to do: sentences without their full stops.
#[derive(Debug, PartialEq, Eq)]
pub struct NoKey {
    pub wrong: String,
    pub instead: String,
}

/// Looks at a key; a relative path counts from `folder`.
///
/// # Errors
/// Why nobody can use it.
pub fn look(source: &CredentialSource, folder: &Path) -> Result<Found, NoKey> {
    match source {
        CredentialSource::Aws { .. } => Ok(Found::Nowhere),
        CredentialSource::SecretEnv(name) => in_environment(name),
        CredentialSource::SecretFile(written) => in_file(written, &folder.join(written)),
    }
}

fn in_environment(name: &str) -> Result<Found, NoKey> {
    let trouble = |wrong: &str, instead: &str| {
        Err(if is_like_a_key(name) {
            NoKey {
                wrong: format!("The environment has no such variable, and {LIKE_A_KEY}"),
                instead: PASTED.to_owned(),
            }
        } else {
            NoKey { wrong: format!("The environment variable {name} {wrong}"), instead: instead.to_owned() }
        })
    };
    let Some(value) = std::env::var_os(name) else { return trouble("is not set", "Set it to the key") };
    match usable(bare(value.as_encoded_bytes())) {
        Ok(key) => Ok(Found::Value(key.to_owned())),
        Err(what) => trouble(what, "Set it to the key alone"),
    }
}

fn in_file(written: &str, path: &Path) -> Result<Found, NoKey> {
    let place = path.display();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && is_like_a_key(written) => {
            return Err(NoKey {
                wrong: format!("There is no such file, and {LIKE_A_KEY}"),
                instead: PASTED.to_owned(),
            });
        }
        Err(error) => {
            let wrong = format!("{place} can't be read ({error})");
            return Err(NoKey { wrong, instead: format!("Write the key there: {}", remedy(path)) });
        }
    };
    let key = usable(bare(&bytes)).map_err(|what| NoKey {
        wrong: format!("{place} {what}"),
        instead: format!("Write the key alone: {}", remedy(path)),
    })?;
    if key.len() == bytes.len() {
        return Ok(Found::File(path.to_owned(), key.to_owned()));
    }
    let wrong = format!(
        "{place} has a blank, a line break or a byte order mark around the key, so Envoy gets a copy without, which it reads \
         anew only after the next `switchover render`"
    );
    let instead = format!("Write the key alone, and replacing the file is enough: {}", remedy(path));
    Ok(Found::Wrapped(key.to_owned(), NoKey { wrong, instead }))
}

/// How to put a key into a file so that a running Envoy sees it: it watches for files that are moved to the name.
fn remedy(path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map(|folder| format!("mkdir -p {} && ", quoted(folder))).unwrap_or_default();
    let (fresh, place) = (quoted(Path::new(&format!("{}.new", path.display()))), quoted(path));
    format!("{folder}printf %s \"$KEY\" > {fresh} && mv {fresh} {place}")
}

/// For a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// What editors and shells put around a text.
fn bare(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii()
}

/// The key, if a header can carry it.
fn usable(key: &[u8]) -> Result<&str, &'static str> {
    match std::str::from_utf8(key) {
        Ok("") => Err("is empty"),
        Ok(key) if key.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => Ok(key),
        _ => Err("holds characters that no header can carry, such as a line break"),
    }
}

const LIKE_A_KEY: &str = "what is written looks like a key itself";
const PASTED: &str = "Put the key into a file or a variable and write that one's name here; then have the provider revoke this \
                      key, as it stood in a file that people read";

/// Whether a name has the looks of a key, so that a message must not repeat it: long, no path, letters of both cases and
/// digits mixed, or hexadecimal digits only.
pub fn is_like_a_key(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
    let hexadecimal = text.len() >= 32 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let begins = ["sk-", "sk_", "gsk_", "AKIA"].iter().any(|beginning| text.starts_with(beginning));
    let is_path = text.contains(['/', '.', ' ']);
    !is_path && text.len() >= 16 && (mixed && text.len() >= 20 || hexadecimal || begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_and_what_does_not() {
        for key in [
            "sk-proj-abcdefgh1234",
            "AbCdEf0123456789aBcDeF",
            "0123456789abcdef0123456789abcdef",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(is_like_a_key(key), "{key}");
        }
        for name in [
            "openai",
            "secrets/OpenAI-Production-2026-Key",
            "openai-production-2026-key",
            "OPENAI_API_KEY_2",
            "key.Production2026.TXT",
        ] {
            assert!(!is_like_a_key(name), "{name}");
        }
    }

    #[test]
    fn the_remedy_renames() {
        assert_eq!(
            remedy(Path::new("a/secrets/one")),
            "mkdir -p a/secrets && printf %s \"$KEY\" > a/secrets/one.new && mv a/secrets/one.new a/secrets/one"
        );
        assert_eq!(
            remedy(Path::new("it's")),
            r#"printf %s "$KEY" > 'it'\''s.new' && mv 'it'\''s.new' 'it'\''s'"#
        );
    }

    #[test]
    fn what_stands_around_a_key_is_no_part_of_it() {
        assert_eq!(bare(b"\xef\xbb\xbf k 1\r\n"), b"k 1");
        assert_eq!(usable(bare(b"\r\n")), Err("is empty"));
        assert!(usable(bare(b"a\nb")).is_err() && usable(b"\0").is_err());
    }
}
