//! `switchover doctor ADMIN-URL`: reads what a running Envoy has loaded and says what in it is not as it has to be.
//!
//! What is right is taken from the same code that renders: the names of the clusters, the limits. It reads and changes nothing.

mod cluster;
mod dump;
mod filter;
#[cfg(test)]
mod fixture;
mod listener;
mod route;

use crate::drill::{agent, plain_http};
use crate::stop::{Stop, print};
use crate::version::OLDEST_ENVOY;
use dump::{Dump, text};
use std::time::Duration;
use switchover::config::Config;
use switchover::filter::LABELS;
use switchover::json::Raw;

#[derive(clap::Args)]
pub struct DoctorArgs {
    /// The Envoy's admin interface.
    #[arg(value_name = "ADMIN-URL", default_value = "http://127.0.0.1:9901", value_parser = plain_http)]
    admin: String,
}

/// An Envoy with many orders has a large configuration.
const LARGEST_BYTES: u64 = 1 << 30;

/// # Errors
/// All that is wrong, or nobody answers.
pub fn run(args: &DoctorArgs) -> Result<(), Stop> {
    let (info, dump) = (fetch(&args.admin, "/server_info")?, fetch(&args.admin, "/config_dump")?);
    let (info, dump) =
        (parsed(&args.admin, "/server_info", &info)?, parsed(&args.admin, "/config_dump", &dump)?);
    let found = examine(info, dump);
    if found.wrong.is_empty() {
        return print(format!("{}\n", found.seen).as_bytes());
    }
    Err(Stop::wrong(found.wrong.join("\n")))
}

fn fetch(admin: &str, path: &str) -> Result<Vec<u8>, Stop> {
    let url = format!("{admin}{path}");
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
fn examine(info: Raw<'_>, dump: Raw<'_>) -> Findings {
    let mut found = Findings::default();
    let dump = Dump::read(dump);
    let version = version(info, &mut found);
    node(info, &dump, &mut found);
    tags(&dump, &mut found);
    let managers = listener::managers(&dump);
    let routers: Vec<_> = managers.iter().filter_map(|manager| Some((manager, manager.router()?))).collect();
    if routers.is_empty() {
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
            orders += cluster::examine(&dump, &config, router, &mut found);
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
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
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

/// `…/1.40.0/Clean/RELEASE/BoringSSL`.
fn version(info: Raw<'_>, found: &mut Findings) -> String {
    let whole = text(info, &["version"]).unwrap_or_default();
    let number = whole.split('/').nth(1).unwrap_or(&whole).to_owned();
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
fn node(info: Raw<'_>, dump: &Dump<'_>, found: &mut Findings) {
    let has = |name: &str| {
        let of = |raw: Option<Raw<'_>>| {
            raw.and_then(|raw| text(raw, &["node", name])).is_some_and(|id| !id.is_empty())
        };
        of(Some(info)) || of(dump.bootstrap)
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

fn tags(dump: &Dump<'_>, found: &mut Findings) {
    let rules: Vec<_> =
        dump.bootstrap.map(|all| dump::each(all, &["stats_config", "stats_tags"])).unwrap_or_default();
    let has = |label: &str| {
        rules.iter().any(|rule| {
            text(*rule, &["tag_name"]).as_deref() == Some(label)
                && text(*rule, &["regex"]).is_some_and(|regex| regex.contains("wasmcustom"))
        })
    };
    let missing: Vec<_> =
        LABELS.iter().filter(|label| !has(label)).map(|label| format!("`{label}`")).collect();
    if !missing.is_empty() {
        found.say(format!(
            "`stats_config` has no rule for the label {} of the filter's counters, so they have names nobody can sum up. Put the \
             `stats_tags` of stats.yaml (`switchover render envoy --only stats`) among yours.",
            missing.join(", ")
        ));
    }
}

#[cfg(test)]
mod tests;
