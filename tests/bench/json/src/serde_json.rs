//! `RawValue` leaves `messages` as text; `Value` is the tree.

use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

#[derive(serde::Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(default)]
    stream: bool,
    #[serde(borrow)]
    messages: &'a RawValue,
}

pub fn find(body: &[u8]) -> Option<usize> {
    let asked: Asked<'_> = serde_json::from_slice(body).ok()?;
    std::hint::black_box(asked.messages.get());
    Some(asked.model.len() + 1000 * usize::from(asked.stream))
}

pub fn tree(body: &[u8]) -> Option<usize> {
    let value: Value = serde_json::from_slice(body).ok()?;
    Some(std::hint::black_box(value).as_object()?.len())
}
