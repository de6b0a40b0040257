//! Requests and failures as JSON for people: what the command prints and the golden files hold.

use crate::dialect::seam::Outgoing;
use crate::failure::Failure;
use crate::json::{Raw, Writer};

impl Outgoing {
    /// Appends `{method, path, headers, body}` and, where something was left out, `dropped`.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let mut w = Writer::new(out);
        w.object(|w| {
            w.key("method").string("POST");
            w.key("path").string(&self.path);
            w.key("headers").object(|w| {
                w.key("content-type").string("application/json");
                for (name, value) in &self.headers {
                    w.key(name).string(value);
                }
            });
            w.key("body");
            match std::str::from_utf8(&self.body) {
                Ok(body) => w.raw(Raw::trusted(body)),
                Err(_) => w.null(),
            }
            if !self.dropped.is_empty() {
                w.key("dropped").array(|w| self.dropped.iter().for_each(|name| w.string(name)));
            }
        });
    }
}

/// Appends `{"failure": {class, status, message, retry_after_ms}}`; the last only where there is one.
pub fn failure_json(failure: &Failure, out: &mut Vec<u8>) {
    Writer::new(out).object(|w| {
        w.key("failure").object(|w| {
            w.key("class").string(failure.class.name());
            w.key("status").u64(u64::from(failure.status));
            w.key("message").string(&failure.message);
            if let Some(wait) = failure.retry_after_ms {
                w.key("retry_after_ms").u64(wait);
            }
        });
    });
}
