//! What the tests of this dialect share, and what no golden case shows: paths, Vertex, older models.

use crate::dialect::{Endpoint, Target, provider};

pub(super) fn target(name: &str, model: &str) -> Target {
    let row = provider(name).unwrap();
    Target {
        id: name.to_owned(),
        row,
        model: Some(model.to_owned()),
        endpoint: Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: String::new() },
        capabilities: row.carries,
        context_window: None,
        max_output_tokens: None,
        api_version: None,
        project: Some("acme".into()),
        location: Some("us-central1".into()),
    }
}
