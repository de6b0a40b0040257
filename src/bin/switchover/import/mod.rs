//! `switchover import`: another gateway's files become a `switchover.yaml`, and what can't is listed.
//!
//! Each importer fills a [`draft::Draft`] and reads from a tree that knows what was read: the rest is told as not carried
//! over. A key that stands in a file is printed nowhere; where it must go is.
//!
//! | file | does |
//! |---|---|
//! | `read`, `written` | foreign YAML as a tree with places |
//! | `gateway` | who the gateways are, and whose a file is |
//! | `litellm`, `kong`, `agentgateway`, `agent_router`, `keeptrusts` | one gateway each |
//! | `manifest` | what Kubernetes manifests of any have in common |
//! | `vendor`, `secret` | others' names of providers, and places of keys |
//! | `reason` | why keys that others have aren't carried over |
//! | `draft`, `credential`, `names`, `tidy` | what becomes the file, within what `check` takes |
//! | `remark`, `write` | what an operator reads: remarks, and the file |

mod agent_router;
mod agentgateway;
mod credential;
mod draft;
mod gateway;
mod keeptrusts;
mod kong;
mod litellm;
mod manifest;
mod names;
mod read;
mod reason;
mod remark;
mod secret;
mod tidy;
mod vendor;
mod write;
mod written;

use crate::stop::{Stop, print};
use draft::Draft;
use gateway::Gateway;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use switchover::config::Config;
use written::Written;

#[derive(clap::Args)]
pub struct ImportArgs {
    /// Whose files they are.
    #[arg(value_enum)]
    gateway: Gateway,
    /// The gateway's configuration; several files count as one.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Where the switchover.yaml goes. Default: standard output.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Writes over the file that `--out` names.
    #[arg(long, requires = "out")]
    force: bool,
}

/// # Errors
/// Why nothing came out, or what is wrong with what did.
pub fn run(args: &ImportArgs) -> Result<(), Stop> {
    let mut documents = Vec::new();
    for file in &args.files {
        documents.extend(read::read(file)?);
    }
    fits(args.gateway, &documents)?;
    let mut draft = Draft::default();
    args.gateway.import(&documents, &mut draft);
    reason::tell_unread(args.gateway, &documents, &mut draft);
    tidy::tidy(&mut draft);
    draft.remarks.sort();
    draft.remarks.dedup();
    let lines: Vec<String> = draft.remarks.iter().map(|remark| veiled(&remark.line(), &draft)).collect();
    if draft.groups.is_empty() {
        let nothing = format!(
            "Nothing came out: no model of these files can be carried over. It was read as {}'s.",
            args.gateway.name()
        );
        return Err(Stop::wrong(lines.into_iter().chain([nothing]).collect::<Vec<_>>().join("\n")));
    }
    let file = file(args, &draft, &lines);
    if draft.plain_keys.iter().any(|key| file.contains(key.as_str())) {
        return Err(Stop::wrong(
            "A key of these files also stands where no key belongs, in a name or a URL. Remove it there first.",
        ));
    }
    deliver(args, &file)?;
    report(&lines, &draft, &file)
}

/// The file with its head, and at its end what was not carried over.
fn file(args: &ImportArgs, draft: &Draft, lines: &[String]) -> String {
    let names: Vec<String> =
        args.files.iter().map(|path| remark::one_line(&path.display().to_string())).collect();
    let mut file = format!(
        "# Imported from {} ({}). Look it through: `switchover check` says what is wrong with it,\n",
        args.gateway.name(),
        names.join(", ")
    );
    file += "# `switchover explain` where a request would go. What was not carried over stands at the end.\n";
    file += &write::document(draft);
    let mut list = |head: &str, lines: &mut dyn Iterator<Item = &String>| {
        let lines: Vec<&String> = lines.collect();
        if !lines.is_empty() {
            file += &format!("\n# {head}\n");
            lines.iter().for_each(|line| file += &format!("# * {line}\n"));
        }
    };
    let chores: Vec<String> = draft.chores.iter().map(|chore| veiled(&format!("{chore}."), draft)).collect();
    list("Keys to put in place:", &mut chores.iter());
    list("Not carried over, or otherwise than it was:", &mut lines.iter());
    file
}

/// A line without any key that stood in the files.
fn veiled(line: &str, draft: &Draft) -> String {
    draft
        .plain_keys
        .iter()
        .chain(&draft.veils)
        .fold(line.to_owned(), |line, key| line.replace(key.as_str(), "***"))
}

/// Whether these are files of this gateway.
fn fits(gateway: Gateway, documents: &[Written]) -> Result<(), Stop> {
    for document in documents {
        let file = remark::one_line(&document.file);
        match Gateway::of(document) {
            Some(other) if other != gateway => {
                let (name, word) = (other.name(), other.word());
                return Err(Stop::wrong(format!(
                    "{file}: This is a file of {name}'s. Say `switchover import {word} {file}`."
                )));
            }
            _ if document.has("model_groups") && document.has("targets") && document.has("version") => {
                return Err(Stop::wrong(format!(
                    "{file}: This is a switchover.yaml already. Say `switchover check {file}`."
                )));
            }
            _ => {}
        }
    }
    if documents.iter().any(|document| Gateway::of(document) == Some(gateway)) {
        return Ok(());
    }
    let file = documents.first().map(|document| remark::one_line(&document.file)).unwrap_or_default();
    let (name, wants) = (gateway.name(), gateway.wants());
    Err(Stop::wrong(format!("{file}: This is no file of {name}'s, which has {wants}.")))
}

fn deliver(args: &ImportArgs, file: &str) -> Result<(), Stop> {
    let Some(out) = &args.out else { return print(file.as_bytes()) };
    if !args.force && out.symlink_metadata().is_ok() {
        return Err(Stop::wrong(format!(
            "{}: The file is there already. Choose another name, or say --force.",
            out.display()
        )));
    }
    crate::render::replace(Path::new(out), file.as_bytes(), 0o644)
}

/// Tells the remarks, and whether `check` would take the file.
fn report(lines: &[String], draft: &Draft, file: &str) -> Result<(), Stop> {
    let say = |line: &str| {
        // Nowhere is left to say that standard error is closed.
        let _ = writeln!(io::stderr(), "{line}");
    };
    lines.iter().for_each(|line| say(line));
    draft.chores.iter().for_each(|chore| say(&format!("to do: {}.", veiled(chore, draft))));
    if let Err(problems) = Config::from_yaml(file.as_bytes()) {
        let problems: Vec<String> =
            problems.iter().map(|problem| veiled(&problem.to_string(), draft)).collect();
        return Err(Stop::wrong(format!(
            "`switchover check` does not accept what came out:\n{}",
            problems.join("\n")
        )));
    }
    let (targets, groups, count) = (
        counted(draft.targets.len(), "target"),
        counted(draft.groups.len(), "group"),
        counted(lines.len(), "remark"),
    );
    say(&format!("`switchover check` accepts it: {targets}, {groups}; {count}."));
    Ok(())
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
