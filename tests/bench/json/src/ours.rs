//! The filter's own: validates and outlines in one pass, and walks text after that. It builds no tree.
// The sources themselves and not the package, whose every callback would count as bytes of this.
#[path = "../../../../src/json/mod.rs"]
#[allow(dead_code, unused_imports)]
mod json;

use json::Document;

pub fn find(body: &[u8]) -> Option<usize> {
    let document = Document::read(body).ok()?;
    let root = document.root();
    std::hint::black_box(root.get("messages")?.as_json());
    let stream = root.get("stream").and_then(|value| value.as_bool()).unwrap_or(false);
    Some(root.get("model")?.text()?.decode().len() + 1000 * usize::from(stream))
}

pub fn tree(_: &[u8]) -> Option<usize> {
    None
}
