use super::*;
use crate::dialect::Declared;
use crate::dialect::providers::provider;
use crate::dialect::seam::Endpoint;

fn target(name: &str, host: &str, model: &str, api: Api) -> Target {
    let endpoint = Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: "/v1".to_owned() };
    let target = Target::at("t", provider(name).unwrap(), endpoint);
    Target { model: Some(model.to_owned()), api, ..target.with(Some(model), Declared::default()) }
}

fn auto(model: &str) -> Target {
    target("openai", "api.openai.com", model, Api::Auto)
}

fn goes(surface: Surface, members: &str, target: &Target) -> bool {
    let body = format!(r#"{{"model":"m",{members}}}"#);
    by_responses(surface, Raw::parse(body.as_bytes()).unwrap(), target, "m")
}

const TOOLS: &str = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;

#[test]
fn what_chat_completions_refuse_of_models() {
    use ModelApi::{Chat, Responses, ResponsesForTools, ResponsesToThinkWithTools};
    for (model, api) in [
        ("gpt-5.4", ResponsesToThinkWithTools),
        ("gpt-5.4-mini", ResponsesToThinkWithTools),
        ("gpt-5.4-mini-2026-03-17", ResponsesToThinkWithTools),
        ("openai/gpt-5.4-nano", ResponsesToThinkWithTools),
        ("ft:gpt-5.4-mini:acme::x", ResponsesToThinkWithTools),
        ("gpt-5.2-2025-12-11", ResponsesToThinkWithTools),
        ("gpt-5.5", ResponsesForTools),
        ("gpt-5.6-terra", ResponsesForTools),
        ("gpt-5.10", ResponsesForTools),
        ("gpt-6.2-sol", ResponsesForTools),
        ("gpt-5.4-pro", Responses),
        ("gpt-5-pro-2025-10-06", Responses),
        ("gpt-5-codex", Responses),
        ("gpt-5.1-codex-mini", Responses),
        ("o3-pro", Responses),
        ("o1-pro-2025-03-19", Responses),
        ("o4-mini-deep-research", Responses),
        ("codex-mini-latest", Responses),
        ("gpt-5", Chat),
        ("gpt-4o", Chat),
        ("gpt-4.1-mini", Chat),
        ("o3", Chat),
        ("o4-mini", Chat),
    ] {
        assert_eq!(auto(model).model_api, api, "{model}");
    }
}

#[test]
fn messages_go_by_responses_unless_they_have_stop_sequences() {
    let goes = |members: &str, model: &str| goes(Surface::Messages, members, &auto(model));
    let thinking =
        r#""thinking":{"type":"enabled","budget_tokens":2000},"tools":[{"name":"f","input_schema":{}}]"#;
    for members in [r#""messages":[]"#, thinking, r#""stop_sequences":[],"tools":[]"#] {
        assert!(goes(members, "gpt-5.4"), "{members}");
        assert!(!goes(members, "gpt-5.1"), "{members}");
    }
    assert!(!goes(r#""stop_sequences":["x"]"#, "gpt-5.4"));
    // Chat Completions would refuse that, and planning knows what Responses do.
    assert!(goes(&format!(r#""stop_sequences":["x"],{thinking}"#), "gpt-5.4"));
    let effort = r#""stop_sequences":["x"],"output_config":{"effort":"high"},"tools":[{"name":"f"}]"#;
    assert!(goes(effort, "gpt-5.4"));
    let off = r#""stop_sequences":["x"],"thinking":{"type":"disabled"},"tools":[{"name":"f"}]"#;
    assert!(!goes(off, "gpt-5.4"));
    assert!(goes(off, "gpt-5.6"), "it thinks unless the effort is none");
}

#[test]
fn chats_go_by_responses_only_where_they_would_be_refused() {
    let goes = |members: &str, model: &str| goes(Surface::Chat, members, &auto(model));
    for (members, by_54, by_56) in [
        (String::from(r#""messages":[]"#), false, false),
        (String::from(r#""reasoning_effort":"high""#), false, false),
        (String::from(r#""reasoning_effort":"max""#), false, true),
        (TOOLS.to_owned(), false, true),
        (format!(r#"{TOOLS},"reasoning_effort":"low""#), true, true),
        (format!(r#"{TOOLS},"reasoning_effort":"none""#), false, false),
        (format!(r#"{TOOLS},"reasoning":{{"max_tokens":2000}}"#), true, true),
        (format!(r#"{TOOLS},"reasoning":{{"effort":"none"}}"#), false, false),
        (format!(r#"{TOOLS},"thinking":{{"type":"enabled","budget_tokens":2000}}"#), true, true),
        (format!(r#"{TOOLS},"reasoning_effort":null"#), false, true),
        (
            r#""tools":[{"type":"custom","custom":{"name":"f"}}],"reasoning_effort":"low""#.to_owned(),
            false,
            false,
        ),
        (String::from(r#""tools":[],"reasoning_effort":"low""#), false, false),
        (String::from(r#""functions":[{"name":"f"}],"reasoning_effort":"low""#), true, true),
    ] {
        assert_eq!((goes(&members, "gpt-5.4"), goes(&members, "gpt-5.6")), (by_54, by_56), "{members}");
        assert!(!goes(&members, "gpt-4.1"), "{members}");
        let calls = members.contains("function");
        assert!(
            !calls || goes(&members, "gpt-6-astra") || members.contains("[]"),
            "it always thinks: {members}"
        );
        assert!(goes(&members, "gpt-5.4-pro"), "{members}");
    }
}

#[test]
fn a_conversation_does_not_change_sides() {
    let own = auto("gpt-5.4");
    let mark = responses::provider::mark(&own);
    let said = |mark: &str| {
        format!(
            r#""messages":[{{"role":"assistant","reasoning_details":[{{"type":"reasoning.encrypted","data":"{mark}rs_1:gAAA"}}]}}]"#
        )
    };
    assert!(goes(Surface::Chat, &said(&mark), &own));
    assert!(!goes(Surface::Chat, &said(&mark), &auto("gpt-4.1")), "which doesn't reason");
    let azure = target("azure_openai", "acme.openai.azure.com", "gpt-5.4", Api::Auto);
    assert!(!goes(Surface::Chat, &said(&mark), &azure), "another house can't open it");
    assert!(!goes(Surface::Chat, &said("switchover.0000."), &own));
}

#[test]
fn only_at_home_unless_the_file_says_so() {
    let asked = format!(r#"{TOOLS},"reasoning_effort":"low""#);
    for (name, host, at_home) in [
        ("openai", "api.openai.com", true),
        ("openai", "eu.api.openai.com", true),
        ("openai", "notapi.openai.com", false),
        ("openai", "127.0.0.1", false),
        ("azure_openai", "acme.openai.azure.com", true),
        ("azure_openai", "acme.services.ai.azure.com", true),
        ("azure_openai", "gateway.acme.com", false),
        ("openai_compatible", "api.openai.com", false),
        ("openrouter", "openrouter.ai", false),
        ("anthropic", "api.anthropic.com", false),
    ] {
        let goes = |api| goes(Surface::Chat, &asked, &target(name, host, "gpt-5.4", api));
        assert_eq!(goes(Api::Auto), at_home, "{name} {host}");
        assert!(!goes(Api::Chat), "{name} {host}");
        assert_eq!(goes(Api::Responses), name != "anthropic", "{name} {host}");
    }
    let own = target("openai", "api.openai.com", "gpt-5.4", Api::Responses);
    for surface in [Surface::Responses, Surface::Embeddings, Surface::CountTokens] {
        assert!(!goes(surface, &asked, &own), "{surface:?}");
    }
}
