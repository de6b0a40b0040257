//! What the command says about itself: help with examples, manual pages, completions for shells. Colours are on a terminal only,
//! and not where `NO_COLOR` is set: clap sees to that.

use crate::stop::{Stop, print};
use clap::Command;
use std::path::PathBuf;

/// Calls that somebody may make, by the words before them. A test holds that each command has some, and that they can be made.
const EXAMPLES: &[(&[&str], &str)] = &[
    (
        &["check"],
        "switchover check switchover.yaml\n\
         switchover check --format sarif switchover.yaml > switchover.sarif",
    ),
    (
        &["serve"],
        "switchover serve switchover.yaml\n\
         OPENAI_API_KEY=… ANTHROPIC_API_KEY=… switchover serve\n\
         switchover serve switchover.yaml --listen 0.0.0.0:8080 --open-to-all --log json --state /run/switchover/state\n\
         switchover serve switchover.yaml --status",
    ),
    (&["init"], "switchover init -o switchover.yaml"),
    (
        &["import"],
        "switchover import litellm config.yaml -o switchover.yaml\nswitchover import kong kong.yaml",
    ),
    (
        &["render", "envoy"],
        "switchover render envoy switchover.yaml -o envoy.yaml\n\
         switchover render envoy switchover.yaml -o envoy.json --listen 127.0.0.1:9000\n\
         switchover render envoy switchover.yaml -o parts --only clusters,filters,routes,stats,logs \
         --secrets /etc/envoy/keys --wasm /etc/envoy/switchover.wasm",
    ),
    (
        &["render", "istio"],
        "switchover render istio switchover.yaml -o istio --host llm.example --wasm https://files.internal/switchover.wasm\n\
         switchover render istio switchover.yaml -o istio --context sidecar --namespace shop --selector app=shop --host llm.internal \
         --wasm /etc/switchover/switchover.wasm",
    ),
    (
        &["render", "envoy-gateway"],
        "switchover render envoy-gateway switchover.yaml -o gateway --host llm.example \
         --wasm oci://registry.internal/switchover@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ),
    (
        &["render", "kubernetes"],
        "switchover render kubernetes switchover.yaml -o kubernetes --namespace llm --callers app=shop \
         --image registry.internal/switchover-serve@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    ),
    (
        &["translate", "request"],
        "switchover translate request switchover.yaml --target claude < request.json\n\
         switchover translate request switchover.yaml --target openai-main --path /v1/messages < request.json",
    ),
    (
        &["translate", "response"],
        "switchover translate response switchover.yaml --target claude < answer.json\n\
         switchover translate response switchover.yaml --target claude --stream < events.txt\n\
         switchover translate response switchover.yaml --target claude --status 529 < error.json",
    ),
    (
        &["explain"],
        "switchover explain switchover.yaml < request.json\n\
         switchover explain switchover.yaml --path /v1/messages --header x-tenant-id=acme < request.json",
    ),
    (
        &["drill"],
        "switchover drill switchover.yaml\n\
         switchover drill switchover.yaml --url http://127.0.0.1:8080 --admin http://127.0.0.1:9901 --tenant acme",
    ),
    (
        &["doctor"],
        "switchover doctor http://127.0.0.1:9901\nistioctl proxy-config all POD -o json | switchover doctor - --istiod http://127.0.0.1:15014",
    ),
    (&["providers"], "switchover providers\nswitchover providers --format json"),
    (
        &["schema"],
        "switchover schema > switchover.schema.json\n\n\
         Then this, as the first line of a switchover.yaml beside it, has editors complete and check the file:\n  \
         # yaml-language-server: $schema=switchover.schema.json",
    ),
    (
        &["completions"],
        "switchover completions bash > ~/.local/share/bash-completion/completions/switchover\n\
         switchover completions zsh > ~/.zfunc/_switchover\n\
         switchover completions fish > ~/.config/fish/completions/switchover.fish",
    ),
    (&["man"], "switchover man | man -l -\nswitchover man -o ~/.local/share/man/man1"),
];

#[derive(clap::Args)]
pub struct CompletionsArgs {
    /// Whose.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

#[derive(clap::Args)]
pub struct ManArgs {
    /// A folder for the pages of all commands. Without it the page of `switchover` is printed.
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// With the examples.
pub fn with_examples(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (path, examples)| at(command, path, examples))
}

fn at(command: Command, path: &[&str], examples: &str) -> Command {
    match path.split_first() {
        None => command.after_help(format!("Examples:\n{}", indented(examples))),
        Some((name, rest)) => command.mut_subcommand(name, |inner| at(inner, rest, examples)),
    }
}

fn indented(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| if line.starts_with("switchover ") { format!("  {line}") } else { line.to_owned() });
    lines.collect::<Vec<_>>().join("\n")
}

/// `switchover completions SHELL`.
///
/// # Errors
/// Nobody reads the output.
pub fn completions(args: &CompletionsArgs, mut command: Command) -> Result<(), Stop> {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut command, "switchover", &mut out);
    print(&out)
}

/// `switchover man`.
///
/// # Errors
/// A page can't be written, or nobody reads it.
pub fn man(args: &ManArgs, command: Command) -> Result<(), Stop> {
    match &args.out {
        None => {
            let mut out = Vec::new();
            match clap_mangen::Man::new(command).render(&mut out) {
                Ok(()) => print(&out),
                Err(_) => Err(Stop::Unread),
            }
        }
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|error| Stop::io("making the folder", folder, &error))?;
            clap_mangen::generate_to(command, folder).map_err(|error| Stop::io("writing", folder, &error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The words before each command that does something.
    fn leaves(command: &Command, path: Vec<String>, found: &mut Vec<Vec<String>>) {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
        if inner.is_empty() {
            found.push(path);
            return;
        }
        for command in inner {
            leaves(command, [path.clone(), vec![command.get_name().to_owned()]].concat(), found);
        }
    }

    #[test]
    fn each_command_has_examples_that_can_be_called() {
        let mut all = Vec::new();
        leaves(&crate::Cli::command(), Vec::new(), &mut all);
        let known: Vec<Vec<String>> =
            EXAMPLES.iter().map(|(path, _)| path.iter().map(ToString::to_string).collect()).collect();
        for path in all.iter().filter(|path| *path != &["become-envoy"]) {
            assert!(
                known.contains(path),
                "`switchover {}` has no examples in src/bin/switchover/help.rs",
                path.join(" ")
            );
        }
        for (path, examples) in EXAMPLES {
            let calls: Vec<_> = examples.lines().filter(|line| line.starts_with("switchover ")).collect();
            assert!(!calls.is_empty());
            for call in calls {
                let words = call.split_whitespace().take_while(|word| !["<", ">", "|"].contains(word));
                let words: Vec<_> = words.collect();
                assert_eq!(words.get(1..=path.len()), Some(*path), "{call}");
                let parsed = with_examples(crate::Cli::command()).try_get_matches_from(words);
                assert!(parsed.is_ok(), "{call}: {parsed:?}");
            }
        }
        assert!(EXAMPLES.iter().any(|(_, text)| text.contains(switchover::config::EDITOR_LINE)));
        with_examples(crate::Cli::command()).debug_assert();
    }
}
