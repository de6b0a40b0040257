//! Model groups: names, members with those of fallback groups, time limits.

use super::{View, refer, whereabouts};
use crate::config::problem::{Position, Problems, listed, quoted};
use crate::config::time::show_ms;
use crate::dialect::Unsupported;
use crate::failure::Class;
use crate::plan::{self, SignalSource, Strategy};
use crate::settings::{
    Alias, BackOff, Group, GroupMember, MAX_MEMBERS, RetryBudget, SwitchedOff, TargetSettings, WhenAll,
};

/// Resolves all groups; `None` only where a problem says why.
pub(super) fn groups(
    file: &View<'_>,
    target_views: &[View<'_>],
    targets: &[Option<TargetSettings>],
    problems: &mut Problems,
) -> Vec<Option<Group>> {
    if let Some(shared) = file.written_object("defaults") {
        limits(&shared, problems);
        shared.written_object("back_off").and_then(|written| back_off(&written, problems));
    }
    let views = file.groups();
    check_names(&views, problems);
    let mut own: Vec<Own> = views.iter().map(|view| own(view, target_views, problems)).collect();
    for (_, member) in own.iter_mut().flat_map(|group| &mut group.members) {
        member.off = targets.get(member.target).and_then(Option::as_ref).and_then(|target| target.off);
    }
    let next: Vec<Option<usize>> = views.iter().map(|view| fallback(view, &views, problems)).collect();
    check_cycles(&views, &next, problems);
    let resolve = |(index, view): (usize, &View<'_>)| {
        let members = flatten(index, &own, &next);
        check_members(view, &members, target_views, problems);
        group(view, members, targets, problems)
    };
    views.iter().enumerate().map(resolve).collect()
}

/// What a group itself says of its members.
struct Own {
    enabled: bool,
    /// With their priorities, the best first.
    members: Vec<(u64, GroupMember)>,
}

impl Own {
    fn has(&self, target: usize) -> bool {
        self.members.iter().any(|(_, member)| member.target == target)
    }
}

fn own(view: &View<'_>, targets: &[View<'_>], problems: &mut Problems) -> Own {
    let members = view.objects("targets");
    let mut own = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let Some(target) = refer(member, "id", targets, "id", "target", problems) else { continue };
        if members.iter().take(index).any(|earlier| earlier.text("id") == member.text("id")) {
            let (path, at) = member.place("id");
            problems.add(path, at, "The group has this target twice", "Keep one of the two");
            continue;
        }
        if let (Some(priority), Some(weight)) = (member.whole("priority"), member.small("weight")) {
            own.push((priority, GroupMember { target, tier: 0, weight, off: None }));
        }
    }
    own.sort_by_key(|(priority, _)| *priority);
    Own { enabled: view.truth("enabled").unwrap_or(true), members: own }
}

fn fallback(view: &View<'_>, groups: &[View<'_>], problems: &mut Problems) -> Option<usize> {
    refer(view, "fallback_group", groups, "name", "model group", problems)
}

