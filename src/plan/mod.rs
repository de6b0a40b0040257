//! Which targets a request may go to, and in which order. Pure: time and luck are arguments.

mod attempts;
mod choose;
mod circumstances;
mod drill;
mod fit;
mod members;
#[cfg(test)]
mod needs;
mod order;
mod signal;
mod strategy;
mod verdict;

pub use attempts::{attempts, back_off};
pub use choose::{Plan, choose};
pub use circumstances::{Circumstances, Demand, least_tokens};
pub use drill::{Drilled, drilled, seats};
pub use fit::PLANNED;
pub use members::Members;
pub use order::{MAX_ORDERS, Order, Seat, order, order_count, order_name, orders};
pub use signal::standing::{Availability, Known, News, Standing, Standings};
pub use signal::{Signal, SignalSource, signals};
pub use strategy::{Candidates, First, LATER, Strategy, heads, sort, strategies};
pub use verdict::Verdict;
