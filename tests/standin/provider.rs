//! One provider: its name, how it behaves now, what it received.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::behaviour::Behaviour;
use crate::dialect::Speaks;
use crate::fast::Ready;
use crate::log::Log;

pub struct Provider {
    pub name: String,
    pub speaks: Speaks,
    pub key: Mutex<Option<String>>,
    pub lenient: bool,
    /// Replies made in advance; their presence is what makes a provider fast.
    pub ready: Option<Ready>,
    pub log: Arc<Log>,
    /// False while connections are refused.
    pub open: watch::Sender<bool>,
    start: Vec<Behaviour>,
    behaviours: Mutex<VecDeque<Behaviour>>,
    answers: AtomicU64,
    /// How often the behaviour was changed: a timer of an earlier one must not end a later one.
    changes: AtomicU64,
}

impl Provider {
    pub fn new(
        name: String,
        speaks: Speaks,
        key: Option<String>,
        lenient: bool,
        start: Vec<Behaviour>,
    ) -> Self {
        Self {
            name,
            speaks,
            key: Mutex::new(key),
            lenient,
            ready: None,
            log: Log::new(),
            open: watch::channel(true).0,
            behaviours: Mutex::new(start.clone().into()),
            start,
            answers: AtomicU64::new(0),
            changes: AtomicU64::new(0),
        }
    }

    /// How to behave for this request.
    pub fn behaviour(&self) -> Behaviour {
        let mut behaviours = self.behaviours.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = behaviours.front_mut() else { return Behaviour::default() };
        let now = first.clone();
        match first.times.as_mut() {
            Some(times) if *times > 1 => *times -= 1,
            Some(_) => drop(behaviours.pop_front()),
            None => {}
        }
        now
    }

    pub fn behave(self: &Arc<Self>, list: Vec<Behaviour>) {
        let refusal = list.iter().find(|behaviour| behaviour.refuse).map(|behaviour| behaviour.for_ms);
        let stays: VecDeque<_> =
            list.into_iter().filter(|behaviour| !behaviour.refuse && behaviour.times != Some(0)).collect();
        *self.behaviours.lock().unwrap_or_else(PoisonError::into_inner) = stays;
        let change = self.changes.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.send_replace(refusal.is_none());
        if let Some(Some(time)) = refusal {
            let provider = Arc::clone(self);
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(time)).await;
                if provider.changes.load(Ordering::Relaxed) == change {
                    provider.open.send_replace(true);
                }
            });
        }
    }

    /// As it was at the start.
    pub fn reset(self: &Arc<Self>) {
        self.behave(self.start.clone());
        self.log.clear();
    }

    pub fn key(&self) -> Option<String> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn next_number(&self) -> u64 {
        self.answers.fetch_add(1, Ordering::Relaxed)
    }
}

/// Unix seconds.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
