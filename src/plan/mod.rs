//! Which targets a request may go to, and in which order. Pure: time and luck are arguments.

mod order;

pub use order::{MAX_ORDERS, Members, Order, heads, order, order_name, orders};
