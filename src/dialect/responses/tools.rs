//! Tools, the choice among them, and the form of the answer.

use super::OWN;
use crate::chat::{
    CODE_EXECUTION, CodeExecution, Format, Grammar, Tool, ToolChoice, ToolKind, WEB_SEARCH, WebSearch,
};
use crate::dialect::Refusal;
use crate::dialect::loss::at::At;
use crate::json::{Kind, Raw, Text};

/// What is read of a function.
const MEMBERS: [&str; 5] = ["type", "name", "description", "parameters", "strict"];

/// What is read of a tool whose input is a text.
const CUSTOM_MEMBERS: [&str; 4] = ["type", "name", "description", "format"];

/// Reads `tools`; members of functions that the model has no word for go to `extra`.
///
/// # Errors
/// A tool of the wrong form.
pub(super) fn read_all<'a>(
    value: Raw<'a>,
    at: &At<'_>,
    extra: &mut Vec<(Text<'a>, Raw<'a>)>,
) -> Result<Vec<Tool<'a>>, Refusal> {
    let mut tools = Vec::new();
    for (index, tool) in at.array(value)?.items().enumerate() {
        let at = at.index(index);
        let tool = at.object(tool)?;
        let kind = at.required_text(tool, "type", "say `function`.")?;
        if kind == "custom" {
            tools.push(custom(tool, &at)?);
            extra.extend(others(tool, &CUSTOM_MEMBERS));
            continue;
        }
        if is_search(&kind) {
            let search = ToolKind::WebSearch(WebSearch::of(OWN, tool));
            tools.push(Tool { name: Text::from(WEB_SEARCH), description: None, kind: search, cache: None });
            continue;
        }
        if kind == CODE_INTERPRETER {
            let kind = ToolKind::CodeExecution(CodeExecution { dialect: OWN, raw: tool });
            tools.push(Tool { name: Text::from(CODE_EXECUTION), description: None, kind, cache: None });
            continue;
        }
        if kind != "function" {
            // Tools of OpenAI's own; their type is all the name they have.
            let name = tool.present("name").and_then(Raw::text).unwrap_or_else(|| kind.clone());
            let kind = ToolKind::Foreign { dialect: OWN, raw: tool };
            tools.push(Tool { name, description: None, kind, cache: None });
            continue;
        }
        tools.push(function(tool, &at)?);
        extra.extend(others(tool, &MEMBERS));
    }
    Ok(tools)
}

/// The members of a tool besides these, as the request's.
fn others<'a>(tool: Raw<'a>, known: &'static [&str]) -> impl Iterator<Item = (Text<'a>, Raw<'a>)> {
    let is_other = |(name, value): &(Text<'a>, Raw<'a>)| {
        !value.is_null() && !known.iter().any(|known| *name == **known) && value.as_json() != "false"
    };
    let of_request =
        |(name, value): (Text<'a>, Raw<'a>)| (Text::from(format!("tools[].{}", name.decode())), value);
    tool.fields().filter(is_other).map(of_request)
}

/// A tool whose input is a text, <https://platform.openai.com/docs/guides/function-calling#custom-tools>.
fn custom<'a>(tool: Raw<'a>, at: &At<'_>) -> Result<Tool<'a>, Refusal> {
    let format = tool.present("format").filter(|format| format.kind() == Kind::Object);
    let member = |format: Raw<'a>, name| format.get(name).and_then(Raw::text).unwrap_or_default();
    let grammar = format.filter(|format| member(*format, "type") == "grammar");
    let of = |format| Grammar { syntax: member(format, "syntax"), definition: member(format, "definition") };
    let description = tool.present("description");
    Ok(Tool {
        name: at.required_text(tool, "name", "a tool needs a name.")?,
        description: description.map(|text| at.name("description").text(text)).transpose()?,
        kind: ToolKind::FreeForm { grammar: grammar.map(of) },
        cache: None,
    })
}

fn function<'a>(tool: Raw<'a>, at: &At<'_>) -> Result<Tool<'a>, Refusal> {
    let given = |name| tool.present(name);
    Ok(Tool {
        name: at.required_text(tool, "name", "a function needs a name.")?,
        description: given("description").map(|text| at.name("description").text(text)).transpose()?,
        kind: ToolKind::Function {
            schema: given("parameters").map(|schema| at.name("parameters").object(schema)).transpose()?,
            strict: given("strict").map(|strict| at.name("strict").boolean(strict)).transpose()?,
        },
        cache: None,
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
            "required" => Ok(ToolChoice::Required),
            _ => Err(at.refuse(CHOICES)),
        };
    }
    if value.kind() != Kind::Object {
        return Err(at.refuse(CHOICES));
    }
    let kind = at.required_text(value, "type", "say `function` or `allowed_tools`.")?;
    if kind != "allowed_tools" {
        return Ok(ToolChoice::Named(name_of(value, kind)));
    }
    let mode = at.required_text(value, "mode", "say auto or required.")?;
    let required = match mode.decode().as_ref() {
        "auto" => false,
        "required" => true,
        _ => return Err(at.name("mode").refuse("must be auto or required.")),
    };
    let at = at.name("tools");
    let tools = value.present("tools").ok_or_else(|| at.missing("list the allowed tools."))?;
    let mut names = Vec::new();
    for (index, tool) in at.array(tools)?.items().enumerate() {
        let at = at.index(index);
        let kind = at.required_text(at.object(tool)?, "type", "say `function`.")?;
        names.push(name_of(tool, kind));
    }
    Ok(ToolChoice::Among { names, required })
}

/// `web_search`, and what it was called before: <https://platform.openai.com/docs/guides/tools-web-search>.
fn is_search(kind: &Text<'_>) -> bool {
    kind.decode().starts_with(WEB_SEARCH)
}

/// OpenAI's name of code that it runs: <https://platform.openai.com/docs/guides/tools-code-interpreter>.
pub(super) const CODE_INTERPRETER: &str = "code_interpreter";

/// A tool's name as [`read_all`] has it.
fn name_of<'a>(tool: Raw<'a>, kind: Text<'a>) -> Text<'a> {
    if is_search(&kind) {
        return Text::from(WEB_SEARCH);
    }
    if kind == CODE_INTERPRETER {
        return Text::from(CODE_EXECUTION);
    }
    // The name is one of a server's there, and no function's.
    let name = tool.present("name").and_then(Raw::text).filter(|_| kind != "mcp");
    name.unwrap_or(kind)
}

/// Reads `text.format`.
///
/// # Errors
/// None of its forms.
pub(super) fn read_format<'a>(value: Raw<'a>, at: &At<'_>) -> Result<Format<'a>, Refusal> {
    let kind = at.required_text(at.object(value)?, "type", "say text, json_object or json_schema.")?;
    let text = |name| value.present(name).map(|text| at.name(name).text(text)).transpose();
    match kind.decode().as_ref() {
        "text" => Ok(Format::Text),
        "json_object" => Ok(Format::Json),
        "json_schema" => {
            let schema = value
                .present("schema")
                .ok_or_else(|| at.name("schema").missing("give the JSON Schema of the answer."))?;
            let strict = value.present("strict");
            Ok(Format::Schema {
                name: text("name")?,
                description: text("description")?,
                schema: at.name("schema").object(schema)?,
                strict: strict.map(|strict| at.name("strict").boolean(strict)).transpose()?,
            })
        }
        _ => Err(at.name("type").refuse("must be text, json_object or json_schema.")),
    }
}
