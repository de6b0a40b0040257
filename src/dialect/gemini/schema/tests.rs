//! Schemas as callers write them, and what Gemini gets.

use super::*;

fn adapt(schema: &str, purpose: Use) -> Result<String, Flaw> {
    let raw = Raw::parse(schema.as_bytes()).unwrap();
    let out = String::from_utf8(adapted(raw, purpose)?).unwrap();
    Raw::parse(out.as_bytes()).unwrap_or_else(|error| panic!("{error}: {out}"));
    Ok(out)
}

fn arguments(schema: &str) -> String {
    adapt(schema, Use::Arguments).unwrap()
}

#[test]
fn what_gemini_takes_goes_as_it_is() {
    let schema = r#"{"type":"object","description":"D","title":"T","required":["a"],"properties":{"a":{"type":["string","null"],"description":"x"},"b":{"type":"array","minItems":1,"items":{"type":"integer","minimum":0,"maximum":9}},"c":{"type":"string","enum":["x","y"]},"d":{"anyOf":[{"type":"string","format":"date-time"},{"type":"null"}]},"e":{"type":"object","additionalProperties":{"type":"number"}}},"additionalProperties":false}"#;
    assert_eq!(adapt(schema, Use::Answer).unwrap(), schema);
    assert_eq!(arguments(schema), schema);
}

#[test]
fn references_are_followed() {
    assert_eq!(
        arguments(
            r##"{"$schema":"x","type":"object","$defs":{"A":{"type":"object","properties":{"b":{"$ref":"#/definitions/B"}}}},
                "definitions":{"B":{"enum":["x"],"description":"of B"}},
                "properties":{"a":{"$ref":"#/$defs/A","description":"of a"},"b":{"allOf":[{"$ref":"#/definitions/B"}],"description":"mine"}}}"##
        ),
        r#"{"type":"object","properties":{"a":{"type":"object","description":"of a","properties":{"b":{"type":"string","description":"of B","enum":["x"]}}},"b":{"type":"string","description":"mine","enum":["x"]}}}"#
    );
}

#[test]
fn a_schema_that_contains_itself_keeps_its_references() {
    assert_eq!(
        adapt(
            r##"{"$defs":{"Node":{"type":"object","properties":{"next":{"$ref":"#/$defs/Node","description":"lost"}}}},
                "type":"object","properties":{"first":{"$ref":"#/$defs/Node"}}}"##,
            Use::Answer
        )
        .unwrap(),
        r##"{"type":"object","properties":{"first":{"type":"object","properties":{"next":{"$ref":"#/$defs/node1"}}}},"$defs":{"node1":{"type":"object","properties":{"next":{"$ref":"#/$defs/node1"}}}}}"##
    );
    let whole = r##"{"type":"object","properties":{"l":{"type":"array","items":{"$ref":"#"}},"r":{"allOf":[{"$ref":"#/$defs/A"}]}},"$defs":{"A":{"properties":{"a":{"$ref":"#/$defs/A"}}}}}"##;
    assert_eq!(
        adapt(whole, Use::Answer).unwrap(),
        r##"{"type":"object","properties":{"l":{"type":"array","items":{"$ref":"#/$defs/node1"}},"r":{"type":"object","properties":{"a":{"$ref":"#/$defs/node2"}}}},"$defs":{"node1":{"type":"object","properties":{"l":{"type":"array","items":{"$ref":"#/$defs/node1"}},"r":{"type":"object","properties":{"a":{"$ref":"#/$defs/node2"}}}}},"node2":{"type":"object","properties":{"a":{"$ref":"#/$defs/node2"}}}}}"##
    );
    assert_eq!(
        arguments(whole),
        r##"{"type":"object","properties":{"l":{"type":"array","items":{"description":"Again the whole, as it is described around this."}},"r":{"type":"object","properties":{"a":{"description":"Again a `A`, as it is described around this."}}}}}"##
    );
}

#[test]
fn an_answer_may_not_contain_itself_of_necessity() {
    let schema = r##"{"type":"object","properties":{"x":{"$ref":"#/$defs/N"}},
        "$defs":{"N":{"required":["kids"],"properties":{"kids":{"items":{"$ref":"#/$defs/N"}}}}}}"##;
    assert_eq!(adapt(schema, Use::Answer), Err(Flaw::Recursion("#/$defs/N".to_owned())));
}

