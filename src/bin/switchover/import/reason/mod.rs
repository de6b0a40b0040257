//! Why keys that other gateways have aren't carried over, and what does their work here.

mod table;

use super::draft::Draft;
use super::gateway::Gateway;
use super::written::Written;
use table::{REASONS, SECTIONS};

/// Tells every part that no importer has read.
pub fn tell_unread(gateway: Gateway, documents: &[Written], draft: &mut Draft) {
    for document in documents {
        let mut unread = Vec::new();
        document.unread(&mut unread);
        for part in unread {
            let why = of(gateway, part);
            keep_secrets(part, draft);
            draft.leave(part, why);
        }
    }
}

/// Texts under keys' usual names are kept off the output, wherever they stand.
pub fn keep_secrets(part: &Written, draft: &mut Draft) {
    const ENDS: [&str; 10] = [
        "key",
        "token",
        "secret",
        "password",
        "credential",
        "credentials",
        "value",
        "_url",
        "keyid",
        "key_id",
    ];
    let name = part.name().to_ascii_lowercase();
    if let Some(text) = part.words()
        && (ENDS.iter().any(|end| name.ends_with(end)) || crate::key::is_like_a_key(text))
        && !matches!(super::secret::place(text), super::secret::KeyPlace::Variable(_))
    {
        draft.veil(text);
    }
    part.keys().iter().for_each(|(_, value)| keep_secrets(value, draft));
    part.rows().iter().for_each(|row| keep_secrets(row, draft));
}

/// The reason for a part, by the name of its key, else by the section that it stands in.
fn of(gateway: Gateway, part: &Written) -> &'static str {
    let name = part.name();
    if name.starts_with("supports_") || name == "base_model" || name == "supported_endpoints" {
        return "what models can do is known of most; `capabilities` of the target says it otherwise";
    }
    let by_name = REASONS.iter().find(|(names, _)| names.contains(&name));
    let by_section = || {
        SECTIONS
            .iter()
            .find(|(whose, section, _)| *whose == gateway && part.path.starts_with(section))
            .map(|(_, _, why)| *why)
    };
    by_name
        .map(|(_, why)| *why)
        .or_else(by_section)
        .unwrap_or("Switchover has nothing like it, or its importer doesn't know it")
}
