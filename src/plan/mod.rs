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
mod standing;
mod verdict;

pub use attempts::{attempts, back_off};
pub use choose::{Plan, choose};
pub use circumstances::{Circumstances, Demand, least_tokens};
pub use drill::{Drilled, drilled, seats};
pub use fit::PLANNED;
pub use members::Members;
pub use order::{MAX_ORDERS, Order, Seat, heads, order, order_count, order_name, orders};
pub use standing::{News, Standing, Standings, State};
pub use verdict::Verdict;
