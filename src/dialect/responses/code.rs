//! Code that is run at a provider: <https://platform.openai.com/docs/guides/tools-code-interpreter>.
//!
//! OpenAI's own items become runs of the model for callers of other dialects, and runs of other makers become items. Whose those are
//! is in the name of the container: they go back to no one else.

use crate::chat::{CodeOutcome, CodeRun, Maker, PartKind, RunName};
use crate::dialect::loss::Losses;
use crate::dialect::piece::runs::{self, mark, marked};
use crate::json::{Raw, Text, Writer};
use memchr::memmem;

/// The type of the item.
pub(super) const CALL: &str = "code_interpreter_call";
/// Between the container and the id of a run, in one name.
const IN: char = '@';

fn text<'a>(of: Raw<'a>, name: &str) -> Text<'a> {
    of.get(name).and_then(Raw::text).unwrap_or_default()
}

pub(super) fn is_call(item: Raw<'_>) -> bool {
    text(item, "type") == CALL
}

/// The name of a run of OpenAI's own.
pub(super) fn own_name(item: Raw<'_>) -> RunName<'static> {
    let id = format!("{}{IN}{}", text(item, "id").decode(), text(item, "container_id").decode());
    RunName { maker: Maker::OpenAi, tool: Text::from("python"), id: Text::from(id) }
}

/// The name of another maker's run that an item is about: it was written by `write`.
fn name_of_other(item: Raw<'_>) -> Option<RunName<'static>> {
    marked(&text(item, "container_id").decode())
}

/// What an item tells; nothing of what came of it while that isn't known.
pub(super) fn read<'a>(item: Raw<'a>, name: RunName<'a>) -> (CodeRun<'a>, Option<CodeOutcome<'a>>) {
    let status = text(item, "status");
    let is_open = ["in_progress", "interpreting", "incomplete"].iter().any(|open| status == *open);
    let outcome = (!is_open).then(|| outcome(item, &name, status == "failed"));
    (CodeRun { name, code: text(item, "code") }, outcome)
}

fn outcome<'a>(item: Raw<'a>, name: &RunName<'a>, is_failed: bool) -> CodeOutcome<'a> {
    let outputs = item.get("outputs").into_iter().flat_map(Raw::items);
    let mut logs = outputs.filter_map(|output| output.get("logs")?.text());
    let first = logs.next().unwrap_or_default();
    let rest: Vec<String> = logs.map(Text::into_string).collect();
    // Ours tell what was printed, then what went wrong; OpenAI tells both in what it printed.
    let (output, errors) = match (name.maker, rest.as_slice()) {
        (_, []) => (first, Text::default()),
        (Maker::OpenAi, rest) => (Text::from(first.into_string() + &rest.concat()), Text::default()),
        (_, [errors, ..]) => (first, Text::from(errors.clone())),
    };
    CodeOutcome { name: name.clone(), output, errors, exit: i64::from(is_failed), files: Vec::new() }
}

/// The addresses of the pictures that an item of OpenAI's has.
pub(super) fn pictures(item: Raw<'_>) -> impl Iterator<Item = Text<'_>> {
    item.get("outputs").into_iter().flat_map(Raw::items).filter_map(|output| output.get("url")?.text())
}

/// The parts of a caller's item that is about a run of another maker's.
pub(super) fn parts_of_other(item: Raw<'_>) -> Option<Vec<PartKind<'_>>> {
    let (run, outcome) = read(item, name_of_other(item)?);
    let outcome = outcome.map(PartKind::CodeOutcome);
    Some([PartKind::Code(run)].into_iter().chain(outcome).collect())
}

/// What is left of the caller's `input` without items about code that another provider ran, which are listed; `None`: there are
/// none. `now`: the same, as it is so far.
pub(super) fn without_others(input: Raw<'_>, now: Raw<'_>, losses: &mut Losses) -> Option<Vec<u8>> {
    memmem::find(input.as_json().as_bytes(), runs::OURS.as_bytes())?;
    let is_of_other = |item: &Raw<'_>| is_call(*item) && name_of_other(*item).is_some();
    let others = input.items().enumerate().filter(|(_, item)| is_of_other(item));
    let mut others = others.map(|(index, _)| index).peekable();
    others.peek()?;
    for index in others {
        losses.advisory(format!("input[{index}]"));
    }
    let mut out = Vec::with_capacity(now.as_json().len());
    Writer::new(&mut out)
        .array(|w| now.items().filter(|item| !is_of_other(item)).for_each(|item| w.raw(item)));
    Some(out)
}

/// A container's name that says whose run it is.
pub(super) fn container(name: &RunName<'_>) -> String {
    mark(name)
}

/// Writes the members of an item behind its id. `status` is that of one of which nothing came.
pub(super) fn write(
    run: &CodeRun<'_>,
    outcome: Option<&CodeOutcome<'_>>,
    (container, status): (&str, &str),
    w: &mut Writer<'_>,
) {
    w.key("type").string(CALL);
    w.key("status").string(match outcome {
        Some(outcome) if outcome.exit != 0 => "failed",
        Some(_) => "completed",
        None => status,
    });
    // It comes in pieces while the item is open.
    let code = if status == "in_progress" { Text::default() } else { run.code.clone() };
    w.key("code").text(&code);
    w.key("container_id").string(container);
    w.key("outputs");
    match outcome {
        Some(outcome) => w.array(|w| write_logs(outcome, w)),
        None => w.null(),
    }
}

fn write_logs(outcome: &CodeOutcome<'_>, w: &mut Writer<'_>) {
    let files = outcome
        .files
        .iter()
        .map(|id| format!("[file {} left out: only its maker's API has it]\n", id.decode()));
    let files = Text::from(files.collect::<String>());
    let all = [&outcome.output, &outcome.errors, &files];
    let told = all.iter().rposition(|logs| !logs.is_empty()).map_or(1, |last| last.saturating_add(1));
    for logs in all.into_iter().take(told) {
        w.object(|w| {
            w.key("type").string("logs");
            w.key("logs").text(logs);
        });
    }
}

/// Writes an item of OpenAI's own, as it goes back.
pub(super) fn write_own(run: &CodeRun<'_>, outcome: Option<&CodeOutcome<'_>>, w: &mut Writer<'_>) {
    let name = run.name.id.decode();
    let (id, container) = name.split_once(IN).unwrap_or((&name, ""));
    w.object(|w| {
        w.key("id").string(id);
        write(run, outcome, (container, "incomplete"), w);
    });
}
