//! Tests: what is told of a body, and what replacing does to it. That nothing is missed is for `tests/words.rs` to say.

use super::*;
use proptest::prelude::*;

/// Each text as `speaker sort choice.item.part.copy text`, a piece with a `+`.
fn told(side: Side<'_>, surface: Surface, body: &str) -> Vec<String> {
    let mut told = Vec::new();
    visit(side, surface, Raw::parse(body.as_bytes()).unwrap(), &mut |word| {
        let Strand { choice, item, part, copy } = word.strand;
        let piece = if word.is_piece { "+" } else { "" };
        let (speaker, sort, text) = (word.speaker, word.sort, word.text.decode());
        told.push(format!("{speaker:?} {sort:?} {choice}.{item}.{part}.{copy} {piece}{text}"));
    });
    told
}

/// The body with each text in capitals.
fn loud(side: Side<'_>, surface: Surface, body: &str) -> Option<String> {
    let capitals = &mut |word: &Word<'_>| Some(word.text.decode().to_uppercase());
    let written = rewrite(side, surface, Raw::parse(body.as_bytes()).unwrap(), capitals)?;
    let text = String::from_utf8(written).unwrap();
    Raw::parse(text.as_bytes()).unwrap();
    Some(text)
}

#[test]
fn a_request_of_chat() {
    let body = r#"{"model":"m x","messages":[
        {"content":"be brief","role":"developer"},
        {"role":"user","name":"ann","content":[{"type":"text","text":"hi"},{"type":"image_url","image_url":{"url":"data:a b"}}]},
        {"role":"assistant","content":null,"reasoning":"so","reasoning_content":"so","refusal":"no",
         "tool_calls":[{"id":"a b","type":"function","function":{"name":"f","arguments":"{\"q\":\"caf\\u00e9\",\"n\":1}"}}]},
        {"role":"tool","tool_call_id":"c","content":"rain"}],
        "tools":[{"type":"function","function":{"name":"f","description":"finds","parameters":{"type":"object",
         "properties":{"q":{"type":"string","description":"what","enum":["b c"]}}}}}],"user":"u","new":{"a":["x"]}}"#;
    let expected = [
        "System Text 0.0.0.0 be brief",
        "User Name 0.1.0.0 ann",
        "User Text 0.1.0.0 hi",
        "Assistant Reasoning 0.2.0.1 so",
        "Assistant Reasoning 0.2.0.0 so",
        "Assistant Refusal 0.2.0.0 no",
        "Assistant Arguments 0.2.0.0 café",
        "Tool Text 0.3.0.0 rain",
        "System Description 0.0.0.0 finds",
        "System Description 0.0.0.0 what",
        "System Other 0.0.0.0 b c",
        "System Other 0.0.0.0 u",
        "System Other 0.0.0.0 x",
    ];
    assert_eq!(told(Side::Request, Surface::Chat, body), expected);
}

#[test]
fn a_request_of_messages() {
    let body = r#"{"system":[{"type":"text","text":"be brief"}],"messages":[
        {"role":"user","content":"hi"},
        {"role":"assistant","content":[{"type":"thinking","thinking":"so","signature":"a b"},
         {"type":"tool_use","id":"t","name":"f","input":{"q":["a","b"],"type":"c","n":1}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"rain"}]},
         {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"words"}},
         {"type":"document","source":{"type":"base64","media_type":"a/b","data":"c d"}}]}]}"#;
    let expected = [
        "System Text 0.0.0.0 be brief",
        "User Text 0.0.0.0 hi",
        "Assistant Reasoning 0.1.0.0 so",
        "Assistant Arguments 0.1.1.0 a",
        "Assistant Arguments 0.1.1.0 b",
        "Assistant Arguments 0.1.1.0 c",
        "Tool Text 0.2.0.0 rain",
        "User Citation 0.2.1.0 T",
        "User Text 0.2.1.0 words",
    ];
    for surface in [Surface::Messages, Surface::CountTokens] {
        assert_eq!(told(Side::Request, surface, body), expected);
    }
}

