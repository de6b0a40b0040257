//! `switchover render envoy-gateway`: manifests for a gateway of Envoy Gateway.
//!
//! Clusters, filter and route are put in by `EnvoyPatchPolicy`s; the pods get keys, module, labels and log by an `EnvoyProxy`.

mod policy;
mod proxy;

use super::elsewhere::moved;
use super::envoy::{self, Surroundings, Upstream};
use super::manifest::{self, KEPT, Manifest, ManifestArgs, Owner, name_of};
use super::{in_lines, text_of, words};
use crate::document::{CheckedFile, listed};
use crate::stop::Stop;

#[derive(clap::Args)]
pub struct EnvoyGatewayArgs {
    #[command(flatten)]
    asked: ManifestArgs,
    /// The filter: an image that is mounted into the proxies' container (oci://…@sha256:…, Kubernetes 1.33 or newer), or a path there
    /// at which something else puts it.
    #[arg(long, value_name = "IMAGE|PATH")]
    wasm: String,
    /// The namespace of the gateway.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = words::name)]
    namespace: String,
    /// The gateway.
    #[arg(long, value_name = "NAME", default_value = "llm", value_parser = words::name)]
    gateway: String,
    /// Its class.
    #[arg(long, value_name = "NAME", default_value = "eg", value_parser = words::name)]
    gateway_class: String,
    /// The gateway's listener that LLM calls come to.
    #[arg(long, value_name = "NAME", default_value = "http", value_parser = words::name)]
    listener: String,
    /// The listener's port.
    #[arg(long, default_value_t = 8080)]
    port: u16,
}

/// Where the parts go, as the caller says.
pub struct GatewayPlaces<'a> {
    args: &'a EnvoyGatewayArgs,
    /// `*` where any will do.
    hosts: Vec<String>,
    secrets: String,
    module: ModulePlace,
}

/// How the module comes into the proxies' container.
enum ModulePlace {
    /// An image by its digest, mounted.
    Image(String),
    /// Not our business.
    Path(String),
}

/// The folder that an image is mounted at.
const MOUNTED: &str = "/etc/switchover/module";

impl ModulePlace {
    /// # Errors
    /// It is neither an image that can only be one nor a path.
    fn new(wasm: &str) -> Result<ModulePlace, Stop> {
        match wasm.split_once("://") {
            None if wasm.starts_with('/') => Ok(ModulePlace::Path(wasm.to_owned())),
            Some(("oci", image)) => match image.rsplit_once("@sha256:") {
                Some((_, digest)) if words::sha256(digest).is_ok() => {
                    Ok(ModulePlace::Image(image.to_owned()))
                }
                _ => Err(Stop::wrong(format!(
                    "--wasm {wasm}: say the image by its digest (oci://…@sha256:…): a tag may mean another image tomorrow."
                ))),
            },
            Some(_) => Err(Stop::wrong(format!(
                "--wasm {wasm}: Envoy would fetch it itself, and answer nobody where it can't. Say an image (oci://…@sha256:…), or a \
                 path in the proxies' container."
            ))),
            None => Err(Stop::wrong(format!(
                "--wasm {wasm}: say an image (oci://…@sha256:…), or the whole path in the proxies' container."
            ))),
        }
    }

    /// The file in the container. `plugin.wasm` is what Istio and Envoy Gateway call it in an image.
    fn path(&self) -> String {
        match self {
            ModulePlace::Image(_) => format!("{MOUNTED}/plugin.wasm"),
            ModulePlace::Path(path) => path.clone(),
        }
    }
}

impl GatewayPlaces<'_> {
    fn new<'a>(args: &'a EnvoyGatewayArgs, document: &CheckedFile) -> Result<GatewayPlaces<'a>, Stop> {
        let mut hosts = args.asked.hosts(document);
        if hosts.is_empty() {
            hosts.push("*".to_owned());
        }
        let module = ModulePlace::new(&args.wasm)?;
        Ok(GatewayPlaces { args, hosts, secrets: args.asked.secrets()?, module })
    }

    fn owner(&self) -> Owner<'_> {
        Owner { name: &self.args.asked.name, namespace: &self.args.namespace }
    }
}

/// # Errors
/// What keeps the manifests from being made, in words for a person.
pub fn run(args: &EnvoyGatewayArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.asked.file)?;
    document.warn_of_no_key();
    let kept = args.asked.keep.as_deref().map(CheckedFile::open).transpose()?;
    let places = GatewayPlaces::new(args, &document)?;
    manifest::count(&document, args.asked.dedicated)?;
    let here = manifest::surroundings(&document.config, &places.secrets, &args.asked.ca_file)?;
    let text = switchover::config::yaml_to_json(&document.bytes)
        .map_err(|problems| Stop::wrong(listed(&document.path, &problems)))?;
    let upstream = if args.asked.dedicated { Upstream::OnRouter } else { Upstream::InOrders };
    let code = || envoy::local(&places.module.path());
    let file = |text: &[u8], here: &Surroundings| {
        in_lines(&manifest::for_hosts(moved(text, &here.secrets), &args.asked.host))
    };
    let parts = envoy::in_place(&document.config, file(&text, &here), &here, code(), upstream);
    let names: Vec<String> = parts.clusters.iter().map(|item| name_of(&item.value)).collect();
    let mut manifests = policy::manifests(&places, &parts);
    if let Some(kept) = &kept {
        let here = manifest::surroundings(&kept.config, &places.secrets, &args.asked.ca_file)?;
        let text = switchover::config::yaml_to_json(&kept.bytes)
            .map_err(|problems| Stop::wrong(listed(&kept.path, &problems)))?;
        let old = envoy::in_place(&kept.config, file(&text, &here), &here, code(), upstream);
        manifests.extend(policy::kept(&places, &old.clusters, &names));
    }
    manifests.extend(proxy::manifests(&places, &here, &parts));
    manifest::write(&args.asked.out, &manifests)?;
    let steps = steps(&places, manifest::key_steps(&document.config, &here), &manifests)?;
    manifest::tell(&format!("of the gateway {}", args.gateway), &args.namespace, &steps);
    Ok(())
}

/// What is to be done with the files, in their order.
fn steps(
    places: &GatewayPlaces<'_>,
    mut steps: Vec<String>,
    manifests: &[Manifest],
) -> Result<Vec<String>, Stop> {
    let out = text_of(&places.args.asked.out)?;
    if let ModulePlace::Path(path) = &places.module {
        steps.push(format!(
            "put the filter to {path} in the proxies' container; nobody compares its hash there"
        ));
    }
    steps.push("allow EnvoyPatchPolicy in Envoy Gateway's own configuration: extensionApis: {enableEnvoyPatchPolicy: true}".to_owned());
    let names =
        manifests.iter().map(|manifest| format!("-f {out}/{}", manifest.name)).collect::<Vec<_>>().join(" ");
    steps.push(format!("kubectl apply --server-side {names}"));
    if manifests.iter().any(|manifest| manifest.name == KEPT) {
        steps.push(format!(
            "when each policy says Programmed, and the longest request has ended: kubectl delete -f {out}/{KEPT}"
        ));
    }
    Ok(steps)
}
