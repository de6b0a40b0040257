//! What OpenAI-compatible providers do differently, in one place for translated and for edited requests alike.

use crate::chat::{Effort, Features, Maker};
use crate::dialect::loss::Loss;
use crate::dialect::openai::reasoning::Seals;
use crate::dialect::openai::wire::OWN;
use crate::dialect::talk::{NO_JSON, NO_SCHEMA, NO_STOP};
use crate::dialect::{CacheMarks, Host, Losses, Quirk, Refusal, Row, Target, Thoughts, lose_member};
use crate::json::{Raw, Text};

/// The name of the limit on answer tokens.
pub(super) fn max_tokens_name(row: &Row) -> &'static str {
    let renamed = row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::MaxTokensIs(name) => Some(*name),
        _ => None,
    });
    renamed.unwrap_or("max_completion_tokens")
}

/// The name of `seed`.
pub(super) fn seed_name(row: &Row) -> &'static str {
    let renamed = row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::SeedIs(name) => Some(*name),
        _ => None,
    });
    renamed.unwrap_or("seed")
}

/// The highest temperature, as a number and as JSON, where it is not OpenAI's: Mistral's is
/// <https://docs.mistral.ai/api/#tag/chat>.
pub(super) fn highest_temperature(row: &Row) -> Option<(f64, &'static str)> {
    row.has(Quirk::Chunks).then_some((1.5, "1.5"))
}

/// The word for a choice of some tool, the model decides which.
pub(super) fn required_choice(row: &Row) -> &'static str {
    if row.has(Quirk::Chunks) { "any" } else { "required" }
}

/// What becomes of thoughts in messages; `None`: they stay as the caller wrote them.
pub(super) fn thoughts(row: &Row) -> Option<Thoughts> {
    row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::Thoughts(thoughts) => Some(*thoughts),
        _ => None,
    })
}

/// Whose seals a target gets that takes thoughts as callers wrote them, or passes them on to their makers.
pub(super) fn seals(target: &Target) -> Seals {
    if thoughts(target.row) != Some(Thoughts::Details) {
        return if is_known_by_address(target.row) { Seals::Anyones } else { Seals::Nobodys };
    }
    // OpenRouter's names begin with the maker's: <https://openrouter.ai/models>.
    let model = target.model.as_deref().unwrap_or_default();
    match model.trim_start_matches('~').split_once('/') {
        Some(("anthropic", _)) => Seals::Of(Some(Maker::Anthropic)),
        Some(("google", _)) => Seals::Of(Some(Maker::Gemini)),
        Some(("openai", _)) => Seals::Of(Some(Maker::OpenAi)),
        // It picks the model itself.
        None | Some(("openrouter" | "@preset", _)) => Seals::Anyones,
        Some(_) => Seals::Of(None),
    }
}

/// The only members of messages that the provider knows.
pub(super) fn message_members(row: &Row) -> Option<&'static [&'static str]> {
    row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::MessageMembers(members) => Some(*members),
        _ => None,
    })
}

/// Whether a target takes a choice of tools of this kind: `auto`, `none`, `required` or `named`.
pub(super) fn takes_choice(target: &Target, kind: &str) -> bool {
    let forces = kind == "required" || kind == "named";
    if forces && !target.has(Features::FORCED_TOOLS) {
        return false;
    }
    target.row.quirks.iter().all(|quirk| match quirk {
        Quirk::Choices(kinds) => kind == "auto" || kinds.contains(&kind),
        _ => true,
    })
}

/// Whether a stream's usage can be asked for.
pub(super) fn counts_streams(row: &Row) -> bool {
    !row.has(Quirk::NoStreamUsage)
}

/// The role of a developer's message.
pub(super) fn developer_role(row: &Row) -> &'static str {
    if row.has(Quirk::DeveloperIsSystem) { "system" } else { "developer" }
}

/// Whether messages may name their speakers.
pub(super) fn takes_names(row: &Row) -> bool {
    !row.has(Quirk::NoNames)
}

/// The roles whose messages may not have an array of texts.
pub(super) fn strings(row: &Row) -> &'static [&'static str] {
    let strings = row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::Strings(roles) => Some(*roles),
        _ => None,
    });
    strings.unwrap_or_default()
}

/// The longest id of a tool call, in characters.
pub(super) fn longest_id(row: &Row) -> Option<usize> {
    row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::LongestId(longest) => Some(*longest),
        _ => None,
    })
}

/// Where the provider takes marks of cache breakpoints.
pub(super) fn cache_marks(row: &Row) -> CacheMarks {
    let marks = row.quirks.iter().find_map(|quirk| match quirk {
        Quirk::CacheMarks(marks) => Some(*marks),
        _ => None,
    });
    marks.unwrap_or(CacheMarks::NONE)
}

/// Whether it may be anything that speaks the dialect.
fn is_known_by_address(row: &Row) -> bool {
    row.endpoint.is_none() && row.host == Host::Native
}

