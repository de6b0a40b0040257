//! What a target costs, as the file says.

use super::row::{Signal, SignalSource};
use crate::settings::{Price, TargetSettings};

pub(in crate::plan) static PRICE: Signal = Signal {
    key: "price",
    source: SignalSource::Target {
        is_known: |target| target.price.is_some(),
        tells: "what each target costs",
    },
};

/// USD per million tokens, in one number; nothing for a target without a price, which `check` has reported.
pub(in crate::plan) fn price(target: &TargetSettings) -> f64 {
    target.price.as_ref().map_or(0.0, Price::blended)
}
