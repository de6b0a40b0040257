//! Where the proxies get the filter, and how its bytes are known to be the right ones.

use crate::render::tree::{Map, TreeNode, one};
use crate::render::words;
use crate::stop::Stop;
use sha2::{Digest, Sha256};

/// Envoy's `AsyncDataSource`. What is fetched is fetched by Istio's agent beside the proxy, which hands Envoy a file.
///
/// # Errors
/// Nothing says which bytes are meant.
pub fn source(wasm: &str, sha256: Option<&str>) -> Result<TreeNode, Stop> {
    let Some((scheme, rest)) = wasm.split_once("://") else {
        if !wasm.starts_with('/') {
            return Err(Stop::wrong(format!(
                "--wasm {wasm}: say a URL, or the whole path in the proxies' container, such as /etc/switchover/switchover.wasm."
            )));
        }
        return Ok(crate::render::envoy::local(wasm));
    };
    let digest = match scheme {
        "oci" => {
            let digest = rest.rsplit_once("@sha256:").map(|(_, digest)| digest).and_then(|text| words::sha256(text).ok());
            digest.ok_or_else(|| {
                Stop::wrong(format!(
                    "--wasm {wasm}: say the image by its digest (oci://…@sha256:…): a tag may mean another image tomorrow."
                ))
            })?
        }
        "https" | "http" => match sha256 {
            Some(digest) => digest.to_owned(),
            None => own().ok_or_else(|| {
                Stop::wrong(format!(
                    "--wasm {wasm}: there is no switchover.wasm beside this command to compare with. Say its hash with --wasm-sha256."
                ))
            })?,
        },
        _ => return Err(Stop::wrong(format!("--wasm {wasm}: Istio's agent fetches from https://, http:// and oci://."))),
    };
    let uri = Map::new()
        .with("uri", wasm)
        .why("Envoy wants a name here; it is the agent that fetches.")
        .with("cluster", "_")
        .with("timeout", "30s");
    Ok(one("remote", Map::new().with("http_uri", uri).with("sha256", digest)))
}

/// The hash of the filter that came with this command.
fn own() -> Option<String> {
    let path = std::env::current_exe().ok()?.with_file_name("switchover.wasm");
    let bytes = std::fs::read(path).ok()?;
    Some(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