/// Whether Anthropic's marks go out in parts where the caller's dialect isn't the provider's. A server that is known by its address
/// only may be anything: it gets none that nobody wrote for it.
pub(super) fn adds_cache_marks(row: &Row) -> bool {
    !is_known_by_address(row) && cache_marks(row).takes_in_parts(CacheMarks::ANTHROPICS)
}

/// Whether they go out beside tools and the request, too.
pub(super) fn adds_outer_cache_marks(row: &Row) -> bool {
    !is_known_by_address(row) && cache_marks(row).around
}

/// Whether the provider rejects members of a name.
pub(super) fn rejects(row: &Row, name: &str) -> bool {
    row.quirks.iter().any(|quirk| match quirk {
        Quirk::Without(param) => *param == name,
        Quirk::NoneOf(params) => params.contains(&name),
        Quirk::Only(params) => !params.contains(&name),
        _ => false,
    })
}

/// Whether a provider that knows a member knows this value of it.
fn fits(row: &Row, name: &str, value: Raw<'_>) -> bool {
    match name {
        "service_tier" => row.quirks.iter().all(|quirk| match quirk {
            Quirk::ServiceTiers(tiers) => {
                value.text().is_some_and(|tier| tiers.iter().any(|one| tier == **one))
            }
            _ => true,
        }),
        "prediction" if row.has(Quirk::Chunks) => value.get("content").and_then(Raw::text).is_some(),
        _ => true,
    }
}

/// Whether it is Groq's word for an effort that nobody chose.
fn is_default_effort(name: &str, value: Raw<'_>) -> bool {
    name == "reasoning_effort" && value.text().is_some_and(|effort| effort == "default")
}

/// Whether the provider takes a member. One that it rejects is left out and listed, or refused where the answer would
/// be another one without it.
///
/// # Errors
/// The refusal, if `losses` doesn't allow dropping.
pub(super) fn takes(row: &Row, name: &str, value: Raw<'_>, losses: &mut Losses) -> Result<bool, Refusal> {
    if is_default_effort(name, value) && !is_known_by_address(row) && !row.has(Quirk::DefaultEffort) {
        return Ok(false);
    }
    if !rejects(row, name) && (value.is_null() || fits(row, name, value)) {
        return Ok(true);
    }
    let why = match name {
        _ if value.is_null() => return Ok(false),
        "n" if value.as_u64() == Some(1) => return Ok(false),
        "logprobs" if value.as_bool() == Some(false) => return Ok(false),
        "n" => "asks for several answers, and this provider gives one",
        "logprobs" => "can't be had from this provider, which gives no probabilities of tokens",
        "tools" | "functions" => "can't be sent to this provider, which calls no tools",
        "tool_choice" | "function_call" => "can't be sent to this provider, which chooses tools by itself",
        "response_format" => "can't be sent to this provider, which answers in free text only",
        "modalities" | "audio" | "web_search_options" => {
            return lose_member(OWN, &Text::from(name), value, losses).map(|()| false);
        }
        _ => {
            losses.advisory(Loss::of_chat(name));
            return Ok(false);
        }
    };
    losses.meaning(Loss::of_chat(name), why)?;
    Ok(false)
}

/// Whether a target gets a member that a provider of its kind takes: not what its model lacks, nor what its file takes away
/// from it ([`crate::dialect::Target::withheld`]).
///
/// # Errors
/// The refusal, if `losses` doesn't allow dropping.
pub(super) fn gets(
    withheld: Features,
    name: &str,
    value: Raw<'_>,
    losses: &mut Losses,
) -> Result<bool, Refusal> {
    let form = || value.get("type").and_then(Raw::text);
    let (feature, why) = match name {
        "temperature" | "top_p" | "top_k" => (Features::SAMPLING, None),
        "reasoning_effort" => (Features::REASONING_EFFORT, None),
        "frequency_penalty" | "presence_penalty" | "logit_bias" => (Features::PENALTIES, None),
        "stop" if value.as_json() != "[]" => (Features::STOP, Some(NO_STOP)),
        "n" if value.as_u64() != Some(1) => {
            (Features::CANDIDATES, Some("asks for several answers, and this target gives one"))
        }
        "logprobs" if value.as_bool() != Some(false) => (
            Features::LOGPROBS,
            Some("can't be had from this target, which gives no probabilities of tokens"),
        ),
        "top_logprobs" => (Features::LOGPROBS, None),
        "response_format" if form().is_some_and(|form| form == "json_schema") => {
            (Features::JSON_SCHEMA, Some(NO_SCHEMA))
        }
        "response_format" if form().is_some_and(|form| form == "json_object") => {
            (Features::JSON_MODE, Some(NO_JSON))
        }
        _ => return Ok(true),
    };
    if value.is_null() || !withheld.contains(feature) {
        return Ok(true);
    }
    // Who is not to think where nobody does loses nothing.
    let is_none = || value.text().is_some_and(|effort| effort == Effort::None.name());
    if name == "reasoning_effort" && withheld.contains(Features::REASONING) && is_none() {
        return Ok(false);
    }
    match why {
        Some(why) => losses.meaning(Loss::of_chat(name), why)?,
        None => losses.advisory(Loss::of_chat(name)),
    }
    Ok(false)
}
