//! What a target's model is told besides ([`Instructions`]), in a request that goes through the model.
//!
//! Many models' templates take one message of instructions, at the beginning, so a text joins the caller's own where there is one.

use crate::chat::{Message, Part, PartKind, Request, Role};
use crate::dialect::providers::Dialect;
use crate::dialect::seam::{Instructions, Target};
use crate::json::Text;

/// Puts them around the caller's instructions. How many messages there are now before the caller's first.
pub(super) fn instruct(request: &mut Request<'_>, target: &Target) -> usize {
    let Instructions { prepend, append } = &target.instructions;
    if prepend.is_none() && append.is_none() {
        return 0;
    }
    let leading = request.messages.iter().take_while(|message| is_instruction(message)).count();
    // Where instructions stand apart, those that come later in the conversation are with them.
    let stand_apart = matches!(target.dialect(), Dialect::Anthropic | Dialect::Gemini | Dialect::Bedrock);
    let last = match request.messages.iter().rposition(is_instruction) {
        Some(last) if stand_apart => Some(last),
        _ => leading.checked_sub(1),
    };
    let Some(last) = last else {
        let parts = vec![PartKind::Text(Text::from(target.instructions.around(""))).into()];
        request.messages.insert(0, Message { role: Role::System, parts, name: None, extra: Vec::new() });
        return 1;
    };
    if let (Some(text), Some(message)) = (append, request.messages.get_mut(last)) {
        tell(message, &Instructions { prepend: None, append: Some(text.clone()) });
    }
    let Some(text) = prepend else { return 0 };
    let told = Instructions { prepend: Some(text.clone()), append: None };
    if let Some(message) = request.messages.first_mut().filter(|_| leading > 0) {
        tell(message, &told);
        return 0;
    }
    let parts = vec![PartKind::Text(Text::from(text.clone())).into()];
    request.messages.insert(0, Message { role: Role::System, parts, name: None, extra: Vec::new() });
    1
}

pub(super) fn is_instruction(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// Has the user say the instructions, for a model that has no role for them. Each message keeps its place.
pub(super) fn by_the_user(request: &mut Request<'_>) {
    for message in request.messages.iter_mut().filter(|message| is_instruction(message)) {
        message.role = Role::User;
    }
}

/// Joins a text to the message's first or last words; its parts keep their places.
fn tell(message: &mut Message<'_>, told: &Instructions) {
    let place = if told.prepend.is_some() { message.parts.first_mut() } else { message.parts.last_mut() };
    match place {
        Some(Part { kind: PartKind::Text(text), .. }) => *text = Text::from(told.around(&text.decode())),
        _ => {
            let part = PartKind::Text(Text::from(told.around(""))).into();
            let at = if told.prepend.is_some() { 0 } else { message.parts.len() };
            message.parts.insert(at, part);
        }
    }
}
