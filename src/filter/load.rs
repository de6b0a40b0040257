//! How many requests a worker has on their way, and how many of them try a target again: what a retry budget counts. The
//! first try of another target is no matter of budgets: the number of attempts, ejection and cool-downs bound a storm.
//!
//! Envoy's own budget counts nothing on an aggregate cluster, so the filter, which asks for each retry, keeps it.

use super::Runtime;
use crate::config::RetryBudget;
use std::cell::Cell;
use std::rc::Rc;

/// The counts of one worker.
#[derive(Debug, Default)]
pub struct Load {
    active: Cell<u32>,
    retrying: Cell<u32>,
}

impl Load {
    fn allows(&self, budget: &RetryBudget) -> bool {
        let share = f64::from(self.active.get()) * budget.budget_percent / 100.0;
        f64::from(self.retrying.get()) < share.max(f64::from(budget.min_retry_concurrency))
    }
}

/// One request's part of the load, for as long as it lives.
#[derive(Debug)]
pub struct Ticket {
    runtime: Rc<Runtime>,
    retrying: Cell<bool>,
}

impl Ticket {
    pub fn new(runtime: &Rc<Runtime>) -> Ticket {
        let active = &runtime.load.active;
        active.set(active.get().saturating_add(1));
        Ticket { runtime: Rc::clone(runtime), retrying: Cell::new(false) }
    }

    /// Whether the request may try a target again; it counts as one that does from then on.
    pub fn retry(&self, budget: &RetryBudget) -> bool {
        let load = &self.runtime.load;
        if self.retrying.get() {
            return true;
        }
        let allowed = load.allows(budget);
        if allowed {
            self.retrying.set(true);
            load.retrying.set(load.retrying.get().saturating_add(1));
        }
        allowed
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let load = &self.runtime.load;
        load.active.set(load.active.get().saturating_sub(1));
        if self.retrying.get() {
            load.retrying.set(load.retrying.get().saturating_sub(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"version": 1, "targets": [{"id": "a", "provider": "openai", "endpoint": "http://127.0.0.1:1/v1", "model": "m"}],
        "model_groups": [{"name": "g", "targets": [{"id": "a"}]}]}"#;

    #[test]
    fn a_share_of_the_requests_may_be_retried_and_some_always() {
        let runtime = Rc::new(Runtime::load(CONFIG.as_bytes()).unwrap());
        let budget = RetryBudget { budget_percent: 50.0, min_retry_concurrency: 1 };
        let tickets: Vec<Ticket> = (0..6).map(|_| Ticket::new(&runtime)).collect();
        let allowed: Vec<bool> = tickets.iter().map(|ticket| ticket.retry(&budget)).collect();
        assert_eq!(allowed, [true, true, true, false, false, false]);
        assert!(tickets[0].retry(&budget), "who is retried already may be again");
        drop(tickets);
        let alone = Ticket::new(&runtime);
        assert!(alone.retry(&budget), "the others are gone");
        assert!(!Ticket::new(&runtime).retry(&RetryBudget { budget_percent: 0.0, min_retry_concurrency: 1 }));
    }
}
