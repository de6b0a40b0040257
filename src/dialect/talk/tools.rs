//! Which tools go out, and which of them are held to their schemas.

use super::code::{hold_code, lose_code};
use super::search::{NO_SEARCH, SearchHabits, lose_search};
use crate::chat::{Request, Tool, ToolChoice, ToolKind};
use crate::dialect::loss::{Losses, Member, Refusal};
use crate::dialect::piece::names::{among, set};
use crate::dialect::piece::structured::{NO_ARGUMENTS, narrowed};
use crate::json::Raw;

/// What a dialect does with tools.
#[derive(Clone, Copy, Debug)]
pub struct ToolHabits {
    /// Whose own tools go out as they are.
    pub own: Option<&'static str>,
    /// Whether a tool can be held to its schema; nothing where that is not asked of each tool alone.
    pub strict: Option<bool>,
    /// Whether tools can have cache breakpoints.
    pub caches: bool,
    /// What its own searches of the web can be held to; nothing where it makes none.
    pub searches: Option<SearchHabits>,
    /// Whether it runs code itself.
    pub runs_code: bool,
    /// A choice knows no name: a tool that is named is the only one that goes out.
    pub is_alone_if_named: bool,
}

/// A tool that goes out.
#[derive(Debug)]
pub struct Offered<'r> {
    pub tool: &'r Tool<'r>,
    /// The schema that it is held to.
    pub strict: Option<String>,
}

impl<'r> Offered<'r> {
    /// The tools that go out: those that the choice leaves and the dialect can have.
    ///
    /// # Errors
    /// Tools that only another dialect has, unless dropping them is allowed.
    pub fn all(
        request: &'r Request<'r>,
        habits: ToolHabits,
        losses: &mut Losses,
    ) -> Result<Vec<Offered<'r>>, Refusal> {
        let left = match &request.tool_choice {
            Some(ToolChoice::Named(name)) if habits.is_alone_if_named => Some(set([name])),
            choice => among(choice.as_ref()),
        };
        let mut offered = Vec::with_capacity(request.tools.len());
        for (index, tool) in request.tools.iter().enumerate() {
            if left.as_ref().is_some_and(|names| !names.contains(&tool.name.decode())) {
                continue;
            }
            let strict = match &tool.kind {
                ToolKind::Function { schema, strict: Some(true) } => {
                    habits.strict.and_then(|can| held(*schema, can, losses))
                }
                ToolKind::WebSearch(search) if habits.own != Some(search.dialect) => {
                    let goes_out = match habits.searches {
                        Some(searches) => searches.hold(search, index, losses)?,
                        None => lose_search(search, index, NO_SEARCH, losses).map(|()| false)?,
                    };
                    if !goes_out {
                        continue;
                    }
                    None
                }
                ToolKind::CodeExecution(code) if habits.own != Some(code.dialect) => {
                    let goes_out = match habits.runs_code {
                        true => hold_code(code, index, losses)?,
                        false => lose_code(index, losses).map(|()| false)?,
                    };
                    if !goes_out {
                        continue;
                    }
                    None
                }
                ToolKind::Foreign { dialect, .. } if habits.own != Some(dialect) => {
                    lose_foreign(index, tool, dialect, losses)?;
                    continue;
                }
                _ => None,
            };
            if tool.cache.is_some() && !habits.caches {
                losses.advisory("cache_control");
            }
            offered.push(Offered { tool, strict });
        }
        Ok(offered)
    }
}

/// The schema of a strict tool, as it can be held to it.
fn held(schema: Option<Raw<'_>>, can: bool, losses: &mut Losses) -> Option<String> {
    let schema = schema.unwrap_or(Raw::trusted(NO_ARGUMENTS));
    let held = can.then(|| narrowed(schema)).flatten().and_then(|json| String::from_utf8(json).ok());
    if held.is_none() {
        losses.advisory(Member::Strict);
    }
    held
}

/// Whether the caller wants the tool to be held to its schema.
pub fn is_strict(tool: &Tool<'_>) -> bool {
    matches!(tool.kind, ToolKind::Function { strict: Some(true), .. })
}

/// Leaves out a tool that only one dialect has.
///
/// # Errors
/// It may not be left out.
pub fn lose_foreign(
    index: usize,
    tool: &Tool<'_>,
    dialect: &str,
    losses: &mut Losses,
) -> Result<(), Refusal> {
    let name = tool.name.decode();
    let why = format!("is the tool \"{name}\", which only the dialect \"{dialect}\" has");
    losses.meaning(format!("tools[{index}]"), &why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::{InChat, Unsupported};
    use crate::json::Text;

    const PLAIN: ToolHabits = ToolHabits {
        own: None,
        strict: Some(true),
        caches: false,
        searches: None,
        runs_code: false,
        is_alone_if_named: false,
    };

    fn tool(name: &'static str, kind: ToolKind<'static>) -> Tool<'static> {
        Tool { name: Text::from(name), description: None, kind, cache: Some(Raw::trusted("{}")) }
    }

    /// What goes out (with `!` if it is strict), and what is listed.
    fn offered(choice: Option<ToolChoice<'static>>, habits: ToolHabits) -> (String, String) {
        let strict = |schema| ToolKind::Function { schema: Some(Raw::trusted(schema)), strict: Some(true) };
        let tools = vec![
            tool("held", strict(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#)),
            tool("open", strict(r#"{"type":"object"}"#)),
            tool("search", ToolKind::Foreign { dialect: "anthropic", raw: Raw::trusted("{}") }),
        ];
        let request = Request { tools, tool_choice: choice, ..Request::default() };
        let mut losses = Losses::new(Unsupported::Drop);
        let offered = Offered::all(&request, habits, &mut losses).unwrap();
        let each = offered
            .iter()
            .map(|one| format!("{}{}", one.tool.name.decode(), if one.strict.is_some() { "!" } else { "" }));
        (each.collect::<Vec<_>>().join(" "), losses.into_dropped(&mut InChat).join(" "))
    }

    #[test]
    fn what_a_dialect_has_not_is_listed() {
        let (sent, lost) = offered(None, PLAIN);
        assert_eq!(sent, "held! open");
        assert_eq!(lost, "cache_control tools[].function.strict tools[2]");
        let all = ToolHabits { own: Some("anthropic"), strict: None, caches: true, ..PLAIN };
        assert_eq!(offered(None, all), ("held open search".to_owned(), String::new()));
    }

    #[test]
    fn a_choice_may_leave_some_only() {
        let names = vec![Text::from("held")];
        let among = ToolChoice::Among { names, required: true };
        assert_eq!(offered(Some(among), PLAIN).0, "held!");
        let named = || Some(ToolChoice::Named(Text::from("open")));
        assert_eq!(offered(named(), PLAIN).0, "held! open");
        assert_eq!(offered(named(), ToolHabits { is_alone_if_named: true, ..PLAIN }).0, "open");
    }
}
