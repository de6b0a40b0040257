//! What is known of a target's model: what the file says, else what the catalogue does, else what the provider's row does.

use super::Target;
use crate::catalog::{Efforts, KnownModel, ModelApi};
use crate::chat::Features;
use std::borrow::Cow;

/// What the file says of a target's model; the rest is as the catalogue knows it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Declared {
    /// `capabilities`.
    pub capabilities: Option<Listed>,
    /// `context_window`.
    pub context_window: Option<u64>,
    /// `max_output_tokens`.
    pub max_output_tokens: Option<u64>,
    /// `efforts`.
    pub efforts: Option<Efforts>,
}

/// `capabilities` as they are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listed {
    /// By their names.
    pub named: Features,
    /// By their names with `-` before them.
    pub taken: Features,
}

/// How reasoning is asked for: a target that takes one way seldom takes the other.
const REASONING_WAYS: Features = Features::REASONING_EFFORT.with(Features::REASONING_BUDGET);

impl Listed {
    /// What a model can do: what isn't listed it lacks.
    pub const ABILITIES: Features = Features::TOOLS
        .with(Features::VISION)
        .with(Features::JSON_SCHEMA)
        .with(Features::AUDIO)
        .with(Features::DOCUMENTS)
        .with(Features::REASONING);

    /// Features as the list changes them. The abilities listed are all there are; a way to ask for reasoning replaces the
    /// others, and who can't reason is asked in no way; the other parameters stay, for who lists abilities doesn't think
    /// of them, unless they are added by name or taken away by `-name`.
    fn over(self, known: Features) -> Features {
        let asks_anew = !self.named.only(REASONING_WAYS).is_empty();
        let stays = self.named.contains(Features::REASONING) && !asks_anew;
        let replaced = if stays { Self::ABILITIES } else { Self::ABILITIES.with(REASONING_WAYS) };
        // Where nothing is known of pictures it isn't known either whether they are fetched.
        let sees_anew = self.named.contains(Features::VISION) && !known.contains(Features::VISION);
        let fetched = if sees_anew { Features::IMAGE_URLS } else { Features::NONE };
        known.without(replaced).with(self.named).with(fetched).without(self.taken)
    }
}

impl Target {
    /// The target with what is known of its model, as far as the file doesn't say it.
    #[must_use]
    pub fn with(self, model: Option<&str>, said: Declared) -> Target {
        let known = model.and_then(|name| self.row.models?.find(name)).map(|KnownModel { model, .. }| model);
        let (has, lacks) = known.map_or((Features::NONE, Features::NONE), |model| (model.has, model.lacks));
        let may = self.row.carries.with(has).without(lacks);
        let capabilities = said.capabilities.map_or(may, |listed| listed.over(may));
        let taken = said.capabilities.unwrap_or_default().taken;
        let number = |number: u64| (number > 0).then_some(number);
        Target {
            capabilities,
            denied: may.with(lacks).without(capabilities).with(taken),
            context_window: said.context_window.or_else(|| number(known?.context_window)),
            max_output_tokens: said.max_output_tokens.or_else(|| number(known?.max_output_tokens)),
            off: known.map(|model| model.off).unwrap_or_default(),
            sampling: known.map(|model| model.sampling).unwrap_or_default(),
            model_api: known.map_or(ModelApi::Chat, |model| model.api),
            efforts: said.efforts.or(known.map(|model| model.efforts)).unwrap_or(Efforts::ALL),
            ..self
        }
    }

    /// The target as it takes a request for this model, where it has none of its own.
    pub fn asked_for(&self, requested: &str) -> Cow<'_, Target> {
        match self.said {
            Some(said) if self.model.is_none() => {
                let known = self.clone().with(Some(requested), said);
                Cow::Owned(Target { said: None, ..known })
            }
            _ => Cow::Borrowed(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Effort;
    use crate::dialect::Losses;
    fn listed(names: &[&str]) -> Listed {
        let all = |names: Vec<&str>| {
            names.into_iter().filter_map(Features::from_name).fold(Features::NONE, Features::with)
        };
        let taken = names.iter().filter_map(|name| name.strip_prefix('-')).collect();
        Listed { named: all(names.to_vec()), taken: all(taken) }
    }

    fn over(names: &[&str], known: Features) -> Features {
        listed(names).over(known)
    }

    #[test]
    fn capabilities_change_the_rows() {
        let row =
            Features::TOOLS.with(Features::VISION).with(Features::SAMPLING).with(Features::REASONING_EFFORT);
        let names = |listed: &[&str]| over(listed, row).names().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&["vision", "reasoning"]), "vision reasoning sampling reasoning_effort");
        // Who can't reason is asked in no way.
        assert_eq!(names(&[]), "sampling");
        assert_eq!(names(&["tools", "logprobs", "-sampling"]), "tools logprobs");
        // Where the row sees nothing, who sees fetches too.
        let blind = |listed: &[&str]| over(listed, Features::TOOLS).names().collect::<Vec<_>>().join(" ");
        assert_eq!(blind(&["vision"]), "vision image_urls");
        assert_eq!(blind(&["vision", "-image_urls"]), "vision");
        assert_eq!(
            names(&["tools", "reasoning", "reasoning_budget"]),
            "tools reasoning sampling reasoning_budget"
        );
    }

    fn claude(model: Option<&str>, said: Declared) -> Target {
        let target = Target::example("anthropic").with(model, said);
        Target { model: model.map(str::to_owned), said: model.is_none().then_some(said), ..target }
    }

    #[test]
    fn what_is_known_of_the_model_counts_unless_the_file_says_it() {
        let known = claude(Some("claude-sonnet-4-5"), Declared::default());
        assert!(known.has(Features::REASONING_BUDGET.with(Features::SAMPLING)));
        assert!(!known.has(Features::REASONING_EFFORT) && known.denied.contains(Features::REASONING_EFFORT));
        assert_eq!((known.context_window, known.max_output_tokens), (Some(200_000), Some(64_000)));
        let said = Declared {
            capabilities: Some(listed(&["tools", "reasoning", "reasoning_effort"])),
            max_output_tokens: Some(8192),
            ..Declared::default()
        };
        let told = claude(Some("claude-sonnet-4-5"), said);
        assert!(told.has(Features::REASONING_EFFORT) && !told.has(Features::REASONING_BUDGET));
        assert_eq!((told.context_window, told.max_output_tokens), (Some(200_000), Some(8192)));
    }

    #[test]
    fn a_model_that_the_caller_names_is_known_when_it_is_asked_for() {
        let target = claude(None, Declared { max_output_tokens: Some(8192), ..Declared::default() });
        assert!(target.has(Features::REASONING_EFFORT), "as the provider's row");
        let asked = target.asked_for("claude-3-haiku-20240307");
        assert!(!asked.has(Features::REASONING) && asked.max_output_tokens == Some(8192));
        assert!(matches!(
            claude(Some("claude-3-haiku"), Declared::default()).asked_for("x"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn an_effort_that_a_model_does_not_know_becomes_the_nearest_and_is_listed() {
        let mut losses = Losses::new(crate::dialect::Unsupported::Refuse);
        let target = claude(Some("claude-opus-4-6"), Declared::default());
        assert_eq!(target.effort(Effort::High, &mut losses), Some(Effort::High));
        assert!(losses.dropped().is_empty());
        assert_eq!(target.effort(Effort::XHigh, &mut losses), Some(Effort::High));
        assert_eq!(losses.dropped().len(), 1);
    }
}
