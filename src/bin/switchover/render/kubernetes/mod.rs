//! `switchover render kubernetes`: manifests of a Deployment that runs `switchover serve`, without a mesh.

mod pods;
mod traffic;

use super::elsewhere::moved;
use super::manifest::{self, Manifest, Owner};
use super::tree::{Map, one};
use super::{in_lines, text_of, words};
use crate::document::{CheckedFile, listed};
use crate::stop::Stop;
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct KubernetesArgs {
    /// The switchover.yaml.
    file: PathBuf,
    /// The folder for the manifests.
    #[arg(short, long, value_name = "DIR")]
    out: PathBuf,
    /// The image of `switchover serve`, by its digest: registry.internal/switchover-serve@sha256:….
    #[arg(long, value_name = "IMAGE", value_parser = image)]
    image: String,
    /// The namespace.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = words::name)]
    namespace: String,
    /// A label that pods of callers have, in the same namespace; several must all be there. Nobody else reaches the port.
    #[arg(long, value_name = "KEY=VALUE", value_parser = words::label, default_value = "switchover-caller=yes")]
    callers: Vec<(String, String)>,
    /// The port that callers use.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// How many pods there are at least, and at most under load.
    #[arg(long, value_name = "LEAST-MOST", default_value = "2-10", value_parser = pods_from_to)]
    replicas: (u32, u32),
    /// How many workers each pod's Envoy has; each may take `listen.memory`.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: u32,
    /// What the manifests are called, and begin with.
    #[arg(long, value_name = "NAME", default_value = "switchover", value_parser = words::name)]
    name: String,
}

/// Where the pods find the keys.
const SECRETS: &str = "/etc/switchover/secrets";

fn image(text: &str) -> Result<String, String> {
    let digest = text.rsplit_once("@sha256:").filter(|(name, _)| !name.is_empty()).map(|(_, digest)| digest);
    let is_one = digest.is_some_and(|digest| words::sha256(digest).is_ok()) && !text.contains("://");
    is_one.then(|| text.to_owned()).ok_or_else(|| {
        "an image is named by its digest (registry.internal/switchover-serve@sha256:…): a tag may mean another tomorrow".to_owned()
    })
}

fn pods_from_to(text: &str) -> Result<(u32, u32), String> {
    let wrong = || "say how many pods there are at least and at most, such as 2-10, or one number".to_owned();
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    let (least, most): (u32, u32) = (least.parse().map_err(|_| wrong())?, most.parse().map_err(|_| wrong())?);
    if (1..=most).contains(&least) && most <= 1000 { Ok((least, most)) } else { Err(wrong()) }
}

impl KubernetesArgs {
    fn owner(&self) -> Owner<'_> {
        Owner { name: &self.name, namespace: &self.namespace }
    }

    /// What the pods are found by.
    fn labels(&self) -> Map {
        Map::new()
            .with("app.kubernetes.io/name", "switchover")
            .with("app.kubernetes.io/instance", self.name.as_str())
    }
}

const CONFIG: &str = "\
Made by `switchover render kubernetes`: change switchover.yaml and render again. The pods take a new content over within a minute, \
without losing a request; no restart.";

/// # Errors
/// What keeps the manifests from being made, in words for a person.
pub fn run(args: &KubernetesArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.file)?;
    document.warn_of_no_key();
    let here = manifest::surroundings(&document.config, SECRETS, std::path::Path::new(""))?;
    let text = switchover::config::yaml_to_json(&document.bytes)
        .map_err(|problems| Stop::wrong(listed(&document.path, &problems)))?;
    let file = in_lines(&moved(&text, &here.secrets));
    let config =
        args.owner().object(CONFIG, "v1", "ConfigMap", "").with("data", one("switchover.yaml", file));
    let has_keys = here.secrets.iter().any(Option::is_some);
    let mut manifests = vec![Manifest { name: "config.yaml".to_owned(), documents: vec![config.into()] }];
    let mut put = |name: &str, documents| manifests.push(Manifest { name: name.to_owned(), documents });
    if has_keys {
        put("keys.yaml", vec![args.owner().secret()]);
    }
    put("deployment.yaml", pods::documents(args, &document.config, has_keys));
    put("service.yaml", traffic::documents(args));
    manifest::write(&args.out, &manifests)?;
    let out = text_of(&args.out)?;
    let mut steps = manifest::key_steps(&document.config, &here);
    let names =
        manifests.iter().map(|manifest| format!("-f {out}/{}", manifest.name)).collect::<Vec<_>>().join(" ");
    steps.push(format!("kubectl apply --server-side {names}"));
    let labels =
        args.callers.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    steps.push(format!(
        "give the pods of callers the label {labels}; they call http://{}:{}",
        args.name, args.port
    ));
    manifest::tell(&format!("of the Deployment {}", args.name), &args.namespace, &steps);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_one_image_and_some_pods() {
        let digest = "0123456789abcdef".repeat(4);
        assert!(image(&format!("registry.internal/serve@sha256:{digest}")).is_ok());
        for wrong in [
            "serve",
            "serve:1.0",
            "serve@sha256:12",
            &format!("@sha256:{digest}"),
            &format!("oci://a@sha256:{digest}"),
        ] {
            assert!(image(wrong).is_err(), "{wrong}");
        }
        assert_eq!(pods_from_to("3"), Ok((3, 3)));
        assert_eq!(pods_from_to("2-10"), Ok((2, 10)));
        for wrong in ["", "0", "3-2", "a-b", "1-1001", "-2"] {
            assert!(pods_from_to(wrong).is_err(), "{wrong}");
        }
    }
}
