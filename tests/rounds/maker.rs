//! Who answers: the targets of the laws, and which of the others' thoughts each may see.

use crate::script::{Round, Said};
use switchover::chat::Features;
use switchover::dialect::{Api, Declared, Dialect, Endpoint, PROVIDERS, Quirk, Target, Thoughts, provider};

/// In which form a request went out and its answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Chat,
    Responses,
    Messages,
    Gemini,
    Converse,
    Cohere,
}

/// Whose seals a maker's answers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seals {
    /// Claude's, wherever it is hosted.
    Claude,
    Gemini,
    /// Converse's, of others than Claude.
    Converse,
    /// This target's own, by Responses.
    House,
    /// Its thoughts are text, if it tells them.
    None,
}

/// A target that answers.
#[derive(Debug)]
pub struct Maker {
    pub target: Target,
    claude: bool,
}

/// Who answers in the laws: provider, model, host, API.
const MAKERS: &[(&str, &str, &str, Api)] = &[
    ("openai", "gpt-5.4", "api.openai.com", Api::Auto),
    ("openai", "gpt-4.1", "api.openai.com", Api::Chat),
    ("anthropic", "claude-sonnet-4-5", "api.anthropic.com", Api::Auto),
    ("anthropic", "claude-opus-4-8", "api.anthropic.com", Api::Auto),
    ("gemini", "gemini-3-flash", "generativelanguage.googleapis.com", Api::Auto),
    ("gemini", "gemini-2.5-flash", "generativelanguage.googleapis.com", Api::Auto),
    ("bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock.test", Api::Auto),
    ("bedrock", "amazon.nova-pro-v1:0", "bedrock.test", Api::Auto),
    ("deepseek", "deepseek-chat", "api.deepseek.com", Api::Auto),
    ("cohere", "command-a-03-2025", "api.cohere.com", Api::Auto),
    ("mistral", "mistral-large-2512", "api.mistral.ai", Api::Auto),
    ("groq", "openai/gpt-oss-120b", "api.groq.com", Api::Auto),
    ("openai_compatible", "llama-4", "own.test", Api::Auto),
    ("openrouter", "openai/gpt-5.4", "openrouter.ai", Api::Responses),
    ("openrouter", "anthropic/claude-sonnet-4.5", "openrouter.ai", Api::Auto),
];

/// Where an aggregator has thoughts with their signatures.
pub const DETAILS: &str = "reasoning_details";

pub fn makers() -> Vec<Maker> {
    let of = |(name, model, host, api): &(&str, &str, &str, Api)| Maker::new(name, model, host, *api);
    MAKERS.iter().map(of).collect()
}

/// The makers, and every other provider of the table, by each API that it has.
pub fn everybody() -> Vec<Maker> {
    let rows = PROVIDERS.iter().filter(|row| MAKERS.iter().all(|(name, ..)| *name != row.name));
    let by_responses = PROVIDERS.iter().filter(|row| row.has_responses()).map(|row| (row, Api::Responses));
    let others = rows.map(|row| (row, Api::Auto)).chain(by_responses);
    let others = others.map(|(row, api)| Maker::new(row.name, row.example_model, "e.test", api));
    makers().into_iter().chain(others).collect()
}

impl Maker {
    fn new(name: &str, model: &str, host: &str, api: Api) -> Maker {
        let endpoint = Endpoint { tls: true, host: host.to_owned(), port: 443, base_path: "/v1".to_owned() };
        let row = provider(name).unwrap();
        let known = Target::at(name, row, endpoint).with(Some(model), Declared::default());
        let target = Target {
            model: Some(model.to_owned()),
            // Planning sends nobody what it can't do: here each can.
            capabilities: known.capabilities.with(Features::VISION).with(Features::TOOLS),
            project: Some("acme".to_owned()),
            location: Some("us-east-1".to_owned()),
            max_output_tokens: known.max_output_tokens.or(Some(64_000)),
            api,
            ..known
        };
        Maker { claude: row.dialect == Dialect::Anthropic || model.contains("anthropic."), target }
    }

    /// How a request to it went out.
    pub fn wire(&self, path: &str) -> Wire {
        match self.target.row.dialect {
            Dialect::OpenAi if path.contains("/responses") => Wire::Responses,
            Dialect::OpenAi => Wire::Chat,
            Dialect::Anthropic => Wire::Messages,
            Dialect::Gemini => Wire::Gemini,
            Dialect::Bedrock => Wire::Converse,
            Dialect::Cohere => Wire::Cohere,
        }
    }

