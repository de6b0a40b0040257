//! What a request needs and what a target has, as sets of bits.

use super::{Format, PartKind, Request, Role, Source, ToolChoice, ToolKind};

/// A set of features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features(u32);

macro_rules! features {
    ($($(#[$doc:meta])* $bit:literal $constant:ident $name:literal)*) => {
        impl Features {
            $($(#[$doc])* pub const $constant: Features = Features(1 << $bit);)*
            /// Every feature with the name it has in the file.
            pub const NAMED: &'static [(Features, &'static str)] = &[$((Features::$constant, $name)),*];
        }
    };
}

features! {
    /// Function tools.
    0 TOOLS "tools"
    /// Images in prompts.
    1 VISION "vision"
    /// Answers held to a JSON Schema by the provider.
    2 JSON_SCHEMA "json_schema"
    /// Sound in prompts.
    3 AUDIO "audio"
    /// Documents (PDF and the like) in prompts.
    4 DOCUMENTS "documents"
    /// Thinking before speaking.
    5 REASONING "reasoning"
    /// Takes `temperature`, `top_p`, `top_k` (newer Claude and reasoning models don't).
    6 SAMPLING "sampling"
    /// Takes a reasoning effort by name.
    7 REASONING_EFFORT "reasoning_effort"
    /// Takes a reasoning budget in tokens.
    8 REASONING_BUDGET "reasoning_budget"
    /// Fetches images by URL.
    9 IMAGE_URLS "image_urls"
    /// Several alternative answers (`n` over 1).
    10 CANDIDATES "candidates"
    /// Log probabilities of tokens.
    11 LOGPROBS "logprobs"
    /// Any-JSON answers (`response_format: json_object`).
    12 JSON_MODE "json_mode"
    /// Texts that end the answer where they come up (`stop`).
    13 STOP "stop"
    /// Claude decides itself how much it thinks (`adaptive`), beside an effort.
    14 REASONING_ADAPTIVE "reasoning_adaptive"
    /// Takes `frequency_penalty`, `presence_penalty` and `logit_bias`.
    15 PENALTIES "penalties"
    /// Can be made to call a tool (`tool_choice` of `required` or of one tool).
    16 FORCED_TOOLS "forced_tools"
    /// Takes instructions in a role of their own (`system`, `systemInstruction`). Elsewhere the user says them.
    17 SYSTEM_ROLE "system_role"
}

impl Features {
    /// What a request in plain words needs.
    pub const NONE: Features = Features(0);

    /// What one of them has, or both.
    #[must_use]
    pub const fn with(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// What is left without the other's.
    #[must_use]
    pub const fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// What both have.
    #[must_use]
    pub const fn only(self, other: Features) -> Features {
        Features(self.0 & other.0)
    }

    /// Whether it has all of the other's.
    pub const fn contains(self, other: Features) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether nothing is needed.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Takes in the other's.
    pub fn add(&mut self, other: Features) {
        self.0 |= other.0;
    }

    /// The feature that the file calls so.
    pub fn from_name(name: &str) -> Option<Features> {
        Features::NAMED.iter().find(|(_, known)| *known == name).map(|(feature, _)| *feature)
    }

    /// The names that the file has for them, in the order of the bits.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Features::NAMED.iter().filter(move |(feature, _)| self.contains(*feature)).map(|(_, name)| *name)
    }
}

impl Request<'_> {
    /// What a target must have for this request to mean the same there.
    pub fn needs(&self) -> Features {
        let mut needs = Features::NONE;
        if self
            .tools
            .iter()
            .any(|tool| matches!(tool.kind, ToolKind::Function { .. } | ToolKind::FreeForm { .. }))
        {
            needs.add(Features::TOOLS);
        }
        match self.format {
            Format::Text => {}
            Format::Json => needs.add(Features::JSON_MODE),
            Format::Schema { .. } => needs.add(Features::JSON_SCHEMA),
        }
        if self.candidates.is_some_and(|n| n > 1) {
            needs.add(Features::CANDIDATES);
        }
        if self.logprobs.on {
            needs.add(Features::LOGPROBS);
        }
        if !self.stop.is_empty() {
            needs.add(Features::STOP);
        }
        if matches!(&self.tool_choice, Some(ToolChoice::Required | ToolChoice::Named(_)))
            || matches!(&self.tool_choice, Some(ToolChoice::Among { required: true, .. }))
        {
            needs.add(Features::FORCED_TOOLS);
        }
        for part in self.messages.iter().flat_map(|message| &message.parts) {
            part_needs(&part.kind, &mut needs);
        }
        needs
    }
}

impl Request<'_> {
    /// Whether every dialect can carry it: a conversation in words and function calls, begun by the user. What is in
    /// `extra` isn't looked at.
    pub fn is_plain(&self) -> bool {
        let first =
            self.messages.iter().find(|message| !matches!(message.role, Role::System | Role::Developer));
        first.is_some_and(|message| message.role == Role::User)
            && self.tools.iter().all(|tool| matches!(tool.kind, ToolKind::Function { .. }))
            && matches!(self.tool_choice, None | Some(ToolChoice::Auto))
            && self.parallel_tool_calls.is_none()
            && self.format == Format::Text
            && self.stop.len() <= MOST_STOPS
            && self.candidates.is_none_or(|n| n <= 1)
            && !self.logprobs.on
            && self.messages.iter().flat_map(|message| &message.parts).all(|part| is_plain(&part.kind))
    }
}

/// The fewest stop sequences that any dialect takes (Bedrock).
const MOST_STOPS: usize = 4;

fn is_plain(kind: &PartKind<'_>) -> bool {
    match kind {
        PartKind::Text(_) | PartKind::Thought(_) | PartKind::ToolCall(_) => true,
        PartKind::ToolResult(result) => {
            result.parts.iter().all(|part| matches!(part.kind, PartKind::Text(_)))
        }
        PartKind::Image { .. }
        | PartKind::Audio { .. }
        | PartKind::Document { .. }
        | PartKind::Refusal(_)
        | PartKind::Code(_)
        | PartKind::CodeOutcome(_)
        | PartKind::Foreign { .. } => false,
    }
}

fn part_needs(kind: &PartKind<'_>, needs: &mut Features) {
    match kind {
        PartKind::Image { source, .. } => {
            needs.add(Features::VISION);
            if matches!(source, Source::Url(_)) {
                needs.add(Features::IMAGE_URLS);
            }
        }
        PartKind::Audio { .. } => needs.add(Features::AUDIO),
        PartKind::Document { .. } => needs.add(Features::DOCUMENTS),
        PartKind::ToolCall(_) => needs.add(Features::TOOLS),
        PartKind::ToolResult(result) => {
            needs.add(Features::TOOLS);
            for part in &result.parts {
                part_needs(&part.kind, needs);
            }
        }
        PartKind::Text(_)
        | PartKind::Refusal(_)
        | PartKind::Thought(_)
        | PartKind::Code(_)
        | PartKind::CodeOutcome(_)
        | PartKind::Foreign { .. } => {}
    }
}
