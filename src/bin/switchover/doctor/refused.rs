//! What was refused: by this Envoy of what it was sent, and by the proxies of a mesh of what istiod sent them.

use super::Findings;
use super::dump::{Dump, each, text};
use switchover::json::{Kind, Raw};

/// The counters of refusals.
pub const STATS: &str = "/stats?format=json&filter=(update_rejected|config_conflict)$";
/// What each proxy was sent last and what it said of it.
pub const SYNC: &str = "/debug/syncz";

/// Listeners whose last update was refused.
pub fn by_envoy(dump: &Dump<'_>, found: &mut Findings) {
    for (name, why) in &dump.refused {
        found.say(format!(
            "Envoy refused the last update of listener `{name}`, and what it had before goes on: {}",
            sentence(why)
        ));
    }
}

/// What was refused since the start: what came after may have been taken.
pub fn notes(stats: &[u8]) -> Vec<String> {
    let Ok(stats) = Raw::parse(stats) else { return Vec::new() };
    let count = |one: &Raw<'_>| {
        let number = one.get("value").and_then(Raw::as_u64).filter(|number| *number > 0)?;
        Some((text(*one, &["name"])?, number))
    };
    let told = |(name, number): (String, u64)| {
        format!(
            "Since its start Envoy has refused {number} update{} of {} (`{name}`): if something is not as it was sent, its log says \
             why.",
            if number == 1 { "" } else { "s" },
            kind(&name)
        )
    };
    each(stats, &["stats"]).iter().filter_map(count).map(told).collect()
}

/// By the name of a counter, or of a message.
fn kind(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let kinds = [
        ("secret", "secrets"),
        ("cds.", "clusters"),
        ("cluster.v3.", "clusters"),
        ("lds.", "listeners"),
        ("listener.v3.", "listeners"),
        ("rds.", "routes"),
        ("route.v3.", "routes"),
        ("extension", "filters (ECDS)"),
        ("endpoint", "endpoints"),
    ];
    kinds.into_iter().find(|(part, _)| name.contains(part)).map_or("resources", |(_, kind)| kind)
}

/// What proxies said to istiod of what it sent them last.
pub fn by_proxies(sync: &[u8], found: &mut Findings) {
    let proxies = match Raw::parse(sync) {
        Ok(list) if list.kind() == Kind::Array => list,
        _ => {
            return found.say(format!("{SYNC} has no list of proxies: that is no istiod's debug interface."));
        }
    };
    let mut seen = 0_usize;
    for proxy in proxies.items() {
        seen = seen.saturating_add(1);
        let name = text(proxy, &["proxy"]).unwrap_or_default();
        let resources = proxy.get("resources");
        for (of, state) in resources.iter().flat_map(|all| all.fields()) {
            if let Some(why) = text(state, &["lastError"]).filter(|why| !why.is_empty()) {
                found.say(format!(
                    "Proxy `{name}` refused what istiod sent it last of {}, and what it had before goes on: {}",
                    kind(&of.into_string()),
                    sentence(&why)
                ));
            }
        }
    }
    found.seen.push_str(&format!(
        " Of {} that istiod knows none has refused anything.",
        super::counted(seen, "proxy")
    ));
}

/// One line that ends.
fn sentence(why: &str) -> String {
    let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.ends_with('.') { line } else { format!("{line}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_refusals_are_notes() {
        let stats = br#"{"stats":[{"name":"cluster_manager.cds.update_rejected","value":2},{"name":"listener_manager.lds.update_rejected","value":0},{"name":"extension_config_discovery.http_filter.switchover-router.config_conflict","value":1},{"histograms":{}}]}"#;
        let notes = notes(stats);
        assert_eq!(notes.len(), 2, "{notes:#?}");
        assert!(
            notes[0]
                .starts_with("Since its start Envoy has refused 2 updates of clusters (`cluster_manager.cds"),
            "{notes:#?}"
        );
        assert!(notes[1].contains("refused 1 update of filters (ECDS)"), "{notes:#?}");
        assert!(super::notes(b"<html>").is_empty() && super::notes(b"{}").is_empty());
    }

    #[test]
    fn what_proxies_refused() {
        let sync = br#"[{"proxy":"gw.istio-system","resources":{"type.googleapis.com/envoy.config.cluster.v3.Cluster":{"sent":"b","acked":"a","lastError":"Error adding\n cluster(s) g|a"},"type.googleapis.com/envoy.config.listener.v3.Listener":{"sent":"c","acked":"c"}}},{"proxy":"app.shop"}]"#;
        let mut found = Findings::default();
        by_proxies(sync, &mut found);
        let said = "Proxy `gw.istio-system` refused what istiod sent it last of clusters, and what it had before goes on: Error adding cluster(s) g|a.";
        assert_eq!(found.wrong, [said]);
        assert!(found.seen.contains("Of 2 proxies that istiod knows"), "{}", found.seen);
        for odd in [&b"<html>"[..], b"{}", b"3"] {
            let mut found = Findings::default();
            by_proxies(odd, &mut found);
            assert!(found.wrong[0].contains("no istiod's debug interface"), "{:?}", found.wrong);
        }
    }
}
