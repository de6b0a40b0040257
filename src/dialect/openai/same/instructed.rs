//! What a target's model is told besides, in a caller's messages.
//!
//! Many models' templates take one message of instructions, at the beginning, so a text joins the caller's own where there is one.

use crate::dialect::Instructions;
use crate::json::{Edit, Kind, Raw, Text, Writer, edit_object};

/// The messages with these texts around the instructions that they begin with; `None`: as they are.
pub(super) fn messages(messages: Raw<'_>, told: &Instructions) -> Option<String> {
    if told.is_empty() || messages.kind() != Kind::Array {
        return None;
    }
    let Instructions { prepend, append } = told;
    let leading = messages.items().take_while(|message| is_instruction(*message)).count();
    let mut out = Vec::with_capacity(messages.as_json().len() + told.length() + 64);
    Writer::new(&mut out).array(|w| {
        if leading == 0 {
            w.object(|w| {
                w.key("role").string("system");
                w.key("content").string(&told.around(""));
            });
        }
        for (index, message) in messages.items().enumerate() {
            let prepend = prepend.clone().filter(|_| leading > 0 && index == 0);
            let append = append.clone().filter(|_| index + 1 == leading);
            let here = Instructions { prepend, append };
            if here.is_empty() {
                w.raw(message);
            } else {
                w.raw(Raw::trusted(&with(message, &here)));
            }
        }
    });
    String::from_utf8(out).ok()
}

fn is_instruction(message: Raw<'_>) -> bool {
    message.get("role").and_then(Raw::text).is_some_and(|role| role == "system" || role == "developer")
}

/// A message with texts around its content.
fn with(message: Raw<'_>, told: &Instructions) -> String {
    let mut out = Vec::with_capacity(message.as_json().len() + told.length() + 64);
    edit_object(
        message,
        |name, value| if *name == "content" { content(value, told) } else { Edit::Keep },
        &[],
        &mut out,
    );
    String::from_utf8(out).unwrap_or_default()
}

fn content<'e>(value: Raw<'_>, told: &Instructions) -> Edit<'e> {
    let mut out = Vec::with_capacity(value.as_json().len() + told.length() + 64);
    let mut w = Writer::new(&mut out);
    match value.kind() {
        Kind::String => w.string(&told.around(&value.text().unwrap_or_default().decode())),
        Kind::Array => w.array(|w| {
            told.prepend.iter().for_each(|text| write_part(text, w));
            value.items().for_each(|part| w.raw(part));
            told.append.iter().for_each(|text| write_part(text, w));
        }),
        // Wrong: the provider says so best.
        _ => return Edit::Keep,
    }
    Edit::Replace(out)
}

fn write_part(text: &str, w: &mut Writer<'_>) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").text(&Text::from(text));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str, prepend: Option<&str>, append: Option<&str>) -> String {
        let told = Instructions { prepend: prepend.map(str::to_owned), append: append.map(str::to_owned) };
        messages(Raw::parse(json.as_bytes()).unwrap(), &told).unwrap_or_else(|| json.to_owned())
    }

    #[test]
    fn they_stand_around_the_callers_own() {
        let one = r#"[{"role":"system","content":"b\u00e9"},{"role":"user","content":"c"},{"role":"system","content":"d"}]"#;
        assert_eq!(
            told(one, Some("a"), Some("e")),
            r#"[{"role":"system","content":"a\n\nbé\n\ne"},{"role":"user","content":"c"},{"role":"system","content":"d"}]"#
        );
        let two = r#"[{"role":"system","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},{"role":"developer","content":""}]"#;
        assert_eq!(
            told(two, Some("a"), Some("e")),
            r#"[{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},{"role":"developer","content":"e"}]"#
        );
    }

    #[test]
    fn who_has_none_gets_a_message_of_them() {
        let said = r#"[{"role":"user","content":"c"}]"#;
        let begun = r#"[{"role":"system","content":"a\n\ne"},{"role":"user","content":"c"}]"#;
        assert_eq!(told(said, Some("a"), Some("e")), begun);
        assert_eq!(told(said, None, None), said);
        assert_eq!(told("7", Some("a"), None), "7");
        let odd = r#"[{"role":"system","content":7}]"#;
        assert_eq!(told(odd, Some("a"), None), odd);
    }
}
