//! The text in the arguments: whole and in pieces, good and bad.

use super::*;
use crate::json::Writer;
use proptest::prelude::*;

fn taken(pieces: &[&str]) -> String {
    let mut input = FreeFormInput::default();
    let mut out: String = pieces.iter().map(|piece| input.feed(piece)).collect();
    out.push_str(&input.finish());
    out
}

/// The same, whatever the place it is cut at.
fn cut_anywhere(json: &str) -> String {
    let whole = taken(&[json]);
    for at in (0..=json.len()).filter(|at| json.is_char_boundary(*at)) {
        let (head, tail) = json.split_at(at);
        assert_eq!(taken(&[head, tail]), whole, "{json} at {at}");
    }
    let letters: Vec<String> = json.chars().map(String::from).collect();
    assert_eq!(taken(&letters.iter().map(String::as_str).collect::<Vec<_>>()), whole, "{json}");
    whole
}

#[test]
fn the_text_is_what_the_argument_says() {
    for (json, text) in [
        (r#"{"input":"*** Begin Patch\n+\tlet a = \"b\\c\";\n"}"#, "*** Begin Patch\n+\tlet a = \"b\\c\";\n"),
        (r#" { "why" : {"input":"no","a":["}",{}]} , "input" : "yes" , "more": 1 } "#, "yes"),
        (r#"{"input":"é\u00e9\ud83d\ude00\/"}"#, "éé😀/"),
        (r#"{"input":""}"#, ""),
        ("{}", ""),
        ("", ""),
        (r#"{"a\"input":"x","input":"y"}"#, "y"),
    ] {
        assert_eq!(cut_anywhere(json), text, "{json}");
    }
}

#[test]
fn what_a_model_does_wrong_is_no_loss() {
    for (json, text) in [
        // Another name, the text alone, two texts, no text, no JSON.
        (r#"{"patch":"a\nb"}"#, "a\nb"),
        (r#""a\nb""#, "a\nb"),
        (r#"{"patch":"a","why":"b"}"#, r#"{"patch":"a","why":"b"}"#),
        (r#"{"input":{"a":1}}"#, r#"{"input":{"a":1}}"#),
        ("*** Begin Patch\n", "*** Begin Patch\n"),
        // Cut, or with slips in it.
        (r#"{"input":"abc"#, "abc"),
        (r#"{"input":"a\ud83d"#, "a\u{fffd}"),
        (r#"{"input":"a\ud83dx\ude00"}"#, "a\u{fffd}x\u{fffd}"),
        (r#"{"input":"a\ud83d\n"}"#, "a\u{fffd}\n"),
        ("{\"input\":\"a\nb\\d\\u12x\"}", "a\nbd\u{fffd}x"),
        (r#"{"input":"a"} and more"#, "a"),
    ] {
        assert_eq!(cut_anywhere(json), text, "{json}");
    }
}

proptest! {
    #[test]
    fn any_text_comes_through(text in "(\\PC|[\u{0}-\u{1f}\"\\\\😀]){0,20}", ascii in any::<bool>(), cuts in prop::collection::vec(0usize..200, 0..4)) {
        let mut json = Vec::new();
        Writer::new(&mut json).object(|w| w.key("input").string(&text));
        let mut json = String::from_utf8(json).unwrap();
        if ascii {
            let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
            json = json.chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect();
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(json.len())).filter(|cut| json.is_char_boundary(*cut)).collect();
        cuts.sort_unstable();
        cuts.push(json.len());
        let mut from = 0;
        let pieces: Vec<&str> = cuts.iter().map(|to| { let piece = json.get(from..*to).unwrap(); from = *to; piece }).collect();
        prop_assert_eq!(taken(&pieces), text);
    }
}

#[test]
fn a_stream_says_what_a_whole_answer_says() {
    let memo = Memo {
        free_form: FreeForm { names: ["apply_patch".to_owned()].into(), as_functions: true },
        ..Memo::default()
    };
    let start = |index, name: &'static str| Event::ToolStart {
        choice: 0,
        index,
        id: Text::from("c"),
        name: Text::from(name),
        signature: None,
    };
    let said = |index, fragment: &'static str| Event::ToolArguments {
        choice: 0,
        index,
        fragment: Text::from(fragment),
    };
    let mut calls = FreeFormCalls::of(&memo).unwrap();
    let mut told = [String::new(), String::new(), String::new()];
    for event in [
        start(0, "apply_patch"),
        start(1, "shell"),
        said(0, r#"{"inp"#),
        said(1, r#"{"input":"ls"#),
        start(2, "apply_patch"),
        said(0, r#"ut":"a\"#),
        said(2, r#"{"patch":"b"}"#),
        said(1, r#""}"#),
        said(0, r#"n"}"#),
        Event::Finish { choice: 0, finish: crate::chat::Finish::ToolCalls },
    ] {
        calls.pass(event, &mut |event| {
            if let Event::ToolArguments { index, fragment, .. } = event {
                told[usize::try_from(index).unwrap()].push_str(&fragment.decode());
            }
        });
    }
    assert_eq!(told, ["a\n", r#"{"input":"ls"}"#, "b"]);
    assert!(FreeFormCalls::of(&Memo::default()).is_none());
}
