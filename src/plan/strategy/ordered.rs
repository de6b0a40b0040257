//! `ordered`: as the file has them.

use super::row::{First, Strategy};

pub(super) static ORDERED: Strategy =
    Strategy { name: "ordered", how: "by priority", sort: None, head: First::InOrder, reads: &[] };
