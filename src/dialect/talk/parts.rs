//! Parts that don't go out, for dialects that write them one by one.

use crate::chat::PartKind;
use crate::dialect::loss::{Loss, Losses, Refusal};
use crate::json::Writer;

/// The parts of which something is written. What is left out must be known before: a message isn't written without content.
///
/// # Errors
/// The first of `write`.
pub fn kept<P>(
    parts: Vec<P>,
    losses: &mut Losses,
    mut write: impl FnMut(&P, &mut Losses, &mut Writer<'_>) -> Result<(), Refusal>,
) -> Result<Vec<P>, Refusal> {
    if !losses.may_drop() {
        return Ok(parts);
    }
    let mut kept = Vec::with_capacity(parts.len());
    for part in parts {
        let mut out = Vec::new();
        let mut w = Writer::weighing(&mut out);
        write(&part, losses, &mut w)?;
        if w.length() > 0 {
            kept.push(part);
        }
    }
    Ok(kept)
}

/// Leaves out a part that an API has no place for where it stands. `api`: its name, and `has` or `have`.
///
/// # Errors
/// The refusal, if `losses` doesn't allow dropping it.
pub fn refuse(kind: &PartKind<'_>, place: Loss, api: &str, losses: &mut Losses) -> Result<(), Refusal> {
    let what = match kind {
        PartKind::Foreign { kind, .. } => kind.decode().into_owned(),
        other => name_of(other).to_owned(),
    };
    losses.meaning(place, &format!("is a part of type `{what}`, which {api} no place for here"))?;
    losses.left_out(kind);
    Ok(())
}

fn name_of(kind: &PartKind<'_>) -> &'static str {
    match kind {
        PartKind::Text(_) => "text",
        PartKind::Refusal(_) => "refusal",
        PartKind::Image { .. } => "image",
        PartKind::Audio { .. } => "audio",
        PartKind::Document { .. } => "document",
        PartKind::ToolCall(_) => "tool call",
        PartKind::ToolResult(_) => "tool result",
        PartKind::Thought(_) => "thought",
        PartKind::Code(_) | PartKind::CodeOutcome(_) => "code",
        PartKind::Foreign { .. } => "part",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolResult;
    use crate::dialect::loss::{InChat, Unsupported};
    use crate::json::{Raw, Text};

    #[test]
    fn a_call_takes_its_result_with_it() {
        let foreign = |raw: &'static str| PartKind::Foreign {
            dialect: "responses",
            kind: Text::from("shell_call"),
            raw: Raw::trusted(raw),
        };
        let result = |id: &'static str| {
            let call_id = Text::from(id);
            PartKind::ToolResult(ToolResult { call_id, name: None, parts: Vec::new(), is_error: false })
        };
        let mut losses = Losses::new(Unsupported::Drop);
        for raw in [r#"{"id":"c1"}"#, r#"{"id":"sh_1","call_id":"c2"}"#] {
            refuse(&foreign(raw), Loss::part(1, 0), "Chat Completions has", &mut losses).unwrap();
        }
        let answers_nothing = ["c1", "c2", "c3"].map(|id| losses.answers_nothing(&result(id)));
        assert_eq!(answers_nothing, [true, true, false]);
        let mut losses = Losses::new(Unsupported::Refuse);
        let refused = refuse(&foreign("{}"), Loss::part(1, 0), "Chat Completions has", &mut losses);
        let message = refused.unwrap_err().named(&mut InChat).message;
        assert!(message.contains("`shell_call`, which Chat Completions has no place for here."), "{message}");
    }
}
