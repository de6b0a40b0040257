//! Code that is run at a provider: <https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/code-execution-tool>.
//!
//! Claude's own blocks become runs of the model for callers of other dialects, and runs of other makers become blocks. Whose those
//! are is in their ids: they go back to no one else.

use crate::chat::{CODE_EXECUTION, CodeOutcome, CodeRun, Maker, PartKind, RunName};
use crate::dialect::loss::{Losses, Refusal};
use crate::dialect::piece::runs::{mark, marked};
use crate::dialect::talk::NO_CODE;
use crate::dialect::{Dialect, Host};
use crate::json::{Kind, Raw, Text, Writer};

/// Claude's tools that run something, and the member of their input that is the code; without one it is all of it, as JSON.
static TOOLS: [(&str, Option<&str>); 3] = [
    (CODE_EXECUTION, Some("code")),
    ("bash_code_execution", Some("command")),
    ("text_editor_code_execution", None),
];

const CALL: &str = "server_tool_use";
const RESULT: &str = "_tool_result";
/// What ids of calls of servers begin with.
const ID: &str = "srvtoolu_";

/// Whether a tool is of this kind: the types differ by their dates.
pub(super) fn is_tool(kind: &Text<'_>) -> bool {
    kind.decode().starts_with("code_execution_2")
}

/// Whether Claude's house has the sandbox: Bedrock and Vertex don't.
pub(in crate::dialect) fn is_at(host: Host) -> bool {
    matches!(host, Host::Native | Host::Azure)
}

/// Writes the tool in the form that all of Claude's models with a sandbox take.
pub(super) fn write_tool(w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("code_execution_20250825");
        w.key("name").string(CODE_EXECUTION);
    });
}

/// The caller's tools without this one where Claude's house hasn't got it; `None`: as they are.
///
/// # Errors
/// It may not be left out.
pub(super) fn without_tool(
    tools: Raw<'_>,
    host: Host,
    losses: &mut Losses,
) -> Result<Option<Vec<u8>>, Refusal> {
    let is_code = |tool: &Raw<'_>| tool.get("type").and_then(Raw::text).is_some_and(|kind| is_tool(&kind));
    if is_at(host) || !tools.items().any(|tool| is_code(&tool)) {
        return Ok(None);
    }
    for (index, _) in tools.items().enumerate().filter(|(_, tool)| is_code(tool)) {
        losses.meaning(format!("tools[{index}]"), NO_CODE)?;
    }
    let mut out = Vec::with_capacity(tools.as_json().len());
    Writer::new(&mut out).array(|w| tools.items().filter(|tool| !is_code(tool)).for_each(|tool| w.raw(tool)));
    Ok(Some(out))
}

fn text<'a>(of: Raw<'a>, name: &str) -> Text<'a> {
    of.get(name).and_then(Raw::text).unwrap_or_default()
}

/// The tool of Claude's that a block calls.
pub(super) fn called(block: Raw<'_>) -> Option<&'static str> {
    let name =
        block.get("type").and_then(Raw::text).filter(|kind| *kind == CALL).and(block.get("name"))?.text()?;
    TOOLS.iter().map(|(tool, _)| *tool).find(|tool| name == *tool)
}

/// What Claude runs: `input` is what its tool gets.
pub(super) fn run<'a>(tool: &'static str, id: Text<'a>, input: Raw<'a>) -> CodeRun<'a> {
    let member = TOOLS.iter().find(|(known, _)| *known == tool).and_then(|(_, member)| *member);
    let code = member.and_then(|member| input.get(member)?.text());
    let code = code.unwrap_or_else(|| Text::from(input.compact()));
    CodeRun { name: RunName { maker: Maker::Anthropic, tool: Text::from(tool), id }, code }
}

/// The same of what came in pieces.
pub(super) fn run_of_pieces(tool: &'static str, id: String, input: &str) -> CodeRun<'static> {
    match Raw::parse(input.as_bytes()) {
        Ok(input) => run(tool, Text::from(id), input).into_owned(),
        // It was cut.
        Err(_) => CodeRun { code: Text::from(input.to_owned()), ..run(tool, Text::from(id), Raw::NULL) },
    }
}

/// What came of what Claude ran; `None`: the block is another one.
pub(super) fn outcome(block: Raw<'_>) -> Option<CodeOutcome<'_>> {
    let kind = block.get("type").and_then(Raw::text)?.into_decoded();
    let tool = kind.strip_suffix(RESULT)?;
    let (tool, member) = TOOLS.iter().find(|(known, _)| *known == tool)?;
    let name = RunName { maker: Maker::Anthropic, tool: Text::from(*tool), id: text(block, "tool_use_id") };
    let content = block.get("content").unwrap_or(Raw::NULL);
    let failed = content.get("error_code").and_then(Raw::text);
    let exit = content.get("return_code").and_then(Raw::as_i64);
    let files = content
        .get("content")
        .into_iter()
        .flat_map(Raw::items)
        .filter_map(|file| file.get("file_id")?.text());
    Some(match (member, failed) {
        // What its editor did is told in many forms.
        (None, failed) => CodeOutcome {
            name,
            output: Text::from(content.compact()),
            errors: Text::default(),
            exit: i64::from(failed.is_some()),
            files: Vec::new(),
        },
        (_, Some(error)) => {
            CodeOutcome { name, output: Text::default(), errors: error, exit: 1, files: Vec::new() }
        }
        (_, None) => CodeOutcome {
            name,
            output: text(content, "stdout"),
            errors: text(content, "stderr"),
            exit: exit.unwrap_or(0),
            files: files.collect(),
        },
    })
}

/// A block of Claude's answer as the model has it; `None`: the model has no more of it.
pub(super) fn of_answer<'a>(kind: &PartKind<'a>) -> Option<PartKind<'a>> {
    let PartKind::Foreign { dialect, raw, .. } = kind else { return None };
    if *dialect != Dialect::Anthropic.name() {
        return None;
    }
    match called(*raw) {
        Some(tool) => {
            let input = raw.get("input").unwrap_or(Raw::trusted("{}"));
            Some(PartKind::Code(run(tool, text(*raw, "id"), input)))
        }
        None => outcome(*raw).map(PartKind::CodeOutcome),
    }
}

