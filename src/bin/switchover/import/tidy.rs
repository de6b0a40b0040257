//! The last work on a draft's groups: names that are each one's own, fallbacks, at most six targets, nothing that nobody uses.

use super::draft::{Draft, DraftGroup, DraftMember};
use super::names::TakenNames;
use super::remark::quoted;
use std::collections::{BTreeMap, BTreeSet};
use switchover::config::MAX_MEMBERS;

const NAME_LETTERS: &str = "._-/:";
const ALIAS_LETTERS: &str = "._-/:@*";
/// The longest time and the most attempts that a file may say.
const MAX_MS: u64 = 24 * 60 * 60 * 1000;
const MAX_ATTEMPTS: u64 = 10;
const MAX_WEIGHT: u64 = 1_000_000;
/// What a whole request may take if the file says nothing.
const WHOLE_MS: u64 = 1_800_000;

/// Makes the groups what `check` takes.
pub fn tidy(draft: &mut Draft) {
    draft.groups.retain(|group| !group.members.is_empty());
    let chains = chains(draft);
    name_all(draft);
    fall_back(draft, &chains);
    for index in 0..draft.groups.len() {
        cut(draft, index);
    }
    draft.groups.iter_mut().for_each(bound);
    drop_unused(draft);
}

/// The groups that follow each, by their places: those that its fallbacks name and then theirs, each once.
fn chains(draft: &mut Draft) -> Vec<Vec<usize>> {
    let places: BTreeMap<String, usize> =
        draft.groups.iter().enumerate().map(|(place, group)| (group.name.clone(), place)).collect();
    let mut next: Vec<Vec<usize>> = Vec::new();
    for index in 0..draft.groups.len() {
        let Some(group) = draft.groups.get(index).cloned() else { continue };
        let mut known = Vec::new();
        for name in &group.fallbacks {
            match places.get(name) {
                Some(place) if *place == index => {
                    say(draft, &group, &format!("{} falls back to itself, which means nothing", quoted(name)))
                }
                Some(place) => known.push(*place),
                None => say(
                    draft,
                    &group,
                    &format!("The fallback {} is not carried over: no such group came out", quoted(name)),
                ),
            }
        }
        next.push(known);
    }
    let follow = |start: usize| {
        let (mut chain, mut open) = (Vec::new(), next.get(start).cloned().unwrap_or_default());
        open.reverse();
        while let Some(place) = open.pop() {
            if place == start || chain.contains(&place) || chain.len() >= MAX_MEMBERS {
                continue;
            }
            chain.push(place);
            open.extend(next.get(place).into_iter().flatten().rev());
        }
        chain
    };
    (0..draft.groups.len()).map(follow).collect()
}

fn say(draft: &mut Draft, group: &DraftGroup, text: &str) {
    if let Some(from) = &group.from {
        draft.tell(from, text);
    }
}

/// TakenNames first, then aliases; who comes second gets another name, or goes without the alias.
fn name_all(draft: &mut Draft) {
    let (mut names, mut claimed, mut told) = (TakenNames::default(), BTreeSet::new(), Vec::new());
    for group in &mut draft.groups {
        let name = names.take(&group.name, NAME_LETTERS);
        if name != group.name {
            group.aliases.insert(0, group.name.clone());
            told.push((group.from.clone(), format!("The group {} is called {}: names are each one's own, of letters, digits and `{NAME_LETTERS}`", quoted(&group.name), quoted(&name))));
        }
        group.name.clone_from(&name);
        claimed.insert(name);
    }
    for group in &mut draft.groups {
        let (from, name) = (group.from.clone(), group.name.clone());
        group.aliases.retain(|alias| {
            let is_right = (1..=128).contains(&alias.len())
                && alias.matches('*').count() <= 1
                && alias.chars().all(|c| c.is_ascii_alphanumeric() || ALIAS_LETTERS.contains(c));
            let is_free = is_right && *alias != name && claimed.insert(alias.clone());
            if !is_free && *alias != name {
                let why = if is_right { "another group has it" } else { "no alias can be written so" };
                told.push((
                    from.clone(),
                    format!("The name {} does not lead to {}: {why}", quoted(alias), quoted(&name)),
                ));
            }
            is_free
        });
    }
    told.into_iter().for_each(|(from, text)| from.iter().for_each(|from| draft.tell(from, &text)));
}

