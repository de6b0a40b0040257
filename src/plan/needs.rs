//! Tests: who may be asked, by what a request needs and what targets have.

use super::{Circumstances, Demand, News, Plan, Standing, Verdict, choose};
use crate::chat::Features;
use crate::settings::{CircuitBreaker, Config};

/// A group `g` of these targets (members of their maps) in this order.
fn config(unsupported: &str, targets: &[&str]) -> Config {
    let targets_json: Vec<String> = targets
        .iter()
        .enumerate()
        .map(|(place, target)| format!(r#"{{"id":"t{place}","endpoint":"http://x",{target}}}"#))
        .collect();
    let members: Vec<String> =
        (0..targets.len()).map(|place| format!(r#"{{"id":"t{place}","priority":{place}}}"#)).collect();
    let json = format!(
        r#"{{"version":1,"targets":[{}],"model_groups":[{{"name":"g","unsupported":"{unsupported}","targets":[{}]}}]}}"#,
        targets_json.join(","),
        members.join(",")
    );
    Config::from_json(json.as_bytes()).unwrap()
}

fn plan(config: &Config, needs: Features, cooling: &[usize]) -> Plan {
    let demand = Demand { needs, ..Demand::default() };
    let limited =
        |breaker: &CircuitBreaker| Standing::default().after(News::Limited { wait_ms: 1 }, 1, breaker);
    let standing = |target: usize| {
        cooling.contains(&target).then(|| limited(&config.targets[target].circuit_breaker)).flatten()
    };
    let now = Circumstances { now_ms: 1, pick: 0, standing: &standing, refuses: &|_| None };
    choose(config, &config.groups[0], &demand, &now)
}

const OPENAI: &str = r#""provider":"openai","capabilities":["tools"]"#;
const SCHEMAS: &str = r#""provider":"openai","capabilities":["json_schema"]"#;

#[test]
fn a_schema_goes_to_who_can_hold_an_answer_to_it() {
    let config = config("refuse", &[OPENAI, SCHEMAS]);
    assert_eq!(plan(&config, Features::JSON_SCHEMA, &[]).order, [1]);
    assert_eq!(plan(&config, Features::JSON_SCHEMA, &[]).verdicts[0].to_string(), "lacks json_schema");
    assert_eq!(plan(&config, Features::NONE, &[]).order, [0, 1]);
}

#[test]
fn a_dialect_that_asks_by_a_tool_can_too() {
    let target = |provider: &str, abilities: &str| {
        format!(r#""provider":"{provider}","model":"m","max_output_tokens":9,"capabilities":[{abilities}]"#)
    };
    for provider in ["anthropic", "bedrock", "cohere"] {
        let (with, without) = (target(provider, r#""tools""#), target(provider, ""));
        let config = config("refuse", &[&with, &without]);
        assert_eq!(plan(&config, Features::JSON_SCHEMA, &[]).order, [0], "{provider}");
    }
    let config = config("refuse", &[&target("gemini", r#""tools""#)]);
    assert!(plan(&config, Features::JSON_SCHEMA, &[]).order.is_empty());
}

#[test]
fn what_is_taken_away_is_not_counted_on() {
    for (name, feature) in [
        ("json_mode", Features::JSON_MODE),
        ("image_urls", Features::IMAGE_URLS),
        ("candidates", Features::CANDIDATES),
        ("logprobs", Features::LOGPROBS),
    ] {
        let less = format!(r#""provider":"openai","model":"gpt-4o","capabilities":["vision","-{name}"]"#);
        let config = config("refuse", &[&less, r#""provider":"openai","model":"gpt-4o""#]);
        assert_eq!(plan(&config, feature, &[]).order, [1], "{name}");
    }
}

#[test]
fn a_request_goes_on_without_only_where_nobody_has_it() {
    let one = r#""provider":"openai","capabilities":["-candidates"]"#;
    let claude = r#""provider":"anthropic","max_output_tokens":9"#;
    let drop = config("drop", &[one, claude]);
    assert_eq!(plan(&drop, Features::CANDIDATES, &[]).order, [0, 1]);
    assert_eq!(plan(&config("refuse", &[one, claude]), Features::CANDIDATES, &[]).order, [0; 0]);
    // Who has it is asked alone, and waited for.
    let able = config("drop", &[one, r#""provider":"openai""#]);
    assert_eq!(plan(&able, Features::CANDIDATES, &[]).order, [1]);
    let waits = plan(&able, Features::CANDIDATES, &[1]);
    assert_eq!((waits.order.len(), waits.all_cooling_ms), (0, Some(1)));
    // What stands in messages is left out only by dialects that have no word for it.
    assert_eq!(plan(&drop, Features::AUDIO, &[]).order, [1]);
    assert_eq!(plan(&drop, Features::AUDIO, &[]).verdicts[0], Verdict::Lacks(Features::AUDIO));
}

fn embedding(config: &Config) -> Plan {
    let demand = Demand { embeds: Some("asked"), ..Demand::default() };
    choose(config, &config.groups[0], &demand, &quiet())
}

fn quiet() -> Circumstances<'static> {
    Circumstances { now_ms: 1, pick: 0, standing: &|_| None, refuses: &|_| None }
}

#[test]
fn embeddings_stay_with_one_model() {
    const SMALL: &str = r#""provider":"openai","model":"text-embedding-3-small""#;
    const GEMINI: &str = r#""provider":"gemini","model":"gemini-embedding-001""#;
    const DEPLOYED: &str = r#""provider":"azure_openai","model":"ours","same_vectors":true"#;
    const CLAUDE: &str = r#""provider":"anthropic","model":"c","max_output_tokens":9"#;
    let group = config("refuse", &[CLAUDE, SMALL, GEMINI, DEPLOYED, SMALL]);
    let plan = embedding(&group);
    // What Claude can't do its own dialect says.
    assert_eq!(plan.order, [0, 1, 3, 4]);
    assert_eq!(plan.verdicts[2], Verdict::OtherVectors);
    assert_eq!(format!("b {}", plan.verdicts[2]), "b answers with another model's vectors");
    // Chats go anywhere.
    assert_eq!(choose(&group, &group.groups[0], &Demand::default(), &quiet()).order, [0, 1, 2, 3, 4]);
    // Who passes the caller's name on has one model too.
    let named = config("refuse", &[r#""provider":"openai""#, r#""provider":"openai_compatible""#, SMALL]);
    assert_eq!(embedding(&named).order, [0, 1]);
    // Nobody embeds: everybody's dialect says so.
    assert_eq!(embedding(&config("refuse", &[CLAUDE])).order, [0]);
}

#[test]
fn a_first_target_that_cannot_is_not_replaced_by_another_model() {
    let group = config(
        "refuse",
        &[r#""provider":"openai","model":"a","context_window":5"#, r#""provider":"openai","model":"b""#],
    );
    let demand = Demand { embeds: Some("asked"), least_tokens: 6, ..Demand::default() };
    let plan = choose(&group, &group.groups[0], &demand, &quiet());
    assert_eq!(
        (plan.order.len(), &plan.verdicts[..]),
        (0, &[Verdict::TooLong(5), Verdict::OtherVectors][..])
    );
}

#[test]
fn what_the_file_adds_is_counted_on() {
    for (name, feature) in [
        ("json_mode", Features::JSON_MODE),
        ("candidates", Features::CANDIDATES),
        ("logprobs", Features::LOGPROBS),
    ] {
        // A provider whose row has none of the three.
        let row = r#""provider":"perplexity""#;
        let more = format!(r#"{row},"capabilities":["tools","{name}"]"#);
        assert_eq!(plan(&config("refuse", &[row, &more]), feature, &[]).order, [1], "{name}");
    }
}

#[test]
fn a_targets_own_words_need_room() {
    let window = r#""provider":"openai","context_window":5"#;
    let told = format!(r#"{window},"instructions":{{"prepend":"{}"}}"#, "a".repeat(200));
    let group = config("refuse", &[&told, window]);
    let plan = plan(&group, Features::NONE, &[]);
    assert_eq!((&plan.order[..], &plan.verdicts[0]), (&[1][..], &Verdict::TooLong(5)));
    // Embeddings are told nothing.
    assert_eq!(embedding(&group).order, [0, 1]);
}
