//! Tools and the choice among them.

use super::super::tools::CODE_INTERPRETER;
use crate::chat::{CODE_EXECUTION, Features, Request, Tool, ToolChoice, ToolKind, WebSearch};
use crate::dialect::piece::names::{Renames, among, set};
use crate::dialect::piece::structured::NO_ARGUMENTS;
use crate::dialect::talk::{
    NO_FORCE, NO_SEARCH, SearchHabits, hold_code, is_of_lost, lose_code, lose_foreign, lose_search,
    write_location,
};
use crate::dialect::{Losses, Quirk, Refusal, Target};
use crate::json::{Raw, Text, Writer};

/// Writes `tools`, `tool_choice` and `parallel_tool_calls`. Whether OpenAI may run code.
///
/// # Errors
/// A tool that only another dialect has, unless `losses` allows dropping it.
pub(super) fn write(
    request: &Request<'_>,
    target: &Target,
    names: &Renames,
    losses: &mut Losses,
    w: &mut Writer<'_>,
) -> Result<bool, Refusal> {
    // OpenAI knows a choice among some, with which the list of all, and the cache of it, stays as it is. Who else has Responses
    // need not know it.
    let knows_some = target.row.has(Quirk::Responses);
    let carried = carried(request, target, knows_some, losses)?;
    let choice = choice(request, &carried, target, losses)?;
    if carried.is_empty() {
        return Ok(false);
    }
    let names = &ToolNames { names, runs_code: carried.iter().any(|tool| is_code(tool)) };
    w.key("tools").array(|w| carried.iter().for_each(|tool| write_tool(tool, names, w)));
    let is_search = |tool: &&Tool<'_>| matches!(tool.kind, ToolKind::WebSearch(_));
    let names_search = |choice: &ToolChoice<'_>| {
        let mut searches = carried.iter().copied().filter(is_search);
        matches!(choice, ToolChoice::Named(name) if searches.any(|tool| tool.name == *name))
    };
    if choice.is_some_and(names_search) {
        // Its types of a choice name the searches of older models only.
        match carried.as_slice() {
            [_] => w.key("tool_choice").string("required"),
            _ => losses.meaning(
                "tool_choice",
                "names a search of the web, which can't be chosen beside functions",
            )?,
        }
    } else if let Some(choice) = choice {
        match choice {
            ToolChoice::Among { names: some, required } if knows_some => {
                let left = set(carried.iter().map(|tool| &tool.name));
                let some: Vec<&Text<'_>> = some.iter().filter(|name| left.contains(&name.decode())).collect();
                write_some(&some, *required, names, w.key("tool_choice"));
            }
            other => write_choice(other, names, w.key("tool_choice")),
        }
    }
    if let Some(parallel) = request.parallel_tool_calls {
        w.key("parallel_tool_calls").bool(parallel);
    }
    Ok(names.runs_code)
}

/// The choice that goes out: none of tools that were left out, and none that the model can't be held to.
fn choice<'r>(
    request: &'r Request<'r>,
    carried: &[&Tool<'_>],
    target: &Target,
    losses: &mut Losses,
) -> Result<Option<&'r ToolChoice<'r>>, Refusal> {
    let Some(choice) = &request.tool_choice else { return Ok(None) };
    if is_of_lost(choice, request, carried.iter().copied()) {
        losses.advisory("tool_choice");
        return Ok(None);
    }
    let forces = matches!(
        choice,
        ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Among { required: true, .. }
    );
    if forces && !target.has(Features::FORCED_TOOLS) {
        losses.meaning("tool_choice", NO_FORCE)?;
        return Ok(None);
    }
    Ok(Some(choice))
}

