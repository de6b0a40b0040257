//! Forms that texts in the file must have: each as a function for the checker and as a pattern for the schema.

/// A form of text.
pub(super) struct TextForm {
    /// Ends the sentence "`…` is not".
    pub what: &'static str,
    /// A sentence that says how to write one.
    pub rule: &'static str,
    /// The same as `accepts`, as a regular expression of JSON Schema (or weaker, where [`super::check`] says more).
    pub pattern: &'static str,
    pub accepts: fn(&str) -> bool,
    /// Whether a message may repeat a text that is wrong. Not where somebody may have written a key by mistake.
    pub shown: bool,
}

/// Whether `text` has from 1 to `max` characters, each a letter or digit of ASCII or one of `others`.
fn made_of(text: &str, others: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

pub(super) static ID: TextForm = TextForm {
    what: "an id",
    rule: "Use letters, digits, `.`, `_` and `-`, at most 64 of them",
    pattern: "^[A-Za-z0-9._-]{1,64}$",
    accepts: |text| made_of(text, "._-", 64),
    shown: true,
};

pub(super) static GROUP: TextForm = TextForm {
    what: "a group's name",
    rule: "Use letters, digits, `.`, `_`, `-`, `/` and `:`, at most 64 of them",
    pattern: "^[A-Za-z0-9._/:-]{1,64}$",
    accepts: |text| made_of(text, "._-/:", 64),
    shown: true,
};

pub(super) static ALIAS: TextForm = TextForm {
    what: "an alias",
    rule: "Use letters, digits, `.`, `_`, `-`, `/`, `:`, `@` and at most one `*`, which stands for anything",
    pattern: "^(?=.{1,128}$)[A-Za-z0-9._/:@-]*\\*?[A-Za-z0-9._/:@-]*$",
    accepts: |text| made_of(text, "._-/:@*", 128) && text.matches('*').count() <= 1,
    shown: true,
};

/// Envoy takes anything; blanks and commas would break the header and the lists that it stands in.
pub(super) static CLUSTER: TextForm = TextForm {
    what: "a cluster's name",
    rule: "Use letters, digits, `.`, `_`, `-`, `/`, `:` and `|`, at most 256 of them",
    pattern: "^[A-Za-z0-9._/:|-]{1,256}$",
    accepts: |text| made_of(text, "._-/:|", 256),
    shown: true,
};

pub(super) static TEXT: TextForm = TextForm {
    what: "a name",
    rule: "Write at least one character, no blanks at the ends and no line breaks",
    pattern: "^[^\\s\\u0000-\\u001f]([^\\u0000-\\u001f]*[^\\s\\u0000-\\u001f])?$",
    accepts: |text| !text.is_empty() && text.trim() == text && !text.contains(|c: char| c.is_control()),
    shown: true,
};

pub(super) static FILE: TextForm = TextForm {
    what: "a file's path",
    rule: "Write the file's path, not what is in it: one line, no blanks at the ends",
    pattern: TEXT.pattern,
    accepts: |text| (TEXT.accepts)(text) && !is_known_key(text),
    shown: false,
};

/// Whether a text is a provider's key, by the form that providers give theirs.
fn is_known_key(text: &str) -> bool {
    const BEGINNINGS: [&str; 13] = [
        "sk-", "sk_", "gsk_", "xai-", "AIza", "AKIA", "pplx-", "nvapi-", "fw_", "hf_", "csk-", "r8_",
        "tgp_v1_",
    ];
    let is_one = |rest: &str| {
        made_of(rest, "-_", 512) && rest.len() >= 20 && rest.contains(|c: char| c.is_ascii_digit())
    };
    BEGINNINGS.iter().any(|beginning| text.strip_prefix(beginning).is_some_and(is_one))
}

pub(super) static PROSE: TextForm = TextForm {
    what: "a text",
    rule: "Write at least one character",
    pattern: "\\S",
    accepts: |text| !text.trim().is_empty(),
    shown: true,
};

/// What a model may be told in each request: most providers' prompts have room for more, and no bill for such.
const LONGEST_INSTRUCTIONS: usize = 16_384;

pub(super) static INSTRUCTIONS: TextForm = TextForm {
    what: "a text for a model",
    rule: "Write from 1 to 16384 characters, not only blanks",
    pattern: "^(?=[\\s\\S]{1,16384}$)[\\s\\S]*\\S",
    accepts: |text| !text.trim().is_empty() && text.chars().count() <= LONGEST_INSTRUCTIONS,
    shown: false,
};

pub(super) static HEADER: TextForm = TextForm {
    what: "a header's name",
    rule: "Use letters, digits, `_` and `-`, at most 64 of them",
    pattern: "^[A-Za-z0-9_-]{1,64}$",
    accepts: |text| made_of(text, "_-", 64),
    shown: true,
};

pub(super) static HOST: TextForm = TextForm {
    what: "a host",
    rule: "Write a name without a port, like llm.internal, or `*.` and a name",
    pattern: "^(\\*\\.)?[A-Za-z0-9.-]{1,253}$",
    accepts: |text| made_of(text.strip_prefix("*.").unwrap_or(text), ".-", 253),
    shown: true,
};

pub(super) static BASE_PATH: TextForm = TextForm {
    what: "a base path",
    rule: "Write a path that begins with `/`, like /llm, or nothing",
    pattern: "^(/[A-Za-z0-9._~-]+)*/?$",
    accepts: is_base_path,
    shown: true,
};

/// Nothing, or segments without anything that would have to be decoded or resolved.
pub(super) fn is_base_path(text: &str) -> bool {
    let text = text.strip_suffix('/').unwrap_or(text);
    let Some(segments) = text.strip_prefix('/') else { return text.is_empty() };
    segments.split('/').all(|s| made_of(s, "._~-", 256) && s != "." && s != "..")
}

/// Only the beginning; [`super::endpoint`] reads the rest and says what is wrong with it.
pub(super) static URL: TextForm = TextForm {
    what: "a URL",
    rule: "Write one like https://api.example.com/v1",
    pattern: "^https?://[^/?#@]+(/[^?#]*)?$",
    accepts: |_| true,
    shown: true,
};

pub(super) static ENV: TextForm = TextForm {
    what: "an environment variable's name",
    rule: "Write the variable's name, not what is in it: letters, digits and `_`, no digit first",
    pattern: "^[A-Za-z_][A-Za-z0-9_]{0,127}$",
    accepts: |text| made_of(text, "_", 128) && !text.starts_with(|c: char| c.is_ascii_digit()),
    shown: false,
};

pub(super) static TIMESTAMP: TextForm = TextForm {
    what: "a time",
    rule: "Write date, time and zone, like 2026-12-31T23:00:00Z",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$",
    accepts: |text| super::time::timestamp_ms(text).is_some(),
    shown: true,
};
