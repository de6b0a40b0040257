//! `switchover init`: a first file, from the keys that are in the environment; `serve` without a file serves the same.

use crate::stop::{Stop, print};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct InitArgs {
    /// Where the file goes. Default: standard output.
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    force: bool,
}

/// A provider that most people have a key of: the variable that its own SDK reads, the models that callers ask for, and
/// the one that stands in for others'.
struct Standard {
    variable: &'static str,
    provider: &'static str,
    /// Names of models as its callers write them.
    aliases: &'static [&'static str],
    /// Answers for others when they are down.
    model: &'static str,
    /// For the providers that want to be told: the longest answer.
    max_output_tokens: Option<u32>,
}

const STANDARDS: [Standard; 8] = [
    Standard {
        variable: "OPENAI_API_KEY",
        provider: "openai",
        aliases: &["gpt-*", "o1*", "o3*", "o4*", "chatgpt-*"],
        model: "gpt-5.4-mini",
        max_output_tokens: None,
    },
    Standard {
        variable: "ANTHROPIC_API_KEY",
        provider: "anthropic",
        aliases: &["claude-*"],
        model: "claude-sonnet-4-5",
        max_output_tokens: Some(8192),
    },
    Standard {
        variable: "GEMINI_API_KEY",
        provider: "gemini",
        aliases: &["gemini-*"],
        model: "gemini-2.5-flash",
        max_output_tokens: None,
    },
    Standard {
        variable: "MISTRAL_API_KEY",
        provider: "mistral",
        aliases: &["mistral-*", "magistral-*", "codestral-*"],
        model: "mistral-large-latest",
        max_output_tokens: None,
    },
    Standard {
        variable: "DEEPSEEK_API_KEY",
        provider: "deepseek",
        aliases: &["deepseek-*"],
        model: "deepseek-chat",
        max_output_tokens: None,
    },
    Standard {
        variable: "XAI_API_KEY",
        provider: "xai",
        aliases: &["grok-*"],
        model: "grok-4",
        max_output_tokens: None,
    },
    Standard {
        variable: "CO_API_KEY",
        provider: "cohere",
        aliases: &["command-*"],
        model: "command-a-03-2025",
        max_output_tokens: None,
    },
    Standard {
        variable: "GROQ_API_KEY",
        provider: "groq",
        aliases: &["llama-*", "meta-llama/*"],
        model: "llama-3.3-70b-versatile",
        max_output_tokens: None,
    },
];

/// # Errors
/// There is no key, or the file is there already.
pub fn run(args: &InitArgs) -> Result<(), Stop> {
    let text = from_environment()?;
    let Some(out) = &args.out else { return print(text.as_bytes()) };
    if out.exists() && !args.force {
        return Err(Stop::wrong(format!(
            "{}: there is a file already. Say --force to write over it.",
            out.display()
        )));
    }
    crate::render::replace(out, text.as_bytes(), 0o644)?;
    print(
        format!(
            "{} is written: `switchover check {}`, then `switchover serve {}`.\n",
            out.display(),
            out.display(),
            out.display()
        )
        .as_bytes(),
    )
}

/// A file for the keys that are there.
///
/// # Errors
/// There is none.
pub fn from_environment() -> Result<String, Stop> {
    let has = |standard: &&Standard| std::env::var_os(standard.variable).is_some_and(|key| !key.is_empty());
    let known: Vec<&Standard> = STANDARDS.iter().filter(has).collect();
    if known.is_empty() {
        let names: Vec<&str> = STANDARDS.iter().map(|standard| standard.variable).collect();
        return Err(Stop::wrong(format!(
            "No provider's key is in the environment. Set one of {}, or name a file.",
            names.join(", ")
        )));
    }
    Ok(text(&known))
}

const HEAD: &str = "\
# What Switchover serves: the providers whose keys were in the environment, a group for each, and the others behind it when it is down.
# `switchover check FILE` looks for mistakes, `switchover serve FILE` runs it and takes over every change; `switchover schema` has
# each key with its meaning. Keys are never in this file.
version: 1
";

fn text(known: &[&Standard]) -> String {
    let mut file = format!("{}\n{HEAD}", switchover::config::EDITOR_LINE);
    file.push_str("\n# Models at providers.\ntargets:\n");
    for standard in known {
        let Standard { provider, model, .. } = standard;
        let limit =
            standard.max_output_tokens.map_or(String::new(), |most| format!(", max_output_tokens: {most}"));
        file.push_str(&format!("  # Without `model` it is asked for what the caller asks for.\n  - {{id: {provider}, provider: {provider}, credential: {provider}{limit}}}\n"));
        if known.len() > 1 {
            file.push_str(&format!(
                "  # Stands in for the others.\n  - {{id: {provider}-standard, provider: {provider}, model: {model}, credential: {provider}{limit}}}\n"
            ));
        }
    }
    file.push_str("\n# Where their keys are: in these variables, or in files of their own (`secret_file: secrets/openai`).\ncredentials:\n");
    for Standard { provider, variable, .. } in known {
        file.push_str(&format!("  - {{id: {provider}, secret_env: {variable}}}\n"));
    }
    file.push_str(
        "\n# What callers put in `model`, and who answers: the lowest priority first.\nmodel_groups:\n",
    );
    for standard in known {
        let aliases: Vec<String> = standard.aliases.iter().map(|alias| format!("\"{alias}\"")).collect();
        file.push_str(&format!(
            "  - name: {}\n    aliases: [{}]\n    targets:\n",
            standard.provider,
            aliases.join(", ")
        ));
        file.push_str(&format!("      - {{id: {}, priority: 0}}\n", standard.provider));
        let others = known.iter().filter(|other| other.provider != standard.provider);
        for (place, other) in others.take(3).enumerate() {
            file.push_str(&format!("      - {{id: {}-standard, priority: {}}}\n", other.provider, place + 1));
        }
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use switchover::config::Config;

    #[test]
    fn the_file_is_one_for_every_set_of_keys() {
        for set in 1_usize..1 << STANDARDS.len() {
            let known: Vec<&Standard> = STANDARDS
                .iter()
                .enumerate()
                .filter(|(at, _)| set >> at & 1 == 1)
                .map(|(_, standard)| standard)
                .collect();
            let file = text(&known);
            let config = Config::from_yaml(file.as_bytes());
            assert!(config.is_ok(), "{file}\n{config:?}");
        }
    }
}
