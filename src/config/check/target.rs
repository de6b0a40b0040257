//! Targets: the provider's row, where it listens, and what it can't do without.

use super::{View, circuit_breaker, refer};
use crate::catalog::Efforts;
use crate::chat::{Effort, Features};
use crate::config::endpoint::parse_endpoint;
use crate::config::problem::{Problems, quoted};
use crate::dialect::{self, Api, Declared, Dialect, Endpoint, Host, Instructions, Key, Listed, Row};
use crate::settings::{CircuitBreaker, Credential, CredentialSource, Price, SwitchedOff, TargetSettings};

/// What a target may refer to.
pub(super) struct Given<'g, 'n> {
    pub credentials: &'g [View<'n>],
    /// As `credentials`, resolved; `None` where one has a problem of its own.
    pub sources: &'g [Option<Credential>],
    pub breaker: Option<&'g CircuitBreaker>,
}

impl Given<'_, '_> {
    fn source(&self, credential: Option<usize>) -> Option<&CredentialSource> {
        let credential = self.sources.get(credential?)?.as_ref()?;
        Some(&credential.source)
    }
}

/// Resolves a target; `None` only where a problem says why.
pub(super) fn target(
    view: &View<'_>,
    given: &Given<'_, '_>,
    problems: &mut Problems,
) -> Option<TargetSettings> {
    target_of(view, view.formed("provider").and_then(dialect::provider), given, problems)
}

/// As [`target`], with the provider found; without one what doesn't depend on it is still checked.
fn target_of(
    view: &View<'_>,
    row: Option<&'static Row>,
    given: &Given<'_, '_>,
    problems: &mut Problems,
) -> Option<TargetSettings> {
    let credential = refer(view, "credential", given.credentials, "id", "credential", problems);
    let aws_region = match given.source(credential) {
        Some(CredentialSource::Aws { region, .. }) => Some(region.as_str()),
        _ => None,
    };
    let written = view.formed("endpoint").map(|url| written_endpoint(view, url, problems));
    if let Some(row) = row {
        check_foreign_keys(view, row, problems);
        check_credential(view, row, given.source(credential), &written, problems);
        check_api(view, row, problems);
    }
    check_limits(view, row, problems);
    let region = view.formed("region").or(aws_region);
    let endpoint = match written {
        Some(endpoint) => endpoint,
        None => row.and_then(|row| default_endpoint(view, row, region, problems)),
    };
    if let Some(Row { host: Host::Vertex, name, .. }) = row {
        for key in ["project", "location"] {
            if !view.has(key) {
                let wrong = format!("The provider `{name}` needs `{key}`");
                problems.add(&view.path, view.at, wrong, format!("Add `{key}`"));
            }
        }
    }
    let instructions = view.written_object("instructions").map(|view| instructions(&view, problems));
    let breaker =
        view.object("circuit_breaker").and_then(|own| circuit_breaker(&own, given.breaker, problems));
    let row = row?;
    let id = view.string("id")?;
    let (model, said) = (view.string("model"), said(view));
    Some(TargetSettings {
        cluster: view.string("cluster").unwrap_or_else(|| id.clone()),
        off: off(view)?,
        credential,
        price: view.written_object("price").and_then(|view| price(&view)),
        same_vectors: view.truth("same_vectors")?,
        labels: labels(view),
        circuit_breaker: breaker?,
        wire: dialect::Target {
            model: model.clone(),
            api: api(view),
            api_version: view.string("api_version"),
            project: view.string("project"),
            location: view.string("location").or_else(|| match row.host {
                Host::Bedrock => region.map(str::to_owned),
                _ => None,
            }),
            instructions: instructions.unwrap_or_default(),
            said: model.is_none().then_some(said),
            ..dialect::Target::at(&id, row, endpoint?).with(model.as_deref(), said)
        },
    })
}

/// Whether requests may go to it; nothing at all where a problem says why.
#[expect(clippy::option_option, reason = "the outer one is the reader's, the inner one the target's")]
fn off(view: &View<'_>) -> Option<Option<SwitchedOff>> {
    let is_out = view.formed("out").is_some();
    Some(if view.truth("enabled")? {
        is_out.then_some(SwitchedOff::NoKey)
    } else {
        Some(SwitchedOff::Disabled)
    })
}

