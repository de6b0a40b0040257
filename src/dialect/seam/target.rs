//! A target as a dialect sees it: its own small view of the configuration.

use super::Declared;
use crate::catalog::{Efforts, ModelApi, Off, SamplingWhen};
use crate::chat::{Effort, Features};
use crate::dialect::loss::{Losses, Member};
use crate::dialect::providers::{Dialect, Row};

/// Where a provider listens: the base URL as its official SDK takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `https`: Envoy speaks TLS to it.
    pub tls: bool,
    /// A name or an address, without the port.
    pub host: String,
    /// The URL's, or the scheme's own.
    pub port: u16,
    /// What comes before the dialect's own path, without a slash at its end: `/v1`, or nothing.
    pub base_path: String,
}

impl Endpoint {
    /// The value of `:authority`: the port only where it is not the scheme's own.
    pub fn authority(&self) -> String {
        let port = match (self.tls, self.port) {
            (true, 443) | (false, 80) => String::new(),
            (_, port) => port.to_string(),
        };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        let colon = if port.is_empty() { "" } else { ":" };
        [open, &self.host, close, colon, &port].concat()
    }
}

/// Which of OpenAI's two APIs a target is asked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// As its model and the request want it ([`crate::dialect::exchange`] decides), and in the caller's own dialect where it can be.
    #[default]
    Auto,
    /// Always `/responses`.
    Responses,
    /// Always `/chat/completions`.
    Chat,
}

/// One target.
#[derive(Clone, Debug)]
pub struct Target {
    /// What the file calls it, and callers and operators see.
    pub id: String,
    /// Its provider.
    pub row: &'static Row,
    /// The provider's name for the model; the caller's name where it is not set.
    pub model: Option<String>,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// What it can do: the file's word, or the provider's row.
    pub capabilities: Features,
    /// What the file takes away from the provider's row: not sent even where a request is in the target's own dialect, whose
    /// callers are believed otherwise.
    pub denied: Features,
    /// Tokens of prompt and answer together.
    pub context_window: Option<u64>,
    /// Most tokens of an answer; some dialects must say one.
    pub max_output_tokens: Option<u64>,
    /// Which API it is asked by, where its provider has both of OpenAI's.
    pub api: Api,
    /// Azure's `api-version`: with it the path names the deployment, without it `/openai/v1` is used.
    pub api_version: Option<String>,
    /// Vertex: the Google Cloud project.
    pub project: Option<String>,
    /// Vertex: the location (`us-central1`, `global`). Bedrock: the region.
    pub location: Option<String>,
    /// What its model is told besides what callers say.
    pub instructions: Instructions,
    /// The reasoning efforts that its model knows.
    pub efforts: Efforts,
    /// How its model is told not to think.
    pub off: Off,
    /// When its model takes sampling, if it does.
    pub sampling: SamplingWhen,
    /// Which of OpenAI's APIs takes its model's requests.
    pub model_api: ModelApi,
    /// What the file says of its model, where each caller names that: see [`Target::asked_for`].
    pub said: Option<Declared>,
}

/// Constant texts around the instructions of every caller: what one model needs to be told and another doesn't. They are the
/// same in each request, so a provider's cache of prompts holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instructions {
    /// Before all that callers say.
    pub prepend: Option<String>,
    /// After the callers' instructions, before the conversation.
    pub append: Option<String>,
}

impl Instructions {
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.length() == 0
    }

    /// How many bytes they add to a request, but for what JSON escapes.
    pub fn length(&self) -> usize {
        [&self.prepend, &self.append].into_iter().flatten().map(String::len).fold(0, usize::saturating_add)
    }

    /// The caller's instructions with these around them; a blank line is between any two.
    pub fn around(&self, said: &str) -> String {
        let all = [self.prepend.as_deref(), Some(said), self.append.as_deref()];
        all.into_iter().flatten().filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}

/// What Chat Completions has and Responses has no place for.
const NOT_IN_RESPONSES: Features = Features::CANDIDATES.with(Features::AUDIO);

impl Target {
    /// A target of a provider of which nothing more is said.
    pub fn at(id: &str, row: &'static Row, endpoint: Endpoint) -> Target {
        Target {
            id: id.to_owned(),
            row,
            model: None,
            endpoint,
            capabilities: row.carries,
            denied: Features::NONE,
            context_window: None,
            max_output_tokens: None,
            api_version: None,
            project: None,
            location: None,
            instructions: Instructions::default(),
            efforts: Efforts::ALL,
            off: Off::default(),
            sampling: SamplingWhen::default(),
            model_api: ModelApi::Chat,
            api: Api::Auto,
            said: None,
        }
    }

