//! What a file says and perhaps doesn't mean: it depends on the time, so only the command tells it.

use super::View;
use crate::config::node::Node;
use crate::config::problem::{Problem, Problems};
use crate::config::time::timestamp_ms;

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// A drill that goes on for more days than this from now on was perhaps not meant to.
const MOST_DAYS: u64 = 7;

/// The warnings at `now_ms` (since 1970), in the order of the text.
pub(in crate::config) fn warnings(document: &Node, now_ms: u64) -> Vec<Problem> {
    let mut warnings = Problems::default();
    for view in View::new(&super::FILE, document).objects("drills") {
        let Some(until_ms) = view.text("until").and_then(timestamp_ms) else { continue };
        let (path, at) = view.place("until");
        let days = until_ms.saturating_sub(now_ms) / DAY_MS;
        if until_ms <= now_ms {
            warnings.add(path, at, "The drill is over", "Remove it, or write a later time");
        } else if days >= MOST_DAYS {
            let wrong = format!("The drill goes on for {days} days from now");
            let instead = format!(
                "Write an earlier time, less than {MOST_DAYS} days ahead, so that it can't be forgotten"
            );
            warnings.add(path, at, wrong, instead);
        }
    }
    warnings.into_sorted()
}