/// What the file says of the model.
fn said(view: &View<'_>) -> Declared {
    let features = |names: &mut dyn Iterator<Item = &str>| {
        names.filter_map(Features::from_name).fold(Features::NONE, Features::with)
    };
    let listed = view.texts("capabilities");
    let capabilities = Listed {
        named: features(&mut listed.iter().copied()),
        taken: features(&mut listed.iter().filter_map(|name| name.strip_prefix('-'))),
    };
    let efforts: Vec<Effort> = view.texts("efforts").into_iter().filter_map(Effort::from_name).collect();
    Declared {
        capabilities: view.has("capabilities").then_some(capabilities),
        context_window: view.whole("context_window"),
        max_output_tokens: view.whole("max_output_tokens"),
        efforts: view.has("efforts").then(|| Efforts::of(&efforts)),
    }
}

/// What the target's model is told besides.
fn instructions(view: &View<'_>, problems: &mut Problems) -> Instructions {
    if view.is_empty_map() {
        let instead = "Write `prepend`, `append` or both, or leave the key out";
        problems.add(&view.path, view.at, "There is nothing to tell the model", instead);
    }
    Instructions { prepend: view.string("prepend"), append: view.string("append") }
}

fn api(view: &View<'_>) -> Api {
    match view.formed("api") {
        Some("responses") => Api::Responses,
        Some("chat") => Api::Chat,
        _ => Api::Auto,
    }
}

/// Only some providers have OpenAI's APIs, and only some of those have Responses.
fn check_api(view: &View<'_>, row: &Row, problems: &mut Problems) {
    let (path, at) = view.place("api");
    let wrong = match api(view) {
        Api::Responses if !row.has_responses() => format!("The provider `{}` has no Responses", row.name),
        Api::Chat if row.dialect != Dialect::OpenAi => {
            format!("The provider `{}` has no Chat Completions", row.name)
        }
        Api::Auto | Api::Responses | Api::Chat => return,
    };
    problems.add(path, at, wrong, "Remove `api`");
}

fn price(view: &View<'_>) -> Option<Price> {
    let input = view.number("input")?;
    let cached_input = view.number("cached_input").unwrap_or(input);
    Some(Price { input, cached_input, output: view.number("output")? })
}

fn labels(view: &View<'_>) -> Vec<(String, String)> {
    let entries = view.get("labels").map(|node| node.entries()).unwrap_or_default();
    let mut labels: Vec<_> =
        entries.iter().filter_map(|e| Some((e.key.clone(), e.value.text()?.to_owned()))).collect();
    // A `Struct` keeps no order.
    labels.sort();
    labels
}

fn written_endpoint(view: &View<'_>, url: &str, problems: &mut Problems) -> Option<Endpoint> {
    parse_endpoint(url)
        .map_err(|(wrong, instead)| {
            let (path, at) = view.place("endpoint");
            problems.add(path, at, wrong, instead);
        })
        .ok()
}

/// Where a provider listens if the file doesn't say.
fn default_endpoint(
    view: &View<'_>,
    row: &Row,
    region: Option<&str>,
    problems: &mut Problems,
) -> Option<Endpoint> {
    let url = match (row.endpoint, row.host) {
        (Some(url), _) => url.to_owned(),
        (None, Host::Vertex) => vertex_url(view.formed("location")?),
        (None, Host::Bedrock) => match region {
            Some(region) => bedrock_url(region),
            // Without a credential its lack is the problem that is reported; with one its region would be here.
            None => return None,
        },
        (None, Host::Azure | Host::Native) => {
            let example = match row.host {
                Host::Azure => "https://NAME.openai.azure.com",
                _ => "https://llm.example.com/v1 or http://127.0.0.1:8000/v1",
            };
            let wrong = format!("The provider `{}` has no endpoint of its own", row.name);
            problems.add(&view.path, view.at, wrong, format!("Add `endpoint`, like {example}"));
            return None;
        }
    };
    parse_endpoint(&url).map_err(|(wrong, instead)| problems.add(&view.path, view.at, wrong, instead)).ok()
}

/// As Google's own SDK does it (`google-genai`, `_api_client.py`).
fn vertex_url(location: &str) -> String {
    match location {
        "global" => "https://aiplatform.googleapis.com".to_owned(),
        "us" | "eu" => format!("https://aiplatform.{location}.rep.googleapis.com"),
        _ => format!("https://{location}-aiplatform.googleapis.com"),
    }
}