#[test]
fn a_request_of_responses_and_one_of_embeddings() {
    let body = r#"{"instructions":"be brief","input":[{"role":"user","content":"hi"},
        {"type":"reasoning","summary":[{"type":"summary_text","text":"so"}],"encrypted_content":"a b"},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{\"q\":\"a\"}"},
        {"type":"function_call_output","call_id":"c","output":"rain"},
        {"type":"brand_new","words":"x"}],"prompt":{"id":"p","variables":{"city":"Oslo"}}}"#;
    let expected = [
        "System Text 0.0.0.0 be brief",
        "User Text 0.0.0.0 hi",
        "Assistant Reasoning 0.1.0.0 so",
        "Assistant Arguments 0.2.0.0 a",
        "Tool Text 0.3.0.0 rain",
        "Assistant Other 0.4.0.0 x",
        "User Text 0.0.0.0 Oslo",
    ];
    assert_eq!(told(Side::Request, Surface::Responses, body), expected);
    let hi = ["User Text 0.0.0.0 hi"];
    assert_eq!(told(Side::Request, Surface::Responses, r#"{"input":"hi"}"#), hi);
    assert_eq!(told(Side::Request, Surface::Embeddings, r#"{"model":"m","input":"hi"}"#), hi);
    let two = ["User Text 0.0.0.0 hi", "User Text 0.1.0.0 ho"];
    assert_eq!(told(Side::Request, Surface::Embeddings, r#"{"input":["hi","ho"]}"#), two);
    assert!(told(Side::Request, Surface::Embeddings, r#"{"input":[[1,2],[3]]}"#).is_empty());
    assert!(told(Side::Answer, Surface::Embeddings, r#"{"data":[{"embedding":"AAAA"}]}"#).is_empty());
}

#[test]
fn events_say_what_they_go_on_with() {
    let chat = |data| told(Side::Event(""), Surface::Chat, data);
    assert_eq!(
        chat(
            r#"{"choices":[{"index":1,"delta":{"content":"a","tool_calls":[{"index":2,"function":{"arguments":"{\"q"}}]}}]}"#
        ),
        ["Assistant Text 1.0.0.0 +a", "Assistant Arguments 1.0.2.0 +{\"q"]
    );
    let messages = |data| told(Side::Event(""), Surface::Messages, data);
    assert_eq!(
        messages(r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"a"}}"#),
        ["Assistant Text 0.0.3.0 +a"]
    );
    assert_eq!(
        messages(
            r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{"}}"#
        ),
        ["Assistant Arguments 0.0.4.0 +{"]
    );
    assert_eq!(
        messages(
            r#"{"type":"content_block_start","index":5,"content_block":{"type":"tool_use","input":{"q":"a"}}}"#
        ),
        ["Assistant Arguments 0.0.5.0 a"]
    );
    let responses = |name: &str, data: &str| told(Side::Event(name), Surface::Responses, data);
    let piece = r#"{"output_index":1,"content_index":2,"delta":"a"}"#;
    for (name, expected) in [
        ("response.output_text.delta", "Assistant Text 0.1.2.0 +a"),
        ("response.refusal.delta", "Assistant Refusal 0.1.2.0 +a"),
        ("response.reasoning_summary_text.delta", "Assistant Reasoning 0.1.2.0 +a"),
        ("response.reasoning_text.delta", "Assistant Reasoning 0.1.2.1 +a"),
        ("response.function_call_arguments.delta", "Assistant Arguments 0.1.2.0 +a"),
        ("response.custom_tool_call_input.delta", "Assistant Arguments 0.1.2.0 +a"),
        ("response.brand_new.delta", "Assistant Text 0.1.2.0 +a"),
    ] {
        // Its name may stand on the wire alone.
        assert_eq!(responses(name, piece), [expected]);
        let named = piece.replacen('{', &format!(r#"{{"type":"{name}","#), 1);
        assert_eq!(responses("", &named), [expected]);
    }
    assert!(responses("response.audio.delta", piece).is_empty());
    let again = r#"{"type":"response.completed","response":{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}]}}"#;
    assert_eq!(responses("", again), ["Assistant Text 0.0.0.0 a"]);
}

#[test]
fn every_other_byte_stays() {
    let of = |body: &str| loud(Side::Request, Surface::Chat, body);
    assert_eq!(
        of(r#" { "model" : "m", "messages" : [ {"content": "caf\u00e9 \/ \"x\"" , "role":"user"}, {"content":"B\/"} ], "n": 1.0e0 }"#).unwrap(),
        r#"{ "model" : "m", "messages" : [ {"content": "CAFÉ / \"X\"" , "role":"user"}, {"content":"B\/"} ], "n": 1.0e0 }"#
    );
    assert_eq!(of(r#"{"messages":[{"content":""},{"content":"A"},{"content":null}]}"#), None);
    // Names in arguments stay, and JSON stays JSON.
    assert_eq!(
        of(r#"{"messages":[{"tool_calls":[{"function":{"arguments":"{\"a\": \"b\\\"\", \"n\": 1}"}}]}]}"#)
            .unwrap(),
        r#"{"messages":[{"tool_calls":[{"function":{"arguments":"{\"a\": \"B\\\"\", \"n\": 1}"}}]}]}"#
    );
    for broken in [r#""{\"a\": ""#, r#""a""#, r#"{"a":"a"}"#] {
        let body = format!(r#"{{"messages":[{{"function_call":{{"arguments":{broken}}}}}]}}"#);
        assert!(of(&body).unwrap().contains('A'), "{body}");
    }
}

#[test]
fn media_in_what_nobody_knows_are_no_words() {
    let of = |text: &str| told(Side::Request, Surface::Chat, &format!(r#"{{"new":"{text}"}}"#)).len();
    assert_eq!(of("data:image/png;base64,AAAA"), 0);
    assert_eq!([of("data: mine, and more"), of("data:text/plain,hello"), of("data")], [1; 3]);
}

#[test]
fn what_is_deeper_than_any_shape_is_told_too() {
    let depth = 200;
    let (open, close) = (r#"[{"content":"#.repeat(depth), "}]".repeat(depth));
    let body = format!(r#"{{"messages":{open}"deep"{close}}}"#);
    let document = crate::json::Document::of(body.as_str()).unwrap();
    let mut seen = Vec::new();
    visit(Side::Request, Surface::Messages, document.root(), &mut |word| {
        seen.push(word.text.decode().into_owned())
    });
    assert_eq!(seen, ["deep"]);
}

/// Objects with members that some shape knows, and others.
fn json() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        "(null|true|1\\.0)",
        "[a-z é{}\\[\\]:]{0,6}".prop_map(|text| format!("\"{text}\\n\"")),
        Just(r#""{\"q\":\"a\\u00e9\"}""#.to_owned()),
    ];
    let name = "(messages|content|text|role|type|input|output|choices|delta|arguments|function|tool_calls|x)";
    scalar.prop_recursive(6, 80, 5, move |inner| {
        let member = (name, inner.clone()).prop_map(|(name, value)| format!("\"{name}\" : {value}"));
        prop_oneof![
            prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(" ,"))),
            prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(", "))),
        ]
    })
}

proptest! {
    #[test]
    fn law_only_what_is_told_changes(json in json()) {
        for surface in [Surface::Chat, Surface::Messages, Surface::Responses, Surface::Embeddings] {
            for side in [Side::Request, Side::Answer, Side::Event("response.output_text.delta")] {
                let body = Raw::parse(json.as_bytes()).unwrap();
                let same = rewrite(side, surface, body, &mut |word| Some(word.text.decode().into_owned()));
                prop_assert_eq!(same, None);
                let before = told(side, surface, &json);
                if let Some(loud) = loud(side, surface, &json) {
                    let louder: Vec<String> = before.iter().map(|word| word.to_uppercase()).collect();
                    let after: Vec<String> = told(side, surface, &loud).iter().map(|word| word.to_uppercase()).collect();
                    prop_assert_eq!(louder, after);
                }
            }
        }
    }
}
