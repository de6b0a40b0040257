//! What a request becomes depends on the model: on what the catalogue knows of it, and on what the file says of it instead.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use switchover::config::Config;
use switchover::dialect::{Surface, Turn, Unsupported, exchange};
use switchover::json::Raw;

fn turn(surface: Surface, unsupported: Unsupported) -> Turn {
    Turn {
        surface,
        requested_model: "asked".to_owned(),
        stream: false,
        stream_usage: false,
        id: "1".to_owned(),
        created: 0,
        unsupported,
        caller_headers: Vec::new(),
    }
}

/// What a target gets of a request with these members, and what is listed: `body | dropped`, or the refusal's words.
fn sent(target: &str, surface: Surface, unsupported: Unsupported, members: &str) -> String {
    let file = format!(
        r#"{{"version":1,"targets":[{{"id":"t","endpoint":"http://x/v1",{target}}}],"model_groups":[{{"name":"g","targets":[{{"id":"t"}}]}}]}}"#
    );
    let config = Config::from_json(file.as_bytes()).unwrap();
    let limit = if surface == Surface::Messages { r#""max_tokens":20000,"# } else { "" };
    let said = r#"[{"role":"user","content":"Hi"}]"#;
    let body = format!(r#"{{"model":"asked",{limit}"messages":{said}{members}}}"#);
    let turn = turn(surface, unsupported);
    match exchange::request(&turn, Raw::parse(body.as_bytes()).unwrap(), &config.targets[0].wire) {
        Ok(outgoing) => {
            let body = String::from_utf8(outgoing.body).unwrap();
            let start = body.find(said).map_or(0, |at| at + said.len());
            format!(
                "{} | {}",
                body[start..].trim_end().strip_suffix('}').unwrap(),
                outgoing.dropped.join(" ")
            )
        }
        Err(refusal) => refusal.message,
    }
}

fn openai(model: &str, more: &str, members: &str) -> String {
    let target = format!(r#""provider":"openai","credential":"k","model":"{model}"{more}"#);
    sent(&without_credential(&target), Surface::Chat, Unsupported::Refuse, members)
}

fn claude(model: &str, more: &str, members: &str) -> String {
    let target = format!(r#""provider":"anthropic","model":"{model}","max_output_tokens":64000{more}"#);
    sent(&target, Surface::Messages, Unsupported::Refuse, members)
}

/// Targets at http need none.
fn without_credential(target: &str) -> String {
    target.replace(r#""credential":"k","#, "")
}

const STOP: &str = r#","stop":["END"]"#;
const COLD: &str = r#","temperature":0.2"#;

#[test]
fn who_never_thinks_loses_no_effort_of_none() {
    const NONE: &str = r#","reasoning_effort":"none""#;
    const LOW: &str = r#","reasoning_effort":"low""#;
    assert_eq!(openai("gpt-4o", "", NONE), " | ");
    assert_eq!(openai("gpt-4o", "", LOW), " | reasoning_effort");
    // By other callers, and by Responses.
    let off = r#","thinking":{"type":"disabled"}"#;
    let by = |api: &str, members: &str| {
        let target =
            format!(r#""provider":"openai","model":"gpt-4o","api":"{api}","max_output_tokens":20000"#);
        sent(&target, Surface::Messages, Unsupported::Refuse, members)
            .rsplit(" | ")
            .next()
            .unwrap()
            .to_owned()
    };
    for api in ["chat", "responses"] {
        assert_eq!(by(api, off), "", "{api}");
        assert_eq!(by(api, r#","output_config":{"effort":"low"}"#), "output_config.effort", "{api}");
    }
    // A model that thinks whatever it is told, and one that nobody knows.
    assert_eq!(openai("o3", "", NONE), format!("{LOW} | reasoning_effort"));
    let groq = |model: &str| {
        sent(&format!(r#""provider":"groq","model":"{model}""#), Surface::Chat, Unsupported::Refuse, NONE)
    };
    assert_eq!(groq("deepseek-r1-distill-llama-70b"), " | reasoning_effort");
}

#[test]
fn who_has_no_role_for_instructions_gets_them_from_the_user() {
    let of = |target: &str, surface: Surface| {
        let file = format!(
            r#"{{"version":1,"targets":[{{"id":"t","endpoint":"http://x/v1",{target}}}],"model_groups":[{{"name":"g","targets":[{{"id":"t"}}]}}]}}"#
        );
        let config = Config::from_json(file.as_bytes()).unwrap();
        let body = match surface {
            Surface::Messages => {
                r#"{"model":"asked","max_tokens":9,"system":"Be brief.","messages":[{"role":"user","content":"Hi"}]}"#
            }
            _ => {
                r#"{"model":"asked","max_tokens":9,"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}]}"#
            }
        };
        let turn = turn(surface, Unsupported::Refuse);
        let outgoing =
            exchange::request(&turn, Raw::parse(body.as_bytes()).unwrap(), &config.targets[0].wire).unwrap();
        assert_eq!(outgoing.dropped, Vec::<String>::new());
        String::from_utf8(outgoing.body).unwrap()
    };
    for surface in [Surface::Chat, Surface::Messages] {
        let gemma = of(r#""provider":"gemini","model":"gemma-3-27b-it""#, surface);
        assert!(
            gemma.contains(r#""contents":[{"role":"user","parts":[{"text":"Be brief."},{"text":"Hi"}]}]"#),
            "{gemma}"
        );
        assert!(!gemma.contains("systemInstruction"), "{gemma}");
        let o1 = of(r#""provider":"openai","model":"o1-mini""#, surface);
        let said = r#""messages":[{"role":"user","content":"Be brief."},{"role":"user","content":"Hi"}]"#;
        assert!(o1.contains(said), "{o1}");
        let mistral = of(
            r#""provider":"bedrock","region":"us-east-1","model":"mistral.mistral-7b-instruct-v0:2""#,
            surface,
        );
        assert!(
            !mistral.contains(r#""system""#) && mistral.contains(r#"[{"text":"Be brief."},{"text":"Hi"}]"#),
            "{mistral}"
        );
        // The file has the last word, both ways.
        let told =
            of(r#""provider":"gemini","model":"gemma-3-27b-it","capabilities":["system_role"]"#, surface);
        assert!(told.contains("systemInstruction"), "{told}");
        let untold =
            of(r#""provider":"openai_compatible","model":"m","capabilities":["-system_role"]"#, surface);
        assert!(untold.contains(said), "{untold}");
        let plain = of(r#""provider":"openai_compatible","model":"m""#, surface);
        assert!(!plain.contains(said), "{plain}");
    }
}

#[test]
fn models_that_reason_take_no_stop_unless_the_file_says_so() {
    assert_eq!(openai("gpt-4o", "", STOP), format!("{STOP} | "));
    for model in ["gpt-5.4-mini", "o3", "gpt-6-sol", "gpt-77"] {
        assert!(openai(model, "", STOP).starts_with("stop ends the answer at a text"), "{model}");
    }
    assert_eq!(openai("gpt-77", r#","capabilities":["stop"]"#, STOP), format!("{STOP} | "));
    assert!(openai("gpt-4o", r#","capabilities":["-stop"]"#, STOP).starts_with("stop ends"));
    let xai = |model: &str| {
        let target = format!(r#""provider":"xai","model":"{model}""#);
        sent(&target, Surface::Chat, Unsupported::Drop, STOP)
    };
    assert_eq!((xai("grok-4"), xai("grok-3")), (" | stop".to_owned(), format!("{STOP} | ")));
}

#[test]
fn sampling_goes_to_who_takes_it_at_that_moment() {
    let thinking = r#","temperature":0.2,"reasoning_effort":"high""#;
    assert_eq!(openai("gpt-5.4", "", COLD), format!("{COLD} | "));
    assert_eq!(openai("gpt-5.4", "", thinking), r#","reasoning_effort":"high" | temperature"#);
    assert_eq!(openai("gpt-5", "", COLD), " | temperature");
    assert_eq!(openai("gpt-5.6", "", COLD), " | temperature");
    let told = r#","temperature":0.2,"reasoning_effort":"none""#;
    assert_eq!(openai("gpt-5.6", "", told), format!("{told} | "));
    assert_eq!(claude("claude-opus-4-8", "", COLD), " | temperature");
    assert_eq!(claude("claude-haiku-4-5", "", COLD), format!("{COLD} | "));
}

#[test]
fn penalties_go_to_who_takes_them() {
    let penalty = r#","presence_penalty":0.5,"logit_bias":{"1":2}"#;
    assert_eq!(openai("gpt-4.1", "", penalty), format!("{penalty} | "));
    assert_eq!(openai("gpt-5.4", "", penalty), " | presence_penalty logit_bias");
    assert_eq!(openai("gpt-5.4", r#","capabilities":["penalties"]"#, penalty), format!("{penalty} | "));
    assert_eq!(
        openai("gpt-4.1", r#","capabilities":["-penalties"]"#, penalty),
        " | presence_penalty logit_bias"
    );
}

#[test]
fn an_effort_is_one_that_the_model_knows() {
    let wanted = |effort: &str| format!(r#","reasoning_effort":"{effort}""#);
    for (model, asked, told) in [
        ("gpt-5", "minimal", "minimal"),
        ("gpt-5", "none", "minimal"),
        ("gpt-5", "xhigh", "high"),
        ("gpt-5.1", "minimal", "low"),
        ("gpt-5.1", "none", "none"),
        ("gpt-5.4", "xhigh", "xhigh"),
        ("gpt-5-pro", "low", "high"),
    ] {
        let listed = if asked == told { "" } else { "reasoning_effort" };
        assert_eq!(
            openai(model, "", &wanted(asked)),
            format!("{} | {listed}", wanted(told)),
            "{model} {asked}"
        );
    }
    for asked in ["none", "minimal", "low", "medium", "high", "xhigh", "max"] {
        let only = format!(r#","efforts":["{asked}"]"#);
        assert_eq!(openai("gpt-5.4", &only, &wanted(asked)), format!("{} | ", wanted(asked)));
    }
    assert_eq!(
        openai("gpt-5.4", r#","efforts":["high"]"#, &wanted("low")),
        format!("{} | reasoning_effort", wanted("high"))
    );
    assert_eq!(openai("gpt-4o", "", &wanted("low")), " | reasoning_effort");
    let at = |provider: &str, model: &str, effort: &str| {
        let target = format!(r#""provider":"{provider}","model":"{model}""#);
        sent(&target, Surface::Chat, Unsupported::Refuse, &wanted(effort))
    };
    assert_eq!(at("groq", "openai/gpt-oss-120b", "max"), format!("{} | reasoning_effort", wanted("high")));
    assert_eq!(at("cerebras", "gpt-oss-120b", "minimal"), format!("{} | reasoning_effort", wanted("low")));
    assert_eq!(at("xai", "grok-4", "low"), " | reasoning_effort");
    assert_eq!(at("xai", "grok-4.3", "low"), format!("{} | ", wanted("low")));
    assert_eq!(at("vllm", "whatever", "max"), format!("{} | ", wanted("max")), "nothing is known of it");
}

#[test]
fn claude_thinks_in_the_form_that_its_model_takes() {
    let adaptive = r#","thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}"#;
    let budget = r#","thinking":{"type":"enabled","budget_tokens":5000}"#;
    assert_eq!(claude("claude-opus-4-8", "", adaptive), format!("{adaptive} | "));
    assert_eq!(
        claude("claude-opus-4-6", "", adaptive),
        r#","thinking":{"type":"adaptive"},"output_config":{"effort":"high"} | output_config.effort"#
    );
    assert_eq!(
        claude("claude-sonnet-4-5", "", adaptive),
        r#","thinking":{"type":"enabled","budget_tokens":15000} | output_config.effort"#
    );
    assert_eq!(
        claude("claude-opus-4-5", "", adaptive),
        r#","thinking":{"type":"enabled","budget_tokens":15000},"output_config":{"effort":"high"} | output_config.effort"#
    );
    assert_eq!(
        claude(
            "claude-opus-4-5",
            r#","capabilities":["reasoning","reasoning_effort","reasoning_adaptive"]"#,
            adaptive
        ),
        r#","thinking":{"type":"adaptive"},"output_config":{"effort":"high"} | output_config.effort"#
    );
    assert_eq!(claude("claude-sonnet-4-5", "", budget), format!("{budget} | "));
    assert_eq!(
        claude("claude-opus-4-8", "", budget),
        r#","thinking":{"type":"adaptive"},"output_config":{"effort":"medium"} | "#
    );
    assert_eq!(claude("claude-3-5-haiku-20241022", "", budget), " | thinking");
    let off = r#","thinking":{"type":"disabled"}"#;
    assert_eq!(claude("claude-sonnet-5", "", off), format!("{off} | "));
    assert_eq!(
        (claude("claude-opus-4-7", "", off), claude("claude-opus-5-5", "", off)),
        (" | ".to_owned(), " | thinking".to_owned())
    );
    let not_adaptive =
        r#","capabilities":["reasoning","reasoning_effort","reasoning_budget","-reasoning_adaptive"]"#;
    assert!(claude("claude-opus-4-8", not_adaptive, adaptive).contains("budget_tokens"));
}

#[test]
fn a_tool_is_forced_on_who_can_be_forced() {
    let forced = r#","tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required""#;
    let at = |model: &str, more: &str, unsupported| {
        let target = format!(r#""provider":"anthropic","model":"{model}","max_output_tokens":9{more}"#);
        sent(&target, Surface::Chat, unsupported, forced)
    };
    assert!(at("claude-opus-4-8", "", Unsupported::Refuse).contains(r#""tool_choice":{"type":"any""#));
    assert!(
        at("claude-opus-5-5", "", Unsupported::Refuse).starts_with("tool_choice asks that a tool be called")
    );
    assert!(at("claude-opus-5-5", "", Unsupported::Drop).ends_with("| tool_choice"));
    assert!(
        at("claude-opus-5-5", r#","capabilities":["tools","forced_tools"]"#, Unsupported::Refuse)
            .contains("any")
    );
    assert!(
        at("claude-opus-4-8", r#","capabilities":["tools","-forced_tools"]"#, Unsupported::Refuse)
            .starts_with("tool_choice")
    );
}

#[test]
fn what_is_counted_is_what_is_sent() {
    let target = r#""provider":"anthropic","model":"claude-opus-4-8","max_output_tokens":64000"#;
    let budget = r#","thinking":{"type":"enabled","budget_tokens":5000}"#;
    let counted = sent(target, Surface::CountTokens, Unsupported::Refuse, budget);
    assert_eq!(counted, r#","thinking":{"type":"adaptive"} | "#);
}

/// A budget that isn't sent leaves no limit as it is.
#[test]
fn a_limit_is_cut_though_the_callers_budget_is_larger() {
    let more = r#","capabilities":["tools","reasoning","reasoning_effort"]"#;
    let target =
        format!(r#""provider":"anthropic","model":"claude-opus-4-8","max_output_tokens":8000{more}"#);
    let budget = r#","thinking":{"type":"enabled","budget_tokens":15000}"#;
    let all = sent(&target, Surface::Messages, Unsupported::Refuse, budget);
    assert!(all.contains(r#""thinking":{"type":"adaptive"}"#) && all.ends_with("max_tokens"), "{all}");
}

#[test]
fn a_choice_goes_with_its_tool_by_responses_too() {
    let asked = |tools: &str, choice: &str| {
        let target = r#""provider":"openai","model":"gpt-5.4","api":"responses""#;
        let members = format!(r#","tools":[{tools}],"tool_choice":{choice}"#);
        sent(target, Surface::Messages, Unsupported::Drop, &members)
    };
    let (own, theirs) = (r#"{"name":"f","input_schema":{}}"#, r#"{"type":"bash_20250124","name":"bash"}"#);
    let named = r#"{"type":"tool","name":"bash"}"#;
    for tools in [theirs.to_owned(), format!("{own},{theirs}")] {
        let all = asked(&tools, named);
        assert!(!all.contains("tool_choice\"") && all.contains("| tools["), "{all}");
        assert!(all.contains("tool_choice"), "listed: {all}");
    }
    assert!(
        asked(own, r#"{"type":"tool","name":"f"}"#)
            .contains(r#""tool_choice":{"type":"function","name":"f"}"#)
    );
}

#[test]
fn an_answer_is_no_longer_than_the_model_can_give() {
    let long = r#","max_completion_tokens":500000"#;
    assert_eq!(openai("gpt-4o", "", long), r#","max_completion_tokens":16384 | max_tokens"#);
    assert_eq!(
        openai("gpt-4o", r#","max_output_tokens":7"#, long),
        r#","max_completion_tokens":7 | max_tokens"#
    );
}

/// `Unsupported parameter: 'max_tokens' is not supported with this model.`
#[test]
fn models_that_reason_know_the_newer_name_of_the_limit_only() {
    let limit = r#","max_tokens":9"#;
    assert_eq!(openai("gpt-4o", "", limit), format!("{limit} | "));
    assert_eq!(openai("gpt-5", "", limit), r#","max_completion_tokens":9 | "#);
    assert_eq!(openai("o3", "", limit), r#","max_completion_tokens":9 | "#);
}

#[test]
fn each_maker_has_its_efforts() {
    let at = |provider: &str, model: &str| {
        let target = format!(r#""provider":"{provider}","model":"{model}""#);
        sent(&target, Surface::Chat, Unsupported::Refuse, r#","reasoning_effort":"medium","temperature":0.2"#)
    };
    assert_eq!(
        at("moonshot", "kimi-k3-turbo"),
        r#","reasoning_effort":"low" | reasoning_effort temperature"#
    );
    assert_eq!(at("zhipu", "glm-5.3"), r#","reasoning_effort":"low","temperature":0.2 | reasoning_effort"#);
    assert_eq!(at("dashscope", "qwen3.8-max"), r#","reasoning_effort":"medium","temperature":0.2 | "#);
}

#[test]
fn a_model_that_the_caller_names_is_known_by_that_name() {
    let file = r#"{"version":1,"targets":[{"id":"t","provider":"openai","endpoint":"http://x"}],"model_groups":[{"name":"g","targets":[{"id":"t"}]}]}"#;
    let config = Config::from_json(file.as_bytes()).unwrap();
    let takes = |model: &str| config.targets[0].wire.asked_for(model).context_window;
    assert_eq!((takes("gpt-4o"), takes("o3")), (Some(128_000), Some(200_000)));
}
