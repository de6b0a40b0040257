//! One caller: sends chats and streams, and says what came.

use super::DrillArgs;
use crate::stop::Stop;
use std::time::{Duration, Instant};
use switchover::config::{Config, Group};
use switchover::json::{Raw, Writer};

/// Sends the requests of one tenant.
pub struct TestCaller {
    agent: ureq::Agent,
    url: String,
    headers: Vec<(String, String)>,
}

/// What a request came to.
#[derive(Clone, Debug)]
pub struct Outcomes {
    pub stream: bool,
    /// Until the answer's headers, which come with the first token; of a failure, until it was known.
    pub first: Duration,
    pub target: String,
    /// What `x-switchover-drill` says.
    pub drill: String,
    /// What `x-switchover-decision` says.
    pub decision: String,
    /// Why the caller can't use it.
    pub problem: Option<String>,
}

/// The clock, for durations.
#[expect(clippy::disallowed_methods, reason = "the command measures what a caller sees")]
pub fn now() -> Instant {
    Instant::now()
}

/// Plain HTTP, whatever proxies the environment names; error statuses are answers.
pub fn agent(limit: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None);
    config.timeout_global(Some(limit)).build().into()
}

impl TestCaller {
    /// # Errors
    /// A header that HTTP can't carry.
    pub fn new(config: &Config, args: &DrillArgs, tenant: &str) -> Result<TestCaller, Stop> {
        let longest = config.groups.iter().map(|group| group.timeout_ms).max().unwrap_or(0);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        for (name, value) in &args.headers {
            let (Ok(name), Ok(value)) = (text(name), text(value)) else {
                return Err(Stop::wrong("A header is not UTF-8."));
            };
            headers.push((name, value));
        }
        if let Some(known) = &config.tenant {
            headers.push((known.header.clone(), tenant.to_owned()));
        }
        // The listener may serve only these hosts.
        if let Some(host) = config.listen.hosts.iter().find(|host| !host.starts_with('*')) {
            headers.push(("host".to_owned(), host.clone()));
        }
        let url = format!("{}{}/v1/chat/completions", args.url, config.listen.base_path);
        Ok(TestCaller { agent: agent(Duration::from_millis(longest) + Duration::from_secs(5)), url, headers })
    }

    /// A small chat, or a stream of one. `force` is what to ask for by `x-switchover-drill`.
    pub fn ask(&self, group: &Group, stream: bool, force: Option<&str>) -> Outcomes {
        let begin = now();
        let mut request = self.agent.post(&self.url);
        let force = force.map(|force| ("x-switchover-drill", force));
        for (name, value) in
            self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(force)
        {
            request = request.header(name, value);
        }
        let mut seen = Outcomes {
            stream,
            first: Duration::ZERO,
            target: String::new(),
            drill: String::new(),
            decision: String::new(),
            problem: None,
        };
        let answer = request.send(&body(group, stream)[..]);
        seen.first = begin.elapsed();
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                seen.problem = Some(format!("no answer: {error}"));
                return seen;
            }
        };
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        seen.target = header("x-switchover-target");
        seen.drill = header("x-switchover-drill");
        seen.decision = header("x-switchover-decision");
        let degraded = header("x-switchover-degraded") == "true";
        let status = answer.status().as_u16();
        let bytes = answer.into_body().into_with_config().limit(64 << 20).read_to_vec();
        seen.problem = match bytes {
            Err(error) => Some(format!("{status}, then the answer broke off: {error}")),
            Ok(_) if degraded => Some("the group's degraded answer".to_owned()),
            Ok(bytes) if status != 200 => Some(format!("{status}: {}", error_message(&bytes))),
            Ok(bytes) if stream => stream_problem(&bytes),
            Ok(bytes) => chat_problem(&bytes),
        };
        seen
    }
}

/// Short, as somebody pays for it.
fn body(group: &Group, stream: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    Writer::new(&mut out).object(|w| {
        w.key("model").string(&group.name);
        w.key("messages").array(|w| {
            w.object(|w| {
                w.key("role").string("user");
                w.key("content").string("This is a drill. Say OK.");
            });
        });
        if stream {
            w.key("stream").bool(true);
        }
    });
    out
}

fn error_message(bytes: &[u8]) -> String {
    let message = Raw::parse(bytes).ok().and_then(|raw| raw.at(&["error", "message"])?.text());
    match message {
        Some(message) => message.into_string(),
        None => String::from_utf8_lossy(bytes).chars().take(200).collect(),
    }
}

fn chat_problem(bytes: &[u8]) -> Option<String> {
    let whole = Raw::parse(bytes)
        .is_ok_and(|raw| raw.get("choices").is_some_and(|choices| choices.items().next().is_some()));
    (!whole).then(|| "200, but no chat completion".to_owned())
}

/// A stream must end with `[DONE]` and hold no error.
fn stream_problem(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut last = "";
    for data in text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim) {
        if Raw::parse(data.as_bytes()).is_ok_and(|raw| raw.present("error").is_some()) {
            return Some(format!("an error in the stream: {}", error_message(data.as_bytes())));
        }
        last = data;
    }
    (last != "[DONE]").then(|| "the stream ended without [DONE]".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_can_use() {
        assert_eq!(chat_problem(br#"{"choices":[{}]}"#), None);
        assert!(chat_problem(br#"{"choices":[]}"#).is_some() && chat_problem(b"<html>").is_some());
        assert_eq!(stream_problem(b"data: {\"choices\":[]}\n\ndata: [DONE]\n\n"), None);
        assert!(stream_problem(b"data: {\"choices\":[]}\n\n").is_some() && stream_problem(b"").is_some());
        let failed = stream_problem(b"data: {\"error\":{\"message\":\"gone\"}}\n\ndata: [DONE]\n\n");
        assert_eq!(failed.unwrap(), "an error in the stream: gone");
        assert_eq!(error_message(b"<html>"), "<html>");
    }
}
