//! `switchover render …`: configuration for a proxy, made from `switchover.yaml`.

mod elsewhere;
mod envoy;
mod envoy_gateway;
mod istio;
mod json;
mod kubernetes;
mod manifest;
mod secret;
pub mod tree;
mod words;
pub mod yaml;

pub use envoy::{
    PartFiles, RenderedCluster, SecretFile, Surroundings, rendered_clusters, twin_cluster, watched,
};
pub use json::compact;
pub use secret::replace;

use crate::document::{CheckedFile, listed};
use crate::stop::Stop;
use envoy::RenderedPart;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use switchover::json::{Kind, Raw};

#[derive(clap::Subcommand)]
pub enum RenderArgs {
    /// A complete bootstrap for a stand-alone Envoy.
    Envoy(EnvoyArgs),
    /// Manifests for a gateway or a sidecar of an Istio mesh.
    Istio(istio::IstioArgs),
    /// Manifests for a gateway of Envoy Gateway.
    EnvoyGateway(envoy_gateway::EnvoyGatewayArgs),
    /// Manifests of a Deployment that serves, without a mesh.
    Kubernetes(kubernetes::KubernetesArgs),
}

#[derive(clap::Args)]
pub struct EnvoyArgs {
    /// The switchover.yaml.
    file: PathBuf,
    /// Where the bootstrap goes; JSON if the name ends in .json. Files for the keys go beside it, into a folder of the
    /// same name with `.secrets` behind it. With --only: the folder for the parts.
    #[arg(short, long)]
    out: PathBuf,
    /// Only these parts, each as a file of its own, for an Envoy that you have already.
    #[arg(long, value_name = "PART,…", value_enum, value_delimiter = ',', conflicts_with_all = ["listen", "admin"])]
    only: Vec<RenderedPart>,
    /// YAML or JSON, whatever the name ends in.
    #[arg(long, value_enum)]
    format: Option<WrittenAs>,
    /// The folder of the keys on the machine that serves. No key is needed or read on this one, and no path is looked for here.
    /// With --only: /etc/switchover/secrets if not said.
    #[arg(long, value_name = "DIR")]
    secrets: Option<PathBuf>,
    /// Where Envoy takes requests.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: (String, u16),
    /// Where Envoy's admin interface is.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9901", value_parser = address)]
    admin: (String, u16),
    /// The filter. Default: switchover.wasm in the folder of this command; with --secrets or --only a path on the machine that
    /// serves, /etc/switchover/switchover.wasm if not said.
    #[arg(long)]
    wasm: Option<PathBuf>,
    /// The certificates of the authorities that providers' certificates are verified against.
    #[arg(long, default_value = "/etc/ssl/certs/ca-certificates.crt")]
    ca_file: PathBuf,
}

/// How a rendered file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum WrittenAs {
    Yaml,
    Json,
}

impl WrittenAs {
    fn write(self, tree: &tree::TreeNode) -> String {
        match self {
            WrittenAs::Yaml => yaml::write(tree),
            WrittenAs::Json => json::write(tree),
        }
    }

    /// What a name ends in.
    fn ending(self) -> &'static str {
        match self {
            WrittenAs::Yaml => "yaml",
            WrittenAs::Json => "json",
        }
    }
}

/// # Errors
/// What keeps the configuration from being made, in words for a person.
pub fn run(call: &RenderArgs) -> Result<(), Stop> {
    match call {
        RenderArgs::Envoy(args) => envoy(args),
        RenderArgs::Istio(args) => istio::run(args),
        RenderArgs::EnvoyGateway(args) => envoy_gateway::run(args),
        RenderArgs::Kubernetes(args) => kubernetes::run(args),
    }
}

fn envoy(args: &EnvoyArgs) -> Result<(), Stop> {
    let document = CheckedFile::open(&args.file)?;
    if args.secrets.is_some() || !args.only.is_empty() {
        document.warn_of_no_key();
        return elsewhere::write(args, &document);
    }
    document.warn_of_usable();
    let text = switchover::config::yaml_to_json(&document.bytes)
        .map_err(|problems| Stop::wrong(listed(&document.path, &problems)))?;
    let keys = secret::find(&document)?;
    let mut folder = OsString::from(absolute(&args.out)?);
    folder.push(".secrets");
    let here = envoy::Surroundings {
        listen: args.listen.clone(),
        admin: args.admin.clone(),
        wasm: wasm(args.wasm.as_deref())?,
        ca_file: text_of(&absolute(&args.ca_file)?)?,
        secrets: secret::write(&document.config, &keys, Path::new(&folder))?,
    };
    let bootstrap = envoy::bootstrap(&document.config, in_lines(&text), &here);
    secret::replace(&args.out, written_as(args).write(&bootstrap).as_bytes(), 0o644)
}

/// What the caller says, or the name.
fn written_as(args: &EnvoyArgs) -> WrittenAs {
    let is_json = || args.out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    args.format.unwrap_or_else(|| if is_json() { WrittenAs::Json } else { WrittenAs::Yaml })
}

/// Envoy says nothing useful when the file is missing, so it is looked for here.
///
/// # Errors
/// There is none.
pub fn wasm(given: Option<&Path>) -> Result<String, Stop> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => {
            let command = std::env::current_exe().map_err(|error| {
                Stop::wrong(format!("The folder of this command is unknown ({error}). Say --wasm PATH."))
            })?;
            command.with_file_name("switchover.wasm")
        }
    };
    if !path.is_file() {
        let path = path.display();
        return Err(Stop::wrong(format!(
            "{path}: there is no filter. `make build` makes dist/switchover.wasm; say where it is with --wasm PATH."
        )));
    }
    text_of(&absolute(&path)?)
}

/// So that Envoy finds it from whatever folder it runs in. Links are left as they are.
///
/// # Errors
/// There is no current folder.
pub fn absolute(path: &Path) -> Result<PathBuf, Stop> {
    std::path::absolute(path).map_err(|error| Stop::io("making the path absolute", path, &error))
}

/// # Errors
/// It is none.
pub fn text_of(path: &Path) -> Result<String, Stop> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Stop::wrong(format!("{}: Envoy takes only paths in UTF-8. Choose another.", path.display()))
    })
}

/// The SDS file of a key that is alone in the file at a path.
pub fn sds(name: &str, path: &str) -> String {
    yaml::write(&secret::sds(name, tree::one("filename", path)))
}

/// `127.0.0.1:8080`, `[::1]:8080`.
pub fn address(text: &str) -> Result<(String, u16), String> {
    let wrong =
        || format!("`{text}` is not an address and a port. Write them like 127.0.0.1:8080 or [::1]:8080.");
    let socket: std::net::SocketAddr = text.parse().map_err(|_| wrong())?;
    Ok((socket.ip().to_string(), socket.port()))
}

/// The document with each part on a line of its own, for whoever reads it inside the bootstrap.
fn in_lines(json: &[u8]) -> String {
    let Ok(document) = Raw::parse(json) else { return String::from_utf8_lossy(json).into_owned() };
    let parts = document.fields().map(|(key, value)| {
        let value = match value.kind() {
            Kind::Array if value.items().next().is_some() => {
                let items = value.items().map(|item| format!("  {}", item.as_json()));
                format!("[\n{}]", items.collect::<Vec<_>>().join(",\n"))
            }
            _ => value.as_json().to_owned(),
        };
        format!("\"{}\": {value}", key.into_string())
    });
    format!("{{{}}}", parts.collect::<Vec<_>>().join(",\n"))
}
