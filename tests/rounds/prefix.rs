//! The second law: what a target got of a turn is the beginning of what it gets of the next.

use crate::maker::{Maker, Wire, everybody};
use crate::talk::{Talk, sent};
use serde_json::{Value, json};
use switchover::json::Raw;

/// What may be another from turn to turn: whether it streams, and whether Claude thinks, which it refuses to do where it goes on
/// with calls that another model made without a thought (`resumes_unthought`). A cache is kept by what comes before.
const FREE: [&str; 5] =
    ["stream", "stream_options", "thinking", "output_config", "additionalModelRequestFields"];

/// Each turn of the conversation, at every provider.
pub fn holds(talk: &Talk) {
    for maker in everybody() {
        let mut before: Option<(Wire, Vec<u8>)> = None;
        for (number, body) in talk.bodies.iter().enumerate() {
            let (_, _, wire, out) = sent(talk.surface, body, &maker);
            if let Some((was, last)) = &before {
                assert_eq!(*was, wire, "{} changes sides", maker.target.id);
                let grows = number > 0 && talk.unanswered.contains(&(number - 1));
                begins(Raw::parse(last).unwrap(), Raw::parse(&out).unwrap(), wire, grows, &maker);
            }
            before = Some((wire, out));
        }
    }
}

fn begins(last: Raw<'_>, next: Raw<'_>, wire: Wire, grows: bool, maker: &Maker) {
    let about =
        || format!("{} {:?}\n{}\n{}", maker.target.id, maker.target.model, last.as_json(), next.as_json());
    let list = match wire {
        Wire::Responses => "input",
        Wire::Gemini => "contents",
        _ => "messages",
    };
    let others = |body: Raw<'_>| -> Vec<(String, String)> {
        let all = body.fields().map(|(name, value)| (name.decode().into_owned(), value.as_json().to_owned()));
        all.filter(|(name, _)| name != list && !FREE.contains(&name.as_str())).collect()
    };
    assert_eq!(others(last), others(next), "{}", about());
    let items = |body: Raw<'_>| -> Vec<String> {
        body.get(list).unwrap().items().map(|item| item.as_json().to_owned()).collect()
    };
    let (last, next) = (items(last), items(next));
    assert!(last.len() <= next.len(), "{}", about());
    let (end, begin) = last.split_last().unwrap();
    assert_eq!(begin, &next[..begin.len()], "{}", about());
    if !grows {
        return assert_eq!(end, &next[begin.len()], "{}", about());
    }
    // What the user says next may stand in the same turn.
    let (mut end, mut same) = (parts(end), parts(&next[begin.len()]));
    let words = |parts: &mut Vec<Value>| parts.pop_if(|part| part.is_string());
    if let (Some(Value::String(last)), Some(at)) = (words(&mut end), same.get_mut(end.len())) {
        let at = std::mem::take(at);
        assert!(at.as_str().is_some_and(|text| text.starts_with(&last)), "{}", about());
    }
    same.truncate(end.len());
    assert_eq!(end, same, "{}", about());
}

/// What a message has beside its content, and then the pieces of that; a text is itself.
fn parts(message: &str) -> Vec<Value> {
    let mut message: Value = serde_json::from_str(message).unwrap();
    let members = message.as_object_mut().unwrap();
    let content = members.remove("content").or_else(|| members.remove("parts"));
    let pieces = match content {
        Some(Value::Array(pieces)) => pieces,
        Some(text @ Value::String(_)) => vec![text],
        other => vec![json!(other)],
    };
    let is_text = |piece: &Value| {
        piece.as_object().is_some_and(|piece| piece.keys().all(|key| key == "type" || key == "text"))
    };
    let plain = |piece: Value| if is_text(&piece) { piece["text"].clone() } else { piece };
    std::iter::once(message.clone()).chain(pieces.into_iter().map(plain)).collect()
}
