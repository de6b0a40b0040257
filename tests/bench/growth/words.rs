//! Every text of a request, replaced by another: what is left of a guard's work when its own is taken away.

use super::{Body, Run, Size, Surface};
use std::hint::black_box;
use std::rc::Rc;
use switchover::dialect::words::{Side, Word, rewrite};
use switchover::json::Document;

/// Shows each text of a request and writes all of it anew.
pub fn replaced(surface: Surface, body: &Body, size: usize) -> (Size, Run) {
    let body: Rc<str> = body.of(size);
    let document = Document::of(body.to_string()).ok();
    let run = move || {
        let Some(document) = &document else { return false };
        let other = &mut |_: &Word<'_>| Some("another".to_owned());
        black_box(rewrite(Side::Request, surface, document.root(), other)).is_some()
    };
    (Size::of(&body), Box::new(run))
}
