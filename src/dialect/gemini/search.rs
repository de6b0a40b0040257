//! Google's searches of the web: <https://ai.google.dev/gemini-api/docs/google-search>.

use crate::chat::{Request, ToolChoice, WebSearch};
use crate::dialect::talk::{SearchHabits, lose_search};
use crate::dialect::{Host, Losses, Refusal};

/// Whether a choice wants a tool to be called.
pub(super) fn is_forced(choice: &ToolChoice<'_>) -> bool {
    matches!(choice, ToolChoice::Required | ToolChoice::Named(_) | ToolChoice::Among { required: true, .. })
}

/// The tool, as JSON; nothing where it is left out.
///
/// Domains can be left out on Vertex only: "This field is not supported in Gemini API", says Google's SDK of `exclude_domains`. Beside
/// functions older models refuse it, and newer ones want what was called and found on every turn
/// (<https://ai.google.dev/gemini-api/docs/tool-combination>), which callers of other dialects don't keep.
///
/// # Errors
/// It can't be made, and may not be left out.
pub(super) fn json(
    search: &WebSearch<'_>,
    index: usize,
    (request, has_functions): (&Request<'_>, bool),
    host: Host,
    losses: &mut Losses,
) -> Result<Option<String>, Refusal> {
    if request.tool_choice == Some(ToolChoice::None) {
        return Ok(None);
    }
    if has_functions {
        let why = "is a search of the web, which Gemini doesn't make beside functions";
        return lose_search(search, index, why, losses).map(|()| None);
    }
    let blocks = host == Host::Vertex;
    let habits =
        SearchHabits { allows: false, blocks, location: false, context_size: false, max_uses: false };
    if !habits.hold(search, index, losses)? {
        return Ok(None);
    }
    Ok(Some(match search.blocked_domains {
        Some(domains) => format!(r#"{{"excludeDomains":{}}}"#, domains.as_json()),
        None => "{}".to_owned(),
    }))
}
