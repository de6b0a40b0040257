//! What a file says and perhaps doesn't mean. It may depend on the time and on the machine, so only the command tells it.

use super::{View, endpoint};
use crate::catalog::KnownModel;
use crate::config::form;
use crate::config::node::Node;
use crate::config::problem::{Problem, Problems, quoted};
use crate::config::time::timestamp_ms;
use crate::dialect::provider;
use crate::plan::{SignalSource, Strategy, signals, strategies};
use crate::settings::CredentialSource;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A drill that goes on for more days than this from now on was perhaps not meant to.
const MOST_DAYS: u64 = 7;

/// What is wrong with a key on this machine, and what to do: sentences without full stops; nothing if it is usable.
pub type LookAtKey<'l> = &'l dyn Fn(&CredentialSource) -> Option<(String, String)>;

/// The warnings at `now_ms` (since 1970), in the order of the text.
pub(in crate::config) fn warnings(document: &Node, now_ms: u64, look: LookAtKey<'_>) -> Vec<Problem> {
    let mut warnings = Problems::default();
    let file = View::new(&super::FILE, document);
    base_path(&file, &mut warnings);
    let targets = file.objects("targets");
    targets.iter().for_each(|target| {
        capabilities(target, &mut warnings);
        unknown_model(target, &mut warnings);
    });
    targets.iter().for_each(|target| endpoint::warn(target, &mut warnings));
    idle(&file, &mut warnings);
    unused(&file, &targets, &mut warnings);
    all_off(&file, &mut warnings);
    keys(&file, look, &mut warnings);
    budgets(&file, &mut warnings);
    drills(&file, now_ms, &mut warnings);
    warnings.into_sorted()
}

fn base_path(file: &View<'_>, warnings: &mut Problems) {
    let Some(view) = file.object("listen") else { return };
    let base = view.text("base_path").unwrap_or_default().trim_end_matches('/');
    if base.ends_with("/v1") && form::is_base_path(base) {
        let (path, at) = view.place("base_path");
        let wrong = format!("Callers would have to write `{base}/v1/chat/completions`");
        warnings.add(path, at, wrong, "Leave `/v1` out: it comes behind the base path by itself");
    }
}

/// A list of what is taken away says at the same time that the target has no ability at all.
fn capabilities(target: &View<'_>, warnings: &mut Problems) {
    let listed = target.texts("capabilities");
    if target.has("capabilities") && !listed.is_empty() && listed.iter().all(|name| name.starts_with('-')) {
        let (path, at) = target.place("capabilities");
        let wrong = "Only what is listed counts of tools, vision, json_schema, audio, documents and reasoning, and none of them \
                     is, so the target has none";
        warnings.add(path, at, wrong, "Add those that the model has, or write `[]` if that is meant");
    }
}

/// Names are new when they are unknown; who serves an old one knows it better.
fn unknown_model(target: &View<'_>, warnings: &mut Problems) {
    let row = target.formed("provider").and_then(provider);
    let Some((models, name)) = row.and_then(|row| row.models).zip(target.text("model")) else { return };
    if target.has("capabilities") {
        return;
    }
    if let Some(KnownModel { model, is_guess: true }) = models.find(name) {
        let (path, at) = target.place("model");
        let family = model.names.first().map_or("", |name| name.trim_end_matches('*'));
        let wrong = format!(
            "Nothing is known of the model {}, so it gets what the newest family takes, that of `{family}`",
            quoted(name)
        );
        let instead =
            "If it is an older one, write what it takes: `capabilities`, `efforts`, `context_window`";
        warnings.add(path, at, wrong, instead);
    }
}

