//! The iterator skips what nobody asked for, and can say where it is; `JsonValue` is the tree.

use jiter::{Jiter, JsonValue};

enum Member {
    Model,
    Stream,
    Messages,
    Other,
}

fn member(name: &str) -> Member {
    match name {
        "model" => Member::Model,
        "stream" => Member::Stream,
        "messages" => Member::Messages,
        _ => Member::Other,
    }
}

pub fn find(body: &[u8]) -> Option<usize> {
    let mut jiter = Jiter::new(body);
    let (mut model, mut stream, mut messages) = (None, false, None);
    let mut next = jiter.next_object().ok()?.map(member);
    while let Some(found) = next {
        match found {
            Member::Model => model = Some(jiter.next_str().ok()?.len()),
            Member::Stream => stream = jiter.next_bool().ok()?,
            Member::Messages => {
                let start = jiter.current_index();
                jiter.next_skip().ok()?;
                messages = Some(jiter.slice_to_current(start));
            }
            Member::Other => jiter.next_skip().ok()?,
        }
        next = jiter.next_key().ok()?.map(member);
    }
    jiter.finish().ok()?;
    std::hint::black_box(messages?);
    Some(model? + 1000 * usize::from(stream))
}

pub fn tree(body: &[u8]) -> Option<usize> {
    match std::hint::black_box(JsonValue::parse(body, false).ok()?) {
        JsonValue::Object(members) => Some(members.len()),
        _ => None,
    }
}
