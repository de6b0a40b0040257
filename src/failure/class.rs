//! The failure classes: one table from class to name, failover, ejection and status.

/// Why an attempt failed. What follows from each is in [`Class`]'s methods, which read one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// No connection, TLS or DNS failure, reset before headers.
    Connect,
    /// No first token in the time allowed.
    Timeout,
    /// The provider says that it has no capacity now.
    Overloaded,
    /// Any other fault of the provider.
    ServerError,
    /// An answer that is not what the dialect promises.
    Malformed,
    /// Too many requests or tokens; passes by itself.
    RateLimited,
    /// Spent credit, a hard limit, a day's quota; doesn't pass soon.
    Quota,
    /// The provider refuses the operator's credential.
    Auth,
    /// The model is unknown, retired, suspended, or not open to the operator's account.
    ModelUnavailable,
    /// The model itself made something that its provider can't use: a call that is no JSON or of no tool, an answer not in
    /// the form that was asked for.
    ModelFailure,
    /// The request exceeds the model's window.
    ContextLength,
    /// A filter of the provider refuses the content.
    ContentPolicy,
    /// Any other fault of the request.
    InvalidRequest,
}

/// A line of the table.
struct ClassLine {
    class: Class,
    name: &'static str,
    fails_over: bool,
    ejects: bool,
    caller_status: u16,
    breaker_status: u16,
}

const fn line(
    class: Class,
    name: &'static str,
    fails_over: bool,
    ejects: bool,
    caller_status: u16,
    breaker_status: u16,
) -> ClassLine {
    ClassLine { class, name, fails_over, ejects, caller_status, breaker_status }
}

/// In the order of [`Class`]. What ejects is a 5xx for Envoy's outlier detection, of the three that it also counts as
/// gateway failures; what doesn't is a 4xx.
#[rustfmt::skip]
static TABLE: [ClassLine; 13] = [
    //                                                fails over, ejects, caller's status, what Envoy sees
    line(Class::Connect,          "connect",           true,  true,  503, 503),
    line(Class::Timeout,          "timeout",           true,  true,  504, 504),
    line(Class::Overloaded,       "overloaded",        true,  true,  503, 503),
    line(Class::ServerError,      "server_error",      true,  true,  502, 502),
    line(Class::Malformed,        "malformed",         true,  true,  502, 502),
    line(Class::RateLimited,      "rate_limited",      true,  false, 429, 429),
    line(Class::Quota,            "quota",             true,  false, 429, 429),
    line(Class::Auth,             "auth",              true,  true,  502, 502),
    line(Class::ModelUnavailable, "model_unavailable", true,  true,  502, 502),
    line(Class::ModelFailure,     "model_failure",     true,  false, 502, 422),
    line(Class::ContextLength,    "context_length",    true,  false, 400, 400),
    line(Class::ContentPolicy,    "content_policy",    false, false, 400, 400),
    line(Class::InvalidRequest,   "invalid_request",   false, false, 400, 400),
];

/// What an impossible class would mean; the test of the table's order makes sure that nobody reads it.
static NONE: ClassLine = line(Class::ServerError, "server_error", true, true, 502, 502);

impl Class {
    /// All classes, in the order of the enum.
    pub fn all() -> impl Iterator<Item = Class> {
        TABLE.iter().map(|line| line.class)
    }

