//! What a dialect can't carry: refused, or left out and listed. Nothing is dropped in silence.

use super::{Loss, Naming, Place};
use crate::chat::PartKind;
use crate::json::{Raw, Text};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// What becomes of something that changes the meaning and that a target's dialect can't carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsupported {
    /// The caller gets an error that names it.
    #[default]
    Refuse,
    /// It is left out, and the caller is told.
    Drop,
}

/// Why a caller's request is not sent to anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status to the caller: 400, 404, 405, 413, 415.
    pub status: u16,
    /// Machine-readable: `unsupported_parameter`, `invalid_request`, `model_not_found`, …
    pub code: &'static str,
    /// The member of the request that is meant, as a path (`messages[2].content`).
    pub param: Option<String>,
    /// A complete sentence: what is wrong and what to change.
    pub message: String,
    /// What is meant, where its caller has still to say what it calls it: `param` is nothing then, and the message the rest of a
    /// sentence that begins with the name.
    pub lost: Option<Loss>,
}

impl Refusal {
    /// Of no member in particular.
    pub fn of(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, param: None, message: message.into(), lost: None }
    }

    /// The request is not what its dialect promises.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal { param: Some(param.into()), ..Refusal::of(400, "invalid_request", message) }
    }

    /// The request is fine but the target's dialect can't carry it.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal { param: Some(param.into()), ..Refusal::of(400, "unsupported_parameter", message) }
    }

    /// Something in a message is not what its dialect promises; `why` is the end of a sentence that begins with its place.
    pub fn invalid_at(place: Place, why: impl Into<String>) -> Refusal {
        Refusal { lost: Some(Loss::At(place, "")), ..Refusal::of(400, "invalid_request", why) }
    }

    /// The target's dialect can't carry this; `why` is the end of a sentence that begins with its name.
    pub fn unsupported_loss(lost: Loss, why: impl Into<String>) -> Refusal {
        Refusal { lost: Some(lost), ..Refusal::of(400, "unsupported_parameter", why) }
    }

    /// The same in somebody's words.
    #[must_use]
    pub fn named(self, by: &mut dyn Naming) -> Refusal {
        let Some(lost) = &self.lost else { return self };
        let name = lost.clone().into_name(by);
        let message = format!("{name} {}", self.message);
        Refusal { param: Some(name.into_owned()), message, lost: None, ..self }
    }
}

/// The list of what one target does not get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    policy: Unsupported,
    dropped: Vec<Loss>,
    /// The same, where they are many: to find one again.
    known: BTreeSet<Loss>,
    /// The ids of calls that were left out.
    calls: BTreeSet<String>,
}

/// Fewer are looked through.
const FEW: usize = 16;

impl Losses {
    /// Nothing lost yet, and what happens when something is that changes the meaning.
    pub fn new(policy: Unsupported) -> Losses {
        Losses { policy, ..Losses::default() }
    }

    /// Leaves out a parameter that only advises (sampling, seed, user, metadata…): always allowed, always listed.
    pub fn advisory(&mut self, lost: impl Into<Loss>) {
        let lost = lost.into();
        if self.dropped.len() < FEW {
            if self.dropped.contains(&lost) {
                return;
            }
        } else {
            if self.known.is_empty() {
                self.known.extend(self.dropped.iter().cloned());
            }
            if !self.known.insert(lost.clone()) {
                return;
            }
        }
        self.dropped.push(lost);
    }

    /// Leaves out something that changes the meaning, if the group's `unsupported: drop` allows it.
    ///
    /// `why` is the end of the sentence "`lost` …", such as "can't be sent to Anthropic: it has no log probabilities".
    ///
    /// # Errors
    /// The refusal, if it doesn't.
    pub fn meaning(&mut self, lost: impl Into<Loss>, why: &str) -> Result<(), Refusal> {
        match self.policy {
            Unsupported::Drop => {
                self.advisory(lost);
                Ok(())
            }
            Unsupported::Refuse => {
                let why = format!(
                    "{why}. Leave it out, or set `unsupported: drop` for the model group to go on without it."
                );
                Err(Refusal::unsupported_loss(lost.into(), why))
            }
        }
    }

    /// Whether what changes the meaning may be left out.
    pub fn may_drop(&self) -> bool {
        self.policy == Unsupported::Drop
    }

    /// A part was left out: if it is a call, its result goes with it, as no API takes one without the other.
    pub fn left_out(&mut self, part: &PartKind<'_>) {
        if let PartKind::Foreign { raw, .. } = part {
            let ids = ["id", "call_id"].into_iter().filter_map(|name| raw.get(name));
            self.calls.extend(ids.filter_map(Raw::text).map(Text::into_string));
        }
    }

