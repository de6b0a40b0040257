//! How ai-proxy-advanced chooses among targets.

use super::super::draft::{Draft, DraftGroup};
use super::super::remark::quoted;
use super::super::written::Written;
use std::collections::BTreeSet;

/// What Kong weighs a target by that has no weight.
const WEIGHT: u64 = 100;

/// Puts what the balancer says into the group.
pub fn settle(group: &mut DraftGroup, balancer: Option<&Written>, draft: &mut Draft) {
    let written = balancer.and_then(|balancer| balancer.get("algorithm"));
    match written.and_then(Written::words).unwrap_or("round-robin") {
        "priority" => by_priority(group),
        "round-robin" => group.strategy = Some("weighted_round_robin"),
        other => {
            group.strategy = Some("weighted_round_robin");
            let later = match other {
                "lowest-latency" => "`lowest_latency`",
                "lowest-usage" => "`lowest_usage`",
                "least-connections" => "`least_busy`",
                "semantic" => "`semantic`",
                "consistent-hashing" => "`affinity`",
                _ => "another strategy",
            };
            if let Some(written) = written
                && group.members.len() > 1
            {
                draft.tell(
                    written,
                    format!(
                        "{} became `weighted_round_robin`: {later} comes with a later version",
                        quoted(other)
                    ),
                );
            }
        }
    }
    if group.members.iter().all(|member| member.weight.unwrap_or(WEIGHT) == WEIGHT) {
        group.members.iter_mut().for_each(|member| member.weight = None);
    } else if group.strategy.is_some() {
        group.members.iter_mut().for_each(|member| member.weight = Some(member.weight.unwrap_or(WEIGHT)));
    }
    let Some(balancer) = balancer else { return };
    group.retries = balancer.whole("retries");
    group.answer_ms = balancer.whole("read_timeout");
    group.failover_on = classes(balancer, draft);
}

/// Targets of one weight are a group, and the heaviest comes first.
fn by_priority(group: &mut DraftGroup) {
    let weights: BTreeSet<u64> = group.members.iter().map(|member| member.weight.unwrap_or(WEIGHT)).collect();
    for member in &mut group.members {
        let weight = member.weight.take().unwrap_or(WEIGHT);
        let rank = weights.iter().rev().position(|other| *other == weight).unwrap_or(0);
        member.priority = u64::try_from(rank).unwrap_or(0);
    }
    group.strategy = (weights.len() < group.members.len()).then_some("weighted_round_robin");
}

/// `failover_criteria` as classes of failures, if they are written.
fn classes(balancer: &Written, draft: &mut Draft) -> Option<Vec<&'static str>> {
    let criteria = balancer.get("failover_criteria")?;
    let mut classes: Vec<&'static str> = Vec::new();
    for row in criteria.rows() {
        let meant: &[&'static str] = match row.words().unwrap_or_default() {
            "error" => &["connect"],
            "timeout" => &["timeout"],
            "invalid_header" => &["malformed"],
            "http_429" => &["rate_limited", "quota"],
            "http_500" | "http_502" | "http_504" => &["server_error"],
            "http_503" => &["overloaded"],
            "http_403" => &["auth"],
            "http_404" => &["model_unavailable"],
            // A chat is a POST, which is tried again here anyway.
            "non_idempotent" => &[],
            _ => {
                draft.leave(row, "no class of failures is called so");
                &[]
            }
        };
        classes.extend(meant.iter().filter(|class| !classes.contains(class)).copied().collect::<Vec<_>>());
    }
    Some(classes).filter(|classes| !classes.is_empty())
}
