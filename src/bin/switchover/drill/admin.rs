//! Envoy's admin interface, as far as drills need it: who is ejected.

use std::time::Duration;
use switchover::json::{Raw, Text};

pub struct Admin {
    agent: ureq::Agent,
    url: String,
}

impl Admin {
    pub fn new(url: &str) -> Admin {
        let agent = super::caller::agent(Duration::from_secs(5));
        Admin { agent, url: format!("{url}/clusters?format=json") }
    }

    /// The clusters of which a host is ejected; `None` if nobody answers.
    pub fn ejected(&self) -> Option<Vec<String>> {
        let bytes = self.agent.get(&self.url).call().ok()?.into_body().read_to_vec().ok()?;
        let document = Raw::parse(&bytes).ok()?;
        let failed =
            |host: Raw<'_>| host.at(&["health_status", "failed_outlier_check"]).and_then(Raw::as_bool);
        let is_ejected = |cluster: &Raw<'_>| {
            cluster
                .get("host_statuses")
                .is_some_and(|hosts| hosts.items().any(|host| failed(host) == Some(true)))
        };
        let clusters = document.get("cluster_statuses")?.items().filter(is_ejected);
        Some(clusters.filter_map(|cluster| cluster.get("name")?.text().map(Text::into_string)).collect())
    }
}
