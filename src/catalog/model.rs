//! What a row says, and how a name finds its row.

use super::Efforts;
use crate::chat::Features;

/// A family of models that take the same things.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its names, in lower case. A `*` at the end stands for whatever follows, but for a digit
    /// after a digit.
    pub names: &'static [&'static str],
    /// What it has, whether the provider's row has it or not.
    pub has: Features,
    /// What it lacks, though the provider's row has it.
    pub lacks: Features,
    /// The reasoning efforts that it knows, where it has [`Features::REASONING_EFFORT`].
    pub efforts: Efforts,
    /// How it is told not to think.
    pub off: Off,
    /// When it takes sampling, where it has [`Features::SAMPLING`] at all.
    pub sampling: SamplingWhen,
    /// Which of OpenAI's APIs takes its requests.
    pub api: ModelApi,
    /// Tokens of prompt and answer together; 0: not known.
    pub context_window: u64,
    /// The most tokens of an answer; 0: not known.
    pub max_output_tokens: u64,
    /// Where this is written.
    pub source: &'static str,
    /// The day on which it was read there.
    pub read: &'static str,
}

/// Which of OpenAI's APIs takes a model's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelApi {
    /// Chat Completions takes all that the model can do.
    Chat,
    /// Chat Completions refuses tools together with a reasoning effort: `Function tools with reasoning_effort are not supported
    /// for gpt-5.4 in /v1/chat/completions. Please use /v1/responses instead.`
    ResponsesToThinkWithTools,
    /// Chat Completions refuses tools, unless the effort is `none`: `… To use function tools, use /v1/responses or set
    /// reasoning_effort to 'none'.`
    ResponsesForTools,
    /// Chat Completions doesn't know the model.
    Responses,
}

/// How a model is told not to think.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Off {
    /// In its dialect's words, as an effort of `none` where it has efforts.
    #[default]
    Told,
    /// By nothing: it doesn't think unless it is asked to, and may refuse the words.
    Unsaid,
    /// It always thinks.
    Never,
}

/// When a model takes `temperature`, `top_p` and `top_k`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SamplingWhen {
    /// With thoughts and without; nobody knows better.
    #[default]
    Always,
    /// When the request asks for no thoughts.
    NotThinking,
    /// When the request says that there shall be no thoughts.
    ToldNotToThink,
    /// At no time.
    Never,
}

impl Model {
    /// What is written at `source` on the day `read` of models of these names; the rest is said by what follows.
    pub const fn new(names: &'static [&'static str], source: &'static str, read: &'static str) -> Model {
        Model {
            names,
            has: Features::NONE,
            lacks: Features::NONE,
            efforts: Efforts::ALL,
            off: Off::Told,
            sampling: SamplingWhen::Always,
            api: ModelApi::Chat,
            context_window: 0,
            max_output_tokens: 0,
            source,
            read,
        }
    }

    /// It takes that.
    #[must_use]
    pub const fn has(self, features: Features) -> Model {
        Model { has: self.has.with(features), lacks: self.lacks.without(features), ..self }
    }

    /// It doesn't take that.
    #[must_use]
    pub const fn lacks(self, features: Features) -> Model {
        Model { lacks: self.lacks.with(features), has: self.has.without(features), ..self }
    }

    /// It is told how much to think by one of these efforts.
    #[must_use]
    pub const fn efforts(self, efforts: Efforts) -> Model {
        Model { efforts, ..self }.has(Features::REASONING.with(Features::REASONING_EFFORT))
    }

    /// It is told so not to think.
    #[must_use]
    pub const fn off(self, off: Off) -> Model {
        Model { off, ..self }
    }

    /// It takes sampling then.
    #[must_use]
    pub const fn sampling(self, sampling: SamplingWhen) -> Model {
        let model = Model { sampling, ..self };
        match sampling {
            SamplingWhen::Never => model.lacks(Features::SAMPLING),
            _ => model.has(Features::SAMPLING),
        }
    }

    /// So many tokens in all, and so many of an answer.
    #[must_use]
    pub const fn tokens(self, context_window: u64, max_output_tokens: u64) -> Model {
        Model { context_window, max_output_tokens, ..self }
    }

    /// It is asked by this API.
    #[must_use]
    pub const fn api(self, api: ModelApi) -> Model {
        Model { api, ..self }
    }

    fn is(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some("") => true,
            Some(start) => {
                let rest = name.strip_prefix(start);
                let is_digit = |next: char| next.is_ascii_digit();
                rest.is_some_and(|rest| !(start.ends_with(is_digit) && rest.starts_with(is_digit)))
            }
            None => name == *pattern,
        })
    }
}

/// The models of a maker, or those that a provider serves.
#[derive(Debug)]
pub struct Models {
    /// The first that has the name counts, so `claude-opus-4-5*` stands before `claude-opus-4*`.
    pub tables: &'static [&'static [Model]],
    /// Whose rules a model gets whose name is not here: the newest family's, as names are new when they are unknown. `None`:
    /// what the provider's row says, and no more.
    pub newest: Option<&'static Model>,
}

