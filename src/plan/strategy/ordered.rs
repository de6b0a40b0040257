//! `ordered`: as the file has them.

use super::row::{Head, Strategy};

pub(super) static ORDERED: Strategy =
    Strategy { name: "ordered", how: "by priority", sort: None, head: Head::First, reads: &[] };
