//! One drill, played: before, under it, ejected, and back.

use super::admin::Admin;
use super::caller::{Outcomes, TestCaller, now};
use crate::document::now_ms;
use crate::render::twin_cluster;
use std::time::Duration;
use switchover::config::{Config, Drill, Effect, Group, TargetSettings};
use switchover::plan::Strategy;

pub struct Script<'s> {
    pub config: &'s Config,
    pub caller: &'s TestCaller,
    pub admin: &'s Admin,
    pub drill: &'s Drill,
    /// Whose requests they are.
    pub tenant: &'s str,
    pub way_back: bool,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Outcome {
    pub group: String,
    pub tenant: String,
    /// Why the drill could not be played.
    pub not_played: Option<ScriptError>,
    /// Without the drill.
    pub before: Option<Outcomes>,
    /// Requests that met a failing or slow attempt.
    pub met: Vec<Outcomes>,
    /// Requests that found the twin ejected.
    pub skipped: Vec<Outcomes>,
    pub back: Back,
    /// The last, without the drill.
    pub after: Option<Outcomes>,
    /// Whether the real target's own breaker ever said no; `None`: the admin interface is out of reach.
    pub real_ejected: Option<bool>,
}

#[derive(Debug)]
pub enum ScriptError {
    /// It can't be told on this file: no failure of the gateway's.
    Skipped(String),
    Failed(String),
}

/// The twin's way back.
#[derive(Debug, Default, PartialEq)]
pub enum Back {
    /// It was never ejected.
    #[default]
    NeverGone,
    /// After so long since the last attempt at it.
    After(Duration),
    NotWaitedFor,
    /// It did not come back in so long.
    Never(Duration),
}

impl Outcome {
    fn seen(&self) -> impl Iterator<Item = &Outcomes> {
        self.before.iter().chain(&self.met).chain(&self.skipped).chain(&self.after)
    }

    pub fn problems(&self) -> impl Iterator<Item = (&Outcomes, &str)> {
        self.seen().filter_map(|seen| Some((seen, seen.problem.as_deref()?)))
    }

    pub fn failures(&self) -> usize {
        let trouble = matches!(self.not_played, Some(ScriptError::Failed(_)));
        self.problems().count() + usize::from(trouble) + usize::from(matches!(self.back, Back::Never(_)))
    }
}

/// How often a request is repeated until weights send one to the drilled target.
const MOST_TRIES: u32 = 60;
/// How many requests a drill that ejects nobody gets.
const ENOUGH: usize = 6;

