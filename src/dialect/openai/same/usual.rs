//! What changes from one chunk of a stream to the next: text, in nearly all of them nothing else.

use crate::dialect::Body;
use crate::json::{Raw, Shape};

/// The shape of an event with text for one choice, and the shape of what became of it.
///
/// All else that such an event says is in its shape, so what was learned from it, the next one need not say again.
pub(super) fn learn(data: &[u8], written: &[u8]) -> Option<(Shape, Shape)> {
    let came = Shape::of(data, &holes(data, data)?)?;
    let json = written.strip_prefix(b"data: ")?.strip_suffix(b"\n\n")?;
    let holes = holes(json, written)?;
    let went = Shape::of(written, &holes)?;
    (came.holes() == went.holes()).then_some((came, went))
}

/// Where in `bytes` the strings of a chunk lie that change from one to the next.
fn holes(json: &[u8], bytes: &[u8]) -> Option<Vec<(usize, usize)>> {
    let event = Body::new(json);
    let chunk = event.json().ok()?;
    let mut choices = chunk.get("choices")?.items();
    let (delta, None) = (choices.next()?.get("delta")?, choices.next()) else { return None };
    let text = ["content", "reasoning_content", "reasoning"].into_iter().find_map(|name| filled(delta, name));
    let call = || {
        let mut calls = delta.get("tool_calls")?.items();
        let (call, None) = (calls.next()?, calls.next()) else { return None };
        filled(call.get("function")?, "arguments")
    };
    // OpenAI's `obfuscation` hides how long the text is.
    let strings = [text.or_else(call), filled(chunk, "obfuscation")];
    let mut holes: Vec<_> =
        strings.into_iter().flatten().map(|inside| place(inside, bytes)).collect::<Option<_>>()?;
    holes.sort_unstable();
    Some(holes)
}

/// A member that is a string with something in it.
fn filled<'a>(object: Raw<'a>, name: &str) -> Option<&'a str> {
    let json = object.get(name)?.as_json();
    json.strip_prefix('"')?.strip_suffix('"').filter(|inside| !inside.is_empty())
}

/// Where in `bytes` a part of them lies.
fn place(part: &str, bytes: &[u8]) -> Option<(usize, usize)> {
    let start = part.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    Some((start, start + part.len()))
}
