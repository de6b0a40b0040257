//! `LazyValue` leaves `messages` as text; `Value` is the tree. Its `get` by path reads no further than what it looks for,
//! so it can't tell that the rest is broken, and is not asked.

use sonic_rs::{JsonContainerTrait, LazyValue, Value};
use std::borrow::Cow;

#[derive(serde::Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(default)]
    stream: bool,
    #[serde(borrow)]
    messages: LazyValue<'a>,
}

pub fn find(body: &[u8]) -> Option<usize> {
    let asked: Asked<'_> = sonic_rs::from_slice(body).ok()?;
    std::hint::black_box(asked.messages.as_raw_str());
    Some(asked.model.len() + 1000 * usize::from(asked.stream))
}

pub fn tree(body: &[u8]) -> Option<usize> {
    let value: Value = sonic_rs::from_slice(body).ok()?;
    Some(std::hint::black_box(value).as_object()?.len())
}