    pub fn seals(&self, wire: Wire) -> Seals {
        match wire {
            Wire::Responses => Seals::House,
            Wire::Gemini => Seals::Gemini,
            Wire::Messages | Wire::Converse if self.claude => Seals::Claude,
            Wire::Chat if self.thinks_in() == Some(DETAILS) => Seals::Claude,
            Wire::Converse => Seals::Converse,
            _ => Seals::None,
        }
    }

    /// Whether it passes seals on that are not its own: an aggregator, or somebody who may be one.
    pub fn passes_on(&self, wire: Wire) -> bool {
        let thoughts = self.target.row.quirks.iter().find_map(|quirk| match quirk {
            Quirk::Thoughts(thoughts) => Some(*thoughts),
            _ => None,
        });
        wire == Wire::Chat && matches!(thoughts, None | Some(Thoughts::Details))
    }

    /// The member in which its thoughts come.
    pub fn thinks_in(&self) -> Option<&'static str> {
        self.target.row.quirks.iter().find_map(|quirk| match quirk {
            Quirk::Thoughts(Thoughts::In(name) | Thoughts::Needed(name)) => Some(*name),
            Quirk::Thoughts(Thoughts::Details) => Some(DETAILS),
            _ => None,
        })
    }

    /// The same, where they go back as text.
    pub fn plain_thoughts(&self) -> Option<&'static str> {
        self.thinks_in().filter(|name| *name != DETAILS)
    }

    /// The round's answer as this maker could give it: what of it there is, ids and seals as its own are. `round` counts
    /// from 0 in the conversation.
    pub fn shape(&self, wire: Wire, number: usize, round: &Round, tools: usize) -> Vec<Said> {
        let seals = self.seals(wire);
        let mut calls = 0;
        let mut said: Vec<Said> = Vec::new();
        for piece in &round.said {
            match piece {
                // Each seal is another's.
                Said::Thought { text, seal } if seals != Seals::None || self.plain_thoughts().is_some() => {
                    said.push(Said::Thought {
                        text: text.clone(),
                        seal: format!("{number}{}{seal}", said.len()),
                    });
                }
                // As a stream gives it, Gemini has no such thing.
                Said::Sealed(seal) if seals != Seals::None && wire != Wire::Gemini => {
                    said.push(Said::Sealed(format!("{number}{}{seal}", said.len())));
                }
                Said::Thought { .. } | Said::Sealed(_) => {}
                // Claude refuses its own.
                Said::Text(text) if text.trim().is_empty() && wire == Wire::Messages => {}
                Said::Text(text) => said.push(Said::Text(text.clone())),
                Said::Call { tool, id, arguments } => {
                    calls += 1;
                    let id = own_id(wire, self.target.row.name, id, number, calls);
                    said.push(Said::Call { tool: tool % tools, id, arguments: arguments.clone() });
                }
            }
        }
        // Calls are the last that is said; who has one member for thoughts has them first.
        let keeps_order = matches!(wire, Wire::Messages | Wire::Converse | Wire::Responses);
        said.sort_by_key(|piece| match piece {
            Said::Call { .. } => 2,
            Said::Text(_) if !keeps_order => 1,
            _ => 0,
        });
        let is_thought = |piece: &Said| matches!(piece, Said::Thought { .. } | Said::Sealed(_));
        // Claude thinks first or not at all.
        if let Some(at) = said.iter().position(is_thought).filter(|_| seals == Seals::Claude) {
            said[..=at].rotate_right(1);
        }
        // A thought leads to something.
        while said.last().is_some_and(is_thought) {
            said.pop();
        }
        said
    }
}

/// An id as the house makes them.
fn own_id(wire: Wire, house: &str, id: &str, round: usize, call: usize) -> String {
    let plain: String = id.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    match wire {
        Wire::Messages => format!("toolu_{round}{call}{plain}"),
        Wire::Converse => format!("tooluse_{round}{call}-_{plain}"),
        Wire::Responses => format!("call_{round}{call}{plain}"),
        // Nine letters and digits.
        Wire::Chat if house == "mistral" => format!("{round}{call}{:0<7.7}", plain),
        Wire::Chat if house == "openai" => format!("call_{round}{call}{plain}"),
        // Many servers count anew in each answer, or begin with any id.
        Wire::Chat | Wire::Cohere if id.len().is_multiple_of(2) => format!("call_{call}"),
        Wire::Chat if id.len() < 9 && call == 1 => id.to_owned(),
        _ => format!("{round}{call}{id}"),
    }
}
