//! `lowest_cost`: the cheapest first. Prices don't change with requests, so the order is settled when the file is read.

use super::row::{First, Strategy};
use crate::plan::signal::price::{PRICE, price};
use crate::settings::TargetSettings;
use std::cmp::Ordering;

pub(super) static LOWEST_COST: Strategy = Strategy {
    name: "lowest_cost",
    how: "by price",
    sort: Some(cheaper),
    head: First::InOrder,
    reads: &[&PRICE],
};

fn cheaper(one: &TargetSettings, other: &TargetSettings) -> Ordering {
    price(one).total_cmp(&price(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Config;

    #[test]
    fn three_tokens_in_count_for_each_one_out() {
        let target = |id: &str, price: &str| {
            format!(r#"{{"id":"{id}","provider":"openai_compatible","endpoint":"http://x","price":{price}}}"#)
        };
        let json = format!(
            r#"{{"version":1,"targets":[{},{},{}],"model_groups":[{{"name":"g","targets":[{{"id":"a"}}]}}]}}"#,
            target("a", r#"{"input":1,"output":5}"#),
            target("b", r#"{"input":2,"output":1}"#),
            target("c", r#"{"input":2,"output":2}"#),
        );
        let config = Config::from_json(json.as_bytes()).unwrap();
        let [a, b, c] = config.targets.as_slice() else { panic!("three targets") };
        assert_eq!(
            (cheaper(b, a), cheaper(a, c), cheaper(a, a)),
            (Ordering::Less, Ordering::Equal, Ordering::Equal)
        );
    }
}
