//! Which capacity served an answer, in a caller's words: its SDK takes no others.

use crate::json::Text;

/// What one gets who asks for nothing, as OpenAI and as Anthropic say it.
const DEFAULT: &str = "default";
const STANDARD: &str = "standard";

/// In OpenAI's words; `is_known`: which of them the caller's API has. `None`: it has none for it.
pub fn openais<'t>(tier: &'t Text<'_>, is_known: fn(&str) -> bool) -> Option<Text<'t>> {
    match tier.decode().as_ref() {
        STANDARD => Some(Text::from(DEFAULT)),
        known if is_known(known) => Some(tier.clone()),
        _ => None,
    }
}

/// Those of a `chat.completion`.
pub fn is_of_chat(tier: &str) -> bool {
    matches!(tier, "auto" | DEFAULT | "flex" | "scale" | "priority" | "fast")
}

/// Those of a `response`.
pub fn is_of_responses(tier: &str) -> bool {
    is_of_chat(tier) || tier == "ultrafast"
}

/// In Anthropic's words. `None`: it has none for it.
pub fn anthropics<'t>(tier: &'t Text<'_>) -> Option<Text<'t>> {
    match tier.decode().as_ref() {
        DEFAULT => Some(Text::from(STANDARD)),
        STANDARD | "priority" | "batch" => Some(tier.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_gets_its_own_words() {
        let told = |tier: Option<Text<'_>>| tier.map(Text::into_string);
        for (said, chat, responses, messages) in [
            ("default", Some("default"), Some("default"), Some("standard")),
            ("standard", Some("default"), Some("default"), Some("standard")),
            ("priority", Some("priority"), Some("priority"), Some("priority")),
            ("fast", Some("fast"), Some("fast"), None),
            ("ultrafast", None, Some("ultrafast"), None),
            ("batch", None, None, Some("batch")),
            ("on_demand", None, None, None),
        ] {
            let said = Text::from(said);
            let all = [openais(&said, is_of_chat), openais(&said, is_of_responses), anthropics(&said)];
            assert_eq!(all.map(told), [chat, responses, messages].map(|one| one.map(str::to_owned)));
        }
    }
}