/// See <https://docs.aws.amazon.com/general/latest/gr/bedrock.html>.
fn bedrock_url(region: &str) -> String {
    let china = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("https://bedrock-runtime.{region}.amazonaws.com{china}")
}

/// Keys that only some providers know what to do with.
fn check_foreign_keys(view: &View<'_>, row: &Row, problems: &mut Problems) {
    let keys = [
        ("api_version", Host::Azure),
        ("project", Host::Vertex),
        ("location", Host::Vertex),
        ("region", Host::Bedrock),
    ];
    for (key, host) in keys {
        if view.has(key) && row.host != host {
            let (path, at) = view.place(key);
            problems.add(
                path,
                at,
                format!("The provider `{}` has no use for `{key}`", row.name),
                "Remove it",
            );
        }
    }
}

/// A provider gets the kind of credential that it takes, and goes without only where nothing is encrypted anyway.
fn check_credential(
    view: &View<'_>,
    row: &Row,
    source: Option<&CredentialSource>,
    written: &Option<Option<Endpoint>>,
    problems: &mut Problems,
) {
    let (path, at) = view.place("credential");
    let fits = match (row.key, source) {
        (_, None) => true,
        (Key::SigV4, Some(source)) => matches!(source, CredentialSource::Aws { .. }),
        (Key::Header { .. } | Key::Optional, Some(source)) => !matches!(source, CredentialSource::Aws { .. }),
    };
    if !fits {
        let (kind, wanted) = match row.key {
            Key::SigV4 => ("a secret", "`aws`"),
            _ => ("AWS signatures", "`secret_file` or `secret_env`"),
        };
        let wrong = format!("The provider `{}` takes no credential with {kind}", row.name);
        problems.add(path, at, wrong, format!("Refer to a credential with {wanted}"));
        return;
    }
    let bare = match written {
        None => false,
        Some(None) => true,
        Some(Some(endpoint)) => !endpoint.tls,
    };
    if !view.has("credential") && row.key != Key::Optional && !bare {
        let wrong = format!("The provider `{}` needs a credential", row.name);
        let kind = if row.key == Key::SigV4 { "`aws`" } else { "`secret_file` or `secret_env`" };
        let instead = format!("Add `credential`, with the id of one in `credentials` that has {kind}");
        problems.add(&view.path, view.at, wrong, instead);
    }
}

fn check_limits(view: &View<'_>, row: Option<&Row>, problems: &mut Problems) {
    let (window, most) = (view.whole("context_window"), view.whole("max_output_tokens"));
    if row.is_some_and(|row| row.dialect == Dialect::Anthropic) && !view.has("max_output_tokens") {
        let wrong =
            "The Anthropic dialect can't do without `max_output_tokens`: each request must name a limit";
        let instead = "Add the most tokens that the model can answer with, like `max_output_tokens: 8192`";
        problems.add(&view.path, view.at, wrong, instead);
    }
    if let (Some(window), Some(most)) = (window, most)
        && most > window
    {
        let (path, at) = view.place("max_output_tokens");
        let wrong = format!("{most} is more than `context_window`, which is {window}");
        problems.add(path, at, wrong, "Correct one of the two");
    }
}

/// Each target needs a cluster of its own: its name says which target an attempt goes to. And no cluster may have the
/// name of an order.
pub(super) fn check_clusters(targets: &[View<'_>], groups: &[View<'_>], problems: &mut Problems) {
    let name = |view: &View<'_>| view.text("cluster").or_else(|| view.text("id")).map(str::to_owned);
    for (index, view) in targets.iter().enumerate() {
        let Some(cluster) = name(view) else { continue };
        let (path, at) = view.place("cluster");
        let earlier = || targets.iter().take(index);
        let same_id = earlier().any(|other| other.text("id") == view.text("id"));
        if let Some(other) = earlier().find(|other| name(other).as_ref() == Some(&cluster))
            && (!same_id || view.has("cluster"))
        {
            let wrong = format!("{} is the cluster of `{}` already", quoted(&cluster), other.path);
            problems.add(&path, at, wrong, "Give each target its own cluster");
        }
        let group = cluster.split_once('|').map(|(group, _)| group);
        if group.is_some_and(|group| groups.iter().any(|view| view.text("name") == Some(group))) {
            let wrong = format!("{} could be the name of an order of a model group", quoted(&cluster));
            problems.add(path, at, wrong, "Use a name that does not begin with a group's name and `|`");
        }
    }
}

#[cfg(test)]
mod tests;
