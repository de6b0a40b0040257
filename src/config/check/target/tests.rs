//! Targets of providers that the table may not have yet, and the arithmetic of capabilities.

use super::*;
use crate::config::file::FILE;
use crate::config::node::{Entry, Node, Value, read_json};
use std::sync::LazyLock;

fn row(name: &'static str, host: Host, key: Key) -> Row {
    let dialect = if host == Host::Vertex { Dialect::Gemini } else { Dialect::Bedrock };
    let (carries, reference) = (Features::NONE, "");
    Row {
        name,
        dialect,
        host,
        endpoint: None,
        key,
        carries,
        quirks: &[],
        models: None,
        example_model: "m",
        reference,
    }
}
static VERTEX: LazyLock<Row> =
    LazyLock::new(|| row("vertex", Host::Vertex, Key::Header { name: "authorization", prefix: "Bearer " }));
static BEDROCK: LazyLock<Row> = LazyLock::new(|| row("bedrock", Host::Bedrock, Key::SigV4));

/// The target's endpoint and location, or what is wrong with it.
fn hosted(row: &'static Row, target: &str) -> Result<(String, Option<String>), String> {
    let read = |json: &str| read_json(json.as_bytes(), &mut Problems::default()).unwrap();
    let file = read(
        r#"{"credentials":[{"id":"aws","aws":{"region":"eu-west-1"}},{"id":"key","secret_env":"KEY"}]}"#,
    );
    let views = View::new(&FILE, &file).objects("credentials");
    let sources: Vec<_> = views.iter().map(super::super::credential).collect();
    let breaker = CircuitBreaker {
        consecutive_failures: 1,
        interval_ms: 1,
        base_ejection_time_ms: 1,
        max_ejection_time_ms: 1,
    };
    let given = Given { credentials: &views, sources: &sources, breaker: Some(&breaker) };
    let node = read(target);
    let list = Node { at: None, value: Value::List(vec![node]) };
    let entry = Entry { key: "targets".to_owned(), at: None, value: list };
    let file = Node { at: None, value: Value::Map(vec![entry]) };
    let view = View::new(&FILE, &file).objects("targets").remove(0);
    let mut problems = Problems::default();
    match target_of(&view, Some(row), &given, &mut problems) {
        Some(target) if problems.is_empty() => Ok((target.wire.endpoint.authority(), target.wire.location)),
        _ => Err(problems.into_sorted().iter().map(|problem| format!("{}; ", problem.wrong)).collect()),
    }
}

#[test]
fn vertex_listens_where_its_location_is() {
    let endpoint = |location: &str| {
        let json = format!(r#"{{"id":"v","project":"p","location":"{location}","credential":"key"}}"#);
        hosted(&VERTEX, &json).unwrap().0
    };
    assert_eq!(endpoint("global"), "aiplatform.googleapis.com");
    assert_eq!(endpoint("eu"), "aiplatform.eu.rep.googleapis.com");
    assert_eq!(endpoint("us-central1"), "us-central1-aiplatform.googleapis.com");
    assert_eq!(
        hosted(&VERTEX, r#"{"id":"v","credential":"key"}"#).unwrap_err(),
        "The provider `vertex` needs `project`; The provider `vertex` needs `location`; "
    );
}

#[test]
fn bedrock_listens_where_its_region_is() {
    let found = |host: &str, region: &str| Ok((host.to_owned(), Some(region.to_owned())));
    assert_eq!(
        hosted(&BEDROCK, r#"{"id":"b","credential":"aws"}"#),
        found("bedrock-runtime.eu-west-1.amazonaws.com", "eu-west-1")
    );
    assert_eq!(
        hosted(&BEDROCK, r#"{"id":"b","credential":"aws","region":"cn-north-1"}"#),
        found("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1")
    );
    assert_eq!(
        hosted(&BEDROCK, r#"{"id":"b","endpoint":"http://127.0.0.1:1"}"#),
        Ok(("127.0.0.1:1".to_owned(), None))
    );
    assert_eq!(hosted(&BEDROCK, r#"{"id":"b"}"#).unwrap_err(), "The provider `bedrock` needs a credential; ");
    assert_eq!(
        hosted(&BEDROCK, r#"{"id":"b","region":"us-east-1","credential":"key"}"#).unwrap_err(),
        "The provider `bedrock` takes no credential with a secret; "
    );
}

#[test]
fn every_feature_is_an_ability_or_can_be_taken_away() {
    for (feature, name) in Features::NAMED {
        let removal = format!("-{name}");
        let file = format!(
            r#"{{"version":1,"targets":[{{"id":"a","provider":"openai_compatible","endpoint":"http://x","capabilities":["{removal}"]}}],
            "model_groups":[{{"name":"g","targets":[{{"id":"a"}}]}}]}}"#
        );
        let accepted = crate::config::Config::from_json(file.as_bytes()).is_ok();
        assert_eq!(accepted, !Listed::ABILITIES.contains(*feature), "{removal}");
    }
}
