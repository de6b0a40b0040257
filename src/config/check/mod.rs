//! From a document to a [`Config`], or to everything that is wrong with it.
//!
//! The shape has been looked at already; here values are judged beside each other: references, duplicates, what a
//! provider needs. A value whose shape is wrong reads as not written, so one mistake gives one problem.

mod drill;
#[cfg(not(target_family = "wasm"))]
mod endpoint;
mod group;
mod target;
#[cfg(not(target_family = "wasm"))]
pub(super) mod warn;

use super::file::FILE;
use super::node::Node;
use super::problem::{Position, Problems, quoted};
use super::shape::check_object;
use super::time::show_ms;
use super::view::View;
use super::{lookup, problem::Problem};
use crate::dialect;
use crate::settings::{CircuitBreaker, Config, Credential, CredentialSource, Listen, Tenant};

/// Checks a document and resolves it.
///
/// # Errors
/// Everything that is wrong, what reading it found included, in the order of the text.
pub(super) fn resolve(document: Option<Node>, mut problems: Problems) -> Result<Config, Vec<Problem>> {
    let config = document.and_then(|document| {
        check_object(&document, &FILE, "", &mut problems);
        config(&View::new(&FILE, &document), &mut problems)
    });
    match config {
        Some(config) if problems.is_empty() => Ok(config),
        _ => {
            if problems.is_empty() {
                let wrong = "The file can't be resolved, and Switchover does not know why";
                problems.add("", None, wrong, "Please report this together with the file");
            }
            Err(problems.into_sorted())
        }
    }
}

/// `None` only where a problem says why.
fn config(file: &View<'_>, problems: &mut Problems) -> Option<Config> {
    let listen = listen(file, problems);
    let tenant = tenant(file, problems);
    let breaker = file.object("circuit_breaker").and_then(|view| circuit_breaker(&view, None, problems));
    let credentials = file.objects("credentials");
    check_unique(&credentials, "id", "credential", problems);
    let sources: Vec<Option<Credential>> = credentials.iter().map(credential).collect();
    let targets = file.objects("targets");
    check_unique(&targets, "id", "target", problems);
    let given = target::Given { credentials: &credentials, sources: &sources, breaker: breaker.as_ref() };
    let resolved: Vec<_> = targets.iter().map(|view| target::target(view, &given, problems)).collect();
    let groups = group::groups(file, &targets, &resolved, problems);
    target::check_clusters(&targets, &file.objects("model_groups"), problems);
    let drills: Vec<_> = file
        .objects("drills")
        .iter()
        .map(|view| drill::drill(view, &targets, tenant.as_ref(), problems))
        .collect();
    let config = Config {
        revision: file.formed("revision").map(str::to_owned),
        listen: listen?,
        tenant,
        targets: whole(resolved)?,
        credentials: whole(sources)?,
        groups: whole(groups)?,
        drills: whole(drills)?,
    };
    drill::check_orders(&config, file, problems);
    Some(config)
}

fn whole<T>(parts: Vec<Option<T>>) -> Option<Vec<T>> {
    parts.into_iter().collect()
}

/// The most that a VM of Envoy's gets.
const MOST_MEMORY: u64 = 1 << 30;
/// How much `memory` there must be for a request of `max_body_bytes`, which is held with what it becomes.
const MEMORY_OF_BODY: u64 = 10;
/// The same for an answer of `max_answer_bytes`.
const MEMORY_OF_ANSWER: u64 = 5;

fn listen(file: &View<'_>, problems: &mut Problems) -> Option<Listen> {
    let view = file.object("listen")?;
    let memory = view.whole("memory")?;
    for (key, factor) in [("max_body_bytes", MEMORY_OF_BODY), ("max_answer_bytes", MEMORY_OF_ANSWER)] {
        let needed = view.whole(key)?.saturating_mul(factor);
        // What is out of its own bounds is told already.
        if needed > memory && needed <= factor.saturating_mul(MOST_MEMORY) {
            let (path, at) = view.place(if view.has(key) { key } else { "memory" });
            let wrong = format!("`{key}` needs {factor} times as much `memory`, and that is {memory} bytes");
            let instead = if needed <= MOST_MEMORY {
                format!("Write `memory: {needed}`, or `{key}: {}`", memory / factor)
            } else {
                format!("Write `memory: {MOST_MEMORY}` and `{key}: {}`, or less", MOST_MEMORY / factor)
            };
            problems.add(path, at, wrong, instead);
        }
    }
    let most = |name| view.whole(name).map(|most| usize::try_from(most).unwrap_or(usize::MAX));
    Some(Listen {
        hosts: view.texts("hosts").into_iter().map(str::to_ascii_lowercase).collect(),
        base_path: view.formed("base_path")?.trim_end_matches('/').to_owned(),
        max_body_bytes: view.whole("max_body_bytes")?,
        max_answer_bytes: view.whole("max_answer_bytes")?,
        memory,
        body_timeout_ms: view.ms("body_timeout")?,
        limits: dialect::Limits {
            messages: most("max_messages")?,
            tools: most("max_tools")?,
            parts: most("max_parts")?,
            inputs: most("max_inputs")?,
            values: most("max_values")?,
            unknown: most("max_unknown")?,
        },
    })
}

