//! Which of the tools may be called.

use crate::chat::{Features, Request, Tool, ToolChoice};
use crate::dialect::Target;
use crate::dialect::loss::{Losses, Refusal};
use crate::dialect::piece::names::among;
use crate::json::Text;

/// What a choice comes to for a dialect that offers only the tools that may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen<'r> {
    Auto,
    None,
    /// Some tool must be called.
    Any,
    /// This one, by the caller's name for it.
    Tool(Text<'r>),
}

impl<'r> Chosen<'r> {
    /// The choice among `offered`. One of a tool that was left out goes with it.
    ///
    /// # Errors
    /// A tool must be called that the request doesn't have, or by a model that can't be made to call one.
    pub fn of<'t>(
        request: &'r Request<'r>,
        mut offered: impl Iterator<Item = &'t Tool<'t>> + Clone,
        target: &Target,
        losses: &mut Losses,
    ) -> Result<Option<Chosen<'r>>, Refusal> {
        if request.tool_choice.as_ref().is_some_and(|choice| is_of_lost(choice, request, offered.clone())) {
            losses.advisory("tool_choice");
            return Ok(None);
        }
        let chosen = match request.tool_choice.as_ref() {
            None => None,
            Some(ToolChoice::Auto | ToolChoice::Among { required: false, .. }) => Some(Chosen::Auto),
            Some(ToolChoice::None) => Some(Chosen::None),
            Some(ToolChoice::Required | ToolChoice::Among { required: true, .. }) => {
                offered.next().ok_or_else(nothing_to_call)?;
                Some(Chosen::Any)
            }
            Some(ToolChoice::Named(name)) => {
                offered.find(|tool| tool.name == *name).ok_or_else(|| not_in_tools(name, ""))?;
                Some(Chosen::Tool(name.clone()))
            }
        };
        if chosen.as_ref().is_some_and(Chosen::forces_tool) && !target.has(Features::FORCED_TOOLS) {
            losses.meaning("tool_choice", NO_FORCE)?;
            return Ok(Some(Chosen::Auto));
        }
        Ok(chosen)
    }

    /// Whether the answer must begin with a tool call.
    pub fn forces_tool(&self) -> bool {
        matches!(self, Chosen::Any | Chosen::Tool(_))
    }
}

/// The end of the sentence about a choice that a target doesn't take.
pub const NO_FORCE: &str = "asks that a tool be called, and this target lets the model decide";

/// Whether nothing is left of what the choice is among, though the request has it: tools that a target can't have are left out.
pub fn is_of_lost<'t>(
    choice: &ToolChoice<'_>,
    request: &Request<'_>,
    mut offered: impl Iterator<Item = &'t Tool<'t>>,
) -> bool {
    let some = among(Some(choice));
    let is_meant = |tool: &Tool<'_>| match choice {
        ToolChoice::Auto | ToolChoice::None | ToolChoice::Among { required: false, .. } => false,
        ToolChoice::Required => true,
        ToolChoice::Named(name) => tool.name == *name,
        ToolChoice::Among { .. } => some.as_ref().is_some_and(|some| some.contains(&tool.name.decode())),
    };
    request.tools.iter().any(is_meant) && !offered.any(is_meant)
}

/// `cure` may say what to do about it: a sentence after a blank.
pub fn not_in_tools(name: &Text<'_>, cure: &str) -> Refusal {
    let name = name.decode();
    let message = format!("tool_choice names the tool \"{name}\", which is not in tools.{cure}");
    Refusal::invalid("tool_choice", message)
}

fn nothing_to_call() -> Refusal {
    Refusal::invalid(
        "tool_choice",
        "tool_choice wants a tool to be called, but the request has no such tool. Add it to tools.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::ToolKind;
    use crate::dialect::Unsupported;

    #[test]
    fn what_must_be_called_must_be_there() {
        let kind = ToolKind::Function { schema: None, strict: None };
        let tool = Tool { name: Text::from("f"), description: None, kind, cache: None };
        let by = |choice: ToolChoice<'static>, tools: &[Tool<'_>], offered: &[Tool<'_>], target: &Target| {
            let tool_choice = Some(choice);
            let request = Request { tool_choice, tools: tools.to_vec(), ..Request::default() };
            let mut losses = Losses::new(Unsupported::Refuse);
            match Chosen::of(&request, offered.iter(), target, &mut losses) {
                Ok(chosen) => format!("{chosen:?}"),
                Err(refusal) => refusal.message,
            }
        };
        let target = Target::example("cohere");
        let of = |choice, tools: &[Tool<'_>], offered: &[Tool<'_>]| by(choice, tools, offered, &target);
        let chosen = |choice, tools: &[Tool<'_>]| of(choice, tools, tools);
        let named = |name: &'static str| ToolChoice::Named(Text::from(name));
        let tools = std::slice::from_ref(&tool);
        // What was left out can't be called.
        assert_eq!(of(named("f"), tools, &[]), "None");
        assert_eq!(of(ToolChoice::Required, tools, &[]), "None");
        assert_eq!(of(ToolChoice::Auto, tools, &[]), "Some(Auto)");
        assert!(chosen(named("f"), tools).contains("Tool("));
        assert!(chosen(named("g"), tools).ends_with("names the tool \"g\", which is not in tools."));
        assert_eq!(chosen(ToolChoice::Required, tools), "Some(Any)");
        assert!(chosen(ToolChoice::Required, &[]).starts_with("tool_choice wants a tool to be called"));
        let some = |required| ToolChoice::Among { names: Vec::new(), required };
        assert_eq!(chosen(some(false), &[]), "Some(Auto)");
        assert!(chosen(some(true), &[]).starts_with("tool_choice wants a tool to be called"));
        assert_eq!(chosen(ToolChoice::None, &[]), "Some(None)");
        let free = Target { capabilities: Features::TOOLS, ..Target::example("cohere") };
        assert_eq!(by(some(false), tools, tools, &free), "Some(Auto)");
        let refused = by(named("f"), tools, tools, &free);
        assert!(refused.contains("this target lets the model decide"), "{refused}");
    }
}
