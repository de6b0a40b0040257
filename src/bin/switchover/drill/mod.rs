//! `switchover drill FILE`: forces each drill of a file on a running Envoy and tells what its callers saw.
//!
//! It is a caller like any other: it forces drills by the header that the file allows a tenant, and only its own requests
//! are drilled. Chats and streams go out in turn, until the twin of the target is ejected and comes back.

mod admin;
mod caller;
mod report;
mod script;

pub use caller::agent;
pub use report::timestamp;

use crate::document::{CheckedFile, now_ms};
use crate::input;
use crate::stop::{Stop, print};
use caller::TestCaller;
use script::Script;
use std::path::PathBuf;
use std::time::Duration;
use switchover::config::{Config, Drill, TargetSettings};

#[derive(clap::Args)]
pub struct DrillArgs {
    /// The switchover.yaml that the Envoy runs.
    file: PathBuf,
    /// Where Envoy takes requests.
    #[arg(long, default_value = "http://127.0.0.1:8080", value_parser = plain_http)]
    url: String,
    /// Where Envoy's admin interface is: it tells when a twin is ejected and whether the real target ever was.
    #[arg(long, default_value = "http://127.0.0.1:9901", value_parser = plain_http)]
    admin: String,
    /// Whose requests they are. Default: the first tenant that each drill allows.
    #[arg(long)]
    tenant: Option<String>,
    /// Only the drills of this target.
    #[arg(long)]
    target: Option<String>,
    /// A header that the requests need to be let in, as NAME=VALUE; several times for several.
    #[arg(long = "header", value_name = "NAME=VALUE", value_parser = input::header)]
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// Don't wait until ejected twins come back.
    #[arg(long)]
    no_way_back: bool,
}

/// The address of an interface without TLS.
pub fn plain_http(text: &str) -> Result<String, String> {
    match text.strip_prefix("http://") {
        Some(rest) if !rest.is_empty() => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err(format!("`{text}` is no address of plain HTTP. Write one like http://127.0.0.1:8080.")),
    }
}

/// # Errors
/// The file is wrong, no drill can be forced, or a caller saw a failure.
pub fn run(args: &DrillArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.file)?;
    let config = &document.config;
    let chosen = choose(args, &document)?;
    let admin = admin::Admin::new(&args.admin);
    let (mut failures, mut played) = (0, 0);
    for (drill, tenant) in chosen {
        let caller = TestCaller::new(config, args, tenant)?;
        let (caller, way_back) = (&caller, !args.no_way_back);
        let outcome = Script { config, caller, admin: &admin, drill, tenant, way_back }.run();
        print(report::text(config, drill, &outcome).as_bytes())?;
        failures += outcome.failures();
        played += usize::from(outcome.not_played.is_none());
    }
    match (failures, played) {
        (0, 0) => Err(Stop::wrong("No drill could be played.")),
        (0, _) => print(b"No caller saw a failure.\n"),
        (1, _) => Err(Stop::wrong("1 failure was seen.")),
        (more, _) => Err(Stop::wrong(format!("{more} failures were seen."))),
    }
}

/// The drills that can be forced, and whose requests force them.
fn choose<'c>(args: &'c DrillArgs, document: &'c CheckedFile) -> Result<Vec<(&'c Drill, &'c str)>, Stop> {
    let config = &document.config;
    let file = document.path.display();
    let only =
        args.target.as_ref().map(|id| input::target(document, id)).transpose()?.map(|(place, _)| place);
    let now = now_ms();
    let on = || {
        config.drills.iter().filter(|drill| drill.is_on(now) && only.is_none_or(|only| drill.target == only))
    };
    let tenant_of = |drill: &'c Drill| match &args.tenant {
        Some(tenant) => drill.allow_tenants.iter().find(|known| *known == tenant),
        None => drill.allow_tenants.first(),
    };
    let chosen: Vec<_> = on().filter_map(|drill| Some((drill, tenant_of(drill)?.as_str()))).collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let example = example(config, only, now);
    Err(Stop::wrong(match (on().next(), &args.tenant) {
        (None, _) => {
            format!("{file} has no drill that is on. Add one, render and load it, for example:\n{example}")
        }
        (Some(_), Some(tenant)) => {
            format!("{file} lets tenant `{tenant}` force no drill. Add it to a drill's `allow_tenants`.")
        }
        (Some(_), None) => format!(
            "{file} lets nobody force a drill. Name a tenant that may, render and load it, for example:\n{example}"
        ),
    }))
}

/// What to add to a file for a drill of an hour that only this command makes.
fn example(config: &Config, only: Option<usize>, now_ms: u64) -> String {
    let target = config.targets.get(only.unwrap_or(0)).map_or("…", TargetSettings::id);
    let header = config.tenant.as_ref().map_or("x-tenant-id", |tenant| tenant.header.as_str());
    let until = report::timestamp(Duration::from_millis(now_ms) + Duration::from_secs(3600));
    format!(
        "tenant: {{header: {header}}}\ndrills:\n  - {{target: {target}, class: overloaded, percentage: 0, until: \"{until}\", \
         allow_tenants: [drill]}}"
    )
}
