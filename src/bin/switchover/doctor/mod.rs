//! `switchover doctor ADMIN-URL`: reads what a running Envoy has loaded and says what in it is not as it has to be.
//!
//! What is right is taken from the same code that renders: the names of the clusters, the limits. It reads and changes nothing.

mod cluster;
mod dump;
mod filter;
#[cfg(test)]
mod fixture;
mod listener;
mod refused;
mod route;
mod stats;

use crate::drill::{agent, plain_http};
use crate::input;
use crate::stop::{Stop, print};
use crate::version::OLDEST_ENVOY;
use dump::{Dump, text};
use std::path::{Path, PathBuf};
use std::time::Duration;
use switchover::config::Config;
use switchover::json::Raw;

/// An Envoy with many orders has a large configuration.
const LARGEST_BYTES: u64 = 1 << 30;

#[derive(clap::Args)]
pub struct DoctorArgs {
    /// The Envoy's admin interface, or a file with its `/config_dump` (`istioctl proxy-config all POD -o json`; - is standard input).
    #[arg(value_name = "ADMIN-URL|FILE", default_value = "http://127.0.0.1:9901", value_parser = source)]
    from: DumpSource,
    /// Istiod's debug interface too: which proxies have refused what it sent them.
    #[arg(long, value_name = "URL", value_parser = plain_http)]
    istiod: Option<String>,
}

/// Where a dump comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum DumpSource {
    Admin(String),
    File(PathBuf),
}

/// What is no address is a file, if there is one.
fn source(text: &str) -> Result<DumpSource, String> {
    let path = Path::new(text);
    if text == "-" || path.is_file() || path.extension().is_some_and(|ending| ending == "json") {
        return Ok(DumpSource::File(path.to_owned()));
    }
    plain_http(text).map(DumpSource::Admin)
}

/// # Errors
/// All that is wrong, or nobody answers.
pub fn run(args: &DoctorArgs) -> Result<(), Stop> {
    let mut found = match &args.from {
        DumpSource::Admin(admin) => {
            let (info, dump) = (fetch(admin, "/server_info")?, fetch(admin, "/config_dump")?);
            let mut found =
                examine(Some(parsed(admin, "/server_info", &info)?), parsed(admin, "/config_dump", &dump)?);
            // An Envoy that tells no statistics is examined all the same.
            found.notes =
                fetch(admin, refused::STATS).map(|stats| refused::notes(&stats)).unwrap_or_default();
            found
        }
        DumpSource::File(path) => {
            let dump = input::body_from(path)?;
            let parsed = Raw::parse(&dump);
            let dump = parsed.map_err(|error| {
                Stop::wrong(format!("{}: this is no JSON ({error}), so no /config_dump.", path.display()))
            })?;
            examine(None, dump)
        }
    };
    if let Some(istiod) = &args.istiod {
        refused::by_proxies(&fetch(istiod, refused::SYNC)?, &mut found);
    }
    if found.wrong.is_empty() {
        let lines = std::iter::once(&found.seen).chain(&found.notes);
        let lines: Vec<&str> = lines.map(String::as_str).collect();
        return print(format!("{}\n", lines.join("\n")).as_bytes());
    }
    found.wrong.append(&mut found.notes);
    Err(Stop::wrong(found.wrong.join("\n")))
}

fn fetch(base: &str, path: &str) -> Result<Vec<u8>, Stop> {
    let url = format!("{base}{path}");
    let failed = |why: String| {
        Stop::wrong(format!(
            "{url}: {why}. Say where the admin interface of a running Envoy is, as its bootstrap's `admin` has it."
        ))
    };
    let answer =
        agent(Duration::from_secs(60)).get(&url).call().map_err(|error| failed(error.to_string()))?;
    if answer.status().as_u16() != 200 {
        return Err(failed(format!("status {}", answer.status().as_u16())));
    }
    let body = answer.into_body().into_with_config().limit(LARGEST_BYTES).read_to_vec();
    body.map_err(|error| failed(error.to_string()))
}

fn parsed<'b>(admin: &str, path: &str, bytes: &'b [u8]) -> Result<Raw<'b>, Stop> {
    Raw::parse(bytes)
        .map_err(|error| Stop::wrong(format!("{admin}{path} is no JSON ({error}): that is no Envoy.")))
}

/// What an Envoy has.
#[derive(Debug, Default)]
pub struct Findings {
    /// Sentences, each with what to write instead.
    pub wrong: Vec<String>,
    /// What was looked at, for when nothing is wrong.
    pub seen: String,
    /// What may be old news.
    pub notes: Vec<String>,
}

impl Findings {
    /// Each only once.
    fn say(&mut self, sentence: String) {
        if !self.wrong.contains(&sentence) {
            self.wrong.push(sentence);
        }
    }
}

