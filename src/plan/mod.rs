//! Which targets a request may go to, and in which order. Pure: time and luck are arguments.

mod choose;
mod cooling;
mod drill;
#[cfg(test)]
mod needs;
mod order;

pub use choose::{Circumstances, Demand, PLANNED, Plan, Verdict, choose, least_tokens};
pub use cooling::Cooling;
pub use drill::{Drilled, drilled, seats};
pub use order::{MAX_ORDERS, Members, Order, Seat, attempts, heads, order, order_name, orders};