/// Reports each cycle of fallback groups once, at its first group in the file.
fn check_cycles(views: &[View<'_>], next: &[Option<usize>], problems: &mut Problems) {
    let follow = |index: usize| next.get(index).copied().flatten();
    for (start, view) in views.iter().enumerate() {
        let chain: Vec<usize> =
            std::iter::successors(Some(start), |at| follow(*at)).take(views.len() + 1).collect();
        let Some(length) = chain.iter().skip(1).position(|at| *at == start) else { continue };
        let cycle = || chain.iter().take(length + 2);
        if cycle().any(|at| *at < start) {
            continue;
        }
        let names: Vec<&str> = cycle().filter_map(|at| views.get(*at)?.text("name")).collect();
        let (path, at) = view.place("fallback_group");
        let wrong = format!("The fallback groups lead back to this one: {}", names.join(" → "));
        problems.add(path, at, wrong, "Remove `fallback_group` from one of them");
    }
}

/// A group's members and then those of its fallback groups, each target where it comes first; of a fallback group that is
/// disabled only where no other has it, and off.
fn flatten(start: usize, own: &[Own], next: &[Option<usize>]) -> Vec<GroupMember> {
    let mut chain: Vec<usize> = Vec::new();
    let mut at = Some(start);
    while let Some(index) = at.filter(|index| !chain.contains(index)) {
        chain.push(index);
        at = next.get(index).copied().flatten();
    }
    let counts = |index: usize| index == start || own.get(index).is_some_and(|group| group.enabled);
    let is_elsewhere = |target: usize| {
        let mut others = chain.iter().filter(|index| counts(**index));
        others.any(|index| own.get(*index).is_some_and(|group| group.has(target)))
    };
    let mut members: Vec<GroupMember> = Vec::new();
    let mut tier: u8 = 0;
    for index in &chain {
        let off = (!counts(*index)).then_some(SwitchedOff::WithGroup);
        let mut before = None;
        for (priority, member) in own.get(*index).into_iter().flat_map(|group| &group.members) {
            if members.iter().any(|known| known.target == member.target)
                || off.is_some() && is_elsewhere(member.target)
            {
                continue;
            }
            if before != Some(*priority) && !members.is_empty() {
                tier = tier.saturating_add(1);
            }
            before = Some(*priority);
            members.push(GroupMember { tier, off: member.off.or(off), ..*member });
        }
    }
    members
}

fn check_members(view: &View<'_>, members: &[GroupMember], targets: &[View<'_>], problems: &mut Problems) {
    if members.len() <= MAX_MEMBERS {
        return;
    }
    let ids = members.iter().filter_map(|member| targets.get(member.target)?.text("id"));
    let with = if view.has("fallback_group") { " with those of its fallback groups" } else { "" };
    let wrong = format!("The group has {} targets{with} ({})", members.len(), listed(ids));
    let (path, at) = view.place("targets");
    let instead =
        format!("Keep at most {MAX_MEMBERS}: every set of them that can be left is a cluster in Envoy");
    problems.add(path, at, wrong, instead);
}