/// Everything that is wrong.
fn examine(info: Option<Raw<'_>>, dump: Raw<'_>) -> Findings {
    let mut found = Findings::default();
    let dump = Dump::read(dump);
    refused::by_envoy(&dump, &mut found);
    let version = match info {
        Some(info) => version(&text(info, &["version"]).unwrap_or_default(), &mut found),
        // Whoever saved a dump may have left that part out.
        None => dump
            .version()
            .map_or_else(|| "(of no known version)".to_owned(), |number| version(&number, &mut found)),
    };
    node(info, &dump, &mut found);
    stats::examine(&dump, &mut found);
    let managers = listener::managers(&dump);
    if version.starts_with("1.37.") && managers.iter().any(|manager| manager.is_sent) {
        found.notes.push(format!(
            "This is Envoy {version}, which dies of a module that a control plane sends after its workers have started, where the \
             processor has memory protection keys (pku): docs/istio.md. Run Envoy 1.38.2 or newer."
        ));
    }
    let routers: Vec<_> = managers.iter().filter_map(|manager| Some((manager, manager.router()?))).collect();
    let awaited = managers.iter().find(|manager| !manager.awaited.is_empty());
    if let (Some(manager), true) = (awaited, routers.is_empty()) {
        found.say(format!(
            "Listener `{}` has no `{}` from the control plane yet (ECDS), and what stands in for it does nothing, so LLM calls get \
             whatever their host answers. The control plane has not sent it or Envoy refused it (`switchover doctor --istiod URL` says \
             which), or the module could not be fetched (the agent's log).",
            manager.listener,
            manager.awaited.join("`, `")
        ));
    } else if routers.is_empty() {
        found.say(
            "No listener has the filter in its role `router`, so nobody takes LLM calls. Put the `http_filters` of filters.yaml \
             (`switchover render envoy --only filters`) into the HTTP connection manager, before envoy.filters.http.router."
                .to_owned(),
        );
    }
    let (mut orders, mut known) = (0, Vec::new());
    for (manager, router) in &routers {
        router.examine(&format!("The router role of listener `{}`", manager.listener), &mut found);
        let config = match config_of(router, &manager.listener) {
            Ok(config) => config,
            Err(sentence) => {
                found.say(sentence);
                continue;
            }
        };
        manager.examine(&config, &mut found);
        route::examine(manager, &dump, &config, &mut found);
        // Several listeners may have one document.
        if !known.contains(&router.document) {
            known.push(router.document.clone());
            orders += cluster::examine(&dump, &config, router, manager.shared.as_ref(), &mut found);
        }
    }
    let listeners = counted(routers.len(), "listener");
    found.seen = format!(
        "Nothing is wrong: Envoy {version} has the router role in {listeners}, and all {} of the document.",
        counted(orders, "order")
    );
    found
}

fn counted(number: usize, what: &str) -> String {
    match (number, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        _ => format!("{number} {what}s"),
    }
}

/// The document of the router role, as the filter reads it.
fn config_of(router: &filter::OurFilter<'_>, listener: &str) -> Result<Config, String> {
    let Some(document) = &router.document else {
        return Err(format!(
            "The router role of listener `{listener}` has no configuration. Give it the document of filters.yaml."
        ));
    };
    Config::from_json(document.as_bytes()).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        format!("The document of the router role in listener `{listener}` is wrong. {first} Render it again.")
    })
}

/// `…/1.40.0/Clean/RELEASE/BoringSSL`, or the number alone.
fn version(whole: &str, found: &mut Findings) -> String {
    let number = whole.split('/').nth(1).unwrap_or(whole).to_owned();
    let mut parts = number.split(['.', '-']).map_while(|part| part.parse::<u64>().ok());
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST_ENVOY => {}
        (Some(_), Some(_)) => found.say(format!(
            "This is Envoy {number}: before 1.37 a retry after a held answer lets bytes of the failed attempt through to the \
             caller. Run Envoy 1.37 or newer."
        )),
        _ => found.say(format!("/server_info names no version (`{whole}`). Ask the admin interface of an Envoy of 1.37 or newer.")),
    }
    number
}

/// Envoy reads no key, nor any file of resources, without.
fn node(info: Option<Raw<'_>>, dump: &Dump<'_>, found: &mut Findings) {
    let has = |name: &str| {
        let of = |raw: Option<Raw<'_>>| {
            raw.and_then(|raw| text(raw, &["node", name])).is_some_and(|id| !id.is_empty())
        };
        of(info) || of(dump.bootstrap)
    };
    let missing: Vec<_> =
        ["id", "cluster"].into_iter().filter(|name| !has(name)).map(|name| format!("`{name}`")).collect();
    if !missing.is_empty() {
        found.say(format!(
            "The Envoy's node has no {}, and without it Envoy takes no key and no clusters from a file. Write `node: {{id: …, \
             cluster: …}}` into the bootstrap.",
            missing.join(" and no ")
        ));
    }
}

#[cfg(test)]
mod tests;
