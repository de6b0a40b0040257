//! Which targets a request may go to, and in which order. Pure: time and luck are arguments.

mod choose;
mod drill;
#[cfg(test)]
mod needs;
mod order;
mod standing;

pub use choose::{Circumstances, Demand, PLANNED, Plan, Verdict, choose, least_tokens};
pub use drill::{Drilled, drilled, seats};
pub use order::{
    MAX_ORDERS, Members, Order, Seat, attempts, back_off, heads, order, order_count, order_name, orders,
};
pub use standing::{News, Standing, Standings, State};
