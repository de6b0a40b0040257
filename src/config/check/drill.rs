//! Drills.

use super::{View, refer};
use crate::config::problem::{Problems, quoted};
use crate::config::time::timestamp_ms;
use crate::failure::Class;
use crate::plan::order_count;
use crate::settings::{Config, Drill, Effect, MAX_DRILLED_ORDERS, Tenant};

/// Resolves a drill; `None` only where a problem says why.
pub(super) fn drill(
    view: &View<'_>,
    targets: &[View<'_>],
    tenant: Option<&Tenant>,
    problems: &mut Problems,
) -> Option<Drill> {
    let target = refer(view, "target", targets, "id", "target", problems);
    let allow_tenants = view.strings("allow_tenants");
    if !allow_tenants.is_empty() && !tenant.is_some_and(|tenant| tenant.trusted) {
        let (path, at) = view.place("allow_tenants");
        let wrong = "No tenant is known, so nobody could force the drill";
        problems.add(
            path,
            at,
            wrong,
            "Add `tenant` with a header that an earlier filter sets, or remove the list",
        );
    }
    let effect = match view.formed("class").and_then(Class::from_name) {
        Some(class) => Effect::Fail(class),
        None => Effect::DelayMs(view.ms("latency")?),
    };
    Some(Drill {
        target: target?,
        enabled: view.truth("enabled")?,
        effect,
        per_million: per_million(view.number("percentage")?),
        until_ms: timestamp_ms(view.text("until")?)?,
        allow_tenants,
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the clamp leaves what fits")]
fn per_million(percent: f64) -> u32 {
    (percent * 10_000.0).round().clamp(0.0, 1_000_000.0) as u32
}

/// Reports groups whose drills would bring too many orders.
pub(super) fn check_orders(config: &Config, file: &View<'_>, problems: &mut Problems) {
    if config.drills.is_empty() {
        return;
    }
    for group in &config.groups {
        let count = order_count(config, group);
        if count > MAX_DRILLED_ORDERS {
            let (path, at) = file.place("drills");
            let wrong = format!(
                "With these drills the group {} has {count} orders of targets, and {MAX_DRILLED_ORDERS} is the most, as each \
                 is a cluster in Envoy",
                quoted(&group.name)
            );
            problems.add(
                path,
                at,
                wrong,
                "Drill fewer of its targets at a time, or each by `class` or `latency` only",
            );
        }
    }
}