/// What members say of themselves where nobody looks at it.
fn idle(file: &View<'_>, warnings: &mut Problems) {
    let groups = file.groups();
    for signal in signals() {
        let SignalSource::GroupMember { several } = signal.source else { continue };
        let reads = |group: &View<'_>| {
            let strategy = group.text("strategy").and_then(Strategy::named);
            strategy.is_some_and(|strategy| strategy.reads(signal))
        };
        for group in &groups {
            let name = group.text("name");
            // Its targets may come first in a group that falls back to it.
            let counts = groups
                .iter()
                .any(|other| reads(other) && other.text("fallback_group") == name && name.is_some());
            if reads(group) || counts {
                continue;
            }
            let members = group.objects("targets");
            let Some(member) = members.iter().find(|member| member.has(signal.key)) else { continue };
            let (path, at) = member.place(signal.key);
            let strategy = quoted(group.text("strategy").unwrap_or_default());
            let wrong = format!("{several} count for nothing here: the group's strategy is {strategy}");
            let readers: Vec<String> = strategies()
                .filter(|strategy| strategy.reads(signal))
                .map(|strategy| format!("`strategy: {}`", strategy.name))
                .collect();
            let instead = format!(
                "Write {} for the group, or remove its {}",
                readers.join(" or "),
                several.to_ascii_lowercase()
            );
            warnings.add(path, at, wrong, instead);
        }
    }
}

fn unused(file: &View<'_>, targets: &[View<'_>], warnings: &mut Problems) {
    let groups = file.groups();
    let members: Vec<View<'_>> = groups.iter().flat_map(|group| group.objects("targets")).collect();
    for target in targets {
        let Some(id) = target.text("id") else { continue };
        if members.iter().all(|member| member.text("id") != Some(id)) {
            let (path, at) = target.place("id");
            warnings.add(path, at, "No model group has this target", "Add it to one, or remove it");
        }
    }
    for credential in file.objects("credentials") {
        let Some(id) = credential.text("id") else { continue };
        if targets.iter().all(|target| target.text("credential") != Some(id)) {
            let (path, at) = credential.place("id");
            let instead = "Refer to it by `credential`, or remove it";
            warnings.add(path, at, "No target has this credential", instead);
        }
    }
}

/// A group that is there for callers and has nobody to answer them.
fn all_off(file: &View<'_>, warnings: &mut Problems) {
    let Some(config) = super::config(file, &mut Problems::default()) else { return };
    for (view, group) in file.groups().iter().zip(&config.groups) {
        if group.enabled && group.members.iter().all(|member| member.off.is_some()) {
            let (path, at) = view.place("targets");
            let wrong = "Every target of the group is disabled or out, so all its requests are refused";
            warnings.add(path, at, wrong, "Enable one, or write `enabled: false` for the group");
        }
    }
}

fn keys(file: &View<'_>, look: LookAtKey<'_>, warnings: &mut Problems) {
    for view in file.objects("credentials") {
        let Some(credential) = super::credential(&view) else { continue };
        let Some((wrong, instead)) = look(&credential.source) else { continue };
        let key = if view.has("secret_file") { "secret_file" } else { "secret_env" };
        let (path, at) = view.place(key);
        warnings.add(path, at, wrong, instead);
    }
}

fn budgets(file: &View<'_>, warnings: &mut Problems) {
    for view in file.groups() {
        if view.owns("retry_budget") && !view.has("max_attempts") {
            let (path, at) = view.place("retry_budget");
            let wrong =
                "The budget bounds repeated tries of a target, and this group tries each of its targets once";
            let instead = "Remove it, or write `max_attempts` with more attempts than the group has targets";
            warnings.add(path, at, wrong, instead);
        }
    }
}

fn drills(file: &View<'_>, now_ms: u64, warnings: &mut Problems) {
    for view in file.objects("drills") {
        let Some(until_ms) = view.text("until").and_then(timestamp_ms) else { continue };
        let (path, at) = view.place("until");
        let days = until_ms.saturating_sub(now_ms) / DAY_MS;
        if until_ms <= now_ms {
            warnings.add(path, at, "The drill is over", "Remove it, or write a later time");
        } else if days >= MOST_DAYS && view.truth("enabled") != Some(false) {
            let wrong = format!("The drill goes on for {days} days from now");
            let instead = format!(
                "Write an earlier time, less than {MOST_DAYS} days ahead, so that it can't be forgotten"
            );
            warnings.add(path, at, wrong, instead);
        }
    }
}
