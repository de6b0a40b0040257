//! What an Anthropic caller's request says and a target of Anthropic's dialect does not get: what the file takes away from
//! the target, and a schema that its model can't hold an answer to.

use crate::chat::{Effort, Features};
use crate::dialect::talk::NO_SCHEMA;
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

    /// `output_config` with what the target gets, and with this effort if it must be another than the caller's.
    ///
    /// # Errors
    /// A form of the answer that the target can't give, if `losses` doesn't allow dropping.
    pub(super) fn output_config<'e>(
        self,
        config: Raw<'_>,
        effort: Option<Effort>,
        losses: &mut Losses,
    ) -> Result<Edit<'e>, Refusal> {
        if !self.has_schema && config.present("format").is_some() {
            losses.meaning("output_config.format", NO_SCHEMA)?;
        }
        if !self.takes_effort() && config.present("effort").is_some() {
            losses.advisory("output_config.effort");
        }
        let mut out = Vec::with_capacity(config.as_json().len());
        let said = effort.map(|effort| format!("\"{}\"", effort.name()));
        let decide = |name: &Text<'_>, _: Raw<'_>| {
            let goes = *name == "effort" && !self.takes_effort() || *name == "format" && !self.has_schema;
            match &said {
                _ if goes => Edit::Remove,
                Some(said) if *name == "effort" => Edit::Put(said.as_bytes()),
                _ => Edit::Keep,
            }
        };
        let more = said.as_ref().filter(|_| config.get("effort").is_none());
        let more: Vec<(&str, &[u8])> = more.map(|said| ("effort", said.as_bytes())).into_iter().collect();
        edit_object(config, decide, &more, &mut out);
        let is_empty = Raw::parse(&out).is_ok_and(|config| config.fields().next().is_none());
        Ok(if is_empty { Edit::Remove } else { Edit::Replace(out) })
    }
}