/// What callers may ask for must mean one group. A name's first place is right, any further one is reported.
fn check_names(views: &[View<'_>], problems: &mut Problems) {
    let mut known: Vec<(&str, String, Option<Position>)> = Vec::new();
    let mut claim = |text, (path, at): (String, Option<Position>), problems: &mut Problems| match known
        .iter()
        .find(|(name, ..)| *name == text)
    {
        None => known.push((text, path, at)),
        Some((_, first, first_at)) => {
            let wrong = format!("{} is taken by {} already", quoted(text), whereabouts(first, *first_at));
            problems.add(path, at, wrong, "Give each group its own name and aliases");
        }
    };
    // Names first: they win over aliases, so the alias is the one that could never be reached.
    for view in views {
        if let Some(name) = view.text("name") {
            claim(name, view.place("name"), problems);
        }
    }
    for view in views {
        let (path, _) = view.place("aliases");
        let nodes = view.get("aliases").map(|node| node.items()).unwrap_or_default();
        for (index, node) in nodes.iter().enumerate() {
            if let Some(alias) = node.text() {
                claim(alias, (format!("{path}[{index}]"), node.at), problems);
            }
        }
    }
}

fn group(
    view: &View<'_>,
    mut members: Vec<GroupMember>,
    targets: &[Option<TargetSettings>],
    problems: &mut Problems,
) -> Option<Group> {
    let strategy = view.formed("strategy").and_then(Strategy::named);
    if let Some(strategy) = strategy {
        check_known(view, strategy, &members, targets, problems);
        plan::sort(strategy, &mut members, |place| targets.get(place)?.as_ref());
    }
    let limits = limits(view, problems);
    let back_off = match view.written_object("back_off") {
        Some(written) if view.owns("back_off") => Some(back_off(&written, problems)?),
        // What is wrong with a shared one has been told.
        Some(shared) => Some(back_off(&shared, &mut Problems::default())?),
        None => None,
    };
    let budget = view.object("retry_budget")?;
    let classes = view.texts("failover_on").into_iter().filter_map(Class::from_name);
    let degraded = match view.written_object("degraded") {
        Some(degraded) => Some(degraded.string("content")?),
        None => None,
    };
    let limits = limits?;
    let all_members = u32::try_from(members.len()).ok()?;
    Some(Group {
        name: view.string("name")?,
        aliases: view.texts("aliases").into_iter().filter_map(Alias::parse).collect(),
        enabled: view.truth("enabled")?,
        strategy: strategy?.name,
        members,
        max_attempts: view.small("max_attempts").unwrap_or(all_members),
        first_token_timeout_ms: limits.first_token,
        answer_timeout_ms: limits.answer,
        stream_idle_timeout_ms: view.ms("stream_idle_timeout")?,
        timeout_ms: limits.whole,
        failover_on: classes.collect(),
        unsupported: match view.formed("unsupported")? {
            "drop" => Unsupported::Drop,
            _ => Unsupported::Refuse,
        },
        when_all_ejected: when_all(view.formed("when_all_ejected"))?,
        when_all_cooling: when_all(view.formed("when_all_cooling"))?,
        degraded,
        back_off,
        retry_budget: RetryBudget {
            budget_percent: budget.number("budget_percent")?,
            min_retry_concurrency: budget.small("min_retry_concurrency")?,
        },
    })
}

fn when_all(name: Option<&str>) -> Option<WhenAll> {
    Some(match name? {
        "try_anyway" => WhenAll::TryAnyway,
        "fail_fast" => WhenAll::FailFast,
        _ => return None,
    })
}

/// Reports targets of which the file doesn't say what the strategy must know.
fn check_known(
    view: &View<'_>,
    strategy: &Strategy,
    members: &[GroupMember],
    targets: &[Option<TargetSettings>],
    problems: &mut Problems,
) {
    for signal in strategy.reads {
        let SignalSource::Target { is_known, tells } = signal.source else { continue };
        let all = members.iter().filter_map(|member| targets.get(member.target).and_then(Option::as_ref));
        let unknown: Vec<&str> = all.filter(|target| !is_known(target)).map(TargetSettings::id).collect();
        if unknown.is_empty() {
            continue;
        }
        let (path, at) = view.place("strategy");
        let (have, them) = if unknown.len() > 1 { ("have", "each of them") } else { ("has", "it") };
        let (name, key, names) = (strategy.name, signal.key, listed(unknown));
        let wrong = format!("`{name}` must know {tells}, and {names} {have} no {key}");
        problems.add(path, at, wrong, format!("Add `{key}` to {them}, or choose another strategy"));
    }
}

struct Ranges {
    first_token: u64,
    answer: u64,
    whole: u64,
}

/// What `answer_timeout` is if neither it nor `first_token_timeout` is written: whole answers take longer than first
/// tokens.
const ANSWER_TIMEOUT_MS: u64 = 60_000;

fn limits(view: &View<'_>, problems: &mut Problems) -> Option<Ranges> {
    let (first_token, whole) = (view.ms("first_token_timeout")?, view.ms("timeout")?);
    let from_first_token = if view.has("first_token_timeout") { first_token } else { ANSWER_TIMEOUT_MS };
    let answer = view.ms("answer_timeout").unwrap_or(from_first_token);
    for (name, ms) in [("first_token_timeout", first_token), ("answer_timeout", answer)] {
        if view.owns(name) && ms > whole {
            let (path, at) = view.place(name);
            let wrong =
                format!("This is longer than `timeout` ({}), which ends the request before", show_ms(whole));
            problems.add(path, at, wrong, "Shorten it, or lengthen `timeout`");
        }
    }
    Some(Ranges { first_token: first_token.min(whole), answer: answer.min(whole), whole })
}

fn back_off(view: &View<'_>, problems: &mut Problems) -> Option<BackOff> {
    let base_ms = view.ms("base_interval")?;
    // A bound that is written and can't be read has been reported.
    let max_ms = if view.has("max_interval") { view.ms("max_interval")? } else { base_ms.saturating_mul(10) };
    let back_off = BackOff { base_ms, max_ms };
    if back_off.max_ms < back_off.base_ms {
        let written = if view.has("max_interval") { "max_interval" } else { "base_interval" };
        let (path, at) = view.place(written);
        let wrong = format!(
            "`max_interval` ({}) is shorter than `base_interval` ({})",
            show_ms(back_off.max_ms),
            show_ms(back_off.base_ms)
        );
        problems.add(path, at, wrong, "Make it as long or longer");
    }
    Some(back_off)
}