    /// One for tests, of the provider of that name.
    #[cfg(test)]
    pub fn example(provider: &str) -> Target {
        let row = crate::dialect::PROVIDERS.iter().find(|row| row.name == provider);
        let endpoint = Endpoint { tls: true, host: "e.test".into(), port: 443, base_path: String::new() };
        Target::at(provider, row.expect("a provider"), endpoint)
    }

    /// The effort that its model is told where this one is wanted; a change is listed. `None`: it is told of none.
    pub fn effort(&self, wanted: Effort, losses: &mut Losses) -> Option<Effort> {
        let told = self.efforts.nearest(wanted).filter(|_| self.has(Features::REASONING_EFFORT));
        if told != Some(wanted) {
            losses.advisory(Member::Effort);
        }
        told
    }

    /// Whether its model takes sampling together with this effort, or with none said.
    pub fn samples(&self, told: Option<Effort>) -> bool {
        // One that isn't sent is none.
        let told = told.filter(|_| self.has(Features::REASONING_EFFORT));
        self.has(Features::SAMPLING)
            && match self.sampling {
                SamplingWhen::Always => true,
                SamplingWhen::NotThinking => told.is_none_or(|effort| effort == Effort::None),
                SamplingWhen::ToldNotToThink => told == Some(Effort::None),
                SamplingWhen::Never => false,
            }
    }

    /// Whether it is known that its model can be told not to think, by an effort of that name.
    pub fn knows_off(&self) -> bool {
        self.has(Features::REASONING_EFFORT)
            && self.efforts != Efforts::ALL
            && self.efforts.contains(Effort::None)
    }

    /// Whether it is known that its model doesn't think: then it loses nothing by not being told so.
    pub fn never_thinks(&self) -> bool {
        self.denied.contains(Features::REASONING)
    }

    /// Whether its model is known to have no role for instructions: then the user says them.
    pub fn lacks_system_role(&self) -> bool {
        self.denied.contains(Features::SYSTEM_ROLE)
    }

    /// What its provider speaks.
    pub fn dialect(&self) -> Dialect {
        self.row.dialect
    }

    /// The model name that the provider gets.
    pub fn model<'t>(&'t self, requested: &'t str) -> &'t str {
        self.model.as_deref().unwrap_or(requested)
    }

    /// The limit on an answer's tokens that this target gets. More than it can give is cut to that and listed, as the
    /// provider would answer with an error: its operator has told us its limit.
    pub fn capped(&self, asked: u64, losses: &mut Losses) -> u64 {
        match self.max_output_tokens {
            Some(most) if asked > most => {
                losses.advisory(Member::MaxTokens);
                most
            }
            _ => asked,
        }
    }

    /// Whether it can do all of that.
    pub fn has(&self, feature: Features) -> bool {
        self.capabilities.contains(feature)
    }

    /// What planning may count on: what the target can do, what its dialect makes up for, and what its dialect judges by
    /// itself, piece by piece.
    pub fn planned(&self) -> Features {
        // Where an answer can't be given a form, a tool is called whose arguments are the answer.
        let by_tool = Features::JSON_SCHEMA.with(Features::JSON_MODE);
        if self.api == Api::Responses {
            return self.capabilities.without(NOT_IN_RESPONSES);
        }
        let more = match self.row.dialect {
            Dialect::OpenAi => Features::NONE,
            Dialect::Anthropic | Dialect::Bedrock | Dialect::Cohere if self.has(Features::TOOLS) => {
                by_tool.with(Features::IMAGE_URLS)
            }
            Dialect::Anthropic | Dialect::Bedrock | Dialect::Cohere | Dialect::Gemini => Features::IMAGE_URLS,
        };
        self.capabilities.with(more)
    }

    /// What its dialect leaves out and lists where the target lacks it and the group says `unsupported: drop`.
    pub fn droppable(&self) -> Features {
        let counts = Features::CANDIDATES.with(Features::LOGPROBS);
        let stop = Features::STOP.with(Features::FORCED_TOOLS);
        let audio = if self.api == Api::Responses { Features::AUDIO } else { Features::NONE };
        let by_dialect = match self.row.dialect {
            Dialect::OpenAi | Dialect::Gemini => {
                stop.with(counts).with(Features::JSON_SCHEMA).with(Features::JSON_MODE)
            }
            Dialect::Anthropic | Dialect::Bedrock => stop.with(counts).with(Features::AUDIO),
            Dialect::Cohere => stop.with(counts).with(Features::AUDIO).with(Features::DOCUMENTS),
        };
        by_dialect.with(audio)
    }

    /// Of what OpenAI's dialects have members for: what this target does not get.
    pub fn withheld(&self) -> Features {
        let lacks = self.droppable().without(self.capabilities);
        let reasoning = Features::REASONING.with(Features::REASONING_EFFORT).with(Features::REASONING_BUDGET);
        lacks.with(self.denied.only(Features::SAMPLING.with(Features::PENALTIES).with(reasoning)))
    }
}
