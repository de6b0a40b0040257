//! Where instructions go that come in the middle of a conversation, for Mistral, which doesn't take them everywhere.

use crate::chat::{Message, Part, PartKind, Role};

/// Where a message goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stratum {
    /// With the instructions that everything begins with.
    Front,
    /// Behind those: instructions that come where Mistral takes none. For most providers all of them go to the front.
    BehindFront,
    Conversation,
}

impl Stratum {
    pub const IN_ORDER: [Stratum; 3] = [Stratum::Front, Stratum::BehindFront, Stratum::Conversation];
}

/// Mistral takes instructions after each other and after the user, and not at the end.
pub(super) fn places(messages: &[Message<'_>]) -> Vec<Stratum> {
    let is_instruction = |message: &Message<'_>| matches!(message.role, Role::System | Role::Developer);
    let is_result = |part: &Part<'_>| matches!(part.kind, PartKind::ToolResult(_));
    let end = messages.iter().rposition(|message| !is_instruction(message)).unwrap_or(messages.len());
    let (mut is_front, mut after_user) = (true, false);
    let place = |(index, message): (usize, &Message<'_>)| {
        is_front &= is_instruction(message);
        if is_front {
            return Stratum::Front;
        }
        if is_instruction(message) {
            return if after_user && index < end { Stratum::Conversation } else { Stratum::BehindFront };
        }
        let results = message.parts.iter().filter(|part| is_result(part)).count();
        after_user = message.role == Role::User && (results == 0 || results < message.parts.len());
        Stratum::Conversation
    };
    messages.iter().enumerate().map(place).collect()
}