/// Where one group follows and no circle does, `fallback_group` says it; else the targets are written out.
fn fall_back(draft: &mut Draft, chains: &[Vec<usize>]) {
    let all = draft.groups.clone();
    let one = |index: usize| all.get(index).filter(|group| group.fallbacks.len() <= 1);
    for (index, chain) in chains.iter().enumerate() {
        let Some(first) = chain.first().and_then(|place| all.get(*place)) else { continue };
        let followers = || chain.iter().filter_map(|place| all.get(*place));
        let ids: BTreeSet<&str> = all
            .get(index)
            .into_iter()
            .chain(followers())
            .flat_map(|group| &group.members)
            .map(|member| member.id.as_str())
            .collect();
        let is_circle = chain.iter().any(|place| {
            chains.get(*place).is_some_and(|theirs| theirs.contains(place) || theirs.contains(&index))
        });
        let is_line = !is_circle
            && std::iter::once(index).chain(chain.iter().copied()).all(|place| one(place).is_some());
        let Some(group) = draft.groups.get_mut(index) else { continue };
        if group.strategy.is_none() && group.members.len() == 1 {
            group.strategy = followers().find_map(|group| group.strategy);
        }
        if is_line && ids.len() <= MAX_MEMBERS {
            group.fallback_group = Some(first.name.clone());
            continue;
        }
        let names: Vec<&str> = followers().map(|group| group.name.as_str()).collect();
        let circle = if is_circle { " in a circle" } else { "" };
        group
            .why
            .push(format!("Falls back to {}{circle}, so all targets are written out.", names.join(", ")));
        for follower in followers() {
            let before = group.members.iter().map(|member| member.priority).max().unwrap_or(0) + 1;
            for member in &follower.members {
                if !group.members.iter().any(|known| known.id == member.id) {
                    group.members.push(DraftMember { priority: before + member.priority, ..member.clone() });
                }
            }
        }
    }
}

/// At most six targets. Priorities without gaps, weights within bounds.
fn cut(draft: &mut Draft, index: usize) {
    let Some(group) = draft.groups.get_mut(index) else { return };
    group.members.sort_by_key(|member| (member.priority, std::cmp::Reverse(member.weight)));
    let ranks: BTreeSet<u64> = group.members.iter().map(|member| member.priority).collect();
    for member in &mut group.members {
        let rank = ranks.iter().position(|priority| *priority == member.priority).unwrap_or(0);
        member.priority = u64::try_from(rank).unwrap_or(0);
        member.weight = member.weight.map(|weight| weight.clamp(1, MAX_WEIGHT));
    }
    if group.members.iter().all(|member| member.weight.is_none_or(|weight| weight == 1)) {
        group.members.iter_mut().for_each(|member| member.weight = None);
    }
    let count = group.members.len();
    // What can't have a place anyhow goes first, so that thousands take no time.
    let mut of_rank: BTreeMap<u64, usize> = BTreeMap::new();
    let mut left: Vec<String> = Vec::new();
    group.members.retain(|member| {
        let before = of_rank.entry(member.priority).or_insert(0);
        *before += 1;
        let stays = *before <= MAX_MEMBERS && member.priority < u64::try_from(MAX_MEMBERS).unwrap_or(0);
        if !stays {
            left.push(quoted(&member.id));
        }
        stays
    });
    while group.members.len() > MAX_MEMBERS {
        let Some(place) = last_of_largest(&group.members) else { break };
        left.push(quoted(&group.members.remove(place).id));
    }
    if left.is_empty() {
        return;
    }
    let group = group.clone();
    let text = format!(
        "The group {} has {count} targets, and {MAX_MEMBERS} is the most: {} are left out, the lightest of the priority that has most",
        quoted(&group.name),
        left.join(", ")
    );
    say(draft, &group, &text);
}

/// The place of the lightest target of the priority that has most of them, the last such: so each priority keeps its best
/// as long as there is room.
fn last_of_largest(members: &[DraftMember]) -> Option<usize> {
    let count = |priority: u64| members.iter().filter(|member| member.priority == priority).count();
    let most = members.iter().map(|member| count(member.priority)).max()?;
    members.iter().rposition(|member| count(member.priority) == most)
}

/// Times, attempts and strategies within what `check` takes.
fn bound(group: &mut DraftGroup) {
    for time in [&mut group.first_token_ms, &mut group.answer_ms, &mut group.idle_ms, &mut group.whole_ms] {
        *time = time.filter(|ms| *ms > 0).map(|ms| ms.min(MAX_MS));
    }
    let longest = group.first_token_ms.max(group.answer_ms).unwrap_or(0);
    if longest > group.whole_ms.unwrap_or(WHOLE_MS) {
        group.whole_ms = Some(longest);
    }
    let count = u64::try_from(group.members.len()).unwrap_or(MAX_ATTEMPTS);
    if let Some(retries) = group.retries
        && retries.saturating_add(1) > count
        && group.fallback_group.is_none()
    {
        group.max_attempts = Some(retries.saturating_add(1));
    }
    group.max_attempts = group.max_attempts.map(|most| most.clamp(1, MAX_ATTEMPTS));
    // Where each target has a priority of its own, all strategies are one; a fallback group may have several of one.
    let ranks: BTreeSet<u64> = group.members.iter().map(|member| member.priority).collect();
    if group.fallback_group.is_none() && ranks.len() == group.members.len() {
        group.strategy = None;
    }
    // `ordered` and no strategy are one; a weight means something with weights only.
    if group.strategy == Some("ordered") {
        group.strategy = None;
    }
    if group.strategy != Some("weighted_round_robin") {
        group.members.iter_mut().for_each(|member| member.weight = None);
    }
}

fn drop_unused(draft: &mut Draft) {
    let used: BTreeSet<String> =
        draft.groups.iter().flat_map(|group| &group.members).map(|member| member.id.clone()).collect();
    draft.targets.retain(|target| used.contains(&target.id));
    let used: BTreeSet<String> =
        draft.targets.iter().filter_map(|target| target.credential.clone()).collect();
    draft.credentials.retain(|credential| used.contains(&credential.id));
}
