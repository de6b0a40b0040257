//! Members of a request that the chat model has no place for: which only advise and which change the meaning.
//!
//! A caller's dialect keeps them in `extra` under their own names, and says whose they are (`Request::dialect`). A provider's writer that can't carry them calls
//! [`carry_extra`]: what advises is left out and listed, what changes the meaning is refused unless the group drops it.
//! A member that no table knows is taken for advice: it is listed, and a request never fails on tomorrow's parameter.

use super::{Loss, Losses, Refusal};
use crate::chat::Request;
use crate::json::{Raw, Text};
use std::borrow::Cow;

/// A member without which the answer would be another one.
struct Meaningful {
    name: &'static str,
    /// The end of the sentence "`name` …".
    why: &'static str,
    /// Never left out: an answer without it would be to another question.
    is_vital: bool,
}

const fn member(name: &'static str, why: &'static str) -> Meaningful {
    Meaningful { name, why, is_vital: false }
}

const fn vital(name: &'static str, why: &'static str) -> Meaningful {
    Meaningful { name, why, is_vital: true }
}

/// Chat Completions, <https://platform.openai.com/docs/api-reference/chat/create>. The rest only advise: `metadata`,
/// `store`, `service_tier`, `prompt_cache_*`, `safety_identifier`, `verbosity`, `prediction`, `moderation`.
static CHAT: &[Meaningful] = &[
    member("modalities", "asks for more than text, which this target can't answer with"),
    member("audio", "asks for an answer in sound, which this target can't give"),
    member("web_search_options", "asks for OpenAI's web search, which this target doesn't have"),
];

/// Anthropic's threads: a turn sends only what is new. Its SDK's tool runner opens one for every run, and sends the whole
/// conversation instead when it is told by this code that a thread can't be had.
const THREAD: &str = "thread";
/// The code of that refusal, which is what the runner goes by.
pub const NO_THREADS: &str = "thread_unsupported_request";

/// Whether a refusal's words are about a thread.
pub fn is_about_threads(message: &str) -> bool {
    message.strip_prefix(THREAD).is_some_and(|rest| rest.starts_with(' '))
}

/// Messages, <https://docs.anthropic.com/en/api/messages>. The rest only advise: `metadata`, `service_tier`, `speed`,
/// `inference_geo`, `diagnostics`.
static MESSAGES: &[Meaningful] = &[
    vital(THREAD, "goes on in a conversation that Anthropic stores, which this target doesn't know"),
    member("container", "names a container of Anthropic's, which this target can't reach"),
    member("mcp_servers", "has Anthropic call MCP servers, which this target doesn't do"),
];

/// Responses, <https://platform.openai.com/docs/api-reference/responses/create>. The rest only advise: `metadata`,
/// `store`, `include`, `service_tier`, `truncation`, `prompt_cache_*`, `safety_identifier`, `moderation`, `max_tool_calls`
/// (it counts calls of OpenAI's own tools), `context_management`, `text.verbosity`.
static RESPONSES: &[Meaningful] = &[
    vital(
        "previous_response_id",
        "goes on with a response that OpenAI stores, which this target doesn't know",
    ),
    vital("conversation", "names a conversation that OpenAI stores, which this target doesn't know"),
    vital("prompt", "names a prompt that OpenAI stores, which this target doesn't know"),
    vital("item_reference", "in input names an item that OpenAI stores, which this target doesn't know"),
    member("background", "asks for an answer to be fetched later, which this target doesn't keep"),
];

/// Inside a message, of any caller.
static IN_MESSAGE: &[Meaningful] =
    &[member("audio", "refers to an answer in sound, which only OpenAI can look up")];

/// The members of a caller's dialect, by its name.
fn table(dialect: &str) -> &'static [Meaningful] {
    match dialect {
        "openai" => CHAT,
        "anthropic" => MESSAGES,
        "responses" => RESPONSES,
        _ => &[],
    }
}

/// Leaves out everything in `extra`, of the request and of its messages.
///
/// # Errors
/// The first member that changes the meaning, if `losses` doesn't allow dropping it.
pub fn carry_extra(request: &Request<'_>, losses: &mut Losses) -> Result<(), Refusal> {
    for (name, value) in &request.extra {
        lose_member(request.dialect, name, *value, losses)?;
    }
    for (name, value) in request.messages.iter().flat_map(|message| &message.extra) {
        lose_member_of_message(name, *value, losses)?;
    }
    Ok(())
}

