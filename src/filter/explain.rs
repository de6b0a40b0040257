//! Why a request would go where it goes: the router role's own planning, told instead of done.

use super::answer::Answer;
use super::aside::{reasons, words};
use super::drill::Wish;
use super::headers::Header;
use super::memory::Held;
use super::router::{Moment, Router, dialect_headers};
use super::runtime::Runtime;
use crate::config::{Effect, Group, TargetSettings};
use crate::dialect::{Surface, exchange};
use crate::json::Writer;
use crate::plan::{Seat, Strategy, Verdict, order_name};
use std::rc::Rc;

/// Explains a request as JSON: group, required capabilities, each target with why it is in or out, the order, and one
/// sentence; `decision` is what `x-switchover-decision` says if the first target answers.
///
/// # Errors
/// The answer the caller would get, where the request can't be read or its model is unknown.
pub fn explain(
    runtime: &Rc<Runtime>,
    surface: Surface,
    headers: &[(Vec<u8>, Vec<u8>)],
    body: &[u8],
    moment: &Moment<'_>,
) -> Result<Vec<u8>, Answer> {
    let router = Router::new(Rc::clone(runtime));
    let text = String::from_utf8(body.to_vec()).map_err(|error| error.into_bytes());
    let document = router.document(surface, text.clone())?;
    let lines = dialect_headers(headers.iter().map(|(name, value)| (&name[..], &value[..])));
    let considered = router.consider(surface, lines.clone(), document.root(), moment)?;
    // What the filter itself would say, had the first target answered.
    let asked = (text, Held::nothing(&runtime.memory));
    let trip = router.depart(surface, lines, None, asked, moment).ok();
    let decision = trip.and_then(|trip| Some(trip.decision(*trip.order.first()?)));
    let (group, plan) = (considered.group, &considered.plan);
    let order = plan
        .order
        .iter()
        .filter_map(|place| group.members.get(*place))
        .map(|member| runtime.id(member.target));
    let order: Vec<&str> = order.collect();
    let mut out = Vec::with_capacity(1024);
    Writer::new(&mut out).object(|w| {
        w.key("group").string(&group.name);
        w.key("requires").array(|w| considered.needs.names().for_each(|name| w.string(name)));
        w.key("targets").array(|w| {
            for (member, verdict) in group.members.iter().zip(&plan.verdicts) {
                w.object(|w| {
                    w.key("id").string(runtime.id(member.target));
                    w.key("in").bool(*verdict == Verdict::In);
                    let why = words(verdict, moment.now_ms);
                    w.key("why").string(&format!(
                        "{} {}.",
                        runtime.id(member.target),
                        why.trim_end_matches('.')
                    ));
                    if let Some(target) = runtime.config.targets.get(member.target) {
                        // Where it isn't the API that one would think of, by the caller's own.
                        if exchange::by_responses(&considered.turn, document.root(), &target.wire) {
                            w.key("api").string("responses");
                        }
                        write_facts(target, w);
                    }
                });
            }
        });
        w.key("order").array(|w| order.iter().for_each(|id| w.string(id)));
        if !order.is_empty() {
            let targets = plan.order.iter().filter_map(|place| group.members.get(*place));
            let seats = targets.map(|member| Seat { target: member.target, twin: None });
            w.key("cluster").string(&order_name(&runtime.config, group, seats));
        }
        write_drills(runtime, group, headers, w);
        if let Some(decision) = &decision {
            w.key("decision").string(decision);
        }
        w.key("sentence").string(&sentence(runtime, &considered, &order, moment.now_ms));
    });
    Ok(out)
}

/// What the file says about a target for whoever reads it: its price and its labels.
fn write_facts(target: &TargetSettings, w: &mut Writer<'_>) {
    if let Some(price) = &target.price {
        w.key("price").object(|w| {
            w.key("input").f64(price.input);
            w.key("cached_input").f64(price.cached_input);
            w.key("output").f64(price.output);
        });
    }
    if !target.labels.is_empty() {
        w.key("labels").object(|w| {
            target.labels.iter().for_each(|(name, value)| w.key_string(name).string(value));
        });
    }
}

/// The drills that the group's targets may meet, whatever time it is; `forced`: this request asks for it, and may.
fn write_drills(runtime: &Runtime, group: &Group, headers: &[(Vec<u8>, Vec<u8>)], w: &mut Writer<'_>) {
    let config = &runtime.config;
    let headers: Vec<Header<'_>> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let wish = Wish::of(config, &headers);
    let has = |target: usize| group.members.iter().any(|member| member.target == target);
    let mut drills = config.drills.iter().filter(|drill| has(drill.target)).peekable();
    if drills.peek().is_none() {
        return;
    }
    w.key("drills").array(|w| {
        for drill in drills {
            w.object(|w| {
                w.key("target").string(runtime.id(drill.target));
                match drill.effect {
                    Effect::Fail(class) => w.key("class").string(class.name()),
                    Effect::DelayMs(ms) => w.key("latency_ms").u64(ms),
                }
                w.key("percentage").f64(f64::from(drill.per_million) / 10_000.0);
                w.key("until_ms").u64(drill.until_ms);
                if !drill.enabled {
                    w.key("enabled").bool(false);
                }
                w.key("forced").bool(wish.as_ref().is_some_and(|wish| wish.forces(config, drill)));
            });
        }
    });
}

fn sentence(
    runtime: &Runtime,
    considered: &super::router::Considered<'_>,
    order: &[&str],
    now_ms: u64,
) -> String {
    let (group, plan) = (considered.group, &considered.plan);
    let out = reasons(runtime, group, plan, now_ms);
    let out = if out.is_empty() { String::new() } else { format!(" ({})", out.join("; ")) };
    let Some((first, rest)) = order.split_first() else {
        return format!("No target of {} can take this request{out}.", group.name);
    };
    let how = Strategy::of(group).how;
    let then = if rest.is_empty() { "nobody else".to_owned() } else { rest.join(", then ") };
    format!("{} asks {first} first, {how}, and falls back to {then}{out}.", group.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Raw;

    #[test]
    fn who_is_asked_by_the_other_api_is_told() {
        let json = r#"{"version":1,"targets":[{"id":"a","provider":"openai","model":"gpt-5.4","credential":"k"}],
            "credentials":[{"id":"k","secret_env":"K"}],"model_groups":[{"name":"g","targets":[{"id":"a"}]}]}"#;
        let runtime = Rc::new(Runtime::load(json.as_bytes()).unwrap());
        let moment = Moment { now_ms: 5, pick: 0, key: 7, standings: &[] };
        let api = |surface, body: &str| {
            let told = explain(&runtime, surface, &[], body.as_bytes(), &moment).unwrap();
            let told = Raw::parse(&told).unwrap();
            let target = told.get("targets").unwrap().items().next().unwrap();
            target.get("api").and_then(Raw::text).map(|api| api.into_string())
        };
        let body = r#"{"model":"g","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}"#;
        assert_eq!(api(Surface::Messages, body).as_deref(), Some("responses"));
        assert_eq!(api(Surface::Chat, body), None);
    }
}
