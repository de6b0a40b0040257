//! `switchover render istio`: manifests for a proxy that istiod configures.
//!
//! What is of the filter is cut out of the same parts as a bootstrap and put in by `EnvoyFilter`s; what an operator of Istio
//! would write by hand (Gateway, VirtualService, annotations) stands beside it as an example to apply or to merge.

mod code;
mod filters;
mod ordinary;

use super::elsewhere::moved;
use super::envoy::{self, Surroundings, Upstream};
use super::manifest::{self, KEPT, Manifest, ManifestArgs, Owner, name_of};
use super::{in_lines, text_of, words};
use crate::document::{CheckedFile, listed};
use crate::stop::Stop;
use switchover::config::Config;

#[derive(clap::Args)]
pub struct IstioArgs {
    #[command(flatten)]
    asked: ManifestArgs,
    /// Where the proxies get the filter: a URL that their agents fetch (https://…/switchover.wasm, oci://…@sha256:…), or a path in
    /// the proxies' container.
    #[arg(long, value_name = "URL|PATH")]
    wasm: String,
    /// The SHA-256 of what is at an https URL. Default: that of switchover.wasm in the folder of this command.
    #[arg(long, value_name = "HEX", value_parser = words::sha256)]
    wasm_sha256: Option<String>,
    /// The proxies' namespace.
    #[arg(long, value_name = "NAME", default_value = "istio-system", value_parser = words::name)]
    namespace: String,
    /// Which proxies, by a label of their pods; more than one must all be there. For a gateway istio=ingressgateway if not said.
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::label, conflicts_with = "target_ref")]
    selector: Vec<(String, String)>,
    /// Which proxies, by what they belong to: Gateway/NAME of the Gateway API.
    #[arg(long, value_name = "KIND/NAME", value_parser = words::target_ref)]
    target_ref: Option<words::TargetRef>,
    /// Whether the proxies are a gateway or the sidecars of applications that make LLM calls.
    #[arg(long, value_enum, default_value_t = MeshContext::Gateway)]
    context: MeshContext,
    /// The port that LLM calls come to.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// What the proxies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum MeshContext {
    Gateway,
    Sidecar,
}

impl MeshContext {
    /// As `EnvoyFilter`s call it.
    fn patched(self) -> &'static str {
        match self {
            MeshContext::Gateway => "GATEWAY",
            MeshContext::Sidecar => "SIDECAR_OUTBOUND",
        }
    }
}

/// # Errors
/// What keeps the manifests from being made, in words for a person.
pub fn run(args: &IstioArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.asked.file)?;
    document.warn_of_no_key();
    let kept = args.asked.keep.as_deref().map(CheckedFile::open).transpose()?;
    if args.asked.dedicated && args.context == MeshContext::Sidecar {
        return Err(Stop::wrong(
            "--dedicated is for a gateway: a sidecar has its application's other traffic.",
        ));
    }
    let places = MeshPlaces::new(args, &document)?;
    manifest::count(&document, args.asked.dedicated)?;
    let here = places.surroundings(&document.config)?;
    let text = switchover::config::yaml_to_json(&document.bytes)
        .map_err(|problems| Stop::wrong(listed(&document.path, &problems)))?;
    let code = code::source(&args.wasm, args.wasm_sha256.as_deref())?;
    let upstream = if args.asked.dedicated { Upstream::OnRouter } else { Upstream::InOrders };
    let parts = envoy::in_mesh(
        &document.config,
        in_lines(&manifest::for_hosts(moved(&text, &here.secrets), &places.hosts)),
        &here,
        code.clone(),
        upstream,
    );
    let names: Vec<String> = parts.clusters.iter().map(|item| name_of(&item.value)).collect();
    let mut manifests = filters::manifests(&places, &parts);
    if let Some(kept) = &kept {
        let here = places.surroundings(&kept.config)?;
        let old = envoy::in_mesh(&kept.config, String::new(), &here, code, upstream);
        manifests.extend(filters::kept(&places, &old.clusters, &names));
    }
    manifests.extend(ordinary::manifests(&places, &here, &parts));
    manifest::write(&args.asked.out, &manifests)?;
    tell(args, &places, &document.config, &here, &manifests)
}

/// Where the parts go, as the caller says.
pub struct MeshPlaces<'a> {
    args: &'a IstioArgs,
    hosts: Vec<String>,
    selector: Vec<(String, String)>,
    secrets: String,
}

impl MeshPlaces<'_> {
    fn new<'a>(args: &'a IstioArgs, document: &CheckedFile) -> Result<MeshPlaces<'a>, Stop> {
        let mut selector = args.selector.clone();
        if selector.is_empty() && args.target_ref.is_none() {
            if args.context == MeshContext::Sidecar {
                return Err(Stop::wrong(
                    "Say which applications' sidecars get the filter: --selector app=NAME, and --namespace with theirs.",
                ));
            }
            selector.push(("istio".to_owned(), "ingressgateway".to_owned()));
        }
        let hosts = args.asked.hosts(document);
        if hosts.is_empty() && args.context == MeshContext::Sidecar {
            return Err(Stop::wrong(
                "Say by which host the applications call: --host llm.internal, or `listen.hosts` in the file.",
            ));
        }
        Ok(MeshPlaces { args, hosts, selector, secrets: args.asked.secrets()? })
    }

    fn surroundings(&self, config: &Config) -> Result<Surroundings, Stop> {
        manifest::surroundings(config, &self.secrets, &self.args.asked.ca_file)
    }

    pub fn owner(&self) -> Owner<'_> {
        Owner { name: &self.args.asked.name, namespace: &self.args.namespace }
    }
}

/// What is to be done with the files, in their order.
fn tell(
    args: &IstioArgs,
    places: &MeshPlaces<'_>,
    config: &Config,
    here: &Surroundings,
    manifests: &[Manifest],
) -> Result<(), Stop> {
    let out = text_of(&args.asked.out)?;
    let mut lines = manifest::key_steps(config, here);
    if !args.wasm.contains("://") {
        lines.push(format!(
            "put the filter to {} in the proxies' container; nobody compares its hash there",
            args.wasm
        ));
    }
    lines.push(format!(
        "merge {out}/annotations.yaml into the proxies' Deployment: the keys' volumes, and what is counted"
    ));
    lines.push(format!("merge {out}/mesh-config.yaml into the mesh's configuration, for the log"));
    let applied = manifests.iter().filter(|manifest| ordinary::is_applied(&manifest.name));
    let names = applied.map(|manifest| format!("-f {out}/{}", manifest.name)).collect::<Vec<_>>().join(" ");
    lines.push(format!("kubectl apply --server-side {names}"));
    if manifests.iter().any(|manifest| manifest.name == KEPT) {
        lines.push(format!(
            "when every proxy has it (istioctl proxy-status says SYNCED), and the longest request has ended: kubectl delete -f \
             {out}/{KEPT}"
        ));
    }
    let proxies = match places.selector.as_slice() {
        [] => "of the gateway that is named".to_owned(),
        labels => labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(","),
    };
    manifest::tell(&proxies, &args.namespace, &lines);
    Ok(())
}
