//! `GET /health`: whether it serves, and what; for whoever runs the Envoy.

use super::answer::Answer;
use super::headers::{self, Header};
use crate::config::Config;
use crate::json::Writer;

/// The answer, if it is asked for. Only where the document has a revision: then the listener is ours alone, and whatever host is asked
/// for, nobody else has that path.
pub fn answer(config: &Config, headers: &[Header<'_>]) -> Option<Answer> {
    let revision = config.revision.as_deref()?;
    let path = headers::text(headers, ":path")?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let method = headers::find(headers, ":method")?;
    if path != "/health" || method != b"GET" && method != b"HEAD" {
        return None;
    }
    let mut body = Vec::new();
    Writer::new(&mut body).object(|w| {
        w.key("status").string("ok");
        w.key("revision").string(revision);
        w.key("model_groups").u64(u64::try_from(config.groups.len()).unwrap_or(u64::MAX));
    });
    Some(Answer::json(200, body).with("cache-control", "no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(revision: &str) -> Option<Config> {
        let document = format!(
            r#"{{"version":1{revision},"targets":[{{"id":"a","provider":"ollama","endpoint":"http://a/v1"}}],"model_groups":[{{"name":"g","targets":[{{"id":"a"}}]}}]}}"#
        );
        Config::from_json(document.as_bytes()).ok()
    }

    #[test]
    fn it_is_answered_only_where_the_document_has_a_revision() {
        let of = |revision: &str, method: &'static str, path: &'static str| {
            let headers: [Header<'_>; 2] = [(b":method", method.as_bytes()), (b":path", path.as_bytes())];
            answer(&config(revision)?, &headers)
                .map(|answer| String::from_utf8_lossy(&answer.body).into_owned())
        };
        let served = r#","revision":"3-ab""#;
        let said = r#"{"status":"ok","revision":"3-ab","model_groups":1}"#;
        assert_eq!(of(served, "GET", "/health").as_deref(), Some(said));
        assert_eq!(of(served, "HEAD", "/health?probe=1").as_deref(), Some(said));
        assert_eq!(of(served, "POST", "/health"), None);
        assert_eq!(of(served, "GET", "/healthz"), None);
        assert_eq!(of("", "GET", "/health"), None);
    }
}