    fn line(self) -> &'static ClassLine {
        TABLE.get(usize::from(self.index())).unwrap_or(&NONE)
    }

    const fn index(self) -> u8 {
        self as u8
    }

    /// The name in configuration, errors, headers, metrics and logs.
    pub fn name(self) -> &'static str {
        self.line().name
    }

    /// The caller's `code`: the name, but for the one that callers know from OpenAI and act on.
    pub fn caller_code(self) -> &'static str {
        match self {
            Class::ContextLength => "context_length_exceeded",
            class => class.name(),
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Class> {
        TABLE.iter().find(|line| line.name == name).map(|line| line.class)
    }

    /// Another target is tried, unless `failover_on` says otherwise. For [`Class::ContextLength`] only one with a
    /// larger window.
    pub fn fails_over(self) -> bool {
        self.line().fails_over
    }

    /// The target is at fault: enough of these and Envoy ejects it.
    pub fn ejects(self) -> bool {
        self.line().ejects
    }

    /// The status for the caller when nothing is left; see [`super::Failure::caller_status`].
    pub fn caller_status(self) -> u16 {
        self.line().caller_status
    }

    /// For the caller: what happened, as it follows the target's name, and what to do.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Class::Connect => ("can't be reached", "Try again later."),
            Class::Timeout => ("gave no answer in time", "Try again, or ask for less."),
            Class::Overloaded => ("has no capacity now", "Try again later."),
            Class::ServerError => ("failed", "Try again later."),
            Class::Malformed => ("gave an answer that can't be used", "Try again later."),
            Class::RateLimited => {
                ("is rate limited by its provider", "Send fewer requests, or try again later.")
            }
            Class::Quota => ("has used up its quota", "Its operator must raise the quota or add credit."),
            Class::Auth => (
                "was refused by its provider because of the gateway's own credential",
                "Its operator must correct that; the request is not at fault.",
            ),
            Class::ModelUnavailable => {
                ("does not have its model", "Its operator must correct the target's model.")
            }
            Class::ModelFailure => {
                ("has a model that gave no usable answer", "Try again, or simplify the tools or the schema.")
            }
            Class::ContextLength => {
                ("can't take so long a request", "Shorten the messages, or ask for fewer output tokens.")
            }
            Class::ContentPolicy => ("refuses the content", "Change the content."),
            Class::InvalidRequest => ("refuses the request", "Correct the request."),
        }
    }

    /// The status that an attempt's answer must have for Envoy's outlier detection to count it, or not.
    pub fn breaker_status(self) -> u16 {
        self.line().breaker_status
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of classes, such as a group's `failover_on`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Classes(u16);

impl Classes {
    /// No class.
    pub const EMPTY: Classes = Classes(0);

    /// The classes that fail over unless the group lists others.
    pub fn failing_over() -> Classes {
        Class::all().filter(|class| class.fails_over()).collect()
    }

    /// Whether it is among them.
    pub const fn contains(self, class: Class) -> bool {
        self.0 & (1 << class.index()) != 0
    }

    /// These and that one.
    #[must_use]
    pub const fn with(self, class: Class) -> Classes {
        Classes(self.0 | (1 << class.index()))
    }

    /// These but not that one.
    #[must_use]
    pub const fn without(self, class: Class) -> Classes {
        Classes(self.0 & !(1 << class.index()))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, in the order of the enum.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::all().filter(move |class| self.contains(*class))
    }
}

impl FromIterator<Class> for Classes {
    fn from_iter<I: IntoIterator<Item = Class>>(classes: I) -> Self {
        classes.into_iter().fold(Classes::EMPTY, Classes::with)
    }
}

impl std::fmt::Debug for Classes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (index, class) in Class::all().enumerate() {
            assert_eq!(usize::from(class.index()), index);
            assert_eq!(Class::from_name(class.name()), Some(class));
        }
        assert_eq!(Class::from_name("oops"), None);
    }

    #[test]
    fn what_ejects_is_a_gateway_failure_and_nothing_else_is_a_5xx() {
        for class in Class::all() {
            assert_eq!(class.ejects(), matches!(class.breaker_status(), 502..=504), "{class}");
            assert_eq!(class.breaker_status() / 100, if class.ejects() { 5 } else { 4 }, "{class}");
        }
    }

    #[test]
    fn sets() {
        let default = Classes::failing_over();
        assert_eq!(default.iter().count(), 11);
        assert!(!default.contains(Class::ContentPolicy) && !default.contains(Class::InvalidRequest));
        let set = Classes::EMPTY.with(Class::InvalidRequest).with(Class::Connect).with(Class::Connect);
        assert_eq!(format!("{set:?}"), "{Connect, InvalidRequest}");
        assert_eq!(set.without(Class::Connect).iter().collect::<Vec<_>>(), [Class::InvalidRequest]);
        assert!(Classes::EMPTY.is_empty());
    }
}
