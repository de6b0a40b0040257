//! What a provider's own tools did, in a conversation that goes to another dialect: searches that it made, code that it ran.
//!
//! The answer's words hold what came of it; the rest only its maker can read (what Claude found is sealed, an item of OpenAI's is in
//! its store). So it is left out and listed: a conversation goes on wherever it began.

use crate::chat::{CodeOutcome, CodeRun, Maker, PartKind, Request, Role, ToolKind};
use crate::dialect::anthropic;
use crate::dialect::loss::{Loss, Losses};
use crate::dialect::providers::{Dialect, Quirk};
use crate::dialect::seam::Target;
use crate::json::Text;

/// OpenAI's items: <https://platform.openai.com/docs/api-reference/responses/object>.
const ITEMS: [&str; 5] =
    ["web_search_call", "file_search_call", "code_interpreter_call", "mcp_call", "mcp_list_tools"];

/// Leaves out such parts of another dialect than the target's, and runs of code that were not its own. They become texts of nothing,
/// so that the others keep their places.
pub(super) fn forget(request: &mut Request<'_>, target: &Target, by_responses: bool, losses: &mut Losses) {
    let runs = request.tools.iter().any(|tool| matches!(tool.kind, ToolKind::CodeExecution(_)));
    let own = runner(target, by_responses).filter(|_| runs);
    let target = target.dialect();
    for (index, message) in request.messages.iter_mut().enumerate() {
        if message.role != Role::Assistant {
            continue;
        }
        for (at, part) in message.parts.iter_mut().enumerate() {
            let is_forgotten = match &part.kind {
                PartKind::Foreign { dialect, kind, .. } => {
                    *dialect != target.name() && is_hosted(dialect, &kind.decode())
                }
                PartKind::Code(CodeRun { name, .. }) | PartKind::CodeOutcome(CodeOutcome { name, .. }) => {
                    own != Some(name.maker)
                }
                _ => continue,
            };
            if is_forgotten {
                losses.advisory(Loss::part(index, at));
                part.kind = PartKind::Text(Text::default());
            }
        }
    }
}

/// Whose runs of code a target can read.
fn runner(target: &Target, by_responses: bool) -> Option<Maker> {
    match target.dialect() {
        Dialect::OpenAi => (by_responses && target.row.has(Quirk::Responses)).then_some(Maker::OpenAi),
        Dialect::Anthropic => anthropic::runs_code(target.row.host).then_some(Maker::Anthropic),
        Dialect::Gemini => Some(Maker::Gemini),
        Dialect::Bedrock | Dialect::Cohere => None,
    }
}

/// Whether a request may have such parts.
pub(super) fn is_in(request: &Request<'_>) -> bool {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    parts.any(|part| {
        matches!(part.kind, PartKind::Foreign { .. } | PartKind::Code(_) | PartKind::CodeOutcome(_))
    })
}

fn is_hosted(dialect: &str, kind: &str) -> bool {
    match dialect {
        "responses" => ITEMS.contains(&kind),
        // <https://docs.anthropic.com/en/api/messages>: calls, and results of each tool by its name.
        "anthropic" => matches!(kind, "server_tool_use" | "mcp_tool_use") || kind.ends_with("_tool_result"),
        _ => false,
    }
}
