//! Configuration for another machine: no key is needed here, none is read or written, and no path of this machine is in it.

use super::envoy::{self, RenderedPart, SecretFile, Surroundings};
use super::tree::one;
use super::{EnvoyArgs, WrittenAs, in_lines, secret, text_of, written_as, yaml};
use crate::document::{CheckedFile, listed};
use crate::stop::Stop;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use switchover::config::{Config, Credential, CredentialSource};
use switchover::json::{Raw, Writer};

/// Where things are if nobody says otherwise.
const WASM: &str = "/etc/switchover/switchover.wasm";
const SECRETS: &str = "/etc/switchover/secrets";

/// Writes the parts that are asked for, or the whole bootstrap.
///
/// # Errors
/// What keeps a file from being made.
pub fn write(args: &EnvoyArgs, document: &CheckedFile) -> Result<(), Stop> {
    let config = &document.config;
    let folder = text_of(args.secrets.as_deref().unwrap_or(Path::new(SECRETS)))?;
    let folder = folder.trim_end_matches('/');
    let text = switchover::config::yaml_to_json(&document.bytes)
        .map_err(|problems| Stop::wrong(listed(&document.path, &problems)))?;
    let here = Surroundings {
        listen: args.listen.clone(),
        admin: args.admin.clone(),
        wasm: text_of(args.wasm.as_deref().unwrap_or(Path::new(WASM)))?,
        ca_file: text_of(&args.ca_file)?,
        secrets: config.credentials.iter().map(|credential| secret_file(credential, folder)).collect(),
    };
    let bootstrap = envoy::bootstrap(config, in_lines(&moved(&text, &here.secrets)), &here);
    if args.only.is_empty() {
        secret::replace(&args.out, written_as(args).write(&bootstrap).as_bytes(), 0o644)?;
        let mut beside = OsString::from(&args.out);
        beside.push(".secrets");
        return tell(config, &here, Some(&PathBuf::from(beside)), true);
    }
    make(&args.out)?;
    let format = args.format.unwrap_or(WrittenAs::Yaml);
    for part in RenderedPart::ALL.into_iter().filter(|part| args.only.contains(part)) {
        for (name, tree) in envoy::part_files(part, &bootstrap) {
            let path = args.out.join(name).with_extension(format.ending());
            secret::replace(&path, format.write(&tree).as_bytes(), 0o644)?;
        }
    }
    let beside = args.only.contains(&RenderedPart::Clusters).then(|| args.out.join("secrets"));
    let names_filter =
        args.only.iter().any(|part| matches!(part, RenderedPart::Clusters | RenderedPart::Filters));
    tell(config, &here, beside.as_deref(), names_filter)
}

/// What Envoy is told about a key: there is a file for it, which says where the key is, so that a new one is seen.
pub fn secret_file(credential: &Credential, folder: &str) -> Option<SecretFile> {
    match credential.source {
        CredentialSource::Aws { .. } => None,
        CredentialSource::SecretFile(_) | CredentialSource::SecretEnv(_) => Some(SecretFile {
            name: credential.id.clone(),
            path: format!("{folder}/{}.yaml", credential.id),
            watched: Some(folder.to_owned()),
        }),
    }
}

/// The key itself, beside the file that names it.
pub fn key_of(file: &SecretFile) -> String {
    let folder = file.watched.as_deref().unwrap_or_default();
    format!("{folder}/{}.key", file.name)
}

/// The document with each key where it is on the machine that serves.
pub fn moved(json: &[u8], secrets: &[Option<SecretFile>]) -> Vec<u8> {
    let Ok(document) = Raw::parse(json) else { return json.to_vec() };
    let mut out = Vec::with_capacity(json.len());
    Writer::new(&mut out).object(|w| {
        for (key, value) in document.fields() {
            let name = key.into_string();
            let w = w.key_string(&name);
            if name != "credentials" {
                w.raw(value);
                continue;
            }
            w.array(|w| {
                for (place, credential) in value.items().enumerate() {
                    match secrets.get(place) {
                        Some(Some(file)) => w.object(|w| {
                            w.key("id").string(&file.name);
                            w.key("secret_file").string(&key_of(file));
                        }),
                        _ => w.raw(credential),
                    }
                }
            });
        }
    });
    out
}

/// Writes the files that say where the keys are into `beside`, and tells what to put onto the machine that serves.
fn tell(config: &Config, here: &Surroundings, beside: Option<&Path>, names_filter: bool) -> Result<(), Stop> {
    let mut lines = Vec::new();
    if names_filter {
        lines.push(format!("  {}: the filter", here.wasm));
    }
    let files = || here.secrets.iter().flatten();
    if let Some(beside) = beside.filter(|_| files().next().is_some()) {
        make(beside)?;
        for file in files() {
            let key = key_of(file);
            let text = yaml::write(&secret::sds(&file.name, one("filename", key.as_str())));
            let path = beside.join(format!("{}.yaml", file.name));
            secret::replace(&path, text.as_bytes(), 0o644)?;
            lines.push(format!("  {}: {}, which only says where the key is", file.path, path.display()));
            lines.push(format!(
                "  {key}: the key of credential `{}` alone, which only Envoy can read",
                file.name
            ));
        }
    }
    let signs = |credential: &&Credential| matches!(credential.source, CredentialSource::Aws { .. });
    for credential in config.credentials.iter().filter(signs).filter(|_| beside.is_some()) {
        lines.push(format!("  AWS's own variables or a role, for credential `{}`", credential.id));
    }
    if !lines.is_empty() {
        // Nowhere is left to say that standard error is closed.
        let _ = writeln!(io::stderr(), "On the machine that serves there must be:\n{}", lines.join("\n"));
    }
    Ok(())
}

fn make(folder: &Path) -> Result<(), Stop> {
    std::fs::create_dir_all(folder).map_err(|error| Stop::io("making the folder", folder, &error))
}
