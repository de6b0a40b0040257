//! What the tests of this dialect share.

use crate::dialect::{Endpoint, Surface, Target, Turn, Unsupported, provider};

/// A target of a provider, at a host of its own.
pub(super) fn target(name: &str) -> Target {
    let row = provider(name).unwrap();
    Target {
        id: name.to_owned(),
        row,
        model: None,
        endpoint: Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: "/v1".into() },
        capabilities: row.carries,
        context_window: None,
        max_output_tokens: None,
        api_version: None,
        project: None,
        location: None,
    }
}

/// A caller's turn.
pub(super) fn turn(stream_usage: bool) -> Turn {
    Turn {
        surface: Surface::Chat,
        requested_model: "asked".into(),
        stream: false,
        stream_usage,
        id: "1".into(),
        created: 7,
        unsupported: Unsupported::Refuse,
        caller_headers: Vec::new(),
    }
}
