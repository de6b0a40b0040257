//! Code that a provider ran, for callers whose dialect has no place for it: told in the answer's words, so that nothing of it is
//! lost. Callers of Chat Completions can't ask for it, and some servers do it unasked.

use crate::chat::{CODE_EXECUTION, CodeOutcome, CodeRun, Event, PartKind, Reply};
use crate::dialect::seam::{Caller, Medium};
use crate::json::Text;

/// Puts words where `caller` can have no code.
pub(super) fn replace(reply: &mut Reply<'_>, caller: &dyn Caller) {
    if caller.carries(Medium::Code) {
        return;
    }
    for part in reply.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        let told = match &part.kind {
            PartKind::Code(run) => of_run(run),
            PartKind::CodeOutcome(outcome) => of_outcome(outcome),
            _ => continue,
        };
        part.kind = PartKind::Text(Text::from(told));
    }
}

/// The words that stand for an event, if `caller` can have no code.
pub(super) fn instead(event: &Event<'_>, caller: &dyn Caller) -> Option<Event<'static>> {
    let (choice, told) = match event {
        Event::Code { choice, run } if !caller.carries(Medium::Code) => (*choice, of_run(run)),
        Event::CodeOutcome { choice, outcome } if !caller.carries(Medium::Code) => {
            (*choice, of_outcome(outcome))
        }
        _ => return None,
    };
    Some(Event::Text { choice, text: Text::from(told) })
}

fn of_run(run: &CodeRun<'_>) -> String {
    let tool = run.name.tool.decode();
    let language = if tool == CODE_EXECUTION { "python" } else { tool.split('_').next().unwrap_or_default() };
    fenced(language, &run.code.decode())
}

fn of_outcome(outcome: &CodeOutcome<'_>) -> String {
    let said = [&outcome.output, &outcome.errors].map(Text::decode).concat();
    let files = outcome.files.iter().map(|id| format!("[file {} left out]\n", id.decode()));
    fenced("output", &said) + &files.collect::<String>()
}

/// A block of code in Markdown, between more backticks than are in it.
fn fenced(name: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    let end = if code.is_empty() || code.ends_with('\n') { "" } else { "\n" };
    format!("\n{fence}{name}\n{code}{end}{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_what_is_in_it() {
        assert_eq!(fenced("python", "print(1)"), "\n```python\nprint(1)\n```\n");
        assert_eq!(fenced("output", ""), "\n```output\n```\n");
        assert_eq!(fenced("output", "a````\n"), "\n`````output\na````\n`````\n");
    }
}
