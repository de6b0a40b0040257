//! Which of OpenAI's two APIs a request goes by whose caller speaks Chat Completions or Messages.
//!
//! A target says it (`api`), or leaves it to us: then Responses is for those models only that can't do the same by Chat
//! Completions, and only in the houses of their maker. There
//!
//! * a Messages caller is always answered by Responses: its requests are translated anyway, Claude Code's have tools and thinking in
//!   each, and reasoning comes back on the next turn by Responses alone;
//! * a Chat caller's request is edited and not translated as long as it can be, so that whatever OpenAI adds tomorrow goes through. By
//!   Responses it goes only where `/chat/completions` is known to refuse it ([`ChatRefuses`]). What Responses lacks is told then, in
//!   planning, which can ask another target; OpenAI's 400 could not.
//!
//! A conversation doesn't change sides: tools, efforts and stop sequences are in each request of one, and reasoning that Responses
//! sealed goes on by it whatever else the request says.

use crate::dialect::providers::{Dialect, Host, Quirk};
use crate::dialect::responses;
use crate::dialect::seam::{Api, Target};
use crate::dialect::surface::Surface;
use crate::json::{Kind, Raw};
use memchr::memmem;

/// What OpenAI refuses of a model on `/v1/chat/completions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ChatRefuses {
    Nothing,
    /// Tools with an effort: `Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions.
    /// Please use /v1/responses instead.` (pipecat-ai/pipecat#4043, openai/openai-openapi#541).
    ToolsWithEffort,
    /// Tools, unless the effort is `none`: these models think unasked. `… To use function tools, use /v1/responses or set
    /// reasoning_effort to 'none'.` (BerriAI/litellm#34569, danny-avila/LibreChat#14355).
    Tools,
    /// Everything: they are in Responses only (`mode: responses` in LiteLLM's `model_prices_and_context_window.json`, 11/2026).
    All,
}

/// Whether a model answers by Responses at all, where nothing else is said.
fn answers_by_responses(model: &str) -> bool {
    chat_refuses(model) != ChatRefuses::Nothing
}

/// By the model's name, for which Azure's deployments are mostly named too.
fn chat_refuses(model: &str) -> ChatRefuses {
    let model = model.trim_start_matches("openai/").trim_start_matches("ft:");
    let model = model.split(':').next().unwrap_or(model);
    let has = |word: &str| model.split('-').any(|part| part == word);
    if model.contains("deep-research") || model.starts_with("codex-mini") {
        return ChatRefuses::All;
    }
    let Some(rest) = model.strip_prefix("gpt-") else {
        let is_o = ["o1", "o3", "o4"].iter().any(|family| model.split('-').next() == Some(*family));
        return if is_o && has("pro") { ChatRefuses::All } else { ChatRefuses::Nothing };
    };
    let version = rest.split('-').next().unwrap_or_default();
    let (major, minor) = version.split_once('.').unwrap_or((version, "0"));
    let (Ok(major), Ok(minor)) = (major.parse::<u32>(), minor.parse::<u32>()) else {
        return ChatRefuses::Nothing;
    };
    match (major, minor) {
        (5.., _) if has("pro") || has("codex") => ChatRefuses::All,
        // They don't reason.
        _ if has("chat") => ChatRefuses::Nothing,
        (5, 4) => ChatRefuses::ToolsWithEffort,
        // Of gpt-5.5 without an effort both is reported: refused (jeffdafoe/llm-memory-api#178), taken (sarchlab/akita#464).
        (5, 5..) | (6.., _) => ChatRefuses::Tools,
        _ => ChatRefuses::Nothing,
    }
}

/// Whether the request goes to `/responses` though its caller speaks another dialect. `requested`: the caller's name of the model.
pub(super) fn by_responses(surface: Surface, body: Raw<'_>, target: &Target, requested: &str) -> bool {
    let is_translated = matches!(surface, Surface::Chat | Surface::Messages);
    if !is_translated || target.dialect() != Dialect::OpenAi {
        return false;
    }
    match target.api {
        Api::Responses => return true,
        Api::Chat => return false,
        Api::Auto => {}
    }
    let model = target.model(requested);
    if !is_at_its_maker(target) || !answers_by_responses(model) {
        return false;
    }
    let refuses = is_refused(chat_refuses(model), surface, body);
    let by_default = surface == Surface::Messages && !has_stops(body);
    refuses || by_default || continues(body, target)
}

/// Whether the maker's own API answers there: others that have the model take on Chat Completions what it refuses.
fn is_at_its_maker(target: &Target) -> bool {
    // <https://platform.openai.com/docs/guides/your-data>, <https://learn.microsoft.com/azure/ai-foundry/foundry-models/concepts/endpoints>
    const OPENAI: &str = "api.openai.com";
    const AZURE: [&str; 3] = [".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com"];
    let host = target.endpoint.host.as_str();
    target.row.has(Quirk::Responses)
        && match target.row.host {
            Host::Azure => AZURE.iter().any(|house| host.ends_with(house)),
            _ => host == OPENAI || host.strip_suffix(OPENAI).is_some_and(|region| region.ends_with('.')),
        }
}

fn is_refused(refuses: ChatRefuses, surface: Surface, body: Raw<'_>) -> bool {
    let calls = || ["tools", "functions"].iter().any(|name| has_items(body.present(name)));
    match refuses {
        ChatRefuses::Nothing => false,
        ChatRefuses::ToolsWithEffort => calls() && effort(surface, body) == Some(true),
        ChatRefuses::Tools => calls() && effort(surface, body) != Some(false),
        ChatRefuses::All => true,
    }
}

fn has_items(list: Option<Raw<'_>>) -> bool {
    list.is_some_and(|list| list.items().next().is_some())
}

/// Whether the caller asks for thinking; `None`: it doesn't say.
fn effort(surface: Surface, body: Raw<'_>) -> Option<bool> {
    let text = |path: &[&str]| body.at(path).and_then(Raw::text);
    let by_thinking = text(&["thinking", "type"]).map(|kind| !(kind == "disabled"));
    let said: &[&str] =
        if surface == Surface::Messages { &["output_config", "effort"] } else { &["reasoning_effort"] };
    let by_effort = text(said).or_else(|| text(&["reasoning", "effort"])).map(|effort| !(effort == "none"));
    let by_object = body.get("reasoning").filter(|given| given.kind() == Kind::Object).map(|_| true);
    // Thinking that is off says nothing of the effort in Chat Completions, where it isn't sent.
    by_effort.or(by_object).or(by_thinking.filter(|thinks| *thinks))
}

fn has_stops(body: Raw<'_>) -> bool {
    has_items(body.present("stop_sequences"))
}

/// Whether there is reasoning in it that this target sealed.
fn continues(body: Raw<'_>, target: &Target) -> bool {
    memmem::find(body.as_json().as_bytes(), responses::provider::mark(target).as_bytes()).is_some()
}

#[cfg(test)]
mod tests;
