//! The two roles of the filter as machines without a host: headers and bytes in, steps out.
//!
//! [`Router`] is the downstream role: it reads the request, plans, and finishes the answer. [`Attempt`] is the
//! upstream role: one for each attempt, it translates there and back and decides whether the attempt failed. Both see
//! the same [`Trip`]. The host gathers what they need and carries out what they say.

mod answer;
mod aside;
mod attempt;
mod clock;
mod degraded;
mod drill;
mod explain;
pub mod headers;
mod health;
mod identity;
mod intake;
mod ledger;
mod load;
mod memory;
mod models;
mod numbers;
mod offline;
mod record;
mod role;
mod router;
mod runtime;
mod silence;
mod telemetry;
mod trip;
pub mod watch;
mod window;

pub use answer::Answer;
pub use attempt::{Attempt, Beginning, Instead, Parting, Started, Step};
pub use clock::Clock;
pub use explain::explain;
pub use intake::Intake;
pub use ledger::{AttemptEnd, Ledger, Record, Told};
pub use memory::Held;
pub use numbers::Numbers;
pub use offline::{Asking, group_of, translate};
pub use role::PluginRole;
pub use router::{Arrival, Fact, LastWord, MOST_OF_THEIRS, Moment, OURS, RequestStep, ResponseStep, Router};
pub use runtime::Runtime;
pub use silence::{Silence, Why};
pub use telemetry::{Count, LABELS, Metric, MetricKind, Series};
pub use trip::Trip;
