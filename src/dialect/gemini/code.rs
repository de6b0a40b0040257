//! Code that Google runs: <https://ai.google.dev/gemini-api/docs/code-execution>. It is always Python.
//!
//! <https://ai.google.dev/api/caching#ExecutableCode>. What came of code follows it, so neither goes back with an id.

use crate::chat::{CodeExecution, CodeOutcome, CodeRun, Maker, Request, RunName, ToolChoice};
use crate::dialect::talk::hold_code;
use crate::dialect::{Losses, Refusal};
use crate::json::{Raw, Text, Writer};

/// How code ended, by Google's names; what has another exit failed.
static OUTCOMES: [(&str, i64); 3] =
    [("OUTCOME_OK", 0), ("OUTCOME_FAILED", 1), ("OUTCOME_DEADLINE_EXCEEDED", 124)];

/// Whether the tool goes out. Beside functions the API refuses it, as it does a search.
///
/// # Errors
/// It can't go out, and may not be left out.
pub(super) fn goes_out(
    code: &CodeExecution<'_>,
    index: usize,
    (request, has_functions): (&Request<'_>, bool),
    losses: &mut Losses,
) -> Result<bool, Refusal> {
    if request.tool_choice == Some(ToolChoice::None) {
        return Ok(false);
    }
    if has_functions {
        let why = "runs code at the provider, which Gemini doesn't do beside functions";
        losses.meaning(format!("tools[{index}]"), why)?;
        return Ok(false);
    }
    hold_code(code, index, losses)
}

fn name(id: String) -> RunName<'static> {
    RunName { maker: Maker::Gemini, tool: Text::from("python"), id: Text::from(id) }
}

/// Reads an `executableCode`.
pub(super) fn run(code: Raw<'_>, id: String) -> CodeRun<'_> {
    CodeRun { name: name(id), code: code.get("code").and_then(Raw::text).unwrap_or_default() }
}

/// Reads a `codeExecutionResult`: what it printed if it ended well, else what it complained of.
pub(super) fn outcome(result: Raw<'_>, id: String) -> CodeOutcome<'_> {
    let said = result.get("output").and_then(Raw::text).unwrap_or_default();
    let known = result.get("outcome").and_then(Raw::text).unwrap_or_default();
    let exit = OUTCOMES.iter().find(|(name, _)| known == *name).map_or(1, |(_, exit)| *exit);
    let (output, errors) = if exit == 0 { (said, Text::default()) } else { (Text::default(), said) };
    CodeOutcome { name: name(id), output, errors, exit, files: Vec::new() }
}

/// Writes the members of a part.
pub(super) fn write_run(run: &CodeRun<'_>, w: &mut Writer<'_>) {
    w.key("executableCode").object(|w| {
        w.key("language").string("PYTHON");
        w.key("code").text(&run.code);
    });
}

/// Writes the members of a part.
pub(super) fn write_outcome(outcome: &CodeOutcome<'_>, w: &mut Writer<'_>) {
    let known = OUTCOMES.iter().find(|(_, exit)| *exit == outcome.exit);
    w.key("codeExecutionResult").object(|w| {
        w.key("outcome").string(known.map_or("OUTCOME_FAILED", |(name, _)| name));
        w.key("output").texts([&outcome.output, &outcome.errors]);
    });
}
