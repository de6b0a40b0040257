//! Every metric, a line each.

/// A metric of the filter's. What each counts is its line's help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// `switchover_failed_attempts_total`
    FailedAttempts,
    /// `switchover_switches_total`
    Switches,
    /// `switchover_cool_downs_total`
    CoolDowns,
    /// `switchover_broken_streams_total`
    BrokenStreams,
    /// `switchover_malformed_events_total`
    MalformedEvents,
    /// `switchover_drills_total`
    Drills,
    /// `switchover_news_total`
    News,
}

/// What Envoy keeps of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// A number that only grows, of all workers together.
    Counter,
}

/// What tells the counters of one metric apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    Group,
    Target,
    /// A failure class, or what a drill does.
    Class,
}

impl Label {
    pub const fn name(self) -> &'static str {
        match self {
            Label::Group => "group",
            Label::Target => "target",
            Label::Class => "class",
        }
    }
}

/// A line of the table.
#[derive(Debug)]
pub struct MetricLine {
    metric: Metric,
    pub kind: MetricKind,
    pub name: &'static str,
    /// In the order in which the name has them.
    pub labels: &'static [Label],
    /// What it counts, as the README says it.
    pub help: &'static str,
}

const fn counter(
    metric: Metric,
    name: &'static str,
    labels: &'static [Label],
    help: &'static str,
) -> MetricLine {
    MetricLine { metric, kind: MetricKind::Counter, name, labels, help }
}

const CLASSED: &[Label] = &[Label::Group, Label::Target, Label::Class];
const TARGETED: &[Label] = &[Label::Group, Label::Target];

/// In the order of [`Metric`].
#[rustfmt::skip]
static TABLE: [MetricLine; 7] = [
    counter(Metric::FailedAttempts, "switchover_failed_attempts_total", CLASSED,
        "attempts that failed before a token; drilled ones are not among them, and callers that left are none"),
    counter(Metric::Switches, "switchover_switches_total", TARGETED,
        "requests that a target answered after another had failed"),
    counter(Metric::CoolDowns, "switchover_cool_downs_total", CLASSED,
        "rate limits and spent quotas that took a target out for a while"),
    counter(Metric::BrokenStreams, "switchover_broken_streams_total", CLASSED,
        "streams that ended before their end: by an error event, a cut, a reset (`connect`), silence or the group's `timeout` (both \
         `timeout`)"),
    counter(Metric::MalformedEvents, "switchover_malformed_events_total", TARGETED,
        "events inside of streams that were left out, as they were none"),
    counter(Metric::Drills, "switchover_drills_total", CLASSED,
        "drilled attempts (`class` is `latency` for a pause)"),
    // Not labelled, as the workers read it too.
    counter(Metric::News, "switchover_news_total", &[],
        "news of targets that one worker told all others: limits, outages, returns (no labels)"),
];

/// What an impossible metric would mean; the test of the table's order makes sure that nobody reads it.
static NONE: MetricLine = counter(Metric::News, "switchover_unknown_total", &[], "");

impl Metric {
    /// The table's line.
    pub fn line(self) -> &'static MetricLine {
        TABLE.get(usize::from(self as u8)).unwrap_or(&NONE)
    }

    /// All metrics, in the order of the table.
    pub fn all() -> impl Iterator<Item = Metric> {
        TABLE.iter().map(|line| line.metric)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_metric_finds_its_line() {
        for metric in Metric::all() {
            assert_eq!(metric.line().metric, metric);
        }
    }

    #[test]
    fn the_readme_lists_the_same() {
        let readme = include_str!("../../../README.md");
        let listed = readme.lines().filter(|line| line.starts_with("| `switchover_"));
        let told = Metric::all().map(|metric| {
            let line = metric.line();
            format!("| `{}` | {} |", line.name, line.help)
        });
        assert_eq!(listed.collect::<Vec<_>>(), told.collect::<Vec<_>>());
    }
}
