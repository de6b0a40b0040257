//! What an Anthropic caller's request says and a target of Anthropic's dialect does not get: what the file takes away from
//! the target, and a schema that its model can't hold an answer to.

use crate::chat::Features;
use crate::dialect::{Losses, Refusal, Target};
use crate::json::{Edit, Raw, Text, edit_object};

/// See the module.
#[derive(Clone, Copy)]
pub(super) struct Withheld {
    /// What the file takes away.
    denied: Features,
    has_schema: bool,
}

impl Withheld {
    pub(super) fn of(target: &Target) -> Withheld {
        Withheld { denied: target.denied, has_schema: target.has(Features::JSON_SCHEMA) }
    }

    /// Whether a member is left out whole.
    pub(super) fn is_out(self, name: &str, value: Raw<'_>) -> bool {
        match name {
            _ if self.denied.is_empty() || value.is_null() => false,
            "temperature" | "top_p" | "top_k" => self.denied.contains(Features::SAMPLING),
            "thinking" => {
                let kind = value.get("type").and_then(Raw::text);
                let is = |name| kind.as_ref().is_some_and(|kind| *kind == name);
                self.denied.contains(Features::REASONING) && !is("disabled")
                    || self.denied.contains(Features::REASONING_BUDGET) && is("enabled")
            }
            _ => false,
        }
    }

    fn takes_effort(self) -> bool {
        !self.denied.contains(Features::REASONING_EFFORT)
    }

    /// Whether something in `output_config` is left out.
    pub(super) fn touches(self, config: Raw<'_>) -> bool {
        !self.takes_effort() && config.present("effort").is_some()
            || !self.has_schema && config.present("format").is_some()
    }

    /// `output_config` with what the target gets.
    ///
    /// # Errors
    /// A form of the answer that the target can't give, if `losses` doesn't allow dropping.
    pub(super) fn output_config<'e>(self, config: Raw<'_>, losses: &mut Losses) -> Result<Edit<'e>, Refusal> {
        if !self.has_schema && config.present("format").is_some() {
            let why = "has a schema, which this target can't hold an answer to";
            losses.meaning("output_config.format", why)?;
        }
        if !self.takes_effort() && config.present("effort").is_some() {
            losses.advisory("output_config.effort");
        }
        let mut out = Vec::with_capacity(config.as_json().len());
        let decide = |name: &Text<'_>, _: Raw<'_>| {
            let goes = *name == "effort" && !self.takes_effort() || *name == "format" && !self.has_schema;
            if goes { Edit::Remove } else { Edit::Keep }
        };
        edit_object(config, decide, &[], &mut out);
        Ok(if out == b"{}" { Edit::Remove } else { Edit::Replace(out) })
    }
}