/// What is known of a model.
#[derive(Clone, Copy, Debug)]
pub struct KnownModel {
    /// Its row.
    pub model: &'static Model,
    /// Nobody knows its name: the row is the newest family's.
    pub is_guess: bool,
}

impl Models {
    fn rows(&self) -> impl Iterator<Item = &'static Model> {
        self.tables.iter().copied().flatten()
    }

    /// Finds a model by the name that the provider has for it.
    pub fn find(&self, name: &str) -> Option<KnownModel> {
        let name = name.to_ascii_lowercase();
        let name = plain(&name);
        let known =
            self.rows().find(|model| model.is(name)).map(|model| KnownModel { model, is_guess: false });
        known.or_else(|| self.newest.map(|model| KnownModel { model, is_guess: true }))
    }
}

/// Where a model runs stands before its name in some houses: `us.anthropic.claude-…`, `publishers/google/models/gemini-…`,
/// an ARN.
fn plain(name: &str) -> &str {
    const REGIONS: [&str; 8] = ["us.", "eu.", "apac.", "global.", "jp.", "au.", "ca.", "us-gov."];
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = REGIONS.iter().find_map(|region| name.strip_prefix(region)).unwrap_or(name);
    // A tuned model's name begins with its base's.
    let name = name.strip_prefix("ft:").unwrap_or(name);
    name.strip_prefix("anthropic.").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    const EVERY: [(&str, &Models); 14] = [
        ("anthropic", &catalog::ANTHROPIC),
        ("bedrock", &catalog::BEDROCK),
        ("cerebras", &catalog::CEREBRAS),
        ("cohere", &catalog::COHERE),
        ("dashscope", &catalog::DASHSCOPE),
        ("deepseek", &catalog::DEEPSEEK),
        ("gemini", &catalog::GEMINI),
        ("groq", &catalog::GROQ),
        ("mistral", &catalog::MISTRAL),
        ("moonshot", &catalog::MOONSHOT),
        ("openai", &catalog::OPENAI),
        ("perplexity", &catalog::PERPLEXITY),
        ("xai", &catalog::XAI),
        ("zhipu", &catalog::ZHIPU),
    ];

    fn first_name(models: &Models, name: &str) -> String {
        let known = models.find(name).unwrap();
        format!("{}{}", known.model.names[0], if known.is_guess { "?" } else { "" })
    }

    #[test]
    fn names_find_their_rows() {
        for (name, row) in [
            ("claude-sonnet-4-5", "claude-sonnet-4-5*"),
            ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5*"),
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5*"),
            ("claude-sonnet-4-20250514", "claude-sonnet-4"),
            ("claude-opus-4-10", "claude-opus-5-5*?"),
            ("Claude-3-Haiku-20240307", "claude-3-haiku*"),
            ("claude-sonnet-4@20250514", "claude-sonnet-4"),
            ("claude-opus-5", "claude-opus-5*"),
        ] {
            assert_eq!(first_name(&catalog::ANTHROPIC, name), row, "{name}");
        }
        for (name, row) in [
            ("gpt-5.4-mini", "gpt-5.4-mini*"),
            ("gpt-5.4-2026-03-05", "gpt-5.4*"),
            ("gpt-5", "gpt-5"),
            ("gpt-5-2025-08-07", "gpt-5"),
            ("gpt-5-codex", "gpt-5.1-codex*"),
            ("o3", "o3*"),
            ("o3-mini-2025-01-31", "o3-mini*"),
            ("ft:gpt-4o-mini-2024-07-18:acme::1", "gpt-4o*"),
            ("gpt-6.2-astra", "gpt-6*"),
            ("gpt-7", "gpt-6-sol*?"),
        ] {
            assert_eq!(first_name(&catalog::OPENAI, name), row, "{name}");
        }
        assert!(catalog::BEDROCK.find("meta.llama9").is_none(), "nothing is known of it, nothing is guessed");
        assert!(catalog::AZURE.find("chat-production").is_none(), "a deployment's name says nothing");
    }

    #[test]
    fn each_row_can_be_found_and_says_where_it_is_from() {
        for (maker, models) in EVERY {
            for model in models.rows() {
                let found = |name: &&&str| {
                    let sample = name.trim_end_matches('*');
                    models
                        .find(sample)
                        .is_some_and(|known| std::ptr::eq(known.model, model) && !known.is_guess)
                };
                let lost = model.names.iter().find(|name| !found(name));
                assert_eq!(lost, None, "{maker}: a row above has it");
                assert!(model.source.starts_with("https://"), "{maker}: {:?}", model.names);
                assert!(model.read.len() == 10 && model.read.starts_with("20"), "{maker}: {:?}", model.names);
                assert!(model.has.only(model.lacks).is_empty(), "{maker}: {:?}", model.names);
                assert!(
                    model.context_window == 0 || model.max_output_tokens <= model.context_window,
                    "{maker}: {:?}",
                    model.names
                );
            }
        }
    }
}
