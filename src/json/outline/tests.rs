//! What is JSON, which values have nodes, and what is counted.

use super::*;

fn serde_takes(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

#[test]
fn takes_what_serde_takes() {
    let long = "x".repeat(100);
    let mut texts = vec![
        format!("{{\"a\":[\"{long}\",{{\"b\":1}},[]],\"c\":{{}}}}"),
        "[".repeat(500),
        "{\"a\":".repeat(99),
    ];
    for text in [
        "",
        " ",
        "1",
        "-0",
        "01",
        "1.",
        "1.5e+3",
        "1e",
        "-",
        "+1",
        ".5",
        "nul",
        "null",
        "truex",
        "true",
        "\"",
        "\"a",
        "\"\\u12g4\"",
        "\"\\u00e9\"",
        "\"\\x\"",
        "\"\n\"",
        "\"\u{7f}\u{80}é\"",
        "[]",
        "[,]",
        "[1,]",
        "[1 2]",
        "{}",
        "{,}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{\"a\":1]",
        "[1}",
        "[1] x",
        " [ 1 , { \"a\" : \"b\" } ] ",
        "{\"a\":1 \"b\":2}",
        "]",
        "}",
        ":",
        "[[]",
    ] {
        texts.push(text.to_owned());
        texts.push(format!("[{text}]"));
        texts.push(format!("{{\"k\": {text}, \"l\": \"{long}\"}}"));
    }
    for text in texts {
        assert_eq!(outline(&text, usize::MAX).is_ok(), serde_takes(&text), "{text}");
    }
}

fn spans(text: &str) -> Vec<&str> {
    let nodes = outline(text, usize::MAX).unwrap();
    nodes.iter().map(|node| text.get(wide(node.start)..wide(node.end)).unwrap()).collect()
}

#[test]
fn values_have_nodes() {
    let text = r#"{"a" : [1, "x", {"b":null}] , "n\u0061":-1.50, "long name of a member":{"in":[[]]}}"#;
    let nodes = outline(text, usize::MAX).unwrap();
    assert_eq!(
        spans(text),
        [text, r#"[1, "x", {"b":null}]"#, r#"{"b":null}"#, "null", "-1.50", r#"{"in":[[]]}"#, "[[]]", "[]"]
    );
    let keys = nodes
        .iter()
        .map(|node| text.get(wide(node.key)..wide(node.key) + usize::from(node.key_length)).unwrap());
    assert_eq!(keys.collect::<Vec<_>>(), ["", "a", "", "b", "n\\u0061", "long name of a member", "in", ""]);
    assert_eq!(nodes.iter().map(OutlineNode::count).collect::<Vec<_>>(), [8, 3, 2, 1, 1, 3, 2, 1]);
    let whole: Vec<bool> = nodes.iter().map(OutlineNode::is_whole).collect();
    assert_eq!(whole, [true, false, true, true, true, true, true, true]);
    assert!(nodes[4].may_have_escaped_name() && !nodes[3].may_have_escaped_name());
    assert_eq!(spans("[1]"), ["[1]"]);
    assert_eq!(spans(" 1 "), ["1"]);
}

#[test]
fn levels_are_counted() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let deepest = usize::try_from(DEEPEST).unwrap();
    assert!(outline(&nested(deepest), usize::MAX).is_ok());
    assert_eq!(outline(&nested(deepest + 1), usize::MAX), Err(NoOutline::TooDeep(deepest)));
    let beside = format!("[{}]", vec![nested(deepest - 1); 3].join(","));
    assert!(outline(&beside, usize::MAX).is_ok());
}

#[test]
fn values_are_counted() {
    for (text, values) in
        [(r#"[1,"x",null]"#, 3), (r#"{"a":1,"b":[[],{}]}"#, 6), (r#" { "a" : "[{,:" , "\u0062" : [ ] } "#, 4)]
    {
        assert!(outline(text, values).is_ok(), "{text}");
        if let Some(fewer) = values.checked_sub(1) {
            assert_eq!(outline(text, fewer), Err(NoOutline::TooMany), "{text}");
        }
    }
    let tokens = format!("[{}1]", "1,".repeat(SHARE * 100 - 1));
    assert!(outline(&tokens, 101).is_ok() && outline(&tokens, 100) == Err(NoOutline::TooMany));
    assert_eq!((values(&tokens, 101), values(&tokens, 100), values("{", 9)), (Some(101), None, Some(0)));
    assert_eq!(outline("{", 1), Err(NoOutline::NoJson));
    assert_eq!(outline("{\"a\":", 1), Err(NoOutline::TooMany), "it was not read any further");
}

#[test]
fn too_many_values_have_none_but_the_long_ones() {
    let long = "y".repeat(LONG);
    let many: String = (0..1000).map(|n| format!("\"{n}\":{{}},")).collect();
    let text = format!("{{\"first\":{{\"a\":1}},{many}\"rest\":{{\"l\":\"{long}\",\"s\":2}}}}");
    let nodes = outline(&text, usize::MAX).unwrap();
    assert!(nodes.len() < text.len() / 16 + 70);
    assert!(!nodes[0].is_whole() && !nodes[0].has_all_members() && nodes[1].has_all_members());
    let spans = spans(&text);
    assert_eq!(spans[spans.len() - 2..], [format!("{{\"l\":\"{long}\",\"s\":2}}"), format!("\"{long}\"")]);
    assert!(!nodes[nodes.len() - 2].is_whole());
}

proptest::proptest! {
    #[test]
    fn law_any_text_as_serde_has_it(text in "[\\[\\]{}:,\"\\\\ 0-9a-fnrtu.eE+\\-\n]{0,40}") {
        proptest::prop_assert_eq!(outline(&text, usize::MAX).is_ok(), serde_takes(&text));
    }

    #[test]
    fn law_long_strings_as_serde_has_them(text in "[a-d \"\\\\nu0-9\n\u{e9}]{0,8}[a-d]{10,40}(\\\\[nu\"x]|\\\\u00e9|[\"\n]|[a-d]{1,9}|\\\\{1,9}){0,12}\"?") {
        let quoted = format!("\"{text}");
        proptest::prop_assert_eq!(outline(&quoted, usize::MAX).is_ok(), serde_takes(&quoted));
    }
}
