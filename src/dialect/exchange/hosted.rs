//! What a provider's own tools did, in a conversation that goes to another dialect: searches that it made, code that it ran.
//!
//! The answer's words hold what came of it; the rest only its maker can read (what Claude found is sealed, an item of OpenAI's is in
//! its store). So it is left out and listed: a conversation goes on wherever it began.

use crate::chat::{PartKind, Request, Role};
use crate::dialect::loss::{Loss, Losses};
use crate::dialect::providers::Dialect;
use crate::json::Text;

/// OpenAI's items: <https://platform.openai.com/docs/api-reference/responses/object>.
const ITEMS: [&str; 5] =
    ["web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "mcp_list_tools"];

/// Leaves out such parts of another dialect than the target's. They become texts of nothing, so that the others keep their places.
pub(super) fn forget(request: &mut Request<'_>, target: Dialect, losses: &mut Losses) {
    for (index, message) in request.messages.iter_mut().enumerate() {
        if message.role != Role::Assistant {
            continue;
        }
        for (at, part) in message.parts.iter_mut().enumerate() {
            let PartKind::Foreign { dialect, kind, .. } = &part.kind else { continue };
            if *dialect != target.name() && is_hosted(dialect, &kind.decode()) {
                losses.advisory(Loss::part(index, at));
                part.kind = PartKind::Text(Text::default());
            }
        }
    }
}

/// Whether a request may have such parts.
pub(super) fn is_in(request: &Request<'_>) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| matches!(part.kind, PartKind::Foreign { .. }))
}

fn is_hosted(dialect: &str, kind: &str) -> bool {
    match dialect {
        "responses" => ITEMS.contains(&kind),
        // <https://docs.anthropic.com/en/api/messages>: calls, and results of each tool by its name.
        "anthropic" => matches!(kind, "server_tool_use" | "mcp_tool_use") || kind.ends_with("_tool_result"),
        _ => false,
    }
}
