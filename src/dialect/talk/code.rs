//! Code that a provider runs itself: whether a tool that asks for it means the same in another sandbox.

use crate::chat::CodeExecution;
use crate::dialect::loss::{Losses, Refusal};
use crate::json::{Kind, Raw, Text};

/// What is said by all, or is said by where the tool stands.
const KNOWN: [&str; 4] = ["type", "name", "container", "cache_control"];

/// Whether the request's tool at `index` goes out to a provider of another dialect, which runs code too. What only makes the sandbox
/// another one is listed.
///
/// # Errors
/// The code is meant for what only its own maker's sandbox has, and the tool may not be left out.
pub fn hold_code(code: &CodeExecution<'_>, index: usize, losses: &mut Losses) -> Result<bool, Refusal> {
    let container = code.raw.present("container").unwrap_or(Raw::NULL);
    if let Some(why) = bound_to(container) {
        losses.meaning(format!("tools[{index}]"), why)?;
        return Ok(false);
    }
    let is_known = |name: &Text<'_>| KNOWN.iter().any(|known| *name == **known);
    let own = code.raw.fields().filter(|(name, _)| !is_known(name)).map(|member| ("", member));
    let of_container = container.fields().filter(|(name, _)| *name != "type");
    let all = own.chain(of_container.map(|member| ("container.", member)));
    for (within, (name, _)) in all.filter(|(_, (_, value))| !says_nothing(*value)) {
        losses.advisory(format!("tools[{index}].{within}{}", name.decode()));
    }
    Ok(true)
}

/// Leaves out such a tool.
///
/// # Errors
/// It may not be left out.
pub fn lose_code(index: usize, losses: &mut Losses) -> Result<(), Refusal> {
    losses.meaning(format!("tools[{index}]"), NO_CODE)
}

/// The end of the sentence about code where nobody runs it.
pub const NO_CODE: &str = "runs code at the provider, which this target doesn't do";

/// Why the code can run nowhere else: <https://platform.openai.com/docs/guides/tools-code-interpreter>.
fn bound_to(container: Raw<'_>) -> Option<&'static str> {
    let has = |name: &str| container.get(name).is_some_and(|list| list.items().next().is_some());
    let policy = container.at(&["network_policy", "type"]).and_then(Raw::text);
    if container.kind() == Kind::String {
        Some("runs code in a container of OpenAI's, which this target can't reach")
    } else if has("file_ids") {
        Some("runs code on files in OpenAI's store, which this target can't read")
    } else if policy.is_some_and(|policy| policy != "disabled") {
        Some("runs code that may reach hosts on the net, which this target's can't")
    } else {
        None
    }
}

/// Whether it asks for what happens anyway.
fn says_nothing(value: Raw<'_>) -> bool {
    let is_off = || value.get("type").and_then(Raw::text).is_some_and(|policy| policy == "disabled");
    matches!(value.as_json(), "null" | "false" | "[]" | r#"["direct"]"#) || is_off()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::loss::{InChat, Unsupported};

    fn held(tool: &str, policy: Unsupported) -> (Result<bool, String>, String) {
        let raw = Raw::parse(tool.as_bytes()).unwrap();
        let mut losses = Losses::new(policy);
        let held = hold_code(&CodeExecution { dialect: "responses", raw }, 1, &mut losses);
        let held = held.map_err(|refusal| refusal.named(&mut InChat).message);
        (held, losses.into_dropped(&mut InChat).join(" "))
    }

    #[test]
    fn what_makes_another_sandbox_is_listed() {
        for (tool, listed) in [
            (r#"{"type":"code_interpreter","container":{"type":"auto"}}"#, ""),
            (
                r#"{"type":"code_interpreter","container":{"type":"auto","file_ids":[],"memory_limit":"4g","network_policy":{"type":"disabled"}}}"#,
                "tools[1].container.memory_limit",
            ),
            (
                r#"{"type":"code_execution_20260120","name":"code_execution","allowed_callers":["direct"],"defer_loading":true,"strict":false}"#,
                "tools[1].defer_loading",
            ),
        ] {
            assert_eq!(held(tool, Unsupported::Refuse), (Ok(true), listed.to_owned()), "{tool}");
        }
    }

    #[test]
    fn code_that_can_run_nowhere_else_is_none() {
        for container in [
            r#""cntr_1""#,
            r#"{"type":"auto","file_ids":["file-1"]}"#,
            r#"{"type":"auto","network_policy":{"type":"allowlist","allowed_domains":["a.com"]}}"#,
        ] {
            let tool = format!(r#"{{"type":"code_interpreter","container":{container}}}"#);
            let (refused, _) = held(&tool, Unsupported::Refuse);
            assert!(refused.unwrap_err().starts_with("tools[1] runs code "), "{tool}");
            assert_eq!(held(&tool, Unsupported::Drop), (Ok(false), "tools[1]".to_owned()), "{tool}");
        }
    }
}
