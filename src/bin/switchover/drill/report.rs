//! What a drill came to, for people.

use super::caller::Outcomes;
use super::script::{Back, Outcome, ScriptError};
use crate::render::twin_cluster;
use std::time::Duration;
use switchover::config::{Config, Drill, Effect, TargetSettings};

/// Some lines about one drill.
pub fn text(config: &Config, drill: &Drill, outcome: &Outcome) -> String {
    let target = config.targets.get(drill.target);
    let id = target.map_or("?", TargetSettings::id);
    let effect = match drill.effect {
        Effect::Fail(class) => class.name().to_owned(),
        Effect::DelayMs(ms) => format!("latency of {ms} ms"),
    };
    let mut lines = vec![format!("{id}: {effect}")];
    let mut line = |what: &str, text: String| lines.push(format!("  {what:<16}{text}"));
    match &outcome.not_played {
        Some(ScriptError::Skipped(why)) => line("not played", format!("{why}.")),
        Some(ScriptError::Failed(why)) => line("FAILED", why.clone()),
        None => {
            let twin = twin_cluster(target.map_or("", |target| &target.cluster), drill.effect.twin());
            let ejected = if outcome.skipped.is_empty() { "nobody ejected" } else { "then ejected" };
            let attempts = count(outcome.met.len(), "attempt");
            line(
                "injected",
                format!("{attempts} on {}, as tenant {}; {ejected} ({twin})", outcome.group, outcome.tenant),
            );
            line("callers saw", answers(outcome));
            line("time to switch", switch(id, outcome));
            line("time back", back(&outcome.back, outcome.after.as_ref()));
            line("real target", real(outcome.real_ejected).to_owned());
        }
    }
    for (seen, problem) in outcome.problems() {
        let kind = if seen.stream { "stream" } else { "chat" };
        line("FAILED", format!("a {kind} got {problem}"));
    }
    lines.join("\n") + "\n\n"
}

/// `6 answers: 3 chats and 3 streams by azure-secondary`.
fn answers(outcome: &Outcome) -> String {
    let under = || outcome.met.iter().chain(&outcome.skipped);
    let good: Vec<&Outcomes> = under().filter(|seen| seen.problem.is_none()).collect();
    let mut by: Vec<&str> = good.iter().map(|seen| seen.target.as_str()).collect();
    by.sort_unstable();
    by.dedup();
    let failed = under().count() - good.len();
    let streams = good.iter().filter(|seen| seen.stream).count();
    let kinds = format!("{} and {}", count(good.len() - streams, "chat"), count(streams, "stream"));
    let by = if by.is_empty() { String::new() } else { format!(" by {}", by.join(", ")) };
    format!("{}: {kinds}{by}; {}", count(good.len(), "answer"), count(failed, "failure"))
}

fn switch(id: &str, outcome: &Outcome) -> String {
    let switched = |seen: &&Outcomes| seen.problem.is_none() && seen.target != id;
    let Some((median, slowest)) = spread(outcome.met.iter().filter(switched)) else {
        return match spread(outcome.met.iter().filter(|seen| seen.problem.is_none())) {
            Some((median, _)) => {
                format!("no switch: the target answered, {} until the first byte", ms(median))
            }
            None => "no other target answered".to_owned(),
        };
    };
    let mut text = format!("{} until another's first byte (median; slowest {})", ms(median), ms(slowest));
    if let Some((median, _)) = spread(outcome.skipped.iter().filter(switched)) {
        text.push_str(&format!(", {} once ejected", ms(median)));
    }
    text
}

fn back(back: &Back, after: Option<&Outcomes>) -> String {
    let way = match back {
        Back::NeverGone => "at once".to_owned(),
        Back::After(time) => format!("{:.1} s after the ejection was seen", time.as_secs_f64()),
        Back::NotWaitedFor => "not waited for".to_owned(),
        Back::Never(time) => format!("FAILED: still ejected after {} s", time.as_secs()),
    };
    match after {
        Some(seen) if seen.problem.is_none() => format!("{way}; without the drill {} answers", seen.target),
        _ => way,
    }
}

fn real(ejected: Option<bool>) -> &'static str {
    match ejected {
        Some(false) => "its own circuit breaker is closed",
        Some(true) => "its own circuit breaker is open, which is not the drill's doing: look at the target",
        None => "unknown: the admin interface does not answer (--admin)",
    }
}

/// The median and the longest time until the first byte.
fn spread<'s>(seen: impl Iterator<Item = &'s Outcomes>) -> Option<(Duration, Duration)> {
    let mut times: Vec<Duration> = seen.map(|seen| seen.first).collect();
    times.sort_unstable();
    Some((*times.get(times.len() / 2)?, *times.last()?))
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// A time since 1970 as RFC 3339, in whole minutes.
pub fn timestamp(time: Duration) -> String {
    let (minutes, seconds) = (time.as_secs() / 60, time.as_secs() % 60);
    let (mut days, minutes) = (minutes / 1440, minutes % 1440);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}T{:02}:{:02}:{seconds:02}Z", days + 1, minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_file_has_them() {
        let at = |seconds| timestamp(Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(1_709_210_096), "2024-02-29T12:34:56Z");
        assert_eq!(at(1_798_675_140), "2026-12-30T23:59:00Z");
        assert_eq!(at(1_798_761_599), "2026-12-31T23:59:59Z");
    }
}
