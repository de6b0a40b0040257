//! What `/config_dump` has, by kind, and how it is read.

use switchover::json::Raw;

/// A dump, in its parts.
#[derive(Debug, Default)]
pub struct Dump<'d> {
    pub bootstrap: Option<Raw<'d>>,
    pub listeners: Vec<Raw<'d>>,
    pub routes: Vec<Raw<'d>>,
    pub clusters: Vec<Raw<'d>>,
    /// Listeners whose last update Envoy refused, and why.
    pub refused: Vec<(String, String)>,
    /// Filters that come by themselves (ECDS): name and configuration.
    extensions: Vec<(String, Raw<'d>)>,
}

impl<'d> Dump<'d> {
    /// By the names that Envoy's `admin.v3` gives them.
    pub fn read(root: Raw<'d>) -> Dump<'d> {
        let mut dump = Dump::default();
        for part in each(root, &["configs"]) {
            match text(part, &["@type"]).as_deref().and_then(|kind| kind.rsplit('.').next()) {
                Some("BootstrapConfigDump") => dump.bootstrap = part.get("bootstrap"),
                Some("ListenersConfigDump") => {
                    dump.listeners.extend(listed(part, "static_listeners", &["listener"]));
                    dump.listeners.extend(listed(part, "dynamic_listeners", &["active_state", "listener"]));
                    let refused = |one: &Raw<'d>| {
                        Some((text(*one, &["name"])?, text(*one, &["error_state", "details"])?))
                    };
                    dump.refused.extend(each(part, &["dynamic_listeners"]).iter().filter_map(refused));
                }
                Some("RoutesConfigDump") => {
                    dump.routes.extend(listed(part, "static_route_configs", &["route_config"]));
                    dump.routes.extend(listed(part, "dynamic_route_configs", &["route_config"]));
                }
                Some("ClustersConfigDump") => {
                    dump.clusters.extend(listed(part, "static_clusters", &["cluster"]));
                    dump.clusters.extend(listed(part, "dynamic_active_clusters", &["cluster"]));
                }
                Some("EcdsConfigDump") => {
                    let named = |filter: Raw<'d>| Some((text(filter, &["name"])?, typed(filter)?));
                    dump.extensions
                        .extend(listed(part, "ecds_filters", &["ecds_filter"]).into_iter().filter_map(named));
                }
                _ => {}
            }
        }
        dump
    }

    /// Which Envoy this is of, as its node says.
    pub fn version(&self) -> Option<String> {
        let node = self.bootstrap?.get("node")?;
        let number = |name: &str| whole(node, &["user_agent_build_version", "version", name]);
        // Zeros are left out.
        Some(format!(
            "{}.{}.{}",
            number("major_number")?,
            number("minor_number").unwrap_or(0),
            number("patch").unwrap_or(0)
        ))
    }

    /// The name of a filter of ours that is to come by itself and has not come.
    pub fn awaited(&self, filter: Raw<'d>) -> Option<String> {
        filter.get("config_discovery")?;
        let name = text(filter, &["name"])?;
        let is_there = self.extensions.iter().any(|(known, _)| *known == name);
        (name.contains("switchover") && !is_there).then_some(name)
    }

    /// Whether a filter of ours is one that a control plane sends by itself, not a file.
    pub fn is_sent(&self, filter: Raw<'d>) -> bool {
        let is_sent = filter.at(&["config_discovery", "config_source", "ads"]).is_some();
        is_sent && text(filter, &["name"]).is_some_and(|name| name.contains("switchover"))
    }

    /// A filter's configuration, wherever Envoy has it from.
    pub fn config_of(&self, filter: Raw<'d>) -> Option<Raw<'d>> {
        if let Some(config) = typed(filter) {
            return Some(config);
        }
        let discovery = filter.get("config_discovery")?;
        let name = text(filter, &["name"])?;
        let found = self.extensions.iter().find(|(known, _)| *known == name).map(|(_, config)| *config);
        found.or_else(|| discovery.get("default_config"))
    }
}

/// `typed_config`, without what control planes wrap it in.
fn typed(filter: Raw<'_>) -> Option<Raw<'_>> {
    let config = filter.get("typed_config")?;
    if is_of(config, "TypedStruct") { config.get("value") } else { Some(config) }
}

fn listed<'d>(part: Raw<'d>, list: &str, path: &[&str]) -> Vec<Raw<'d>> {
    each(part, &[list]).into_iter().filter_map(|entry| entry.at(path)).collect()
}

/// The elements of a list at a path.
pub fn each<'d>(raw: Raw<'d>, path: &[&str]) -> Vec<Raw<'d>> {
    raw.at(path).map(|list| list.items().collect()).unwrap_or_default()
}

/// A text at a path.
pub fn text(raw: Raw<'_>, path: &[&str]) -> Option<String> {
    Some(raw.at(path)?.text()?.into_string())
}

pub fn is_true(raw: Raw<'_>, path: &[&str]) -> bool {
    raw.at(path).and_then(Raw::as_bool) == Some(true)
}

/// A whole number at a path: those of 64 bits are texts in protobuf's JSON.
pub fn whole(raw: Raw<'_>, path: &[&str]) -> Option<u64> {
    let value = raw.at(path)?;
    value.as_u64().or_else(|| value.text()?.into_string().parse().ok())
}

/// A duration at a path, `1.5s`, in milliseconds.
pub fn duration_ms(raw: Raw<'_>, path: &[&str]) -> Option<u64> {
    let text = text(raw, path)?;
    let (seconds, fraction) =
        text.strip_suffix('s').map(|text| text.split_once('.').unwrap_or((text, "")))?;
    let thousandths = format!("{fraction:0<3}");
    let ms: u64 = thousandths.get(..3)?.parse().ok()?;
    seconds.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(ms)
}

/// Whether a message is of that type: the last word of its name.
pub fn is_of(message: Raw<'_>, kind: &str) -> bool {
    text(message, &["@type"]).is_some_and(|name| name.rsplit('.').next() == Some(kind))
}
