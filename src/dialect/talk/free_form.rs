//! Free-form tools: their input is a text and no JSON (OpenAI's custom tools, such as Codex's `apply_patch`).
//!
//! Most dialects have none, so such a tool goes out as a function with one argument, which holds the text, as Codex itself offers it
//! to models without them (<https://github.com/openai/codex/pull/2576>). In the answer its call is one of the free-form tool again:
//! Codex takes no JSON for it (<https://github.com/Anionex/agent-vision-toolkit/pull/6>).

mod input;

use crate::chat::{Arguments, Event, Grammar, PartKind, Reply, Request, ToolKind};
use crate::dialect::seam::{FreeForm, Memo};
use crate::json::{Raw, Text};
use input::FreeFormInput;
use std::collections::BTreeMap;

const SCHEMA: &str = r#"{"type":"object","properties":{"input":{"type":"string","description":"The tool's whole input, as plain text."}},"required":["input"],"additionalProperties":false}"#;

/// The request's free-form tools, by name, for [`Memo::free_form`].
pub fn free_form_of(request: &Request<'_>) -> FreeForm {
    let tools = request.tools.iter().filter(|tool| matches!(tool.kind, ToolKind::FreeForm { .. }));
    FreeForm { names: tools.map(|tool| tool.name.decode().into_owned()).collect(), as_functions: false }
}

/// Whether the request has such tools, or calls of such.
pub fn has_free_form(request: &Request<'_>) -> bool {
    let is_call = |kind: &PartKind<'_>| matches!(kind, PartKind::ToolCall(call) if matches!(call.arguments, Arguments::FreeForm(_)));
    request.tools.iter().any(|tool| matches!(tool.kind, ToolKind::FreeForm { .. }))
        || request.messages.iter().flat_map(|message| &message.parts).any(|part| is_call(&part.kind))
}

/// Makes functions of the request's free-form tools and of their calls.
pub fn as_functions(request: &mut Request<'_>) {
    for tool in &mut request.tools {
        let ToolKind::FreeForm { grammar } = &tool.kind else { continue };
        let description = described(tool.description.as_ref(), grammar.as_ref());
        tool.description = Some(Text::from(description));
        tool.kind = ToolKind::Function { schema: Some(Raw::trusted(SCHEMA)), strict: None };
    }
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let PartKind::ToolCall(call) = &mut part.kind
            && let Arguments::FreeForm(_) = &call.arguments
        {
            call.arguments = Arguments::Encoded(Text::from(call.arguments.text().into_string()));
        }
    }
}

/// The model must know what it writes, and where.
fn described(description: Option<&Text<'_>>, grammar: Option<&Grammar<'_>>) -> String {
    let mut told = description.map(|said| said.decode().into_owned()).unwrap_or_default();
    if !told.is_empty() {
        told.push_str("\n\n");
    }
    told.push_str(
        "Call it with its whole input as one text in the argument `input`: plain text, no JSON inside.",
    );
    if let Some(Grammar { syntax, definition }) = grammar {
        told.push_str(&format!(
            " The text must match this grammar ({}):\n\n{}",
            syntax.decode(),
            definition.decode()
        ));
    }
    told
}

/// Gives calls of tools that went out as functions their form back.
pub fn restore(reply: &mut Reply<'_>, memo: &Memo) {
    if !memo.free_form.as_functions {
        return;
    }
    for part in reply.choices.iter_mut().flat_map(|choice| &mut choice.parts) {
        if let PartKind::ToolCall(call) = &mut part.kind
            && memo.free_form.has(&call.name)
        {
            let mut input = FreeFormInput::default();
            let mut text = input.feed(&call.arguments.text().decode());
            text.push_str(&input.finish());
            call.arguments = Arguments::FreeForm(Text::from(text));
        }
    }
}

/// The same in a stream: between its reader and its writer.
pub struct FreeFormCalls {
    free_form: FreeForm,
    /// Those that are being made, by choice and number.
    open: BTreeMap<(u32, u32), FreeFormInput>,
}

impl FreeFormCalls {
    /// `None` where no tool went out as a function.
    pub fn of(memo: &Memo) -> Option<FreeFormCalls> {
        let free_form = memo.free_form.clone();
        free_form.as_functions.then(|| FreeFormCalls { free_form, open: BTreeMap::new() })
    }

    /// Passes an event on, as the caller is to have it.
    pub fn pass(&mut self, event: Event<'_>, sink: &mut dyn FnMut(Event<'_>)) {
        match &event {
            Event::ToolStart { choice, index, name, .. } if self.free_form.has(name) => {
                self.open.insert((*choice, *index), FreeFormInput::default());
            }
            Event::ToolArguments { choice, index, fragment } => {
                if let Some(input) = self.open.get_mut(&(*choice, *index)) {
                    let fragment = Text::from(input.feed(&fragment.decode()));
                    if !fragment.is_empty() {
                        sink(Event::ToolArguments { choice: *choice, index: *index, fragment });
                    }
                    return;
                }
            }
            Event::Finish { choice, .. } => self.close(Some(*choice), sink),
            _ => {}
        }
        sink(event);
    }

    /// What the calls still have to say, of one choice or of all.
    pub fn close(&mut self, of: Option<u32>, sink: &mut dyn FnMut(Event<'_>)) {
        let closed = match of {
            None => std::mem::take(&mut self.open),
            Some(of) => {
                let mut its = self.open.split_off(&(of, 0));
                let mut later = of.checked_add(1).map(|next| its.split_off(&(next, 0))).unwrap_or_default();
                self.open.append(&mut later);
                its
            }
        };
        for ((choice, index), input) in closed {
            let rest = input.finish();
            if !rest.is_empty() {
                sink(Event::ToolArguments { choice, index, fragment: Text::from(rest) });
            }
        }
    }
}

#[cfg(test)]
mod tests;