fn tenant(file: &View<'_>, problems: &mut Problems) -> Option<Tenant> {
    let view = file.written_object("tenant")?;
    let header = view.formed("header")?.to_ascii_lowercase();
    let ours = ["x-envoy-", "x-switchover-"].iter().any(|prefix| header.starts_with(prefix));
    if ours || matches!(header.as_str(), "authorization" | "host" | "content-length" | "content-type") {
        let (path, at) = view.place("header");
        let wrong = format!("The header {} means something else already", quoted(&header));
        problems.add(path, at, wrong, "Name one that only says who the tenant is, such as `x-tenant-id`");
    }
    Some(Tenant { header, trusted: view.truth("trusted")? })
}

fn credential(view: &View<'_>) -> Option<Credential> {
    let source = if let Some(path) = view.string("secret_file") {
        CredentialSource::SecretFile(path)
    } else if let Some(name) = view.string("secret_env") {
        CredentialSource::SecretEnv(name)
    } else {
        let aws = view.written_object("aws")?;
        CredentialSource::Aws { region: aws.string("region")?, service: aws.string("service")? }
    };
    Some(Credential { id: view.string("id")?, source })
}

/// Reads a circuit breaker; what is not written is `base`'s.
fn circuit_breaker(
    view: &View<'_>,
    base: Option<&CircuitBreaker>,
    problems: &mut Problems,
) -> Option<CircuitBreaker> {
    let breaker = CircuitBreaker {
        consecutive_failures: view.small("consecutive_failures").or(base.map(|b| b.consecutive_failures))?,
        interval_ms: view.ms("interval").or(base.map(|b| b.interval_ms))?,
        base_ejection_time_ms: view.ms("base_ejection_time").or(base.map(|b| b.base_ejection_time_ms))?,
        max_ejection_time_ms: view.ms("max_ejection_time").or(base.map(|b| b.max_ejection_time_ms))?,
    };
    if breaker.max_ejection_time_ms < breaker.base_ejection_time_ms {
        let written = if view.has("max_ejection_time") { "max_ejection_time" } else { "base_ejection_time" };
        let (path, at) = view.place(written);
        let wrong = format!(
            "`max_ejection_time` ({}) is shorter than `base_ejection_time` ({})",
            show_ms(breaker.max_ejection_time_ms),
            show_ms(breaker.base_ejection_time_ms)
        );
        problems.add(path, at, wrong, "Make it as long or longer");
    }
    Some(breaker)
}

/// Reports texts under `key` that an earlier map has too.
fn check_unique(views: &[View<'_>], key: &str, what: &str, problems: &mut Problems) {
    for (index, view) in views.iter().enumerate() {
        let Some(text) = view.text(key) else { continue };
        if let Some(first) = views.iter().take(index).find(|earlier| earlier.text(key) == Some(text)) {
            let (path, at) = view.place(key);
            let wrong =
                format!("{} is the {key} of {} already", quoted(text), whereabouts(&first.path, first.at));
            problems.add(path, at, wrong, format!("Give each {what} its own {key}"));
        }
    }
}

fn whereabouts(path: &str, at: Option<Position>) -> String {
    match at {
        Some(at) => format!("`{path}` (line {})", at.line),
        None => format!("`{path}`"),
    }
}

/// The place of the map that has `id` under `key`; reports a reference that leads nowhere.
///
/// A reference that isn't written, or isn't text, is nobody's problem here.
fn refer(
    view: &View<'_>,
    name: &str,
    others: &[View<'_>],
    key: &str,
    what: &str,
    problems: &mut Problems,
) -> Option<usize> {
    let id = view.text(name)?;
    let found = others.iter().position(|other| other.text(key) == Some(id));
    if found.is_none() {
        let instead = match lookup::closest(id, others.iter().filter_map(|other| other.text(key))) {
            Some(known) => format!("Write `{known}`, or add such a {what}"),
            None => format!("Write the {key} of a {what} in this file, or add such a {what}"),
        };
        let (path, at) = view.place(name);
        // Somebody may have written the key itself here.
        let shown = if what == "credential" { "with this id".to_owned() } else { quoted(id) };
        problems.add(path, at, format!("There is no {what} {shown}"), instead);
    }
    found
}
