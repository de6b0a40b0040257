//! Replies made in advance, for the bench: what is measured should be the proxy.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use hyper::Response;

use crate::answer::{self, Asked};
use crate::behaviour::Behaviour;
use crate::body::Answer;
use crate::dialect::{ENDPOINTS, Endpoint, Route, Speaks};
use crate::server::plain;

/// The bytes of a reply that is not streamed, and the text deltas of one that is.
const BYTES: usize = 1024;
const EVENTS: usize = 50;

struct Prepared {
    whole: Bytes,
    events: Arc<[Bytes]>,
    stream_type: &'static str,
}

pub struct Ready(HashMap<&'static str, Prepared>);

impl Ready {
    pub fn new(name: &str) -> Self {
        let asked =
            Asked { model: "standin-fast".into(), count: 1, last_text: "hello".into(), ..Asked::default() };
        let said = answer::answer(name, &asked, &Behaviour::default(), 1, 1_790_000_000);
        let prepare = |(endpoint_name, endpoint): &(&'static str, &'static dyn Endpoint)| {
            let mut whole = said.clone();
            while endpoint.whole(&asked, &whole).to_string().len() < BYTES && whole.text.len() < BYTES {
                whole.text.push(" more".into());
            }
            let mut stream = said.clone();
            stream.text = (0..EVENTS).map(|at| format!("token-{at} ")).collect();
            let events = endpoint.events(&asked, &stream).into_iter().map(|event| event.bytes).collect();
            let whole = endpoint.whole(&asked, &whole).to_string().into();
            (*endpoint_name, Prepared { whole, events, stream_type: endpoint.stream_type() })
        };
        Self(ENDPOINTS.iter().map(prepare).collect())
    }
}

pub fn respond(ready: &Ready, speaks: Speaks, path: &str, body: &[u8]) -> Response<Answer> {
    let found = Route::find(path, speaks).and_then(|route| Some((ready.0.get(route.name)?, route.stream)));
    let Some((prepared, stream)) = found else {
        return plain(404, "text/plain", "not found\n");
    };
    if stream.unwrap_or_else(|| wants_stream(body)) {
        let response = Response::builder().header("content-type", prepared.stream_type);
        return response.body(Answer::Ready(Arc::clone(&prepared.events), 0)).unwrap();
    }
    plain(200, "application/json", prepared.whole.clone())
}

/// Whether the body's `stream` is true, at the price of one search.
fn wants_stream(body: &[u8]) -> bool {
    memchr::memmem::find_iter(body, b"\"stream\"").any(|at| {
        let after = body.get(at + 8..).unwrap_or_default();
        let mut rest = after.iter().filter(|byte| !byte.is_ascii_whitespace());
        rest.next() == Some(&b':') && rest.next() == Some(&b't')
    })
}