fn carried<'r>(
    request: &'r Request<'r>,
    target: &Target,
    knows_some: bool,
    losses: &mut Losses,
) -> Result<Vec<&'r Tool<'r>>, Refusal> {
    let left = among(request.tool_choice.as_ref()).filter(|_| !knows_some);
    let mut carried = Vec::with_capacity(request.tools.len());
    for (index, tool) in request.tools.iter().enumerate() {
        if left.as_ref().is_some_and(|names| !names.contains(&tool.name.decode())) {
            continue;
        }
        match &tool.kind {
            ToolKind::Foreign { dialect, .. } => lose_foreign(index, tool, dialect, losses)?,
            ToolKind::WebSearch(search) if !target.row.has(Quirk::Responses) => {
                lose_search(search, index, NO_SEARCH, losses)?;
            }
            ToolKind::WebSearch(search) => {
                if SEARCHES.hold(search, index, losses)? {
                    carried.push(tool);
                }
            }
            ToolKind::CodeExecution(_) if !target.row.has(Quirk::Responses) => lose_code(index, losses)?,
            ToolKind::CodeExecution(code) => {
                if hold_code(code, index, losses)? {
                    carried.push(tool);
                }
            }
            // Made a function before.
            ToolKind::FreeForm { .. } => {}
            ToolKind::Function { .. } => carried.push(tool),
        }
        if tool.cache.is_some() {
            losses.advisory("cache_control");
        }
    }
    Ok(carried)
}

/// <https://platform.openai.com/docs/guides/tools-web-search>
const SEARCHES: SearchHabits =
    SearchHabits { allows: true, blocks: false, location: true, context_size: true, max_uses: false };

fn write_search(search: &WebSearch<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("web_search");
        if let Some(domains) = search.allowed_domains {
            w.key("filters").object(|w| w.key("allowed_domains").raw(domains));
        }
        write_location(search, w);
        if let Some(size) = &search.context_size {
            w.key("search_context_size").text(size);
        }
    });
}

/// What a tool is called where one is named.
struct ToolNames<'n> {
    names: &'n Renames,
    /// The name of code that is run is no function's.
    runs_code: bool,
}

fn is_code(tool: &Tool<'_>) -> bool {
    matches!(tool.kind, ToolKind::CodeExecution(_))
}

fn write_tool(tool: &Tool<'_>, ToolNames { names, .. }: &ToolNames<'_>, w: &mut Writer<'_>) {
    if is_code(tool) {
        return w.object(|w| {
            w.key("type").string(CODE_INTERPRETER);
            w.key("container").object(|w| w.key("type").string("auto"));
        });
    }
    if let ToolKind::WebSearch(search) = &tool.kind {
        return write_search(search, w);
    }
    let ToolKind::Function { schema, strict } = &tool.kind else { return };
    w.object(|w| {
        w.key("type").string("function");
        w.key("name").text(&names.sent(&tool.name));
        if let Some(description) = &tool.description {
            w.key("description").text(description);
        }
        w.key("parameters").raw(schema.unwrap_or(Raw::trusted(NO_ARGUMENTS)));
        // Here it is on unless said otherwise, and in the callers' dialects off:
        // <https://platform.openai.com/docs/guides/migrate-to-responses>.
        w.key("strict").bool(strict.unwrap_or(false));
    });
}

fn write_named(name: &Text<'_>, of: &ToolNames<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        if of.runs_code && *name == CODE_EXECUTION {
            return w.key("type").string(CODE_INTERPRETER);
        }
        w.key("type").string("function");
        w.key("name").text(&of.names.sent(name));
    });
}

fn write_some(some: &[&Text<'_>], required: bool, names: &ToolNames<'_>, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("allowed_tools");
        w.key("mode").string(if required { "required" } else { "auto" });
        w.key("tools").array(|w| some.iter().for_each(|name| write_named(name, names, w)));
    });
}

fn write_choice(choice: &ToolChoice<'_>, names: &ToolNames<'_>, w: &mut Writer<'_>) {
    match choice {
        ToolChoice::Auto => w.string("auto"),
        ToolChoice::None => w.string("none"),
        ToolChoice::Required => w.string("required"),
        ToolChoice::Named(name) => write_named(name, names, w),
        ToolChoice::Among { required, .. } => w.string(if *required { "required" } else { "auto" }),
    }
}
