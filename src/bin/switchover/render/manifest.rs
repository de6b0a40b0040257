//! Manifests of Kubernetes: what is the same for whichever control plane reads them.

use super::elsewhere::{key_of, secret_file};
use super::envoy::Surroundings;
use super::secret::sds;
use super::tree::{ListItem, Map, TreeNode, list, one};
use super::{compact, secret, text_of, words, yaml};
use crate::document::CheckedFile;
use crate::stop::Stop;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use switchover::config::{Config, Credential, CredentialSource};
use switchover::json::{Raw, Writer};

/// What is asked of manifests for a gateway, whoever configures it.
#[derive(clap::Args)]
pub struct ManifestArgs {
    /// The switchover.yaml.
    pub file: PathBuf,
    /// The folder for the manifests.
    #[arg(short, long, value_name = "DIR")]
    pub out: PathBuf,
    /// A host that LLM calls are for; more than one may be said. Default: `listen.hosts` of the file, or any.
    #[arg(long, value_name = "HOST", value_parser = words::host)]
    pub host: Vec<String>,
    /// The folder of the keys in the proxies' container.
    #[arg(long, value_name = "DIR", default_value = "/etc/switchover/secrets")]
    secrets: PathBuf,
    /// The switchover.yaml that is served now: clusters of it that this one lacks are kept in a manifest of their own, which is
    /// deleted when this one is everywhere.
    #[arg(long, value_name = "OLD")]
    pub keep: Option<PathBuf>,
    /// The gateway serves LLM calls and nothing else: each attempt's filters are in Envoy's router once, instead of in every order.
    #[arg(long)]
    pub dedicated: bool,
    /// What the manifests are called, and begin with.
    #[arg(long, value_name = "NAME", default_value = "switchover", value_parser = words::name)]
    pub name: String,
    /// The certificates of the authorities that providers' certificates are verified against, in the proxies' container.
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
    pub ca_file: PathBuf,
}

impl ManifestArgs {
    /// The folder of the keys.
    ///
    /// # Errors
    /// It is no whole path.
    pub fn secrets(&self) -> Result<String, Stop> {
        let secrets = text_of(&self.secrets)?;
        if !secrets.starts_with('/') {
            return Err(Stop::wrong(format!(
                "--secrets {secrets}: the proxies need the whole path, such as /etc/switchover/secrets."
            )));
        }
        Ok(secrets.trim_end_matches('/').to_owned())
    }

    /// The hosts that LLM calls are for; none if any will do.
    pub fn hosts(&self, document: &CheckedFile) -> Vec<String> {
        if self.host.is_empty() { document.config.listen.hosts.clone() } else { self.host.clone() }
    }
}

/// A file of the folder.
pub struct Manifest {
    pub name: String,
    pub documents: Vec<TreeNode>,
}

/// At most so many bytes of an object, as JSON: etcd takes 1.5 MiB, and every change of one sends all of it.
const MOST_BYTES: usize = 400_000;
/// As many orders as a proxy of a mesh takes without its control plane feeling it.
const MOST_ORDERS: usize = 400;
/// The clusters of an older file.
pub const KEPT: &str = "kept.yaml";

/// Whose objects are made.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
}

impl Owner<'_> {
    pub fn metadata(&self, name: &str) -> Map {
        let labels = Map::new().with("app.kubernetes.io/managed-by", "switchover");
        Map::new()
            .with("name", name)
            .with("namespace", self.namespace)
            .with("labels", labels.with("app.kubernetes.io/instance", self.name))
    }

    /// An object's first members; what it is called is the owner's name and `suffix`.
    pub fn object(&self, head: &str, version: &str, kind: &str, suffix: &str) -> Map {
        let first = Map::new().why(head).with("apiVersion", version);
        first.with("kind", kind).with("metadata", self.metadata(&format!("{}{suffix}", self.name)))
    }

    /// Where the proxies find the keys, and the object that they are put into.
    pub fn keys(&self, by: &str, here: &Surroundings) -> Vec<TreeNode> {
        let files = here.secrets.iter().flatten().map(|file| {
            let text = yaml::write(&sds(&file.name, one("filename", key_of(file))));
            (format!("{}.yaml", file.name), text)
        });
        let data = files.fold(Map::new(), |map, (name, text)| map.with(&name, text));
        let head =
            format!("Made by `switchover render {by}`. Where the proxies find the keys: no key is in here.");
        let map = self.object(&head, "v1", "ConfigMap", KEYS).with("data", data);
        vec![map.into(), self.secret()]
    }

    /// The object that the keys are put into.
    pub fn secret(&self) -> TreeNode {
        self.object(SECRET, "v1", "Secret", KEYS).with("type", "Opaque").into()
    }

    /// Both of them as what a volume of a pod is made of.
    pub fn key_volume(&self) -> TreeNode {
        let name = format!("{}{KEYS}", self.name);
        let of = |kind: &str| one(kind, one("name", name.as_str()));
        one("sources", list([of("configMap"), of("secret")]))
    }
}

const KEYS: &str = "-keys";
const SECRET: &str = "\
Its keys are yours to put in (they are not rendered, and an apply of this leaves them alone): \
kubectl create secret generic --dry-run=client -o yaml … | kubectl apply --server-side -f -, or what syncs your secrets.";