impl Script<'_> {
    pub fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let (group, force) = match self.place() {
            Ok(place) => place,
            Err(why) => return Outcome { not_played: Some(ScriptError::Skipped(why)), ..outcome },
        };
        outcome.group.clone_from(&group.name);
        self.tenant.clone_into(&mut outcome.tenant);
        outcome.before = Some(self.caller.ask(group, false, None));
        self.under_fire(group, &force, &mut outcome);
        if outcome.met.is_empty() && outcome.skipped.is_empty() {
            let why = "no answer says that it was drilled (x-switchover-drill). Does this Envoy run this file, and does the \
                       tenant's header reach it?";
            outcome.not_played = Some(ScriptError::Failed(why.to_owned()));
            return outcome;
        }
        if !outcome.skipped.is_empty() {
            outcome.back = if self.way_back { self.wait(group, &force) } else { Back::NotWaitedFor };
        }
        outcome.after = Some(self.caller.ask(group, false, None));
        outcome.real_ejected = self.is_ejected(&[self.cluster().to_owned()]);
        outcome
    }

    fn target(&self) -> Option<&TargetSettings> {
        self.config.targets.get(self.drill.target)
    }

    fn cluster(&self) -> &str {
        self.target().map_or("", |target| target.cluster.as_str())
    }

    /// The group to ask, and what to force: the drill, and before it drills of the targets that are asked earlier, as
    /// else nobody would get to this one.
    fn place(&self) -> Result<(&Group, String), String> {
        let id = |target: usize| self.config.targets.get(target).map_or("?", TargetSettings::id);
        let mut why = "no model group that is on has the target, or it is off".to_owned();
        for group in self.config.groups.iter().filter(|group| group.enabled) {
            let asked = || group.members.iter().filter(|member| member.off.is_none());
            let Some(own) = asked().find(|member| member.target == self.drill.target) else {
                continue;
            };
            let ordered = !Strategy::of(group).picks();
            let earlier = asked().take_while(|member| member.target != self.drill.target);
            let earlier = earlier.filter(|member| ordered || member.tier < own.tier);
            let mut force: Vec<String> = Vec::new();
            let mut first = Vec::new();
            for member in earlier {
                first.push(id(member.target));
                let fails = |drill: &&Drill| {
                    drill.target == member.target
                        && drill.is_on(now_ms())
                        && matches!(drill.effect, Effect::Fail(class) if group.failover_on.contains(class))
                        && drill.allow_tenants.iter().any(|tenant| tenant == self.tenant)
                };
                if let Some(drill) = self.config.drills.iter().find(fails) {
                    force.push(format!("{}:{}", id(member.target), drill.effect.name()));
                }
            }
            if force.len() < first.len() {
                why =
                    format!("{} asks {} first, which can't be forced to fail", group.name, first.join(", "));
                continue;
            }
            if force.len() + 1 >= asked().count() && !self.is_survived(group) {
                why = format!("{} has no other target left to answer", group.name);
                continue;
            }
            force.push(format!("{}:{}", id(self.drill.target), self.drill.effect.name()));
            return Ok((group, force.join(",")));
        }
        Err(why)
    }

    /// Whether the target still answers under the drill: a pause that is short enough.
    fn is_survived(&self, group: &Group) -> bool {
        let limit = group.first_token_timeout_ms.min(group.answer_timeout_ms);
        matches!(self.drill.effect, Effect::DelayMs(ms) if ms < limit)
    }

    /// Whether enough of it eject.
    fn ejects(&self, group: &Group) -> bool {
        match self.drill.effect {
            Effect::Fail(class) => class.ejects() && group.failover_on.contains(class),
            Effect::DelayMs(_) => !self.is_survived(group),
        }
    }

    /// Chats and streams in turn, until the twin is ejected, or often enough.
    fn under_fire(&self, group: &Group, force: &str, outcome: &mut Outcome) {
        let breaker = self.target().map_or(0, |target| target.circuit_breaker.consecutive_failures);
        let ejects = self.ejects(group);
        let most = if ejects { usize::try_from(breaker).unwrap_or(0).saturating_add(4) } else { ENOUGH };
        let mut stream = false;
        for _ in 0..MOST_TRIES.max(breaker.saturating_add(10)) {
            let seen = self.caller.ask(group, stream, Some(force));
            let (met, skipped) = self.meaning(&seen);
            if met || (seen.problem.is_some() && !skipped) {
                outcome.met.push(seen);
            } else if skipped {
                outcome.skipped.push(seen);
            } else {
                continue;
            }
            stream = !stream;
            // One chat and one stream past the ejected twin.
            if outcome.skipped.len() >= 2 || outcome.met.len() >= most {
                break;
            }
        }
    }

    /// Whether a request met the drill, or found the twin ejected.
    fn meaning(&self, seen: &Outcomes) -> (bool, bool) {
        let id = self.target().map_or("", TargetSettings::id);
        let mark = format!("{id}:{}", self.drill.effect.name());
        if !seen.drill.split(", ").any(|one| one == mark) {
            return (false, false);
        }
        let skipped = seen.decision.contains(&format!("{id} is ejected (drill)"));
        (!skipped, skipped)
    }

    /// `None`: nobody knows.
    fn is_ejected(&self, clusters: &[String]) -> Option<bool> {
        let ejected = self.admin.ejected()?;
        Some(clusters.iter().any(|cluster| ejected.contains(cluster)))
    }

    fn wait(&self, group: &Group, force: &str) -> Back {
        let begin = now();
        let Some(breaker) = self.target().map(|target| &target.circuit_breaker) else {
            return Back::default();
        };
        // The time grows with each ejection; other drills' requests may have ejected it before.
        let longest = Duration::from_millis(breaker.max_ejection_time_ms + 2 * breaker.interval_ms)
            + Duration::from_secs(5);
        let twin = [twin_cluster(self.cluster(), self.drill.effect.twin())];
        while begin.elapsed() < longest {
            std::thread::sleep(Duration::from_millis(200));
            if self.is_ejected(&twin) == Some(true) {
                continue;
            }
            // Weights may send a request elsewhere.
            for _ in 0..MOST_TRIES {
                match self.meaning(&self.caller.ask(group, false, Some(force))) {
                    (true, _) => return Back::After(begin.elapsed()),
                    (_, true) => break,
                    _ => {}
                }
            }
        }
        Back::Never(longest)
    }
}
