//! Searches of the web where a provider of Chat Completions makes them itself: as options, and only some models do.

use crate::chat::{Request, Tool, ToolChoice, ToolKind, WEB_SEARCH, WebSearch};
use crate::dialect::openai::quirks;
use crate::dialect::openai::wire::OWN;
use crate::dialect::talk::{NO_SEARCH, SearchHabits, lose_search};
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// At OpenAI the models whose names say so; others refuse the options ("Unknown parameter: 'web_search_options'.",
/// <https://github.com/pydantic/pydantic-ai/issues/2822>).
const AT_OPENAI: SearchHabits =
    SearchHabits { allows: false, blocks: false, location: true, context_size: true, max_uses: false };

/// Perplexity's models search always: <https://docs.perplexity.ai/api-reference/chat-completions-post>. Its domains:
/// <https://docs.perplexity.ai/guides/search-domain-filters>.
const AT_PERPLEXITY: SearchHabits = SearchHabits { allows: true, blocks: true, ..AT_OPENAI };

/// The most domains that Perplexity takes, either kind.
const MOST_DOMAINS: usize = 20;

/// Whether a choice names a search: where one is made at all it is no tool that could be chosen.
pub(super) fn is_named(choice: &ToolChoice<'_>, tools: &[&Tool<'_>]) -> bool {
    match choice {
        ToolChoice::Named(name) => *name == WEB_SEARCH && !tools.iter().any(|tool| tool.name == *name),
        _ => false,
    }
}

/// Writes the request's searches: as the caller did, where it is of this dialect and the provider doesn't reject them.
///
/// # Errors
/// As [`write()`].
pub(super) fn write_all(
    request: &Request<'_>,
    target: &Target,
    model: &str,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<(), Refusal> {
    for (index, tool) in request.tools.iter().enumerate() {
        let ToolKind::WebSearch(search) = &tool.kind else { continue };
        if search.dialect == OWN && !quirks::rejects(target.row, "web_search_options") {
            w.key("web_search_options").raw(search.raw);
        } else {
            write(search, index, target, model, losses, w)?;
        }
    }
    Ok(())
}

/// Writes the members that say it.
///
/// # Errors
/// The target makes no such search, and the tool may not be left out.
fn write(
    search: &WebSearch<'_>,
    index: usize,
    target: &Target,
    model: &str,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<(), Refusal> {
    let habits = match target.row.name {
        "openai" | "azure_openai" if model.contains("-search") => AT_OPENAI,
        "perplexity" => AT_PERPLEXITY,
        _ => return lose_search(search, index, NO_SEARCH, losses),
    };
    let domains = domains(search);
    if domains.len() > MOST_DOMAINS {
        let why = "is a search with more than the 20 domains that this target takes";
        return lose_search(search, index, why, losses);
    }
    if !habits.hold(search, index, losses)? {
        return Ok(());
    }
    w.key("web_search_options").object(|w| {
        if let Some(size) = &search.context_size {
            w.key("search_context_size").text(size);
        }
        if search.place().next().is_some() {
            w.key("user_location").object(|w| write_place(search, habits.allows, w));
        }
    });
    if !domains.is_empty() {
        w.key("search_domain_filter").array(|w| domains.iter().for_each(|domain| w.string(domain)));
    }
    Ok(())
}

/// Perplexity's are the location's own, without a zone of time; OpenAI's are one in.
/// <https://docs.perplexity.ai/guides/user-location-filter-guide>
fn write_place(search: &WebSearch<'_>, is_flat: bool, w: &mut Writer<'_>) {
    let members = |w: &mut Writer<'_>| {
        let known = search.place().filter(|(name, _)| !is_flat || *name != "timezone");
        known.for_each(|(name, said)| w.key(name).text(&said));
    };
    if is_flat {
        return members(w);
    }
    w.key("type").string("approximate");
    w.key("approximate").object(members);
}

/// Perplexity's one list of domains, in which a dash stands before those that are left out; never both kinds.
fn domains(search: &WebSearch<'_>) -> Vec<String> {
    let listed = |list: Option<Raw<'_>>, dash: &str| -> Vec<String> {
        let domains = list.into_iter().flat_map(Raw::items).filter_map(Raw::text).map(Text::into_string);
        domains.map(|domain| [dash, &domain].concat()).collect()
    };
    match listed(search.allowed_domains, "") {
        // What is not allowed is left out anyway.
        allowed if allowed.is_empty() => listed(search.blocked_domains, "-"),
        allowed => allowed,
    }
}