#[test]
fn what_gemini_lacks_is_said_otherwise() {
    let property = |schema: &str| {
        let whole = arguments(&format!(r#"{{"type":"object","properties":{{"p":{schema}}}}}"#));
        let start = r#"{"type":"object","properties":{"p":"#;
        whole.strip_prefix(start).and_then(|rest| rest.strip_suffix("}}")).unwrap().to_owned()
    };
    let cases = [
        (r#"{"type":"array"}"#, r#"{"type":"array","items":{}}"#),
        (
            r#"{"type":"object","properties":{"a":{}},"required":["a","b"]}"#,
            r#"{"type":"object","required":["a","b"],"properties":{"a":{},"b":{}}}"#,
        ),
        (r#"{"const":"x"}"#, r#"{"type":"string","enum":["x"]}"#),
        (r#"{"const":null}"#, r#"{"type":"null"}"#),
        (r#"{"const":true}"#, r#"{"type":"boolean","description":"{const: true}"}"#),
        (r#"{"type":"string","enum":["a",null]}"#, r#"{"type":["string","null"],"enum":["a"]}"#),
        (r#"{"const":3,"type":"integer"}"#, r#"{"type":"integer","enum":[3]}"#),
        (r#"{"enum":["","x"]}"#, r#"{"type":"string","description":"{enum: [\"\",\"x\"]}"}"#),
        (r#"{"enum":[1,2.5]}"#, r#"{"type":"number","enum":[1,2.5]}"#),
        (r#"{"type":"string","nullable":true}"#, r#"{"type":["string","null"]}"#),
        (
            r#"{"oneOf":[{"type":"string"},{"type":"null"}]}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#,
        ),
        (
            r#"{"type":"integer","exclusiveMinimum":0,"minimum":5,"exclusiveMaximum":10}"#,
            r#"{"type":"integer","minimum":5,"maximum":9}"#,
        ),
        (
            r#"{"type":"number","exclusiveMinimum":0}"#,
            r#"{"type":"number","description":"{exclusiveMinimum: 0}"}"#,
        ),
        (
            r#"{"type":"string","description":"A","pattern":"^a\"","minLength":1,"default":"x","format":"email"}"#,
            r#"{"type":"string","description":"A\n\n{pattern: \"^a\\\"\", minLength: 1, default: \"x\", format: \"email\"}"}"#,
        ),
        (
            r#"{"type":"array","items":[{"type":"string"}]}"#,
            r#"{"type":"array","prefixItems":[{"type":"string"}]}"#,
        ),
        (
            r#"{"allOf":[{"properties":{"a":{}}},{"properties":{"b":true},"required":["b"]}],"required":["a"]}"#,
            r#"{"type":"object","required":["a","b"],"properties":{"a":{},"b":{}}}"#,
        ),
        (r#"{"not":{"type":"string"}}"#, r#"{"description":"{not: {\"type\":\"string\"}}"}"#),
        (
            r#"{"type":"object","properties":{"gone":false,"here":true}}"#,
            r#"{"type":"object","properties":{"here":{}}}"#,
        ),
    ];
    for (schema, expected) in cases {
        assert_eq!(property(schema), expected, "{schema}");
    }
}

#[test]
fn an_answer_is_not_held_to_less() {
    for name in ["not", "if", "patternProperties", "contains", "propertyNames", "dependentRequired"] {
        let schema = format!(r#"{{"type":"object","properties":{{"a":{{"{name}":{{}}}}}}}}"#);
        assert_eq!(adapt(&schema, Use::Answer), Err(Flaw::Keyword(name.to_owned())));
        assert!(arguments(&schema).contains(name));
    }
    let both = r#"{"anyOf":[{}],"oneOf":[{}]}"#;
    assert_eq!(adapt(both, Use::Answer), Err(Flaw::Keyword("oneOf".to_owned())));
    assert!(adapt(r#"{"type":"string","minLength":2}"#, Use::Answer).is_ok());
}

#[test]
fn has_bounds() {
    let deep = format!("{}{{}}{}", r#"{"items":"#.repeat(100), "}".repeat(100));
    assert_eq!(adapt(&deep, Use::Answer), Err(Flaw::TooDeep));
    let doubling: Vec<String> = (0..40)
        .map(|n| {
            format!(r##""n{n}":{{"properties":{{"a":{{"$ref":"#/n{0}"}},"b":{{"$ref":"#/n{0}"}}}}}}"##, n + 1)
        })
        .collect();
    let bomb = format!(r##"{{"$ref":"#/n0",{},"n40":{{}}}}"##, doubling.join(","));
    assert_eq!(adapt(&bomb, Use::Answer), Err(Flaw::TooLarge));
    assert!(matches!(adapt(r##"{"$ref":"#/nowhere"}"##, Use::Answer), Err(Flaw::Reference(_))));
    assert_eq!(adapt(r#"{"items":{"anyOf":[3]}}"#, Use::Answer), Err(Flaw::NoSchema));
}

#[test]
fn tools_without_arguments() {
    for schema in
        [r#"{}"#, r#"{"type":"object"}"#, r#"{"type":"object","properties":{},"additionalProperties":false}"#]
    {
        assert!(is_empty(Raw::trusted(schema)), "{schema}");
    }
    for schema in [
        r#"{"type":"object","properties":{"a":{}}}"#,
        r#"{"additionalProperties":true}"#,
        r##"{"$ref":"#/$defs/a"}"##,
        r#"{"anyOf":[{}]}"#,
    ] {
        assert!(!is_empty(Raw::trusted(schema)), "{schema}");
    }
}
