//! What a dialect can't carry: refused, or left out and listed. Nothing is dropped in silence.

use std::borrow::Cow;

/// What becomes of something that changes the meaning and that a target's dialect can't carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsupported {
    #[default]
    Refuse,
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
}

impl Refusal {
    /// The request is not what its dialect promises.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal { status: 400, code: "invalid_request", param: Some(param.into()), message: message.into() }
    }

    /// The request is fine but the target's dialect can't carry it.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal {
            status: 400,
            code: "unsupported_parameter",
            param: Some(param.into()),
            message: message.into(),
        }
    }
}

/// The list of what one target does not get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    policy: Unsupported,
    dropped: Vec<Cow<'static, str>>,
}

impl Losses {
    pub fn new(policy: Unsupported) -> Losses {
        Losses { policy, dropped: Vec::new() }
    }

    /// Leaves out a parameter that only advises (sampling, seed, user, metadata…): always allowed, always listed.
    pub fn advisory(&mut self, param: impl Into<Cow<'static, str>>) {
        let param = param.into();
        if !self.dropped.contains(&param) {
            self.dropped.push(param);
        }
    }

    /// Leaves out something that changes the meaning, if the group's `unsupported: drop` allows it.
    ///
    /// `why` is the end of the sentence "`param` …", such as "can't be sent to Anthropic: it has no log probabilities".
    ///
    /// # Errors
    /// The refusal, if it doesn't.
    pub fn meaning(&mut self, param: impl Into<Cow<'static, str>>, why: &str) -> Result<(), Refusal> {
        let param = param.into();
        match self.policy {
            Unsupported::Drop => {
                self.advisory(param);
                Ok(())
            }
            Unsupported::Refuse => {
                let message = format!(
                    "{param} {why}. Leave it out, or set `unsupported: drop` for the model group to go on without it."
                );
                Err(Refusal::unsupported(param, message))
            }
        }
    }

    pub fn dropped(&self) -> &[Cow<'static, str>] {
        &self.dropped
    }

    pub fn into_dropped(self) -> Vec<Cow<'static, str>> {
        self.dropped
    }
}
