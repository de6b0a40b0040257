//! Tools whose input is a text, where a provider of Chat Completions has them (`custom`).

use crate::chat::{Grammar, Request, Tool, ToolChoice, ToolKind};
use crate::dialect::piece::names::Renames;
use crate::json::Writer;

/// The word for the tool that a choice names.
pub(super) fn kind_of_named(choice: &ToolChoice<'_>, request: &Request<'_>) -> &'static str {
    let is_custom = |tool: &Tool<'_>| match choice {
        ToolChoice::Named(name) => tool.name == *name && matches!(tool.kind, ToolKind::FreeForm { .. }),
        _ => false,
    };
    if request.tools.iter().any(is_custom) { "custom" } else { "function" }
}

/// A tool whose input is a text.
pub(super) fn write(tool: &Tool<'_>, grammar: Option<&Grammar<'_>>, names: &Renames, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("custom");
        w.key("custom").object(|w| {
            w.key("name").text(&names.sent(&tool.name));
            if let Some(description) = &tool.description {
                w.key("description").text(description);
            }
            let Some(Grammar { syntax, definition }) = grammar else { return };
            w.key("format").object(|w| {
                w.key("type").string("grammar");
                w.key("grammar").object(|w| {
                    w.key("syntax").text(syntax);
                    w.key("definition").text(definition);
                });
            });
        });
    });
}
