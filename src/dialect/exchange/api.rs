//! Which of OpenAI's two APIs a request goes by whose caller speaks Chat Completions or Messages.
//!
//! A target says it (`api`), or leaves it to us: then Responses is for those models only that can't do the same by Chat
//! Completions, and only in the houses of their maker. There
//!
//! * a Messages caller is answered by Responses, unless it has stop sequences, which Responses lack: its requests are translated anyway, Claude Code's have tools and thinking in
//!   each, and reasoning comes back on the next turn by Responses alone;
//! * a Chat caller's request is edited and not translated as long as it can be, so that whatever OpenAI adds tomorrow goes through. By
//!   Responses it goes only where `/chat/completions` is known to refuse it ([`ModelApi`]). What Responses lacks is told then, in
//!   planning, which can ask another target; OpenAI's 400 could not.
//!
//! A conversation doesn't change sides: tools, efforts and stop sequences are in each request of one, and reasoning that Responses
//! sealed goes on by it whatever else the request says.

use crate::catalog::ModelApi;
use crate::chat::Effort;
use crate::dialect::providers::{Dialect, Host, Quirk};
use crate::dialect::responses;
use crate::dialect::seam::{Api, Target};
use crate::dialect::surface::Surface;
use crate::json::{Kind, Raw, Text};
use memchr::memmem;

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
    if !is_at_its_maker(target) {
        return false;
    }
    let known = target.asked_for(requested);
    if known.model_api == ModelApi::Chat {
        return false;
    }
    let refuses = is_refused(&known, surface, body);
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

fn is_refused(target: &Target, surface: Surface, body: Raw<'_>) -> bool {
    let calls = || has_functions(surface, body);
    match target.model_api {
        ModelApi::Chat => false,
        ModelApi::ResponsesToThinkWithTools => calls() && effort(surface, body) == Some(true),
        ModelApi::ResponsesForTools => {
            let thinks = effort(surface, body) != Some(false) || !target.efforts.contains(Effort::None);
            calls() && thinks || effort_name(surface, body).as_deref() == Some("max")
        }
        ModelApi::Responses => true,
    }
}

/// Whether there are functions to call: of custom tools in Chat Completions no refusal is known. Anthropic's functions may have that
/// type.
fn has_functions(surface: Surface, body: Raw<'_>) -> bool {
    let is_function = |tool: Raw<'_>| {
        surface != Surface::Chat
            || tool.get("type").and_then(Raw::text).is_none_or(|kind| !(kind == "custom"))
    };
    body.present("tools").is_some_and(|tools| tools.items().any(is_function))
        || has_items(body.present("functions"))
}

fn has_items(list: Option<Raw<'_>>) -> bool {
    list.is_some_and(|list| list.items().next().is_some())
}

/// The effort by its name. Chat Completions has no `max`, the models have: `Supported values are: 'none', 'low', 'medium', 'high', and
/// 'xhigh'.` (<https://developers.openai.com/api/docs/models/gpt-5.6-luna>).
fn effort_name(surface: Surface, body: Raw<'_>) -> Option<String> {
    let said: &[&str] =
        if surface == Surface::Messages { &["output_config", "effort"] } else { &["reasoning_effort"] };
    let name = body.at(said).and_then(Raw::text).or_else(|| body.at(&["reasoning", "effort"])?.text());
    name.map(Text::into_string)
}

/// Whether the caller asks for thinking; `None`: it doesn't say.
fn effort(surface: Surface, body: Raw<'_>) -> Option<bool> {
    let text = |path: &[&str]| body.at(path).and_then(Raw::text);
    let by_thinking = text(&["thinking", "type"]).map(|kind| !(kind == "disabled"));
    let by_effort = effort_name(surface, body).map(|effort| effort != "none");
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