/// A block of a caller's that is about a run of another maker's: it was written by [`write_run`] or [`write_outcome`].
pub(super) fn of_caller<'a>(kind: &str, block: Raw<'a>) -> Option<PartKind<'a>> {
    let name = name_of_other(block)?;
    let content = block.get("content").unwrap_or(Raw::NULL);
    Some(match kind {
        CALL => {
            let code = block.at(&["input", "code"]).and_then(Raw::text).unwrap_or_default();
            PartKind::Code(CodeRun { name, code })
        }
        _ => PartKind::CodeOutcome(CodeOutcome {
            name,
            output: text(content, "stdout"),
            errors: text(content, "stderr"),
            exit: content.get("return_code").and_then(Raw::as_i64).unwrap_or(0),
            files: Vec::new(),
        }),
    })
}

/// The run of another maker's that a block is about.
fn name_of_other(block: Raw<'_>) -> Option<RunName<'static>> {
    let id = block.get("id").or_else(|| block.get("tool_use_id")).and_then(Raw::text)?;
    marked(id.decode().strip_prefix(ID)?)
}

/// Whether a block is about a run of another maker's, which Claude must not get.
pub(super) fn is_of_other(block: Raw<'_>) -> bool {
    name_of_other(block).is_some()
}

/// The id and the tool's name of a run: its own, or for other makers' ones that say so.
fn said(name: &RunName<'_>) -> (String, &'static str) {
    let own = TOOLS.iter().map(|(tool, _)| *tool).find(|tool| name.tool == *tool);
    match own.filter(|_| name.maker == Maker::Anthropic) {
        Some(tool) => (name.id.decode().into_owned(), tool),
        None => ([ID, &mark(name)].concat(), CODE_EXECUTION),
    }
}

/// Writes the members of a block that calls, without its input.
pub(super) fn write_call(name: &RunName<'_>, w: &mut Writer<'_>) {
    let (id, tool) = said(name);
    w.key("type").string(CALL);
    w.key("id").string(&id);
    w.key("name").string(tool);
}

/// Writes the input of such a block.
pub(super) fn write_input(run: &CodeRun<'_>, w: &mut Writer<'_>) {
    let (_, tool) = said(&run.name);
    let member = TOOLS.iter().find(|(known, _)| *known == tool).and_then(|(_, member)| *member);
    match member {
        Some(member) => w.object(|w| w.key(member).text(&run.code)),
        None => write_object(&run.code, w),
    }
}

/// Writes the members of the block.
pub(super) fn write_run(run: &CodeRun<'_>, w: &mut Writer<'_>) {
    write_call(&run.name, w);
    w.key("input");
    write_input(run, w);
}

/// Writes the members of the block.
pub(super) fn write_outcome(outcome: &CodeOutcome<'_>, w: &mut Writer<'_>) {
    let (id, tool) = said(&outcome.name);
    let is_told = TOOLS.iter().any(|(known, member)| *known == tool && member.is_none());
    w.key("type").string(&[tool, RESULT].concat());
    w.key("tool_use_id").string(&id);
    w.key("content");
    if is_told {
        return write_object(&outcome.output, w);
    }
    w.object(|w| {
        w.key("type").string(&[tool, "_result"].concat());
        w.key("stdout").text(&outcome.output);
        w.key("stderr").text(&outcome.errors);
        w.key("return_code").raw(Raw::trusted(&outcome.exit.to_string()));
        w.key("content").array(|_| {});
    });
}

/// Writes the object that is told in JSON.
fn write_object(told: &Text<'_>, w: &mut Writer<'_>) {
    let told = told.decode();
    let object = Raw::parse(told.as_bytes()).ok().filter(|told| told.kind() == Kind::Object);
    w.raw(object.unwrap_or(Raw::trusted("{}")));
}
