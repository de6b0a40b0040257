//! What a target costs, as the file says.

use super::row::{Signal, Source};
use crate::settings::{Price, Target};

pub(in crate::plan) static PRICE: Signal = Signal {
    key: "price",
    source: Source::Target { is_known: |target| target.price.is_some(), tells: "what each target costs" },
};

/// USD per million tokens, in one number; nothing for a target without a price, which `check` has reported.
pub(in crate::plan) fn price(target: &Target) -> f64 {
    target.price.as_ref().map_or(0.0, Price::blended)
}
