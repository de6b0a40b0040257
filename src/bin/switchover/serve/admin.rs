//! The admin interface of the Envoy that runs.

use std::collections::BTreeMap;
use std::time::Duration;
use switchover::json::Raw;

/// Asks it.
#[derive(Clone)]
pub struct AdminClient {
    agent: ureq::Agent,
    /// Such as `127.0.0.1:9901`.
    pub address: String,
}

impl AdminClient {
    pub fn new(address: String) -> AdminClient {
        AdminClient { agent: crate::drill::agent(Duration::from_secs(10)), address }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What a page says; `None` if nobody answers, or with another status than 200.
    pub fn get(&self, path: &str) -> Option<Vec<u8>> {
        let answer = self.agent.get(self.url(path)).call().ok()?;
        (answer.status().as_u16() == 200).then_some(())?;
        answer.into_body().into_with_config().limit(1 << 30).read_to_vec().ok()
    }

    /// Has it do something; what it says to that is of no use.
    pub fn post(&self, path: &str) {
        let _ = self.agent.post(self.url(path)).send_empty();
    }

    /// Whether it serves; `None` if it doesn't answer, as while it is at work on its configuration.
    pub fn is_ready(&self) -> Option<bool> {
        let agent = crate::drill::agent(Duration::from_millis(500));
        Some(agent.get(self.url("ready")).call().ok()?.status().as_u16() == 200)
    }

    /// Whether nobody is there at all.
    pub fn is_gone(&self) -> bool {
        use std::io::ErrorKind;
        let connected = std::net::TcpStream::connect(self.address.as_str());
        connected
            .is_err_and(|error| matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound))
    }

    /// Counters and gauges whose names match a regular expression.
    pub fn stats(&self, filter: &str) -> Option<BTreeMap<String, u64>> {
        let page = self.get(&format!("stats?filter={filter}"))?;
        let page = String::from_utf8_lossy(&page);
        let line = |line: &str| {
            let (name, value) = line.rsplit_once(": ")?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Some(page.lines().filter_map(line).collect())
    }

    /// Where a listener takes requests.
    pub fn listening(&self, listener: &str) -> Option<String> {
        let page = self.get("listeners?format=json")?;
        let page = Raw::parse(&page).ok()?;
        let mut all = page.get("listener_statuses")?.items();
        let status =
            all.find(|status| status.get("name").and_then(Raw::text).is_some_and(|name| name == listener))?;
        let socket = status.at(&["local_address", "socket_address"])?;
        let (host, port) =
            (socket.get("address")?.text()?.into_string(), socket.get("port_value")?.as_u64()?);
        Some(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
    }
}