/// # Errors
/// There are more orders than a mesh should carry.
pub fn count(document: &CheckedFile, is_dedicated: bool) -> Result<(), Stop> {
    let each: Vec<(&str, usize)> = document
        .config
        .groups
        .iter()
        .map(|group| (group.name.as_str(), switchover::plan::orders(&document.config, group).len()))
        .collect();
    let all: usize = each.iter().map(|(_, orders)| orders).sum();
    if all <= MOST_ORDERS {
        return Ok(());
    }
    let sum = each.iter().map(|(name, orders)| format!("{name} has {orders}")).collect::<Vec<_>>().join(", ");
    let smaller = if is_dedicated {
        ""
    } else {
        " A gateway that serves nothing else (--dedicated) carries each order's filters once, but has as many."
    };
    Err(Stop::wrong(format!(
        "{}: {all} orders of targets are more than the {MOST_ORDERS} that are rendered for a mesh ({sum}). Each is a cluster in every \
         one of these proxies: take targets out of the largest groups, or render several files for several gateways.{smaller}",
        document.path.display()
    )))
}

/// Where keys and authorities are in the proxies' container.
///
/// # Errors
/// `ca_file` is no text.
pub fn surroundings(config: &Config, secrets: &str, ca_file: &Path) -> Result<Surroundings, Stop> {
    let nowhere = || (String::new(), 0);
    Ok(Surroundings {
        listen: nowhere(),
        admin: nowhere(),
        wasm: String::new(),
        ca_file: text_of(ca_file)?,
        secrets: config.credentials.iter().map(|one| secret_file(one, secrets)).collect(),
    })
}

/// The document, with these as the hosts that LLM calls are for if it names none itself: a gateway serves others too, and a call to
/// one of those is none of ours, whatever its path.
pub fn for_hosts(json: Vec<u8>, hosts: &[String]) -> Vec<u8> {
    let Ok(document) = Raw::parse(&json) else { return json };
    if hosts.is_empty() || document.at(&["listen", "hosts"]).is_some_and(|own| own.items().next().is_some()) {
        return json;
    }
    let mut out = Vec::with_capacity(json.len().saturating_add(100));
    Writer::new(&mut out).object(|w| {
        for (key, value) in document.fields() {
            let name = key.into_string();
            if name != "listen" {
                w.key_string(&name).raw(value);
            }
        }
        w.key("listen").object(|w| {
            let own = document.get("listen").into_iter().flat_map(|listen| listen.fields());
            for (key, value) in own {
                let name = key.into_string();
                if name != "hosts" {
                    w.key_string(&name).raw(value);
                }
            }
            w.key("hosts").array(|w| hosts.iter().for_each(|host| w.string(host)));
        });
    });
    out
}

/// The name of a cluster.
pub fn name_of(cluster: &TreeNode) -> String {
    cluster.member("name").and_then(TreeNode::as_text).unwrap_or_default().to_owned()
}

/// The members of a map, to go on with.
pub fn map(tree: &TreeNode) -> Map {
    tree.members()
        .iter()
        .fold(Map::new(), |map, member| map.why(&member.why).with(&member.key, member.value.clone()))
}

/// What patches make of clusters, in lists that an object holds. Reasons stand above the patch, as they do above a cluster.
pub fn split<'t>(
    clusters: impl Iterator<Item = &'t ListItem>,
    patch: impl Fn(TreeNode) -> TreeNode,
) -> Vec<Vec<ListItem>> {
    let mut groups: Vec<(usize, Vec<ListItem>)> = Vec::new();
    for item in clusters {
        let patch = patch(item.value.clone());
        let bytes = compact(&patch).len();
        let patch = ListItem { why: item.why.clone(), value: patch };
        match groups.last_mut() {
            Some((sum, patches)) if sum.saturating_add(bytes) <= MOST_BYTES => {
                *sum = sum.saturating_add(bytes);
                patches.push(patch);
            }
            _ => groups.push((bytes, vec![patch])),
        }
    }
    groups.into_iter().map(|(_, patches)| patches).collect()
}

/// # Errors
/// The folder, or a file in it, can't be written.
pub fn write(folder: &Path, manifests: &[Manifest]) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| Stop::io("making the folder", folder, &error))?;
    for manifest in manifests {
        let documents = manifest.documents.iter().map(|document| yaml::write(&document.repeated()));
        let text = documents.collect::<Vec<_>>().join("---\n");
        secret::replace(&folder.join(&manifest.name), text.as_bytes(), 0o644)?;
    }
    Ok(())
}

/// What is to be done about the keys.
pub fn key_steps(config: &Config, here: &Surroundings) -> Vec<String> {
    let put = |file: &super::SecretFile| {
        let key = key_of(file);
        let name = key.rsplit('/').next().unwrap_or_default();
        format!("put the key of credential `{}` into the Secret, as {name}", file.name)
    };
    let signs = |one: &&Credential| matches!(one.source, CredentialSource::Aws { .. });
    let give = |one: &Credential| {
        format!("give the proxies AWS's own variables or a role, for credential `{}`", one.id)
    };
    let files = here.secrets.iter().flatten().map(put);
    files.chain(config.credentials.iter().filter(signs).map(give)).collect()
}

/// The steps, in their order.
pub fn tell(whom: &str, namespace: &str, steps: &[String]) {
    let numbered = steps.iter().zip(1..).map(|(line, n)| format!("  {n}. {line}"));
    // Nowhere is left to say that standard error is closed.
    let _ = writeln!(
        io::stderr(),
        "For the proxies {whom} in {namespace}:\n{}",
        numbered.collect::<Vec<_>>().join("\n")
    );
}
