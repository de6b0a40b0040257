//! Agent Router, formerly Envoy AI Gateway. See <https://aigateway.envoyproxy.io/docs/api/>.

mod backend;

use super::draft::{Draft, DraftGroup, DraftMember};
use super::manifest::{self, Manifests};
use super::remark::quoted;
use super::written::Written;

/// The header that has the request's model.
const MODEL_HEADER: &str = "x-ai-eg-model";

/// Adds what the manifests have.
pub fn import(documents: &[Written], draft: &mut Draft) {
    let manifests = Manifests::of(documents);
    for route in manifests.each("AIGatewayRoute") {
        let Some(spec) = route.get("spec") else { continue };
        spec.skip(&["parentRefs", "targetRefs", "schema"]);
        let name = manifest::name(route).unwrap_or("route");
        for (index, rule) in spec.list("rules").iter().enumerate() {
            add_rule(rule, name, index, &manifests, draft);
        }
    }
    for traffic in manifests.each("BackendTrafficPolicy") {
        retries(traffic, draft);
    }
    manifests.tell_unused(draft);
}

fn add_rule(rule: &Written, route: &str, index: usize, manifests: &Manifests<'_>, draft: &mut Draft) {
    rule.skip(&["name", "modelsOwnedBy", "modelsCreatedAt"]);
    let models = models(rule, draft);
    let name = match models.first() {
        Some(model) => model.clone(),
        None if index == 0 => route.to_owned(),
        None => format!("{route}-{}", index + 1),
    };
    let mut group = DraftGroup {
        name,
        aliases: models.iter().skip(1).cloned().collect(),
        from: Some(rule.clone()),
        ..DraftGroup::default()
    };
    if models.is_empty() {
        group.aliases.push("*".to_owned());
        group.why.push("The rule took any model.".to_owned());
    }
    for backend in rule.list("backendRefs") {
        let only = models.first().filter(|_| models.len() == 1);
        if let Some(member) = member(backend, only, manifests, draft)
            && !group.members.iter().any(|known| known.id == member.id)
        {
            group.members.push(member);
        }
    }
    group.whole_ms = rule.at(&["timeouts", "request"]).and_then(Written::words).and_then(milliseconds);
    group.answer_ms =
        rule.at(&["timeouts", "backendRequest"]).and_then(Written::words).and_then(milliseconds);
    group.idle_ms = rule.text("streamIdleTimeout").and_then(milliseconds);
    let is_shared =
        |priority: u64| group.members.iter().filter(|member| member.priority == priority).count() > 1;
    group.strategy =
        group.members.iter().any(|member| is_shared(member.priority)).then_some("weighted_round_robin");
    draft.groups.push(group);
}

/// What the rule takes: exact values of the model's header.
fn models(rule: &Written, draft: &mut Draft) -> Vec<String> {
    let mut models: Vec<String> = Vec::new();
    for header in rule.list("matches").iter().flat_map(|one| one.list("headers")) {
        let is_exact = header.text("type").is_none_or(|kind| kind == "Exact");
        let is_model = header.text("name").is_some_and(|name| name.eq_ignore_ascii_case(MODEL_HEADER));
        match header.text("value") {
            Some(model) if is_exact && is_model => models.push(model.to_owned()),
            Some(_) => draft.leave(header, "only the model decides which group answers; conditions come with a later version (`policies`)"),
            None => {}
        }
    }
    models
}

/// A backend; the model goes on as the rule has it, if it has one, and nothing overrides it.
fn member(
    backend: &Written,
    model: Option<&String>,
    manifests: &Manifests<'_>,
    draft: &mut Draft,
) -> Option<DraftMember> {
    backend.skip(&["namespace", "group"]);
    let name = backend.text("name")?;
    if backend.text("kind").is_some_and(|kind| kind != "AIServiceBackend") {
        draft.leave(backend, "an InferencePool picks among servers by itself: name their service's address as a target's `endpoint`");
        return None;
    }
    let Some(spec) = manifests.find("AIServiceBackend", name).and_then(|found| found.get("spec")) else {
        draft.leave(backend, "no AIServiceBackend of this name is in the files: give them too");
        return None;
    };
    if backend.number("weight") == Some(0.0) {
        draft.leave(backend, "its weight is 0, so it got no requests");
        return None;
    }
    let mut target = backend::target(spec, manifests, draft)?;
    let changed = backend.text("modelNameOverride");
    target.model = changed.map(str::to_owned).or(model.cloned());
    let wish = changed.map_or_else(|| name.to_owned(), |model| format!("{name}-{model}"));
    let policy = backend::policy(name, manifests);
    target.credential = match policy {
        Some(policy) => backend::credential(policy, &mut target, manifests, draft),
        None => draft.usual_credential(spec, &target),
    };
    let id = draft.target(spec, &wish, target)?;
    Some(DraftMember {
        id,
        priority: backend.whole("priority").unwrap_or(0),
        weight: backend.whole("weight"),
    })
}

/// Envoy's retries of the route that an AIGatewayRoute makes.
fn retries(policy: &Written, draft: &mut Draft) {
    let Some(retry) = policy.at(&["spec", "retry"]) else {
        let name = manifest::name(policy).unwrap_or_default().to_owned();
        return draft.leave(
            policy,
            &format!("of the BackendTrafficPolicy {} only `retry` has something here", quoted(&name)),
        );
    };
    policy.get("spec").into_iter().for_each(|spec| spec.skip(&["targetRefs", "targetRef"]));
    let (count, each) = (
        retry.whole("numRetries"),
        retry.at(&["perRetry", "timeout"]).and_then(Written::words).and_then(milliseconds),
    );
    for group in &mut draft.groups {
        group.retries = count;
        group.answer_ms = group.answer_ms.or(each);
    }
    for key in ["retryOn", "perRetry", "numAttemptsPerPriority"] {
        if let Some(part) = retry.get(key).filter(|_| key != "perRetry") {
            draft.leave(part, "each target is tried once, in the order of the priorities, after the failures in `failover_on`");
        }
    }
    if let Some(back_off) = retry.at(&["perRetry", "backOff"]) {
        draft.leave(back_off, "another target is asked at once; `back_off` of a group says otherwise");
    }
}

/// A duration of Gateway API: `1h`, `30s`, `500ms`, `1m30s`.
pub fn milliseconds(text: &str) -> Option<u64> {
    let (mut all, mut rest) = (0u64, text.trim());
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let units = [("ms", 1u64), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
        let (unit, each) = units.into_iter().find(|(unit, _)| behind.starts_with(unit))?;
        all = all.checked_add(number.parse::<u64>().ok()?.checked_mul(each)?)?;
        rest = behind.strip_prefix(unit)?;
    }
    Some(all).filter(|ms| *ms > 0)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn durations_of_gateway_api() {
        for (text, ms) in [
            ("30s", Some(30_000)),
            ("1m30s", Some(90_000)),
            ("500ms", Some(500)),
            ("0s", None),
            ("5", None),
            ("x", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }
}