/// Whether everything in `extra` only advises, so that every target can do without.
pub fn is_all_advice(request: &Request<'_>) -> bool {
    let advises = |table: &[Meaningful], (name, value): &(Text<'_>, Raw<'_>)| {
        let name = name.decode();
        !table.iter().any(|member| member.name == name) || says_nothing(&name, *value)
    };
    request.extra.iter().all(|member| advises(table(request.dialect), member))
        && request
            .messages
            .iter()
            .flat_map(|message| &message.extra)
            .all(|member| advises(IN_MESSAGE, member))
}

/// Leaves out one member of a request that a caller of this dialect wrote.
///
/// # Errors
/// It changes the meaning, and `losses` doesn't allow dropping it.
pub fn lose_member(
    dialect: &str,
    name: &Text<'_>,
    value: Raw<'_>,
    losses: &mut Losses,
) -> Result<(), Refusal> {
    leave_out(table(dialect), name.decode(), Loss::Path, value, losses)
}

/// Leaves out one member of a message.
///
/// # Errors
/// It changes the meaning, and `losses` doesn't allow dropping it.
pub fn lose_member_of_message(name: &Text<'_>, value: Raw<'_>, losses: &mut Losses) -> Result<(), Refusal> {
    leave_out(IN_MESSAGE, name.decode(), Loss::Each, value, losses)
}

fn leave_out(
    table: &[Meaningful],
    name: Cow<'_, str>,
    lost: fn(Cow<'static, str>) -> Loss,
    value: Raw<'_>,
    losses: &mut Losses,
) -> Result<(), Refusal> {
    if says_nothing(&name, value) {
        return Ok(());
    }
    let known = table.iter().find(|member| member.name == name);
    let lost = lost(Cow::Owned(name.into_owned()));
    match known {
        Some(member) if member.is_vital => {
            let why = format!("{}. Send the whole conversation in this request.", member.why);
            let refusal = Refusal::unsupported_loss(lost, why);
            Err(if member.name == THREAD { Refusal { code: NO_THREADS, ..refusal } } else { refusal })
        }
        Some(member) => losses.meaning(lost, member.why),
        None => {
            losses.advisory(lost);
            Ok(())
        }
    }
}

/// Whether a value asks for what would happen anyway.
fn says_nothing(name: &str, value: Raw<'_>) -> bool {
    let only_text = || value.items().all(|item| item.text().is_some_and(|text| text == "text"));
    match name {
        _ if value.is_null() => true,
        "modalities" => only_text(),
        "background" => value.as_bool() == Some(false),
        // What code printed comes anyway.
        "include" => value.text().is_some_and(|text| text == "code_interpreter_call.outputs"),
        "truncation" => value.text().is_some_and(|text| text == "disabled"),
        "stream_options" => value.get("include_obfuscation").and_then(Raw::as_bool) != Some(true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Unsupported;
    use super::*;

    fn carried(extra: &str, policy: Unsupported) -> Result<Vec<String>, String> {
        let extra = Raw::trusted(extra).fields().collect();
        let mut losses = Losses::new(policy);
        let request = Request { dialect: "openai", extra, ..Request::default() };
        let result = carry_extra(&request, &mut losses);
        let dropped = losses
            .into_dropped(&mut crate::dialect::loss::InChat)
            .into_iter()
            .map(std::borrow::Cow::into_owned)
            .collect();
        result.map(|()| dropped).map_err(|refusal| refusal.named(&mut crate::dialect::loss::InChat).message)
    }

    #[test]
    fn advice_is_what_can_always_be_left_out() {
        for extra in [
            r#"{"store":true,"modalities":["text"],"audio":null,"brand_new":1}"#,
            r#"{"modalities":["text","audio"]}"#,
            r#"{"web_search_options":{}}"#,
            "{}",
        ] {
            let request = Request {
                dialect: "openai",
                extra: Raw::trusted(extra).fields().collect(),
                ..Request::default()
            };
            assert_eq!(is_all_advice(&request), carried(extra, Unsupported::Refuse).is_ok(), "{extra}");
        }
    }

    #[test]
    fn advice_is_listed_and_meaning_is_refused() {
        let all = r#"{"store":true,"modalities":["text"],"audio":null,"brand_new":1}"#;
        assert_eq!(carried(all, Unsupported::Refuse).unwrap(), ["store", "brand_new"]);
        let sound = r#"{"modalities":["text","audio"],"audio":{"voice":"alloy"}}"#;
        assert!(
            carried(sound, Unsupported::Refuse)
                .unwrap_err()
                .starts_with("modalities asks for more than text")
        );
        assert_eq!(carried(sound, Unsupported::Drop).unwrap(), ["modalities", "audio"]);
    }
}
