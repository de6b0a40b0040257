//! What a writer can't carry, by what it is. What that is called is its caller's affair: `Caller::name_of`, `Caller::places`.

use super::{Place, Spot};
use crate::chat::Thinking;
use std::borrow::Cow;

/// A member of a request that callers' dialects name differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// The limit on an answer's tokens.
    MaxTokens,
    /// Stop sequences.
    Stop,
    /// Who the end user is.
    User,
    /// How hard to think, where the caller says no more than that.
    Effort,
    /// How to think.
    Thinking,
    /// Whether thoughts are shown.
    Shown,
    /// At most one tool call at a time.
    Parallel,
    /// Tools whose arguments are held to their schema.
    Strict,
    /// The schema of a tool's arguments, within the tool.
    Arguments,
    /// The form of the answer.
    Format,
    /// How closely a picture is looked at.
    Detail,
}

impl Member {
    /// As Chat Completions calls it.
    pub const fn in_chat(self) -> &'static str {
        match self {
            Member::MaxTokens => "max_tokens",
            Member::Stop => "stop",
            Member::User => "user",
            Member::Effort | Member::Thinking => "reasoning_effort",
            Member::Shown => "reasoning.exclude",
            Member::Parallel => "parallel_tool_calls",
            Member::Strict => "tools[].function.strict",
            Member::Arguments => "function.parameters",
            Member::Format => "response_format",
            Member::Detail => "image_url.detail",
        }
    }

    /// Where a request says what it says about thinking.
    pub fn of_thinking(thinking: &Thinking) -> Member {
        if thinking.budget.is_none() && !thinking.adaptive { Member::Effort } else { Member::Thinking }
    }
}

/// What is lost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loss {
    /// A member of the request.
    Member(Member),
    /// A member of one of the tools.
    OfTool(usize, Member),
    /// Something in a message of the model, and a member of it, or nothing.
    At(Place, &'static str),
    /// A member of every message that has it: SDKs put theirs into each.
    Each(Cow<'static, str>),
    /// Callers of all dialects call it so, or it is of the caller's own dialect.
    Path(Cow<'static, str>),
}

impl Loss {
    /// Names of participants.
    pub const NAMES: Loss = Loss::Each(Cow::Borrowed("name"));
    /// Thoughts that another model had.
    pub const THOUGHTS: Loss = Loss::Each(Cow::Borrowed("thinking"));

    /// A member by the name that it has in Chat Completions.
    pub fn of_chat(name: &str) -> Loss {
        const NAMED: [Member; 6] =
            [Member::MaxTokens, Member::Stop, Member::User, Member::Effort, Member::Parallel, Member::Format];
        match NAMED.into_iter().find(|member| member.in_chat() == name) {
            Some(member) => Loss::Member(member),
            None => Loss::Path(name.to_owned().into()),
        }
    }

    /// A message of the model.
    pub const fn message(message: usize) -> Loss {
        Loss::At(Place { message, spot: Spot::Message }, "")
    }

    /// A part of a message of the model.
    pub const fn part(message: usize, part: usize) -> Loss {
        Loss::At(Place { message, spot: Spot::Part(part) }, "")
    }

    /// What it is called by somebody.
    pub fn into_name(self, by: &mut dyn Naming) -> Cow<'static, str> {
        match self {
            Loss::Member(member) => by.member(member).into(),
            Loss::OfTool(index, member) => format!("tools[{index}].{}", by.member(member)).into(),
            Loss::At(place, "") => by.place(place).into(),
            Loss::At(place, member) => (by.place(place) + member).into(),
            Loss::Each(member) => [by.list(), "[].", &member].concat().into(),
            Loss::Path(path) => path,
        }
    }
}

impl From<Member> for Loss {
    fn from(member: Member) -> Loss {
        Loss::Member(member)
    }
}

impl From<&'static str> for Loss {
    fn from(path: &'static str) -> Loss {
        Loss::Path(path.into())
    }
}

impl From<String> for Loss {
    fn from(path: String) -> Loss {
        Loss::Path(path.into())
    }
}

/// What somebody calls what is lost.
pub trait Naming {
    /// A member.
    fn member(&self, member: Member) -> &'static str;
    /// A place in the model.
    fn place(&mut self, place: Place) -> String;
    /// The list that the model calls `messages`.
    fn list(&self) -> &'static str;
}

/// As the model and Chat Completions call it.
#[cfg(test)]
pub struct InChat;

#[cfg(test)]
impl Naming for InChat {
    fn member(&self, member: Member) -> &'static str {
        member.in_chat()
    }

    fn place(&mut self, place: Place) -> String {
        place.to_string()
    }

    fn list(&self) -> &'static str {
        "messages"
    }
}
