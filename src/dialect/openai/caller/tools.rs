//! Tools and the choice among them, in today's and in the legacy (`functions`) spelling.

use crate::chat::{Grammar, Tool, ToolChoice, ToolKind};
use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::dialect::openai::wire::OWN;
use crate::json::{Kind, Raw, Text};

/// Reads `tools`.
///
/// # Errors
/// A tool without a name, or of the wrong form.
pub(super) fn read_all<'a>(value: Raw<'a>, at: &At<'_>, out: &mut Vec<Tool<'a>>) -> Result<(), Refusal> {
    for (index, tool) in at.array(value)?.items().enumerate() {
        out.push(read(tool, &at.index(index))?);
    }
    Ok(())
}

fn read<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Tool<'a>, Refusal> {
    let value = at.object(value)?;
    let kind = value.present("type").map(|kind| at.name("type").text(kind)).transpose()?;
    match (value.present("function"), kind) {
        (Some(given), kind) if kind.as_ref().is_none_or(|kind| kind == "function") => {
            let mut tool = function(given, &at.name("function"))?;
            tool.cache = value.present("cache_control").or(tool.cache);
            Ok(tool)
        }
        (None, Some(kind)) if kind == "function" => {
            Err(at.name("function").missing("give the function's name and parameters."))
        }
        (_, Some(kind)) if kind == "custom" && value.present("custom").is_some() => {
            let tool = value.present("custom").unwrap_or(value);
            Ok(Tool { cache: value.present("cache_control"), ..custom(tool, &at.name("custom"))? })
        }
        (_, Some(kind)) => {
            let named = kind.decode();
            let name = value.at(&[named.as_ref(), "name"]).or_else(|| value.get("name")).and_then(Raw::text);
            Ok(Tool {
                name: name.unwrap_or_else(|| kind.clone()),
                description: None,
                kind: ToolKind::Foreign { dialect: OWN, raw: value },
                cache: value.present("cache_control"),
            })
        }
        (_, None) => Err(at.name("type").missing("say `function`.")),
    }
}

/// A tool whose input is a text, <https://platform.openai.com/docs/guides/function-calling#custom-tools>.
fn custom<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Tool<'a>, Refusal> {
    let value = at.object(value)?;
    let grammar = value.at(&["format", "grammar"]).filter(|grammar| grammar.kind() == Kind::Object);
    let member = |grammar: Raw<'a>, name| grammar.get(name).and_then(Raw::text).unwrap_or_default();
    let of =
        |grammar| Grammar { syntax: member(grammar, "syntax"), definition: member(grammar, "definition") };
    let description = value.present("description");
    Ok(Tool {
        name: at.required_text(value, "name", "a tool needs a name.")?,
        description: description.map(|text| at.name("description").text(text)).transpose()?,
        kind: ToolKind::FreeForm { grammar: grammar.map(of) },
        cache: None,
    })
}

/// Reads the legacy `functions`.
///
/// # Errors
/// A function without a name, or of the wrong form.
pub(super) fn read_functions<'a>(
    value: Raw<'a>,
    at: &At<'_>,
    out: &mut Vec<Tool<'a>>,
) -> Result<(), Refusal> {
    for (index, given) in at.array(value)?.items().enumerate() {
        out.push(function(given, &at.index(index))?);
    }
    Ok(())
}

fn function<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Tool<'a>, Refusal> {
    let value = at.object(value)?;
    let schema =
        value.present("parameters").map(|schema| at.name("parameters").object(schema)).transpose()?;
    let strict = value.present("strict").map(|strict| at.name("strict").boolean(strict)).transpose()?;
    let description = value.present("description");
    Ok(Tool {
        name: at.required_text(value, "name", "a function needs a name.")?,
        description: description.map(|text| at.name("description").text(text)).transpose()?,
        kind: ToolKind::Function { schema, strict },
        cache: value.present("cache_control"),
    })
}

const CHOICES: &str = "must be auto, none, required, or an object that names a tool.";

/// Reads `tool_choice`.
///
/// # Errors
/// None of its forms.
pub(super) fn read_choice<'a>(value: Raw<'a>, at: &At<'_>) -> Result<ToolChoice<'a>, Refusal> {
    if let Some(text) = value.text() {
        return match text.decode().as_ref() {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            // Mistral's word for it.
            "required" | "any" => Ok(ToolChoice::Required),
            _ => Err(at.refuse(CHOICES)),
        };
    }
    if value.kind() != Kind::Object {
        return Err(at.refuse(CHOICES));
    }
    if let Some(allowed) = value.present("allowed_tools") {
        return read_allowed(allowed, &at.name("allowed_tools"));
    }
    match tool_name(value) {
        Some(name) => Ok(ToolChoice::Named(name)),
        None => Err(at.refuse(CHOICES)),
    }
}

fn read_allowed<'a>(value: Raw<'a>, at: &At<'_>) -> Result<ToolChoice<'a>, Refusal> {
    let mode = at.required_text(value, "mode", "say auto or required.")?;
    let required = match mode.decode().as_ref() {
        "auto" => false,
        "required" => true,
        _ => return Err(at.name("mode").refuse("must be auto or required.")),
    };
    let at = at.name("tools");
    let tools = value.present("tools").ok_or_else(|| at.missing("list the allowed tools."))?;
    let read = |(index, tool)| {
        tool_name(tool).ok_or_else(|| {
            at.index(index)
                .refuse("must name a tool, as in `{\"type\": \"function\", \"function\": {\"name\": …}}`.")
        })
    };
    let names: Vec<_> = at.array(tools)?.items().enumerate().map(read).collect::<Result<_, _>>()?;
    Ok(ToolChoice::Among { names, required })
}

/// The name in `{"type": "function", "function": {"name": …}}`, of a custom tool, or beside `type`.
fn tool_name(value: Raw<'_>) -> Option<Text<'_>> {
    let nested = value.at(&["function", "name"]).or_else(|| value.at(&["custom", "name"]));
    nested.or_else(|| value.get("name")).and_then(Raw::text)
}

/// Reads the legacy `function_call`: `none`, `auto` or `{"name": …}`.
///
/// # Errors
/// None of its forms.
pub(super) fn read_function_call<'a>(value: Raw<'a>, at: &At<'_>) -> Result<ToolChoice<'a>, Refusal> {
    match (value.text(), value.get("name").and_then(Raw::text)) {
        (Some(text), _) if text == "auto" => Ok(ToolChoice::Auto),
        (Some(text), _) if text == "none" => Ok(ToolChoice::None),
        (None, Some(name)) => Ok(ToolChoice::Named(name)),
        _ => Err(at.refuse("must be auto, none, or an object with the function's name.")),
    }
}