    /// Whether it is the result of a call that was left out.
    pub fn answers_nothing(&self, part: &PartKind<'_>) -> bool {
        !self.calls.is_empty()
            && matches!(part, PartKind::ToolResult(result) if self.calls.contains(result.call_id.decode().as_ref()))
    }

    /// What was left out.
    pub fn dropped(&self) -> &[Loss] {
        &self.dropped
    }

    /// The same, by somebody's names for it; each name once.
    pub fn into_dropped(self, by: &mut dyn Naming) -> Vec<Cow<'static, str>> {
        let mut told: Vec<Cow<'static, str>> = Vec::with_capacity(self.dropped.len());
        // A caller may have one name for several members or places. Names that are written out differ from each other, and there
        // can be thousands: they are compared with those names only.
        let mut names = BTreeSet::new();
        for lost in self.dropped {
            let is_written_out = matches!(lost, Loss::Path(_) | Loss::Each(_));
            let is_member = matches!(lost, Loss::Member(_));
            let name = lost.into_name(by);
            let is_new = if is_written_out { !names.contains(&name) } else { names.insert(name.clone()) };
            if is_new && !(is_member && told.contains(&name)) {
                told.push(name);
            }
        }
        told
    }
}

/// Most bytes of the list in one header: clients and proxies take 8 to 16 KB of all headers together.
const LONGEST_LINE: usize = 2048;
/// Most bytes of one name in it: a caller may call its members as it likes.
const LONGEST_NAME: usize = 128;

/// The names in one line of at most 2 KB; what has no place in it is counted.
pub fn dropped_line(names: &[Cow<'static, str>]) -> String {
    let mut line = String::new();
    for (place, name) in names.iter().enumerate() {
        let end = (0..=LONGEST_NAME).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        let (shown, more) = match name.split_at_checked(end).filter(|_| name.len() > LONGEST_NAME) {
            Some((shown, _)) => (shown, "..."),
            None => (name.as_ref(), ""),
        };
        let comma = if place == 0 { "" } else { ", " };
        // The count of those that are left out needs a place too.
        if line.len() + comma.len() + shown.len() + more.len() + " and 99999999 more".len() > LONGEST_LINE {
            line.push_str(&format!(" and {} more", names.len() - place));
            break;
        }
        line.extend([comma, shown, more]);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::InChat;

    #[test]
    fn each_name_is_told_once() {
        use crate::dialect::loss::{Member, Naming};
        /// Somebody for whom all places of a message are one.
        struct Coarse;
        impl Naming for Coarse {
            fn member(&self, member: Member) -> &'static str {
                member.in_chat()
            }
            fn place(&mut self, place: Place) -> String {
                format!("input[{}]", place.message)
            }
            fn list(&self) -> &'static str {
                "input"
            }
        }
        let mut losses = Losses::default();
        for lost in [
            Loss::part(1, 0),
            Loss::part(1, 1),
            Loss::part(2, 0),
            Member::Effort.into(),
            Member::Thinking.into(),
        ] {
            losses.advisory(lost);
        }
        for lost in ["user", "reasoning_effort", "seed"] {
            losses.advisory(lost);
        }
        losses.advisory(Member::User);
        assert_eq!(
            losses.into_dropped(&mut Coarse),
            ["input[1]", "input[2]", "reasoning_effort", "user", "seed"]
        );
    }

    #[test]
    fn each_is_listed_once() {
        let mut losses = Losses::default();
        for round in 0..2 {
            (0..100).for_each(|n| losses.advisory(format!("member_{n}")));
            assert_eq!(losses.dropped().len(), 100, "{round}");
        }
        assert_eq!(losses.into_dropped(&mut InChat).last().unwrap(), "member_99");
    }

    #[test]
    fn a_line_is_short() {
        let line = |names: &[String]| {
            dropped_line(&names.iter().cloned().map(Cow::Owned).collect::<Vec<Cow<'static, str>>>())
        };
        assert_eq!(line(&[]), "");
        assert_eq!(line(&["seed".to_owned(), "user".to_owned()]), "seed, user");
        let many: Vec<String> = (0..8000).map(|n| format!("messages[].unknown_{n}")).collect();
        let said = line(&many);
        assert!(said.len() <= 2048 && said.starts_with("messages[].unknown_0, "), "{}", said.len());
        let shown = said.matches("unknown_").count();
        assert!(said.ends_with(&format!(" and {} more", 8000 - shown)), "{said}");
        let long = line(&["é".repeat(100_000), "seed".to_owned()]);
        assert_eq!(long, format!("{}..., seed", "é".repeat(64)));
    }
}
