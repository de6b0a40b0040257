//! What a provider received and what became of it: `GET /_standin/log`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use hyper::header::HeaderMap;
use serde_json::{Value, json};

/// Older entries are forgotten.
const KEPT: usize = 2000;

pub struct Log {
    start: Instant,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    /// The number of the first entry that is kept.
    first: usize,
    list: VecDeque<Value>,
}

impl Log {
    pub fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), entries: Mutex::default() })
    }

    /// Notes a request; its answer is noted later.
    pub fn note(self: &Arc<Self>, method: &str, path: &str, headers: &HeaderMap, body: &[u8]) -> Note {
        // Names in the order they came, a byte that is not UTF-8 as U+FFFD.
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())]))
            .collect();
        let mut entry = json!({
            "at_ms": self.now(), "method": method, "path": path, "headers": headers,
            "body": String::from_utf8_lossy(body), "problem": null, "status": null, "outcome": null,
        });
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            entry["json"] = value;
        }
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let number = entries.first + entries.list.len();
        entry["number"] = json!(number);
        entries.list.push_back(entry);
        if entries.list.len() > KEPT {
            entries.list.pop_front();
            entries.first += 1;
        }
        Note { log: Some(Arc::clone(self)), number }
    }

    pub fn all(&self) -> Value {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        Value::Array(entries.list.iter().cloned().collect())
    }

    /// Forgets everything; what is still being answered is not noted any more.
    pub fn clear(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.first += entries.list.len();
        entries.list.clear();
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn set(&self, number: usize, members: &[(&str, Value)]) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = number.checked_sub(entries.first) else { return };
        if let Some(entry) = entries.list.get_mut(at) {
            for (name, value) in members {
                entry[*name] = value.clone();
            }
        }
    }
}

/// The entry of a request that is being answered.
pub struct Note {
    log: Option<Arc<Log>>,
    number: usize,
}

impl Note {
    pub fn set(&self, name: &str, value: Value) {
        if let Some(log) = &self.log {
            log.set(self.number, &[(name, value)]);
        }
    }

    /// Says how it ended; only the first word counts.
    pub fn finish(&mut self, outcome: &str) {
        if let Some(log) = self.log.take() {
            log.set(self.number, &[("outcome", json!(outcome)), ("ended_ms", json!(log.now()))]);
        }
    }
}
